"""Setting up the second factor: scan, enter the first code, keep the recovery codes."""

import segno
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from evaluation.services import second_factors
from evaluation.services.refusals import Invalid
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once
from evaluation.web.reauthentication import recently_confirmed

blueprint = Blueprint("second_factors", __name__, url_prefix="/second-factor")


@blueprint.route("/set-up", methods=["GET", "POST"])
@recently_confirmed
@answered_once
def set_up() -> ResponseReturnValue:
    """Shows a new key, and stores it once the app's first code is right; then the recovery codes, once."""
    if request.method == "GET":
        secret, carried = second_factors.offer(current_user)
        return _page(secret, carried, [])
    carried = request.form.get("key", "")
    try:
        codes = second_factors.set_up(
            current_actor(),
            current_user,
            carried=carried,
            code=request.form.get("code", ""),
            session_id=g.session_id,
        )
    except Invalid as refused:
        known = second_factors.offered(current_user, carried)
        secret, carried = (known, carried) if known else second_factors.offer(current_user)
        return _page(secret, carried, [(fault.place, fault.message) for fault in refused.faults]), 422
    return render_template("second_factors/codes.html", codes=codes)


@blueprint.post("/codes")
@recently_confirmed
@answered_once
def codes() -> ResponseReturnValue:
    """Ten new recovery codes in place of the old ones."""
    made = second_factors.renew_codes(current_actor(), current_user)
    return render_template("second_factors/codes.html", codes=made)


@blueprint.post("/give-up")
@recently_confirmed
@answered_once
def give_up() -> ResponseReturnValue:
    """Signs in with the password alone from now on, for those from whom no more is asked."""
    second_factors.give_up(current_actor(), current_user, session_id=g.session_id)
    flash(_("Your second factor was taken away; the password alone opens your account."), "success")
    return redirect(url_for("sessions.index"), 303)


def _page(secret: str, carried: str, errors: list[tuple[str, str]]) -> str:
    picture = segno.make(second_factors.address(current_user, secret), error="m", micro=False)
    return render_template(
        "second_factors/set_up.html",
        picture=picture.svg_data_uri(scale=5, border=4, light="white"),
        secret=[secret[start : start + 4] for start in range(0, len(secret), 4)],
        carried=carried,
        must=second_factors.must_have(current_actor()) and current_user.totp_confirmed_at is None,
        errors=errors,
    )
