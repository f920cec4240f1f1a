"""One's own sessions and what one signs in with: seen, extended, ended."""

import re
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from evaluation.services import identity, second_factors, sessions
from evaluation.web.access import current_actor, place_before
from evaluation.web.once import answered_once

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions")
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("coc_coc", "Cốc Cốc"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = re.compile(r"Windows|Android|iPhone|iPad|Mac OS X|Linux")


@blueprint.app_context_processor
def _time_left() -> dict[str, Any]:
    """What the warning of a page needs: the seconds that are left, and where to return after signing in again."""
    if "active_at" not in g:
        return {}
    minutes = current_app.config["SESSION_IDLE_MINUTES"]
    return {
        "session_left": max(0, int(sessions.left(g.active_at).total_seconds())),
        "session_idle": int(minutes * 60),
        "session_warn": int(min(current_app.config["SESSION_WARN_MINUTES"], minutes / 2) * 60),
        "session_next": request.full_path.rstrip("?") if request.method == "GET" else place_before(),
    }


@blueprint.app_template_filter()
def browser_name(agent: str | None) -> str:
    """What a browser calls itself, in two words: Chrome · Windows."""
    agent = agent or ""
    name = next((name for mark, name in BROWSERS if mark in agent), None)
    system = SYSTEMS.search(agent)
    return " · ".join(part for part in (name, system.group() if system else None) if part) or _(
        "Unknown browser"
    )


@blueprint.get("/")
def index() -> str:
    """The open sessions of one's own account, its password and its second factor."""
    return render_template(
        "sessions/index.html",
        sessions=sessions.open_ones(current_user.id),
        here=g.session_id,
        has_factor=current_user.totp_confirmed_at is not None,
        must_have=second_factors.must_have(current_actor()),
        codes_left=second_factors.codes_left(current_user),
        provider=identity.is_configured(),
        linked=identity.links_of(current_user),
        idle=current_app.config["SESSION_IDLE_MINUTES"],
    )


@blueprint.post("/<int:session_id>/end")
@answered_once
def end(session_id: int) -> ResponseReturnValue:
    """Ends one of one's own sessions."""
    sessions.end_own(current_actor(), current_user, session_id)
    flash(_("The session was ended."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/end-others")
@answered_once
def end_others() -> ResponseReturnValue:
    """Ends all of one's own sessions but this one."""
    sessions.end_others(current_actor(), current_user, but=g.session_id)
    flash(_("All other sessions were ended."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/active")
def active() -> Response:
    """Somebody is typing: the guard has noted it; the seconds that are left."""
    return _seconds_left()


@blueprint.get("/left")
def left() -> Response:
    """The seconds that are left; asking does not make them more."""
    return _seconds_left()


def _seconds_left() -> Response:
    return jsonify(left=max(0, int(sessions.left(g.active_at).total_seconds())))
