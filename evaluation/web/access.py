"""Signing in and out, and the guard before every page: nothing is public unless it is on the list."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from sqlalchemy.exc import SQLAlchemyError
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length, Optional

from evaluation import clock, logs
from evaluation.extensions import db, login_manager
from evaluation.models import Account
from evaluation.services import accounts, second_factors, sessions
from evaluation.services import sign_in as signing_in
from evaluation.services.access import Actor, actor_of
from evaluation.web import devices
from evaluation.web.presentation import moment

PUBLIC = frozenset(
    {
        "access.enter_code",
        "access.set_language",
        "access.sign_in",
        "headers.security",
        "identity.ask",
        "identity.back",
        "passwords.redeem",
        "static",
    }
)
# Asked for by a page on its own, not by the person, as is all that htmx polls: they do not keep a session alive.
BACKGROUND = frozenset({"sessions.left"})
POLLED = frozenset({"jobs.show"})
# What stays open to somebody who must first choose a password or set up a second factor.
BEFORE_ALL = frozenset(
    {
        "access.sign_out",
        "passwords.change",
        "reauthentication.confirm",
        "second_factors.set_up",
        "sessions.active",
        "sessions.left",
    }
)
HALFWAY = "halfway"
HALFWAY_LASTS = timedelta(minutes=5)
REASONS = {
    sessions.IDLE: _l(
        "You were signed out because nothing was done for a while. Sign in and you are back on the page."
    ),
    sessions.TOO_LONG: _l(
        "You were signed out because the session had lasted its longest time. Sign in again."
    ),
    "PASSWORD_CHANGED": _l("You were signed out because the password was changed. Sign in with the new one."),
    "SECOND_FACTOR_CHANGED": _l("You were signed out because the second factor was changed. Sign in again."),
    "WRONG_PASSWORDS": _l(
        "You were signed out because a wrong password was entered five times. Sign in again."
    ),
    "PASSWORD_RESET": _l(
        "You were signed out because leave to choose a new password was given out for your account."
    ),
    "ROLE_CHANGED": _l("You were signed out because your roles changed. Sign in again."),
    "ENDED_BY_ADMINISTRATOR": _l("An administrator ended this session. Sign in again."),
    "ENDED_BY_OWNER": _l("This session was ended from another one. Sign in again."),
}

blueprint = Blueprint("access", __name__)


class SignInForm(FlaskForm):
    """Username and password; password managers and pasting are welcome. The code is asked for only past a lock."""

    username = StringField(_l("Username"), [DataRequired(_l("Enter your username.")), Length(max=100)])
    password = PasswordField(_l("Password"), [DataRequired(_l("Enter your password.")), Length(max=200)])
    code = StringField(
        _l("Code of the second factor"),
        [Optional(), Length(max=20)],
        description=_l("If you have a second factor, enter its code too and you need not wait."),
    )


class CodeForm(FlaskForm):
    """The second step."""

    code = StringField(
        _l("Code of the second factor"),
        [DataRequired(_l("Enter the code.")), Length(max=20)],
        description=_l("The six digits that your authenticator app shows now, or a recovery code."),
    )


def register(app: Flask) -> None:
    """Puts the guard and the request id before every page."""
    login_manager.user_loader(_account_of)
    app.before_request(_guard)


def _account_of(token: str) -> Account | None:
    found = sessions.by_token(token)
    if found is None:
        return None
    g.session_id, g.confirmed_at = found.id, found.confirmed_at
    g.active_at, g.second_factor = found.active_at, found.second_factor
    logs.signed_in(found.account_id)
    return found.account


def current_actor() -> Actor:
    """Who is acting in this request, worked out once."""
    if "actor" not in g:
        g.actor = actor_of(current_user)
    return g.actor


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in PUBLIC:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if not _is_background():
        _note_activity()
    return _what_comes_first()


def _is_background() -> bool:
    polled = request.endpoint in POLLED and "HX-Request" in request.headers
    return polled or request.endpoint in BACKGROUND or "X-Background" in request.headers


def _to_sign_in() -> ResponseReturnValue:
    """Where a stranger is sent, and somebody whose session is over: back to the same page afterwards."""
    if request.headers.get("X-Requested-With") or request.headers.get("HX-Request"):
        abort(401)
    if request.method != "GET" and request.form.keys() - {"csrf_token"}:
        abort(401)  # its page keeps what was typed until the person has signed in again
    token = session.pop("_user_id", None)
    if token and (because := REASONS.get(sessions.why_ended(token) or "")):
        flash(because)
    return redirect(
        url_for("access.sign_in", next=request.full_path.rstrip("?") if request.method == "GET" else None)
    )


def _note_activity() -> None:
    """That somebody is there is written before the request's own transaction, and its failure fails nothing else."""
    try:
        if sessions.touch(g.session_id, g.active_at):
            g.active_at = clock.now()
    except SQLAlchemyError:
        db.session.rollback()
        current_app.logger.warning("the activity of session %s could not be noted", g.session_id)
    g.pop("saving", None)


def _what_comes_first() -> ResponseReturnValue | None:
    """A password that must be chosen and a second factor that must be set up come before everything else."""
    if request.endpoint in BEFORE_ALL:
        return None
    if current_user.must_change_password:
        return _first(url_for("passwords.change"))
    if g.second_factor:
        return None
    if current_user.totp_confirmed_at is not None:  # this session began before the factor was set up
        sessions.end_all(current_user.id, "SECOND_FACTOR_CHANGED")
        db.session.commit()
        logout_user()
        return _to_sign_in()
    if second_factors.must_have(current_actor()):
        return _first(url_for("second_factors.set_up"))
    return None


def _first(place: str) -> ResponseReturnValue:
    if request.headers.get("X-Requested-With") or request.headers.get("HX-Request"):
        abort(403)
    return redirect(place, 303)


@blueprint.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The sign-in page: the first step, and for most the only one."""
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")))
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form)
    username, target = form.username.data or "", request.args.get("next")
    client = devices.client_for(username)
    try:
        account, both = signing_in.by_password(
            username, form.password.data or "", client, code=form.code.data or ""
        )
    except (signing_in.WrongPassword, signing_in.Locked) as refused:
        form.password.errors = [refused.message]
        return _sign_in_page(form, locked=refused.status == 429), refused.status
    return after_password(account, both=both, target=target)


def _sign_in_page(form: SignInForm, *, locked: bool = False) -> str:
    return render_template(
        "access/sign_in.html",
        form=form,
        locked=locked or bool(form.code.data),
        provider=current_app.config["OIDC_ISSUER"] and (current_app.config["OIDC_NAME"] or True),
        next=request.args.get("next"),
        signed_out_at=session.pop("signed_out_at", None),
    )


def after_password(account: Account, *, both: bool, target: str | None) -> ResponseReturnValue:
    """Lets somebody in who passed the first step: at once, or to the second step if they have one."""
    if account.totp_confirmed_at is None or both:
        return enter(account, second_factor=both, target=target)
    session.clear()
    session[HALFWAY] = [account.id, clock.now().isoformat(), account.password_set_at.isoformat()]
    return redirect(url_for("access.enter_code", next=target))


@blueprint.route("/login/code", methods=["GET", "POST"])
def enter_code() -> ResponseReturnValue:
    """The second step: the code of the authenticator app, or a recovery code."""
    account, target = _halfway(), request.args.get("next")
    if account is None:
        flash(_("Start again with your username and password."))
        return redirect(url_for("access.sign_in", next=target))
    form = CodeForm()
    status = 200
    if form.validate_on_submit():
        try:
            signing_in.by_code(account, form.code.data or "", devices.client_for(account.username))
            return enter(account, second_factor=True, target=target)
        except (signing_in.WrongCode, signing_in.Locked) as refused:
            form.code.errors, status = [refused.message], refused.status
    return render_template("access/code.html", form=form), status


def _halfway() -> Account | None:
    """Whoever gave the right password in this browser within the last five minutes."""
    account_id, at, password_set_at = session.get(HALFWAY) or (0, "", "")
    account = db.session.get(Account, account_id) if account_id else None
    if account is None or not account.is_active or account.password_set_at.isoformat() != password_set_at:
        return None
    return account if clock.now() - datetime.fromisoformat(at) <= HALFWAY_LASTS else None


def enter(account: Account, *, second_factor: bool, target: str | None) -> ResponseReturnValue:
    """Begins a session under a token that nobody knew before, and tells the person of the last time."""
    username = account.username
    welcome = signing_in.enter(account, devices.client_for(username), second_factor=second_factor)
    session.clear()  # the cookie carries nothing but the token: the session itself is a row that can be ended from here
    session["_user_id"] = welcome.token
    session["_fresh"] = True
    session.permanent = True
    if welcome.last_at:
        flash(
            _(
                "You signed in last at %(moment)s from %(source)s.",
                moment=moment(welcome.last_at),
                source=welcome.last_source or "–",
            )
        )
    if welcome.failed:
        said = ngettext(
            "Since then %(num)s wrong try to sign in with your username.",
            "Since then %(num)s wrong tries to sign in with your username.",
            welcome.failed,
        )
        flash(said, "warning")
    return devices.remember(redirect(local_path(target)), username)  # type: ignore[arg-type]


@blueprint.post("/logout")
def sign_out() -> Response:
    """Ends the session and lets the browser forget what it kept, so that the back button shows nothing."""
    provider = session.get("provider_sign_out")
    if found := sessions.by_token(session.get("_user_id", "")):
        sessions.end(found, "SIGNED_OUT")
        db.session.commit()
    logout_user()
    session.clear()
    flash(_("You have signed out."))
    if provider:
        session["signed_out_at"] = provider
    answer = redirect(url_for("access.sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer  # type: ignore[return-value]


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


def place_before() -> str:
    """The page of this site that a form was sent from, or the home page."""
    return local_path((request.referrer or "").removeprefix(request.host_url.rstrip("/")))
