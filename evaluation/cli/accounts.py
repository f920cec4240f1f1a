"""`flask accounts open NUMBER USERNAME` and `flask accounts grant USERNAME ROLE UNIT_CODE`: the first accounts of a province."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Person, UnitCode
from evaluation.queries.organisation import valid_on
from evaluation.rules.permissions import Role
from evaluation.services import accounts
from evaluation.services.refusals import Refusal

commands = AppGroup("accounts", help="Open accounts and give them roles.")


@commands.command("open")
@click.argument("number")
@click.argument("username")
@click.password_option(help="Asked for when it is left out, so that it stays out of the shell's history.")
def open_account(number: str, username: str, password: str) -> None:
    """Give the official with this NUMBER an account."""
    person = db.session.scalar(select(Person).where(Person.official_number == number))
    if person is None:
        raise click.ClickException(
            f"No official has the number {number}. Import people first: flask organisation."
        )
    try:
        accounts.open_account(None, person, username=username, password=password)
    except Refusal as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{person.full_name} signs in as {username.strip().lower()}.")


@commands.command("grant")
@click.argument("username")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("unit_code")
def grant(username: str, role: str, unit_code: str) -> None:
    """Give an account a ROLE over the unit with this code and all below it, from today."""
    account = db.session.scalar(select(Account).where(Account.username == username.strip().lower()))
    if account is None:
        raise click.ClickException(f"There is no account {username}. Open it first: flask accounts open.")
    unit_id = db.session.scalar(
        select(UnitCode.unit_id).where(UnitCode.code == unit_code, valid_on(UnitCode, clock.today()))
    )
    if unit_id is None:
        raise click.ClickException(f"No unit has the code {unit_code} today.")
    accounts.grant_role(None, account, role=Role(role), unit_id=unit_id)
    click.echo(f"{account.username}: {role} over {unit_code} from today.")
