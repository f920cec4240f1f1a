"""Gates that persons and collectives share: the reform register, open matters, and one reward for one achievement."""

from __future__ import annotations

from evaluation.rules.commendation_examination import Examination
from evaluation.rules.facts import AwardFact, AwardType
from evaluation.rules.rulebook import day_text
from evaluation.rules.verdicts import FORMS, Award


def reform_known(exam: Examination) -> None:
    """G0: without the unit's reform result nobody is passed and nobody is refused."""
    if not exam.binds("reform_result_needed_for"):
        return
    if exam.unit.reform.get(exam.year) is None:
        exam.ask(
            "reform_known",
            "G0",
            "PAR_NO_DATA",
            "The unit has no administrative reform result for %(year)s. Enter it in the register.",
            year=str(exam.year),
        )
    else:
        exam.fine("reform_known", "G0", "The unit's administrative reform result is on record")


def pending(exam: Examination) -> None:
    """G2: an open matter holds the proposal until it is closed."""
    matters = exam.unit.pending if exam.facts.collective else exam.person.pending
    open_matters = [matter for matter in matters if matter.open_on(exam.facts.as_of)]
    for matter in open_matters:
        exam.hold(
            "pending",
            "G2",
            "PENDING",
            "A matter opened on %(opened)s has not been concluded",
            opened=day_text(matter.opened),
            kind=matter.kind.value,
        )
    if not open_matters:
        exam.fine("pending", "G2", "No matter is being considered or verified")


def duplicate(exam: Examination) -> None:
    """G7: one achievement is rewarded once; sudden and thematic awards neither block nor help."""
    first = exam.year - _years_rewarded(exam) + 1
    blocking = [award for award in _own_awards(exam) if _same_or_higher(exam.award, award)]
    met = [award.meets(first, exam.year) for award in blocking]
    if True in met:
        exam.refuse(
            "duplicate", "G7", "ACHIEVEMENT_ALREADY_REWARDED", "The same achievement was rewarded already"
        )
    elif None in met:
        exam.ask(
            "duplicate",
            "G7",
            "ACHIEVEMENT_PERIOD_UNKNOWN",
            "An award of the same form does not say which years it rewarded; look at its decision",
        )
    else:
        exam.fine("duplicate", "G7", "The achievement of the year has not been rewarded with this title")


def _own_awards(exam: Examination) -> tuple[AwardFact, ...]:
    return exam.unit.awards if exam.facts.collective else exam.person.awards


def _same_or_higher(award: Award, given: AwardFact) -> bool:
    """A title blocks itself only, for one stands on the other; a form of commendation blocks the lower ones too."""
    if given.kind is not AwardType.CONG_TRANG:
        return False
    if award not in FORMS:
        return given.code == award
    return given.code in FORMS and FORMS.index(Award(given.code)) >= FORMS.index(award)


def _years_rewarded(exam: Examination) -> int:
    """How many years up to the year judged make the achievement."""
    if exam.award is Award.BKT and not exam.facts.collective:
        return max(exam.count("bkt_cstdcs_years"), exam.count("bkt_excellent_years"))
    if exam.award is Award.BKTTG and not exam.facts.collective:
        return exam.count("bkttg_years")
    if exam.award is Award.HCLD3 and not exam.facts.collective:
        return exam.count("hcld3_years")
    return 1
