"""flask demo: an invented province to show and to measure."""

import secrets
import sys
import time

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select, update

from evaluation.demo import build as builder
from evaluation.demo import factors
from evaluation.demo.factors import LETTERBOX
from evaluation.extensions import db
from evaluation.models import Account, Assignment, Person
from evaluation.services import passwords, second_factors

commands = AppGroup("demo", help="An invented province to show and to measure; nobody in it is real.")
SHOWN = ("lan", "hung", "thu", "mai", "chinh", "tu", "khoi")


def build_demo(officials: int, months: int, seed: int, password: str) -> builder.Built:
    """Builds the province in an empty database."""
    return builder.build(officials, months, seed, password)


def renew_password(password: str) -> None:
    """Gives every demo account this password; accounts of a real database are not touched."""
    changed = passwords.hashed(password)
    db.session.execute(
        update(Account)
        .where(Account.person_id.in_(select(Person.id).where(Person.email.like(LETTERBOX))))
        .values(password_hash=changed)
    )
    db.session.commit()


def factor_key() -> str | None:
    """The key all demo people who lead have in their authenticator app; who of them has none yet gets it."""
    return factors.enrol()


def how_to_sign_in(password: str) -> list[str]:
    """What stands under the list of demo people in a terminal."""
    lines = [f"The password of each of them: {password}"]
    if key := factor_key():
        lines += [
            f"Whoever leads is asked for a code too. Key for an authenticator app: {key}",
            "Without an app, the present code: .venv/bin/flask demo code",
        ]
    return lines


def demo_people() -> list[tuple[str, str, str]]:
    """Username, name and office of the people one signs in as; none in a database that is not a demo."""
    rows = db.session.execute(
        select(Account.username, Person.full_name, Assignment.title)
        .join(Person, Person.id == Account.person_id)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Person.email.like(LETTERBOX), Account.username.in_(SHOWN), Assignment.valid_to.is_(None))
    )
    known = {username: (username, name, title) for username, name, title in rows}
    return [known[username] for username in SHOWN if username in known]


@commands.command()
@click.option("--officials", default=600, show_default=True, help="How many officials.")
@click.option("--months", default=10, show_default=True, help="How many finished months.")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same province.")
def build(officials: int, months: int, seed: int) -> None:
    """Builds the demo province in an empty database.

    Beside the finished months the present one is open and half filed; with --months 1 there is one finished month of
    forty lines a sheet and no other, for measuring.
    """
    password = current_app.config["DEMO_PASSWORD"] or secrets.token_urlsafe(9)
    began = time.monotonic()
    try:
        built = build_demo(officials, months, seed, password)
    except builder.NotEmpty:
        raise click.ClickException(
            "This database already holds people; a demo is only built in an empty database."
        ) from None
    seconds = time.monotonic() - began
    click.echo(f"{built.people} people, {built.sheets} sheets, {built.lines} lines in {seconds:.1f} s")
    for username, name, title in demo_people():
        click.echo(f"  {username:8} {name} — {title}")
    for line in how_to_sign_in(password):
        click.echo(line)


@commands.command()
def code() -> None:
    """Prints the six digits that the second factor of the demo people shows now."""
    secret = factors.shared()
    if secret is None:
        raise click.ClickException(
            "No demo person here has a second factor, or its key is in another DATA_DIR."
        )
    click.echo(second_factors.code_now(secret))
    if sys.stdout.isatty():
        click.echo("Each code is good once for each person; a new one comes every 30 seconds.", err=True)
