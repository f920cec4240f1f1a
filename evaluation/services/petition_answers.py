"""Answering a petition: rejected with a reason, or upheld by a new score or a new class that supersedes (Article 22)."""

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Petition, Report, ScoreSheet, Stage, YearGrade
from evaluation.queries import grades as grade_queries
from evaluation.queries import petitions as queries
from evaluation.queries import subordinates
from evaluation.rules import leaders
from evaluation.rules.bands import Band
from evaluation.rules.explain import exact
from evaluation.rules.permissions import Action, Relation
from evaluation.rules.scoring import ScoreStatus
from evaluation.rules.workflow import GradeState
from evaluation.services import (
    access,
    audit,
    grade_proposals,
    grades,
    marks,
    moves,
    notices,
    petitions,
    quotas,
    receipts,
    replacements,
    rulebooks,
    scores,
)
from evaluation.services.access import Actor
from evaluation.services.marks import Findings
from evaluation.services.moves import reason_given
from evaluation.services.refusals import Conflict, Fault, Invalid

REJECTED = "Your petition (%(what)s) was answered: the result stands. Reason: %(answer)s"
UPHELD = "Your petition (%(what)s) was upheld: the result was replaced. %(answer)s"
LEADER = "A score under you was changed on petition (%(what)s): your unit result d would now be otherwise."
LEADER_OF = "A score under %(name)s was changed on petition (%(what)s): the unit result d of that leader would now be otherwise."
RESTS = "A score of %(name)s (%(what)s) was changed on petition after the class of the year was decided."


def reject(
    actor: Actor,
    petition_id: int,
    *,
    answer: str,
    document_number: str = "",
    transaction_id: str | None = None,
) -> Petition:
    """The result stands; the official is told why."""
    if receipts.taken(actor, transaction_id, "petition.rejected") is not None:
        return petitions.petition_for(actor, petition_id)[0]
    petition, held = _to_answer(actor, petition_id)
    _answer(actor, petition, held, "reject", answer, document_number)
    notices.tell(
        petition.person_id,
        REJECTED,
        link=f"/petitions/{petition.id}",
        what=petitions.what(petition),
        answer=petition.answer,
    )
    receipts.keep(transaction_id, {"petition": petition.id})
    db.session.commit()
    return petition


def uphold_score(
    actor: Actor,
    petition_id: int,
    *,
    findings: Findings,
    answer: str,
    document_number: str = "",
    version: int | None = None,
    transaction_id: str | None = None,
) -> Petition:
    """Corrects facts of a month and freezes its final score anew; the earlier score stays readable as superseded.

    The sheet keeps its state. Where nothing changes, or the score would fall, the petition cannot be upheld.
    """
    if receipts.taken(actor, transaction_id, "petition.upheld") is not None:
        return petitions.petition_for(actor, petition_id)[0]
    petition, held = _to_answer(actor, petition_id)
    petitions.step(petition, "uphold", held)
    if petition.report_id is None:
        raise Conflict(_("This petition is about a class of the year, not about a score."))
    text = reason_given(answer, "answer")
    report, _relations = access.report_for(actor, petition.report_id, to=Action.CONFIRM_REPORT, lock=True)
    moves.fresh_children(report)
    moves.same_version(report, version)
    before = _live(report)
    changes = marks.apply(actor, report, findings)
    moves.fresh_children(report)
    sheet = scores.freeze(
        actor,
        report,
        Stage.FINAL,
        reason=_("Petition no. %(number)s upheld: %(answer)s", number=petition.id, answer=text),
    )
    db.session.flush()
    _refuse_unchanged(before, sheet, changed=bool(changes.before or changes.after))
    report.version += 1
    moved = _leaders_moved(report)
    _answer(
        actor,
        petition,
        held,
        "uphold",
        text,
        document_number,
        before={"total": before.exact_total, **changes.before},
        after={"total": sheet.exact_total, "leaders": [one.id for one in moved], **changes.after},
    )
    audit.record(
        actor,
        "report.rescored",
        report,
        before={"total": before.exact_total},
        after={"total": sheet.exact_total, "band": sheet.band, "petition": petition.id},
        reason=text,
        unit_id=report.unit_id,
        on_behalf_of=petition.decided_for,
    )
    _tell_upheld(petition)
    _tell_leaders(petition, moved)
    receipts.keep(transaction_id, {"petition": petition.id})
    _year_again(petition, report)
    db.session.commit()
    return petition


def uphold_class(
    actor: Actor,
    petition_id: int,
    klass: Band,
    *,
    answer: str,
    decision_number: str,
    exceptional_document: str = "",
    transaction_id: str | None = None,
) -> Petition:
    """Replaces the class by a better one, public at once under its own decision; the quota holds here too (Article 20.5)."""
    if receipts.taken(actor, transaction_id, "petition.upheld") is not None:
        return petitions.petition_for(actor, petition_id)[0]
    first, _held = petitions.petition_for(actor, petition_id, to=Action.DECIDE_PETITION)
    if first.grade is None:
        raise Conflict(_("This petition is about a score, not about a class of the year."))
    grade_queries.lock_quota(first.grade.agency_id, first.grade.year)
    petition, held = _to_answer(actor, petition_id)
    petitions.step(petition, "uphold", held)
    old = db.session.get_one(
        YearGrade, petition.grade_id, with_for_update={"of": YearGrade}, populate_existing=True
    )
    if old.superseded_at is not None:
        raise Conflict(
            _(
                "This class was replaced meanwhile. Answer the petition by saying so, or wait until it is taken back."
            )
        )
    text, number = reason_given(answer, "answer"), decision_number.strip()
    if not number:
        raise Invalid([Fault("decision_number", _("Enter the number of the decision."))])
    if old.decided_class is not None and klass <= old.decided_class:
        raise Invalid(
            [
                Fault(
                    "klass",
                    _("Choose a better class than the present one; if it stands, reject the petition."),
                )
            ]
        )
    beyond = quotas.beyond(old.agency_id, old.year)
    new = replacements.in_place_of(
        old, _("Petition no. %(number)s upheld: %(answer)s", number=petition.id, answer=text)
    )
    grades.decide_locked(actor, new.id, klass, text, number, exceptional_document)
    new.state, new.published_at = GradeState.PUBLISHED, clock.now()
    audit.record(
        actor,
        "grade.published",
        new,
        after={"state": new.state, "class": klass, "number": number},
        unit_id=new.unit_id,
        on_behalf_of=access.acting_for(actor, new.confirming_unit_id),
    )
    db.session.flush()
    quotas.tell_if_more_beyond(new, beyond)
    _answer(
        actor,
        petition,
        held,
        "uphold",
        text,
        number,
        before={"class": old.decided_class, "grade": old.id},
        after={"class": klass, "grade": new.id},
    )
    _tell_upheld(petition)
    receipts.keep(transaction_id, {"petition": petition.id})
    db.session.commit()
    return petition


def _to_answer(actor: Actor, petition_id: int) -> tuple[Petition, frozenset[Relation]]:
    return petitions.petition_for(actor, petition_id, to=Action.DECIDE_PETITION, lock=True)


def _answer(
    actor: Actor,
    petition: Petition,
    held: frozenset[Relation],
    action: str,
    answer: str,
    document_number: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    target, earlier = petitions.step(petition, action, held), petition.state
    unit_id, said = petitions.subject_of(petition).unit_id, reason_given(answer, "answer")
    for_whom = access.acting_for(actor, petition.deciding_unit_id)
    petition.state, petition.answer, petition.decided_for = target, said, for_whom
    petition.document_number = document_number.replace("\x00", "").strip()[:200] or None
    petition.decided_by, petition.decided_at = actor.person_id, clock.now()
    audit.record(
        actor,
        f"petition.{petition.state.value.lower()}",
        petition,
        before={"state": earlier, **(before or {})},
        after={"state": petition.state, **(after or {})},
        reason=petition.answer,
        unit_id=unit_id,
        on_behalf_of=for_whom,
    )
    db.session.flush()


def _live(report: Report) -> ScoreSheet:
    return db.session.scalars(
        select(ScoreSheet).where(
            ScoreSheet.report_id == report.id,
            ScoreSheet.stage == Stage.FINAL,
            ScoreSheet.superseded_at.is_(None),
        )
    ).one()


def _refuse_unchanged(before: ScoreSheet, after: ScoreSheet, *, changed: bool) -> None:
    if after.status is ScoreStatus.PENDING:
        raise Conflict(_("The score cannot be worked out again yet: a final score below is missing."))
    same = (before.exact_total, before.unit_result) == (after.exact_total, after.unit_result)
    if same and not changed:
        raise Invalid(
            [
                Fault(
                    "",
                    _("Nothing was corrected. Correct what was wrong, or reject the petition with a reason."),
                )
            ]
        )
    if before.total is not None and (after.total is None or after.total < before.total):
        raise Invalid(
            [Fault("", _("The score would fall from %(before)s to %(after)s: upholding a petition never lowers a score.",
                         before=before.total.normalize(), after=(after.total or 0)))]
        )  # fmt: skip


def _tell_upheld(petition: Petition) -> None:
    notices.tell(
        petition.person_id,
        UPHELD,
        link=f"/petitions/{petition.id}",
        what=petitions.what(petition),
        answer=petition.answer,
    )


def _leaders_moved(report: Report) -> list[Report]:
    """Leaders above whose d, worked out from the scores in force now, is not the one on their final score."""
    candidates = queries.leaders_above(report)
    if not candidates:
        return []
    frozen = queries.frozen_unit_results([one.id for one in candidates])
    found: list[Report] = []
    for by_field in (True, False):
        group = [one for one in candidates if _by_field(one) is by_field]
        below = subordinates.of_leaders([one.id for one in group], by_field=by_field)
        for one in group:
            people = below.get(one.id, [])
            if not any(person.report_id == report.id for person in people):
                continue
            now = leaders.unit_result(
                [person.total for person in people], book=rulebooks.book_of(one), day=one.period.month
            )
            if (None if now is None else exact(now)) != frozen.get(one.id):
                found.append(one)
    return found


def _by_field(report: Report) -> bool:
    return rulebooks.book_of(report).choice("deputy_unit_result", report.period.month) == "FIELD"


def _tell_leaders(petition: Petition, moved: list[Report]) -> None:
    for leader in moved:
        told = petitions.what(petition)
        notices.tell(leader.person_id, LEADER, link=f"/results/{leader.id}", what=told)
        for person_id in petitions.deciders(leader.confirming_unit_id):
            if person_id not in (leader.person_id, petition.decided_by):
                notices.tell(
                    person_id,
                    LEADER_OF,
                    link=f"/results/{leader.id}",
                    what=told,
                    name=leader.person.full_name,
                )


def _year_again(petition: Petition, report: Report) -> None:
    """The proposal of the year is worked out again; a decided class is left to its decider, who is told."""
    grade = queries.live_grade(report.person_id, report.period.month.year)
    if grade is None:
        return
    if grade.state is GradeState.PROPOSED:
        grade_proposals.ask_for_proposals(None, grade.year, grade.agency_id)
        return
    for person_id in petitions.deciders(grade.confirming_unit_id):
        if person_id != report.person_id:
            notices.tell(
                person_id,
                RESTS,
                link=f"/grades/of/{grade.id}",
                name=report.person.full_name,
                what=petitions.what(petition),
            )
