"""`flask audit seal`, `verify`, `export`, `anchors`: the journal that nobody can rewrite unseen."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from evaluation.files.audit_verifier import key_id
from evaluation.services import (
    audit_checks,
    audit_exports,
    audit_verification,
    seal_anchors,
    seal_keys,
    seals,
)

commands = AppGroup("audit", help="Seal the journal, check it, carry it out.")
SHOWN = 100


@commands.command("seal")
def seal() -> None:
    """Make a seal now."""
    try:
        made = seals.seal()
    except seal_keys.NoKey as missing:
        raise click.ClickException(str(missing)) from missing
    click.echo(f"seal {made.number} over {made.events} events, code {seals.short_code(made.root)}")


@commands.command("verify")
@click.option("--facts", is_flag=True, help="Also compare results, roles and delegations with the journal.")
@click.option(
    "--keep", is_flag=True, help="Keep the outcome (with --facts): closing and publishing ask for it."
)
@click.option(
    "--export", "export", type=click.Path(exists=True, dir_okay=False), help="Check an export instead."
)
@click.option(
    "--anchors", "anchors", type=click.Path(exists=True, dir_okay=False), help="Seals kept elsewhere."
)
@click.option("--key", "key", default="", help="The public key you were told (with --export).")
def verify(facts: bool, keep: bool, export: str | None, anchors: str | None, key: str) -> None:
    """Find and locate every change of the journal; exits with 1 when something is wrong.

    What somebody changed after the newest seal, or who holds the key too, shows only against anchors from another host.
    """
    began = time.perf_counter()
    known: list[dict[str, Any]] | None = None
    if anchors:
        known = [json.loads(line) for line in Path(anchors).read_text("utf-8").splitlines()]
    if export:
        found = audit_verification.verify_export(export, anchors=known, key=bytes.fromhex(key))
        complaints = [one.says() for one in found.findings]
    elif keep:
        checked = audit_checks.check()
        complaints, found = checked.complaints, checked.verified
    else:
        found = audit_verification.verify(anchors=known)
        complaints = [*audit_checks.schema_complaints(), *(one.says() for one in found.findings)]
        if facts:
            complaints += [audit_checks.sentence(one) for one in audit_checks.differences()]
    for one in complaints[:SHOWN]:
        click.echo(one)
    if len(complaints) > SHOWN:
        click.echo(f"… and {len(complaints) - SHOWN} more")
    seconds = time.perf_counter() - began
    code = seals.short_code(bytes.fromhex(found.newest["root"])) if found.newest else "–"
    click.echo(
        f"{found.events} events and {found.seals} seals checked in {seconds:.1f} s"
        f" ({found.events / max(seconds, 0.001):.0f} events/s), newest code {code}: {len(complaints)} faults"
    )
    if complaints:
        sys.exit(1)


@commands.command("export")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def export(target: Path) -> None:
    """Write the whole journal to TARGET as JSON lines, for audit_verifier.py and `verify --export`."""
    count = audit_exports.write(target)
    click.echo(f"{count} lines in {target}")


@commands.command("anchors")
def anchors() -> None:
    """Show where anchors and keys lie; writes the seals that the anchors file lacks."""
    written = seal_anchors.write()
    known = seal_anchors.stored() or []
    click.echo(f"{seal_anchors.place()}: {len(known)} seals, {written} of them written now")
    for public in seal_keys.public_keys():
        click.echo(f"public key {key_id(public)}: {public.hex()}")


@commands.command("new-key")
@click.confirmation_option(prompt="Only when the key of the seals is lost or no longer secret. Go on?")
def new_key() -> None:
    """Make a new key for the seals; the old public key stays known, so that old seals can still be checked."""
    click.echo(f"public key: {seal_keys.make_key().hex()}")
