"""The runner never skips: what it cannot read is a failure that says what."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evaluation.cli.rules import commands
from evaluation.rules import exact_yaml
from evaluation.rules.golden import try_case, try_file
from evaluation.rules.rulebook import default_shelf

PERFECT = """
id: A
kind: period_score
article: Điều 14
story: all done
period: 2026-03
general: 30
work: [{ assigned: 1, done: 1 }]
expect: { total: 100 }
"""
LISTED = """
id: B
kind: eligibility
award: LDTT
year: 2026
as_of: 2026-12-20
received: 2026-12-05
person: { rating: { 2026: HTTNV } }
unit: { par: { 2026: COMPLETED } }
expect: { status: ELIGIBLE }
"""


def failures(text: str, *changes: tuple[str, str]) -> tuple[str, ...]:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return try_case(exact_yaml.read(text).data, default_shelf()).failures


def test_the_untouched_cases_pass() -> None:
    assert failures(PERFECT) == ()
    assert failures(LISTED) == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: period_score", "kind: quarter_score", "'quarter_score' is unknown"),
        ("general: 30", "general: 30\ngenerl: 3", "unknown key 'generl'"),
        ("done: 1 }", "done: 1, dealys: 1 }", "unknown key 'dealys'"),
        ("done: 1 }", "done: 1, delays: 1/2 }", "delays: '1/2' is not a whole number"),
        ("done: 1 }", "done: one }", "'one' is not an integer, a finite decimal or a fraction"),
        ("done: 1 }", "done: .nan }", "'.nan' is not"),
        ("done: 1 }", "done: 1/0 }", "'1/0' is not"),
        ("done: 1 }", "done: -1 }", "cannot be negative"),
        ("done: 1 }", "done: 1, kind: LENT }", "'LENT' is not one of PLANNED"),
        ("general: 30", "general: 30.01", "between 0 and 30"),
        ("period: 2026-03", "period: 2026-13", "not a month"),
        ("period: 2026-03", "period: 2025-12", "On 01/12/2025 CONG_CHUC stands under Nghị định 90/2020"),
        ("general: 30", "general: 30\nsettings: { ratio_cap: EACH_90 }", "ratio_cap cannot be EACH_90"),
        ("general: 30", "general: 30\nsettings: { quota_base: STATIC }", "unknown key 'quota_base'"),
        (
            "general: 30",
            "general: 30\nleader: { unit_result: 75, organising: 100, cohesion: 100 }",
            "100 or 50 percent",
        ),
        ("{ total: 100 }", "{ totl: 100 }", "unknown key 'totl'"),
        ("{ total: 100 }", "{}", "expect names no field"),
        ("work: [{ assigned: 1, done: 1 }]", "", "either work or ratios"),
        ("{ total: 100 }", "{ total: 99.99 }", "total: expected 99.99, got 100"),
        ("{ total: 100 }", "{ status: INSUFFICIENT_DATA }", "status: expected INSUFFICIENT_DATA, got SCORED"),
    ],
)
def test_a_period_case_with_one_thing_wrong_says_which(old: str, new: str, says: str) -> None:
    (failure,) = failures(PERFECT, (old, new))
    assert says in failure.replace("9999/100", "99.99")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("award: LDTT", "award: LDXX", "'LDXX' is not one of LDTT, CSTDCS"),
        ("award: LDTT", "award: TTLDXS", "person: this title is given to a collective"),
        ("person: { rating: { 2026: HTTNV } }\n", "", "person is missing"),
        ("HTTNV }", "TOT }", "'TOT' is not one of"),
        ("as_of: 2026-12-20", "as_of: 20/12/2026", "'20/12/2026' is not a day"),
        ("person: {", "person: { salary: 1, ", "unknown key 'salary'"),
        ("year: 2026", "year: two", "year: 'two' is not"),
    ],
)
def test_an_eligibility_case_with_one_thing_wrong_says_which(old: str, new: str, says: str) -> None:
    (failure,) = failures(LISTED, (old, new))
    assert says in failure


@pytest.mark.parametrize(
    "text", ["", "law: x", "law: x\ncases: []", "law: x\nlaw: y\ncases: []", "law: x\ncases: [a", "- a\n- b"]
)
def test_a_file_that_is_not_a_case_file_is_one_failure_under_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    (outcome,) = try_file(path, default_shelf())
    assert not outcome.passed
    assert outcome.case == "broken.yaml"


def test_an_unknown_key_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        "law: x\nreviewer: Lan\ncases:\n- " + PERFECT.strip().replace("\n", "\n  "), encoding="utf-8"
    )
    (outcome,) = try_file(path, default_shelf())
    assert outcome.failures == ("cases.yaml has the unknown key 'reviewer'",)


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("H-90-excellent", "qualities_good", "kindness", "facts has the unknown key 'kindness'"),
        ("H-90-excellent", "day", "dya", "unknown key 'dya'"),
        ("H-DN-edge", "SELF", "NEIGHBOUR", "ballots has the unknown key 'NEIGHBOUR'"),
        ("H-DN-edge", "HEAD", "SUBORDINATE", "SUBORDINATE has no say about this person"),
    ],
)
def test_a_case_of_the_past_with_one_thing_wrong_says_which(name: str, old: str, new: str, says: str) -> None:
    path = Path(__file__).resolve().parent.parent / "golden" / "history.yaml"
    cases = exact_yaml.read(path.read_text(encoding="utf-8")).data["cases"]
    case = next(case for case in cases if case["id"] == name)
    for place in (case, case.get("facts"), case.get("ballots")):
        if place and old in place:
            place[new] = place.pop(old)
    (failure,) = try_case(case, default_shelf()).failures
    assert says in failure


def run(*files: Path) -> Any:
    return CliRunner().invoke(commands, ["try", *map(str, files)])


def test_the_command_prints_a_line_a_failing_case_then_the_counts(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    indented = PERFECT.strip().replace("\n", "\n  ")
    wrong = indented.replace("id: A", "id: W").replace("total: 100", "total: 1199/12, band: HTTNV")
    path.write_text(f"law: x\ncases:\n- {indented}\n- {wrong}\n", encoding="utf-8")
    result = run(path)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "W: total: expected 1199/12, got 100",
        "W: band: expected HTTNV, got HTXSNV",
        "1 passed, 1 failed",
    ]


def test_the_command_ends_well_when_all_pass_and_names_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("law: x\ncases:\n- " + PERFECT.strip().replace("\n", "\n  "), encoding="utf-8")
    good = run(path)
    assert (good.exit_code, good.output) == (0, "1 passed, 0 failed\n")
    missing = run(path, tmp_path / "no.yaml")
    assert missing.exit_code == 1
    assert "no.yaml: cannot be read" in missing.output
    assert missing.output.endswith("1 passed, 1 failed\n")


def test_check_reads_every_rulebook_and_names_unsigned_choices() -> None:
    result = CliRunner().invoke(commands, ["check"])
    assert result.exit_code == 0
    assert "decree-335-2025.yaml: " in result.output
    assert "not signed: quota_base = LITERAL" in result.output
