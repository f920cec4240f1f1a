"""When the database, the disk or the time fails: a quick retry where it is safe, else 503 with the truth about what was saved."""

import contextlib
import errno
import random
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import psycopg
from flask import Flask, current_app, g, has_request_context, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from evaluation.extensions import db, login_manager
from evaluation.postgres import ServerUnavailable
from evaluation.web import errors

MOST_REPEATS = 3
SHORT, LONG = 5, 30  # seconds until it makes sense to try again
COLLISIONS = frozenset(
    {"40001", "40P01"}
)  # serialization failure, deadlock: the whole transaction was undone
TOO_SLOW = frozenset({"57014", "55P03"})
DISK_FULL = "53100"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


class Saving(StrEnum):
    """How far the changes of this request have come."""

    ASKED = "ASKED"  # COMMIT was sent; no answer yet
    SAVED = "SAVED"
    PARTLY = "PARTLY"  # one change is saved, another was begun


def register(app: Flask) -> None:
    """Repeats what lost a race with others, and answers what failed for good."""
    app.dispatch_request = _repeating(app.dispatch_request)  # type: ignore[method-assign]
    for kind in (
        OperationalError,
        InterfaceError,
        NoConnectionFree,
        psycopg.OperationalError,
        ServerUnavailable,
    ):
        app.register_error_handler(kind, _unavailable)
    app.register_error_handler(OSError, _unwritten)
    app.teardown_appcontext(_let_go)  # before the extension's own, which would take the answer away
    with app.app_context():
        event.listen(db.engine, "commit", _asked)


def _let_go(_error: BaseException | None) -> None:
    """A database that dies when all is said and done changes no answer: its connection is thrown away unasked."""
    if not db.session.registry.has():
        return
    try:
        db.session.close()
    except SQLAlchemyError:
        with contextlib.suppress(SQLAlchemyError):
            db.session().invalidate()


def _repeating(dispatch: Callable[[], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """A request that met others in a deadlock is done again, at most three times and at different moments."""

    def repeated() -> ResponseReturnValue:
        for attempt in range(MOST_REPEATS):
            try:
                return dispatch()
            except OperationalError as problem:
                if not _is_undone(problem):
                    raise
                db.session.rollback()
                g.pop("saving", None)
                current_app.logger.info("request %s collided and is repeated", g.get("request_id"))
                time.sleep(random.uniform(0.01, 0.05 * 2**attempt))
        return dispatch()

    return repeated


def _is_undone(problem: DBAPIError) -> bool:
    """Whether the database has undone all that this request did; files that were read cannot be sent again by us."""
    alone = g.get("saving") not in (Saving.SAVED, Saving.PARTLY)
    return alone and _state(problem) in COLLISIONS and not request.files


def _unavailable(problem: Exception) -> ResponseReturnValue:
    _ask_no_account()
    state = _state(problem)
    if state in COLLISIONS:
        return _answer(_("Others were changing the same records at the same moment."), SHORT)
    if state in TOO_SLOW:
        return _answer(_("The answer took too long and was stopped."), LONG)
    if state == DISK_FULL:
        return _answer(_("The server has no room left to write."), LONG)
    return _answer(_("The database does not answer."), LONG)


def _unwritten(problem: OSError) -> ResponseReturnValue:
    if problem.errno not in NO_ROOM:
        return errors.crashed(problem)
    _ask_no_account()
    return _answer(_("The server has no room left to write."), LONG)


def _answer(happened: str, seconds: int) -> ResponseReturnValue:
    current_app.logger.exception("request %s: %s", g.get("request_id"), happened)
    said = f"{happened} {_truth()}"
    errors.undo()
    g._login_user = login_manager.anonymous_user()  # the one loaded before would be read anew
    return errors.answer(503, said, {"Retry-After": str(seconds)})


def _ask_no_account() -> None:
    """An account that could not be loaded is not asked for once more: the page must not wait for it."""
    if "_login_user" not in g:
        g._login_user = login_manager.anonymous_user()


def _truth() -> str:
    if request.method not in ("POST", "PUT", "PATCH", "DELETE"):
        return _("Nothing was changed: this page only reads.")
    match g.get("saving"):
        case Saving.SAVED:
            return _("What you sent was saved; only the answer is missing. Do not send it again.")
        case Saving.PARTLY:
            return _(
                "Only a part of what you sent was saved. Open the page again and look before you send the rest."
            )
        case Saving.ASKED:
            return _(
                "It is not known whether what you sent was saved. Open the page again and look before you send it again."
            )
    return _("Nothing of what you sent was saved.")


def _state(problem: Exception) -> str | None:
    return getattr(getattr(problem, "orig", problem), "sqlstate", None)


def _asked(_connection: Any) -> None:
    if has_request_context():
        g.saving = Saving.ASKED


@event.listens_for(db.session, "after_commit")
def _saved(_session: Any) -> None:
    if has_request_context() and g.get("saving") is Saving.ASKED:
        g.saving = Saving.SAVED


@event.listens_for(db.session, "before_flush")
def _begun(*_: Any) -> None:
    if has_request_context() and g.get("saving") is Saving.SAVED:
        g.saving = Saving.PARTLY
