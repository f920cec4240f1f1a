"""`flask national-export create` makes the file for the national database; `flask national-export list` says what was sent."""

import click
from flask import current_app
from flask.cli import AppGroup

from evaluation.clock import PROVINCE_ZONE
from evaluation.queries import national_exports as questions
from evaluation.rules.rulebook import RulebookError
from evaluation.services import national_exports as services
from evaluation.services.refusals import Refusal

commands = AppGroup(
    "national-export", help="Results for the national database of officials (Article 26.1.d)."
)


@commands.command("create")
def create() -> None:
    """Make the file of every result that the national database has not got, in this process."""
    try:
        export = services.make_now()
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    except RulebookError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(
        f"file {export.id}: {export.results} results of {export.people} officials, due on {export.due_on:%d/%m/%Y}"
    )
    click.echo(f"{current_app.config['EXPORTS_DIR']}/{export.stored_name}")
    click.echo(f"sha256 {export.sha256}")


@commands.command("list")
def list_() -> None:
    """Print what waits, until when, and the last fifty files with their receipts."""
    due = services.due_now()
    until = f", due on {due.due_on:%d/%m/%Y}" if due.due_on else ""
    click.echo(
        f"{due.waiting.sendable} results wait{until}; {due.waiting.left_out} officials cannot be sent;"
        f" catalogue {due.codes.name}{'' if due.codes.verified else ' (unverified)'}"
    )
    for one in due.left_out:
        click.echo(f"  {one.name}, {one.unit}: {one.why}")
    for export, maker, _sender, _total in questions.made(1).rows:
        sent = (
            f"handed over {export.sent_at.astimezone(PROVINCE_ZONE):%d/%m/%Y %H:%M}, receipt {export.receipt}"
            if export.sent_at
            else "not handed over"
        )
        click.echo(
            f"file {export.id}: {export.made_at.astimezone(PROVINCE_ZONE):%d/%m/%Y %H:%M}, {export.results} results of"
            f" {export.people} officials, by {maker or 'the command line'}, {sent}"
        )
