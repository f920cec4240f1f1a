"""`flask restore FILE`: a backup takes the place of the database, never without a second person where people are inside."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from evaluation import clock
from evaluation.cli.backup import passphrase_for
from evaluation.extensions import db
from evaluation.files.backup_envelope import BackupRefused
from evaluation.models import Account, RoleGrant
from evaluation.queries.organisation import valid_on
from evaluation.services import restores, second_factors

PHRASE = "replace everything"


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--anchors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The anchors as another host keeps them; default: this host's own file.",
)
@click.option(
    "--accept-loss", metavar="REASON", help="Restore although something is missing since the backup."
)
@click.option("--replace", is_flag=True, help="Replace a database that holds people; needs a second person.")
@click.option(
    "--second-person", metavar="USERNAME", help="Who holds a role and confirms with a code of their app."
)
@click.option("--code", help="Their code; asked for when it is left out.")
@click.option("--drop-old", is_flag=True, help="Do not keep the replaced database under another name.")
@with_appcontext
def commands(
    file: Path,
    anchors: Path | None,
    accept_loss: str | None,
    replace: bool,
    second_person: str | None,
    code: str | None,
    drop_old: bool,
) -> None:
    """Put the backup FILE in the place of the database.

    The backup is restored beside the database, compared with its manifest and with the anchors, and takes its name last;
    everybody signs in again, and what was under way is taken up anew.
    """
    try:
        confirmed_by = _second_person(second_person, code) if replace and restores.people_in_place() else None
        done = restores.restore(
            file,
            passphrase_for(file),
            anchors=anchors,
            accepted=accept_loss,
            replace=replace,
            drop_old=drop_old,
            confirmed_by=confirmed_by,
            tell=click.echo,
        )
    except BackupRefused as refused:
        raise click.ClickException(f"{file.name}: {refused}") from refused
    rows = sum(done.manifest["counts"].values())
    click.echo(f"restored {rows} rows and {done.files_laid} files in {done.seconds:.1f} s")
    click.echo(f"  {done.sessions_ended} sessions ended, {done.jobs_waiting} jobs wait for a worker")
    if done.old_database:
        click.echo(f"  the replaced database is kept as {done.old_database}")


def _second_person(username: str | None, code: str | None) -> int | None:
    """The person who confirms; where nobody can have a code, a phrase typed in full stands in for it."""
    try:
        holders = _holders()
        if not holders:
            typed = code or click.prompt(f"Nobody here has a second factor and a role. Type “{PHRASE}”")
            if typed.strip() != PHRASE:
                raise BackupRefused(f"The phrase “{PHRASE}” was not typed: nothing was changed.")
            return None
        username = username or click.prompt("Username of the second person")
        account = holders.get(username.strip().lower())
        code = code or click.prompt(f"Code of {username}", hide_input=True)
        if account is None or not second_factors.check(account.id, code):
            db.session.commit()  # a code is used up, whatever comes of it
            raise BackupRefused(
                "The second person's code is not right, or they hold no role: nothing was changed."
            )
        person_id = account.person_id
        db.session.commit()
        return person_id
    except DBAPIError as problem:
        raise BackupRefused(
            f"The database in place cannot be asked for the second person: {str(problem.orig).splitlines()[0]}"
        ) from problem


def _holders() -> dict[str, Account]:
    """Accounts with a second factor that hold a role today."""
    found = db.session.scalars(
        select(Account)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            Account.disabled_at.is_(None),
            Account.totp_confirmed_at.is_not(None),
            RoleGrant.waits_for_approval.is_(False),
            valid_on(RoleGrant, clock.today()),
        )
        .distinct()
    )
    return {account.username: account for account in found}
