"""The verdicts of one deciding authority: each round stands on the rounds before it, then the cap and its line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from evaluation.queries.evidence import YearRecord
from evaluation.queries.evidence_units import UnitRecord
from evaluation.rules.commendation import examine, title_quota
from evaluation.rules.facts import AwardType, Facts, TitleFact
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.title_ranking import Merit, Place, places, reach_of
from evaluation.rules.verdicts import Award, Finding, Verdict, VerdictStatus
from evaluation.services.eligibility_collectives import Members, members_of, with_members
from evaluation.services.eligibility_rounds import TIED, Judged, Round, holds, person_of

STREAKS = (Award.CSTDCS, Award.CSTDT, Award.BKT, Award.BKTTG)
NEVER = 1000


def rounds(
    awards: Sequence[Award],
    people: Sequence[YearRecord],
    units: Sequence[UnitRecord],
    book: Rulebook,
    received: date,
) -> dict[Award, Round]:
    """The rounds of some awards in one authority, in the order in which they stand on each other."""
    made: dict[Award, Round] = {}
    for award in awards:
        if award is Award.LDTT:
            made[award] = advanced_workers(people, book)
        elif award is Award.CSTDCS:
            made[award] = emulation_fighters(made[Award.LDTT], book, received)
        else:
            made[award] = _upon(award, people, units, made, book)
    return made


def advanced_workers(records: Iterable[YearRecord], book: Rulebook) -> Round:
    """The round of Lao động tiên tiến: no cap, so no order of merit."""
    judged = [Judged(record, examine(Award.LDTT, record.facts, book)) for record in records]
    return Round(judged, sum(map(_is_advanced_worker, judged)), None)


def emulation_fighters(first: Round, book: Rulebook, received: date) -> Round:
    """The round of Chiến sĩ thi đua cơ sở upon the round of Advanced Workers of the same authority (Article 23)."""
    judged = [_second(one, book) for one in first.judged]
    day = received if book.covers(received) else book.effective[0]
    quota = title_quota(first.ldtt, book.number("title_share", day), str(book.choice("title_rounding", day)))
    silent = _silent([person_of(one) for one in judged])
    merits = [
        _merit(person_of(one), known=not silent)
        for one in judged
        if one.verdict.status is VerdictStatus.ELIGIBLE
    ]
    found = {place.key: place for place in places(merits, quota)}
    return Round(
        [_placed(one, found.get(person_of(one).person_id), quota, book) for one in judged], first.ldtt, quota
    )


def _upon(
    award: Award,
    people: Sequence[YearRecord],
    units: Sequence[UnitRecord],
    before: Mapping[Award, Round],
    book: Rulebook,
) -> Round:
    """The round of an award that needs no cap: persons with the titles of this round, collectives with their members."""
    judged: list[Judged] = []
    if award.of_persons:
        outcome = _outcomes(before.get(Award.CSTDCS), Award.CSTDCS)
        silent = _silent(people)
        for record in people:
            judged.append(Judged(record, examine(award, _known(record, outcome, silent), book)))
    if award.of_collectives:
        members = members_of(people, before)
        for unit in units:
            found = [members[one] for one in unit.within if one in members]
            if found:
                judged.append(_collective(award, unit, Members.all_of(found), book))
    return Round(judged, before[Award.LDTT].ldtt if Award.LDTT in before else 0, None)


def _collective(award: Award, unit: UnitRecord, members: Members, book: Rulebook) -> Judged:
    facts = with_members(unit.facts, members)
    return Judged(unit, examine(award, facts, book), printed={**unit.printed, **members.printed()})


def _outcomes(round_: Round | None, code: Award) -> dict[int, bool | None]:
    """Who holds a title of this round by person: yes, no, or None while it is not settled."""
    found: dict[int, bool | None] = {}
    for one in round_.judged if round_ else ():
        held = holds(one, code)
        found[person_of(one).person_id] = held
    return found


def _silent(people: Sequence[YearRecord]) -> frozenset[int]:
    """Earlier years of which the register of titles names nobody of the authority: nobody has entered them."""
    if not people:
        return frozenset()
    year = people[0].facts.year
    spoken = {title.year for one in people for title in one.facts.person.titles}
    spoken |= {award.decided_year or 0 for one in people for award in one.facts.person.awards}
    return frozenset(range(year - people[0].years + 1, year)) - spoken


def _known(record: YearRecord, outcome: Mapping[int, bool | None], silent: frozenset[int]) -> Facts:
    """A person's facts with the title of this round, and the years on which the register of titles cannot speak."""
    facts = record.facts
    unknown = {(code.value, year) for code in STREAKS for year in silent}
    titles = facts.person.titles
    held = outcome.get(record.person_id, False)
    if held and facts.year not in facts.person.held(Award.CSTDCS):
        titles = (*titles, TitleFact(Award.CSTDCS, facts.year))
    if held is None:
        unknown.add((Award.CSTDCS.value, facts.year))
    return replace(facts, person=replace(facts.person, titles=titles, unknown_titles=frozenset(unknown)))


def _is_advanced_worker(one: Judged) -> bool:
    """Decided already, or eligible in this round."""
    return holds(one, Award.LDTT) is True


def _second(first: Judged, book: Rulebook) -> Judged:
    """The same year examined for the higher title, with Advanced Worker on record if this round gives it."""
    record = person_of(first)
    facts = record.facts
    if first.verdict.status is VerdictStatus.ELIGIBLE:
        titles = (*facts.person.titles, TitleFact(Award.LDTT, facts.year))
        facts = replace(facts, person=replace(facts.person, titles=titles))
    return Judged(record, examine(Award.CSTDCS, facts, book))


def _merit(record: YearRecord, *, known: bool) -> Merit:
    person = record.facts.person
    levels = [one.level for one in person.initiatives if one.year == record.facts.year]
    waited = _waited(record) if known else 0
    leads = record.printed["leads"]
    return Merit(record.person_id, record.mean, reach_of(levels), not leads, record.female, waited)


def _waited(record: YearRecord) -> int:
    """Years since the last commendation but the yearly title; who never had one has waited longest."""
    given = [
        award.counts_from
        for award in record.facts.person.awards
        if award.kind is AwardType.CONG_TRANG and award.code != Award.LDTT and award.counts_from is not None
    ]
    before = [year for year in given if year < record.facts.year]
    return record.facts.year - max(before) if before else NEVER


def _placed(one: Judged, place: Place | None, quota: int, book: Rulebook) -> Judged:
    if place is None:
        return one
    code: str | None
    params = {"rank": str(place.rank), "quota": str(quota), "equals": str(place.equals)}
    article = book.article("title_share")
    if place.within is None:
        says = (
            "%(equals)s officials are equal at rank %(rank)s and the cap is %(quota)s; a person must choose"
        )
        status, code = VerdictStatus.NEEDS_REVIEW, TIED
        finding = Finding("title_share", "G8", None, says, params, article, status, code)
    else:
        says = (
            "Within the cap of the authority: rank %(rank)s of %(quota)s"
            if place.within
            else "Over the cap of the authority: rank %(rank)s, the cap is %(quota)s"
        )
        status, code = one.verdict.status, one.verdict.code
        finding = Finding("title_share", "G8", place.within, says, params, article)
    verdict = Verdict(status, code, (*one.verdict.findings, finding))
    return Judged(one.record, verdict, place.rank, place.within)
