"""What the static checks look at, and that they see what they should."""

import ast

import pytest

from tests.abuse import sql_texts, static
from tests.abuse.__main__ import PARTS, main


def test_bandit_finds_nothing_from_medium_on_that_is_not_explained() -> None:
    assert static.bandit().faults == []


def test_every_explained_statement_still_needs_its_explanation() -> None:
    needed = set()
    for file, name in sql_texts.SAFE:
        tree = ast.parse((sql_texts.CHECKOUT / file).read_text())
        functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == name]
        needed |= {(file, name) for one in functions if sql_texts.suspicious(one)}
    assert set(sql_texts.SAFE) - needed == set()


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ('return run(f"select * from person where name = {name!r}")', True),
        ('order = name.upper()\n    return run(f"select id from unit order by {order} where true")', True),
        ('return run("select * from person where name = :name", name=name)', False),
        ('return run(f"select {COLUMNS} from person where name = :name", name=name)', False),
        ('return f"the file {name} was taken from the table"', False),
    ],
)
def test_words_that_somebody_typed_are_followed_into_a_statement(body: str, seen: bool) -> None:
    function = ast.parse(f"def ask(name: str) -> str:\n    {body}\n").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert bool(sql_texts.suspicious(function)) is seen


def test_an_unknown_part_of_make_abuse_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "choose one of " + ", ".join(PARTS) in capsys.readouterr().err
