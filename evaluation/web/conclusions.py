"""The register of conclusions of one official's year: entered and withdrawn."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation.extensions import db
from evaluation.models import Conclusion
from evaluation.rules.grading import Blocker
from evaluation.services import conclusions, receipts
from evaluation.services.conclusions import BLOCKERS, Concluded
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing
from evaluation.web.access import current_actor
from evaluation.web.annual_round import only_known_years
from evaluation.web.appointments import typed_day

blueprint = Blueprint("conclusions", __name__, url_prefix="/round")
blueprint.url_value_preprocessor(only_known_years)
Answer = str | Response | tuple[str, int]


@blueprint.route("/of/<int:person_id>/<int:year>/conclusions", methods=["GET", "POST"])
def index(person_id: int, year: int) -> Answer:
    """The register, and the form for a new conclusion."""
    if request.method == "GET":
        return _page(person_id, year, {}, [])
    form, faults = request.form, []  # type: ignore[var-annotated]
    concluded_on = typed_day(form, "concluded_on", faults)
    word = form.get("blocker", "")
    try:
        conclusions.record(
            current_actor(),
            person_id,
            year,
            Concluded(
                Blocker(word) if word in set(Blocker) else None,
                form.get("body", ""),
                form.get("document_number", ""),
                concluded_on,
            ),
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        places = {fault.place for fault in faults}
        shown = faults + [fault for fault in invalid.faults if fault.place not in places]
        return _page(person_id, year, form, shown), 422
    flash(_("The conclusion is on record."), "success")
    return redirect(url_for(".index", person_id=person_id, year=year), 303)


@blueprint.post("/conclusions/<int:conclusion_id>/withdraw")
def withdraw(conclusion_id: int) -> Answer:
    """Takes a conclusion out of use."""
    form = request.form
    try:
        made = conclusions.withdraw(
            current_actor(),
            conclusion_id,
            reason=form.get("reason", ""),
            transaction_id=form.get("transaction_id"),
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        known = db.session.get(Conclusion, conclusion_id)
        if known is None:
            raise Missing(_("There is no such conclusion.")) from refused
        faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        return _page(known.person_id, known.year, form, faults, conclusion_id), refused.status
    flash(_("The conclusion is withdrawn; it stays in the register."), "success")
    return redirect(url_for(".index", person_id=made.person_id, year=made.year), 303)


def _page(
    person_id: int, year: int, typed: Mapping[str, str], faults: list[Fault], withdrawing: int | None = None
) -> str:
    member, rows = conclusions.of_person(current_actor(), person_id, year)
    place = {"reason": f"reason-{withdrawing}"}
    return render_template(
        "annual_round/conclusions.html",
        member=member,
        year=year,
        rows=[(row, receipts.new_id()) for row in rows],
        blockers=BLOCKERS,
        withdrawing=withdrawing,
        typed=typed,
        transaction_id=receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(place.get(fault.place, fault.place), fault.message) for fault in faults],
    )
