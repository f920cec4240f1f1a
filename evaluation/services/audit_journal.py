"""The journal for inspectors and Home Affairs: which part of it somebody reads, a seal by hand, and taking it away."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from flask import current_app
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import AuditSeal, Job, Unit
from evaluation.queries import audit_chains, organisation
from evaluation.queries.commendations import job_of_file
from evaluation.queries.jobs import province
from evaluation.queries.organisation import Subject
from evaluation.rules.permissions import ALLOWED, Action, Role
from evaluation.services import access, audit, audit_export_files, audit_exports, jobs, receipts, seals
from evaluation.services.access import Actor
from evaluation.services.audit_export_files import EXPORT
from evaluation.services.refusals import Conflict, Forbidden, Missing
from evaluation.services.seal_keys import NoKey

AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Reach:
    """The units whose events an actor reads: `units` is None for the whole province, acts of no unit included."""

    top: int
    units: frozenset[int] | None


def may_read(actor: Actor) -> bool:
    """Whether an actor reads any part of the journal."""
    return bool(_tops(actor))


def reach(actor: Actor) -> Reach:
    """The part of the journal an actor reads: the units of the own roles and all below; Forbidden for everybody else."""
    tops, whole = _tops(actor), province(clock.today())
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    if whole in tops:
        return Reach(whole, None)
    return Reach(tops[0], frozenset(organisation.descendants(tops, clock.today())))


def _tops(actor: Actor) -> list[int]:
    words = {relation.value for relation in ALLOWED[Action.READ_AUDIT]}
    roles = [role for role in Role if role.value in words]
    return [unit_id for role in roles for unit_id in actor.standing.units_of(role)]


def may_seal(actor: Actor) -> bool:
    """Whether an actor may ask for a seal: whoever closes periods needs a fresh one."""
    whole = province(clock.today())
    return whole is not None and access.may(
        actor, Action.CLOSE_PERIOD, Subject(whole, confirming_unit_id=whole)
    )


def seal_now(actor: Actor, *, transaction_id: str | None = None) -> AuditSeal:
    """A seal by hand; that it was asked for stands in the journal under it."""
    whole = province(clock.today())
    if whole is None:
        raise Missing(_("There is no such unit."))
    access.require(actor, Action.CLOSE_PERIOD, Subject(whole, confirming_unit_id=whole))
    if receipts.taken(actor, transaction_id, "audit.sealed") is None:
        audit.record(actor, "audit.sealed", db.session.get_one(Unit, whole), unit_id=whole)
        db.session.commit()
        try:
            return seals.seal()
        except NoKey as missing:
            db.session.rollback()
            raise Conflict(_("The seal could not be made: %(why)s", why=str(missing))) from missing
    last = seals.newest()
    assert last is not None
    return last


def export(actor: Actor) -> bytes | Job:
    """The part of the journal an actor reads as a file, or the job that makes it over 2,000 events; either is recorded."""
    own = reach(actor)
    count = audit_chains.count_events(own.units)
    top = db.session.get_one(Unit, own.top)
    audit.record(actor, "audit.exported", top, after={"events": count}, unit_id=top.id)
    if count > AT_ONCE:
        given = audit_export_files.arguments(own.top, own.units, uuid4().hex)
        return jobs.ask(actor, EXPORT.name, given, key=f"{EXPORT.name}:{actor.person_id}")
    db.session.commit()
    return "".join(audit_exports.lines(own.units)).encode()


def exported(actor: Actor, token: str) -> Path:
    """A file that a job made, for the one who asked for it and nobody else, while the right to it lasts."""
    job = job_of_file(EXPORT.name, token)
    if job is None or job.requested_by != actor.person_id:
        raise Missing(_("There is no such file."))
    unit_id, place = job.arguments["unit_id"], audit_export_files.place_of(job.arguments)
    if not access.may(actor, Action.READ_AUDIT, Subject(unit_id)) or not place.is_file():
        raise Missing(_("There is no such file."))
    return place


def verifier_script() -> Path:
    """The one file that checks an export without this application."""
    return Path(current_app.root_path) / "evaluation" / "files" / "audit_verifier.py"
