"""The working of a unit's figure: how many are counted, the units below it is made of, its mean, coverage and levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from flask_babel import gettext as _

from evaluation.extensions import db
from evaluation.models import Period, UnitMonth, UnitSpan
from evaluation.queries import organisation
from evaluation.queries import workings as queries
from evaluation.queries.workings import Part
from evaluation.rules.bands import LABELS, Band
from evaluation.rules.explain import Step, equals, half_up, written
from evaluation.rules.periods import Month, Span, SpanKind, Stretch
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.working import Column, Inputs, Row, Working
from evaluation.services import rulebook_sources, rulebooks
from evaluation.services.refusals import Missing

SHOWN_TERMS = 8


@dataclass(frozen=True, slots=True)
class _Stored:
    """A unit's figure as it was rolled up."""

    expected: int | None
    scored: int
    mean: Decimal | None
    bands: dict[Band, int]


def of_unit(unit_id: int, period: Stretch, *, evaluated: bool = False) -> Working:
    """The working of a unit's month, quarter, half-year or year as rolled up; Missing where there is no such figure.

    `evaluated` asks for a quarter's own sheets (agencies that evaluate by quarter) instead of the average of the quarter.
    """
    stored, parts, at = _read(unit_id, period, evaluated)
    names = organisation.unit_names([unit_id, *(part.unit_id for part in parts)], period.first_day)
    if unit_id not in names:
        names |= organisation.unit_names([unit_id, *(part.unit_id for part in parts)], period.end)
    book = rulebooks.shelf().for_day("evaluation", period.first_day)
    mean = None if stored.mean is None else Fraction(stored.mean)
    return Working(
        title=_("Figure of a unit"),
        whose=names.get(unit_id, ""),
        period=period,
        points=mean,
        out_of=100,
        band=None,
        says=_("mean score") if mean is not None else _("Nobody has a final score"),
        inputs=(_parts_table(unit_id, parts, names, book), _levels(stored, book)),
        steps=tuple(_steps(stored, parts)),
        source=rulebook_sources.source_of(book.name, book.fingerprint),
        computed_at=at,
        notes=_notes(stored, parts, isinstance(period, Span) and not evaluated),
    )


def _read(unit_id: int, period: Stretch, evaluated: bool) -> tuple[_Stored, list[Part], datetime | None]:
    month = _month(unit_id, period) if evaluated or isinstance(period, Month) else None
    if month is not None:
        row, opened = month
        bands = _bands(row)
        parts = queries.month_parts(unit_id, opened.id, opened.month)
        return _Stored(row.expected, row.scored, row.mean, bands), parts, row.rolled_up_at
    if isinstance(period, Span) and not evaluated:
        found = db.session.get(UnitSpan, (period.kind, period.year, period.index, unit_id))
        if found is not None:
            return (
                _Stored(None, found.scored, found.mean, _bands(found)),
                queries.span_parts(unit_id, period),
                None,
            )
    raise Missing(_("This period has not been rolled up for the unit, so there is no figure to open."))


def _month(unit_id: int, period: Stretch) -> tuple[UnitMonth, Period] | None:
    """The figure of what was evaluated: a month, or a quarter."""
    if isinstance(period, Span) and period.kind is not SpanKind.QUARTER:
        return None
    row = db.session.execute(
        db.select(UnitMonth, Period)
        .join(Period, Period.id == UnitMonth.period_id)
        .where(UnitMonth.unit_id == unit_id, Period.month == period.first_day, Period.cycle == period.cycle)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def _bands(row: UnitMonth | UnitSpan) -> dict[Band, int]:
    return {
        Band.HTXSNV: row.excellent,
        Band.HTTNV: row.good,
        Band.HTNV: row.completed,
        Band.KHTNV: row.not_completed,
    }


def _parts_table(unit_id: int, parts: Sequence[Part], names: dict[int, str], book: Rulebook) -> Inputs:
    def name(part: Part) -> str:
        return _("Serving in the unit itself") if part.unit_id == unit_id else names.get(part.unit_id, "–")

    rows = [
        Row(
            (name(part), part.expected, part.scored, _sum(part), _mean(part)),
            unit_id=None if part.unit_id == unit_id else part.unit_id,
        )
        for part in sorted(parts, key=lambda part: (part.unit_id == unit_id, name(part)))
    ]
    if rows:
        points, scored = sum((_sum(part) for part in parts), Fraction(0)), sum(part.scored for part in parts)
        total = (
            _("Sum"),
            sum(part.expected for part in parts),
            scored,
            points,
            points / scored if scored else None,
        )
        rows.append(Row(total, is_sum=True))
    return Inputs(
        _("Officials counted, by unit below"),
        (
            Column(_("Unit")),
            Column(_("Sheets expected"), True),
            Column(_("Scored"), True),
            Column(_("Points added up"), True),
            Column(_("Mean"), True),
        ),
        tuple(rows),
        note=_("Each unit counts with everything below it as the organisation stood in the period."),
        empty=_("Nobody was evaluated here in this period."),
        article=book.article("mean"),
    )


def _levels(stored: _Stored, book: Rulebook) -> Inputs:
    rows = tuple(
        Row(
            (
                _(LABELS[band.value]),
                count,
                half_up(Fraction(count * 100, stored.scored), 2) if stored.scored else None,
            )
        )
        for band, count in stored.bands.items()
    )
    return Inputs(
        _("Distribution of levels"),
        (Column(_("Level")), Column(_("Officials counted"), True), Column("%", True)),
        rows,
        article=book.article("bands"),
    )


def _sum(part: Part) -> Fraction:
    return Fraction(part.points or 0)


def _mean(part: Part) -> Fraction | None:
    return _sum(part) / part.scored if part.scored else None


def _steps(stored: _Stored, parts: Sequence[Part]) -> list[Step]:
    steps = []
    if stored.expected:
        share = Fraction(stored.scored * 100, stored.expected)
        formula = f"{stored.scored} / {stored.expected} × 100 {equals(share)}%"
        steps.append(Step("coverage", "Coverage: scored of expected", formula, share, ""))
    if stored.mean is None or not stored.scored:
        return steps
    scored = [part for part in parts if part.scored]
    points = sum((_sum(part) for part in scored), Fraction(0))
    terms = [written(_sum(part), 2) for part in scored]
    if len(terms) > SHOWN_TERMS:
        terms = [*terms[:3], f"… ({len(terms)})"]
    steps.append(
        Step(
            "points",
            "Points of everybody counted",
            f"Σ = {' + '.join(terms)} {equals(points)}",
            points,
            "",
        )
    )
    people = sum(part.scored for part in scored)
    if people:
        average = points / people
        formula = f"{written(points, 2)} / {people} {equals(average)}"
        steps.append(Step("mean", "Mean: points divided by officials", formula, average, ""))
    return steps


def _notes(stored: _Stored, parts: Sequence[Part], of_span: bool) -> tuple[str, ...]:
    found = [
        _(
            "Computed by the program at the roll-up from the final scores; nobody enters a unit's figure by hand."
        )
    ]
    if of_span:
        found.append(_("An official counts where the last scored month was spent."))
    points, people = sum((_sum(part) for part in parts), Fraction(0)), sum(part.scored for part in parts)
    same = people == stored.scored and (
        stored.mean is None or (people > 0 and half_up(points / people, 4) == Fraction(stored.mean))
    )
    if not same:
        found.append(
            _(
                "Scores have changed since the roll-up: the figure stands until the next one, the table is of now."
            )
        )
    return tuple(found)
