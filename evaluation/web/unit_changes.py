"""Forms that change units: found one below, rename or move, dissolve."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.models import Unit
from evaluation.queries import units as questions
from evaluation.rules.organisation import UnitKind, UnitRole
from evaluation.rules.permissions import Action
from evaluation.services import organisation
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import together
from evaluation.web.organisation import resolved_unit
from evaluation.web.organisation_forms import (
    DissolveForm,
    FoundForm,
    PlaceForm,
    day_in,
    done,
    form_page,
    searches,
    text_in,
    word_in,
)
from evaluation.web.presentation import NOTHING

blueprint = Blueprint("unit_changes", __name__, url_prefix="/organisation/units/<int:unit_id>")
Page = str | Answer | tuple[str, int]


def unit_to_change(unit_id: int) -> tuple[Unit, str, str]:
    """The unit to change, its last name and its running code."""
    unit = organisation.unit_for(current_actor(), unit_id, to=Action.CHANGE_ORGANISATION)
    codes = [code.code for code in questions.codes_of(unit_id) if code.valid_to is None]
    return unit, questions.places_of(unit_id)[0].name, codes[0] if codes else ""


def to_unit(unit_id: int) -> Answer:
    """To the page of the unit, after a change."""
    return redirect(url_for("organisation.unit", unit_id=unit_id))


def back_to(unit_id: int, name: str) -> tuple[str, str]:
    """The way back to the page of the unit."""
    return name, url_for("organisation.unit", unit_id=unit_id)


@blueprint.route("/found", methods=["GET", "POST"])
def found(unit_id: int) -> Page:
    """A new unit right below this one."""
    _above, name, _code = unit_to_change(unit_id)
    form = FoundForm(request.form)
    if request.method == "POST":
        made = done(
            form,
            lambda: organisation.found_unit(
                current_actor(),
                parent_id=unit_id,
                name=form.name.data or "",
                short_name=form.short_name.data or "",
                code=form.code.data or "",
                decision_number=text_in(form.decision_number) or None,
                transaction_id=request.form.get("transaction_id"),
                **together(
                    kind=lambda: word_in(form.kind, UnitKind, _("Choose the kind of unit.")),
                    role=lambda: word_in(form.role, UnitRole, _("Choose the role.")),
                    since=lambda: day_in(form.since, missing=_("Write the first day.")),
                ),
            ),
        )
        if made is not None:
            flash(_("The unit is founded."), "success")
            return to_unit(made.id)
    return form_page(
        form,
        title=_("Found a unit below"),
        about=_("Under %(name)s.", name=name),
        effects=[
            _("The unit exists from its first day on; months before that day keep the organisation they had.")
        ],
        button=_("Found the unit"),
        back=back_to(unit_id, name),
    )


@blueprint.route("/place", methods=["GET", "POST"])
def place(unit_id: int) -> Page:
    """Another name or another superior unit from a day."""
    _changed, name, _code = unit_to_change(unit_id)
    running = questions.places_of(unit_id)[0]
    form = PlaceForm(request.form, name=running.name, short_name=running.short_name)
    if request.method == "POST":
        made = done(form, lambda: _placed(unit_id, form))
        if made is not None:
            flash(_("Name and place of the unit are recorded."), "success")
            return to_unit(unit_id)
    return form_page(
        form,
        title=_("Rename or move"),
        about=name,
        effects=[
            _(
                "From the chosen day the unit bears this name and stands here. Earlier months keep the old name and place."
            ),
            _("Sheets already opened keep their supervisor; sheets of the next months go the new way."),
        ],
        button=_("Record the change"),
        back=back_to(unit_id, name),
        facts=[(_("Now under"), running.parent or NOTHING), (_("Since"), f"{running.valid_from:%d/%m/%Y}")],
        searches=searches("parent_id"),
    )


def _placed(unit_id: int, form: PlaceForm) -> object:
    since = day_in(form.since, missing=_("Write the first day."))
    assert since is not None
    typed = request.form.get("parent_id_search", "").strip()
    parent_id = resolved_unit(form.parent_id.data or "", typed, since)
    if parent_id is None and typed:
        raise Invalid([Fault("parent_id", _("Choose a unit, or write its code."))])
    if not text_in(form.name):
        raise Invalid(
            [
                Fault(
                    "name",
                    _(
                        "Write the name of the unit, at most %(limit)s characters.",
                        limit=organisation.NAME_LIMIT,
                    ),
                )
            ]
        )
    return organisation.rename_or_move(
        current_actor(),
        unit_id,
        since=since,
        name=form.name.data,
        short_name=form.short_name.data,
        parent_id=parent_id,
        decision_number=text_in(form.decision_number) or None,
        transaction_id=request.form.get("transaction_id"),
    )


@blueprint.route("/dissolve", methods=["GET", "POST"])
def dissolve(unit_id: int) -> Page:
    """The unit ends on a day; nobody may serve in it and nothing stand below it from then on."""
    _changed, name, running = unit_to_change(unit_id)
    form = DissolveForm(request.form)
    if request.method == "POST":
        made = done(
            form,
            lambda: organisation.dissolve_unit(
                current_actor(),
                unit_id,
                successor=text_in(form.successor) or None,
                transaction_id=request.form.get("transaction_id"),
                **together(on=lambda: day_in(form.on, missing=_("Write the day."))),
            ),
        )
        if made is not None:
            flash(_("The unit is dissolved."), "success")
            return to_unit(unit_id)
    people, units = questions.outlasting(unit_id, clock.today())
    return form_page(
        form,
        title=_("Dissolve the unit"),
        about=name,
        effects=[
            _(
                "From that day the unit and its code no longer exist; earlier months keep the unit, its people and their points."
            ),
            _("Before that, everybody who serves in it is transferred and every unit below it is moved."),
        ],
        button=_("Dissolve the unit"),
        back=back_to(unit_id, name),
        facts=[
            (_("Code now"), running or NOTHING),
            (_("People serving in it today"), str(people)),
            (_("Units below it today"), str(units)),
        ],
    )
