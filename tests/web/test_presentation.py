"""What a reader sees of a number, a date, a level; checked in both languages."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask, render_template_string, session
from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf import FlaskForm
from wtforms import FieldList, FormField, SelectField, StringField
from wtforms.form import Form
from wtforms.validators import InputRequired, Length

from evaluation.language import init_language
from evaluation.rules.bands import LABELS
from evaluation.rules.periods import Month, Span
from evaluation.web import presentation as shows
from tests.conftest import CHECKOUT


@pytest.fixture
def pages() -> Flask:
    """The look alone: no database, nobody signed in."""
    app = Flask("look", root_path=str(CHECKOUT), template_folder="templates", static_folder="static")
    app.config.update(SECRET_KEY="look", WTF_CSRF_ENABLED=False, AGENCY_NAME="Ủy ban nhân dân tỉnh Bắc Ninh")
    LoginManager(app).user_loader(lambda _key: None)
    init_language(app, Babel())
    shows.register(app)
    return app


@pytest.fixture
def vietnamese(pages: Flask) -> Iterator[None]:
    with pages.test_request_context("/reports?q=lan&page=2"):
        yield


@pytest.fixture
def english(pages: Flask) -> Iterator[None]:
    with pages.test_request_context("/"):
        session["locale"] = "en"
        yield


@pytest.mark.usefixtures("vietnamese")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("245/3", "81,67"),
        (Fraction(179999, 2000), "90,00"),
        (Decimal("0.005"), "0,01"),
        (Decimal("-0.005"), "-0,01"),
        (0, "0,00"),
        (Decimal("1234.5"), "1.234,50"),
        (None, "–"),
        ("", "–"),
    ],
)
def test_points_have_two_decimals_half_up_and_nothing_is_a_dash(value: object, text: str) -> None:
    assert shows.points(value) == text  # type: ignore[arg-type]


@pytest.mark.usefixtures("vietnamese")
def test_a_float_is_refused_because_it_is_not_exact() -> None:
    with pytest.raises(TypeError, match="not exact"):
        shows.points(89.99)  # type: ignore[arg-type]


@pytest.mark.usefixtures("vietnamese")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("46.500"), "46,5"),
        (12, "12"),
        (100, "100"),
        (1200, "1.200"),
        (Decimal("0.50"), "0,5"),
        (None, "–"),
    ],
)
def test_a_quantity_shows_only_the_decimals_it_has(value: object, text: str) -> None:
    assert shows.quantity(value) == text  # type: ignore[arg-type]


@pytest.mark.usefixtures("vietnamese")
def test_ratios_are_percent() -> None:
    assert [shows.percent(value) for value in (Fraction(989, 1000), 1, Decimal("1.023"), 0, None)] == [
        "98,9%",
        "100%",
        "102,3%",
        "0%",
        "–",
    ]


@pytest.mark.usefixtures("vietnamese")
def test_moments_are_on_the_clocks_of_vietnam() -> None:
    late = datetime(2026, 11, 22, 19, 5, 12, tzinfo=UTC)
    assert shows.moment(late) == "02:05 ngày 23/11/2026"
    assert shows.day(late) == "23/11/2026"
    assert shows.clock_time(late) == "02:05:12"
    assert shows.day(date(2026, 3, 1)) == "01/03/2026"


@pytest.mark.usefixtures("vietnamese")
def test_periods_are_named_as_officials_name_them() -> None:
    assert shows.month(Month(2026, 3)) == shows.month("2026-03") == "tháng 03/2026"
    assert [shows.span(Span.parse(text)) for text in ("2026-Q4", "2026-H1", "2026-H2", "2026")] == [
        "quý IV/2026",
        "6 tháng đầu năm 2026",
        "6 tháng cuối năm 2026",
        "năm 2026",
    ]


@pytest.mark.usefixtures("english")
def test_english_readers_get_english_words_and_marks() -> None:
    assert shows.points(Decimal("1234.5")) == "1,234.50"
    assert shows.quantity(Decimal("46.50")) == "46.5"
    assert shows.span("2026-Q3") == "quarter III/2026"
    assert shows.band("HTXSNV") == "Tasks completed excellently"


@pytest.mark.usefixtures("vietnamese")
def test_every_level_has_its_vietnamese_name_and_none_is_a_state_not_a_zero() -> None:
    assert shows.band("HTXSNV") == "Hoàn thành xuất sắc nhiệm vụ"
    assert all(shows.band(level) != LABELS[level] and shows.short_band(level) for level in LABELS)
    assert shows.band(None) == shows.short_band(None) == "Chưa xếp loại"


@pytest.mark.usefixtures("vietnamese")
def test_a_personal_number_shows_its_last_three_digits_only() -> None:
    assert shows.masked("001099012345") == "•••••••••345"
    assert shows.masked(None) == "–"


@pytest.mark.usefixtures("vietnamese")
def test_lengths_for_drawings_stay_inside_the_picture() -> None:
    assert [shows.share(value) for value in (Decimal("91.4"), 130, -5, None)] == [
        "91.40%",
        "100.00%",
        "0.00%",
        "0%",
    ]


def test_page_numbers_show_the_ends_and_the_neighbours() -> None:
    assert list(shows.page_numbers(5, 26)) == [1, None, 3, 4, 5, 6, 7, None, 26]
    assert list(shows.page_numbers(1, 1)) == [1]


TYPED = {"name": "abcd", "lines-0-quantity": "", "lines-1-quantity": "2"}


class Line(Form):
    quantity = StringField("Quantity", [InputRequired("Dòng cần số lượng.")])


class Sheet(FlaskForm):
    name = StringField("Name", [Length(max=3)])
    kind = SelectField("Kind", choices=["a"])
    lines = FieldList(FormField(Line), min_entries=2)


def test_the_error_summary_links_to_each_cell_of_a_list_of_rows(pages: Flask) -> None:
    with pages.test_request_context("/", method="POST", data=TYPED):
        pages.preprocess_request()
        form = Sheet()
        assert not form.validate_on_submit()
        lines = shows.error_lines(form)
    assert ("lines-0-quantity", "Dòng cần số lượng.") in lines
    assert [target for target, _text in lines if target.startswith("lines")] == ["lines-0-quantity"]
    assert dict(lines)["name"] == "Nội dung không được dài quá 3 ký tự."
    assert dict(lines)["kind"].startswith("Lựa chọn không có trong danh sách")


def test_a_page_with_errors_says_so_in_its_title_and_stays_within_the_safe_headers(pages: Flask) -> None:
    with pages.test_request_context("/"):
        page = render_template_string(
            '{% extends "_layout.html" %}{% block title %}Phiếu{% endblock %}{% block main %}{{ m.error_summary(errors) }}'
            "{{ m.meter('457/5') }}{{ m.sparkline([80, none, 90]) }}{{ m.findings(found) }}{% endblock %}",
            errors=[("done-12", "Dòng 12, cột Chậm: viết số.")],
            found=[{"met": None, "says": "Chưa khai"}, {"met": False, "says": "Thiếu"}],
        )
    assert "<title>Lỗi: Phiếu" in page
    assert '<a href="#done-12">Dòng 12, cột Chậm: viết số.</a>' in page
    assert "ỦY BAN NHÂN DÂN TỈNH BẮC NINH" in page
    assert " style=" not in page
    assert "<script>" not in page
    assert "cần xem xét: " in page
    assert "không đạt: " in page


@pytest.mark.parametrize("code", [400, 403, 404, 409, 413, 429, 500, 503])
def test_every_error_page_says_what_to_do_without_asking_the_database(pages: Flask, code: int) -> None:
    with pages.test_request_context("/"):
        page = render_template_string(f'{{% extends "errors/{code}.html" %}}', request_id="ab12cd34ef56")
    assert "Cách xử lý" in page
    assert "ab12cd34ef56" in page
