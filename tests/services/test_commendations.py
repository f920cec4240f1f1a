"""Lists of titles on the database: the verdict of the rules, nothing lost, nothing made up."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from evaluation.extensions import db
from evaluation.models import EligibilityEntry, EligibilityRun, Person, UnitYear
from evaluation.queries import commendations as queries
from evaluation.queries import evidence, evidence_tree
from evaluation.rules import exact_yaml
from evaluation.rules.bands import Band
from evaluation.rules.facts import ReformResult
from evaluation.rules.organisation import Gender, Office
from evaluation.rules.service_time import months_served
from evaluation.rules.verdicts import Award
from evaluation.rules.workflow import GradeState
from evaluation.services import commendations
from tests import factories
from tests.services import commendation_stories as stories

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "commendation.yaml"


def golden() -> list[Any]:
    return [
        pytest.param(case, id=case["id"])
        for case in exact_yaml.read(GOLDEN.read_text(encoding="utf-8")).data["cases"]
        if case["kind"] == "eligibility"
    ]


@pytest.mark.parametrize("case", golden())
def test_a_golden_story_in_the_registers_ends_in_the_verdict_of_the_rules(
    case: dict[str, Any], database: Any, clock: Any
) -> None:
    clock(date(2026, 12, 20))
    who = stories.told(case) if "person" in case else stories.told_of_a_unit(case)
    run = commendations.run_now(
        2026,
        case["award"],
        received_on=date.fromisoformat(case["received"]),
        as_of=date.fromisoformat(case["as_of"]),
    )
    entry = (stories.entries(run) if "person" in case else stories.of_units(run))[who.id]
    assert (entry.status, entry.code) == (case["expect"]["status"], case["expect"].get("code"))


@pytest.fixture
def december(database: Any, clock: Any) -> stories.Agency:
    """The round of the law before October: a class of excellent or an initiative is enough."""
    clock(date(2026, 9, 20))
    return stories.agency()


def fighters(place: stories.Agency, *means: str) -> list[Person]:
    """Women with excellent classes and the same initiative, differing in the score only."""
    return [
        place.add(f"Phạm Thị {chr(65 + number)}", "HTXSNV", mean=mean, initiatives=("CO_SO",))
        for number, mean in enumerate(means)
    ]


def advanced(place: stories.Agency, count: int) -> None:
    for number in range(count):
        place.add(f"Lê Văn {number}")


def test_the_cap_is_fifteen_percent_of_the_advanced_workers_rounded_down(december: stories.Agency) -> None:
    people = fighters(december, "97", "96.5", "289/3", "95")
    advanced(december, 15)  # 19 Advanced Workers: 2.85 places
    found = stories.listed("CSTDCS")
    assert [(found[who.id].rank, found[who.id].within_quota) for who in people] == [
        (1, True),
        (2, True),
        (3, False),
        (4, False),
    ]
    assert {found[who.id].status for who in people} == {"ELIGIBLE"}


def test_scores_that_look_equal_are_ranked_exactly(december: stories.Agency) -> None:
    lower, higher = fighters(december, "289/3", "28900001/300000")
    advanced(december, 8)  # one place
    found = stories.listed("CSTDCS")
    assert (found[higher.id].within_quota, found[lower.id].within_quota) == (True, False)


def test_equals_at_the_last_place_are_left_to_a_person(december: stories.Agency) -> None:
    first, *equal = fighters(december, "97", "95", "95")
    advanced(december, 11)  # 14 Advanced Workers: two places
    found = stories.listed("CSTDCS")
    assert found[first.id].within_quota is True
    for who in equal:
        entry = found[who.id]
        assert (entry.status, entry.code, entry.rank) == ("NEEDS_REVIEW", "TIE_ON_LAST_PLACE", 2)
        assert entry.findings[-1]["met"] is None


def test_among_equal_scores_initiative_then_direct_work_then_women_decide(december: stories.Agency) -> None:
    given = {"mean": "95", "klass": "HTXSNV"}
    man = december.add("Nam", **given, gender=Gender.MALE)
    woman = december.add("Nữ", **given, gender=Gender.FEMALE)
    division = factories.unit("Phòng A", parent=december.unit, since=date(2025, 1, 1))
    deputy = december.add("Phó", **given, gender=Gender.FEMALE, office=Office.DEPUTY, where=division)
    known = december.add("Sáng kiến", **given, office=Office.DEPUTY, initiatives=("TINH",))
    found = stories.listed("CSTDCS")
    assert [found[who.id].rank for who in (known, woman, man, deputy)] == [1, 2, 3, 4]


def test_nobody_loses_a_place_because_another_official_is_added(december: stories.Agency) -> None:
    people = fighters(december, "97", "96", "95", "94")
    advanced(december, 12)
    before = stories.listed("CSTDCS")
    december.add("Người Mới", "HTTNV")
    december.add("Người Im Lặng", None)
    stories.agency("Sở Tài chính", province=december.province).add("Khác Sở", "HTXSNV", mean="99")
    after = stories.listed("CSTDCS")
    for who in people:
        assert not (before[who.id].within_quota and not after[who.id].within_quota)
        assert (before[who.id].rank, before[who.id].status) == (after[who.id].rank, after[who.id].status)


@pytest.mark.parametrize("silent", ["class", "proposed class", "reform", "year of the unit"])
def test_silence_of_a_register_is_never_eligible_and_never_a_refusal(
    december: stories.Agency, silent: str
) -> None:
    who = december.add("Nguyễn Thị Lan", None, initiatives=("CO_SO",))
    if silent == "proposed class":
        stories.grade(who, december.unit, "HTXSNV", state=GradeState.PROPOSED)
    elif silent != "class":
        stories.grade(who, december.unit, "HTXSNV")
        register = db.session.get_one(UnitYear, (december.unit.id, 2026))
        if silent == "reform":
            register.reform = None
        else:
            db.session.delete(register)
        db.session.flush()
    for award in (one for one in Award if one.of_persons):
        assert stories.listed(award.value)[who.id].status == "NEEDS_REVIEW"


def test_an_official_without_a_day_of_hiring_is_not_taken_for_a_newcomer(december: stories.Agency) -> None:
    who = december.add("Nguyễn Thị Lan", None)
    who.hired_on = None
    who.assignments[0].valid_from = date(2026, 8, 1)
    db.session.flush()
    assert stories.listed("LDTT")[who.id].code == "RATING_NO_DATA"


def test_a_list_keeps_every_finding_even_after_a_refusal(december: stories.Agency) -> None:
    who = december.add("Ngô Đình Trường", "KHTNV")
    entry = stories.listed("CSTDCS")[who.id]
    assert entry.status == "NOT_ELIGIBLE"
    rules = {finding["rule"] for finding in entry.findings}
    assert {"rating", "discipline", "pending", "cstdcs_standard", "duplicate"} <= rules
    assert all(finding["article"] for finding in entry.findings)


def test_the_head_of_a_division_is_not_refused_for_the_agency_alone(december: stories.Agency) -> None:
    register = db.session.get_one(UnitYear, (december.unit.id, 2026))
    register.reform = ReformResult.NOT_COMPLETED
    division = factories.unit("Phòng A", parent=december.unit, since=date(2025, 1, 1))
    chief = december.add("Trưởng Phòng", office=Office.HEAD, where=division)
    director = december.add("Giám Đốc", office=Office.HEAD)
    staff = december.add("Chuyên Viên", where=division)
    found = stories.listed("LDTT")
    assert found[director.id].code == "PAR_GATE_HEAD"
    assert found[chief.id].code == "PAR_NO_DATA"
    assert found[staff.id].status == "ELIGIBLE"
    db.session.add(
        UnitYear(unit_id=division.id, year=2026, unit_class=Band.HTTNV, reform=ReformResult.COMPLETED)
    )
    db.session.flush()
    assert stories.listed("LDTT")[chief.id].status == "ELIGIBLE"


def test_a_head_answers_for_discipline_below_but_not_for_his_own_superior(december: stories.Agency) -> None:
    division = factories.unit("Phòng A", parent=december.unit, since=date(2025, 1, 1))
    db.session.add(
        UnitYear(unit_id=division.id, year=2026, unit_class=Band.HTXSNV, reform=ReformResult.COMPLETED)
    )
    chief = december.add("Trưởng Phòng", office=Office.HEAD, where=division)
    director = december.add("Giám Đốc", office=Office.HEAD)
    elsewhere = december.add("Ở Sở")
    stories.discipline(elsewhere, {"form": "KHIEN_TRACH", "decided_on": "2026-03-10"})
    found = stories.listed("LDTT")
    assert found[director.id].code == "SUBORDINATE_DISCIPLINED"
    assert found[chief.id].status == "ELIGIBLE"


def test_decided_advanced_workers_count_for_the_cap_and_are_not_rewarded_twice(
    december: stories.Agency,
) -> None:
    people = [december.add(f"Lê Văn {number}", "HTXSNV", mean=str(90 + number)) for number in range(7)]
    for who in people:
        stories.title(who, "LDTT", 2026)
    assert stories.listed("LDTT")[people[0].id].code == "ACHIEVEMENT_ALREADY_REWARDED"
    run = commendations.run_now(2026, "CSTDCS")
    counts = run.summary["authorities"][str(december.unit.id)]
    assert (counts["ldtt"], counts["quota"], counts["within"]) == (7, 1, 1)


def test_runs_are_appended_and_the_newest_finished_one_is_read(december: stories.Agency) -> None:
    who = december.add("Nguyễn Thị Lan")
    first = commendations.run_now(2026, "LDTT")
    db.session.add(EligibilityRun(**{**_columns(first), "finished_at": None}))
    stories.discipline(who, {"form": "KHIEN_TRACH", "decided_on": "2026-03-10"})
    second = commendations.run_now(2026, "LDTT")
    assert stories.entries(first)[who.id].status == "ELIGIBLE"
    assert stories.entries(second)[who.id].code == "DISCIPLINED_IN_YEAR"
    assert queries.newest_run(2026, "LDTT").id == second.id


def _columns(run: EligibilityRun) -> dict[str, Any]:
    kept = ("year", "award", "as_of", "received_on", "rulebook", "fingerprint")
    return {name: getattr(run, name) for name in kept}


def test_cutting_the_work_into_parts_changes_nothing(december: stories.Agency) -> None:
    fighters(december, "97", "96", "95")
    advanced(december, 9)
    other = stories.agency("Sở Tài chính", province=december.province)
    other.add("Khác Sở", "HTXSNV", initiatives=("CO_SO",))
    whole, parts = (
        commendations.run_now(2026, "CSTDCS", people_a_chunk=size).summary["authorities"]
        for size in (5000, 1)
    )
    assert whole == parts


def test_a_part_done_twice_leaves_each_person_once(december: stories.Agency) -> None:
    advanced(december, 3)
    arguments = commendations._arguments(2026, "CSTDCS", None, None)
    pieces = commendations._plan(arguments)
    for piece in [*pieces, *pieces]:
        commendations._run(arguments, piece.arguments)
    assert len(db.session.scalars(select(EligibilityEntry)).all()) == 6


def test_the_facts_of_a_year_take_the_same_few_queries_for_sixty_people_and_for_six_hundred(
    december: stories.Agency,
) -> None:
    def cost() -> int:
        seen: list[str] = []
        engine = db.session.get_bind()
        note = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        try:
            units = evidence_tree.tree(2026, date(2026, 9, 20))
            list(
                evidence.year_records(
                    units, units.units, 2026, as_of=date(2026, 9, 20), received=date(2026, 9, 20)
                )
            )
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    advanced(december, 60)
    small = cost()
    advanced(december, 540)
    assert cost() == small <= 12


@pytest.mark.parametrize(
    ("hired", "left", "away", "months"),
    [
        (None, None, [], 12),
        (date(2026, 7, 1), None, [], 6),
        (date(2026, 7, 2), None, [], 5),
        (None, date(2026, 6, 30), [], 5),
        (None, None, [(date(2025, 12, 1), None)], 0),
        (None, None, [(date(2026, 2, 1), date(2026, 4, 1)), (date(2026, 3, 1), date(2026, 5, 1))], 9),
    ],
)
def test_months_at_work_are_counted_by_days_and_overlaps_once(
    hired: Any, left: Any, away: Any, months: int
) -> None:
    assert months_served(2026, hired, left, away) == months
