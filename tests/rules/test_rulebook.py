"""Rulebooks load whole or not at all, and every refusal is one sentence naming file, line and day."""

import hashlib
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import FOLDER, RulebookError, Shelf, default_shelf, load

DECREE = FOLDER / "decree-335-2025.yaml"
DAY = date(2026, 3, 1)


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = DECREE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = tmp_path / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    values: { 2026-01-01: 70 }", "    values: { 2026-02-01: 70 }", "no value on 01/01/2026"),
        ("    values: { 2026-01-01: 70 }", "    values: { 2026-01-01: seventy }", "seventy is not a number"),
        ("    values: { 2026-01-01: 70 }", "    values: { 2026-01-01: 70, 2026-01-01: 71 }", "written twice"),
        ("{ 2026-01-01: 70 }", "{ 2026-01-01: 70, 2025-06-01: 71 }", "01/06/2025 stands after a later day"),
        (
            "{ 2026-01-01: 70 }",
            "{ 2026-01-01: 70, 2026-05-01: null, 2026-06-01: 71 }",
            "hole before 01/06/2026",
        ),
        ("    article: Điều 12.3, 17.1 NĐ 335/2025\n", "", "task_results_max has no article"),
        ("method: points_of_converted_products", "method: points", "no method called points"),
        ("at_least: 70", "at_least: 95", "the bands overlap"),
        ("at_least: 0 }", "at_least: 10 }", "leave a hole"),
        ("band: HTNV", "band: TOT", "TOT is not a level"),
        ("            max: 5\n", "            max: 4\n", "do not add up to its points: 1 is missing"),
        (
            "values: { 2026-01-01: 30 }",
            "values: { 2026-01-01: 31 }",
            "do not add up to general_max: 1 is missing",
        ),
        ("      PER_LINE:", "      PER_PAGE:", "does not know PER_PAGE for deduction"),
        (
            "values: { 2026-01-01: EACH_100 }",
            "values: { 2026-01-01: EACH_90 }",
            "EACH_90 is not one of the options",
        ),
        (
            "effective: { from: 2026-01-01, to: null }",
            "effective: { from: 2026-01-01, to: 2025-01-01 }",
            "before it begins",
        ),
        ("  excellent_share:\n", "  excelent_share:\n", "the method needs excellent_share"),
        ("parameters:\n", "parametres: 1\nparameters:\n", "parametres is not a part of a rulebook"),
        ("issued: 2025-12-21", "issued: 2025-12-32", "must be a day"),
        (
            "    values: { 2026-01-01: 70 }",
            "    value: 7\n    values: { 2026-01-01: 70 }",
            "value is not known here; write ",
        ),
        (
            "parameters:\n",
            "parameters:\n  bonus: { says: a, article: b, values: { 2026-01-01: 1 } }\n",
            "no rule reads the number bonus",
        ),
        ("    decided_by: null\n", "    decided: null\n", "decided is not known here; write "),
        (
            "      - { band: HTXSNV, at_least: 90 }",
            "      - { band: HTXSNV, at_least: 90, most: 100 }",
            "most is not known here",
        ),
        (
            "            max: 5\n",
            "            max: 5\n            step: 1\n",
            "step is not known here; write code",
        ),
        ("grounds:\n", "grounds:\n  fortune: Điều 1\n", "no rule cites the ground fortune"),
        ("  CONG_CHUC: { article: Điều 2.2 NĐ 335/2025 }", "  CONG_CHUC: {}", "must hold `key: value` lines"),
        (
            "  CONG_CHUC: { article: Điều 2.2 NĐ 335/2025 }",
            "  CONG_CHUC: { from: 2026-02-01 }",
            "CONG_CHUC has no article",
        ),
        ("  CONG_CHUC: {", "  CONG_CHUCC: {", "CONG_CHUCC is not a kind of person; write one of CONG_CHUC"),
        ("  CONG_CHUC: {", "  CONG_CHUC: { from: 2025-12-01,", "CONG_CHUC reaches beyond the days"),
        (
            "  CONG_CHUC: {",
            "  CONG_CHUC: { to: 2026-01-01,",
            "CONG_CHUC ends on 01/01/2026, before it begins",
        ),
        ("method: points_of", "verified: perhaps\nmethod: points_of", "verified must be true or false"),
        ("method: points_of", "verified: false\nmethod: points_of", "says under `note:` what was not read"),
    ],
)
def test_a_broken_rulebook_does_not_load_and_says_where(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(RulebookError) as refusal:
        load(changed(tmp_path, (old, new)))
    assert says in str(refusal.value)
    assert str(refusal.value).startswith("changed.yaml, line ")


WEIGHTS = FOLDER / "decree-233-2026.yaml"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "quantity: 1, quality: 1, progress: 1,",
            "quantity: 0, quality: 0, progress: 0,",
            "not all of them nothing",
        ),
        (
            "quantity: 1, quality: 1, progress: 1,",
            "quantity: -1, quality: 1, progress: 1,",
            "weights cannot be negative",
        ),
        ("- { quantity: 1,", "- { unit: H15.01, quantity: 1,", "must say the weights of everybody else"),
        ("unit: H15.99, quantity", "quantity", "None already stands on line"),
    ],
)
def test_weights_that_decide_nothing_do_not_load(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = WEIGHTS.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RulebookError, match=says):
        load(path)


def test_a_unit_with_weights_of_its_own_is_a_rulebook_of_its_own_name_and_fingerprint() -> None:
    book = load(WEIGHTS)
    own = book.for_unit("H15.99")
    assert (own.name, book.for_unit("H15.98")) == ("decree-233-2026@H15.99", book)
    assert own.fingerprint != book.fingerprint
    assert default_shelf().named(own.name).fingerprint == own.fingerprint
    day = date(2026, 7, 1)
    row, everybody = own.weights(day), book.weights(day)
    assert row is not None
    assert everybody is not None
    assert [row.number(part) for part in ("quantity", "quality", "progress")] == [20, 32, 18]
    assert [everybody.number(part) for part in ("quantity", "quality", "progress")] == [1, 1, 1]


CONDITIONS = FOLDER / "decree-90-2020.yaml"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("fact: qualities_good,", "fact: kindness,", "fact cannot be kindness; it can be ahead_of_time"),
        ("test: AT_LEAST, number: 1,", "test: AT_LEAST,", "the row has no number"),
        ("number: 1,", "number: one,", "number must be a number such as 70 or 0.25, not one"),
        ("number: 1,", "number: 1, weight: 2,", "weight is not a column of this table"),
        ("  levels:\n", "  level:\n", "no rule reads a table level in conditions"),
        ("- { band: HTTNV, says:", "- { band: HTXSNV, says:", "HTXSNV, None already stands on line"),
        ("    article: Điều 8, 9, 10, 11 NĐ 90/2020\n", "", "conditions.rows has no article"),
    ],
)
def test_a_broken_table_does_not_load_and_says_where(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = CONDITIONS.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RulebookError) as refusal:
        load(path)
    assert says in str(refusal.value)
    assert str(refusal.value).startswith("changed.yaml, line ")


def test_a_chapter_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    text = CONDITIONS.read_text(encoding="utf-8")
    path = tmp_path / "changed.yaml"
    path.write_text(text[: text.index("  rows:")], encoding="utf-8")
    with pytest.raises(
        RulebookError, match="the chapter conditions is written whole or not at all; it lacks rows"
    ):
        load(path)
    path.write_text(text[: text.index("conditions:")], encoding="utf-8")
    with pytest.raises(RulebookError, match="the method needs conditions"):
        load(path)


def test_the_refusal_names_the_line_of_the_mistake(tmp_path: Path) -> None:
    path = changed(tmp_path, ("at_least: 70", "at_least: 95"))
    line = next(
        at for at, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "95" in text
    )
    with pytest.raises(RulebookError, match=f"line {line}: "):
        load(path)


def test_two_rulebooks_on_one_day_are_refused(tmp_path: Path) -> None:
    other = changed(tmp_path, ("rulebook: decree-335-2025", "rulebook: other"))
    with pytest.raises(RulebookError, match="both apply on 01/01/2026"):
        Shelf([DECREE, other])


def test_a_day_before_the_decree_gets_a_sentence_for_a_lawyer() -> None:
    book = load(DECREE)
    with pytest.raises(RulebookError) as refusal:
        book.number("finding_deduction", date(2025, 12, 31))
    assert str(refusal.value) == (
        "finding_deduction has no value on 31/12/2025; first value: 01/01/2026."
        " Check its `values:` in decree-335-2025.yaml."
    )


def test_a_number_that_changes_is_asked_by_its_day(tmp_path: Path) -> None:
    book = load(changed(tmp_path, ("{ 2026-01-01: 0.25 }", "{ 2026-01-01: 0.25, 2026-07-01: 0.1 }")))
    assert book.number("finding_deduction", date(2026, 6, 30)) == Fraction(1, 4)
    assert book.number("finding_deduction", date(2026, 7, 1)) == Fraction(1, 10)


def test_the_fingerprint_is_the_hash_of_the_bytes_and_an_override_has_its_own() -> None:
    book = load(DECREE)
    assert book.fingerprint == hashlib.sha256(DECREE.read_bytes()).hexdigest()
    other = book.with_choices({"ratio_cap": "TOTAL_70"})
    assert other.choice("ratio_cap", DAY) == "TOTAL_70"
    assert book.choice("ratio_cap", DAY) == "EACH_100"
    assert other.fingerprint != book.fingerprint
    assert book.with_choices({}).fingerprint == book.fingerprint


def test_an_unknown_choice_or_answer_is_refused() -> None:
    book = load(DECREE)
    with pytest.raises(RulebookError, match="holds no choice called cap"):
        book.with_choices({"cap": "EACH_100"})
    with pytest.raises(RulebookError, match="ratio_cap cannot be EACH_90; it can be EACH_100, TOTAL_70"):
        book.with_choices({"ratio_cap": "EACH_90"})


def test_the_general_criteria_are_the_ten_rows_of_the_form() -> None:
    rows = load(DECREE).general_criteria(DAY)
    assert [row.max_points for row in rows] == [5, 5, *[Fraction(5, 2)] * 8]
    assert [row.group for row in rows] == ["G1"] * 2 + ["G2"] * 4 + ["G3"] * 4
    assert sum(row.max_points for row in rows) == 30


@given(st.sampled_from(list(PersonKind)), st.dates(date(2012, 1, 1), date(2030, 12, 31)))
def test_any_kind_of_person_has_exactly_one_rulebook_on_any_day(kind: PersonKind, day: date) -> None:
    found = [book for book in default_shelf().books if book.family == "evaluation" and book.covers(day, kind)]
    assert found == [default_shelf().for_subject(kind, day)]


@pytest.mark.parametrize(
    ("kind", "day", "name"),
    [
        ("CONG_CHUC", date(2015, 7, 31), "law-2008"),
        ("CONG_CHUC", date(2016, 10, 1), "decree-56-2015"),
        ("CONG_CHUC", date(2025, 12, 31), "decree-90-2020"),
        ("CONG_CHUC", date(2026, 1, 1), "decree-335-2025"),
        ("VIEN_CHUC", date(2026, 6, 30), "decree-90-2020"),
        ("VIEN_CHUC", date(2026, 7, 1), "decree-233-2026"),
        ("CAN_BO", date(2026, 7, 1), "decree-90-2020"),
        ("HOP_DONG", date(2026, 7, 1), "decree-335-2025"),
    ],
)
def test_the_kind_of_person_and_the_day_choose_the_rulebook(kind: str, day: date, name: str) -> None:
    assert default_shelf().for_subject(PersonKind(kind), day).name == name


def test_a_day_without_a_rulebook_gets_a_sentence() -> None:
    with pytest.raises(RulebookError, match="No rulebook for evaluation covers 31/12/2011"):
        default_shelf().for_day("evaluation", date(2011, 12, 31))
    with pytest.raises(RulebookError, match="No rulebook covers VIEN_CHUC on 31/12/2011"):
        default_shelf().for_subject(PersonKind.VIEN_CHUC, date(2011, 12, 31))


def test_a_month_under_a_decree_of_conditions_has_no_points_and_says_so() -> None:
    with pytest.raises(RulebookError, match="On 01/12/2025 CONG_CHUC stands under Nghị định 90/2020"):
        default_shelf().for_month(PersonKind.CONG_CHUC, date(2025, 12, 1))


@given(st.integers(0, 400))
def test_every_number_and_choice_of_a_rulebook_in_force_has_a_value_and_an_article(days: int) -> None:
    for book in default_shelf().books:
        day = book.effective[0] + timedelta(days=days)
        for key in book.numbers:
            book.number(key, day)
            assert book.article(key)
        for key in book.choices:
            assert book.choice(key, day) in book.choices[key].options
            assert book.article(key)


def test_the_pack_is_chosen_by_the_day_the_dossier_was_received() -> None:
    shelf = default_shelf()
    assert shelf.for_day("commendation", date(2026, 9, 30)).name == "commendation-2022"
    assert shelf.for_day("commendation", date(2026, 10, 1)).name == "commendation-2026"
