"""The annual round asked: how far each official of an agency is, what was recorded of one, who is owed what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text

from evaluation.extensions import db
from evaluation.models import LateRound, MeetingOpinion, PartyOpinion, ReviewMeeting, SelfClassification, Unit
from evaluation.queries import organisation
from evaluation.queries.cycles import LAST_MONTH
from evaluation.queries.grades import bounds
from evaluation.rules.annual_round import RoundFacts
from evaluation.rules.bands import Band
from evaluation.rules.grading import AnnualStatus
from evaluation.rules.organisation import Office, UnitRole
from evaluation.rules.workflow import GradeState

# Office and unit are those of the class: of the last sheet of the year, without a sheet those of the service of the year.
MEMBERS = """
with latest as (
    select distinct on (report.person_id)
        report.person_id, report.unit_id, report.agency_id, report.confirming_unit_id, report.office, report.title,
        report.rulebook
    from report join period on period.id = report.period_id
    where period.month >= :since and period.month < :until and {reports}
    order by report.person_id, {newest} desc
),
graded as (select * from year_grade where year = :year and superseded_at is null and {grades}),
member as (
    select person_id,
        coalesce(graded.unit_id, latest.unit_id) as unit_id,
        coalesce(graded.agency_id, latest.agency_id) as agency_id,
        coalesce(graded.confirming_unit_id, latest.confirming_unit_id) as confirming_unit_id,
        coalesce(latest.office, service.office, 'STAFF') as office,
        coalesce(latest.title, service.title, '') as title,
        coalesce(graded.rulebook, latest.rulebook) as rulebook,
        graded.id as grade_id, graded.state, graded.status, graded.proposed_class, graded.decided_class,
        (graded.proposed_at at time zone 'Asia/Ho_Chi_Minh')::date as proposed_on,
        (graded.decided_at at time zone 'Asia/Ho_Chi_Minh')::date as decided_on,
        (graded.published_at at time zone 'Asia/Ho_Chi_Minh')::date as published_on,
        graded.replaces_id
    from latest full join graded using (person_id)
    left join lateral (
        select office, title from assignment
        where latest.person_id is null and assignment.person_id = graded.person_id and is_main
          and valid_from < :until
        order by valid_from desc limit 1
    ) service on true
),
standing as (
    select member.*, person.full_name, person.sort_key, person.search_key,
        own.klass as self_class, own.note as self_note,
        (own.given_at at time zone 'Asia/Ho_Chi_Minh')::date as self_on,
        meeting.id as meeting_id, meeting.held_on as meeting_on, meeting.klass as meeting_class,
        meeting.remarks as meeting_remarks,
        party.given_on as party_on, party.klass as party_class, party.opinion as party_opinion,
        party.committee as party_committee,
        late.agency_id is not null as late
    from member
    join person on person.id = member.person_id
    left join self_classification own
        on own.person_id = member.person_id and own.year = :year and own.superseded_at is null
    left join lateral (
        select review_meeting.id, held_on, meeting_opinion.klass, meeting_opinion.remarks
        from meeting_opinion join review_meeting on review_meeting.id = meeting_opinion.meeting_id
        where meeting_opinion.person_id = member.person_id and review_meeting.year = :year
          and review_meeting.superseded_at is null
        order by held_on desc, review_meeting.id desc limit 1
    ) meeting on true
    left join party_opinion party
        on party.person_id = member.person_id and party.year = :year and party.superseded_at is null
    left join late_round late on late.agency_id = member.agency_id and late.year = :year
)
"""
OF_AGENCY = MEMBERS.format(
    newest=LAST_MONTH,
    reports="""report.person_id in (
        select person_id from report join period on period.id = report.period_id
        where report.agency_id = :agency_id and period.month >= :since and period.month < :until
    )""",
    grades="agency_id = :agency_id",
)
OF_PEOPLE = MEMBERS.format(
    newest=LAST_MONTH, reports="report.person_id = any(:people)", grades="person_id = any(:people)"
)
WITHIN = "agency_id = :agency_id"
MISSING = {
    "SELF_RATED": "self_on is null and decided_on is null",
    "MEETING_HELD": "meeting_id is null",
    "PARTY_OPINION": "office <> 'STAFF' and party_on is null",
    "PROPOSED": "(grade_id is null or status = 'UNIT_NOT_CLASSIFIED') and decided_on is null",
    "DECIDED": "decided_on is null",
    "PUBLISHED": "published_on is null",
}
PROGRESS = f"""
{OF_AGENCY}
select count(*) as people, count(*) filter (where office <> 'STAFF') as leaders,
    count(replaces_id) as replaced, coalesce(bool_or(late), false) as late,
    {", ".join(f'count(*) filter (where {condition}) as "{step}"' for step, condition in MISSING.items())}
from standing where {WITHIN}
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One official in the round of a year, with everything that was recorded so far."""

    person_id: int
    full_name: str
    unit_id: int
    agency_id: int
    confirming_unit_id: int
    office: Office
    title: str
    rulebook: str
    grade_id: int | None
    meeting_id: int | None
    meeting_remarks: str | None
    party_opinion: str | None
    party_committee: str | None
    self_note: str | None
    late: bool
    facts: RoundFacts


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of an agency still lack each step."""

    people: int
    leaders: int
    replaced: int
    late: bool
    lacking: dict[str, int]

    def done(self, step: str) -> int:
        """How many have the step behind them."""
        return (self.leaders if step == "PARTY_OPINION" else self.people) - self.lacking[step]


def _member(row: Any) -> Member:
    return Member(
        row.person_id,
        row.full_name,
        row.unit_id,
        row.agency_id,
        row.confirming_unit_id,
        Office(row.office),
        row.title,
        row.rulebook,
        row.grade_id,
        row.meeting_id,
        row.meeting_remarks,
        row.party_opinion,
        row.party_committee,
        row.self_note,
        row.late,
        RoundFacts(
            office=Office(row.office),
            self_on=row.self_on,
            self_class=_band(row.self_class),
            meeting_on=row.meeting_on,
            meeting_class=_band(row.meeting_class),
            party_on=row.party_on,
            party_class=_band(row.party_class),
            proposed_on=row.proposed_on,
            proposed_class=_band(row.proposed_class),
            waits_for_unit=row.status == AnnualStatus.UNIT_NOT_CLASSIFIED,
            decided_on=row.decided_on,
            decided_class=_band(row.decided_class),
            published_on=row.published_on if row.state == GradeState.PUBLISHED else None,
            replaces=row.replaces_id is not None and row.decided_on is not None,
        ),
    )


def _band(word: str | None) -> Band | None:
    return Band(word) if word else None


def of_people(person_ids: Iterable[int], year: int) -> dict[int, Member]:
    """How far each of some people is, in one question."""
    rows = db.session.execute(
        text(f"{OF_PEOPLE} select * from standing"),
        {"people": list(person_ids), "year": year, **bounds(year)},
    )
    return {row.person_id: _member(row) for row in rows}


def of_person(person_id: int, year: int) -> Member | None:
    """How far one official is; None for who has neither a sheet nor a class in the year."""
    return of_people([person_id], year).get(person_id)


def of_agency(
    agency_id: int,
    year: int,
    *,
    missing: str | None = None,
    unit_id: int | None = None,
    words: str = "",
    number: int = 1,
    per_page: int = 50,
) -> tuple[list[Member], int]:
    """A page of an agency's officials in the round, leaders first, and how many there are."""
    given = {
        "agency_id": agency_id,
        "year": year,
        **bounds(year),
        "unit_id": unit_id,
        "words": f"%{_escaped(words)}%",
        "limit": per_page,
        "offset": (number - 1) * per_page,
    }
    where = [WITHIN]
    if missing in MISSING:
        where.append(MISSING[missing])
    if unit_id is not None:
        where.append("unit_id = :unit_id")
    if words:
        where.append("search_key like :words")
    rows = db.session.execute(
        text(
            f"{OF_AGENCY} select *, count(*) over () as total from standing where {' and '.join(where)}"
            " order by case office when 'HEAD' then 0 when 'DEPUTY' then 1 else 2 end, sort_key, person_id"
            " limit :limit offset :offset"
        ),
        given,
    ).all()
    return [_member(row) for row in rows], (rows[0].total if rows else 0)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def progress(agency_id: int, year: int) -> Progress:
    """How many of an agency's officials lack each step, in one question."""
    row = db.session.execute(text(PROGRESS), {"agency_id": agency_id, "year": year, **bounds(year)}).one()
    return Progress(
        row.people, row.leaders, row.replaced, row.late, {step: row._mapping[step] for step in MISSING}
    )


def reviewed_in(agency_id: int, unit_id: int, year: int) -> list[Member]:
    """Whom a meeting of a unit may review: its own officials; in an agency also the heads and deputies of its parts."""
    rows = db.session.execute(
        text(
            f"{OF_AGENCY} select * from standing where {WITHIN}"
            " and (unit_id = :unit_id or :unit_id = agency_id and office <> 'STAFF')"
            " order by case office when 'HEAD' then 0 when 'DEPUTY' then 1 else 2 end, sort_key, person_id"
        ),
        {"agency_id": agency_id, "unit_id": unit_id, "year": year, **bounds(year)},
    )
    return [_member(row) for row in rows]


def units_of(agency_id: int, year: int) -> list[int]:
    """The units in which an agency's officials are classified."""
    return list(
        db.session.scalars(
            text(f"{OF_AGENCY} select distinct unit_id from standing where {WITHIN} order by 1"),
            {"agency_id": agency_id, "year": year, **bounds(year)},
        )
    )


def _roles(units: Iterable[int]) -> dict[int, UnitRole]:
    rows = db.session.execute(select(Unit.id, Unit.role).where(Unit.id.in_(list(units))))
    return {row.id: row.role for row in rows}


def agency_of(unit_id: int, day: date) -> int:
    """The agency that uses the officials of a unit: the nearest that is more than a part of another (Article 3.1)."""
    line = organisation.ancestors(unit_id, day)
    roles = _roles(line)
    return next((above for above in line if roles.get(above) is not UnitRole.DIRECT_UNIT), unit_id)


def managing_agency(unit_id: int, day: date) -> int | None:
    """The nearest managing agency above a unit (Article 10.2.a, 21.3)."""
    line = organisation.ancestors(unit_id, day)
    roles = _roles(line)
    return next((above for above in line if roles.get(above) is UnitRole.MANAGING_AGENCY), None)


def live_self(person_id: int, year: int) -> SelfClassification | None:
    """The class somebody gives the own year now."""
    return db.session.scalar(
        select(SelfClassification).where(
            SelfClassification.person_id == person_id,
            SelfClassification.year == year,
            SelfClassification.superseded_at.is_(None),
        )
    )


def live_party(person_id: int, year: int) -> PartyOpinion | None:
    """The Party committee's opinion in force."""
    return db.session.scalar(
        select(PartyOpinion).where(
            PartyOpinion.person_id == person_id,
            PartyOpinion.year == year,
            PartyOpinion.superseded_at.is_(None),
        )
    )


def meetings(agency_id: int, year: int) -> list[tuple[ReviewMeeting, int]]:
    """The meetings of an agency's year, the newest first, superseded ones included, with how many each reviewed."""
    reviewed = (
        select(text("count(*)"))
        .select_from(MeetingOpinion)
        .where(MeetingOpinion.meeting_id == ReviewMeeting.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(ReviewMeeting, reviewed)
        .where(ReviewMeeting.agency_id == agency_id, ReviewMeeting.year == year)
        .order_by(ReviewMeeting.held_on.desc(), ReviewMeeting.id.desc())
    )
    return [(meeting, int(count)) for meeting, count in rows]


def late_round(agency_id: int, year: int) -> LateRound | None:
    """The document by which an agency's year ends later, if there is one."""
    return db.session.get(LateRound, (agency_id, year))
