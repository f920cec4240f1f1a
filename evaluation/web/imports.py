"""Importing spreadsheets: choose a file, see every error and change, confirm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused
from evaluation.models import ImportNoun, ImportState
from evaluation.queries import imports as questions
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.services import imports, receipts
from evaluation.services.import_kinds import KINDS, kind_of
from evaluation.services.import_plans import ImportKind, Options, What, change_in, error_in
from evaluation.services.organisation_labels import field_label, value_label
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid, Missing
from evaluation.services.register_areas import may_export
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLES = {
    ImportNoun.UNITS: _l("Import units"),
    ImportNoun.PEOPLE: _l("Import people"),
    ImportNoun.CATALOGUE: _l("Import the catalogue"),
}
STATES = {
    ImportState.PREVIEWED: (_l("waiting for confirmation"), "now"),
    ImportState.APPLIED: (_l("applied"), "ok"),
    ImportState.DISCARDED: (_l("discarded"), ""),
}
WHATS = {What.NEW: (_l("New"), "ok"), What.CHANGED: (_l("Changed"), "info"), What.ENDED: (_l("Ends"), "warn")}


@dataclass(frozen=True, slots=True)
class Line:
    """One change as the page shows it."""

    place: str
    kind: str
    word: str
    label: str
    fields: list[tuple[str, str, str]]


@blueprint.get("/")
def index() -> str:
    """What can be imported, and the latest imports."""
    actor = current_actor()
    nouns = [noun for noun, kind in KINDS.items() if kind.by_day and _allowed(noun)]
    exports = may_export(actor)
    if not (nouns or exports):
        raise Forbidden(_("You are not allowed to do this here."))
    mine = None if imports.sees_all(actor) else actor.person_id
    return render_template(
        "imports/index.html",
        nouns=nouns,
        exports=exports,
        titles=TITLES,
        states=STATES,
        batches=questions.latest(mine),
    )


def _allowed(noun: ImportNoun) -> bool:
    try:
        KINDS[noun].scope(current_actor(), Options(clock.today()))
    except Forbidden:
        return False
    return True


@blueprint.route("/new/<noun>", methods=["GET", "POST"])
def new(noun: str) -> Answer | str | tuple[str, int]:
    """The upload form; a file that can be read leads to its preview."""
    kind = _kind(noun)
    if request.method == "GET":
        return _form(kind.noun, {}, [])
    try:
        batch = _upload(noun)
    except Invalid as invalid:
        return _form(kind.noun, request.form, invalid.faults), 422
    return redirect(url_for(".show", batch_id=batch.id))


def _kind(noun: str) -> ImportKind:
    """A kind whose only choice is a day; others have upload pages of their own."""
    kind = kind_of(noun)
    if not kind.by_day:
        raise Missing(_("There is no such import."))
    kind.scope(current_actor(), Options(clock.today()))
    return kind


def _upload(noun: str) -> Any:
    faults: list[Fault] = []
    day = _day(request.form.get("day", ""), faults)
    file = request.files.get("file")
    data = file.read() if file is not None else b""
    if file is None or not file.filename or not data:
        faults.append(Fault("file", _("Choose an .xlsx file.")))
    if faults or day is None or file is None:
        raise Invalid(faults)
    return imports.preview(
        current_actor(),
        noun,
        name=file.filename or "",
        data=data,
        options=Options(day, complete=request.form.get("complete") == "yes"),
        transaction_id=request.form.get("transaction_id"),
    )


def _day(text: str, faults: list[Fault]) -> date | None:
    try:
        day = parse_date(text)
    except CellRefused as refused:
        faults.append(Fault("day", _(refused.says_id) % refused.params))
        return None
    if day is None:
        faults.append(Fault("day", _("Write the day from which the changes count.")))
    return day


def _form(noun: ImportNoun, typed: Mapping[str, str], faults: list[Fault]) -> str:
    return render_template(
        "imports/new.html",
        kind=KINDS[noun],
        title=TITLES[noun],
        typed=typed,
        errors=[(fault.place, fault.message) for fault in faults],
        faults={fault.place: fault.message for fault in faults},
        transaction_id=receipts.new_id(),
        default_day=clock.today().isoformat(),
    )


@blueprint.get("/template/<noun>.xlsx")
def template(noun: str) -> Answer:
    """An empty workbook with the right columns."""
    kind = _kind(noun)
    return _download(imports.template(kind.noun), f"mau-{noun.lower()}.xlsx")


@blueprint.get("/<int:batch_id>")
def show(batch_id: int) -> Answer | str:
    """The preview: counts, all errors, all changes, and what confirming does; a catalogue has a page of its own."""
    if imports.batch_for(current_actor(), batch_id).noun is ImportNoun.CATALOGUE:
        return redirect(url_for("catalogue.preview", batch_id=batch_id))
    return _preview(batch_id, [])


def _preview(batch_id: int, faults: list[Fault]) -> str:
    batch = imports.batch_for(current_actor(), batch_id)
    counts = questions.summary(batch_id)
    which = request.args.get("show", "")
    totals = {
        "errors": batch.error_count,
        "warnings": counts["warnings"],
        "changes": counts["new"] + counts["changed"] + counts["ended"],
    }
    if which not in totals:
        which = next((name for name in ("errors", "changes", "warnings") if totals[name]), "changes")
    number = max(1, request.args.get("page", 1, type=int))
    stored = questions.part(batch_id, which, (number - 1) * PER_PAGE, PER_PAGE)
    page = Page(stored, number, totals[which])
    return render_template(
        "imports/show.html",
        batch=batch,
        options=imports.options_of(batch),
        title=TITLES[batch.noun],
        state=STATES[batch.state],
        counts=counts,
        totals=totals,
        which=which,
        page=page,
        lines=[_line(item) for item in stored] if which == "changes" else [],
        problems=[] if which == "changes" else [(e.place(_), e.message(_)) for e in map(error_in, stored)],
        open=batch.state is ImportState.PREVIEWED,
        second=imports.step_of_two(current_actor(), batch, counts["fingerprint"])
        if counts["refused"]
        else None,
        errors=[(fault.place, fault.message) for fault in faults],
        faults={fault.place: fault.message for fault in faults},
        transaction_id=receipts.new_id(),
    )


def _line(stored: Any) -> Line:
    change = change_in(stored)
    word, kind = WHATS[change.what]
    place = _("row %(row)s", row=change.row) if change.row else _("not in the file")
    fields = [
        (field_label(key), value_label(key, before or ""), value_label(key, after or ""))
        for key, before, after in change.fields
    ]
    return Line(place, kind, str(word), change.label, fields)


@blueprint.post("/<int:batch_id>/confirm")
def confirm(batch_id: int) -> Answer | tuple[str, int]:
    """Applies what was shown."""
    try:
        counts = imports.confirm(
            current_actor(),
            batch_id,
            consent=request.form.get("consent") == "yes",
            only_valid=request.form.get("only_valid") == "yes",
            transaction_id=request.form.get("transaction_id"),
        )
    except Invalid as invalid:
        return _preview(batch_id, invalid.faults), 422
    except Conflict as conflict:
        return _preview(batch_id, [Fault("", conflict.message)]), 409
    flash(
        _(
            "Applied: %(new)s new, %(changed)s changed, %(ended)s ended, %(unchanged)s unchanged.",
            new=counts["new"],
            changed=counts["changed"],
            ended=counts["ended"],
            unchanged=counts["unchanged"],
        ),
        "success",
    )
    return redirect(url_for(".show", batch_id=batch_id))


@blueprint.post("/<int:batch_id>/discard")
@answered_once
def discard(batch_id: int) -> Answer:
    """Puts the import aside."""
    imports.discard(current_actor(), batch_id)
    flash(_("The import is discarded. Nothing was changed."), "success")
    return redirect(url_for(".index"))


@blueprint.get("/<int:batch_id>/errors.xlsx")
def error_report(batch_id: int) -> Answer:
    """All errors and warnings as a workbook."""
    return _download(imports.error_report(current_actor(), batch_id), f"loi-{batch_id}.xlsx")


def _download(data: bytes, name: str) -> Answer:
    return send_file(BytesIO(data), mimetype=XLSX, as_attachment=True, download_name=name)
