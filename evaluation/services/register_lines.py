"""A wrong line of a register is taken back with a reason; it stays on record and no reader sees it any more."""

from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.queries import register_lines as queries
from evaluation.services import audit
from evaluation.services.access import Actor
from evaluation.services.commendation_registers import require_keeper
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing


def withdraw(actor: Actor, register: str, line_id: int, reason: str) -> None:
    """Takes back one line of a register of commendation (Home Affairs, never about oneself)."""
    require_keeper(actor)
    if register == "DISCIPLINE":  # its keepers are others: services/disciplines.py
        raise Missing(_("There is no such line in the register."))
    take_back(actor, line_of(register, line_id), reason)
    db.session.commit()


def line_of(register: str, line_id: int) -> Any:
    """A line for writing, locked; one that is not there looks missing."""
    line = queries.line(register, line_id, lock=True)
    if line is None:
        raise Missing(_("There is no such line in the register."))
    return line


def take_back(actor: Actor, line: Any, reason: str) -> None:
    """Marks a line as taken back, with its audit line; the caller has judged who may, and commits."""
    if line.person_id == actor.person_id:
        raise Forbidden(_("Nobody writes in these registers about themselves."))
    if line.withdrawn_at is not None or getattr(line, "superseded_at", None) is not None:
        raise Conflict(_("This line is no longer in force."))
    reason = reason.strip()[:2000]
    if not reason:
        raise Invalid([Fault(f"reason-{line.id}", _("Give the reason for taking the line back."))])
    line.withdrawn_at, line.withdrawn_by, line.withdrawn_reason = clock.now(), actor.person_id, reason
    if hasattr(line, "superseded_at"):
        line.superseded_at = line.withdrawn_at
    audit.record(actor, "register.withdrawn", line, after={"withdrawn": True}, reason=reason)
