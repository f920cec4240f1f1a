"""Every award for persons and collectives: what is certain decides, what is silent or unread is for a person."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.bands import Band
from evaluation.rules.commendation import CODE_LABELS, Award, Finding, VerdictStatus, examine
from evaluation.rules.commendation_votes import VoteResult, council_result, threshold
from evaluation.rules.facts import (
    NOBODY,
    AwardFact,
    AwardType,
    Criticism,
    Discipline,
    DisciplineForm,
    Facts,
    Initiative,
    InitiativeLevel,
    PendingKind,
    PendingMatter,
    PersonFacts,
    Position,
    ReformResult,
    TitleFact,
    UnitFacts,
)
from evaluation.rules.rulebook import Rulebook, default_shelf
from evaluation.rules.title_ranking import Merit, places
from tests.rules.test_commendation import bands, days, disciplines, matters, maybe

YEAR, AS_OF = 2026, date(2026, 12, 20)
BEFORE, AFTER = date(2026, 9, 15), date(2026, 12, 5)
OLD, NEW = (default_shelf().for_day("commendation", day) for day in (BEFORE, AFTER))
PERSONAL = [award for award in Award if award.of_persons]
COLLECTIVE = [award for award in Award if award.of_collectives]
CODES = [award.value for award in Award]

years = st.integers(2019, YEAR)
held = st.lists(st.builds(TitleFact, st.sampled_from(CODES[:4]), years), max_size=8).map(tuple)
given_awards = st.lists(
    st.builds(
        AwardFact,
        st.sampled_from(CODES),
        st.sampled_from(list(AwardType)),
        maybe(st.none(), years),
        maybe(st.none(), years),
        maybe(st.none(), years),
    ),
    max_size=3,
).map(tuple)
persons = st.builds(
    PersonFacts,
    ratings=st.dictionaries(years, maybe(st.none(), bands, st.just(Band.HTXSNV)), max_size=8),
    position=st.sampled_from(list(Position)),
    discipline=st.lists(disciplines, max_size=1).map(tuple),
    pending=st.lists(matters, max_size=1).map(tuple),
    titles=held,
    awards=given_awards,
    initiatives=st.lists(
        st.builds(Initiative, st.sampled_from(list(InitiativeLevel)), years, st.booleans()), max_size=6
    ).map(tuple),
    unknown_titles=st.frozensets(st.tuples(st.sampled_from(CODES[:4]), years), max_size=3),
)
some = maybe(st.none(), st.integers(0, 12))
units = st.builds(
    UnitFacts,
    ratings=st.dictionaries(st.just(YEAR), maybe(st.none(), bands, st.just(Band.HTXSNV))),
    reform=st.dictionaries(st.just(YEAR), maybe(st.none(), st.sampled_from(list(ReformResult)))),
    criticism=st.lists(st.builds(Criticism, days), max_size=1).map(tuple),
    pending=st.lists(matters, max_size=1).map(tuple),
    dissolved_on=maybe(st.none(), days),
    cluster_rank=st.dictionaries(st.just(YEAR), maybe(st.none(), st.integers(1, 4))),
    cluster_leaders=some,
    members_rated=some,
    members_below_ht=maybe(st.none(), st.integers(0, 2)),
    members_canh_cao=maybe(st.none(), st.integers(0, 2)),
    ldtt=some,
    cstdcs=some,
    awards=given_awards,
)
subjects = maybe(
    st.tuples(
        st.sampled_from(PERSONAL),
        st.builds(Facts, st.just(YEAR), st.just(AS_OF), st.sampled_from([BEFORE, AFTER]), persons, units),
    ),
    st.tuples(
        st.sampled_from(COLLECTIVE),
        st.builds(
            Facts,
            st.just(YEAR),
            st.just(AS_OF),
            st.sampled_from([BEFORE, AFTER]),
            st.just(NOBODY),
            units,
            st.just(True),
        ),
    ),
)

FULL = range(YEAR - 6, YEAR + 1)
BEST = PersonFacts(
    ratings=dict.fromkeys(FULL, Band.HTXSNV),
    titles=tuple(
        TitleFact(code, year)
        for year in FULL
        for code in ("LDTT", "CSTDCS")
        if code != "LDTT" or year == YEAR
    ),
    initiatives=tuple(Initiative(InitiativeLevel.TOAN_QUOC, year) for year in FULL),
)
BEST_UNIT = UnitFacts(
    ratings={YEAR: Band.HTXSNV},
    reform={YEAR: ReformResult.COMPLETED},
    cluster_rank={YEAR: 1},
    cluster_leaders=10,
    members_rated=10,
    members_below_ht=0,
    ldtt=9,
    cstdcs=1,
)
PERSON = Facts(YEAR, AS_OF, BEFORE, BEST, BEST_UNIT)
UNIT = Facts(YEAR, AS_OF, BEFORE, NOBODY, BEST_UNIT, collective=True)
HISTORY = {
    Award.CSTDTQ: {"titles": (*BEST.titles, TitleFact("CSTDT", 2022), TitleFact("CSTDT", 2025))},
    Award.BKTTG: {"awards": (AwardFact("BKT", AwardType.CONG_TRANG, 2020, 2021, 2021),)},
    Award.HCLD3: {"awards": (AwardFact("BKTTG", AwardType.CONG_TRANG, None, 2021, 2021),)},
}


def person(award: Award, **changes: Any) -> Facts:
    """The best person there is, with the history the award asks for."""
    return replace(PERSON, person=replace(BEST, **{**HISTORY.get(award, {}), **changes}))


def unit(**changes: Any) -> Facts:
    return replace(UNIT, unit=replace(BEST_UNIT, **changes))


def answer(award: Award, facts: Facts, pack: Rulebook = OLD) -> tuple[str, str | None]:
    verdict = examine(award, facts, pack)
    return verdict.status.value, verdict.code


@pytest.mark.parametrize(
    ("award", "old", "new"),
    [
        (Award.LDTT, ("ELIGIBLE", None), ("ELIGIBLE", None)),
        (Award.CSTDCS, ("ELIGIBLE", None), ("ELIGIBLE", None)),
        (Award.CSTDT, ("ELIGIBLE", None), ("ELIGIBLE", None)),
        (Award.CSTDTQ, ("NEEDS_REVIEW", "CONSECUTIVE_UNSETTLED"), ("NEEDS_REVIEW", "CONSECUTIVE_UNSETTLED")),
        (Award.GK, ("ELIGIBLE", None), ("NEEDS_REVIEW", "RULEPACK_DIVERGENCE")),
        (Award.BKT, ("ELIGIBLE", "LIMB_1"), ("NEEDS_REVIEW", "RULEPACK_DIVERGENCE")),
        (Award.BKTTG, ("NEEDS_REVIEW", "PASS_HIST"), ("NEEDS_REVIEW", "PASS_HIST")),
        (Award.HCLD3, ("ELIGIBLE", None), ("NEEDS_REVIEW", "RULEPACK_DIVERGENCE")),
        (Award.HCLD2, ("NEEDS_REVIEW", "NO_LOWER_ORDER"), ("NEEDS_REVIEW", "NO_LOWER_ORDER")),
        (Award.HCLD1, ("NEEDS_REVIEW", "NO_LOWER_ORDER"), ("NEEDS_REVIEW", "NO_LOWER_ORDER")),
    ],
)
def test_the_best_person_under_each_law(award: Award, old: Any, new: Any) -> None:
    assert answer(award, person(award)) == old
    assert answer(award, replace(person(award), received=AFTER), NEW) == new


@pytest.mark.parametrize(
    ("award", "said"),
    [
        (Award.TTLDTT, ("ELIGIBLE", None)),
        (Award.TTLDXS, ("ELIGIBLE", None)),
        (Award.COT, ("NEEDS_REVIEW", "FLAG_WORDING_UNREAD")),
        (Award.COCP, ("NEEDS_REVIEW", "FLAG_CHOICE")),
        *((award, ("NEEDS_REVIEW", "COLLECTIVE_LIMB_UNREAD")) for award in COLLECTIVE[4:]),
    ],
)
def test_the_best_collective(award: Award, said: Any) -> None:
    assert answer(award, unit()) == said
    assert answer(award, replace(unit(), received=AFTER), NEW) == said


def test_what_fails_the_old_text_of_an_unread_law_is_not_refused_but_asked() -> None:
    facts = replace(person(Award.BKT, titles=(), initiatives=()), received=AFTER)
    verdict = examine(Award.BKT, facts, NEW)
    assert (verdict.status, verdict.code) == (VerdictStatus.NEEDS_REVIEW, "RP2026_FAILS_OLD_TEXT")
    (finding,) = [one for one in verdict.findings if one.rule == "bkt_standard"]
    assert finding.met is False
    assert answer(Award.BKT, replace(facts, received=BEFORE)) == ("NOT_ELIGIBLE", "NEITHER_LIMB")


def test_an_award_that_a_pack_abolishes_is_refused_to_the_best() -> None:
    gone = OLD.with_choices({"award_LDTT": "ABOLISHED"})
    assert answer(Award.LDTT, PERSON, gone) == ("NOT_ELIGIBLE", "AWARD_ABOLISHED")


@pytest.mark.parametrize(
    ("award", "changes", "said"),
    [
        (Award.CSTDT, {"titles": BEST.titles[:-3]}, ("NOT_ELIGIBLE", "NOT_3_CONSECUTIVE")),
        (
            Award.CSTDT,
            {
                "titles": tuple(one for one in BEST.titles if one.year != 2025),
                "unknown_titles": frozenset({("CSTDCS", 2025)}),
            },
            ("NEEDS_REVIEW", "TITLES_NO_DATA"),
        ),
        (
            Award.CSTDT,
            {"titles": (*BEST.titles, TitleFact("CSTDT", 2024))},
            ("NEEDS_REVIEW", "WINDOW_REUSED"),
        ),
        (Award.CSTDT, {"titles": (*BEST.titles, TitleFact("CSTDT", 2023))}, ("ELIGIBLE", None)),
        (
            Award.CSTDT,
            {"initiatives": (Initiative(InitiativeLevel.TINH, 2023),)},
            ("NOT_ELIGIBLE", "NO_PROV_INITIATIVE"),
        ),
        (
            Award.CSTDT,
            {"initiatives": (Initiative(InitiativeLevel.TINH, 2024, sole_author=False),)},
            ("NEEDS_REVIEW", "CO_AUTHOR_INITIATIVE"),
        ),
        (
            Award.CSTDT,
            {
                "discipline": (
                    Discipline(DisciplineForm.KHIEN_TRACH, date(2024, 1, 9), until=date(2025, 1, 9)),
                )
            },
            ("NOT_ELIGIBLE", "NOT_3_CONSECUTIVE"),
        ),
        (Award.CSTDTQ, {"titles": BEST.titles}, ("NOT_ELIGIBLE", "NOT_2_CSTDT")),
        (Award.GK, {"ratings": {YEAR: Band.HTNV}}, ("NOT_ELIGIBLE", "RATING_BELOW_T")),
        (Award.BKT, {"titles": ()}, ("ELIGIBLE", "LIMB_2")),
        (Award.BKT, {"titles": (), "ratings": {YEAR: Band.HTXSNV}}, ("NEEDS_REVIEW", "RATING_NO_DATA")),
        (
            Award.BKT,
            {"titles": (), "ratings": {2025: Band.HTTNV, YEAR: Band.HTXSNV}},
            ("NOT_ELIGIBLE", "NEITHER_LIMB"),
        ),
        (
            Award.BKT,
            {"awards": (AwardFact("BKT", AwardType.CHUYEN_DE, 2025, 2026, 2026),)},
            ("ELIGIBLE", "LIMB_1"),
        ),
        (
            Award.BKT,
            {"awards": (AwardFact("BKTTG", AwardType.CONG_TRANG, 2021, 2025, 2025),)},
            ("NOT_ELIGIBLE", "ACHIEVEMENT_ALREADY_REWARDED"),
        ),
        (
            Award.BKT,
            {"awards": (AwardFact("BKT", AwardType.CONG_TRANG, decided_year=2026),)},
            ("NEEDS_REVIEW", "ACHIEVEMENT_PERIOD_UNKNOWN"),
        ),
        (Award.BKT, {"awards": (AwardFact("GK", AwardType.CONG_TRANG, 2026, 2026),)}, ("ELIGIBLE", "LIMB_1")),
        (Award.BKTTG, {"awards": ()}, ("NOT_ELIGIBLE", "NO_BKT")),
        (
            Award.BKTTG,
            {"ratings": {**dict.fromkeys(FULL, Band.HTXSNV), 2024: Band.HTTNV}},
            ("NEEDS_REVIEW", "CHECK_ART73"),
        ),
        (
            Award.HCLD3,
            {"ratings": {**dict.fromkeys(FULL, Band.HTXSNV), 2024: Band.HTNV}},
            ("NOT_ELIGIBLE", "GAP_BELOW_T"),
        ),
        (
            Award.HCLD3,
            {"ratings": {year: Band.HTXSNV for year in FULL if year != 2024}},
            ("NEEDS_REVIEW", "RATING_NO_DATA"),
        ),
        (
            Award.HCLD3,
            {"ratings": {**dict.fromkeys(FULL, Band.HTXSNV), 2024: None}},
            ("NEEDS_REVIEW", "UNRATED_YEAR"),
        ),
        (Award.HCLD3, {"ratings": dict.fromkeys(FULL, Band.HTTNV)}, ("NOT_ELIGIBLE", "NO_EXCELLENT_YEAR")),
        (Award.HCLD3, {"titles": BEST.titles[:3]}, ("NOT_ELIGIBLE", "TOO_FEW_CSTDCS")),
        (Award.HCLD3, {"awards": ()}, ("NOT_ELIGIBLE", "NO_BKTTG")),
        (
            Award.HCLD3,
            {"awards": (AwardFact("BKTTG", AwardType.DOT_XUAT, None, 2021, 2021),)},
            ("NOT_ELIGIBLE", "NO_BKTTG"),
        ),
        (
            Award.HCLD2,
            {"awards": (AwardFact("HCLD3", AwardType.CONG_TRANG, None, 2020, 2020),)},
            ("NEEDS_REVIEW", "ART_42_43_UNREAD"),
        ),
    ],
)
def test_one_fact_of_a_person_decides(award: Award, changes: dict[str, Any], said: Any) -> None:
    assert answer(award, person(award, **changes)) == said


@pytest.mark.parametrize(
    ("award", "changes", "said"),
    [
        (Award.TTLDTT, {"ldtt": 5}, ("NEEDS_REVIEW", "THRESHOLD_50")),
        (Award.TTLDTT, {"ldtt": 4}, ("NOT_ELIGIBLE", "THRESHOLD_50")),
        (Award.TTLDTT, {"ldtt": 6}, ("ELIGIBLE", None)),
        (Award.TTLDTT, {"ldtt": None}, ("NEEDS_REVIEW", "MEMBERS_NO_DATA")),
        (Award.TTLDTT, {"members_rated": 0, "ldtt": 0}, ("NEEDS_REVIEW", "MEMBERS_NO_DATA")),
        (Award.TTLDTT, {"members_canh_cao": 1}, ("NOT_ELIGIBLE", "MEMBER_CANH_CAO")),
        (Award.TTLDTT, {"ratings": {YEAR: Band.HTNV}}, ("NOT_ELIGIBLE", "RATING_BELOW_T")),
        (Award.TTLDTT, {"criticism": (Criticism(date(2026, 5, 1)),)}, ("ELIGIBLE", None)),
        (Award.TTLDXS, {"criticism": (Criticism(date(2026, 5, 1)),)}, ("NOT_ELIGIBLE", "CRITICISM_UNIT")),
        (Award.TTLDXS, {"members_canh_cao": 1}, ("ELIGIBLE", None)),
        (Award.TTLDXS, {"ldtt": 6}, ("NOT_ELIGIBLE", "LDTT_LT_70")),
        (Award.TTLDXS, {"ldtt": 7}, ("ELIGIBLE", None)),
        (Award.TTLDXS, {"members_below_ht": None}, ("NEEDS_REVIEW", "MEMBERS_NO_DATA")),
        (Award.TTLDXS, {"ratings": {YEAR: Band.HTTNV}}, ("NOT_ELIGIBLE", "UNIT_NOT_EXCELLENT")),
        (Award.TTLDXS, {"ratings": {}}, ("NEEDS_REVIEW", "RATING_NO_DATA")),
        (Award.TTLDXS, {"dissolved_on": date(2026, 7, 1)}, ("NOT_ELIGIBLE", "UNIT_DISSOLVED")),
        (Award.TTLDXS, {"dissolved_on": date(2027, 1, 1)}, ("ELIGIBLE", None)),
        (
            Award.TTLDXS,
            {"pending": (PendingMatter(PendingKind.INSPECTION, date(2026, 11, 1)),)},
            ("HOLD", "PENDING"),
        ),
        (Award.COT, {"cluster_rank": {YEAR: 2}}, ("NOT_ELIGIBLE", "NOT_CLUSTER_FIRST")),
        (Award.COT, {"cluster_rank": {}}, ("NEEDS_REVIEW", "CLUSTER_NO_DATA")),
        (Award.COCP, {"cluster_rank": {YEAR: None}}, ("NEEDS_REVIEW", "CLUSTER_NO_DATA")),
        (Award.BKT, {"criticism": (Criticism(date(2026, 5, 1)),)}, ("NOT_ELIGIBLE", "CRITICISM_UNIT")),
        (Award.GK, {"reform": {YEAR: ReformResult.NOT_COMPLETED}}, ("NOT_ELIGIBLE", "PAR_GATE_UNIT")),
        (
            Award.TTLDTT,
            {"awards": (AwardFact("TTLDTT", AwardType.CONG_TRANG, YEAR, YEAR, YEAR),)},
            ("NOT_ELIGIBLE", "ACHIEVEMENT_ALREADY_REWARDED"),
        ),
    ],
)
def test_one_fact_of_a_collective_decides(award: Award, changes: dict[str, Any], said: Any) -> None:
    assert answer(award, unit(**changes)) == said


def test_local_rules_may_keep_discipline_of_members_from_the_excellent_title() -> None:
    strict = OLD.with_choices({"ttldxs_no_warning": "REFUSE"})
    assert answer(Award.TTLDXS, unit(members_canh_cao=1), strict) == ("NOT_ELIGIBLE", "MEMBER_CANH_CAO")


def test_the_flag_of_the_government_says_how_many_may_be_proposed() -> None:
    (finding,) = [
        one
        for one in examine(Award.COCP, unit(cluster_leaders=14), OLD).findings
        if one.rule == "cocp_leaders_share"
    ]
    assert finding.params == {"leaders": "14", "quota": "2"}


def test_a_head_criticised_in_writing_gets_no_merit_and_no_title_of_fighter() -> None:
    letter = (Criticism(date(2026, 5, 1)),)
    for award in (Award.CSTDT, Award.CSTDTQ, Award.BKT, Award.BKTTG):
        head = person(award, position=Position.HEAD)
        head = replace(head, unit=replace(head.unit, criticism=letter))
        assert answer(award, head) == ("NOT_ELIGIBLE", "CRITICISM_HEAD")


def test_a_title_of_a_person_is_not_given_to_a_unit_nor_the_other_way() -> None:
    with pytest.raises(ValueError, match="a collective"):
        examine(Award.LDTT, UNIT, OLD)
    with pytest.raises(ValueError, match="a person"):
        examine(Award.TTLDXS, PERSON, OLD)


def of(pack_day: date) -> Rulebook:
    return OLD if pack_day == BEFORE else NEW


@given(subjects)
def test_every_verdict_carries_its_findings_with_articles_in_the_order_of_the_gates(subject: Any) -> None:
    award, facts = subject
    verdict = examine(award, facts, of(facts.received))
    gates = [finding.gate for finding in verdict.findings]
    assert gates == sorted(gates)
    rules = {finding.rule for finding in verdict.findings}
    assert {"reform_known", "rating_known", f"award_{award}", "pending", "duplicate"} <= rules
    assert rules & {"rating", "unrated", "unit_rating"}
    for finding in verdict.findings:
        assert finding.article
        assert finding.says % finding.params
        assert (finding.status is None) == (finding.met is True)
        assert finding.code is None or finding.code in CODE_LABELS
        assert Finding.from_json(finding.as_json()) == finding
    deciding = next((one for one in verdict.findings if one.status is not None), None)
    if deciding is not None:
        assert (verdict.status, verdict.code) == (deciding.status, deciding.code)
    else:
        assert verdict.status is VerdictStatus.ELIGIBLE


def worse(facts: Facts) -> list[Facts]:
    """The same subject with one bad fact more, each of them certain."""
    one, place = facts.person, facts.unit
    found = [
        replace(facts, unit=replace(place, criticism=(*place.criticism, Criticism(date(2026, 5, 1))))),
        replace(facts, unit=replace(place, ratings={YEAR: Band.KHTNV})),
        replace(facts, unit=replace(place, ldtt=0, cstdcs=0)),
        replace(facts, unit=replace(place, members_below_ht=(place.members_below_ht or 0) + 1)),
        replace(facts, unit=replace(place, members_canh_cao=(place.members_canh_cao or 0) + 1)),
        replace(facts, unit=replace(place, dissolved_on=date(2026, 3, 1))),
        replace(facts, unit=replace(place, cluster_rank={YEAR: 9})),
        replace(
            facts,
            unit=replace(
                place, pending=(*place.pending, PendingMatter(PendingKind.PRESS, date(2026, 12, 1)))
            ),
        ),
        replace(
            facts,
            unit=replace(place, awards=tuple(AwardFact(c, AwardType.CONG_TRANG, 2020, YEAR) for c in CODES)),
        ),
        replace(
            facts,
            person=replace(
                one, discipline=(*one.discipline, Discipline(DisciplineForm.KHIEN_TRACH, date(2024, 3, 1)))
            ),
        ),
        replace(facts, person=replace(one, titles=())),
        replace(facts, person=replace(one, initiatives=())),
        *(
            replace(facts, person=replace(one, ratings={**one.ratings, year: Band.KHTNV}))
            for year in (2023, YEAR)
        ),
        *(
            replace(facts, person=replace(one, ratings={y: r for y, r in one.ratings.items() if y != year}))
            for year in (2024, YEAR)
        ),
    ]
    return found


def spoken(facts: Facts) -> Facts:
    """The same subject with every silence broken in its favour, so that a bad fact cannot help by ending one."""
    place, one = facts.unit, facts.person
    rated = place.members_rated or 10
    return replace(
        facts,
        unit=replace(
            place,
            ratings={YEAR: place.ratings.get(YEAR) or Band.HTXSNV},
            reform={YEAR: place.reform.get(YEAR) or ReformResult.COMPLETED},
            cluster_rank={YEAR: place.cluster_rank.get(YEAR) or 1},
            cluster_leaders=place.cluster_leaders or 10,
            members_rated=rated,
            ldtt=rated if place.ldtt is None else place.ldtt,
            cstdcs=rated if place.cstdcs is None else place.cstdcs,
            members_below_ht=place.members_below_ht or 0,
            members_canh_cao=place.members_canh_cao or 0,
        ),
        person=replace(one, ratings={year: one.ratings.get(year) or Band.HTXSNV for year in FULL}),
    )


@given(subjects)
def test_a_bad_fact_never_helps(subject: Any) -> None:
    award, facts = subject
    pack, known = of(facts.received), spoken(facts)
    for one in worse(known):
        if examine(award, one, pack).status is VerdictStatus.ELIGIBLE:
            assert examine(award, known, pack).status is VerdictStatus.ELIGIBLE


@given(subjects)
def test_silence_of_a_register_is_never_eligible(subject: Any) -> None:
    award, facts = subject
    pack = of(facts.received)
    silent = [replace(facts, unit=replace(facts.unit, reform={}))]
    if facts.collective:
        silent.append(replace(facts, unit=replace(facts.unit, ratings={})))
        if award in (Award.TTLDTT, Award.TTLDXS):
            silent.append(replace(facts, unit=replace(facts.unit, ldtt=None)))
            silent.append(replace(facts, unit=replace(facts.unit, members_rated=None)))
        if award in (Award.COT, Award.COCP):
            silent.append(replace(facts, unit=replace(facts.unit, cluster_rank={})))
    else:
        silent.append(replace(facts, person=replace(facts.person, ratings={})))
    for one in silent:
        assert examine(award, one, pack).status is not VerdictStatus.ELIGIBLE


@given(subjects, st.integers(2019, YEAR))
def test_a_year_nobody_entered_is_asked_for_and_not_taken_for_a_gap(subject: Any, year: int) -> None:
    award, facts = subject
    if facts.collective or award not in (Award.CSTDT, Award.BKT, Award.HCLD3):
        return
    pack = of(facts.received)
    silent = replace(
        facts,
        person=replace(
            facts.person,
            titles=tuple(t for t in facts.person.titles if (t.code, t.year) != ("CSTDCS", year)),
            unknown_titles=facts.person.unknown_titles | {("CSTDCS", year)},
        ),
    )
    full = replace(
        silent, person=replace(silent.person, titles=(*silent.person.titles, TitleFact("CSTDCS", year)))
    )
    if examine(award, full, pack).status is VerdictStatus.ELIGIBLE:
        assert examine(award, silent, pack).status is not VerdictStatus.NOT_ELIGIBLE


@given(st.sampled_from(list(Award)), st.integers(1, 60), st.data())
def test_more_votes_never_make_a_result_worse(award: Award, members: int, data: st.DataObject) -> None:
    needed = threshold(award, OLD, BEFORE)
    fewer = data.draw(st.integers(0, members))
    more = data.draw(st.integers(fewer, members))
    order = [VoteResult.NOT_PASSED, VoteResult.NEEDS_REVIEW, VoteResult.PASSED]
    results = [council_result(members, yes, needed) for yes in (fewer, more)]
    assert order.index(results[0]) <= order.index(results[1])
    assert council_result(members, members, needed) is VoteResult.PASSED
    assert needed.article


@pytest.mark.parametrize(
    ("award", "members", "yes", "result"),
    [
        (Award.CSTDT, 20, 18, "PASSED"),
        (Award.CSTDT, 20, 17, "NEEDS_REVIEW"),
        (Award.CSTDT, 20, 15, "NOT_PASSED"),
        (Award.BKTTG, 20, 16, "PASSED"),
        (Award.BKTTG, 20, 15, "NOT_PASSED"),
        (Award.LDTT, 20, 18, "PASSED"),
        (Award.LDTT, 20, 15, "NEEDS_REVIEW"),
    ],
)
def test_a_vote_has_three_results(award: Award, members: int, yes: int, result: str) -> None:
    assert council_result(members, yes, threshold(award, OLD, BEFORE)) == result


merits = st.lists(
    st.tuples(st.integers(88, 92), st.integers(0, 2), st.booleans(), st.booleans()), max_size=25
).map(lambda rows: [Merit(key, Fraction(row[0]), *row[1:]) for key, row in enumerate(rows)])


@given(merits, st.integers(0, 12))
def test_the_order_of_merit_never_gives_more_places_than_there_are_and_never_settles_a_tie(
    rows: list[Merit], quota: int
) -> None:
    found = places(rows, quota)
    assert sum(place.within is True for place in found) <= quota
    order = {merit.key: merit.order for merit in rows}
    for one in found:
        for other in found:
            if order[one.key] == order[other.key]:
                assert one.within == other.within
    if len(found) <= quota:
        assert all(place.within for place in found)
