"""`flask rules try` runs golden cases without a database; `flask rules check` reads every rulebook and says what is unsigned."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from evaluation.rules.golden import try_file
from evaluation.rules.rulebook import RulebookError, default_shelf

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
def check() -> None:
    """Read every rulebook; a hole, an overlap or a missing article stops with one sentence."""
    try:
        shelf = default_shelf()
    except RulebookError as error:
        raise click.ClickException(str(error)) from error
    for book in shelf.books:
        click.echo(
            f"{book.file}: {len(book.numbers)} numbers, {len(book.choices)} choices, sha256 {book.fingerprint[:12]}"
        )
        for key, choice in book.choices.items():
            if choice.decided_by is None:
                answer = choice.answers.values[-1][1]
                click.echo(f"  not signed: {key} = {answer} ({choice.answers.article})")
