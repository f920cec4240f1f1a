"""Lists of collectives and of awards with a history: members are counted from their verdicts, registers speak or are asked."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from evaluation.extensions import db
from evaluation.models import OldUnitOpinion, PastRating, PendingMatter, UnitYear
from evaluation.rules.bands import Band
from evaluation.rules.facts import ReformResult
from evaluation.services import commendations
from tests import factories
from tests.services import commendation_stories as stories


@pytest.fixture
def place(database: Any, clock: Any) -> stories.Agency:
    """The round of the law before October."""
    clock(date(2026, 9, 20))
    return stories.agency()


def run(award: str) -> Any:
    return commendations.run_now(2026, award)


def person(award: str, who: Any) -> tuple[str, str | None]:
    entry = stories.entries(run(award))[who.id]
    return entry.status, entry.code


def unit(award: str, where: Any) -> Any:
    return stories.of_units(run(award))[where.id]


def division(place: stories.Agency, name: str = "Phòng A", klass: Band | None = Band.HTXSNV) -> Any:
    made = factories.unit(name, parent=place.unit, since=date(2025, 1, 1))
    db.session.add(UnitYear(unit_id=made.id, year=2026, unit_class=klass, reform=ReformResult.COMPLETED))
    db.session.flush()
    return made


def test_every_unit_with_members_has_one_line_and_the_agency_counts_its_divisions(place: Any) -> None:
    first, second, empty = division(place), division(place, "Phòng B"), division(place, "Phòng C")
    for number in range(3):
        place.add(f"Lê Văn {number}", where=first)
    place.add("Trần Văn Kém", "HTNV", where=second)
    place.add("Giám Đốc")
    found = stories.of_units(run("TTLDTT"))
    assert set(found) == {place.unit.id, first.id, second.id}
    assert empty.id not in found
    facts = found[place.unit.id].facts
    assert (facts["people"], facts["rated"], facts["ldtt"]) == (5, 5, 4)
    assert facts["members"] == {"KHTNV": 0, "HTNV": 1, "HTTNV": 4, "HTXSNV": 0}
    assert [found[one.id].status for one in (place.unit, first, second)] == [
        "ELIGIBLE",
        "ELIGIBLE",
        "NOT_ELIGIBLE",
    ]
    assert all(entry.person_id is None and entry.authority_id == place.unit.id for entry in found.values())


def test_a_member_without_a_class_keeps_the_collective_from_being_eligible_and_from_being_refused(
    place: Any,
) -> None:
    for number in range(9):
        place.add(f"Lê Văn {number}")
    place.add("Người Im Lặng", None)
    entry = unit("TTLDTT", place.unit)
    assert (entry.status, entry.code) == ("NEEDS_REVIEW", "MEMBERS_NO_DATA")


def test_titles_that_wait_for_a_person_neither_lift_nor_sink_a_collective(place: Any) -> None:
    for number in range(5):
        place.add(f"Lê Văn {number}")
        waiting = place.add(f"Trần Văn {number}")
        db.session.add(PendingMatter(person_id=waiting.id, kind="DENUNCIATION", opened_on=date(2026, 9, 1)))
    db.session.flush()
    for award in ("TTLDXS", "TTLDTT"):
        entry = unit(award, place.unit)
        assert entry.status == "NEEDS_REVIEW"
    assert entry.code == "THRESHOLD_50"
    assert (entry.facts["ldtt"], entry.facts["ldtt_open"]) == (5, 5)
    assert unit("TTLDXS", place.unit).code == "MEMBERS_UNSETTLED"


def test_the_register_of_the_unit_decides_before_its_members(place: Any) -> None:
    place.add("Lê Văn A", "HTXSNV", initiatives=("CO_SO",))
    for number in range(8):
        place.add(f"Lê Văn {number}")
    register = db.session.get_one(UnitYear, (place.unit.id, 2026))
    assert unit("TTLDXS", place.unit).status == "ELIGIBLE"
    db.session.add(PendingMatter(unit_id=place.unit.id, kind="INSPECTION", opened_on=date(2026, 9, 1)))
    db.session.flush()
    assert (unit("TTLDXS", place.unit).status, unit("TTLDXS", place.unit).code) == ("HOLD", "PENDING")
    register.reform = None
    db.session.flush()
    assert unit("TTLDXS", place.unit).code == "PAR_NO_DATA"


def test_a_unit_dissolved_in_the_year_is_named_and_one_gone_before_is_not_listed(place: Any) -> None:
    gone = division(place)
    place.add("Lê Văn A", where=gone)
    gone.dissolved_on = date(2026, 7, 1)
    db.session.flush()
    assert unit("TTLDTT", gone).code == "UNIT_DISSOLVED"
    gone.dissolved_on = date(2025, 7, 1)
    db.session.flush()
    assert gone.id not in stories.of_units(run("TTLDTT"))


def test_the_rank_in_the_cluster_is_asked_for_and_the_leaders_are_counted(place: Any) -> None:
    place.add("Lê Văn A")
    register = db.session.get_one(UnitYear, (place.unit.id, 2026))
    assert unit("COT", place.unit).code == "CLUSTER_NO_DATA"
    register.cluster_rank = 1
    db.session.flush()
    assert unit("COT", place.unit).code == "FLAG_WORDING_UNREAD"
    entry = unit("COCP", place.unit)
    assert entry.code == "FLAG_CHOICE"
    (share,) = [one for one in entry.findings if one["rule"] == "cocp_leaders_share"]
    assert share["params"] == {"leaders": "1", "quota": "0"}
    register.cluster_rank = 2
    db.session.flush()
    assert unit("COT", place.unit).code == "NOT_CLUSTER_FIRST"


def test_an_award_of_both_lists_persons_and_collectives(place: Any) -> None:
    who = place.add("Lê Văn A")
    made = run("GK")
    assert stories.entries(made)[who.id].status == "ELIGIBLE"
    assert stories.of_units(made)[place.unit.id].code == "COLLECTIVE_LIMB_UNREAD"
    counts = made.summary["authorities"][str(place.unit.id)]
    assert (counts["total"], counts["collectives"]) == (2, 1)


def test_the_same_collective_is_not_rewarded_twice(place: Any) -> None:
    place.add("Lê Văn A")
    stories.title(place.unit, "TTLDTT", 2026)
    assert unit("TTLDTT", place.unit).code == "ACHIEVEMENT_ALREADY_REWARDED"


def test_a_class_of_a_year_before_the_system_counts_until_the_system_decides_one(place: Any) -> None:
    who = place.add("Nguyễn Thị Lan", "HTXSNV", initiatives=("CO_SO", "CO_SO"))
    assert person("BKT", who) == ("NEEDS_REVIEW", "RATING_NO_DATA")
    old = PastRating(
        person_id=who.id, year=2025, klass=Band.HTXSNV, decision_number="7/QĐ", decided_on=date(2025, 12, 10)
    )
    db.session.add(old)
    db.session.flush()
    assert person("BKT", who) == ("ELIGIBLE", "LIMB_2")
    stories.grade(who, place.unit, "HTTNV", year=2025)
    assert person("BKT", who) == ("NEEDS_REVIEW", "TITLES_NO_DATA")
    stories.title(place.add("Đồng Nghiệp"), "LDTT", 2025)
    assert person("BKT", who) == ("NOT_ELIGIBLE", "NEITHER_LIMB")


def test_a_superseded_old_class_is_not_read(place: Any) -> None:
    who = place.add("Nguyễn Thị Lan", "HTXSNV", initiatives=("CO_SO", "CO_SO"))
    db.session.add(
        PastRating(
            person_id=who.id,
            year=2025,
            klass=Band.HTXSNV,
            decision_number="7/QĐ",
            decided_on=date(2025, 12, 10),
            superseded_at=stories.clock.now(),
        )
    )
    db.session.flush()
    assert person("BKT", who)[1] == "RATING_NO_DATA"


def test_the_title_of_this_round_counts_for_the_title_that_stands_on_it(place: Any) -> None:
    who = place.add("Nguyễn Thị Lan", "HTXSNV", mean="98", initiatives=("TINH",))
    for number in range(8):
        place.add(f"Lê Văn {number}")
    for year in (2024, 2025):
        stories.title(who, "CSTDCS", year)
    assert person("CSTDT", who) == ("ELIGIBLE", None)
    equal = place.add("Trần Thị Bằng", "HTXSNV", mean="98", initiatives=("TINH",))
    for year in (2024, 2025):
        stories.title(equal, "CSTDCS", year)
    assert person("CSTDT", who) == ("NEEDS_REVIEW", "TITLES_NO_DATA")


@pytest.mark.parametrize(
    ("agrees", "said"),
    [
        (None, ("NEEDS_REVIEW", "OLD_UNIT_OPINION_MISSING")),
        (True, ("ELIGIBLE", None)),
        (False, ("NEEDS_REVIEW", "OLD_UNIT_AGAINST")),
    ],
)
def test_the_old_units_opinion_is_read_from_the_register(place: Any, agrees: bool | None, said: Any) -> None:
    who = place.add("Nguyễn Thị Lan")
    stories.moved(who, place, {"on": "2026-05-01", "months_at_old": 10})
    if agrees is not None:
        db.session.add(
            OldUnitOpinion(
                person_id=who.id,
                moved_on=date(2026, 5, 1),
                agrees=agrees,
                document_number="5/NX",
                given_on=date(2026, 9, 1),
            )
        )
        db.session.flush()
    assert person("LDTT", who) == said


def test_who_waited_longest_stands_first_among_equals_where_the_register_speaks(place: Any) -> None:
    lately = place.add("Lê Văn Mới", "HTXSNV", mean="97", initiatives=("CO_SO",))
    long_ago = place.add("Lê Văn Lâu", "HTXSNV", mean="97", initiatives=("CO_SO",))
    for number in range(6):
        place.add(f"Trần Văn {number}")  # eight Advanced Workers: one place
    assert stories.listed("CSTDCS")[lately.id].code == "TIE_ON_LAST_PLACE"
    stories.title(lately, "CSTDCS", 2025)
    stories.title(long_ago, "CSTDCS", 2024)
    found = stories.listed("CSTDCS")
    assert (found[long_ago.id].within_quota, found[lately.id].within_quota) == (True, False)


def test_lists_of_collectives_take_the_same_few_queries_for_any_number_of_units(place: Any) -> None:
    def cost() -> int:
        seen: list[str] = []
        engine = db.session.get_bind()
        note = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        try:
            run("TTLDXS")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    place.add("Lê Văn A", where=division(place))
    small = cost()
    for number in range(30):
        place.add(f"Trần Văn {number}", where=division(place, f"Phòng {number}"))
    assert cost() == small
