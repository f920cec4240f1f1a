"""Where units stand: a unit's month with its charts and people, the province's agencies compared."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.queries import standings as questions
from evaluation.queries import unit_people
from evaluation.queries.standings import Compared, Comparison, Figures, MonthOfUnit, UnitThen
from evaluation.queries.unit_people import SHOWN, Line
from evaluation.rules.organisation import UnitKind
from evaluation.rules.periods import Stretch, parse_stretch, spans_containing
from evaluation.services import standings
from evaluation.services.refusals import Missing
from evaluation.services.sources import source
from evaluation.web import presentation, sheet_page
from evaluation.web import standing_charts as charts
from evaluation.web.access import current_actor
from evaluation.web.results import STATES
from evaluation.web.standing_charts import Trend

blueprint = Blueprint("standings", __name__)
Answer = str | Response

MOST_ROWS = 2000
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GROUPS = (
    (UnitKind.DEPARTMENT, _l("Departments and equivalent agencies")),
    (UnitKind.COMMUNE, _l("Communes and wards")),
    (UnitKind.SERVICE_UNIT, _l("Public service units")),
    (UnitKind.DIVISION, _l("Divisions")),
)


@dataclass(frozen=True, slots=True)
class View:
    """A month of a unit as chosen in the address."""

    months: list[MonthOfUnit]
    month: MonthOfUnit
    unopened: Stretch | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """An agency among comparable ones; no rank without a mean."""

    rank: int | None
    unit: Compared


@blueprint.get("/units/")
def index() -> Answer:
    """The units an actor may look into; who has a single one is taken there."""
    actor = current_actor()
    own = standings.own_units(actor)
    province = standings.reads_province(actor) if own else None
    if province is None and len(own) == 1:
        return redirect(url_for(".unit", unit_id=own[0][0]))
    agencies = None
    view = _view(province) if province else None
    if province and view:
        agencies = _groups(questions.compared(view.month, province, clock.today(), agencies=True))
    return render_template(
        "standings/index.html", own=own, province=province, groups=agencies, view=view, ratio=ratio
    )


@blueprint.get("/units/<int:unit_id>")
def unit(unit_id: int) -> Answer:
    """A unit's month: figures, distribution, trend, the units below, its people."""
    actor = current_actor()
    standings.open_unit(actor, unit_id)
    view = _view(unit_id)
    if view is None:
        return render_template("standings/unopened.html", name=_("Unit"))
    month = view.month
    which = _unit(unit_id, month)
    comparison = questions.compared(month, unit_id, clock.today())
    people = unit_people.people_of(
        unit_id,
        month.period_id,
        month.month,
        words=request.args.get("q", ""),
        shown=_shown(),
        order="points" if request.args.get("sort") == "points" else "name",
        page=request.args.get("page", 1, type=lambda text: min(max(int(text), 1), 100_000)),
    )
    return render_template(
        "standings/unit.html",
        unit=which,
        view=view,
        month=month,
        figures=month.figures,
        comparison=comparison,
        counts=comparison.total,
        trend=_trend(view),
        spans=questions.spans_of(unit_id, spans_containing(month.month)),
        people=people,
        readable=standings.readable(actor, people.lines),
        states=STATES,
        absences=sheet_page.ABSENCES,
        shown=_shown(),
        says=_says(view, comparison),
        may_ask=standings.asks_for_rollups(actor),
        drawn=_drawn(view),
        ratio=ratio,
    )


@blueprint.get("/units/<int:unit_id>/charts/<name>.svg")
def chart(unit_id: int, name: str) -> Response:
    """One chart of a unit's month, for whoever may read the unit."""
    if name not in charts.NAMES:
        abort(404)
    standings.open_unit(current_actor(), unit_id)
    view = _view(unit_id)
    if view is None or view.unopened:
        abort(404)
    answer = Response(_draw(name, unit_id, view), mimetype="image/svg+xml")
    # The address carries the moment of the roll-up, so a chart of final figures may be kept by this reader's browser.
    keep = (
        "private, max-age=3600" if request.args.get("v") and view.month.rolled_up_at else "private, no-cache"
    )
    answer.headers["Cache-Control"] = keep
    answer.headers["Vary"] = "Cookie"
    return answer


@blueprint.get("/units/<int:unit_id>/month.xlsx")
def download(unit_id: int) -> Response:
    """The people of a unit's month as a workbook, at most two thousand of them."""
    from evaluation.files.sheets import OutColumn, write_table  # a writer that only downloads need

    standings.open_unit(current_actor(), unit_id)
    view = _view(unit_id)
    if view is None or view.unopened:
        raise Missing(_("There is no such month."))
    month = view.month
    which = _unit(unit_id, month)
    people = unit_people.people_of(
        unit_id,
        month.period_id,
        month.month,
        words=request.args.get("q", ""),
        shown=_shown(),
        per_page=MOST_ROWS + 1,
    )
    if people.total > MOST_ROWS:
        flash(
            _(
                "%(count)s people are too many for one file (at most %(most)s). Open a unit below and download it there.",
                count=presentation.quantity(people.total),
                most=presentation.quantity(MOST_ROWS),
            ),
            "warning",
        )
        return redirect(url_for(".unit", unit_id=unit_id, month=str(month.month)))
    columns = [
        OutColumn(_("No."), 6, "integer"),
        OutColumn(_("Full name"), 28),
        OutColumn(_("Title"), 24),
        OutColumn(_("Unit"), 36),
        OutColumn(_("State"), 22),
        OutColumn(_("Final score"), 12, "number"),
        OutColumn(_("Level"), 30),
    ]
    data = write_table(
        columns,
        (
            (
                number,
                line.name,
                line.title,
                line.unit or "",
                _state(line),
                presentation.fraction(line.final),
                presentation.band(line.band) if line.band else "",
            )
            for number, line in enumerate(people.lines, 1)
        ),
        title_lines=(
            _("Results of %(month)s – %(unit)s", month=presentation.month(month.month), unit=which.name),
            _freshness(month),
        ),
        sheet_name=str(month.month),
        source=source(),
    )
    answer = Response(data, mimetype=EXCEL)
    name = f"{month.month} {which.name}.xlsx"
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=\"{month.month}-{unit_id}.xlsx\"; filename*=UTF-8''{quote(name)}"
    )
    return answer


@blueprint.get("/province")
def province() -> Answer:
    """All agencies compared in their groups: mean, coverage, levels, late steps."""
    actor = current_actor()
    top = standings.open_province(actor)
    view = _view(top)
    if view is None:
        return render_template("standings/unopened.html", name=_("Province"))
    comparison = questions.compared(view.month, top, clock.today(), agencies=True)
    return render_template(
        "standings/province.html",
        top=_unit(top, view.month),
        view=view,
        month=view.month,
        figures=view.month.figures,
        comparison=comparison,
        counts=comparison.total,
        groups=_groups(comparison),
        trend=_trend(view),
        spans=questions.spans_of(top, spans_containing(view.month.month)),
        says=_says(view, comparison),
        may_ask=standings.asks_for_rollups(actor),
        drawn=_drawn(view),
        ratio=ratio,
    )


def _view(unit_id: int) -> View | None:
    """The month of the address; without one the newest that was rolled up, else the newest; None before the first."""
    months = questions.months_of(unit_id)
    if not months:
        return None
    default = next((one for one in months if one.rolled_up_at), months[0])
    text = request.args.get("month", "")
    if not text:
        return View(months, default, None)
    try:
        wanted = parse_stretch(text)
    except ValueError:
        raise Missing(_("There is no such month.")) from None
    found = next((one for one in months if one.month == wanted), None) or _in_other_cycle(months, wanted)
    return View(months, found or default, None if found else wanted)


def _in_other_cycle(months: list[MonthOfUnit], wanted: Stretch) -> MonthOfUnit | None:
    """The quarter with the month that was asked for, or a month of the quarter: the unit is evaluated by the other cycle."""
    both = (
        one
        for one in months
        if one.month.cycle is not wanted.cycle
        and one.month.first_day < wanted.end
        and wanted.first_day < one.month.end
    )
    return next(both, None)


def _unit(unit_id: int, month: MonthOfUnit) -> UnitThen:
    found = questions.unit_then(unit_id, month.period_id, month.month)
    if found is None:
        raise Missing(_("There is no such unit."))
    return found


def _trend(view: View) -> Trend:
    return Trend(tuple(questions.trend(view.months, view.month.month)))


def _shown() -> str:
    asked = request.args.get("show", "")
    return asked if asked in SHOWN else ""


def _whole(view: View, comparison: Comparison) -> tuple[int, int]:
    """Expected and scored sheets: as rolled up, else as they stand now."""
    if view.month.figures:
        return view.month.figures.expected, view.month.figures.scored
    return comparison.total.rated, comparison.total.final


def _says(view: View, comparison: Comparison) -> dict[str, str]:
    """The sentence above each chart."""
    return {
        "distribution": charts.distribution_says(view.month.figures) if view.month.figures else "",
        "trend": charts.trend_says(_trend(view)),
        "coverage": charts.coverage_says(comparison, *_whole(view, comparison)),
    }


def _drawn(view: View) -> str | None:
    """Changes with each roll-up, so that a browser never shows a chart of an earlier one."""
    at = view.month.rolled_up_at
    return f"{at:%Y%m%d%H%M%S}" if at else None


def _draw(name: str, unit_id: int, view: View) -> bytes:
    month = view.month
    which = _unit(unit_id, month).name

    def distribution() -> bytes:
        return charts.draw_distribution(which, month, month.figures or Figures(0, 0, 0, None, 0, 0, 0, 0))

    def trend() -> bytes:
        return charts.draw_trend(which, month, _trend(view))

    def coverage() -> bytes:
        comparison = questions.compared(month, unit_id, clock.today())
        says = charts.coverage_says(comparison, *_whole(view, comparison))
        return charts.draw_coverage(which, month, comparison, says)

    drawers: dict[str, Callable[[], bytes]] = {
        "distribution": distribution,
        "trend": trend,
        "coverage": coverage,
    }
    return drawers[name]()


def _groups(comparison: Comparison) -> list[tuple[str, list[Ranked]]]:
    """Agencies in groups of their kind, the best mean first; equal means share a rank."""
    found = []
    for kind, label in GROUPS:
        units = [one for one in comparison.units if one.kind is kind]
        if units:
            found.append((str(label), _ranked(units)))
    return found


def _ranked(units: list[Compared]) -> list[Ranked]:
    means = sorted((mean for one in units if (mean := _mean(one)) is not None), reverse=True)
    ordered = sorted(units, key=lambda one: (_mean(one) is None, -(_mean(one) or Decimal(0)), one.name))
    return [Ranked(None if (mean := _mean(one)) is None else means.index(mean) + 1, one) for one in ordered]


def _mean(one: Compared) -> Decimal | None:
    return one.figures.mean if one.figures else None


def _state(line: Line) -> str:
    if line.state is None:
        return _("No sheet")
    return str(STATES[line.state][0])


def _freshness(month: MonthOfUnit) -> str:
    if month.rolled_up_at is None:
        return _("Not rolled up yet; scores as they stand at %(moment)s.", moment=_moment(clock.now()))
    return _("Rolled up at %(moment)s", moment=_moment(month.rolled_up_at))


def _moment(at: datetime) -> str:
    return presentation.moment(at)


def ratio(part: int, whole: int) -> Fraction | None:
    """A part of a whole; None of nothing."""
    return Fraction(part, whole) if whole else None
