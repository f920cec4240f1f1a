"""The class of a year: an agency's list with the quota in view, deciding, publishing, and one official's page."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.queries import annual_round as round_questions
from evaluation.queries import circumstances, organisation
from evaluation.queries import grades as questions
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.rules.annual_round import RoundState
from evaluation.rules.bands import Band
from evaluation.rules.explain import steps_from_json
from evaluation.rules.permissions import Role
from evaluation.services import grade_proposals, grades, quotas, receipts, what_ifs
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing
from evaluation.web import panels
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once
from evaluation.web.reauthentication import recently_confirmed
from evaluation.web.years import chosen_year

blueprint = Blueprint("grades", __name__, url_prefix="/grades")
BEFORE_DECISION = (RoundState.SELF_RATED, RoundState.MEETING_HELD, RoundState.PARTY_OPINION)
Answer = str | Response | tuple[str, int]
OVERSEES = (Role.HOME_AFFAIRS, Role.INSPECTOR, Role.PERSONNEL)


@blueprint.get("/")
def index() -> Answer:
    """The agencies whose classes the reader may see, with how far each is."""
    actor = current_actor()
    year = chosen_year()
    led = actor.standing.headed | actor.standing.deputised | actor.standing.delegated.keys()
    overseen = [unit for role in OVERSEES for unit in actor.standing.units_of(role)]
    reach = {*led, *organisation.descendants(overseen, clock.today())} if overseen else set(led)
    agencies = questions.agencies(year, reach, everything=False)
    if len(agencies) == 1:
        return redirect(url_for(".agency", unit_id=agencies[0].agency_id, year=year))
    return render_template("grades/index.html", agencies=agencies, year=year)


@blueprint.get("/<int:unit_id>/<int:year>")
def agency(unit_id: int, year: int) -> Answer:
    """An agency's year: distribution and quota before signing, then the list."""
    return _agency(unit_id, year, [])


@blueprint.post("/<int:unit_id>/<int:year>/propose")
@answered_once
def propose(unit_id: int, year: int) -> Answer:
    """Asks for the agency's proposals."""
    job = grade_proposals.ask_for_proposals(current_actor(), year, unit_id)
    return redirect(url_for("jobs.show", job_id=job.id), 303)


@blueprint.post("/<int:unit_id>/<int:year>/decide")
def decide_many(unit_id: int, year: int) -> Answer:
    """Decides the chosen classes as proposed, all or none."""
    picked = [int(value[:18]) for value in request.form.getlist("pick") if value.isdecimal()]
    if not picked:
        return _agency(unit_id, year, [Fault("", _("Choose at least one official."))]), 422
    try:
        count = grades.decide_as_proposed(
            current_actor(), picked, transaction_id=request.form.get("transaction_id")
        )
    except (Conflict, Invalid) as refused:
        return _refused_list(unit_id, year, refused)
    flash(_("%(count)s classes were decided as proposed.", count=count), "success")
    return redirect(url_for(".agency", unit_id=unit_id, year=year), 303)


@blueprint.post("/<int:unit_id>/<int:year>/publish")
@recently_confirmed
def publish(unit_id: int, year: int) -> Answer:
    """Publishes the decided classes under the number of the decision."""
    try:
        count = grades.publish(
            current_actor(),
            unit_id,
            year,
            decision_number=request.form.get("decision_number", ""),
            transaction_id=request.form.get("transaction_id"),
        )
    except (Conflict, Invalid) as refused:
        return _refused_list(unit_id, year, refused)
    flash(_("%(count)s classes were published and every official was told.", count=count), "success")
    return redirect(url_for(".agency", unit_id=unit_id, year=year), 303)


@blueprint.get("/of/<int:grade_id>")
def show(grade_id: int) -> Answer:
    """One official's year: months, working, proposal and decision."""
    return _grade(grade_id, [])


@blueprint.post("/of/<int:grade_id>")
def decide(grade_id: int) -> Answer:
    """Decides one class."""
    try:
        klass = Band(request.form.get("klass", ""))
    except ValueError:
        return _grade(grade_id, [Fault("klass", _("Choose a class."))]), 422
    try:
        grade = grades.decide(
            current_actor(),
            grade_id,
            klass,
            reason=request.form.get("reason"),
            decision_number=request.form.get("decision_number"),
            exceptional_document=request.form.get("exceptional_document"),
            transaction_id=request.form.get("transaction_id"),
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        return _grade(grade_id, faults), refused.status
    flash(_("The class was decided; it is public once it is published."), "success")
    return redirect(url_for(".agency", unit_id=grade.agency_id, year=grade.year), 303)


def _refused_list(unit_id: int, year: int, refused: Conflict | Invalid) -> tuple[str, int]:
    db.session.rollback()
    faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
    return _agency(unit_id, year, faults), refused.status


def _agency(unit_id: int, year: int, faults: list[Fault]) -> str:
    actor = current_actor()
    held = grades.require_reading(actor, unit_id)
    names = organisation.unit_names([unit_id], clock.today())
    if unit_id not in names:
        raise Missing(_("There is no such unit."))
    klass, words = request.args.get("class"), request.args.get("q", "").strip()
    number = max(1, request.args.get("page", 1, type=int))
    rows, total = questions.page(unit_id, year, klass=klass, words=words, number=number, per_page=PER_PAGE)
    people = [person.id for _grade_row, person in rows]
    distribution, states = questions.tally(unit_id, year)
    return render_template(
        "grades/agency.html",
        unit_id=unit_id,
        unit=names[unit_id],
        year=year,
        rows=[(grade, person, grades.may_decide(actor, grade)) for grade, person in rows],
        trends=grades.months_for_lists(people, year),
        page=Page(rows, number, total),
        quotas=quotas.of_agency(unit_id, year),
        distribution=distribution,
        states=states,
        bands=list(reversed(Band)),
        chosen=klass,
        words=words,
        may_ask=grades.may_ask(held),
        may_try=what_ifs.offered_to(held),
        may_publish=bool(actor.standing.headed | actor.standing.delegated.keys()),
        december=grades.december_choice(year),
        progress=round_questions.progress(unit_id, year),
        round_steps=BEFORE_DECISION,
        transaction_id=receipts.new_id(),
        picked={int(value[:18]) for value in request.form.getlist("pick") if value.isdecimal()},
        decision_number=request.form.get("decision_number", ""),
        errors=[(fault.place or "chosen", fault.message) for fault in faults],
    )


def _grade(grade_id: int, faults: list[Fault]) -> str:
    actor = current_actor()
    grade, _held = grades.grade_for(actor, grade_id)
    months = questions.months([grade.person_id], grade.year, provisional=True)[grade.person_id]
    places = {
        part.months[0]: part for part in circumstances.parts([grade.person_id], grade.year)[grade.person_id]
    }
    names = organisation.unit_names(
        [grade.unit_id, grade.agency_id, *(part.unit_id for part in places.values())], clock.today()
    )
    typed: dict[str, Any] = request.form.to_dict()
    return render_template(
        "grades/show.html",
        grade=grade,
        person=grade.person,
        months=months,
        places=places,
        names=names,
        panels=panels.of_grade(actor, grade),
        steps=steps_from_json(grade.steps),
        bands=list(reversed(Band)),
        may_decide=grades.may_decide(actor, grade),
        quotas=quotas.of_grade(grade) if grades.may_decide(actor, grade) else [],
        typed=typed,
        transaction_id=receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
