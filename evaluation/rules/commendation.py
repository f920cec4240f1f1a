"""Who may be proposed for a title or a form of commendation: every criterion is examined, the first gate decides."""

from __future__ import annotations

from fractions import Fraction

from evaluation.rules import commendation_awards as awards
from evaluation.rules import commendation_collectives as collectives
from evaluation.rules import commendation_gates as gates
from evaluation.rules import commendation_persons as persons
from evaluation.rules import commendation_titles as titles
from evaluation.rules.commendation_examination import Examination, Gate, award_in_force, standard
from evaluation.rules.commendation_votes import council_passes
from evaluation.rules.facts import Facts
from evaluation.rules.grading import whole
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.verdicts import CODE_LABELS, Award, Finding, Verdict, VerdictStatus

__all__ = [
    "CODE_LABELS",
    "Award",
    "Finding",
    "Verdict",
    "VerdictStatus",
    "council_passes",
    "examine",
    "title_quota",
]

PERSONAL: dict[Award, tuple[Gate, ...]] = {
    Award.LDTT: (standard(titles.class_of_the_year), titles.old_unit),
    Award.CSTDCS: (titles.class_of_the_year, titles.old_unit, standard(titles.grassroots_fighter)),
    Award.CSTDT: (standard(titles.provincial_fighter), titles.class_of_the_year, titles.old_unit),
    Award.CSTDTQ: (standard(titles.national_fighter), titles.class_of_the_year, titles.old_unit),
    Award.GK: (titles.class_of_the_year, titles.old_unit, standard(awards.certificate)),
    Award.BKT: (standard(awards.provincial_merit), titles.class_of_the_year, titles.old_unit),
    Award.BKTTG: (standard(awards.prime_ministers_merit), titles.class_of_the_year, titles.old_unit),
    Award.HCLD3: (standard(awards.labour_order_third), titles.class_of_the_year, titles.old_unit),
    Award.HCLD2: (standard(awards.higher_labour_order), titles.class_of_the_year, titles.old_unit),
    Award.HCLD1: (standard(awards.higher_labour_order), titles.class_of_the_year, titles.old_unit),
}
COLLECTIVE: dict[Award, tuple[Gate, ...]] = {
    Award.TTLDTT: (collectives.unit_class, standard(collectives.advanced_collective)),
    Award.TTLDXS: (collectives.unit_class, standard(collectives.excellent_collective)),
    Award.COT: (collectives.unit_class, standard(collectives.provincial_flag)),
    Award.COCP: (collectives.unit_class, standard(collectives.government_flag)),
    **dict.fromkeys(
        (Award.GK, Award.BKT, Award.BKTTG, Award.HCLD3, Award.HCLD2, Award.HCLD1),
        (collectives.unit_class, collectives.collective_form),
    ),
}
BEFORE_A_PERSON: tuple[Gate, ...] = (
    gates.reform_known,
    persons.rating_known,
    award_in_force,
    gates.pending,
    persons.discipline,
    persons.reform_gate,
    persons.criticism,
    persons.subordinates,
    persons.head_limit,
)
BEFORE_A_COLLECTIVE: tuple[Gate, ...] = (
    gates.reform_known,
    collectives.unit_rating_known,
    award_in_force,
    gates.pending,
    collectives.dissolved,
    collectives.unit_reform_gate,
    collectives.unit_criticism,
)


def examine(award: Award | str, facts: Facts, pack: Rulebook) -> Verdict:
    """Every criterion of an award on the facts of one subject, and the verdict of the first gate that decides."""
    day = facts.received if pack.covers(facts.received) else pack.effective[0]
    exam = Examination(Award(award), facts, pack, day)
    for gate in _gates(exam.award, facts.collective):
        gate(exam)
    exam.findings.sort(key=lambda finding: finding.gate)
    found = tuple(exam.findings)
    for finding in found:
        if finding.status is not None:
            return Verdict(finding.status, finding.code, found)
    met = next((finding.code for finding in found if finding.code is not None), None)
    return Verdict(VerdictStatus.ELIGIBLE, met, found)


def _gates(award: Award, collective: bool) -> tuple[Gate, ...]:
    own = (COLLECTIVE if collective else PERSONAL).get(award)
    if own is None:
        whom = "a collective" if collective else "a person"
        raise ValueError(f"{award} is not given to {whom}.")
    return (*(BEFORE_A_COLLECTIVE if collective else BEFORE_A_PERSON), *own, gates.duplicate)


def title_quota(ldtt: int, share: Fraction, rounding: str = "FLOOR") -> int:
    """How many Chiến sĩ thi đua cơ sở fit on so many Lao động tiên tiến of the same deciding authority."""
    if ldtt < 0 or not 0 <= share <= 1:
        raise ValueError("The number of people cannot be negative and the share is between 0 and 1.")
    if rounding not in ("FLOOR", "HALF_UP"):
        raise ValueError(f"{rounding} is not a way to round a title quota. Write FLOOR or HALF_UP.")
    return whole(share * ldtt, rounding)
