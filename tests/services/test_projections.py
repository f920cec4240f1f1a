"""The projected score, and what each line costs, worked out by judging again without its findings."""

from datetime import date
from fractions import Fraction

import pytest

from evaluation.models import Stage
from evaluation.rules.scoring import ScoreStatus, WorkKind
from evaluation.services import projections, reports, scores
from tests import factories

IN_MARCH = date(2026, 3, 30)


@pytest.fixture
def place(database, clock):
    """Lan's empty March."""
    clock(IN_MARCH)
    made = factories.office()
    made.report = factories.report(
        made.lan.assignments[0], supervising=made.division, confirming=made.department, agency=made.department
    )
    factories.criteria(made.report, "23.75")
    return made


def test_untouched_lines_count_as_done_in_full_and_cost_nothing(place) -> None:
    factories.item(place.report, assigned="4", coefficient="2.5")
    factories.item(place.report, assigned="2", kind=WorkKind.RECEIVED)
    projection = projections.of_report(place.report)
    assert projection.score.total == 70 + Fraction("23.75")
    assert (projection.lost, projection.losses, projection.empty_criteria) == (0, (), 0)


def test_each_line_names_exactly_the_points_that_it_alone_takes_away(place) -> None:
    factories.item(
        place.report, assigned="6", done="6", coefficient="1.5", delays=1, reported=True, task="Tờ trình"
    )
    factories.item(place.report, assigned="20", done="18", coefficient="0.5", reported=True, task="Hồ sơ")
    factories.item(place.report, assigned="9", done="9", reported=True)
    projection = projections.of_report(place.report)
    assigned = Fraction(9 + 10 + 9)
    late, undone = Fraction(70, 3) * Fraction("0.375") / assigned, Fraction(70) * 1 / assigned
    assert [(loss.item.task, loss.points) for loss in projection.losses] == [
        ("Hồ sơ", undone),
        ("Tờ trình", late),
    ]
    assert projection.losses[0].undone == 2
    assert projection.losses[1].delays == 1
    assert projection.lost == late + undone
    assert projection.score.total == 70 + Fraction("23.75") - projection.lost


def test_a_finding_that_extra_work_covers_costs_nothing(place) -> None:
    factories.item(place.report, assigned="4", done="4", delays=1, reported=True)
    factories.item(place.report, assigned="0", done="1", kind=WorkKind.ADHOC, reported=True)
    projection = projections.of_report(place.report)
    assert projection.lost == 0
    assert [loss.points for loss in projection.losses] == [0]


def test_what_is_projected_is_what_is_frozen_at_submission(place) -> None:
    factories.item(place.report, assigned="4", coefficient="2.5")
    factories.item(place.report, assigned="6", done="5", quality_fails=2, reported=True)
    projected = projections.of_report(place.report).score
    reports.submit(factories.actor(place.lan, IN_MARCH), place.report.id, version=1)
    frozen = scores.score_of(place.report, Stage.OWN)
    assert (projected.total, projected.steps) == (frozen.total, frozen.steps)


def test_without_assigned_work_there_is_no_score_and_no_loss(place) -> None:
    factories.item(place.report, assigned="0", done="1", kind=WorkKind.ADHOC, delays=1, reported=True)
    projection = projections.of_report(place.report)
    assert projection.score.status is ScoreStatus.INSUFFICIENT_DATA
    assert (projection.score.total, projection.losses) == (None, ())
