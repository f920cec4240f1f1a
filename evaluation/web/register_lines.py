"""What was entered in the registers of commendation, who entered it and when; a wrong line is taken back with a reason."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from evaluation.extensions import db
from evaluation.queries import register_lines as questions
from evaluation.rules.bands import LABELS
from evaluation.services import commendation_words as words_of
from evaluation.services import register_lines as services
from evaluation.services.commendation_register_lines import Register
from evaluation.services.commendation_registers import require_keeper
from evaluation.services.refusals import Fault, Invalid
from evaluation.web import presentation
from evaluation.web.access import current_actor
from evaluation.web.commendation_registers import REGISTERS
from evaluation.web.once import answered_once

blueprint = Blueprint("register_lines", __name__, url_prefix="/commendations/registers/lines")
Answer = str | Response | tuple[str, int]
# A rank is a figure of the unit's year, not a line: entering it again takes the place of the first.
LISTED = {register: label for register, label in REGISTERS.items() if register is not Register.CLUSTER}
OPINIONS = {True: _l("The old unit agrees"), False: _l("The old unit does not agree")}


@blueprint.get("/")
def index() -> str:
    """A page of one register."""
    return _page(request.args.get("register", Register.TITLE.value), [], {})


@blueprint.post("/<register>/<int:line_id>/withdraw")
@answered_once
def withdraw(register: str, line_id: int) -> Answer:
    """Takes back a line that was entered wrongly."""
    try:
        services.withdraw(current_actor(), register, line_id, request.form.get("reason", ""))
    except Invalid as refused:
        db.session.rollback()
        return _page(register, refused.faults, {line_id: request.form.get("reason", "")}), 422
    flash(_("The line was taken back. It stays on record and counts nowhere."), "success")
    return redirect(url_for(".index", register=register), 303)


def said(register: str, line: Any) -> str:
    """What a line says, in one sentence."""
    if register == Register.TITLE:
        return f"{words_of.short_award(line.code)} {line.year}"
    if register == Register.PAST_RATING:
        klass = _(LABELS[line.klass]) if line.klass else _("not rated")
        return f"{line.year}: {klass}"
    if register == Register.OLD_UNIT:
        return f"{OPINIONS[line.agrees]}, {presentation.day(line.moved_on)}"
    if register == Register.INITIATIVE:
        level = _(words_of.LEVELS[line.level.value])
        return f"{line.title} ({level}, {line.year})"
    until = presentation.day(line.closed_on) if line.closed_on else _("still open")
    return f"{_(words_of.MATTERS.get(line.kind.value, line.kind.value))}: {presentation.day(line.opened_on)} – {until}"


def document(line: Any) -> str:
    """The document a line rests on, with its day."""
    number = getattr(line, "decision_number", None) or getattr(line, "document_number", None)
    on = getattr(line, "decided_on", None) or getattr(line, "given_on", None)
    return (
        ", ".join(filter(None, (number or getattr(line, "outcome", None), on and presentation.day(on))))
        or "–"
    )


def _page(register: str, faults: list[Fault], typed: dict[int, str]) -> str:
    require_keeper(current_actor())
    chosen = Register(register) if register in LISTED else Register.TITLE
    words = request.args.get("q", "")
    return render_template(
        "commendations/lines.html",
        register=chosen,
        registers=LISTED,
        words=words,
        page=questions.page(chosen.value, words, max(1, request.args.get("page", 1, type=int))),
        said=said,
        document=document,
        typed=typed,
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
        own=current_actor().person_id,
    )
