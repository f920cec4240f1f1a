"""Refusals and faults as pages: what happened, what to do, and the request id to quote."""

import contextlib
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from evaluation import metrics
from evaluation.extensions import db, login_manager
from evaluation.services import denials
from evaluation.services.refusals import Invalid, Refusal

PAGES = frozenset({400, 401, 403, 404, 409, 413, 429, 500, 503})
SENT_AGAIN = frozenset(
    {400, 401, 503}
)  # the fault is not in what was typed, so the page keeps it to be sent again
NEVER_KEPT = frozenset({"csrf_token", "password"})
MOST_KEPT = 1_000_000  # characters


def register(app: Flask) -> None:
    """Turns every refusal of a service and every HTTP error into a page, or into JSON for a script."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _out_of_date)
    app.register_error_handler(DataError, _unfit)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, crashed)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    undo()
    if refusal.denied is not None:
        denials.record(refusal.denied)
    if _wants_json():
        faults = (
            [{"place": fault.place, "message": fault.message} for fault in refusal.faults]
            if isinstance(refusal, Invalid)
            else []
        )
        return jsonify(message=refusal.message, faults=faults), refusal.status
    return answer(refusal.status, refusal.message)


def _out_of_date(_error: CSRFError) -> ResponseReturnValue:
    undo()
    if not current_user.is_authenticated:
        return answer(401, None)
    if _typed():
        return answer(400, _("You signed in anew after this form was opened. Nothing of it was saved yet."))
    return answer(400, _("This form is out of date. Go back, open the page again and send it once more."))


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if _wants_json():
        return jsonify(message=error.name), code
    return answer(code, None)


def _unfit(error: DataError) -> ResponseReturnValue:
    """What passed every check and still is no text or number for the database: a NUL, a number without end."""
    undo()
    current_app.logger.warning("request %s sent what cannot be stored: %s", g.get("request_id"), error.orig)
    said = _("A field holds a character that is no text or a number that is too large. Nothing was saved.")
    return answer(400, said, again=False)


def crashed(error: Exception) -> ResponseReturnValue:
    """A fault of the program: logged whole, told without any of it."""
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    undo()
    metrics.CRASHES.inc()
    current_app.logger.exception("request %s failed", g.get("request_id"))
    return answer(500, _("The server failed.") if _wants_json() else None)


def undo() -> None:
    """Ends the transaction; one whose connection is gone has ended already."""
    with contextlib.suppress(SQLAlchemyError):
        db.session.rollback()


def answer(
    code: int, message: str | None, headers: Mapping[str, str] | None = None, *, again: bool = True
) -> ResponseReturnValue:
    """The page of an error, or its sentence as JSON for a script; it asks the database nothing."""
    if _wants_json():
        return jsonify(message=message), code, dict(headers or {})
    _without_asking()
    name = code if code in PAGES else (400 if code < 500 else 500)
    typed = _typed() if again and code in SENT_AGAIN else []
    return (
        render_template(f"errors/{name}.html", message=message, code=code, typed=typed),
        code,
        dict(headers or {}),
    )


def _without_asking() -> None:
    """Every template is given the account and the menu; the page of an error must do without a database."""
    g.without_menu = True
    try:
        current_user.is_authenticated  # noqa: B018  loads the account, whose language the page speaks
    except SQLAlchemyError:
        g._login_user = login_manager.anonymous_user()


def _typed() -> list[tuple[str, str]]:
    """What a form of this site sent and may be sent again; a form of another site is never offered."""
    if request.method != "POST" or request.files or request.endpoint == "access.sign_in":
        return []
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    if urlsplit(origin).netloc != request.host or g.get("saving") is not None:
        return []
    fields = [(name, text) for name, text in request.form.items(multi=True) if name not in NEVER_KEPT]
    return fields if sum(len(text) for _name, text in fields) <= MOST_KEPT else []


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.headers.get("X-Requested-With") == "fetch"
