"""`flask catalogue import FILE --agency CODE --decision NO --from DATE` imports a decided catalogue; --dry-run only checks."""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from evaluation import clock
from evaluation.files.cells import parse_date, parse_decimal
from evaluation.files.says import CellRefused, said
from evaluation.queries.organisation import unit_by_code
from evaluation.services import catalogue_batches, catalogue_import, imports
from evaluation.services.catalogue_batches import NOUN, Choice
from evaluation.services.import_plans import Change, Diff, What
from evaluation.services.refusals import Refusal

commands = AppGroup("catalogue", help="The catalogue of products and works: check and import one.")


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--agency", help="Code of the agency that decided it, for example H38.12.")
@click.option(
    "--decision", default="", help="Number of the decision; read from the title rows when not given."
)
@click.option("--decided", default="", help="Day of the decision, 31/05/2026; read from the title rows too.")
@click.option(
    "--from", "start", default="", help="Day from which it is in force; the decision's day if not given."
)
@click.option("--standard", default="", help="Points of the standard product, when no cell states them.")
@click.option("--end-missing", is_flag=True, help="End products in force that the file no longer names.")
@click.option("--only-valid", is_flag=True, help="Apply the rows without errors although others have some.")
@click.option("--dry-run", is_flag=True, help="Check and compare; change nothing.")
def import_file(
    file: Path,
    agency: str | None,
    decision: str,
    decided: str,
    start: str,
    standard: str,
    end_missing: bool,
    only_valid: bool,
    dry_run: bool,
) -> None:
    """Check FILE row by row and apply it; exit code 1 when a row has an error that keeps it out."""
    data = file.read_bytes()
    agency_id = unit_by_code(agency, clock.today()) if agency else None
    if agency and agency_id is None:
        raise click.ClickException(_("No unit has the code %(codes)s today.", codes=agency))
    choice = Choice(
        agency_id=agency_id,
        title="",
        decision_number=decision,
        decided_on=_day(decided, "--decided"),
        standard_points=_number(standard),
        valid_from=_day(start, "--from"),
        end_missing=end_missing,
    )
    try:
        _import(file, data, choice, dry_run=dry_run, only_valid=only_valid)
    except Refusal as refused:
        raise click.ClickException(refused.message) from None


def _import(path: Path, data: bytes, choice: Choice, *, dry_run: bool, only_valid: bool) -> None:
    choice = catalogue_batches.completed(data, choice)
    file, options, reading, diff = catalogue_batches.check_file(data, choice)
    for line in catalogue_batches.summary_lines(file, diff, reading):
        click.echo(line)
    for title, found in ((_("Errors"), reading.errors), (_("Warnings"), reading.warnings)):
        click.echo(f"{title}: {len(found)}")
        for one in sorted(found, key=lambda one: (one.sheet, one.row)):
            click.echo(f"  {imports.told(one)}")
    if choice.agency_id is not None:
        _tell(diff)
    if dry_run:
        click.echo(_("Nothing was changed (dry run)."))
    elif not reading.errors or only_valid:
        faults = catalogue_import.option_faults(options)
        if faults:
            raise click.ClickException(" ".join(fault.message for fault in faults))
        _reading, _diff, counts = imports.apply_file(
            NOUN, name=path.name, data=data, options=options, only_valid=only_valid
        )
        click.echo(
            _("Applied.") if counts else _("This file changes nothing: the register already says the same.")
        )
    if reading.errors:
        sys.exit(1)


def _tell(diff: Diff) -> None:
    click.echo(
        _(
            "New: %(new)s · new versions: %(changed)s · ended: %(ended)s · unchanged: %(unchanged)s",
            new=diff.count(What.NEW),
            changed=diff.count(What.CHANGED),
            ended=diff.count(What.ENDED),
            unchanged=diff.unchanged,
        )
    )
    for change in diff.changes:
        if change.what is not What.NEW:
            click.echo(f"  {_line(change)}")


def _line(change: Change) -> str:
    items = "; ".join(f"{key}: {before or '–'} → {after or '–'}" for key, before, after in change.fields)
    return f"{change.label}: {items}"


def _day(text: str, option: str) -> date | None:
    try:
        return parse_date(text)
    except CellRefused as refused:
        raise click.BadParameter(said(_, refused.says_id, refused.params), param_hint=option) from None


def _number(text: str) -> Decimal | None:
    try:
        return parse_decimal(text)
    except CellRefused as refused:
        raise click.BadParameter(said(_, refused.says_id, refused.params), param_hint="--standard") from None
