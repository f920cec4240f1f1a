"""The one guard of closed periods: who wants to write holds the period open, or is told how it is reopened."""

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Text, func, literal, select, text

from evaluation.extensions import db
from evaluation.models import Closing, Period, Reopening
from evaluation.rules.periods import in_words_of
from evaluation.services.refusals import Conflict

CLOSING_LOCK = 335_2026  # the same number stands in the triggers of migration 0016
CLOSED = (
    "Month %(month)s is closed, so nothing of it can be changed. If it must be, ask Home Affairs to have it reopened:"
    " one officer asks with a reason, a second person decides."
)
BEING_CLOSED = "Month %(month)s is being closed at this moment. Please try again in a minute."


class Closed(Conflict):
    """What was asked would change a closed period."""


def hold_open(period: Period) -> None:
    """Keeps a period from being closed until this transaction ends; refused where it is closed or being closed.

    Nobody waits here: a closing has the period to itself, and who comes meanwhile is asked to come again.
    """
    free, closed_at = db.session.execute(
        text(
            "select pg_try_advisory_xact_lock_shared(:key, cast(id as int)), closed_at from period where id = :id"
        ),
        {"key": CLOSING_LOCK, "id": period.id},
    ).one()
    if closed_at is not None:
        raise Closed(sentence(period))
    if not free:
        raise Conflict(_(in_words_of(BEING_CLOSED, period.cycle), month=period.covers.short))


def sentence(period: Period) -> str:
    """Why nothing of a closed period can be changed, and how it is reopened."""
    return _(in_words_of(CLOSED, period.cycle), month=period.covers.short)


def reason_with_reopening(period_id: int, reason: str | None) -> ColumnElement[str | None]:
    """Why something is superseded, with the number of the reopening that made it possible, if there was one."""
    last = (
        select(func.concat(_("reopening no."), " ", func.max(Reopening.id)))
        .join(Closing, Closing.id == Reopening.closing_id)
        .where(Closing.period_id == period_id, Reopening.granted.is_(True))
        .having(func.count() > 0)
        .scalar_subquery()
    )
    return func.nullif(func.concat_ws(" · ", literal(reason, Text), last), "")


def take(period_id: int) -> None:
    """Waits until nobody writes to a period and keeps everybody out to the end of this transaction."""
    db.session.execute(
        text("select pg_advisory_xact_lock(:key, cast(:id as int))"), {"key": CLOSING_LOCK, "id": period_id}
    )
