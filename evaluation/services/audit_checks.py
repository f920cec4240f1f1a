"""The nightly check: the journal, what guards it, and results against what it says of them; a mismatch stops closing."""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from evaluation.extensions import db
from evaluation.models import AuditCheck
from evaluation.queries import audit_facts, audit_schema
from evaluation.queries.audit_facts import Difference
from evaluation.services import audit_verification, pulses, seals
from evaluation.services.audit_verification import Verified
from evaluation.services.refusals import Conflict

WHAT = {
    "score_sheet": _l("score"),
    "report": _l("state of the sheet"),
    "year_grade": _l("class of the year"),
    "role_grant": _l("role"),
    "delegation": _l("delegation"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a whole check came to, as sentences; nothing is good."""

    complaints: list[str]
    verified: Verified


def differences() -> list[Difference]:
    """Results that are not what the journal last said of them (fault 64)."""
    return audit_facts.differences()


def sentence(one: Difference) -> str:
    """A difference as a sentence: what, where, what the journal says and what stands."""
    return _(
        "%(what)s no. %(id)s (unit %(unit)s, %(stage)s): the journal says “%(said)s”, the table says “%(now)s”",
        what=WHAT[one.table],
        id=one.id,
        unit=one.unit_id or "–",
        stage=one.what,
        said=one.said or _("no act"),
        now=one.now or _("no row"),
    )


def schema_complaints() -> list[str]:
    """Triggers, functions and rights of the journal's guard that are missing, switched off or too wide (fault 66)."""
    found = []
    standing = audit_schema.triggers()
    guards = [(table, f"{table}_only_grows") for table in audit_schema.growing()]
    for table, trigger in [audit_schema.CHAINED, audit_schema.NUMBERED, *guards]:
        if (table, trigger) not in standing:
            found.append(
                _("the trigger %(trigger)s of the table %(table)s is missing", trigger=trigger, table=table)
            )
        elif not standing[table, trigger]:
            found.append(
                _(
                    "the trigger %(trigger)s of the table %(table)s is switched off",
                    trigger=trigger,
                    table=table,
                )
            )
    bodies = audit_schema.bodies()
    for name, body in audit_schema.BODIES.items():
        if name not in bodies:
            found.append(_("the function %(name)s is missing", name=name))
        elif bodies[name] != body:
            found.append(_("the function %(name)s was replaced by another", name=name))
    if audit_schema.replicates():
        found.append(_("this connection leaves triggers out (session_replication_role is replica)"))
    if audit_schema.is_owner():
        found.append(_("the application is connected as the owner of the tables: give it a role of its own"))
        return found
    for table, right in audit_schema.rights_too_many():
        found.append(
            _("the role of the application holds the right %(right)s on %(table)s", right=right, table=table)
        )
    return found


def check_guard() -> list[str]:
    """The complaints of `schema_complaints`, left as a sign of life for the alarms (fault 66)."""
    found = schema_complaints()
    pulses.leave(pulses.GUARD, succeeded=not found, detail="; ".join(found)[:500] or None)
    db.session.commit()
    return found


def check() -> Checked:
    """Everything at once, and its outcome as a row that stays; the newest row decides whether periods may be closed."""
    verified = audit_verification.verify()
    complaints = [
        *schema_complaints(),
        *(one.says() for one in verified.findings),
        *(sentence(one) for one in differences()),
    ]
    last = seals.newest()
    db.session.add(AuditCheck(seal_number=last.number if last else None, complaints=complaints[:500]))
    db.session.commit()
    return Checked(complaints, verified)


def newest() -> AuditCheck | None:
    """The newest check."""
    return db.session.scalar(select(AuditCheck).order_by(AuditCheck.id.desc()).limit(1))


def blocked() -> str | None:
    """Why nothing may be closed or published now: the newest check found something; None where it may."""
    last = newest()
    if last is None or not last.complaints:
        return None
    return _(
        "The check of the journal found %(count)s mismatches, so nothing can be closed or published: %(first)s."
        " Tell the inspector; after the cause is found, run the check again (flask audit verify --facts --keep).",
        count=len(last.complaints),
        first=last.complaints[0],
    )


def require_clean() -> None:
    """A refusal while the newest check has a mismatch."""
    if why := blocked():
        raise Conflict(why)
