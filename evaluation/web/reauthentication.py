"""Before an act that others rely on: whoever sits at the keyboard says once more that it is they."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
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

from evaluation import clock
from evaluation.services import sign_in
from evaluation.services.refusals import Refusal
from evaluation.web import errors
from evaluation.web.access import local_path, place_before

blueprint = Blueprint("reauthentication", __name__)
PASSWORD, CODE = "confirm_password", "confirm_code"


def recently_confirmed(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Lets a view be reached only within five minutes of a password (and code) entered in this session.

    A page that was asked for waits behind /confirm. A form that was sent is answered by a page that asks for the password
    and sends the form's own fields with it, so nothing has to be filled in or pressed twice. A script gets 401.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if is_recent():
            return view(*args, **kwargs)
        if request.headers.get("HX-Request") or request.headers.get("X-Requested-With") == "fetch":
            return _for_a_script()
        if request.method in ("GET", "HEAD"):
            return redirect(url_for("reauthentication.confirm", next=request.full_path.rstrip("?")))
        if PASSWORD not in request.form:
            return _ask(None)
        try:
            _confirm()
        except Refusal as refused:
            return _ask(refused)
        return view(*args, **kwargs)

    return guarded


def is_recent() -> bool:
    """Whether this session's person proved who they are within the last minutes."""
    within = timedelta(minutes=current_app.config.get("CONFIRM_MINUTES", 5))
    since = g.get("confirmed_at")
    return since is not None and clock.now() - since <= within


@blueprint.route("/confirm", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Asks for the password, and the code of a second factor, and goes on to where the person was going."""
    target = local_path(request.args.get("next"))
    if request.method == "POST":
        try:
            _confirm()
        except Refusal as refused:
            return _page(url_for(".confirm", next=target), [], refused)
        flash(_("Thank you: for the next minutes nothing more is asked."))
        return redirect(target, 303)
    return _page(url_for(".confirm", next=target), [], None)


def _confirm() -> None:
    sign_in.confirm(g.session_id, password=request.form.get(PASSWORD, ""), code=request.form.get(CODE, ""))
    g.confirmed_at = clock.now()


def _ask(refused: Refusal | None) -> ResponseReturnValue:
    """The form that was sent, kept as it is, with the question in front of it; a file cannot be kept."""
    if request.files:
        return redirect(url_for("reauthentication.confirm", next=place_before()), 303)
    kept = [
        (name, text)
        for name, text in request.form.items(multi=True)
        if name not in errors.NEVER_KEPT and name not in (PASSWORD, CODE)
    ]
    return _page(request.full_path.rstrip("?"), kept, refused)


def _page(action: str, kept: list[tuple[str, str]], refused: Refusal | None) -> ResponseReturnValue:
    page = render_template(
        "reauthentication/confirm.html",
        action=action,
        kept=kept,
        back=place_before(),
        with_code=current_user.totp_confirmed_at is not None,
        errors=[(PASSWORD, refused.message)] if refused else [],
    )
    return page, refused.status if refused else 200


def _for_a_script() -> Response:
    """One sentence; the script of the page shows it with a way to the question."""
    says = _("Enter your password once more before this: open the confirmation page, then press again.")
    answer = jsonify(message=says)
    answer.status_code = 401
    answer.headers["X-Confirm"] = url_for("reauthentication.confirm", next=place_before())
    return answer
