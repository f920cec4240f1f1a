"""Forms of the field of a deputy: put a unit or an official into it, end it."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation.queries import people as questions
from evaluation.rules.permissions import Action
from evaluation.services import charges, people
from evaluation.services.refusals import Fault, Invalid, Missing
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import together
from evaluation.web.organisation import resolved_unit
from evaluation.web.organisation_forms import (
    ChargeForm,
    EndChargeForm,
    day_in,
    done,
    form_page,
    searches,
)
from evaluation.web.presentation import day as day_text

blueprint = Blueprint("charges", __name__, url_prefix="/organisation/people/<int:person_id>/charge")
Page = str | Answer | tuple[str, int]


def _to_person(person_id: int) -> Answer:
    return redirect(url_for("organisation.person", person_id=person_id))


@blueprint.route("", methods=["GET", "POST"])
def give(person_id: int) -> Page:
    """A unit or an official put into a deputy's field."""
    deputy = people.person_for(current_actor(), person_id, to=Action.CHANGE_ORGANISATION)
    name = deputy.full_name
    form = ChargeForm(request.form)
    if request.method == "POST":
        made = done(form, lambda: _charged(person_id, form))
        if made is not None:
            flash(_("The field in charge is recorded."), "success")
            return _to_person(person_id)
    return form_page(
        form,
        title=_("Put in charge"),
        about=_("%(name)s · the field of a deputy head (Article 15.4).", name=name),
        effects=[
            _(
                "From that day these results count in the deputy's points; months already scored stay as they were."
            ),
            _("Choose one unit below or one official; each has one deputy at a time."),
        ],
        button=_("Record the field"),
        back=(name, url_for("organisation.person", person_id=person_id)),
        searches=searches("unit_id", "person_id"),
    )


def _charged(deputy_id: int, form: ChargeForm) -> Any:
    days = together(
        since=lambda: day_in(form.since, missing=_("Write the first day.")),
        until=lambda: day_in(form.until),
    )
    unit_text = request.form.get("unit_id_search", "").strip()
    unit_id = resolved_unit(form.unit_id.data or "", unit_text, days["since"])
    if unit_id is None and unit_text:
        raise Invalid([Fault("unit_id", _("Choose a unit, or write its code."))])
    person_text = request.form.get("person_id_search", "").strip()
    picked = form.person_id.data or ""
    person_id = (
        int(picked[:18])
        if picked.isascii() and picked.isdecimal()
        else questions.by_official_number(person_text)
        if person_text
        else None
    )
    if person_id is None and person_text:
        raise Invalid([Fault("person_id", _("Choose the person, or write the official number."))])
    last = days["until"]
    return charges.put_in_charge(
        current_actor(),
        deputy_id,
        unit_id=unit_id,
        person_id=person_id,
        since=days["since"],
        until=last + timedelta(days=1) if last else None,
        transaction_id=request.form.get("transaction_id"),
    )


@blueprint.route("/<int:charge_id>/end", methods=["GET", "POST"])
def end(person_id: int, charge_id: int) -> Page:
    """A deputy is in charge no longer."""
    person = people.person_for(current_actor(), person_id, to=Action.CHANGE_ORGANISATION)
    name = person.full_name
    form = EndChargeForm(request.form)
    if request.method == "POST":
        made = done(form, lambda: _ended(charge_id, form))
        if made is not None:
            flash(_("The field in charge is ended."), "success")
            return _to_person(person_id)
    what = next(
        (row for row in questions.happenings_of(person_id) if (row.what, row.id) == ("charge", charge_id)),
        None,
    )
    if what is None:
        raise Missing(_("There is no such field in charge."))
    return form_page(
        form,
        title=_("End the field in charge"),
        about=name,
        effects=[
            _(
                "After that day these results no longer count for the deputy; months already scored stay as they were."
            )
        ],
        button=_("End the field in charge"),
        back=(name, url_for("organisation.person", person_id=person_id)),
        facts=[(_("In charge of"), what.detail), (_("From"), day_text(what.valid_from))],
    )


def _ended(charge_id: int, form: EndChargeForm) -> Any:
    last = day_in(form.until, missing=_("Write the last day."))
    assert last is not None
    return charges.end_charge(
        current_actor(),
        charge_id,
        on=last + timedelta(days=1),
        transaction_id=request.form.get("transaction_id"),
    )
