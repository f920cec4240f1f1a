"""Classes of organisations: the list with the cap, one unit's facts and what they give, its recognition (Articles 5–9)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_decimal
from evaluation.files.says import CellRefused
from evaluation.queries import organisation_classes as questions
from evaluation.rules.bands import Band
from evaluation.rules.facts import ReformResult
from evaluation.rules.organisation_class import OrganisationClass as Verdict
from evaluation.services import organisation_class_sheets as sheets
from evaluation.services import organisation_classes as services
from evaluation.services import receipts
from evaluation.services.organisation_class_sheets import Sheet
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.annual_round import only_known_years
from evaluation.web.appointments import typed_day
from evaluation.web.once import answered_once
from evaluation.web.years import chosen_year

blueprint = Blueprint("organisation_classes", __name__, url_prefix="/organisation-classes")
blueprint.url_value_preprocessor(only_known_years)
Answer = str | Response | tuple[str, int]

BANDS = list(reversed(Band))
ANSWERS = {"yes": True, "no": False}
REFORMS = {
    ReformResult.COMPLETED: _l("Reform completed"),
    ReformResult.NOT_COMPLETED: _l("Reform not completed"),
}
# Questions that must be answered; force majeure is asked with the shares.
QUESTIONS = {
    "quality_met": _l("Tasks are of good quality and effect (Article 8.1.a, 8.2)"),
    "sub_unit_not_completed": _l("A unit directly below is classified not completed (Article 8.1.b)"),
    "shortcomings_fixed": _l("All shortcomings found before are mended, or none were found (Article 8.1.c)"),
    "personnel_wrongdoing": _l(
        "Wrongdoing in personnel work, disunity or factions was concluded (Article 8.4.a)"
    ),
    "force_majeure": _l("Tasks were left undone for a reason nobody could prevent (Article 8.4.b)"),
}


@blueprint.get("/")
def index() -> str:
    """The units of a year with their classes, and the year's counts."""
    year = chosen_year()
    words, shown = request.args.get("q", ""), request.args.get("state", "")
    page, counts = sheets.page(
        current_actor(), year, words, shown, max(1, request.args.get("page", 1, type=int))
    )
    return render_template(
        "organisation_classes/index.html",
        year=year,
        page=page,
        counts=counts,
        words=words,
        shown=shown,
        bands=BANDS,
        years=[one for one in (year - 1, year + 1) if one <= clock.today().year and sheets.has_law(one)],
        waiting_heads=questions.waiting_heads(year),
    )


@blueprint.route("/<int:unit_id>/<int:year>", methods=["GET", "POST"])
def show(unit_id: int, year: int) -> Answer:
    """One unit's year: the facts, what they give at once, and its recognition by decision."""
    sheet = sheets.sheet_of(current_actor(), unit_id, year)
    if request.method == "GET":
        return _page(sheet, _before(sheet), [])
    services.require_recogniser(current_actor(), sheet)
    form, faults = request.form, []  # type: ignore[var-annotated]
    typed = _typed(form, faults)
    trying = form.get("act") == "try"
    on = None if trying else typed_day(form, "on", faults)
    verdict: Verdict | None = None
    try:
        verdict = services.worked_out(sheet, typed)
        if faults:
            raise Invalid(faults)
        if trying:
            return _page(sheet, form, [], verdict)
        done = services.recognise(
            current_actor(),
            unit_id,
            year,
            typed,
            services.Decision(
                Band(form["recognised"]) if form.get("recognised") in set(Band) else None,
                form.get("number", ""),
                on,
                form.get("reason", ""),
            ),
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as refused:
        db.session.rollback()
        return _page(sheet, form, _merged(faults, refused.faults), verdict), 422
    _say(done)
    return redirect(url_for(".show", unit_id=unit_id, year=year), 303)


@blueprint.post("/<int:unit_id>/<int:year>/reform")
@answered_once
def reform(unit_id: int, year: int) -> Answer:
    """Records the reform result and the letters of criticism of a unit's year."""
    form, faults = request.form, []  # type: ignore[var-annotated]
    count = _number(form, "criticisms", faults)
    word = form.get("reform", "")
    if word and word not in set(ReformResult):
        faults.append(
            Fault("reform", _("Choose one of: %(known)s.", known=", ".join(map(str, REFORMS.values()))))
        )
    try:
        if faults:
            raise Invalid(faults)
        services.record_year(
            current_actor(),
            unit_id,
            year,
            reform=ReformResult(word) if word else None,
            criticisms=None if count is None or count % 1 else int(count),
            number=form.get("reform_number", ""),
        )
    except Invalid as refused:
        db.session.rollback()
        sheet = sheets.sheet_of(current_actor(), unit_id, year)
        services.require_recogniser(current_actor(), sheet)
        shown = [
            Fault("reform_number" if one.place == "number" else one.place, one.message)
            for one in refused.faults
        ]
        return _page(sheet, {**_before(sheet), **form.to_dict()}, shown), 422
    flash(_("The reform result and the letters of criticism are on record."), "success")
    return redirect(url_for(".show", unit_id=unit_id, year=year), 303)


def _say(done: services.Recognised | None) -> None:
    flash(_("The recognised class is on record."), "success")
    if done is not None and done.proposed_again:
        flash(_("The proposals of the agency were worked out again, its heads' among them."), "success")
    if done is not None and done.heads_above:
        flash(
            _(
                "The class decided for the head stands above the unit's (Article 20.6): replace that decision."
            ),
            "warning",
        )


def _before(sheet: Sheet) -> dict[str, str]:
    """What the form shows first: the facts on record, and what the units below already say."""
    typed = services.typed_from(sheet.known.facts) if sheet.known else {"force_majeure": "no"}
    if sheet.failed_below:
        typed["sub_unit_not_completed"] = "yes"
    elif not sheet.waiting_below and not sheet.known:
        typed["sub_unit_not_completed"] = "no"
    return typed


def _of_register(sheet: Sheet) -> dict[str, str]:
    """What the register says of the year beside its class."""
    if sheet.register is None:
        return {}
    reform = sheet.register.reform
    return {"criticisms": str(sheet.register.criticisms), "reform": reform.value if reform else ""}


def _typed(form: Mapping[str, str], faults: list[Fault]) -> services.Typed:
    numbers: dict[str, Any] = {
        name: _number(form, name, faults) for name in ("general", "results", *services.SHARES)
    }
    answers: dict[str, Any] = {name: ANSWERS.get(form.get(name, "")) for name in services.ANSWERS}
    return services.Typed(**numbers, **answers)


def _number(form: Mapping[str, str], name: str, faults: list[Fault]) -> Decimal | None:
    try:
        return parse_decimal(form.get(name, ""))
    except CellRefused as refused:
        faults.append(Fault(name, _(refused.says_id) % refused.params))
        return None


def _merged(first: list[Fault], more: list[Fault]) -> list[Fault]:
    places = {fault.place for fault in first}
    return first + [fault for fault in more if fault.place not in places]


def _page(sheet: Sheet, typed: Mapping[str, Any], faults: list[Fault], verdict: Verdict | None = None) -> str:
    book, _day = sheets.law_of_year(sheet.year)
    usual, exceptional = sheets.places(sheet.counts, sheet.year)
    return render_template(
        "organisation_classes/show.html",
        sheet=sheet,
        typed={**_of_register(sheet), **typed},
        verdict=verdict,
        may_record=services.may_recognise(current_actor(), sheet),
        book=book,
        bands=BANDS,
        questions=QUESTIONS,
        reforms=REFORMS,
        usual=usual,
        exceptional=exceptional,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
