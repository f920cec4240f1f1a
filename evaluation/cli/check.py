"""`flask check`: what would keep this installation from starting in production."""

import sys

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from evaluation import startup


@click.command("check")
@with_appcontext
def commands() -> None:
    """Name everything that forbids or spoils a start in production; exits with 1 when something forbids it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found = startup.complaints(app)
    for one in found:
        click.echo(f"refused: {one}")
    for one in startup.advice(app):
        click.echo(f"advice: {one}")
    if found:
        click.echo(f"{len(found)} complaints; ENVIRONMENT is {app.config['ENVIRONMENT']}")
        sys.exit(1)
    click.echo("Nothing forbids a start in production.")
