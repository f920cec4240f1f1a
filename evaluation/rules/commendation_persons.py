"""Gates G0 to G5 for a person: what is known, what is open, discipline, and what a head answers for."""

from __future__ import annotations

from datetime import date

from evaluation.rules.bands import Band
from evaluation.rules.commendation_examination import Examination
from evaluation.rules.facts import Discipline, ReformResult
from evaluation.rules.rulebook import day_text
from evaluation.rules.verdicts import Award

FIGHTERS = (Award.CSTDCS, Award.CSTDT, Award.CSTDTQ)
MERIT = (Award.BKT, Award.BKTTG)
ORDERS = (Award.HCLD3, Award.HCLD2, Award.HCLD1)


def rating_known(exam: Examination) -> None:
    """G0: a person who should be rated has a class on record; so has the unit of a head."""
    facts = exam.facts
    year = str(facts.year)
    excused = exam.months < exam.months_needed or (facts.year in facts.person.ratings and exam.on_leave)
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


def discipline(exam: Examination) -> None:
    """G3: discipline that touches the year; the heaviest consequence first."""
    touching = [
        (code, one) for one in exam.person.discipline if (code := _consequence(one, exam)) is not None
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


def _consequence(one: Discipline, exam: Examination) -> str | None:
    year = exam.year
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    if one.quashed or (one.decided_on >= after and one.starts >= after):
        return None
    if first <= one.decided_on < after or first <= one.starts < after:
        return "DISCIPLINED_IN_YEAR"
    if one.until is not None and one.until <= first:
        return None
    months_left = exam.count("months_left_after_discipline")
    latest_end = date(year, max(1, 13 - months_left), 1) if months_left else after
    good = exam.rating is not None and exam.rating >= Band.HTTNV
    if one.until is not None and one.until <= latest_end and good:
        return "DISCIPLINE_ENDED_MID_YEAR"
    return "UNDER_DISCIPLINE"


def reform_gate(exam: Examination) -> None:
    """G4: a unit that did not complete administrative reform closes the way for its head."""
    if not exam.binds("reform_gate_binds"):
        return
    if exam.unit.reform.get(exam.year) is ReformResult.NOT_COMPLETED:
        code = "PAR_GATE_HEAD" if exam.is_head else "PAR_GATE_UNIT"
        exam.refuse("reform_gate", "G4", code, "The unit did not complete administrative reform in the year")
    elif exam.unit.reform.get(exam.year) is ReformResult.COMPLETED:
        exam.fine("reform_gate", "G4", "The unit completed administrative reform")


def criticism(exam: Examination) -> None:
    """G4: a written criticism of the unit keeps its head from Chiến sĩ thi đua and from Bằng khen."""
    if not exam.is_head:
        return
    letters = [one for one in exam.unit.criticism if one.on.year == exam.year]
    says = "The unit was criticised in writing %(count)s times in the year"
    count = str(len(letters))
    if letters and exam.award in (*FIGHTERS, *MERIT):
        exam.refuse("criticism", "G4", "CRITICISM_HEAD", says, count=count)
    elif letters and exam.award in ORDERS:
        exam.ask("criticism", "G4", "CRITICISM_HEAD", says, count=count)
    elif letters:
        exam.fine(
            "criticism", "G4", "The unit was criticised in writing; the head's class already answers for it"
        )
    else:
        exam.fine("criticism", "G4", "The unit was not criticised in writing")


def subordinates(exam: Examination) -> None:
    """G4: a head answers for the discipline of subordinates."""
    if not exam.is_head:
        return
    in_year = [
        one
        for one in exam.unit.discipline
        if not one.quashed and exam.year in (one.decided_on.year, one.starts.year)
    ]
    says = "%(count)s disciplinary decisions against subordinates in the year"
    count = str(len(in_year))
    if exam.award in FIGHTERS and any(one.form.warning_or_above for one in in_year):
        exam.refuse("subordinate_discipline", "G4", "SUBORDINATE_DISCIPLINED", says, count=count)
    elif in_year:
        exam.ask("subordinate_discipline", "G4", "SUBORDINATE_DISCIPLINED", says, count=count)
    else:
        exam.fine("subordinate_discipline", "G4", "No subordinate was disciplined in the year")


def head_limit(exam: Examination) -> None:
    """G4: says when a head's class was brought down to the unit's."""
    own = exam.person.ratings.get(exam.year)
    if exam.is_head and own is not None and exam.rating is not None and exam.rating is not own:
        exam.fine(
            "head_limit",
            "G4",
            "The head's class %(own)s is limited to %(limited)s",
            own=own.value,
            limited=exam.rating.value,
        )
