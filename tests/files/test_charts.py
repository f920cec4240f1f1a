import subprocess
import sys
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from evaluation.files.charts import coverage_chart, distribution_chart, trend_chart

SVG = "{http://www.w3.org/2000/svg}"
BANDS = [("Hoàn thành xuất sắc", 12), ("Hoàn thành tốt", 230), ("Hoàn thành", 1040), ("Không hoàn thành", 0)]
MONTHS = [
    ("T1/2026", Decimal("80.5")),
    ("T2/2026", None),
    ("T3/2026", Decimal(90)),
    ("T4/2026", Decimal("85.25")),
]
UNITS = [("Phòng Nội vụ", 9, 10), ("Văn phòng", 0, 0)]


def texts(svg: bytes) -> str:
    return " | ".join("".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text"))


def every_chart() -> list[bytes]:
    said = {"title": "Biểu đồ <điểm> & $x$", "description": "Mô tả “đủ” & rõ"}
    return [distribution_chart(BANDS, **said), trend_chart(MONTHS, **said), coverage_chart(UNITS, **said)]


def test_each_chart_says_its_title_and_description_to_those_who_do_not_see_it() -> None:
    for svg in every_chart():
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.findtext(f"{SVG}title") == root.get("aria-label") == "Biểu đồ <điểm> & $x$"
        assert root.findtext(f"{SVG}desc") == "Mô tả “đủ” & rõ"


def test_the_same_figures_are_always_the_same_bytes_without_a_date() -> None:
    assert every_chart() == every_chart()
    assert all(b"2026-" not in svg and b"<dc:" not in svg for svg in every_chart())


def test_no_chart_needs_inline_style_or_script_or_anything_from_outside() -> None:
    for svg in every_chart():
        assert b"style" not in svg
        assert b"<script" not in svg
        assert b'font-family="Inter' in svg


def test_a_distribution_shows_counts_and_shares_in_vietnamese_figures() -> None:
    shown = texts(distribution_chart(BANDS, title="", description=""))

    assert "1.040 (81,1%)" in shown
    assert "12 (0,9%)" in shown
    assert "0 (0%)" in shown


def test_a_month_without_a_score_breaks_the_line_and_shows_no_figure() -> None:
    shown = texts(trend_chart(MONTHS, title="", description="", marks=[("Xuất sắc", Decimal(90))]))

    assert "80,5" in shown
    assert "85,25" in shown
    assert "Xuất sắc" in shown
    assert "nan" not in shown
    assert "| 0 |" not in shown


def test_coverage_shows_how_many_of_how_many_and_a_unit_without_sheets_divides_by_nothing() -> None:
    shown = texts(coverage_chart(UNITS, title="", description=""))

    assert "9/10 · 90%" in shown
    assert "0/0" in shown


def test_names_with_markup_or_dollar_signs_are_shown_as_text() -> None:
    svg = coverage_chart(
        [("<script>alert(1)</script> $x^2$ \x00\u202e", 1, 1)], title="<b>", description="]]>"
    )

    assert b"<script" not in svg
    assert "$x^2$" in texts(svg)


@pytest.mark.parametrize("draw", [distribution_chart, trend_chart, coverage_chart])
def test_nothing_to_show_still_draws(draw: object) -> None:
    ElementTree.fromstring(draw([], title="", description=""))


def test_no_window_system_is_ever_loaded() -> None:
    program = "import sys, evaluation.files.charts; sys.exit('matplotlib.pyplot' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
