"""The annual round: an agency's progress step by step, one official's timeline, the own class of form 02."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import YearGrade
from evaluation.queries import annual_round as questions
from evaluation.queries import grades as grade_questions
from evaluation.queries import organisation, secondments
from evaluation.queries.annual_round import Member
from evaluation.queries.pages import Page
from evaluation.rules import annual_round as rules
from evaluation.rules import grading
from evaluation.rules.annual_round import RoundState
from evaluation.rules.bands import Band
from evaluation.rules.circumstances import LABELS
from evaluation.rules.grading import BLOCKER_LABELS
from evaluation.rules.names import fold
from evaluation.rules.permissions import Action, Relation, Role, allowed
from evaluation.services import (
    annual_round,
    december_check,
    grade_inputs,
    grades,
    receipts,
    replacements,
    rulebooks,
    self_classifications,
)
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing
from evaluation.web import panels
from evaluation.web.access import current_actor
from evaluation.web.panels import Panel

blueprint = Blueprint("annual_round", __name__, url_prefix="/round")
PER_PAGE = 50
FIRST_YEAR, LAST_YEAR = 2016, 2100
Answer = str | Response | tuple[str, int]
STEPS = (
    RoundState.SELF_RATED,
    RoundState.MEETING_HELD,
    RoundState.PARTY_OPINION,
    RoundState.PROPOSED,
    RoundState.DECIDED,
    RoundState.PUBLISHED,
)


def only_known_years(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A year that no rulebook can speak of looks missing."""
    if values and not FIRST_YEAR <= values.get("year", FIRST_YEAR) <= LAST_YEAR:
        raise Missing(_("There is no annual round in this year."))


blueprint.url_value_preprocessor(only_known_years)


@blueprint.get("/<int:unit_id>/<int:year>")
def agency(unit_id: int, year: int) -> Answer:
    """An agency's round: how many lack each step, who, the meetings on record."""
    return _agency(unit_id, year, {}, [])


@blueprint.post("/<int:unit_id>/<int:year>/late")
def late(unit_id: int, year: int) -> Answer:
    """Sets the later last day of an agency of a special kind."""
    form = request.form
    try:
        annual_round.set_late(
            current_actor(),
            unit_id,
            year,
            document_number=form.get("document_number", ""),
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        return _agency(unit_id, year, form, invalid.faults), 422
    flash(_("The later last day is set."), "success")
    return redirect(url_for(".agency", unit_id=unit_id, year=year), 303)


@blueprint.get("/<int:unit_id>/<int:year>/december")
def december(unit_id: int, year: int) -> str:
    """Decided classes whose mean or class the final December moved."""
    rows, waiting = december_check.changes(current_actor(), unit_id, year)
    return render_template(
        "annual_round/december.html",
        unit_id=unit_id,
        unit=_unit(unit_id),
        year=year,
        rows=rows,
        waiting=waiting,
    )


@blueprint.get("/of/<int:person_id>/<int:year>")
def person(person_id: int, year: int) -> str:
    """One official's round as a timeline, with what is missing and who owes it."""
    actor = current_actor()
    member, held = annual_round.member_for(actor, person_id, year)
    timeline = annual_round.timeline(member, year)
    return render_template(
        "annual_round/person.html",
        timeline=timeline,
        year=year,
        names=organisation.unit_names([member.unit_id, member.agency_id], clock.today()),
        own=Relation.OWNER in held,
        may_read=allowed(Action.READ_UNIT, held - {Relation.OWNER}),
        may_record=Relation.OWNER not in held and allowed(Action.RECORD_ROUND, held),
        may_record_unit=annual_round.may_record(actor, member.agency_id, member.unit_id),
        keeps_register=Relation.OWNER not in held
        and bool(held & {Relation.PERSONNEL, Relation.HOME_AFFAIRS}),
        open_for_self=_open_for_self(timeline),
    )


@blueprint.route("/mine/<int:year>", methods=["GET", "POST"])
def mine(year: int) -> Answer:
    """The official's own class of the year, on form 02."""
    if request.method == "GET":
        return _mine(year, {}, [])
    form = request.form
    klass = Band(form["klass"]) if form.get("klass", "") in set(Band) else None
    actor = current_actor()
    try:
        self_classifications.classify(
            actor, year, klass, note=form.get("note", ""), transaction_id=form.get("transaction_id")
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        return _mine(year, form, faults), refused.status
    flash(_("Your classification is stored. The meeting will see it."), "success")
    return redirect(url_for(".person", person_id=actor.person_id, year=year), 303)


def _mine(year: int, typed: Mapping[str, str], faults: list[Fault]) -> str:
    actor = current_actor()
    member = questions.of_person(actor.person_id, year)
    if member is None:
        raise Missing(_("There is no annual round for you in this year."))
    timeline = annual_round.timeline(member, year)
    if timeline.dates is None:
        raise Missing(_("There is no annual round in this year."))
    months = grade_questions.months([actor.person_id], year, provisional=True)[actor.person_id]
    facts = member.facts
    known = {"klass": facts.self_class.value if facts.self_class else "", "note": ""}
    return render_template(
        "annual_round/mine.html",
        timeline=timeline,
        year=year,
        months=months,
        mean=grading.mean(
            grade_inputs.scores_of(months, timeline.book, rulebooks.day_of_year(timeline.book, year))
        ),
        bands=list(reversed(Band)),
        open=_open_for_self(timeline),
        closed=_("Your class of the year was decided; your own classification stays as it is.")
        if facts.decided_on is not None
        else _("You may classify your year yourself from %(day)s.", day=f"{timeline.dates.opens:%d/%m/%Y}"),
        after_meeting=facts.self_on is not None and facts.meeting_on is not None,
        typed=typed or known,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )


def _open_for_self(timeline: annual_round.Timeline) -> bool:
    return (
        timeline.dates is not None
        and clock.today() >= timeline.dates.opens
        and timeline.member.facts.decided_on is None
    )


def _unit(unit_id: int) -> str:
    names = organisation.unit_names([unit_id], clock.today())
    if unit_id not in names:
        raise Missing(_("There is no such unit."))
    return names[unit_id]


def _agency(unit_id: int, year: int, typed: Mapping[str, str], faults: list[Fault]) -> str:
    actor = current_actor()
    held = grades.require_reading(actor, unit_id)
    missing, words = request.args.get("missing"), request.args.get("q", "").strip()
    number = max(1, request.args.get("page", 1, type=int))
    members, total = questions.of_agency(
        unit_id, year, missing=missing, words=fold(words), number=number, per_page=PER_PAGE
    )
    progress = questions.progress(unit_id, year)
    meetings = questions.meetings(unit_id, year)
    out = secondments.sent_out(organisation.descendants([unit_id], clock.today()), year)
    names = organisation.unit_names(
        {
            unit_id,
            *(member.unit_id for member in members),
            *(meeting.unit_id for meeting, _count in meetings),
            *(one.unit_id for one in out),
        },
        clock.today(),
    )
    if unit_id not in names:
        raise Missing(_("There is no such unit."))
    return render_template(
        "annual_round/agency.html",
        unit_id=unit_id,
        unit=names[unit_id],
        year=year,
        steps=STEPS,
        progress=progress,
        rows=[annual_round.timeline(member, year) for member in members],
        page=Page(members, number, total),
        names=names,
        meetings=meetings,
        out=out,
        missing=missing,
        words=words,
        dates=rules.dates(year, annual_round.book_of_year(year), late=progress.late),
        may_record=allowed(Action.RECORD_ROUND, held),
        late=questions.late_round(unit_id, year) if progress.late else None,
        may_set_late=actor.standing.holds(Role.HOME_AFFAIRS) and Relation.HOME_AFFAIRS in held,
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )


def _round_card(actor: Actor, grade: YearGrade) -> Panel | None:
    member: Member | None = questions.of_person(grade.person_id, grade.year)
    if member is None:
        return None
    return Panel(
        "annual_round/_card.html",
        {
            "timeline": annual_round.timeline(member, grade.year),
            "year": grade.year,
            "circumstances": [
                {**one, "label": LABELS.get(one["code"]) or BLOCKER_LABELS.get(one["code"], one["code"])}
                for one in grade.circumstances
            ],
        },
    )


def _replacement_card(actor: Actor, grade: YearGrade) -> Panel | None:
    earlier = db.session.get(YearGrade, grade.replaces_id) if grade.replaces_id is not None else None
    may_replace = replacements.may_replace(actor, grade)
    if earlier is None and not may_replace:
        return None
    return Panel(
        "annual_round/_replacement.html", {"grade": grade, "earlier": earlier, "may_replace": may_replace}
    )


panels.on_grade("round", _round_card)
panels.on_grade("replacement", _replacement_card)
