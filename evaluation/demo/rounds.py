"""What the decisions of a year rest on: own classes, meetings of the units, the Party committees' opinions."""

from collections import defaultdict
from datetime import date
from random import Random

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import SelfClassification
from evaluation.queries import annual_round as questions
from evaluation.queries.annual_round import Member
from evaluation.rules.organisation import Office
from evaluation.services import annual_round, meetings, party_opinions
from evaluation.services.access import Actor
from evaluation.services.meetings import Minutes, Opinion

TEXT = (
    "Từng đồng chí trình bày báo cáo tự đánh giá kết quả công tác trong năm.\n"
    "Hội nghị góp ý: phát huy tinh thần phối hợp, nâng cao tiến độ xử lý hồ sơ trong quý IV.\n"
    "Hội nghị thông qua biên bản với sự nhất trí của toàn thể thành viên dự họp."
)
OPINION = "Nhất trí với kết quả tự đánh giá; đồng chí giữ vững phẩm chất chính trị, gương mẫu trong công tác."


def classify_themselves(agency_id: int, year: int, chance: Random, *, share: float = 1.0) -> None:
    """Most officials give their own year the class its points suggest, once the round is open."""
    members = _members(agency_id, year)
    if not members:
        return
    dates = annual_round.timeline(members[0], year).dates
    if dates is None or clock.today() < dates.opens:
        return
    for member in members:
        klass = member.facts.proposed_class
        if klass is not None and chance.random() < share:
            db.session.add(
                SelfClassification(person_id=member.person_id, year=year, klass=klass, given_at=clock.now())
            )
    db.session.commit()


def review(
    agency_id: int, year: int, *, head: Actor, above: Actor, names: dict[int, str], units: int | None = None
) -> None:
    """Meetings of an agency's units (of the first `units` only) with their minutes, then the Party's opinions on leaders."""
    by_unit: dict[int, list[Member]] = defaultdict(list)
    for member in _members(agency_id, year):
        by_unit[member.unit_id].append(member)
    day = clock.today()
    for unit_id in sorted(by_unit)[:units]:
        members = by_unit[unit_id]
        leader = next((one.full_name for one in members if one.office is Office.HEAD), names[head.person_id])
        meetings.record(
            head,
            agency_id,
            unit_id,
            year,
            Minutes(
                held_on=day,
                chair=leader,
                secretary=members[-1].full_name,
                invited=len(members),
                present=len(members),
                text=TEXT,
                opinions={one.person_id: Opinion(one.facts.proposed_class) for one in members},
            ),
        )
        if units is None:
            for one in members:
                if one.office.leads:
                    _ask_the_party(one, year, day, above if one.person_id == head.person_id else head)


def _ask_the_party(member: Member, year: int, day: date, recorder: Actor) -> None:
    party_opinions.record(
        recorder,
        member.person_id,
        year,
        party_opinions.Opinion(
            "Đảng ủy cơ quan", OPINION, day, member.facts.proposed_class, f"{member.person_id}-NX/ĐU"
        ),
    )


def _members(agency_id: int, year: int) -> list[Member]:
    return questions.of_agency(agency_id, year, per_page=100_000)[0]
