"""Forms that change who serves where: appoint or transfer, end, absence."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused
from evaluation.queries import people as people_questions
from evaluation.queries import positions as position_questions
from evaluation.rules.organisation import AbsenceKind, Office
from evaluation.rules.permissions import Action
from evaluation.services import absences, appointments, receipts
from evaluation.services.people import person_for
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.organisation import LABELS, resolved_unit
from evaluation.web.organisation_forms import position_of

blueprint = Blueprint("appointments", __name__, url_prefix="/organisation/people")


def typed_day(form: Mapping[str, str], name: str, faults: list[Fault]) -> date | None:
    """A day from a form; a fault at its field when it is no day."""
    try:
        return parse_date(form.get(name, ""))
    except CellRefused as refused:
        faults.append(Fault(name, _(refused.says_id) % refused.params))
        return None


@blueprint.route("/<int:person_id>/appoint", methods=["GET", "POST"])
def appoint(person_id: int) -> Answer | str | tuple[str, int]:
    """A new assignment; a main one is a transfer and closes the running one on its first day."""
    if request.method == "GET":
        return _page("organisation/appoint.html", person_id, {}, [])
    form, faults = request.form, []  # type: ignore[var-annotated]
    since = typed_day(form, "since", faults)
    if since is None and not faults:
        faults.append(Fault("since", _("Write the first day.")))
    unit_id = resolved_unit(form.get("unit_id", ""), form.get("unit_id_search", ""), since or clock.today())
    if unit_id is None:
        faults.append(Fault("unit_id-search", _("Choose a unit, or write its code.")))
    sender, sender_typed = form.get("seconded_from_id", ""), form.get("seconded_from_id_search", "").strip()
    sending = resolved_unit(sender, sender_typed, since or clock.today()) if sender or sender_typed else None
    if sending is None and (sender or sender_typed):
        faults.append(Fault("seconded_from_id-search", _("Choose a unit, or write its code.")))
    office = form.get("office", "")
    if office not in Office.__members__:
        faults.append(Fault("office", _("Choose the office.")))
    try:
        if faults or since is None or unit_id is None:
            raise Invalid(faults)
        appointments.appoint(
            current_actor(),
            person_id,
            unit_id=unit_id,
            since=since,
            office=Office(office),
            title=form.get("title", ""),
            is_main=form.get("main") != "no",
            position_id=_position(form),
            decision_number=form.get("decision_number", "").strip()[:100] or None,
            seconded_from_id=sending,
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        return _page("organisation/appoint.html", person_id, form, invalid.faults), 422
    flash(_("The assignment is recorded."), "success")
    return redirect(url_for("organisation.person", person_id=person_id))


def _position(form: Mapping[str, str]) -> int | None:
    """The job position of the form, picked or typed by its code; None when left empty."""
    try:
        return position_of(form.get("position_id", ""), form.get("position_id_search", ""))
    except Invalid as invalid:
        raise Invalid([Fault("position_id-search", fault.message) for fault in invalid.faults]) from None


@blueprint.get("/search/positions")
def search_positions() -> Response:
    """Job positions for a picker, by code or name without accents."""
    words = request.args.get("q", "")[:100]
    rows = position_questions.listed(clock.today(), words, None, 1).rows if words.strip() else []
    return jsonify(
        options=[
            {"id": row.position.id, "label": row.position.name, "detail": row.position.code}
            for row in rows[:12]
        ]
    )


@blueprint.route("/<int:person_id>/absence", methods=["GET", "POST"])
def absence(person_id: int) -> Answer | str | tuple[str, int]:
    """A stay away from work, first and last day included."""
    if request.method == "GET":
        return _page("organisation/absence.html", person_id, {}, [])
    form, faults = request.form, []  # type: ignore[var-annotated]
    since, last = typed_day(form, "since", faults), typed_day(form, "until", faults)
    if since is None and not faults:
        faults.append(Fault("since", _("Write the first day.")))
    if form.get("kind", "") not in AbsenceKind.__members__:
        faults.append(Fault("kind", _("Choose the kind of absence.")))
    try:
        if faults or since is None:
            raise Invalid(faults)
        absences.record_absence(
            current_actor(),
            person_id,
            kind=AbsenceKind(form["kind"]),
            since=since,
            until=last + timedelta(days=1) if last else None,
            document_number=form.get("document_number", "").strip()[:100] or None,
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        return _page("organisation/absence.html", person_id, form, invalid.faults), 422
    flash(_("The absence is recorded."), "success")
    return redirect(url_for("organisation.person", person_id=person_id))


@blueprint.route("/assignments/<int:assignment_id>/end/<int:person_id>", methods=["GET", "POST"])
def end(assignment_id: int, person_id: int) -> Answer | str | tuple[str, int]:
    """Ends an assignment after its last day."""
    if request.method == "GET":
        return _page("organisation/end.html", person_id, {}, [], assignment_id)
    faults: list[Fault] = []
    last = typed_day(request.form, "on", faults)
    if last is None and not faults:
        faults.append(Fault("on", _("Write the last day.")))
    try:
        if faults or last is None:
            raise Invalid(faults)
        appointments.end_assignment(
            current_actor(),
            assignment_id,
            on=last + timedelta(days=1),
            leaves=request.form.get("leaves") == "yes",
            transaction_id=request.form.get("transaction_id"),
        )
    except Invalid as invalid:
        return _page("organisation/end.html", person_id, request.form, invalid.faults, assignment_id), 422
    flash(_("The assignment is ended."), "success")
    return redirect(url_for("organisation.person", person_id=person_id))


def _page(
    name: str, person_id: int, typed: Mapping[str, str], faults: list[Fault], assignment_id: int | None = None
) -> str:
    if faults:
        db.session.rollback()
    person = person_for(current_actor(), person_id, to=Action.CHANGE_ORGANISATION)
    return render_template(
        name,
        person=person,
        service=people_questions.service_of(person_id),
        assignment_id=assignment_id,
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        errors=[(fault.place, fault.message) for fault in faults],
        faults={fault.place: fault.message for fault in faults},
        **LABELS,
    )
