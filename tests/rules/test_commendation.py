"""Every criterion is examined, the first gate decides, a bad fact never helps, and silence is never a yes."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.rules.bands import Band
from evaluation.rules.commendation import (
    CODE_LABELS,
    Award,
    Finding,
    VerdictStatus,
    council_passes,
    examine,
    title_quota,
)
from evaluation.rules.facts import (
    AwardFact,
    AwardType,
    Criticism,
    Discipline,
    DisciplineForm,
    Facts,
    Initiative,
    InitiativeLevel,
    LeaveFact,
    LeaveKind,
    PendingKind,
    PendingMatter,
    PersonFacts,
    Position,
    ReformResult,
    TitleFact,
    Transfer,
    UnitFacts,
)
from evaluation.rules.rulebook import Rulebook, default_shelf

YEAR = 2026
AS_OF = date(2026, 12, 20)
PACKS = {
    name: default_shelf().for_day("commendation", day)
    for name, day in {"2022": date(2026, 9, 15), "2026": date(2026, 12, 5)}.items()
}

maybe = st.one_of
days = st.dates(date(2024, 1, 1), date(2027, 6, 30))
bands = st.sampled_from(list(Band))
disciplines = st.builds(
    Discipline,
    form=st.sampled_from(list(DisciplineForm)),
    decided_on=days,
    since=maybe(st.none(), days),
    until=maybe(st.none(), days),
    quashed=st.booleans(),
)
matters = st.builds(PendingMatter, st.sampled_from(list(PendingKind)), days, maybe(st.none(), days))
persons = st.builds(
    PersonFacts,
    ratings=st.dictionaries(
        st.just(YEAR), maybe(st.none(), bands, st.just(Band.HTXSNV), st.just(Band.HTTNV))
    ),
    position=st.sampled_from(list(Position)),
    months_worked=st.dictionaries(st.just(YEAR), st.integers(0, 12)),
    leave=st.lists(
        st.builds(LeaveFact, st.sampled_from(list(LeaveKind)), days, maybe(st.none(), days)), max_size=1
    ).map(tuple),
    transfers=st.lists(st.builds(Transfer, days, st.integers(0, 12), st.booleans()), max_size=1).map(tuple),
    discipline=st.lists(disciplines, max_size=1).map(tuple),
    pending=st.lists(matters, max_size=1).map(tuple),
    titles=st.lists(st.builds(TitleFact, st.just("LDTT"), st.just(YEAR)), max_size=1).map(tuple),
    awards=st.just(()),
    initiatives=st.lists(
        st.builds(
            Initiative, st.sampled_from(list(InitiativeLevel)), st.sampled_from([2025, YEAR]), st.booleans()
        ),
        max_size=2,
    ).map(tuple),
)
units = st.builds(
    UnitFacts,
    ratings=st.dictionaries(st.just(YEAR), maybe(st.none(), bands)),
    reform=st.dictionaries(st.just(YEAR), maybe(st.none(), st.sampled_from(list(ReformResult)))),
    criticism=st.lists(st.builds(Criticism, days), max_size=1).map(tuple),
    discipline=st.lists(disciplines, max_size=1).map(tuple),
    corruption_handled=st.sampled_from([frozenset(), frozenset({YEAR})]),
)
dossiers = st.builds(Facts, st.just(YEAR), st.just(AS_OF), st.just(date(2026, 12, 5)), persons, units)
EVERY_YEAR = (Award.LDTT, Award.CSTDCS)
awards = st.sampled_from(EVERY_YEAR)
packs = st.sampled_from(list(PACKS.values()))

GOOD = Facts(
    year=YEAR,
    as_of=AS_OF,
    received=date(2026, 12, 5),
    person=PersonFacts(
        ratings={YEAR: Band.HTXSNV},
        titles=(TitleFact("LDTT", YEAR),),
        initiatives=(Initiative(InitiativeLevel.CO_SO, YEAR),),
    ),
    unit=UnitFacts(ratings={YEAR: Band.HTXSNV}, reform={YEAR: ReformResult.COMPLETED}),
)
GOOD_HEAD = replace(GOOD, person=replace(GOOD.person, position=Position.HEAD))


def with_person(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, person=replace(facts.person, **changes))


def with_unit(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, unit=replace(facts.unit, **changes))


REPRIMAND = Discipline(DisciplineForm.KHIEN_TRACH, date(2026, 3, 1), until=date(2027, 3, 1))
BAD: list[tuple[str, Any]] = [
    ("discipline in the year", lambda f: with_person(f, discipline=(*f.person.discipline, REPRIMAND))),
    (
        "open matter",
        lambda f: with_person(
            f, pending=(*f.person.pending, PendingMatter(PendingKind.PRESS, date(2026, 12, 1)))
        ),
    ),
    ("class below good", lambda f: with_person(f, ratings={YEAR: Band.HTNV})),
    ("silent reform register", lambda f: with_unit(f, reform={})),
    ("silent rating register", lambda f: with_person(f, ratings={})),
    ("reform not completed", lambda f: with_unit(f, reform={YEAR: ReformResult.NOT_COMPLETED})),
    ("criticised", lambda f: with_unit(f, criticism=(*f.unit.criticism, Criticism(date(2026, 5, 1))))),
    ("subordinate disciplined", lambda f: with_unit(f, discipline=(*f.unit.discipline, REPRIMAND))),
    ("unit not completed", lambda f: with_unit(f, ratings={YEAR: Band.KHTNV})),
    ("corruption", lambda f: with_unit(f, corruption_handled=frozenset({YEAR}))),
    ("no initiative", lambda f: with_person(f, initiatives=())),
    ("no title of the year", lambda f: with_person(f, titles=())),
    (
        "rewarded already",
        lambda f: with_person(
            f, awards=tuple(AwardFact(award, AwardType.CONG_TRANG, YEAR, YEAR) for award in Award)
        ),
    ),
]


@pytest.mark.parametrize("award", EVERY_YEAR)
@pytest.mark.parametrize("pack", list(PACKS.values()), ids=list(PACKS))
def test_the_ordinary_good_person_and_head_are_eligible(award: Award, pack: Rulebook) -> None:
    for facts in (GOOD, GOOD_HEAD):
        verdict = examine(award, facts, pack)
        assert (verdict.status, verdict.code) == (VerdictStatus.ELIGIBLE, None)
        assert all(finding.met for finding in verdict.findings)


@given(awards, dossiers, packs, st.sampled_from(BAD))
def test_a_bad_fact_never_helps(award: Award, facts: Facts, pack: Rulebook, bad: tuple[str, Any]) -> None:
    if examine(award, bad[1](facts), pack).status is VerdictStatus.ELIGIBLE:
        if bad[0] in ("reform not completed", "class below good"):
            # These facts also end a silence, so only a register that was not silent can be compared.
            facts = with_unit(facts, reform={YEAR: ReformResult.COMPLETED})
        if bad[0] == "unit not completed":
            facts = with_unit(facts, ratings={YEAR: Band.HTXSNV})
        assert examine(award, facts, pack).status is VerdictStatus.ELIGIBLE


@given(awards, dossiers, packs)
def test_silence_of_a_register_is_never_eligible(award: Award, facts: Facts, pack: Rulebook) -> None:
    silent = [
        with_unit(facts, reform={}),
        with_unit(facts, reform={YEAR: None}),
        with_person(facts, ratings={}),
    ]
    for one in silent:
        assert examine(award, one, pack).status is not VerdictStatus.ELIGIBLE
    head = with_unit(with_person(facts, position=Position.HEAD), ratings={})
    assert examine(award, head, pack).status is not VerdictStatus.ELIGIBLE


@given(awards, dossiers, packs)
def test_every_verdict_carries_every_criterion_with_its_article(
    award: Award, facts: Facts, pack: Rulebook
) -> None:
    verdict = examine(award, facts, pack)
    rules = {finding.rule for finding in verdict.findings}
    assert {"reform_known", "rating_known", "pending", "discipline", "duplicate"} <= rules
    assert rules & {"rating", "unrated"}
    if award is Award.CSTDCS:
        assert {"cstdcs_standard", "ldtt_standard"} <= rules
    for finding in verdict.findings:
        assert finding.article
        assert finding.says % finding.params
        assert (finding.status is None) == (finding.met is True)
        assert finding.code is None or finding.code in CODE_LABELS
        assert Finding.from_json(finding.as_json()) == finding
    gates = [finding.gate for finding in verdict.findings]
    assert gates == sorted(gates)


@given(awards, dossiers, packs)
def test_the_verdict_is_that_of_the_first_finding_that_decides(
    award: Award, facts: Facts, pack: Rulebook
) -> None:
    verdict = examine(award, facts, pack)
    deciding = [finding for finding in verdict.findings if finding.status is not None]
    if deciding:
        assert (verdict.status, verdict.code) == (deciding[0].status, deciding[0].code)
    else:
        assert (verdict.status, verdict.code) == (VerdictStatus.ELIGIBLE, None)


@given(dossiers, packs)
def test_a_fighter_is_always_an_advanced_worker_too(facts: Facts, pack: Rulebook) -> None:
    if examine(Award.CSTDCS, facts, pack).status is VerdictStatus.ELIGIBLE:
        assert examine(Award.LDTT, facts, pack).status is VerdictStatus.ELIGIBLE


@pytest.mark.parametrize(
    ("facts", "award", "status", "code"),
    [
        (with_unit(GOOD_HEAD, ratings={YEAR: Band.HTNV}), Award.LDTT, "NOT_ELIGIBLE", "RATING_BELOW_T"),
        (with_unit(GOOD_HEAD, ratings={}), Award.LDTT, "NEEDS_REVIEW", "RATING_NO_DATA"),
        (
            with_unit(GOOD_HEAD, criticism=(Criticism(date(2026, 5, 1)),)),
            Award.CSTDCS,
            "NOT_ELIGIBLE",
            "CRITICISM_HEAD",
        ),
        (with_unit(GOOD_HEAD, criticism=(Criticism(date(2026, 5, 1)),)), Award.LDTT, "ELIGIBLE", None),
        (
            with_unit(GOOD_HEAD, discipline=(REPRIMAND,)),
            Award.LDTT,
            "NEEDS_REVIEW",
            "SUBORDINATE_DISCIPLINED",
        ),
        (
            with_unit(GOOD_HEAD, corruption_handled=frozenset({YEAR})),
            Award.LDTT,
            "NOT_ELIGIBLE",
            "RATING_BELOW_T",
        ),
        (with_unit(GOOD, discipline=(REPRIMAND,)), Award.LDTT, "ELIGIBLE", None),
        (with_person(GOOD, titles=()), Award.CSTDCS, "NEEDS_REVIEW", "LDTT_NOT_ON_RECORD"),
        (with_person(GOOD, discipline=(replace(REPRIMAND, quashed=True),)), Award.LDTT, "ELIGIBLE", None),
        (
            with_person(GOOD, initiatives=(Initiative(InitiativeLevel.CO_SO, YEAR, sole_author=False),)),
            Award.CSTDCS,
            "NEEDS_REVIEW",
            "CO_AUTHOR_INITIATIVE",
        ),
        (
            with_person(GOOD, awards=(AwardFact("LDTT", AwardType.DOT_XUAT, YEAR, YEAR),)),
            Award.LDTT,
            "ELIGIBLE",
            None,
        ),
        (
            with_person(GOOD, awards=(AwardFact("LDTT", AwardType.CONG_TRANG, YEAR, YEAR),)),
            Award.LDTT,
            "NOT_ELIGIBLE",
            "ACHIEVEMENT_ALREADY_REWARDED",
        ),
    ],
)
def test_one_fact_decides(facts: Facts, award: Award, status: str, code: str | None) -> None:
    verdict = examine(award, facts, PACKS["2026"])
    assert (verdict.status, verdict.code) == (status, code)


def test_criteria_after_the_deciding_one_are_still_examined() -> None:
    facts = with_person(GOOD, discipline=(REPRIMAND,), ratings={YEAR: Band.HTNV}, initiatives=())
    verdict = examine(Award.CSTDCS, facts, PACKS["2022"])
    assert verdict.code == "DISCIPLINED_IN_YEAR"
    codes = [finding.code for finding in verdict.findings if finding.code]
    assert codes == ["DISCIPLINED_IN_YEAR", "RATING_BELOW_T", "NO_XS_NO_INITIATIVE"]


@pytest.mark.parametrize(
    ("decided", "until", "code"),
    [
        (date(2025, 7, 1), date(2025, 12, 31), None),
        (date(2025, 1, 1), date(2026, 1, 1), None),
        (date(2025, 1, 2), date(2026, 1, 2), "DISCIPLINE_ENDED_MID_YEAR"),
        (date(2025, 7, 1), date(2026, 7, 1), "DISCIPLINE_ENDED_MID_YEAR"),
        (date(2025, 7, 2), date(2026, 7, 2), "UNDER_DISCIPLINE"),
        (date(2025, 7, 2), None, "UNDER_DISCIPLINE"),
        (date(2026, 1, 1), date(2026, 1, 2), "DISCIPLINED_IN_YEAR"),
        (date(2026, 12, 31), date(2027, 12, 31), "DISCIPLINED_IN_YEAR"),
        (date(2027, 1, 1), date(2028, 1, 1), None),
    ],
)
def test_discipline_counts_by_the_days_it_touches(
    decided: date, until: date | None, code: str | None
) -> None:
    facts = with_person(GOOD, discipline=(Discipline(DisciplineForm.CANH_CAO, decided, until=until),))
    assert examine(Award.LDTT, facts, PACKS["2026"]).code == code


@pytest.mark.parametrize(
    ("opened", "closed", "status"),
    [
        (AS_OF, None, "HOLD"),
        (date(2026, 12, 21), None, "ELIGIBLE"),
        (date(2026, 11, 2), AS_OF, "ELIGIBLE"),
        (date(2026, 11, 2), date(2026, 12, 21), "HOLD"),
    ],
)
def test_a_matter_holds_from_the_day_it_opens_until_the_day_it_closes(
    opened: date, closed: date | None, status: str
) -> None:
    facts = with_person(GOOD, pending=(PendingMatter(PendingKind.DENUNCIATION, opened, closed),))
    assert examine(Award.LDTT, facts, PACKS["2026"]).status == status


@given(st.integers(0, 5000), st.fractions(0, 1, max_denominator=100))
def test_the_title_quota_never_passes_its_share(ldtt: int, share: Fraction) -> None:
    quota = title_quota(ldtt, share)
    assert quota <= share * ldtt < quota + 1
    assert abs(title_quota(ldtt, share, "HALF_UP") - share * ldtt) <= Fraction(1, 2)


@given(st.integers(1, 60), st.data(), st.integers(0, 100))
def test_a_vote_is_counted_on_all_members(members: int, data: st.DataObject, threshold: int) -> None:
    yes = data.draw(st.integers(0, members))
    assert council_passes(members, yes, threshold) == (Fraction(yes, members) >= Fraction(threshold, 100))


@pytest.mark.parametrize(("members", "yes"), [(0, 0), (9, 10), (9, -1)])
def test_an_impossible_vote_is_refused(members: int, yes: int) -> None:
    with pytest.raises(ValueError, match="check the numbers"):
        council_passes(members, yes, 90)
