"""Accounts for their administrators: the list, one account, opening one, roles, and what waits for a second person."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.queries import accounts as questions
from evaluation.queries import organisation
from evaluation.queries.accounts import Show
from evaluation.rules.permissions import Action, Role
from evaluation.services import (
    account_lists,
    account_states,
    accounts,
    factor_resets,
    receipts,
    roles,
)
from evaluation.services.people import person_for
from evaluation.services.refusals import Fault, Forbidden, Invalid
from evaluation.web.access import current_actor
from evaluation.web.appointments import typed_day
from evaluation.web.imports import XLSX
from evaluation.web.organisation import chosen_page, resolved_unit
from evaluation.web.passwords import address_with
from evaluation.web.reauthentication import recently_confirmed

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")
Page = Answer | str | tuple[str, int]
ROLES = account_lists.ROLES
SHOWN = {
    Show.ALL: _l("All accounts"),
    Show.ACTIVE: _l("Enabled"),
    Show.DISABLED: _l("Disabled"),
    Show.IDLE: _l("Idle for more than 45 days"),
    Show.WITHOUT_FACTOR: _l("Without a second factor"),
}


@blueprint.get("/")
def index() -> str:
    """The accounts below the reader's units, with search and filters that stay in the address."""
    actor, words = current_actor(), request.args.get("q", "")[:100]
    show, role = request.args.get("show", ""), request.args.get("role", "")
    found = account_lists.listed(
        actor,
        chosen_page(),
        words=words,
        show=Show(show) if show in [one.value for one in Show] else Show.ALL,
        role=Role(role) if role in Role.__members__ else None,
    )
    return render_template(
        "accounts/index.html",
        page=found.page,
        roles_of=found.roles,
        idle_before=found.idle_before,
        waiting=account_lists.waiting(actor).count,
        q=words,
        show=show,
        role=role,
        shown=SHOWN,
        roles=ROLES,
        may_change=actor.standing.holds(Role.ADMINISTRATOR),
    )


@blueprint.get("/review.xlsx")
def review() -> Answer:
    """The list of the six-monthly review of accounts."""
    made = account_lists.review(current_actor())
    return send_file(BytesIO(made.data), mimetype=XLSX, as_attachment=True, download_name=made.name)


@blueprint.get("/<int:account_id>")
def show(account_id: int) -> str:
    """One account: its state, its roles over time, its open sessions, and what may be done."""
    return _page(account_id, {}, [])


@blueprint.route("/of/<int:person_id>", methods=["GET", "POST"])
def open_for(person_id: int) -> Page:
    """The account of an official, or the form that opens one; the official chooses the password with a ticket."""
    actor = current_actor()
    person = person_for(actor, person_id, to=Action.READ_ACCOUNTS)
    known = questions.account_of_person(person_id)
    if known is not None:
        return redirect(url_for(".show", account_id=known.id))
    person_for(actor, person_id, to=Action.CHANGE_ACCOUNTS)
    if request.method == "POST":
        try:
            made = accounts.open_account(
                actor,
                person,
                username=request.form.get("username", ""),
                transaction_id=request.form.get("transaction_id"),
            )
        except Invalid as invalid:
            db.session.rollback()
            return _opening(person_id, request.form, invalid.faults), 422
        flash(
            _("The account is open. Now make a ticket, with which the official chooses a password."),
            "success",
        )
        return redirect(url_for(".show", account_id=made.id))
    return _opening(person_id, {"username": accounts.proposed_username(person)}, [])


def _opening(person_id: int, typed: Mapping[str, Any], faults: list[Fault]) -> str:
    return render_template(
        "accounts/open.html",
        person=person_for(current_actor(), person_id, to=Action.READ_ACCOUNTS),
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        **_said(faults),
    )


@blueprint.post("/<int:account_id>/disable")
def disable(account_id: int) -> Page:
    """Closes an account with a reason."""
    return _with_reason(
        account_id, "disable", account_states.disable, _("The account is disabled and signed out everywhere.")
    )


@blueprint.post("/<int:account_id>/enable")
@recently_confirmed
def enable(account_id: int) -> Page:
    """Opens a disabled account again."""
    return _with_reason(account_id, "enable", account_states.enable, _("The account is enabled."))


@blueprint.post("/<int:account_id>/factor")
@recently_confirmed
def ask_factor_reset(account_id: int) -> Page:
    """Asks a second person to take away the lost second factor."""
    return _with_reason(
        account_id,
        "factor",
        factor_resets.ask,
        _("The request waits for a second person, who checks the identity."),
    )


def _with_reason(account_id: int, place: str, act: Any, done: str) -> Page:
    form = request.form
    try:
        act(
            current_actor(),
            account_id,
            reason=form.get("reason", ""),
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        faults = [Fault(f"{place}-reason", fault.message) for fault in invalid.faults]
        return _page(account_id, {f"{place}-reason": form.get("reason", "")}, faults), 422
    flash(done, "success")
    return redirect(url_for(".show", account_id=account_id))


@blueprint.post("/<int:account_id>/sessions")
def end_sessions(account_id: int) -> Page:
    """Signs the account out of every browser."""
    account_states.end_sessions(
        current_actor(), account_id, transaction_id=request.form.get("transaction_id")
    )
    flash(_("The account is signed out everywhere. The owner has been told."), "success")
    return redirect(url_for(".show", account_id=account_id))


@blueprint.post("/<int:account_id>/password")
@recently_confirmed
def reset_password(account_id: int) -> Page:
    """Makes the ticket with which the owner chooses a password, and shows it this once."""
    ticket = account_states.reset_password(
        current_actor(), account_id, transaction_id=request.form.get("transaction_id")
    )
    if ticket is None:
        flash(_("This ticket was shown once already. Make another one if it was lost."), "warning")
        return redirect(url_for(".show", account_id=account_id))
    account = accounts.account_for(current_actor(), account_id, to=Action.READ_ACCOUNTS)
    return render_template(
        "accounts/ticket.html", account=account, ticket=ticket, address=address_with(ticket)
    )


@blueprint.post("/<int:account_id>/roles")
@recently_confirmed
def grant(account_id: int) -> Page:
    """Gives the account a role over a unit."""
    form, faults = request.form, []  # type: ignore[var-annotated]
    since, last = typed_day(form, "since", faults), typed_day(form, "until", faults)
    if since is None and not any(fault.place == "since" for fault in faults):
        faults.append(Fault("since", _("Write the first day.")))
    word = form.get("role", "")
    if word not in Role.__members__:
        faults.append(Fault("role", _("Choose the role.")))
    unit_id = resolved_unit(form.get("unit_id", ""), form.get("unit_id_search", ""), since or clock.today())
    if unit_id is None:
        faults.append(Fault("unit_id-search", _("Choose a unit, or write its code.")))
    try:
        if faults or since is None:
            raise Invalid(faults)
        given = roles.grant(
            current_actor(),
            account_id,
            role=Role(word),
            unit_id=unit_id,
            since=since,
            until=last + timedelta(days=1) if last else None,
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        return _page(account_id, form, invalid.faults), 422
    if given.waits_for_approval:
        flash(_("The role waits for a second person of Home Affairs before it gives any right."), "success")
    else:
        flash(
            _("The role is given. The account was signed out, so that it holds from the next sign-in."),
            "success",
        )
    return redirect(url_for(".show", account_id=account_id))


@blueprint.post("/<int:account_id>/roles/<int:grant_id>/end")
def end_role(account_id: int, grant_id: int) -> Page:
    """Takes a role away from today."""
    roles.end(current_actor(), grant_id, transaction_id=request.form.get("transaction_id"))
    flash(_("The role has ended."), "success")
    return redirect(url_for(".show", account_id=account_id))


@blueprint.get("/waiting")
def waiting() -> str:
    """Roles and second factors that wait for a second person, with those the reader may decide."""
    found = account_lists.waiting(current_actor())
    return render_template("accounts/waiting.html", found=found, roles=ROLES, new_id=receipts.new_id)


@blueprint.post("/waiting/roles/<int:grant_id>")
@recently_confirmed
def decide_role(grant_id: int) -> Page:
    """The second person agrees to a role or refuses it."""
    roles.decide(
        current_actor(), grant_id, agrees=_agrees(), transaction_id=request.form.get("transaction_id")
    )
    return _decided()


@blueprint.post("/waiting/factors/<int:reset_id>")
@recently_confirmed
def decide_factor_reset(reset_id: int) -> Page:
    """The second person agrees that a second factor be taken away, or refuses."""
    factor_resets.decide(
        current_actor(), reset_id, agrees=_agrees(), transaction_id=request.form.get("transaction_id")
    )
    return _decided()


def _agrees() -> bool:
    answer = request.form.get("agrees", "")
    if answer not in ("yes", "no"):
        raise Forbidden(_("Choose whether you agree."))
    return answer == "yes"


def _decided() -> Answer:
    flash(_("Your decision is recorded."), "success")
    return redirect(url_for(".waiting"))


def _page(account_id: int, typed: Mapping[str, Any], faults: list[Fault]) -> str:
    actor, today = current_actor(), clock.today()
    account = accounts.account_for(actor, account_id, to=Action.READ_ACCOUNTS)
    held = questions.roles_of([account.id], today)[account.id]
    title, unit = organisation.main_office(account.person_id, today)
    return render_template(
        "accounts/show.html",
        account=account,
        office=" · ".join(filter(None, (title, unit))),
        held=held,
        open_sessions=questions.sessions_of(account.id),
        last_use=questions.last_use(account.id),
        asked=questions.open_reset(account.id),
        may_change=accounts.may(actor, account, Action.CHANGE_ACCOUNTS),
        roles=ROLES,
        governing=roles.GOVERNING,
        typed=typed,
        new_id=receipts.new_id,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        one_day=timedelta(days=1),
        **_said(faults),
    )


def _said(faults: list[Fault]) -> dict[str, Any]:
    return {
        "errors": [(fault.place, fault.message) for fault in faults],
        "faults": {fault.place: fault.message for fault in faults},
    }
