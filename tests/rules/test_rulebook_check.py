"""`flask rules check` proves what it says: each thing it promises is broken once and named."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evaluation.cli.rules import commands
from evaluation.rules.rulebook import FOLDER, Shelf, load
from evaluation.rules.rulebook_check import examine, readers_of, subjects, unread_declarations

DECREE = FOLDER / "decree-335-2025.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "rulebooks"
    shutil.copytree(FOLDER, copy)
    return copy


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def check(*arguments: Path) -> Any:
    return CliRunner().invoke(commands, ["check", *map(str, arguments)])


def test_everything_that_a_method_declares_is_read_by_some_source() -> None:
    assert unread_declarations() == []


def test_the_rulebooks_of_the_program_have_no_fault() -> None:
    result = check()
    assert "FAULT" not in result.output
    assert result.exit_code == 0
    assert result.output.endswith("one for any kind of person and any day of 2012 to 2030; 0 faults\n")


def test_open_answers_and_unverified_files_are_named(folder: Path) -> None:
    output = check(folder).output
    assert "not signed: quota_base = LITERAL, our default (Điều 20.5 NĐ 335/2025)" in output
    assert "  span_score = MEAN_OF_MONTHS, signed: " in output
    assert "  not verified: " in output.split("decree-90-2020.yaml: ")[1]


def test_a_number_that_no_source_reads_is_a_fault(tmp_path: Path) -> None:
    source = tmp_path / "rules.py"
    source.write_text(
        '"""Speaks of finding_deduction."""\nbook.number("general_max", day)\nf"award_{award}"\n'
    )
    found = readers_of([source])
    faults = examine(load(DECREE), found).faults
    assert "no rule reads the number finding_deduction" in faults
    assert "no rule reads the number general_max" not in faults
    assert found.reads("award_LDTT")
    assert not found.reads("title_share")


def test_an_answer_that_is_not_the_default_must_be_signed(folder: Path) -> None:
    decree = folder / "decree-335-2025.yaml"
    edit(decree, "values: { 2026-01-01: LITERAL }", "values: { 2026-01-01: LITERAL, 2026-09-01: STATIC }")
    result = check(folder)
    assert result.exit_code == 1
    assert (
        "FAULT: quota_base is answered STATIC, which is not the default LITERAL, and nobody signed"
        in result.output
    )
    text = decree.read_text(encoding="utf-8")
    before, after = text.split("LITERAL, 2026-09-01: STATIC")
    at = before.rindex("decided_by: null")
    decree.write_text(
        before[:at]
        + "decided_by: Giám đốc Sở Nội vụ, Công văn 12/SNV, 28/08/2026"
        + before[at + len("decided_by: null") :]
        + "LITERAL, 2026-09-01: STATIC"
        + after,
        encoding="utf-8",
    )
    assert "quota_base = STATIC, signed: Giám đốc Sở Nội vụ" in check(folder).output


def test_a_value_that_ends_while_the_decree_is_in_force_is_a_fault(folder: Path) -> None:
    edit(folder / "decree-335-2025.yaml", "{ 2026-01-01: 0.25 }", "{ 2026-01-01: 0.25, 2027-01-01: null }")
    result = check(folder)
    assert "FAULT: finding_deduction has no value from 01/01/2027 on" in result.output
    assert result.exit_code == 1


def test_a_kind_of_person_without_a_rulebook_is_a_fault_that_names_the_days(folder: Path) -> None:
    (folder / "law-2008.yaml").unlink()
    result = check(folder)
    assert result.exit_code == 1
    assert "FAULT: VIEN_CHUC has 0 rulebooks on 01/01/2012–31/07/2015" in result.output


def test_each_change_of_law_is_walked() -> None:
    lines, faults = subjects(Shelf([DECREE]), date(2025, 12, 31), date(2026, 1, 2))
    assert "CONG_CHUC: nothing 31/12/2025–31/12/2025; decree-335-2025 01/01/2026–02/01/2026" in lines
    assert "CONG_CHUC has 0 rulebooks on 31/12/2025–31/12/2025; name this kind under" in faults[0]


def test_a_hole_between_two_decrees_does_not_load_and_names_file_line_and_days(folder: Path) -> None:
    edit(
        folder / "decree-90-2020.yaml",
        "to: 2026-01-01, article: Điều 8 đến 11",
        "to: 2025-12-01, article: Điều 8 đến 11",
    )
    result = check(folder)
    assert result.exit_code == 1
    assert "decree-335-2025.yaml, line " in result.output
    assert (
        "a hole. From 01/12/2025 no rulebook applies to CONG_CHUC: decree-90-2020.yaml has ended"
        in result.output
    )
    assert "decree-335-2025.yaml begins on 01/01/2026." in result.output


def test_an_overlap_of_two_decrees_does_not_load_and_names_file_line_and_day(folder: Path) -> None:
    edit(
        folder / "decree-90-2020.yaml",
        "to: 2026-01-01, article: Điều 8 đến 11",
        "to: 2026-02-01, article: Điều 8 đến 11",
    )
    result = check(folder)
    assert result.exit_code == 1
    assert "decree-335-2025.yaml, line " in result.output
    assert (
        "decree-90-2020.yaml and decree-335-2025.yaml both apply on 01/01/2026 to CONG_CHUC." in result.output
    )


def test_the_catalogue_of_the_national_database_is_checked_and_said_to_be_unverified(folder: Path) -> None:
    said = check().output
    assert "national/results-2026.yaml: 4 results" in said
    assert "not verified: Danh mục kết quả đánh giá, xếp loại" in said
    catalogue = folder / "national" / "results-2026.yaml"
    edit(catalogue, "code: KHTNV", "code: HTNV")
    result = check(folder)
    assert result.exit_code == 1
    assert "FAULT: results-2026.yaml" in result.output


def test_two_catalogues_for_one_day_are_a_fault(folder: Path) -> None:
    first = folder / "national" / "results-2026.yaml"
    shutil.copy(first, folder / "national" / "results-2027.yaml")
    result = check(folder)
    assert result.exit_code == 1
    assert "more than one catalogue is in force on 01/01/2026" in result.output
