"""The register of discipline: the list, the form of one decision, its quashing and its use as a ground."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from evaluation.extensions import db
from evaluation.queries import organisation
from evaluation.rules.facts import DisciplineForm
from evaluation.services import disciplines as services
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.appointments import typed_day
from evaluation.web.once import answered_once

blueprint = Blueprint("disciplines", __name__, url_prefix="/discipline")
Answer = str | Response | tuple[str, int]

FORMS = {
    DisciplineForm.KHIEN_TRACH: _l("Reprimand"),
    DisciplineForm.CANH_CAO: _l("Disciplinary warning"),
    DisciplineForm.CACH_CHUC: _l("Removal from office"),
    DisciplineForm.BUOC_THOI_VIEC: _l("Dismissal"),
    DisciplineForm.PARTY_KHIEN_TRACH: _l("Party: reprimand"),
    DisciplineForm.PARTY_CANH_CAO: _l("Party: warning"),
    DisciplineForm.PARTY_CACH_CHUC: _l("Party: removal from office"),
    DisciplineForm.PARTY_KHAI_TRU: _l("Party: expulsion"),
}
ANSWERS = {"yes": True, "no": False}


@blueprint.route("/", methods=["GET", "POST"])
@answered_once
def index() -> Answer:
    """The decisions on record and the form for one more."""
    if request.method == "GET":
        return _list({}, [])
    form, faults = request.form, []  # type: ignore[var-annotated]
    days = {name: typed_day(form, name, faults) for name in ("decided_on", "starts_on", "ends_on", "act_on")}
    decided = services.Decided(
        whose=form.get("whose", ""),
        form=DisciplineForm(form["form"]) if form.get("form") in set(DisciplineForm) else None,
        number=form.get("number", ""),
        duty_related=ANSWERS.get(form.get("duty_related", "")),
        act_unit=form.get("act_unit", ""),
        same_act_as=form.get("same_act_as", ""),
        used_in_year=_year(form, faults),
        **days,
    )
    try:
        if faults:
            raise Invalid(faults)
        services.record(current_actor(), decided)
    except Invalid as refused:
        db.session.rollback()
        return _list(form, refused.faults), 422
    flash(_("The decision is on record. Work out the proposals of the year again."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route("/<int:line_id>", methods=["GET", "POST"])
@answered_once
def show(line_id: int) -> Answer:
    """One decision: quashed, used as a ground of a year, or taken back."""
    if request.method == "GET":
        return _one(line_id, None, [])
    form, faults = request.form, []  # type: ignore[var-annotated]
    try:
        if form.get("act") == "withdraw":
            services.withdraw(current_actor(), line_id, form.get("reason", ""))
        else:
            quashed_on, used = typed_day(form, "quashed_on", faults), _year(form, faults)
            if faults:
                raise Invalid(faults)
            services.change(
                current_actor(),
                line_id,
                quashed_on=quashed_on,
                used_in_year=used,
                reason=form.get("reason", ""),
            )
    except Invalid as refused:
        db.session.rollback()
        shown = [
            Fault("reason", one.message) if one.place.startswith("reason") else one for one in refused.faults
        ]
        return _one(line_id, form, shown), 422
    flash(_("The register is changed. Work out the proposals of the year again."), "success")
    return redirect(url_for(".show", line_id=line_id), 303)


def _year(form: Mapping[str, str], faults: list[Fault]) -> int | None:
    text = form.get("used_in_year", "").strip()
    if not text:
        return None
    if len(text) == 4 and text.isascii() and text.isdecimal():
        return int(text)
    faults.append(Fault("used_in_year", _("Enter a year such as 2026.")))
    return None


def _list(typed: Mapping[str, Any], faults: list[Fault]) -> str:
    actor = current_actor()
    words = request.args.get("q", "")
    return render_template(
        "disciplines/index.html",
        page=services.page(actor, words, max(1, request.args.get("page", 1, type=int))),
        words=words,
        may_record=services.keeps(actor),
        forms=FORMS,
        typed=typed,
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )


def _one(line_id: int, typed: Mapping[str, Any] | None, faults: list[Fault]) -> str:
    actor = current_actor()
    line = services.decision_for(actor, line_id)
    known = {
        "quashed_on": line.quashed_on.isoformat() if line.quashed_on else "",
        "used_in_year": line.used_in_year or "",
    }
    unit = organisation.unit_names([line.unit_id], line.act_on or line.decided_on) if line.unit_id else {}
    return render_template(
        "disciplines/show.html",
        line=line,
        person=services.person_of(line),
        unit=unit.get(line.unit_id or 0),
        same=services.same_act(line),
        may_record=services.may_change(actor, line),
        forms=FORMS,
        typed=known if typed is None else typed,
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
