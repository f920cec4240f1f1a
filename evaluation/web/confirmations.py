"""Confirming scores for an agency: look at the whole, choose, check, sign, publish."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Period
from evaluation.queries import confirmations as questions
from evaluation.queries import organisation
from evaluation.queries import reviews as sheets_of
from evaluation.queries.pages import cut
from evaluation.queries.reviews import Sheet
from evaluation.rules.periods import Stretch, parse_stretch
from evaluation.rules.permissions import Action
from evaluation.rules.workflow import ReportState
from evaluation.services import access, confirmations, receipts, rulebooks
from evaluation.services.refusals import Conflict, Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once
from evaluation.web.reauthentication import recently_confirmed
from evaluation.web.reviews import STATES

blueprint = Blueprint("confirmations", __name__, url_prefix="/confirmations")
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
def index() -> Answer:
    """The scored sheets of a month, by unit, with the distribution and what is unusual."""
    return _list()


@blueprint.post("/check")
def check() -> Answer:
    """What is about to be confirmed, and what cannot be undone."""
    picked = _picked()
    period, sheets = _sheets()
    chosen = [sheet for sheet in sheets if sheet.id in picked]
    if not chosen or period is None:
        return _list(faults=[Fault("", _("Choose at least one sheet."))]), 422
    return render_template(
        "confirmations/check.html",
        month=period.covers,
        sheets=chosen,
        levels=questions.levels(chosen),
        warnings=[
            warning
            for warning in questions.warnings(questions.by_unit(chosen))
            if "missing" not in warning.values
        ],
        transaction_id=receipts.new_id(),
    )


@blueprint.post("/confirm")
def confirm() -> Answer:
    """Makes the chosen scores final."""
    picked = _picked()
    transaction_id = request.form.get("transaction_id")
    try:
        confirmations.confirm_many(
            current_actor(),
            list(picked),
            versions={key: version for key, version in picked.items() if version},
            transaction_id=transaction_id,
        )
    except (Conflict, Invalid) as refused:
        db.session.rollback()
        faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
        return _list(faults=faults, picked=set(picked)), refused.status
    return redirect(url_for(".receipt", transaction_id=transaction_id, month=request.form.get("month")), 303)


@blueprint.route("/<int:report_id>/send-back", methods=["GET", "POST"])
@answered_once
def send_back(report_id: int) -> Answer:
    """Asks for the reason, then gives the sheet back to its supervisor."""
    report, _held = access.report_for(current_actor(), report_id, to=Action.CONFIRM_REPORT)
    month = str(report.period.covers)
    faults: list[Fault] = []
    status = 200
    if request.method == "POST":
        try:
            confirmations.send_back(
                current_actor(),
                report_id,
                reason=request.form.get("reason", ""),
                version=request.form.get("version", type=int),
            )
        except (Conflict, Invalid) as refused:
            db.session.rollback()
            faults = refused.faults if isinstance(refused, Invalid) else [Fault("", refused.message)]
            status = refused.status
        else:
            flash(
                _("The sheet of %(name)s was sent back to be scored again.", name=report.person.full_name),
                "success",
            )
            return redirect(url_for(".index", month=month), 303)
    page = render_template(
        "confirmations/send_back.html",
        report=report,
        month=month,
        reason=request.form.get("reason", ""),
        version=request.form.get("version", report.version),
        faults=faults,
        errors=[(fault.place, fault.message) for fault in faults],
    )
    return page if status == 200 else (page, status)


@blueprint.post("/publish")
@recently_confirmed
def publish() -> Answer:
    """Asks once more, then makes the confirmed results of the month public."""
    month = _month(request.form.get("month"))
    unit_id = request.form.get("unit", type=int)
    if month is None or unit_id is None:
        abort(404)
    period, sheets = _sheets()
    ready = [s for s in sheets if s.confirming_unit_id == unit_id and s.state is ReportState.CONFIRMED]
    if period is None or not ready:
        return _list(faults=[Fault("", _("No confirmed result waits to be published in this month."))]), 409
    if "sure" not in request.form:
        return render_template(
            "confirmations/publish.html",
            month=month,
            unit_id=unit_id,
            unit=organisation.unit_names([unit_id], period.month).get(unit_id, ""),
            sheets=ready,
            levels=questions.levels(ready),
            open_count=sum(
                1
                for s in sheets
                if s.confirming_unit_id == unit_id
                and s.state not in (ReportState.CONFIRMED, ReportState.PUBLISHED, ReportState.NOT_RATED)
            ),
            transaction_id=receipts.new_id(),
        )
    transaction_id = request.form.get("transaction_id")
    confirmations.publish(current_actor(), unit_id, month, transaction_id=transaction_id)
    return redirect(url_for(".receipt", transaction_id=transaction_id, month=str(month)), 303)


@blueprint.get("/receipt/<transaction_id>")
def receipt(transaction_id: str) -> Answer:
    """What was done, when, and its code."""
    found = questions.receipt_of(current_actor().person_id, transaction_id)
    if found is None:
        abort(404)
    month = _month(request.args.get("month"))
    return render_template(
        "confirmations/receipt.html",
        receipt=found,
        month=month,
        papers=_papers(_led(), month.first_day if month else clock.today()),
    )


def _list(*, faults: list[Fault] | None = None, picked: set[int] | None = None) -> str:
    period, sheets = _sheets()
    units = questions.by_unit(sheets)
    in_order = [sheet for unit in units for sheet in unit.waiting]
    waiting = cut(in_order, request.args.get("page", 1, type=int))
    ready = [sheet for sheet in waiting.rows if not questions.pending(sheet)]
    by_confirming: dict[int, int] = {}
    for sheet in sheets:
        if sheet.state is ReportState.CONFIRMED:
            by_confirming[sheet.confirming_unit_id] = by_confirming.get(sheet.confirming_unit_id, 0) + 1
    return render_template(
        "confirmations/index.html",
        months=[(one.covers, waits) for one, waits in _months()],
        month=period.covers if period else None,
        units=units,
        waiting=waiting,
        picked=picked if picked is not None else {sheet.id for sheet in ready},
        pending=questions.pending,
        levels=questions.levels(sheet for sheet in sheets if sheet.handed_in and not sheet.waits),
        warnings=questions.warnings(units),
        to_publish=by_confirming,
        papers=_papers({sheet.confirming_unit_id for sheet in sheets}, period.month) if period else [],
        states=STATES,
        counts={state: sum(1 for sheet in sheets if sheet.state is state) for state in ReportState},
        total=sum(1 for sheet in sheets if sheet.state is not ReportState.NOT_RATED),
        due=min((sheet.due for sheet in in_order), default=period.confirm_due if period else None),
        errors=[(fault.place, fault.message) for fault in faults or []],
    )


def _papers(unit_ids: Collection[int], day: date) -> list[tuple[int, str]]:
    """The units whose forms are at hand; their names only tell several apart."""
    if len(unit_ids) < 2:
        return [(unit_id, "") for unit_id in unit_ids]
    names = organisation.unit_names(unit_ids, day)
    return sorted(((unit_id, name) for unit_id, name in names.items()), key=lambda one: one[1])


def _sheets() -> tuple[Period | None, list[Sheet]]:
    actor = current_actor()
    months = _months()
    wanted = _month(request.values.get("month"))
    if wanted is not None:
        period = next((one for one, _waits in months if one.covers == wanted), None)
        if period is None:
            abort(404)
    else:
        waiting = [one for one, count in months if count]
        period = waiting[-1] if waiting else (months[0][0] if months else None)
    if period is None:
        return None, []
    return period, sheets_of.confirmed_by(_led(), period, rulebooks.shelf(), viewer=actor.person_id)


def _months() -> list[tuple[Period, int]]:
    if "confirmation_months" not in g:
        led = _led()
        g.confirmation_months = sheets_of.months_of(led, confirming=True) if led else []
    return g.confirmation_months


def _led() -> list[int]:
    standing = current_actor().standing
    return list(standing.headed | standing.delegated.keys())


def _month(text: str | None) -> Stretch | None:
    try:
        return parse_stretch(text) if text else None
    except ValueError:
        abort(404)


def _picked() -> dict[int, int]:
    found: dict[int, Any] = {}
    for text in request.form.getlist("pick"):
        key, _colon, version = text.partition(":")
        if key.isdigit() and len(key) < 16:
            found[int(key)] = int(version) if version.isdigit() and len(version) < 10 else 0
    return found
