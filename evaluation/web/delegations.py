"""The page on which a head lends the duty for a time, and sees what was lent."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.queries import organisation as standing_questions
from evaluation.queries import people as people_questions
from evaluation.services import delegations, receipts
from evaluation.services.refusals import Fault, Invalid, Missing
from evaluation.web.access import current_actor
from evaluation.web.appointments import typed_day
from evaluation.web.once import answered_once

blueprint = Blueprint("delegations", __name__, url_prefix="/delegations")


@blueprint.get("/")
def index() -> str:
    """What is lent by and to the reader, and the form for the units the reader heads."""
    return _page({}, [])


@blueprint.post("/")
def delegate() -> Answer | tuple[str, int]:
    """Lends the duty of one unit."""
    form, faults = request.form, []  # type: ignore[var-annotated]
    since, last = typed_day(form, "since", faults), typed_day(form, "until", faults)
    if since is None and not any(fault.place == "since" for fault in faults):
        faults.append(Fault("since", _("Write the first day.")))
    unit_id = form.get("unit_id", type=int)
    if unit_id is None:
        faults.append(Fault("unit_id", _("Choose the unit.")))
    try:
        if faults or since is None or unit_id is None:
            raise Invalid(faults)
        delegations.delegate(
            current_actor(),
            unit_id,
            delegate_id=_person(form),
            since=since,
            until=last + timedelta(days=1) if last else None,
            document_number=form.get("document_number", ""),
            reason=form.get("reason", ""),
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        return _page(form, invalid.faults), 422
    flash(_("The duty is lent. The person has been told."), "success")
    return redirect(url_for(".index"))


def _person(form: Mapping[str, str]) -> int | None:
    """The person picked, or the one whose official number was typed by somebody without scripts."""
    picked, text = form.get("delegate_id", ""), form.get("delegate_id_search", "").strip()
    if picked.isdecimal():
        return int(picked[:18])
    return people_questions.by_official_number(text) if text else None


@blueprint.post("/<int:delegation_id>/end")
@answered_once
def end(delegation_id: int) -> Answer:
    """Takes the duty back from today."""
    delegations.end_delegation(current_actor(), delegation_id)
    flash(_("The duty is yours again from today."), "success")
    return redirect(url_for(".index"))


@blueprint.get("/search")
def search() -> Response:
    """Colleagues of the same agency for the picker."""
    headed = current_actor().standing.headed
    words = request.args.get("q", "")[:100]
    if not headed:
        raise Missing(_("There is no such page."))
    today = clock.today()
    found = (
        people_questions.colleagues_like(
            words, delegations.agency_of(min(headed), today), today, without=current_actor().person_id
        )
        if words.strip()
        else []
    )
    return jsonify(
        options=[
            {"id": row.id, "label": row.full_name, "detail": f"{row.title} · {row.official_number}"}
            for row in found
        ]
    )


def _page(typed: Mapping[str, str], faults: list[Fault]) -> str:
    actor = current_actor()
    lent = delegations.mine(actor)
    units = standing_questions.unit_names(
        [*actor.standing.headed, *(one.unit_id for one in lent)], clock.today()
    )
    return render_template(
        "delegations/index.html",
        lent=lent,
        units=units,
        headed=sorted(actor.standing.headed),
        me=actor.person_id,
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        errors=[(fault.place, fault.message) for fault in faults],
        faults={fault.place: fault.message for fault in faults},
        one_day=timedelta(days=1),
    )
