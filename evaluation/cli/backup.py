"""`flask backup create` and `flask backup verify FILE`: everything in one file, and the proof that it can be used."""

import os
import stat
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from evaluation.files.backup_envelope import BackupRefused, is_sealed
from evaluation.services import backup_trials, backups, pulses

commands = AppGroup("backup", help="Make backups and prove that they can be restored.")

NO_PASSPHRASE = (
    "Give a passphrase in BACKUP_PASSPHRASE or a file of it in BACKUP_PASSPHRASE_FILE; --plain makes a backup"
    " that everybody can read who gets hold of the file."
)


@commands.command("create")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Default: BACKUP_DIR.")
@click.option("--keep", type=click.IntRange(1), help="Remove older backups of the folder beyond so many.")
@click.option("--plain", is_flag=True, help="Not encrypted.")
@click.option("--with-keys", is_flag=True, help="The private keys too; otherwise keep them in another place.")
def create(to: Path | None, keep: int | None, plain: bool, with_keys: bool) -> None:
    """Write the database as of this moment and the kept files into one file."""
    try:
        passphrase = None if plain else given_passphrase()
        if passphrase is None and not plain:
            raise BackupRefused(NO_PASSPHRASE)
        folder = to or Path(current_app.config["BACKUP_DIR"])
        made = backups.create(folder, passphrase=passphrase, keep=keep, with_keys=with_keys)
    except BackupRefused as refused:
        pulses.leave_now(pulses.BACKUP, succeeded=False, detail=str(refused))
        raise click.ClickException(str(refused)) from refused
    pulses.leave_now(pulses.BACKUP, detail=made.path.name)
    rows, manifest = sum(made.manifest["counts"].values()), made.manifest
    click.echo(f"{made.path}: {made.size / 1e6:.1f} MB in {made.seconds:.1f} s")
    click.echo(f"  {rows} rows in {len(manifest['counts'])} tables, schema {manifest['schema']}")
    click.echo(f"  newest seal: {manifest['seal']['number'] if manifest['seal'] else 'none yet'}")
    if manifest["missing_evidence"]:
        click.echo(f"  WARNING: {manifest['missing_evidence']} files of evidence are missing on this machine")
    if not with_keys:
        click.echo("  the private keys are not in it: keep copies of them in another place")
    for path in made.removed:
        click.echo(f"  removed {path.name}")


@commands.command("verify")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path | None) -> None:
    """Restore FILE (default: the newest of BACKUP_DIR) into a throw-away server and compare everything.

    Exits with 1 when anything is not as it was.
    """
    folder = Path(current_app.config["BACKUP_DIR"])
    file = file or backups.newest(folder)
    if file is None:
        raise click.ClickException(f"There is no backup in {folder}: make one with `flask backup create`.")
    try:
        trial = backup_trials.verify(file, passphrase_for(file))
    except BackupRefused as refused:
        raise click.ClickException(f"{file.name}: {refused}") from refused
    click.echo(f"{file.name}: made {trial.manifest['made_at']}, schema {trial.manifest['schema']}")
    for check in trial.checks:
        click.echo(f"  {'ok  ' if check.good else 'BAD '} {check.what} ({check.seconds:.1f} s)")
        for line in check.details:
            click.echo(f"       {line}")
    click.echo(f"restored in {trial.restored_in:.1f} s, checked in {trial.seconds:.1f} s altogether")
    pulses.leave_now(pulses.BACKUP_CHECK, succeeded=trial.good, detail=file.name)
    if not trial.good:
        sys.exit(1)


def given_passphrase() -> str | None:
    """The passphrase of the environment, or of a file that nobody else may read."""
    if text := os.environ.get("BACKUP_PASSPHRASE"):
        return text
    place = os.environ.get("BACKUP_PASSPHRASE_FILE")
    if not place:
        return None
    try:
        mode, text = Path(place).stat().st_mode, Path(place).read_text().strip()
    except OSError as problem:
        raise BackupRefused(
            f"BACKUP_PASSPHRASE_FILE={place} cannot be read: {problem.strerror}."
        ) from problem
    if stat.S_IMODE(mode) & 0o077:
        raise BackupRefused(f"Others may read {place}: chmod 600 {place}.")
    return text


def passphrase_for(file: Path) -> str | None:
    """The passphrase where the file needs one, asked for at a terminal when the environment has none."""
    with file.open("rb") as opened:
        if not is_sealed(opened):
            return None
    if (text := given_passphrase()) is None and sys.stdin.isatty():
        text = click.prompt("Passphrase of the backup", hide_input=True)
    return text
