"""The Party's quarterly verdict beside the State's: cards on a sheet and on a year's class, a list by agency and quarter."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Report, YearGrade
from evaluation.queries import grades as questions
from evaluation.queries import organisation
from evaluation.rules.party import Reach
from evaluation.rules.periods import Span, SpanKind, quarter_of
from evaluation.rules.permissions import Role
from evaluation.services import party as services
from evaluation.services.access import Actor
from evaluation.services.refusals import Invalid, Missing
from evaluation.web import panels
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("party", __name__, url_prefix="/party")
Answer = str | Response | tuple[str, int]
OVERSEES = (Role.HOME_AFFAIRS, Role.INSPECTOR, Role.PERSONNEL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A quarter the form can choose."""

    span: Span
    chosen: bool


@blueprint.get("/")
def index() -> Answer:
    """The agencies whose quarter the reader may see; a sentence while the rules are off."""
    span = _span(request.args.get("period"))
    actor = current_actor()
    if services.reach(span.first_day) is Reach.OFF:
        return render_template("party/off.html", span=span)
    led = actor.standing.headed | actor.standing.deputised | actor.standing.delegated.keys()
    overseen = [unit for role in OVERSEES for unit in actor.standing.units_of(role)]
    within = {*led, *organisation.descendants(overseen, clock.today())} if overseen else set(led)
    agencies = questions.agencies(span.year, within, everything=False)
    if len(agencies) == 1:
        return redirect(url_for(".agency", unit_id=agencies[0].agency_id, period=span))
    return render_template(
        "party/index.html",
        span=span,
        quarters=_quarters(span),
        agencies=agencies,
        axes=services.axes(span.first_day),
    )


@blueprint.get("/<int:unit_id>/<period>")
def agency(unit_id: int, period: str) -> Answer:
    """One agency's quarter, page by page."""
    span = _span(period)
    if services.reach(span.first_day) is Reach.OFF:
        return redirect(url_for(".index", period=span))
    page = request.args.get("page", 1, type=int)
    listing = services.listing(current_actor(), unit_id, span.year, span.index, page=max(1, page))
    name = organisation.unit_names([unit_id], span.first_day).get(unit_id, "")
    return render_template(
        "party/agency.html",
        span=span,
        quarters=_quarters(span),
        unit_id=unit_id,
        unit=name,
        listing=listing,
        axes=services.axes(span.first_day),
        book=services.book_of(span.first_day),
    )


@blueprint.get("/<int:unit_id>/<period>/<int:person_id>/force-majeure")
def force_majeure(unit_id: int, period: str, person_id: int) -> Answer:
    """The form by which force majeure is confirmed or taken back."""
    span = _span(period)
    if services.reach(span.first_day) is Reach.OFF:
        return redirect(url_for(".index", period=span))
    return _form(unit_id, span, person_id, {})


@blueprint.post("/<int:unit_id>/<period>/<int:person_id>/force-majeure")
@answered_once
def confirm(unit_id: int, period: str, person_id: int) -> Answer:
    """Confirms force majeure for a quarter of an official."""
    span = _span(period)
    try:
        services.confirm_force_majeure(
            current_actor(),
            person_id,
            unit_id,
            span.year,
            span.index,
            document_number=request.form.get("document_number", ""),
            reason=request.form.get("reason", ""),
        )
    except Invalid as refused:
        db.session.rollback()
        return _form(unit_id, span, person_id, {fault.place: fault.message for fault in refused.faults}), 422
    flash(_("Force majeure is confirmed for this quarter."), "success")
    return redirect(url_for(".agency", unit_id=unit_id, period=span), 303)


@blueprint.post("/<int:unit_id>/<period>/<int:person_id>/force-majeure/withdraw")
@answered_once
def withdraw(unit_id: int, period: str, person_id: int) -> Answer:
    """Takes a confirmation back."""
    span = _span(period)
    try:
        services.withdraw_force_majeure(
            current_actor(),
            person_id,
            unit_id,
            span.year,
            span.index,
            reason=request.form.get("reason", ""),
        )
    except Invalid as refused:
        db.session.rollback()
        return _form(unit_id, span, person_id, {fault.place: fault.message for fault in refused.faults}), 422
    flash(_("The confirmation was taken back."), "success")
    return redirect(url_for(".agency", unit_id=unit_id, period=span), 303)


def _form(unit_id: int, span: Span, person_id: int, faults: dict[str, str]) -> str:
    line = services.person_of(current_actor(), person_id, unit_id, span.year, span.index)
    return render_template(
        "party/force_majeure.html",
        span=span,
        unit_id=unit_id,
        line=line,
        faults=faults,
        errors=list(faults.items()),
        typed=request.form,
    )


def _span(given: str | None) -> Span:
    """The quarter asked for; without one the quarter that ended last and is evaluated."""
    if not given:
        return quarter_of(clock.today()).previous()
    try:
        span = Span.parse(given)
    except ValueError:
        raise Missing(_("There is no such quarter.")) from None
    if span.kind is not SpanKind.QUARTER:
        raise Missing(_("There is no such quarter."))
    return span


def _quarters(span: Span) -> list[Shown]:
    """The last eight quarters up to today, and the one asked for."""
    newest = quarter_of(clock.today())
    found = [newest]
    while len(found) < 8 and found[-1].first_day.year >= 2026:
        found.append(found[-1].previous())
    kept = [one for one in found if one.year >= 2026]
    if span not in kept:
        kept.append(span)
    return [Shown(one, one == span) for one in kept]


def _sheet_card(_actor: Actor, report: Report) -> panels.Panel | None:
    verdict = services.of_sheet(report)
    if verdict is None:
        return None
    return panels.Panel("party/_sheet.html", _card(report.period.month, verdict))


def _grade_card(_actor: Actor, grade: YearGrade) -> panels.Panel | None:
    found = services.of_grade(grade)
    if found is None:
        return None
    verdict, quarters = found
    return panels.Panel(
        "party/_grade.html",
        _card(date(grade.year, 1, 1), verdict) | {"quarters": quarters, "year": grade.year},
    )


def _card(day: Any, verdict: Any) -> dict[str, Any]:
    return {"verdict": verdict, "span": quarter_of(day), "book": services.book_of(day)}


panels.on_sheet("party", _sheet_card)
panels.on_grade("party", _grade_card)
