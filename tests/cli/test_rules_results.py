"""`flask rules explain`, `impact`, `verify`: results as text, those of another text of the law, all of them worked out again."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from evaluation.extensions import db
from evaluation.models import PersonSpan, ScoreSheet, Stage, YearGrade
from evaluation.rules.periods import Month
from evaluation.services import grade_proposals, rollups
from tests import factories
from tests.services.test_grades import year_of
from tests.services.test_rollups import led_office

TODAY = date(2026, 12, 5)


@pytest.fixture
def place(runner: Any, clock: Any) -> Any:
    """March of an office scored in full, rolled up, and the classes of the year proposed."""
    clock(TODAY)
    office, office.sheets = led_office()[0], {}
    rollups.run_month_now(Month(2026, 3))
    grade_proposals.propose(office.department.id, 2026)
    db.session.commit()
    office.runner = runner
    return office


def said(place: Any, *words: str) -> tuple[int, str]:
    done = place.runner.invoke(args=["rules", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_month_is_explained_from_the_lines_to_the_level(place: Any) -> None:
    code, output = said(place, "explain", place.lan.official_number, "2026-03")
    sheet = db.session.scalars(
        select(ScoreSheet).where(
            ScoreSheet.stage == Stage.FINAL, ScoreSheet.report.has(person_id=place.lan.id)
        )
    ).one()
    assert code == 0
    assert "Nguyễn Thị Lan" in output
    assert f"({sheet.exact_total}) / 100" in output
    for symbol in ("D =", "Na =", "Nb =", "Nc =", "a =", "b =", "c =", "Σ ="):
        assert symbol in output, symbol
    assert "Điều 14" in output
    assert sheet.fingerprint[:12] in output


def test_a_quarter_and_a_year_are_explained_by_their_months(place: Any) -> None:
    code, output = said(place, "explain", place.lan.official_number, "2026-Q1")
    mean = db.session.scalars(
        select(PersonSpan.exact_mean).where(PersonSpan.person_id == place.lan.id)
    ).first()
    assert code == 0
    assert f"({mean}) / 100" in output
    code, output = said(place, "explain", place.lan.official_number, "2026")
    assert code == 0
    assert "1 < 6" in output, "one month is too short a year"


@pytest.mark.parametrize(
    ("person", "period", "says"),
    [
        (None, "2026-13", "Write 2026-03, 2026-Q1"),
        (None, "rubbish", "Write 2026-03, 2026-Q1"),
        (None, "2025-01", "has no score of 2025-01"),
        ("nobody", "2026-03", "There is no official with number nobody"),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(
    place: Any, person: str | None, period: str, says: str
) -> None:
    code, output = said(place, "explain", person or place.lan.official_number, period)
    assert code != 0
    assert says in output


def test_everything_is_worked_out_again_and_nothing_differs(place: Any) -> None:
    code, output = said(place, "verify")
    sheets, grades = (db.session.query(table).count() for table in (ScoreSheet, YearGrade))
    assert sheets >= 4
    assert grades >= 3
    assert (code, f"{sheets} scores and {grades} classes worked out again" in output) == (0, True), output
    assert ", 0 differ" in output
    assert said(place, "verify", "--month", "2026-04")[1].startswith("0 scores and 0 classes")
    assert said(place, "verify", "--month", "04/2026")[0] == 2


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("update score_sheet set exact_total = '99', total = 99 where id = :id", "exact_total"),
        ("update score_sheet set quality = 1 where id = :id", "quality"),
        ("update score_sheet set steps = '[]' where id = :id", "steps"),
        (
            "update score_sheet set inputs = jsonb_set(inputs, '{general,G1.1}', '\"1\"') where id = :id",
            "general",
        ),
    ],
)
def test_a_figure_changed_behind_the_programs_back_is_found_and_named(
    place: Any, change: str, names: str
) -> None:
    wrong = db.session.scalars(select(ScoreSheet.id).where(ScoreSheet.exact_total.is_not(None))).first()
    db.session.execute(text(change), {"id": wrong})
    db.session.commit()
    code, output = said(place, "verify")
    assert code == 1
    assert f"score {wrong} " in output
    assert f": {names} was " in output
    assert ", 1 differ" in output


def test_a_class_changed_behind_the_programs_back_is_found(place: Any) -> None:
    grade_id = db.session.scalars(select(YearGrade.id)).first()
    db.session.execute(text("update year_grade set months_counted = 9 where id = :id"), {"id": grade_id})
    db.session.commit()
    code, output = said(place, "verify")
    assert code == 1
    assert f"class {grade_id} " in output


def test_results_of_another_text_are_named_and_not_worked_out_by_the_new_one(place: Any) -> None:
    sheets = db.session.query(ScoreSheet).count()
    db.session.execute(text("update score_sheet set fingerprint = repeat('a', 64)"))
    db.session.execute(text("update year_grade set fingerprint = repeat('b', 64)"))
    db.session.commit()
    code, output = said(place, "verify")
    assert code == 0
    assert "0 scores and 0 classes worked out again" in output
    assert f"not worked out again: {sheets} results by decree-335-2025, sha256 aaaaaaaaaaaa" in output
    code, output = said(place, "impact", "decree-335-2025")
    assert code == 0
    assert f"2026-03  Sở Nội vụ: {sheets} scores" in output
    assert "classes of the year" in output
    assert "sha256 aaaaaaaaaaaa" in output
    assert place.lan.official_number in output


def test_impact_names_twenty_and_all_on_demand(place: Any) -> None:
    for number in range(25):
        who = factories.person(f"Người {number}")
        factories.assignment(who, place.division)
        report = factories.report(
            who.assignments[0],
            supervising=place.division,
            confirming=place.department,
            agency=place.department,
        )
        sheet = ScoreSheet(
            report_id=report.id, stage=Stage.OWN, status="INSUFFICIENT_DATA", steps=[], inputs={},
            rulebook="decree-335-2025", fingerprint="c" * 64, decided_by=who.id,
        )  # fmt: skip
        db.session.add(sheet)
    db.session.commit()
    assert "… and 5 more; --all names them" in said(place, "impact", "decree-335-2025")[1]
    assert "more; --all" not in said(place, "impact", "decree-335-2025", "--all")[1]
    assert "There is no rulebook called none" in said(place, "impact", "none")[1]


def test_a_score_without_a_snapshot_is_counted_and_said(place: Any) -> None:
    db.session.execute(text("update score_sheet set inputs = '{}'"))
    db.session.commit()
    code, output = said(place, "verify")
    assert code == 0
    assert "rows of score_sheet hold no snapshot" in output


def test_classes_with_and_without_a_place_are_worked_out_again(runner: Any, clock: Any) -> None:
    clock(TODAY)
    place = factories.office()
    place.runner = runner
    for number in range(8):
        who = factories.person(f"Người {number}")
        factories.assignment(who, place.division, job=place.job)
        year_of(place, who, "95" if number < 3 else "80")
    grade_proposals.propose(place.department.id, 2026)
    db.session.commit()
    assert db.session.query(YearGrade).filter_by(over_quota=True).count() == 3, "three tie on one place"
    code, output = said(place, "verify")
    assert (code, "8 classes worked out again" in output, ", 0 differ" in output) == (0, True, True), output
