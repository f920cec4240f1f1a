"""The table of what blocks a closing: every kind has its line, blocks first, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.closing import RULES, Keeper, Line, Open, lines, may_close

NEVER_BLOCK = {Open.LEFT_SERVICE, Open.EXTENDED, Open.IMPORT}


def test_every_kind_has_a_rule_and_somebody_who_must_act() -> None:
    assert set(RULES) == set(Open)
    assert {rule.keeper for rule in RULES.values()} == set(Keeper)


@pytest.mark.parametrize("kind", Open)
def test_what_blocks_and_what_only_warns(kind: Open) -> None:
    found = lines({kind: (1, 1)})
    assert [line.kind for line in found] == [kind]
    assert may_close(found) == (kind in NEVER_BLOCK)


def test_nothing_open_may_be_closed() -> None:
    assert lines({}) == []
    assert lines({Open.NOT_SCORED: (0, 0)}) == []
    assert may_close([])


@given(st.dictionaries(st.sampled_from(Open), st.tuples(st.integers(0, 9), st.integers(0, 3))))
def test_what_blocks_stands_first_and_nothing_is_lost(counts: dict[Open, tuple[int, int]]) -> None:
    found = lines(counts)
    assert [line.blocks for line in found] == sorted((line.blocks for line in found), reverse=True)
    assert {line.kind: (line.count, line.units) for line in found} == {
        kind: pair for kind, pair in counts.items() if pair[0]
    }


def test_a_line_knows_whose_it_is() -> None:
    assert Line(Open.NOT_SCORED, 3, 2).keeper is Keeper.SUPERVISOR
    assert Line(Open.NOT_SCORED, 3, 2).blocks
