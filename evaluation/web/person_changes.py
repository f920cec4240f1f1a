"""Forms that change people: hire one into a unit, correct the register."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation.queries import units as unit_questions
from evaluation.rules.organisation import Gender, Office, PersonKind
from evaluation.rules.permissions import Action
from evaluation.services import appointments, people
from evaluation.services.organisation import unit_for
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import together
from evaluation.web.organisation_forms import (
    HireForm,
    PersonForm,
    birth_in,
    day_in,
    done,
    form_page,
    position_in,
    searches,
    text_in,
    word_in,
)
from evaluation.web.presentation import day as day_text
from evaluation.web.presentation import masked

blueprint = Blueprint("person_changes", __name__, url_prefix="/organisation")
REGISTER = (
    "full_name", "official_number", "kind", "gender", "born_on", "personal_number", "rank_code", "hired_on", "email",
    "phone",
)  # fmt: skip
SERVICE = ("since", "office", "title", "position_id", "decision_number")
Page = str | Answer | tuple[str, int]


def _to_person(person_id: int) -> Answer:
    return redirect(url_for("organisation.person", person_id=person_id))


@blueprint.route("/units/<int:unit_id>/hire", methods=["GET", "POST"])
def hire(unit_id: int) -> Page:
    """A person new to the register, serving in this unit."""
    unit_for(current_actor(), unit_id, to=Action.CHANGE_ORGANISATION)
    form = HireForm(request.form)
    if request.method == "POST":
        made = done(form, lambda: _hired(unit_id, form))
        if made is not None:
            flash(_("%(name)s is in the register.", name=made.full_name), "success")
            return _to_person(made.id)
    name = unit_questions.places_of(unit_id)[0].name
    return form_page(
        form,
        title=_("Add a person"),
        about=_("Serving in %(name)s.", name=name),
        effects=[
            _(
                "The person is in the register and serves here from the first day on; sheets are opened from the next month."
            ),
            _(
                "Somebody already in the register is not added again: open their page and choose Appoint or transfer."
            ),
        ],
        button=_("Add the person"),
        groups=[(_("Register"), REGISTER), (_("First service"), SERVICE)],
        back=(name, url_for("organisation.unit", unit_id=unit_id)),
        searches=searches("position_id"),
    )


def _hired(unit_id: int, form: HireForm) -> Any:
    read = together(
        **_readers(form),
        since=lambda: day_in(form.since, missing=_("Write the first day.")),
        office=lambda: word_in(form.office, Office, _("Choose the office.")),
        position_id=lambda: position_in(form.position_id),
    )
    return appointments.hire(
        current_actor(),
        unit_id=unit_id,
        official_number=text_in(form.official_number),
        title=form.title.data or "",
        decision_number=text_in(form.decision_number) or None,
        transaction_id=request.form.get("transaction_id"),
        **_facts(form, read),
    )


def _readers(form: PersonForm) -> dict[str, Any]:
    return {
        "kind": lambda: word_in(form.kind, PersonKind, _("Choose the kind.")),
        "gender": lambda: word_in(form.gender, Gender, _("Choose the gender.")) if form.gender.data else None,
        "born_on": lambda: birth_in(form.born_on),
        "hired_on": lambda: day_in(form.hired_on),
    }


def _facts(form: PersonForm, read: dict[str, Any]) -> dict[str, Any]:
    """What the form says of the person, as the services take it."""
    birth = read.pop("born_on")
    texts = {name: text_in(form[name]) for name in ("full_name", "rank_code", "email", "phone")}
    number = text_in(form.personal_number)
    if number:
        texts["personal_number"] = number
    return {**texts, **read, "born_on": birth.on, "born_year_only": birth.year_only}


@blueprint.route("/people/<int:person_id>/correct", methods=["GET", "POST"])
def correct(person_id: int) -> Page:
    """What the register says of a person, put right."""
    person = people.person_for(current_actor(), person_id, to=Action.CHANGE_ORGANISATION)
    form = PersonForm(request.form, data=_known(person))
    if request.method == "POST":
        made = done(
            form,
            lambda: people.correct_person(
                current_actor(),
                person_id,
                transaction_id=request.form.get("transaction_id"),
                **_facts(form, together(**_readers(form))),
            ),
        )
        if made is not None:
            flash(_("The register is corrected."), "success")
            return _to_person(person_id)
    return form_page(
        form,
        title=_("Correct the register"),
        about=_(
            "%(name)s · official number %(number)s", name=person.full_name, number=person.official_number
        ),
        effects=[
            _(
                "A correction counts at once, on every page. Points, units and offices of earlier months stay as they were."
            ),
            _(
                "The kind decides who gets a sheet from the next month on. The journal keeps who corrected which field."
            ),
        ],
        button=_("Save the correction"),
        back=(person.full_name, url_for("organisation.person", person_id=person_id)),
        facts=[(_("Personal number now (leave the field empty to keep it)"), masked(person.personal_number))],
    )


def _known(person: Any) -> dict[str, str]:
    """The register as the form shows it; the personal number stays masked."""
    born = person.born_on
    return {
        **{name: getattr(person, name) or "" for name in ("full_name", "rank_code", "email", "phone")},
        "kind": person.kind.value,
        "gender": person.gender.value if person.gender else "",
        "born_on": "" if born is None else str(born.year) if person.born_year_only else day_text(born),
        "hired_on": person.hired_on.isoformat() if person.hired_on else "",
    }
