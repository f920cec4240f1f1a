"""Closing a month or a quarter under lock and seal: the check list, the closing, and what it says afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import AuditSeal, Closing, Period, Unit
from evaluation.queries import closings as queries
from evaluation.queries import jobs as job_questions
from evaluation.queries import organisation
from evaluation.queries.organisation import Subject
from evaluation.queries.pages import PER_PAGE, Page, page_of
from evaluation.rules import closing as rules
from evaluation.rules.closing import Line, Open
from evaluation.rules.periods import in_words_of
from evaluation.rules.permissions import Action, Role, allowed
from evaluation.services import access, audit, audit_checks, closed_periods, notices, receipts, seals
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Missing

CLOSED = (
    "Month %(month)s was closed. Nothing of it changes any more; the closing sheet carries the code %(code)s."
)
COUNTS = ("sheets", "published", "not_rated", "scored", "excellent", "good", "completed", "not_completed")
CHANGES_KEPT = 1000
ACTS = (Action.CLOSE_PERIOD, Action.ASK_REOPENING, Action.DECIDE_REOPENING)
LABELS = {
    Open.RUNNING: _l("The period has not ended yet"),
    Open.NO_WORK: _l("Sheets without any assigned work, not submitted"),
    Open.NOT_SUBMITTED: _l("Sheets not submitted"),
    Open.RETURNED: _l("Sheets returned and not submitted again"),
    Open.LEFT_SERVICE: _l("Sheets not submitted of officials who have left the service"),
    Open.NOT_SCORED: _l("Sheets not scored"),
    Open.NOT_CONFIRMED: _l("Scores not confirmed"),
    Open.NOT_PUBLISHED: _l("Results not published"),
    Open.PETITION: _l("Petitions not answered"),
    Open.EXTENDED: _l("Extensions still running"),
    Open.STALE: _l("Changed after the last roll-up, or never rolled up"),
    Open.DIFFERS: _l("Results that differ from their own entries"),
    Open.JOB: _l("Jobs of this period still running"),
    Open.IMPORT: _l("Imported files waiting for confirmation"),
    Open.SEAL: _l("The journal has no fresh seal"),
    Open.JOURNAL: _l("The journal does not agree with the results"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """A period with everything of it that is not finished."""

    period: Period
    lines: list[Line]

    @property
    def may_close(self) -> bool:
        """Whether nothing blocks."""
        return rules.may_close(self.lines)


def province() -> int:
    """The unit to which closings belong: the top of the tree."""
    return job_questions.province(clock.today())


def require(actor: Actor, action: Action = Action.CLOSE_PERIOD) -> None:
    """Refuses whoever may not act upon periods of the province."""
    access.require(actor, action, Subject(province()))


def rights(actor: Actor) -> frozenset[Action]:
    """What somebody may do to periods of the province."""
    held = organisation.relations(actor.standing, Subject(province()))
    return frozenset(action for action in ACTS if allowed(action, held))


def require_reader(actor: Actor) -> None:
    """The check list and the register of closings are for Home Affairs and the inspector."""
    if not (actor.standing.holds(Role.HOME_AFFAIRS) or actor.standing.holds(Role.INSPECTOR)):
        raise Missing(_("There is no such page."))


def standings(actor: Actor) -> list[queries.Standing]:
    """Every period with its newest closing and what waits."""
    require_reader(actor)
    return queries.standings()


def period_for(actor: Actor, period_id: int) -> Period:
    """A period, for who may see how far it is; a closed one also for heads, who are told how it is reopened."""
    period = db.session.get(Period, period_id)
    leads = actor.standing.headed or actor.standing.delegated
    if period is None or not (leads and period.closed_at is not None):
        require_reader(actor)
    if period is None:
        raise Missing(_("There is no such period."))
    return period


def check(actor: Actor, period_id: int) -> Check:
    """The check list of a period."""
    return Check(period := period_for(actor, period_id), _lines(period))


def open_things(actor: Actor, period_id: int, kind: Open, number: int) -> tuple[Period, Page]:
    """One page of the things of one kind, each with whose it is and who must act."""
    period = period_for(actor, period_id)
    number = max(1, number)
    rows = queries.listed(period, kind, clock.today(), size=PER_PAGE, skipped=(number - 1) * PER_PAGE)
    return period, page_of(rows, number)


def close(actor: Actor, period_id: int, *, transaction_id: str | None = None) -> Closing:
    """Closes a period: checked again while nobody can write to it, sealed, and written down, all at once or not at all.

    Refused while anything blocks, with what and how many.
    """
    known = receipts.taken(actor, transaction_id, "period.closed")
    if known:
        return db.session.get_one(Closing, known["closing"])
    require(actor)
    closed_periods.take(period_id)
    period = db.session.get(Period, period_id, with_for_update=True, populate_existing=True)
    if period is None:
        raise Missing(_("There is no such period."))
    if period.closed_at is not None:
        says = in_words_of("Month %(month)s is closed already.", period.cycle)
        raise Conflict(_(says, month=_short(period)))
    blocking = [line for line in _lines(period) if line.blocks]
    if blocking:
        raise Conflict(_still_open(period, blocking))
    figures = _figures(period)
    made: list[Closing] = []

    def write(seal: AuditSeal) -> None:
        made.append(_write(actor, period, figures, seal))
        receipts.keep(transaction_id, {"closing": made[0].id})

    seals.seal(also=write)
    return made[0]


def closing_for(actor: Actor, closing_id: int) -> Closing:
    """A closing, for Home Affairs, the inspector, and heads; anybody else finds nothing."""
    closing = db.session.get(Closing, closing_id)
    if closing is None or not (_oversees(actor) or actor.standing.headed or actor.standing.delegated):
        raise Missing(_("There is no such closing."))
    return closing


def agencies_shown(actor: Actor, closing: Closing) -> list[dict[str, Any]]:
    """The counts of each agency; a head sees the own agencies, and the sums of all."""
    rows: list[dict[str, Any]] = closing.figures["agencies"]
    if _oversees(actor):
        return rows
    own = actor.standing.headed | actor.standing.delegated.keys()
    return [row for row in rows if row["agency_id"] in own]


def _oversees(actor: Actor) -> bool:
    return actor.standing.holds(Role.HOME_AFFAIRS) or actor.standing.holds(Role.INSPECTOR)


def _lines(period: Period) -> list[Line]:
    today = clock.today()
    counts = queries.counts(period, today)
    if today < period.covers.end:
        counts[Open.RUNNING] = (1, 0)
    if seals.is_stale():
        counts[Open.SEAL] = (1, 0)
    if audit_checks.blocked() is not None:
        counts[Open.JOURNAL] = (1, 0)
    return rules.lines(counts)


def _still_open(period: Period, blocking: Sequence[Line]) -> str:
    listed = "; ".join(
        f"{LABELS[line.kind]} ({line.count})" if rules.RULES[line.kind].per_person else str(LABELS[line.kind])
        for line in blocking
    )
    says = in_words_of("Month %(month)s cannot be closed yet: %(what)s.", period.cycle)
    return _(says, month=_short(period), what=listed)


def _figures(period: Period) -> dict[str, Any]:
    agencies = queries.by_agency(period, period.covers.end - timedelta(days=1))
    earlier = queries.newest(period.id)
    figures: dict[str, Any] = {
        "totals": {name: sum(row[name] for row in agencies) for name in COUNTS},
        "agencies": agencies,
        "results_hash": queries.results_hash(period.id),
        "warnings": {line.kind.value: line.count for line in _lines(period)},
    }
    if earlier is not None:
        changed = queries.changed_since(period.id, earlier.closed_at)
        figures["earlier"] = {
            "closing": earlier.id,
            "results_hash": earlier.figures["results_hash"],
            "changed": len(changed),
            "changes": changed[:CHANGES_KEPT],
        }
    return figures


def _write(actor: Actor, period: Period, figures: dict[str, Any], seal: AuditSeal) -> Closing:
    closing = Closing(
        period_id=period.id,
        closed_by=actor.person_id,
        closed_at=clock.now(),
        figures=audit.plain(figures),
        seal_number=seal.number,
        seal_root=seal.root,
    )
    db.session.add(closing)
    db.session.flush()
    period.closed_at = closing.closed_at
    top = db.session.get_one(Unit, province())
    audit.record(
        actor,
        "period.closed",
        period,
        after={
            "month": str(period.covers),
            "closing": closing.id,
            "seal": seal.number,
            "results": figures["results_hash"],
            **figures["totals"],
        },
        unit_id=top.id,
    )
    for person_id in queries.heads(period.id, clock.today()):
        notices.tell(
            person_id,
            in_words_of(CLOSED, period.cycle),
            link=f"/closings/sheets/{closing.id}",
            month=_short(period),
            code=seals.short_code(seal.root),
        )
    return closing


def _short(period: Period) -> str:
    return period.covers.short
