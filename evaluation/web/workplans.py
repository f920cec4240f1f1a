"""Assigning the month's work: the units one assigns in, a unit's grid, one product for many, last month, handing over."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.queries import cycles
from evaluation.queries import periods as period_questions
from evaluation.queries import workplans as questions
from evaluation.rules.periods import Stretch, parse_stretch
from evaluation.rules.scoring import WorkKind
from evaluation.services import assigning, catalogue_search, handovers, receipts, workplans
from evaluation.services.refusals import Conflict, Invalid, Missing
from evaluation.services.workplans import GridConflict, GridRow
from evaluation.web import workplan_page
from evaluation.web.access import current_actor

blueprint = Blueprint("workplans", __name__, url_prefix="/workplans")
MOST_NAMED = 5


@blueprint.get("/")
def index() -> Answer | str:
    """The units whose work the reader assigns; of a single one its grid at once."""
    actor = current_actor()
    units = actor.standing.headed | actor.standing.delegated.keys()
    months = questions.months_opened()
    chosen = _month(request.args["month"]) if request.args.get("month") else None
    if chosen:
        period = period_questions.of_month(chosen)
    else:
        period = cycles.newest_open_under(units) or period_questions.latest_open()
    rows = questions.led_units(units, period, actor.person_id) if period and units else []
    if len(rows) == 1 and chosen is None and period is not None:
        return redirect(url_for(".unit", unit_id=rows[0].unit_id, month=period.covers))
    return render_template("workplans/index.html", rows=rows, period=period, months=months)


@blueprint.get("/<int:unit_id>/<month>")
def unit(unit_id: int, month: str) -> str:
    """A unit's people with their lines of a month, to be filled in like a spreadsheet."""
    return _page(unit_id, _month(month))


@blueprint.post("/<int:unit_id>/<month>")
def save(unit_id: int, month: str) -> Answer | tuple[str, int]:
    """Stores the grid, or shows what was typed again with every fault, or with what somebody else stored."""
    wanted = _month(month)
    try:
        changed = workplans.save_grid(
            current_actor(), unit_id, wanted, _rows(), transaction_id=request.form.get("transaction_id")
        )
    except GridConflict as conflict:
        db.session.rollback()
        return _page(
            unit_id, wanted, errors=[conflict.message], typed=request.form, differences=conflict.differences
        ), 409
    except Invalid as invalid:
        db.session.rollback()
        return _page(unit_id, wanted, faults=invalid, typed=request.form), 422
    flash(
        _("Saved: %(count)s sheets changed.", count=changed) if changed else _("Nothing was changed."),
        "success" if changed else "info",
    )
    return redirect(url_for(".unit", unit_id=unit_id, month=wanted))


@blueprint.post("/<int:unit_id>/<month>/add")
def add(unit_id: int, month: str) -> Answer | tuple[str, int]:
    """Gives a product to one person, to all holders of a position, or to everybody."""
    wanted, typed = _month(month), request.form
    target, _colon, number = typed.get("to", "").partition(":")
    terms: dict[str, Any] = {
        "version_id": typed.get("version_id", type=int),
        "quantity": typed.get("quantity", ""),
        "due_on": typed.get("due_on", ""),
        "kind": WorkKind.ADHOC if typed.get("kind") == "ADHOC" else WorkKind.PLANNED,
        "transaction_id": typed.get("transaction_id"),
    }
    if terms["version_id"] is None and typed.get("version_id_search", "").strip():
        return _page(unit_id, wanted, added=typed, choose=True), 422
    try:
        if target == "report" and number.isdecimal():
            item = workplans.assign(current_actor(), int(number[:18]), **terms)
            flash(_("“%(task)s” was assigned.", task=item.task), "success")
        elif target in ("position", "all"):
            shared = workplans.assign_to_holders(
                current_actor(),
                unit_id,
                wanted,
                position_id=int(number[:18]) if target == "position" and number.isdecimal() else None,
                **terms,
            )
            _say(_("Assigned to %(count)s people.", count=shared.lines), shared.lines, shared.skipped)
        else:
            return _page(unit_id, wanted, errors=[("to", _("Choose who gets the work."))], added=typed), 422
    except Invalid as invalid:
        db.session.rollback()
        return _page(unit_id, wanted, faults=invalid, added=typed), 422
    except Conflict as conflict:
        db.session.rollback()
        return _page(unit_id, wanted, errors=[conflict.message], added=typed), 409
    return redirect(url_for(".unit", unit_id=unit_id, month=wanted))


@blueprint.post("/<int:unit_id>/<month>/copy")
def copy(unit_id: int, month: str) -> Answer:
    """Copies last month's plan for all, or for one person."""
    wanted = _month(month)
    copied = workplans.copy_last_month(
        current_actor(),
        unit_id,
        wanted,
        report_id=request.form.get("report_id", type=int),
        transaction_id=request.form.get("transaction_id"),
    )
    _say(
        _("Copied %(lines)s lines to %(sheets)s sheets.", lines=copied.lines, sheets=copied.sheets),
        copied.lines,
        copied.skipped,
    )
    return redirect(url_for(".unit", unit_id=unit_id, month=wanted))


@blueprint.route("/lines/<int:item_id>/hand-over", methods=["GET", "POST"])
def hand_over(item_id: int) -> Answer | str | tuple[str, int]:
    """Asks how much of a line goes to whom and why, then moves it."""
    actor, typed = current_actor(), request.form
    item = handovers.item_for(actor, item_id)
    report, errors, status = item.report, None, 200
    back = url_for(".unit", unit_id=report.supervising_unit_id, month=report.period.covers)
    if request.method == "POST":
        try:
            workplans.hand_over(
                actor,
                item_id,
                to_report_id=typed.get("to_report_id", type=int),
                quantity=typed.get("quantity", ""),
                reason=typed.get("reason", ""),
                version=typed.get("version", type=int),
                transaction_id=typed.get("transaction_id"),
            )
        except Invalid as invalid:
            db.session.rollback()
            errors, status = {fault.place: fault.message for fault in invalid.faults}, 422
        else:
            flash(_("The work was handed over. Both officials have been told."), "success")
            return redirect(back)
    page = render_template(
        "workplans/hand_over.html",
        item=item,
        report=report,
        colleagues=[
            one for one in questions.colleagues(report) if one[0] != _own_sheet(actor.person_id, report)
        ],
        typed=typed,
        errors=list(errors.items()) if errors else None,
        faults=errors or {},
        back=back,
        transaction_id=receipts.new_id(),
    )
    return page if status == 200 else (page, status)


def _own_sheet(person_id: int, report: Any) -> int | None:
    return questions.sheet_of(person_id, report.period_id)


def _page(
    unit_id: int,
    month: Stretch,
    *,
    errors: list[Any] | None = None,
    faults: Invalid | None = None,
    typed: Mapping[str, str] | None = None,
    added: Mapping[str, str] | None = None,
    differences: Mapping[int, Any] | None = None,
    choose: bool = False,
) -> str:
    actor = current_actor()
    assigning.unit_for(actor, unit_id)
    months, unit_name = questions.months_and_name(unit_id, month)
    period = next((one for one in months if one.covers == month), None)
    if period is None:
        raise Missing(_("This month has not been opened."))
    sheets = questions.page_sheets(unit_id, period.id, actor.person_id)
    places = {fault.place: fault.message for fault in faults.faults} if faults else {}
    load = workplan_page.people_of(sheets, typed=typed, faults=places, differences=differences)
    found = (
        catalogue_search.for_unit(actor, unit_id, month=month, words=(added or {})["version_id_search"])
        if choose
        else None
    )
    if found is not None:
        errors = (
            [("version_id", _("Choose one of the products below."))]
            if found
            else [("version_id", _("No product was found. Type fewer words."))]
        )
    return render_template(
        "workplans/unit.html",
        unit_id=unit_id,
        unit_name=unit_name,
        month=month,
        period=period,
        load=load,
        recipients=workplan_page.recipients(load.people),
        states=workplan_page.STATES,
        kinds=workplan_page.KIND_TAGS,
        plan_open=workplan_page.plan_open(period),
        errors=errors or list(places.items()) or None,
        faults=places,
        added=added or {"to": request.args.get("to", "")},
        found=found,
        months=[one.covers for one in months if one.cycle is period.cycle],
        days_left=(period.assign_due - clock.today()).days,
        transaction_id=receipts.new_id(),
        copy_id=receipts.new_id(),
        add_id=receipts.new_id(),
    )


def _rows() -> list[GridRow]:
    """The lines of the form; a cell that is not there keeps its line as it is."""
    form, rows = request.form, []
    for line in form.getlist("line"):
        item_id, _colon, report_id = line.partition(":")
        if not item_id.isdigit() or f"quantity-{item_id}" not in form:
            continue
        rows.append(
            GridRow(
                int(item_id),
                form.get(f"version-{report_id}", 0, type=int),
                form[f"quantity-{item_id}"],
                form.get(f"due_on-{item_id}", ""),
                f"remove-{item_id}" in form,
            )
        )
    return rows


def _say(text: str, done: int, skipped: list[tuple[str, str]]) -> None:
    flash(text, "success" if done else "info")
    for name, why in skipped[:MOST_NAMED]:
        flash(f"{name}: {why}", "warning")
    if len(skipped) > MOST_NAMED:
        flash(_("and %(count)s more were left out.", count=len(skipped) - MOST_NAMED), "warning")


def _month(text: str) -> Stretch:
    try:
        return parse_stretch(text)
    except ValueError:
        abort(404)
