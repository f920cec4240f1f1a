"""The form for a decision that replaces a class of the year."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation.extensions import db
from evaluation.queries import replaced_classes
from evaluation.rules.bands import Band
from evaluation.services import grade_proposals, grades, quotas, receipts, replacements
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid
from evaluation.web.access import current_actor

blueprint = Blueprint("replacements", __name__, url_prefix="/round")
Answer = str | Response | tuple[str, int]


@blueprint.route("/replace/<int:grade_id>", methods=["GET", "POST"])
def replace(grade_id: int) -> Answer:
    """Issues the new decision; the old one stays readable."""
    if request.method == "GET":
        return _form(grade_id, {}, [])
    form = request.form
    word = form.get("klass", "")
    try:
        new = replacements.replace(
            current_actor(),
            grade_id,
            Band(word) if word in set(Band) else None,
            reason=form.get("reason", ""),
            document_number=form.get("document_number", ""),
            exceptional_document=form.get("exceptional_document", ""),
            transaction_id=form.get("transaction_id"),
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        return _form(grade_id, form, faults), refused.status
    flash(_("The replacement decision is issued; everybody concerned was told."), "success")
    return redirect(url_for("grades.show", grade_id=new.id), 303)


def _form(grade_id: int, typed: Mapping[str, str], faults: list[Fault]) -> str:
    actor = current_actor()
    grade, _held = grades.grade_for(actor, grade_id)
    if not replacements.may_replace(actor, grade):
        raise Forbidden(
            _(
                "Only the head of the managing agency replaces a class that was decided (Article 21.3), never the own one."
            )
        )
    return render_template(
        "annual_round/replace.html",
        grade=grade,
        person=grade.person,
        now=grade_proposals.worked_out_now(grade),
        quotas=quotas.of_grade(grade),
        lists=replaced_classes.lists_on(grade.person_id, grade.year),
        bands=list(reversed(Band)),
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
