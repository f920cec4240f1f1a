"""Who may be proposed for Lao động tiên tiến and Chiến sĩ thi đua cơ sở: every criterion is examined, the first gate decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from evaluation.rules.bands import Band
from evaluation.rules.explain import written
from evaluation.rules.facts import AwardType, Discipline, Facts, LeaveKind, Position, ReformResult
from evaluation.rules.grading import whole
from evaluation.rules.rulebook import Rulebook, day_text
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


@dataclass
class _Examination:
    """Collects the findings of one person for one title."""

    award: Award
    facts: Facts
    pack: Rulebook
    day: date
    findings: list[Finding] = field(default_factory=list)

    def fine(self, rule: str, gate: str, says: str, **params: str) -> None:
        self._add(Finding(rule, gate, True, says, params, self.pack.article(rule)))

    def refuse(self, rule: str, gate: str, code: str, says: str, **params: str) -> None:
        self._add(
            Finding(
                rule, gate, False, says, params, self.pack.article(rule), VerdictStatus.NOT_ELIGIBLE, code
            )
        )

    def hold(self, rule: str, gate: str, code: str, says: str, **params: str) -> None:
        self._add(Finding(rule, gate, False, says, params, self.pack.article(rule), VerdictStatus.HOLD, code))

    def ask(self, rule: str, gate: str, code: str, says: str, **params: str) -> None:
        self._add(
            Finding(rule, gate, None, says, params, self.pack.article(rule), VerdictStatus.NEEDS_REVIEW, code)
        )

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)

    @property
    def is_head(self) -> bool:
        return self.facts.person.position is Position.HEAD

    @property
    def months(self) -> int:
        return self.facts.person.months_worked.get(self.facts.year, 12)

    @property
    def months_needed(self) -> Fraction:
        return self.pack.number("months_needed_to_be_rated", self.day)

    @property
    def on_leave(self) -> bool:
        kinds = (LeaveKind.MATERNITY, LeaveKind.SICK)
        return any(leave.kind in kinds and leave.meets(self.facts.year) for leave in self.facts.person.leave)

    @property
    def rating(self) -> Band | None:
        """The class of the year; a head's is first limited to the unit's (Điều 20.6), or to not completed (20.4.d)."""
        own = self.facts.person.ratings.get(self.facts.year)
        if own is None or not self.is_head:
            return own
        if self.facts.year in self.facts.unit.corruption_handled:
            return Band.KHTNV
        unit = self.facts.unit.ratings.get(self.facts.year)
        return own if unit is None else min(own, unit)

    def binds(self, choice: str) -> bool:
        """Whether a gate that a choice limits to heads binds this person."""
        return self.is_head or self.pack.choice(choice, self.day) == "EVERYONE"


def examine(award: Award | str, facts: Facts, pack: Rulebook) -> Verdict:
    """Every criterion of a title on the facts of one person, and the verdict of the first gate that decides."""
    day = facts.received if pack.covers(facts.received) else pack.effective[0]
    exam = _Examination(Award(award), facts, pack, day)
    for gate in GATES:
        gate(exam)
    for finding in exam.findings:
        if finding.status is not None:
            return Verdict(finding.status, finding.code, tuple(exam.findings))
    return Verdict(VerdictStatus.ELIGIBLE, None, tuple(exam.findings))


def _reform_known(exam: _Examination) -> None:
    """G0: without the unit's reform result nobody is passed and nobody is refused."""
    if not exam.binds("reform_result_needed_for"):
        return
    result = exam.facts.unit.reform.get(exam.facts.year)
    if result is None:
        exam.ask(
            "reform_known",
            "G0",
            "PAR_NO_DATA",
            "The unit has no administrative reform result for %(year)s. Enter it in the register.",
            year=str(exam.facts.year),
        )
    else:
        exam.fine("reform_known", "G0", "The unit's administrative reform result is on record")


def _rating_known(exam: _Examination) -> None:
    """G0: a person who should be rated has a class on record; so has the unit of a head."""
    facts = exam.facts
    year = str(facts.year)
    needed = exam.months_needed
    excused = exam.months < needed or (facts.year in facts.person.ratings and exam.on_leave)
    if facts.person.ratings.get(facts.year) is None and not excused:
        exam.ask(
            "rating_known",
            "G0",
            "RATING_NO_DATA",
            "No annual class of %(year)s is on record. Enter the decision on the class.",
            year=year,
        )
    elif exam.binds("unit_rating_needed_for") and facts.unit.ratings.get(facts.year) is None:
        exam.ask(
            "rating_known",
            "G0",
            "RATING_NO_DATA",
            "The unit has no class of %(year)s on record; a head cannot be examined without it.",
            year=year,
        )
    else:
        exam.fine(
            "rating_known", "G0", "The annual class is on record, or the person is not rated with a reason"
        )


def _pending(exam: _Examination) -> None:
    """G2: an open matter holds the proposal until it is closed."""
    open_matters = [matter for matter in exam.facts.person.pending if matter.open_on(exam.facts.as_of)]
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


def _discipline(exam: _Examination) -> None:
    """G3: discipline that touches the year; the heaviest consequence first."""
    touching = [
        (code, one) for one in exam.facts.person.discipline if (code := _consequence(one, exam)) is not None
    ]
    order = ("DISCIPLINED_IN_YEAR", "UNDER_DISCIPLINE", "DISCIPLINE_ENDED_MID_YEAR")
    for code, one in sorted(touching, key=lambda pair: (order.index(pair[0]), pair[1].starts)):
        params = {"since": day_text(one.starts), "form": one.form.value}
        if code == "DISCIPLINED_IN_YEAR":
            exam.refuse("discipline", "G3", code, "Disciplined in the year, from %(since)s", **params)
        elif code == "UNDER_DISCIPLINE":
            exam.refuse(
                "discipline", "G3", code, "Still under discipline in the year, from %(since)s", **params
            )
        else:
            until = day_text(one.until) if one.until else ""
            exam.ask(
                "discipline", "G3", code, "The disciplinary period ended on %(until)s", until=until, **params
            )
    if not touching:
        exam.fine("discipline", "G3", "No discipline touches the year")


def _consequence(one: Discipline, exam: _Examination) -> str | None:
    year = exam.facts.year
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    if one.quashed or (one.decided_on >= after and one.starts >= after):
        return None
    if first <= one.decided_on < after or first <= one.starts < after:
        return "DISCIPLINED_IN_YEAR"
    if one.until is not None and one.until <= first:
        return None
    months_left = int(exam.pack.number("months_left_after_discipline", exam.day))
    latest_end = date(year, max(1, 13 - months_left), 1) if months_left else after
    good = exam.rating is not None and exam.rating >= Band.HTTNV
    if one.until is not None and one.until <= latest_end and good:
        return "DISCIPLINE_ENDED_MID_YEAR"
    return "UNDER_DISCIPLINE"


def _reform_gate(exam: _Examination) -> None:
    """G4: a unit that did not complete administrative reform closes the way for its head."""
    if not exam.binds("reform_gate_binds"):
        return
    if exam.facts.unit.reform.get(exam.facts.year) is ReformResult.NOT_COMPLETED:
        code = "PAR_GATE_HEAD" if exam.is_head else "PAR_GATE_UNIT"
        exam.refuse("reform_gate", "G4", code, "The unit did not complete administrative reform in the year")
    elif exam.facts.unit.reform.get(exam.facts.year) is ReformResult.COMPLETED:
        exam.fine("reform_gate", "G4", "The unit completed administrative reform")


def _criticism(exam: _Examination) -> None:
    """G4: a written criticism of the unit keeps its head from Chiến sĩ thi đua."""
    if not exam.is_head:
        return
    letters = [one for one in exam.facts.unit.criticism if one.on.year == exam.facts.year]
    if letters and exam.award is Award.CSTDCS:
        exam.refuse(
            "criticism",
            "G4",
            "CRITICISM_HEAD",
            "The unit was criticised in writing %(count)s times in the year",
            count=str(len(letters)),
        )
    elif letters:
        exam.fine(
            "criticism", "G4", "The unit was criticised in writing; the head's class already answers for it"
        )
    else:
        exam.fine("criticism", "G4", "The unit was not criticised in writing")


def _subordinates(exam: _Examination) -> None:
    """G4: a head answers for the discipline of subordinates."""
    if not exam.is_head:
        return
    in_year = [
        one
        for one in exam.facts.unit.discipline
        if not one.quashed and exam.facts.year in (one.decided_on.year, one.starts.year)
    ]
    says = "%(count)s disciplinary decisions against subordinates in the year"
    count = str(len(in_year))
    if exam.award is Award.CSTDCS and any(one.form.warning_or_above for one in in_year):
        exam.refuse("subordinate_discipline", "G4", "SUBORDINATE_DISCIPLINED", says, count=count)
    elif in_year:
        exam.ask("subordinate_discipline", "G4", "SUBORDINATE_DISCIPLINED", says, count=count)
    else:
        exam.fine("subordinate_discipline", "G4", "No subordinate was disciplined in the year")


def _head_limit(exam: _Examination) -> None:
    """G4: says when a head's class was brought down to the unit's."""
    own = exam.facts.person.ratings.get(exam.facts.year)
    if exam.is_head and own is not None and exam.rating is not None and exam.rating is not own:
        exam.fine(
            "head_limit",
            "G4",
            "The head's class %(own)s is limited to %(limited)s",
            own=own.value,
            limited=exam.rating.value,
        )


def _class(exam: _Examination) -> None:
    """G6: the class of the year is good or better; not rated is judged by its reason."""
    rating = exam.rating
    if rating is not None and rating < Band.HTTNV:
        exam.refuse(
            "rating", "G6", "RATING_BELOW_T", "Annual class %(rating)s is below good", rating=rating.value
        )
    elif rating is not None:
        exam.fine("rating", "G6", "Annual class %(rating)s is good or better", rating=rating.value)
    elif exam.on_leave:
        exam.ask("unrated", "G6", "NO_SCORE_LEAVE", "Not rated because of sick or maternity leave")
    elif exam.months < exam.months_needed:
        exam.refuse(
            "unrated",
            "G6",
            "UNRATED_LT_6M",
            "Not rated: %(months)s months worked in the year",
            months=str(exam.months),
        )
    else:
        exam.ask("unrated", "G6", "RATING_NO_DATA", "The annual class is not known")


def _old_unit(exam: _Examination) -> None:
    """G6: somebody who came after long enough elsewhere needs the old unit's opinion."""
    needed = exam.pack.number("months_needed_at_old_unit", exam.day)
    moved = [one for one in exam.facts.person.transfers if one.on.year == exam.facts.year]
    missing = [one for one in moved if one.months_at_old >= needed and not one.old_opinion]
    if missing:
        exam.ask(
            "old_unit_opinion",
            "G6",
            "OLD_UNIT_OPINION_MISSING",
            "Moved on %(on)s after %(months)s months; the old unit's opinion is missing",
            on=day_text(missing[0].on),
            months=str(missing[0].months_at_old),
        )
    elif moved:
        exam.fine("old_unit_opinion", "G6", "The old unit's opinion is there, or not needed")


def _emulation_fighter(exam: _Examination) -> None:
    """G6: excellent class and initiative, one or both as the pack says; and Lao động tiên tiến of the year."""
    if exam.award is not Award.CSTDCS:
        return
    year = exam.facts.year
    excellent = exam.rating is Band.HTXSNV
    initiatives = [one for one in exam.facts.person.initiatives if one.year == year]
    needs_both = exam.pack.choice("cstdcs_condition", exam.day) == "EXCELLENT_AND_INITIATIVE"
    if not excellent and not initiatives:
        exam.refuse(
            "cstdcs_standard",
            "G6",
            "NO_XS_NO_INITIATIVE",
            "Neither excellent nor an initiative recognised in the year",
        )
    elif needs_both and not (excellent and initiatives):
        exam.ask(
            "cstdcs_standard",
            "G6",
            "RP2026_EXCELLENT_AND_INITIATIVE",
            "Only one of excellent class and initiative; the amended law may need both",
        )
    elif initiatives and (needs_both or not excellent) and not any(one.sole_author for one in initiatives):
        exam.ask(
            "cstdcs_standard",
            "G6",
            "CO_AUTHOR_INITIATIVE",
            "The initiative has several authors; whether it counts for each is not settled",
        )
    else:
        exam.fine("cstdcs_standard", "G6", "The condition on excellent class or initiative is met")
    if any(title.code == Award.LDTT and title.year == year for title in exam.facts.person.titles):
        exam.fine("ldtt_standard", "G6", "Advanced Worker of the year is on record")
    else:
        exam.ask(
            "ldtt_standard",
            "G6",
            "LDTT_NOT_ON_RECORD",
            "Advanced Worker of %(year)s is not on record; decide it first",
            year=str(year),
        )


def _duplicate(exam: _Examination) -> None:
    """G7: one achievement is rewarded once; sudden and thematic awards neither block nor help."""
    same = [
        award
        for award in exam.facts.person.awards
        if award.kind is AwardType.CONG_TRANG and award.code == exam.award and award.covers(exam.facts.year)
    ]
    if same:
        exam.refuse(
            "duplicate", "G7", "ACHIEVEMENT_ALREADY_REWARDED", "The same achievement was rewarded already"
        )
    else:
        exam.fine("duplicate", "G7", "The achievement of the year has not been rewarded with this title")


GATES: tuple[Callable[[_Examination], None], ...] = (
    _reform_known,
    _rating_known,
    _pending,
    _discipline,
    _reform_gate,
    _criticism,
    _subordinates,
    _head_limit,
    _class,
    _old_unit,
    _emulation_fighter,
    _duplicate,
)


def title_quota(ldtt: int, share: Fraction, rounding: str = "FLOOR") -> int:
    """How many Chiến sĩ thi đua cơ sở fit on so many Lao động tiên tiến of the same deciding authority."""
    if ldtt < 0 or not 0 <= share <= 1:
        raise ValueError("The number of people cannot be negative and the share is between 0 and 1.")
    if rounding not in ("FLOOR", "HALF_UP"):
        raise ValueError(f"{rounding} is not a way to round a title quota. Write FLOOR or HALF_UP.")
    return whole(share * ldtt, rounding)


def council_passes(members: int, yes: int, threshold_percent: Fraction | int) -> bool:
    """Whether enough of all council members, present or not, agree."""
    if members <= 0 or not 0 <= yes <= members or not 0 <= threshold_percent <= 100:
        raise ValueError(
            f"A council of {members} cannot give {yes} votes at {written(threshold_percent)} percent; check the numbers."
        )
    return yes * 100 >= threshold_percent * members
