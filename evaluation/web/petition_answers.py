"""Answering a petition: rejecting it, correcting the month's facts, or deciding a better class."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation.extensions import db
from evaluation.models import Petition, Report
from evaluation.queries import petitions as questions
from evaluation.queries import reports as report_questions
from evaluation.rules.bands import Band
from evaluation.rules.permissions import Action
from evaluation.rules.workflow import PetitionState
from evaluation.services import access, closed_periods, outlooks, petition_answers, petitions, receipts
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing
from evaluation.web.access import current_actor
from evaluation.web.petitions import countdown, page
from evaluation.web.review_form import findings, panel

blueprint = Blueprint("petition_answers", __name__, url_prefix="/petitions")
Answer = str | Response | tuple[str, int]


@blueprint.post("/<int:petition_id>/reject")
def reject(petition_id: int) -> Answer:
    """The result stands; the reason goes to the official."""
    try:
        petition_answers.reject(
            current_actor(),
            petition_id,
            answer=request.form.get("answer", ""),
            document_number=request.form.get("document_number", ""),
            transaction_id=_key(),
        )
    except Invalid as refused:
        return _again(petition_id, refused)
    return _done(petition_id, _("The petition was answered; the official was told why the result stands."))


@blueprint.post("/<int:petition_id>/class")
def replace_class(petition_id: int) -> Answer:
    """Upholds a petition against a class by a better one."""
    try:
        klass = Band(request.form.get("klass", ""))
    except ValueError:
        return _again(petition_id, Invalid([Fault("klass", _("Choose a class."))]))
    try:
        petition_answers.uphold_class(
            current_actor(),
            petition_id,
            klass,
            answer=request.form.get("answer", ""),
            decision_number=request.form.get("decision_number", ""),
            exceptional_document=request.form.get("exceptional_document", ""),
            transaction_id=_key(),
        )
    except Invalid as refused:
        return _again(petition_id, refused)
    return _done(petition_id, _("The class was replaced; the official was told."))


@blueprint.route("/<int:petition_id>/score", methods=["GET", "POST"])
def correct(petition_id: int) -> Answer:
    """Corrects what was found on the month and freezes the score anew."""
    petition, report = _contested(petition_id)
    if request.method == "GET":
        return _correcting(petition, report, [])
    try:
        petition_answers.uphold_score(
            current_actor(),
            petition_id,
            findings=findings(report),
            answer=request.form.get("answer", ""),
            document_number=request.form.get("document_number", ""),
            version=request.form.get("version", type=int),
            transaction_id=_key(),
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        petition, report = _contested(petition_id)
        faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        return _correcting(petition, report, faults), refused.status
    return _done(petition_id, _("The score was worked out again; the official was told."))


@blueprint.post("/<int:petition_id>/outlook")
def outlook(petition_id: int) -> str:
    """The score with what is typed now; stores nothing."""
    _petition, report = _contested(petition_id)
    try:
        score = outlooks.outlook(report, findings(report))
    except Invalid as refused:
        return render_template(
            "reviews/_outlook.html", report=report, score=None, problem=refused.faults[0].message
        )
    return render_template("reviews/_outlook.html", report=report, score=score, problem=None)


def _contested(petition_id: int) -> tuple[Petition, Report]:
    """An open petition against a score with its sheet, for whoever answers it."""
    petition, _held = petitions.petition_for(current_actor(), petition_id, to=Action.DECIDE_PETITION)
    if petition.report_id is None:
        raise Missing(_("There is no such petition."))
    if petition.state is not PetitionState.LODGED and request.method == "GET":
        raise Conflict(_("This petition was already answered or taken back."))
    known = report_questions.loaded_with_scores(petition.report_id)
    if known is None:
        raise Missing(_("There is no such petition."))
    if known[0].period.closed_at is not None:
        raise closed_periods.Closed(closed_periods.sentence(known[0].period))
    report, _also = access.report_for(current_actor(), petition.report_id, to=Action.READ_REPORT)
    return petition, report


def _correcting(petition: Petition, report: Report, faults: list[Fault]) -> str:
    typed: dict[str, Any] = request.form.to_dict()
    opened = panel(report, typed or None, faults)
    finals = questions.finals_of(report.id)
    return render_template(
        "petitions/correct.html",
        petition=petition,
        report=report,
        panel=opened,
        live=next((one for one in reversed(finals) if one.superseded_at is None), None),
        score=_score_now(report),
        typed=typed,
        countdown=countdown,
        version=request.form.get("version", report.version),
        transaction_id=receipts.new_id(),
        errors=[
            (place if place in ("answer", "") else _cell(place, report), message)
            for place, message in ((fault.place, fault.message) for fault in faults)
        ],
    )


def _cell(place: str, report: Report) -> str:
    return place if place.startswith("line-") else f"{place}-{report.id}"


def _score_now(report: Report) -> Any:
    try:
        return outlooks.outlook(report, findings(report))
    except Invalid:
        return None


def _again(petition_id: int, refused: Invalid) -> Answer:
    db.session.rollback()
    petition, _held = petitions.petition_for(current_actor(), petition_id, to=Action.DECIDE_PETITION)
    return page(petition, may_answer=True, faults=refused.faults), refused.status


def _done(petition_id: int, says: str) -> Response:
    flash(says, "success")
    return redirect(url_for("petitions.show", petition_id=petition_id), 303)


def _key() -> str | None:
    return request.form.get("transaction_id") or None
