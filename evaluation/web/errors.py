"""Refusals and faults as pages: what happened, what to do, and the request id to quote."""

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from evaluation.extensions import db
from evaluation.services.refusals import Invalid, Refusal

PAGES = frozenset({400, 403, 404, 409, 413, 429, 500, 503})


def register(app: Flask) -> None:
    """Turns every refusal of a service and every HTTP error into a page, or into JSON for a script."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _out_of_date)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crashed)


def _refused(refusal: Refusal) -> tuple[Response | str, int]:
    db.session.rollback()
    if _wants_json():
        faults = (
            [{"place": fault.place, "message": fault.message} for fault in refusal.faults]
            if isinstance(refusal, Invalid)
            else []
        )
        return jsonify(message=refusal.message, faults=faults), refusal.status
    return _page(refusal.status, refusal.message)


def _out_of_date(_error: CSRFError) -> tuple[Response | str, int]:
    db.session.rollback()
    message = _("This form is out of date. Go back, open the page again and send it once more.")
    return (jsonify(message=message), 400) if _wants_json() else _page(400, message)


def _http_error(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    if _wants_json():
        return jsonify(message=error.name), code
    return _page(code, None)


def _crashed(error: Exception) -> tuple[Response | str, int]:
    from flask import current_app

    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    db.session.rollback()
    current_app.logger.exception("request %s failed", g.get("request_id"))
    return (jsonify(message=_("The server failed.")), 500) if _wants_json() else _page(500, None)


def _page(code: int, message: str | None) -> tuple[str, int]:
    name = code if code in PAGES else (400 if code < 500 else 500)
    return render_template(f"errors/{name}.html", message=message, code=code), code


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.headers.get("X-Requested-With") == "fetch"
