"""`flask extra-income export` writes the list of a month or quarter for finance as .csv or .xlsx."""

from typing import BinaryIO

import click
from flask.cli import AppGroup

from evaluation.queries import organisation
from evaluation.queries.extra_income import Wanted
from evaluation.rules.periods import Month, Span, SpanKind, Stretch
from evaluation.services import extra_income as services
from evaluation.services import extra_income_files as files
from evaluation.services.refusals import Refusal

commands = AppGroup("extra-income", help="Extra income: the class of a month with its coefficient and floor.")


@commands.command("export")
@click.option("--month", help="A month such as 2026-03.")
@click.option("--quarter", help="A quarter such as 2026-Q1, three months in one file.")
@click.option("--unit", help="Code of an agency such as H38.12; all agencies unless said.")
@click.option("--format", "kind", type=click.Choice(["csv", "xlsx"]), default="csv", show_default=True)
@click.option(
    "--output", type=click.File("wb"), default="-", help="File to write; standard output unless said."
)
def export(month: str | None, quarter: str | None, unit: str | None, kind: str, output: BinaryIO) -> None:
    """Write the list of extra income; the amount is left to finance."""
    stretch = _stretch(month, quarter)
    try:
        services.check(stretch)
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    asked = Wanted(services.months_of(stretch), _agency(unit, stretch))
    if kind == "xlsx":
        files.write_xlsx(stretch, asked, output)
        return
    output.write("\ufeff".encode())
    for line in files.csv_lines(asked):
        output.write(line.encode())


def _stretch(month: str | None, quarter: str | None) -> Stretch:
    if (month is None) == (quarter is None):
        raise click.UsageError("Write either --month 2026-03 or --quarter 2026-Q1.")
    try:
        if month is not None:
            return Month.parse(month)
        span = Span.parse(str(quarter))
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    if span.kind is not SpanKind.QUARTER:
        raise click.UsageError(f"{quarter!r} is not a quarter. Write it as 2026-Q1.")
    return span


def _agency(code: str | None, stretch: Stretch) -> tuple[int, ...] | None:
    if code is None:
        return None
    unit_id = organisation.unit_by_code(code, stretch.first_day)
    if unit_id is None:
        raise click.ClickException(f"{code} names no unit on {stretch.first_day:%d/%m/%Y}. Check the code.")
    return (unit_id,)
