"""Signing in and out, and the guard before every page: nothing is public unless it is on the list."""

from urllib.parse import urlsplit
from uuid import uuid4

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from evaluation.extensions import db, login_manager
from evaluation.models import Account
from evaluation.services import accounts, sessions
from evaluation.services.access import Actor, actor_of

PUBLIC = frozenset(
    {"access.sign_in", "access.set_language", "headers.security", "health.live", "health.ready", "static"}
)

blueprint = Blueprint("access", __name__)


class SignInForm(FlaskForm):
    """Username and password; password managers and pasting are welcome."""

    username = StringField(_l("Username"), [DataRequired(_l("Enter your username.")), Length(max=100)])
    password = PasswordField(_l("Password"), [DataRequired(_l("Enter your password.")), Length(max=200)])


def register(app: Flask) -> None:
    """Puts the guard and the request id before every page."""
    login_manager.user_loader(_account_of)
    app.before_request(_guard)


def _account_of(token: str) -> Account | None:
    found = sessions.by_token(token)
    if found is None:
        return None
    g.session_id, g.confirmed_at = found.id, found.confirmed_at
    return found.account


def current_actor() -> Actor:
    """Who is acting in this request, worked out once."""
    if "actor" not in g:
        g.actor = actor_of(current_user)
    return g.actor


def _guard() -> Response | None:
    g.request_id = uuid4().hex[:12]
    if request.endpoint is None or request.endpoint in PUBLIC or current_user.is_authenticated:
        return None
    if request.headers.get("X-Requested-With") or request.headers.get("HX-Request"):
        abort(401)
    if request.method != "GET" and request.form.keys() - {"csrf_token"}:
        abort(401)  # its page keeps what was typed until the person has signed in again
    return redirect(
        url_for("access.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    )  # type: ignore[return-value]


@blueprint.route("/login", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("home.show"))  # type: ignore[return-value]
    form = SignInForm()
    if form.validate_on_submit():
        try:
            account = accounts.sign_in(form.username.data or "", form.password.data or "")
        except accounts.WrongPassword as refused:
            form.password.errors = [refused.message]
            return render_template("access/sign_in.html", form=form), 401
        _enter(sessions.begin(account, source=request.remote_addr, agent=request.user_agent.string[:200]))
        return redirect(local_path(request.args.get("next")))  # type: ignore[return-value]
    return render_template("access/sign_in.html", form=form)


def _enter(token: str) -> None:
    """The cookie carries nothing but the token: the session itself is a row that can be ended from here."""
    session.clear()
    session["_user_id"] = token
    session["_fresh"] = True
    session.permanent = True


@blueprint.post("/logout")
def sign_out() -> Response:
    """Ends the session and forgets what the browser kept."""
    if found := sessions.by_token(session.get("_user_id", "")):
        sessions.end(found, "SIGNED_OUT")
        db.session.commit()
    logout_user()
    session.clear()
    flash(_("You have signed out."))
    return redirect(url_for("access.sign_in"))  # type: ignore[return-value]


@blueprint.post("/language")
def set_language() -> Response:
    """Switches between Vietnamese and English."""
    locale = "en" if request.form.get("locale") == "en" else "vi"
    session["locale"] = locale
    if current_user.is_authenticated:
        accounts.set_locale(current_user, locale)
    return redirect(local_path(request.form.get("next")))  # type: ignore[return-value]


def local_path(target: str | None) -> str:
    """Only a path of this site is followed after signing in."""
    if target and not target.startswith(("//", "/\\")):
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and parts.path.startswith("/"):
            return target
    return url_for("home.show")
