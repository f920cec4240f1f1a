"""Changing one's own password, and choosing one with the code an administrator handed over."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import Form, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

from evaluation.services import passwords
from evaluation.services.refusals import Conflict, Invalid
from evaluation.web.access import current_actor, local_path
from evaluation.web.once import answered_once

blueprint = Blueprint("passwords", __name__)
HOW = _l(
    "At least 12 characters of any kind; spaces are welcome. Several words that do not belong together are easy to"
    " remember and hard to guess."
)


def _new() -> PasswordField:
    return PasswordField(
        _l("New password"), [DataRequired(_l("Enter the new password.")), Length(max=1000)], description=HOW
    )


def _again() -> PasswordField:
    same = EqualTo("new", _l("The two new passwords differ."))
    return PasswordField(_l("New password once more"), [same, Length(max=1000)])


class ChangeForm(FlaskForm):
    """The present password, and the new one twice."""

    old = PasswordField(_l("Present password"), [DataRequired(_l("Enter your password.")), Length(max=1000)])
    new = _new()
    again = _again()


class RedeemForm(FlaskForm):
    """The code that was handed over, and the new password twice."""

    ticket = StringField(
        _l("Code from your administrator"),
        [DataRequired(_l("Enter the code.")), Length(max=200)],
        description=_l(
            "Filled in by itself when you opened the link you were given; it is good once, for a day."
        ),
    )
    new = _new()
    again = _again()


def address_with(token: str) -> str:
    """The link that is handed over: behind the # it reaches no server log and no other site."""
    return url_for("passwords.redeem", _external=True, _anchor=token)


@blueprint.route("/password/change", methods=["GET", "POST"])
@answered_once
def change() -> ResponseReturnValue:
    """Changes one's own password; the other sessions end."""
    form, status = ChangeForm(), 200
    if form.validate_on_submit():
        try:
            passwords.change(
                current_actor(),
                current_user,
                old=form.old.data or "",
                new=form.new.data or "",
                session_id=g.session_id,
            )
        except Invalid as refused:
            status = _mark(form, refused)
        else:
            flash(_("Your password was changed; your other sessions were ended."), "success")
            return redirect(local_path(request.args.get("next")), 303)
    page = render_template("passwords/change.html", form=form, must=current_user.must_change_password)
    return page, 422 if form.errors else status


@blueprint.route("/password", methods=["GET", "POST"])
def redeem() -> ResponseReturnValue:
    """Chooses a password with a ticket; whoever has one need not be signed in."""
    form, status = RedeemForm(), 200
    if form.validate_on_submit():
        try:
            passwords.redeem(form.ticket.data or "", form.new.data or "")
        except Invalid as refused:
            status = _mark(form, refused)
        except Conflict as refused:
            form.ticket.errors, status = [refused.message], refused.status
        else:
            flash(_("The password is set. Sign in with it."), "success")
            return redirect(url_for("access.sign_in"), 303)
    page = render_template("passwords/redeem.html", form=form)
    return page, status if status != 200 else (422 if form.errors else 200)


def _mark(form: Form, refused: Invalid) -> int:
    for fault in refused.faults:
        form[fault.place].errors = [fault.message]
    return refused.status
