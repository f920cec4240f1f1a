"""`flask organisation import-units FILE` and `import-people FILE`, `export units|people FILE`: the page's import and export."""

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from evaluation import clock
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused
from evaluation.services import imports, register_exports
from evaluation.services.import_plans import Diff, Options, Reading, What
from evaluation.services.refusals import Refusal

commands = AppGroup("organisation", help="Units and people: import and export spreadsheets.")
SHOWN = 200


def _import_command(name: str, noun: str, what: str) -> None:
    @commands.command(
        name, help=f"Import {what} from an .xlsx FILE; nothing is applied while a row has an error."
    )
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="Read and compare only.")
    @click.option("--from", "day", default="", help="Day from which the changes count (today).")
    @click.option("--only-valid", is_flag=True, help="Apply the rows without errors.")
    @click.option("--complete", is_flag=True, help="Whoever is missing in the file's agencies ends.")
    @click.option(
        "--agree", is_flag=True, help="Agree to the conversion of old fonts that the dry run showed."
    )
    def run(file: Path, dry_run: bool, day: str, only_valid: bool, complete: bool, agree: bool) -> None:
        try:
            options = Options(parse_date(day) or clock.today(), complete=complete)
            if dry_run:
                reading, diff = imports.check(None, noun, file.read_bytes(), options)
                counts = None
            else:
                reading, diff, counts = imports.apply_file(
                    noun,
                    name=file.name,
                    data=file.read_bytes(),
                    options=options,
                    only_valid=only_valid,
                    consent=agree,
                )
        except (Refusal, CellRefused) as refused:
            raise click.ClickException(str(refused)) from refused
        _tell(reading, diff)
        if counts is not None:
            click.echo(_("Applied."))
        elif not diff.changes and not reading.errors:
            click.echo(_("This file changes nothing: the register already says the same."))
        else:
            click.echo(_("Nothing was applied."))
        if reading.errors and counts is None:
            raise SystemExit(1)


def _tell(reading: Reading, diff: Diff) -> None:
    for conversion in reading.conversions:
        click.echo(
            _(
                "Column “%(column)s” is typed in the old font %(font)s; %(count)s cells would be converted:",
                column=conversion.column,
                font=conversion.font.value,
                count=conversion.changed,
            )
        )
        for sample in conversion.samples:
            click.echo(f"  {sample.before} → {sample.after}")
    for label, problems in ((_("Error"), reading.errors), (_("Warning"), reading.warnings)):
        for problem in problems[:SHOWN]:
            click.echo(f"{label}: {imports.told(problem)}")
        if len(problems) > SHOWN:
            click.echo(_("… and %(count)s more.", count=len(problems) - SHOWN))
    click.echo(
        _(
            "%(rows)s rows: %(new)s new, %(changed)s changed, %(ended)s end, %(unchanged)s unchanged, %(errors)s errors.",
            rows=len(reading.rows),
            new=diff.count(What.NEW),
            changed=diff.count(What.CHANGED),
            ended=diff.count(What.ENDED),
            unchanged=diff.unchanged,
            errors=len(reading.errors),
        )
    )


_import_command("import-units", "UNITS", "units")
_import_command("import-people", "PEOPLE", "people")


@commands.command("export")
@click.argument("what", type=click.Choice(["units", "people"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(what: str, file: Path) -> None:
    """Write the register of units or people as of today to an .xlsx FILE in the form of its import.

    Of people it holds personal numbers: keep the file like the register itself.
    """
    try:
        count, left_out = register_exports.write_file(what, file)
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    except OSError as problem:
        raise click.ClickException(f"{file}: {problem.strerror or problem}") from problem
    for one in left_out[:SHOWN]:
        label = " ".join(word for word in (one.reference, one.name, one.column) if word)
        click.echo(f"{_('Left out')}: {label}: {one.message(_)}")
    if len(left_out) > SHOWN:
        click.echo(_("… and %(count)s more.", count=len(left_out) - SHOWN))
    click.echo(_("%(rows)s rows written, %(left_out)s left out.", rows=count, left_out=len(left_out)))
