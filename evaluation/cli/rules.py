"""`flask rules try` runs golden cases without a database; `flask rules check` proves every rulebook and says what is unsigned."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from evaluation.rules import national_codes
from evaluation.rules.golden import try_file
from evaluation.rules.rulebook import RulebookError, Shelf, default_shelf
from evaluation.rules.rulebook_check import examine, subjects

commands = AppGroup("rules", help="The law as data: try cases, check rulebooks.")


@commands.command("try", with_appcontext=False)
@click.argument("files", nargs=-1, required=True)
def try_files(files: tuple[str, ...]) -> None:
    """Run golden case FILES; one line a failing case, then the counts."""
    try:
        shelf = default_shelf()
    except RulebookError as error:
        raise click.ClickException(str(error)) from error
    outcomes = [outcome for file in files for outcome in try_file(file, shelf)]
    for outcome in outcomes:
        for failure in outcome.failures:
            click.echo(f"{outcome.case}: {failure}")
    failed = sum(not outcome.passed for outcome in outcomes)
    click.echo(f"{len(outcomes) - failed} passed, {failed} failed")
    if failed:
        sys.exit(1)


@commands.command("check", with_appcontext=False)
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path | None) -> None:
    """Prove the rulebooks of FOLDER, or those of the program.

    One law for any kind of person and any day of 2012 to 2030, no hole in a value, every number read by a rule, every
    answer to an open question signed or our default; the catalogue of the national database whole. Exit code 1 when
    anything fails.
    """
    try:
        shelf = default_shelf() if folder is None else Shelf(sorted(folder.glob("*.yaml")))
    except RulebookError as error:
        raise click.ClickException(str(error)) from error
    faults = 0
    for book in shelf.books:
        report = examine(book)
        click.echo(
            f"{book.file}: {len(book.numbers)} numbers, {len(book.choices)} choices, {len(book.tables)} tables,"
            f" sha256 {book.fingerprint[:12]}"
        )
        if not book.verified:
            click.echo(f"  not verified: {book.note}")
        for line in (*report.signed, *(f"not signed: {line}" for line in report.unsigned)):
            click.echo(f"  {line}")
        for fault in report.faults:
            click.echo(f"  FAULT: {fault}")
        faults += len(report.faults)
    faults += _check_national((folder or national_codes.FOLDER.parent) / "national")
    lines, unclear = subjects(shelf)
    for line in lines:
        click.echo(line)
    for fault in unclear:
        click.echo(f"FAULT: {fault}")
    faults += len(unclear)
    if faults:
        click.echo(f"{len(shelf.books)} rulebooks, {faults} faults")
        sys.exit(1)
    click.echo(
        f"{len(shelf.books)} rulebooks; one for any kind of person and any day of 2012 to 2030; 0 faults"
    )


def _check_national(folder: Path) -> int:
    """Reads the catalogues of the national database: each whole, one for a day; answers how many faults there are."""
    catalogues, faults = [], 0
    for path in sorted(folder.glob("*.yaml")):
        try:
            codes = national_codes.load(path)
        except RulebookError as error:
            click.echo(f"FAULT: {error}")
            faults += 1
            continue
        catalogues.append(codes)
        click.echo(f"national/{path.name}: {len(codes.results)} results, {len(codes.fields)} fields")
        if not codes.verified:
            click.echo(f"  not verified: {codes.title}")
    for codes in catalogues:
        since = codes.effective[0]
        if sum(one.covers(since) for one in catalogues) > 1:
            click.echo(f"FAULT: national/: more than one catalogue is in force on {since:%d/%m/%Y}")
            faults += 1
    return faults
