"""`flask commendations run` works out the list of a title; `flask commendations list` writes it as .csv or .xlsx."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import click
from flask.cli import AppGroup

from evaluation.models import EligibilityRun
from evaluation.rules.rulebook import RulebookError
from evaluation.rules.verdicts import Award
from evaluation.services import commendation_files as files
from evaluation.services import commendation_lists as lists
from evaluation.services import commendation_registers as registers
from evaluation.services import commendations as services
from evaluation.services.refusals import Invalid, Refusal

commands = AppGroup("commendations", help="Lists of titles: who is eligible, who is not, and why.")
DAY = click.DateTime(["%Y-%m-%d", "%d/%m/%Y"])
TITLE = click.Choice([award.value for award in Award])


@commands.command("run")
@click.option("--year", type=int, required=True)
@click.option("--title", "award", type=TITLE, required=True)
@click.option(
    "--received", type=DAY, help="Day the dossiers were received; it chooses the law. Today unless said."
)
@click.option("--as-of", type=DAY, help="Day the registers are read as of. Today unless said.")
def run(year: int, award: str, received: datetime | None, as_of: datetime | None) -> None:
    """Work out the list of a title for a year in this process; earlier lists are kept."""
    made = _run(year, award, received, as_of)
    for one in lists.authorities_of(made, None):
        counts = one.counts
        cap = "" if counts["quota"] is None else f", cap {counts['quota']}, over {counts['over']}"
        click.echo(
            f"{one.name}: {counts['total']} examined, {counts['ELIGIBLE']} eligible{cap},"
            f" {counts['NEEDS_REVIEW'] + counts['HOLD']} to be looked at, {counts['NOT_ELIGIBLE']} not eligible"
        )
    click.echo(f"{award} {year}: run {made.id}, {made.rulebook}, {made.fingerprint[:12]}")


@commands.command("list")
@click.option("--year", type=int, required=True)
@click.option("--title", "award", type=TITLE, required=True)
@click.option("--format", "kind", type=click.Choice(["csv", "xlsx"]), default="csv", show_default=True)
@click.option("--agency", help="Code of the deciding authority, such as H38.12.")
@click.option("--received", type=DAY, help="Work the list out anew for dossiers received on this day.")
@click.option(
    "--output", type=click.File("wb"), default="-", help="File to write; standard output unless said."
)
def list_(
    year: int, award: str, kind: str, agency: str | None, received: datetime | None, output: BinaryIO
) -> None:
    """Write the newest list of a title; it is worked out first where there is none or a day of receipt is given."""
    try:
        made = None if received else lists.run_for(year, award)
    except Refusal:
        made = None
    if made is None:
        made = _run(year, award, received, None)
    asked = lists.filters(agency=_authority(made, agency) if agency else None)
    if kind == "xlsx":
        files.write_xlsx(made, asked, output)
    else:
        _write(output, files.csv_lines(made, asked))


@commands.command("record")
@click.argument("file", type=click.File("rb"))
def record(file: BinaryIO) -> None:
    """Enter every line of an .xlsx file into the registers that the lists read, or none when one is wrong."""
    try:
        count = registers.record_file(None, file.read())
    except Invalid as refused:
        raise click.ClickException("\n".join(fault.message for fault in refused.faults)) from refused
    click.echo(f"{count} lines entered")


def _write(output: BinaryIO, lines: Iterator[str]) -> None:
    output.write("\ufeff".encode())
    for line in lines:
        output.write(line.encode())


def _run(year: int, award: str, received: datetime | None, as_of: datetime | None) -> EligibilityRun:
    try:
        return services.run_now(
            year,
            award,
            received_on=received.date() if received else None,
            as_of=as_of.date() if as_of else None,
        )
    except Invalid as refused:
        raise click.ClickException(" ".join(fault.message for fault in refused.faults)) from refused
    except (Refusal, RulebookError) as problem:
        raise click.ClickException(str(problem)) from problem


def _authority(run: EligibilityRun, code: str) -> int:
    known = {one.counts["code"]: one.id for one in lists.authorities_of(run, None)}
    if code not in known:
        raise click.ClickException(
            f"{code} is not a deciding authority of this list. Known codes begin with: "
            + ", ".join(sorted(filter(None, known))[:8])
        )
    return known[code]
