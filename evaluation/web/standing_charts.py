"""What the three charts of a unit show and the sentences above them, both from the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from flask_babel import gettext as _

from evaluation.queries.standings import Compared, Comparison, Figures, MonthOfUnit
from evaluation.rules.bands import Band
from evaluation.rules.periods import Stretch
from evaluation.services import rulebooks
from evaluation.web.presentation import percent, points, quantity, short_band
from evaluation.web.presentation import period_label as month_text

NAMES = ("distribution", "trend", "coverage")
MOST_BARS = 15
NEAR = 8  # a level is drawn when the line comes this near to it

Bars = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """The means of months, oldest first."""

    months: tuple[tuple[Stretch, Decimal | None], ...]

    @property
    def known(self) -> bool:
        """Whether any month has a mean."""
        return any(mean is not None for _month, mean in self.months)

    @property
    def change(self) -> Decimal | None:
        """From the last known month before to the newest; None while either is missing."""
        known = [mean for _month, mean in self.months if mean is not None]
        if len(known) < 2 or self.months[-1][1] is None:
            return None
        return known[-1] - known[-2]

    @property
    def before(self) -> Stretch | None:
        """The last month before the newest that has a mean."""
        known = [month for month, mean in self.months[:-1] if mean is not None]
        return known[-1] if known else None


def covered(comparison: Comparison) -> list[Compared]:
    """The units whose coverage is drawn: those that lack most first, at most fifteen."""
    known = [unit for unit in comparison.units if unit.expected]
    return sorted(known, key=lambda unit: (Fraction(unit.scored, unit.expected), -unit.expected))[:MOST_BARS]


def distribution_says(figures: Figures) -> str:
    """How many reached the two upper levels, and how many the lowest."""
    if not figures.scored:
        return _("No sheet of this month has a final score yet.")
    upper = figures.excellent + figures.good
    return _(
        "Of %(scored)s scored sheets, %(excellent)s (%(share)s) are excellent; %(upper)s (%(upper_share)s) are good or"
        " better; %(lowest)s not completed.",
        scored=quantity(figures.scored),
        excellent=quantity(figures.excellent),
        share=percent(Fraction(figures.excellent, figures.scored)),
        upper=quantity(upper),
        upper_share=percent(Fraction(upper, figures.scored)),
        lowest=quantity(figures.not_completed),
    )


def trend_says(trend: Trend) -> str:
    """The newest mean, and whether it rose or fell."""
    month, mean = trend.months[-1]
    if mean is None:
        return _("%(month)s has no mean yet.", month=_capital(month_text(month)))
    words = {"month": month_text(month), "mean": points(mean)}
    if trend.change is None or trend.before is None:
        return _("The mean of %(month)s is %(mean)s points; there is no earlier month to compare.", **words)
    words |= {"change": points(abs(trend.change)), "before": month_text(trend.before)}
    if points(abs(trend.change)) == points(0):
        return _("The mean of %(month)s is %(mean)s points, as in %(before)s.", **words)
    if trend.change > 0:
        return _("The mean of %(month)s is %(mean)s points, %(change)s above %(before)s.", **words)
    return _("The mean of %(month)s is %(mean)s points, %(change)s below %(before)s.", **words)


def coverage_says(comparison: Comparison, expected: int, scored: int) -> str:
    """How many expected sheets have a final score, and where most are missing."""
    if not expected:
        return _("No sheet was expected in this month.")
    whole = _(
        "%(scored)s of %(expected)s expected sheets (%(share)s) have a final score.",
        scored=quantity(scored),
        expected=quantity(expected),
        share=percent(Fraction(scored, expected)),
    )
    lowest = next(iter(covered(comparison)), None)
    if lowest is None or lowest.scored >= lowest.expected:
        return whole
    least = _(
        "Furthest behind: %(unit)s, %(scored)s of %(expected)s.",
        unit=lowest.name,
        scored=quantity(lowest.scored),
        expected=quantity(lowest.expected),
    )
    return f"{whole} {least}"


def draw_distribution(unit: str, month: MonthOfUnit, figures: Figures) -> bytes:
    """The distribution as SVG."""
    bars = tuple((short_band(band), count) for band, count in figures.bands.items())
    return _distribution(
        bars, _title(_("Distribution of levels"), unit, month.month), distribution_says(figures)
    )


def draw_trend(unit: str, month: MonthOfUnit, trend: Trend) -> bytes:
    """The trend as SVG."""
    line = tuple((f"{one.short[:-5]}/{one.year % 100:02d}", mean) for one, mean in trend.months)
    title = _title(_("Mean score by month"), unit, month.month)
    return _trend(line, title, trend_says(trend), _levels(trend, month.month))


def draw_coverage(unit: str, month: MonthOfUnit, comparison: Comparison, says: str) -> bytes:
    """The coverage of the units below as SVG."""
    rows = tuple((one.name, one.scored, one.expected) for one in covered(comparison))
    return _coverage(rows, _title(_("Scored sheets by unit"), unit, month.month), says)


def _title(what: str, unit: str, month: Stretch) -> str:
    return f"{what} – {unit}, {month_text(month)}"


def _levels(trend: Trend, month: Stretch) -> tuple[tuple[str, Decimal], ...]:
    """The limits of the levels near the line, by the rulebooks of the month; where laws differ each line names its own."""
    known = [mean for _month, mean in trend.months if mean is not None]
    if not known:
        return ()
    limits: dict[tuple[Band, Fraction], list[str]] = {}
    laws = {law.book.name: law.book for law in rulebooks.scoring_laws(month.first_day) if not law.unit_code}
    for book in laws.values():
        for row in book.bands(month.first_day):
            if row.at_least and min(known) - NEAR <= row.at_least <= max(known) + NEAR:
                limits.setdefault((Band(row.band), row.at_least), []).append(book.law)
    return tuple(
        (
            short_band(band) if len(whose) == len(laws) else f"{short_band(band)}, {', '.join(whose)}",
            Decimal(limit.numerator) / limit.denominator,
        )
        for (band, limit), whose in limits.items()
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# Drawing takes a tenth of a second: the same figures are drawn once. matplotlib is loaded when the first chart is asked for,
# not at every start of every command.


@lru_cache(maxsize=256)
def _distribution(bars: Bars, title: str, description: str) -> bytes:
    from evaluation.files import charts

    return charts.distribution_chart(bars, title=title, description=description)


@lru_cache(maxsize=256)
def _trend(
    line: Sequence[tuple[str, Decimal | None]],
    title: str,
    description: str,
    marks: Sequence[tuple[str, Decimal]],
) -> bytes:
    from evaluation.files import charts

    return charts.trend_chart(line, title=title, description=description, marks=marks)


@lru_cache(maxsize=256)
def _coverage(rows: Sequence[tuple[str, int, int]], title: str, description: str) -> bytes:
    from evaluation.files import charts

    return charts.coverage_chart(rows, title=title, description=description)
