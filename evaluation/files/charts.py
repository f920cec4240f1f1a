"""Draws charts as SVG text; the sentence above and the table below each chart are the page's work."""

import io
import logging
import re
from collections.abc import Sequence
from decimal import Decimal
from textwrap import shorten, wrap
from xml.sax.saxutils import escape, quoteattr

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, LINE, BLUE, GOLD = "#1b2430", "#5b6676", "#e3e7ec", "#1f5fa8", "#c8951a"

# Once, at import: a chart is drawn in many threads, and the settings of matplotlib are global. The fixed salt and the
# missing date make the same figures the same bytes; parse_math would read a "$" in a unit's name as a formula.
mpl.rcParams.update(
    {
        "svg.hashsalt": "cong-tam",
        "svg.fonttype": "none",
        "font.family": ["Inter", "DejaVu Sans"],
        "font.size": 11,
        "text.parse_math": False,
        "text.color": INK,
        "axes.labelcolor": MUTED,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
    }
)
# Inter is the reader's font; matplotlib only measures with its own and need not report that.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

_WIDTH = 7.2
_LABEL_LIMIT = 60


def distribution_chart(bands: Sequence[tuple[str, int]], *, title: str, description: str) -> bytes:
    """A column for each band with its count and share above it."""
    figure, axes = _frame(3.0)
    total = sum(count for _, count in bands)
    places = range(len(bands))
    axes.bar(places, [count for _, count in bands], width=0.62, color=BLUE)
    for place, (_, count) in zip(places, bands, strict=True):
        share = f" ({_number(Decimal(100 * count) / total, 1)}%)" if total else ""
        axes.annotate(
            f"{_number(Decimal(count), 0)}{share}",
            (place, count),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
        )
    axes.set_xticks(list(places), [_label(label, 16) for label, _ in bands])
    axes.set_ylim(0, max([count for _, count in bands] + [1]) * 1.18)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    return _svg(figure, title, description)


def trend_chart(
    points: Sequence[tuple[str, Decimal | None]],
    *,
    title: str,
    description: str,
    marks: Sequence[tuple[str, Decimal]] = (),
) -> bytes:
    """A line over time, broken where there is no value (never a zero); `marks` are labelled levels such as bands."""
    figure, axes = _frame(2.8)
    places = range(len(points))
    values = [float("nan") if value is None else float(value) for _, value in points]
    known = [(place, value) for place, (_, value) in zip(places, points, strict=True) if value is not None]
    axes.plot(list(places), values, color=BLUE, linewidth=2, marker="o", markersize=5)
    for place, value in known:
        last = place == known[-1][0]
        if last:
            axes.plot([place], [float(value)], marker="o", markersize=8, color=GOLD)
        if last or len(known) <= 12:
            axes.annotate(
                _number(value, 2),
                (place, float(value)),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=10,
            )
    for label, level in marks:
        axes.axhline(float(level), color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            _label(label, 30), (1, float(level)), xycoords=("axes fraction", "data"), xytext=(4, -4),
            textcoords="offset points", fontsize=10, color=MUTED,
        )  # fmt: skip
    _fit_levels(axes, [value for _, value in known] + [level for _, level in marks])
    axes.set_xticks(list(places), [_label(label, 10) for label, _ in points])
    axes.set_xlim(-0.5, max(len(points), 1) - 0.5)
    axes.yaxis.set_major_formatter(lambda level, _: _number(Decimal(f"{level:.6f}"), 2))
    return _svg(figure, title, description)


def coverage_chart(rows: Sequence[tuple[str, int, int]], *, title: str, description: str) -> bytes:
    """A bar for each unit: how many of the expected sheets are scored; the figures stand beside it."""
    figure, axes = _frame(0.9 + 0.42 * max(len(rows), 1))
    places = range(len(rows))
    most = max([expected for _, _, expected in rows] + [1])
    axes.barh(places, [expected for _, _, expected in rows], height=0.56, color=LINE)
    axes.barh(places, [min(scored, expected) for _, scored, expected in rows], height=0.56, color=BLUE)
    for place, (_, scored, expected) in zip(places, rows, strict=True):
        share = f" · {_number(Decimal(100 * scored) / expected, 1)}%" if expected else ""
        text = f"{_number(Decimal(scored), 0)}/{_number(Decimal(expected), 0)}{share}"
        axes.annotate(
            text, (expected, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=10
        )
    axes.set_yticks(list(places), [_label(label, 34) for label, _, _ in rows])
    axes.set_xlim(0, most * 1.22)
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    return _svg(figure, title, description)


def _frame(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    axes.tick_params(length=0)
    return figure, axes


def _fit_levels(axes: Axes, values: Sequence[Decimal]) -> None:
    if not values:
        axes.set_ylim(0, 100)
        return
    low, high = float(min(values)), float(max(values))
    room = max((high - low) * 0.18, 2.0)
    axes.set_ylim(low - room, high + room)


def _label(text: str, width: int) -> str:
    clean = "".join(character for character in text if character.isprintable() or character == " ")
    return "\n".join(wrap(shorten(clean, _LABEL_LIMIT, placeholder="…"), width)) or "–"


def _number(value: Decimal, places: int) -> str:
    """Vietnamese figures: 1.234,5; needless zeros are dropped."""
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,"))


def _svg(figure: Figure, title: str, description: str) -> bytes:
    target = io.StringIO()
    figure.savefig(
        target,
        format="svg",
        transparent=True,
        metadata={"Date": None, "Creator": None, "Type": None, "Format": None},
    )
    text = _without_style(target.getvalue())
    start = text.index("<svg")
    end = text.index(">", start)
    spoken = f"\n <title>{escape(_plain(title))}</title>\n <desc>{escape(_plain(description))}</desc>"
    joins = 'stroke-linejoin="round" stroke-linecap="butt"'
    opening = f'{text[start:end]} {joins} role="img" aria-label={quoteattr(_plain(title))}>'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{opening}{spoken}{text[end + 1 :]}'.encode()


_STYLE_ELEMENT = re.compile(r"\s*<style\b.*?</style>", re.DOTALL)
_STYLE = re.compile(r' style="([^"<>]*)"')


def _without_style(text: str) -> str:
    """The same drawing with attributes (fill="…") in place of inline CSS, which a strict CSP would drop."""
    return _STYLE.sub(_as_attributes, _STYLE_ELEMENT.sub("", text))


def _as_attributes(found: re.Match[str]) -> str:
    pairs = (declaration.partition(":") for declaration in found[1].split(";") if declaration.strip())
    return "".join(f' {name.strip()}="{_value(name.strip(), value.strip())}"' for name, _, value in pairs)


def _value(name: str, value: str) -> str:
    return "Inter, system-ui, sans-serif" if name == "font-family" else value


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
