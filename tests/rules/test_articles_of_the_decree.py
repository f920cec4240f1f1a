"""The table of the rulebooks' README: every article has a place, and every place exists."""

import re
from pathlib import Path

import pytest
from flask import Flask

from evaluation.rules.rulebook import FOLDER, default_shelf

CHECKOUT = FOLDER.parent.parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in README.split("## Nghị định 335/2025")[1].split("## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| Điều |")
]
NAMES = re.findall(r"`([^`]+)`", " ".join(row[2] for row in ROWS))


def test_all_29_articles_and_both_appendices_have_a_row_and_none_is_blank() -> None:
    named = {int(found) for row in ROWS for found in re.findall(r"^(\d+)", row[0])}
    assert named == set(range(1, 30))
    assert {row[0] for row in ROWS} >= {"Phụ lục I", "Phụ lục II, Mẫu số 01", "Phụ lục II, Mẫu số 02"}
    assert all(len(row) == 3 and all(row) for row in ROWS)


@pytest.mark.parametrize(
    "path", sorted({name for name in NAMES if re.match(r"(evaluation|tests|templates)/", name)})
)
def test_a_file_that_the_table_names_exists(path: str) -> None:
    assert Path(CHECKOUT / path).exists()


def test_a_page_and_a_command_that_the_table_names_exist(app: Flask) -> None:
    pages = {rule.rule for rule in app.url_map.iter_rules()}
    for name in NAMES:
        if name.startswith("/"):
            beginning = name.partition("…")[0]
            assert any(page.startswith(beginning) for page in pages), name
        if name.startswith("flask "):
            _flask, group, command = name.split()[:3]
            assert command.rstrip("…") in app.cli.commands[group].commands, name


def test_a_table_of_the_law_that_the_readme_names_stands_in_the_file() -> None:
    book = default_shelf().named("decree-335-2025")
    dotted = {name for name in NAMES if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}
    assert dotted <= set(book.tables)


def test_every_rulebook_is_in_the_list_at_the_top() -> None:
    for book in default_shelf().books:
        assert f"`{book.file}`" in README, book.file
