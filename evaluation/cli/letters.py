"""`flask letters again`: letters that failed are tried once more, after the cause was mended."""

import click
from flask.cli import AppGroup

from evaluation.services import letters

commands = AppGroup("letters", help="The outbox of e-mails.")


@commands.command("again")
def again() -> None:
    """Put every letter that failed back into the outbox."""
    click.echo(f"{letters.again()} letters wait to be sent again")
