"""The working of a class of the year, and of a mean of months: which months count, what stands against them, the quota."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation.models import Person, PersonSpan, YearGrade
from evaluation.queries import grades as grade_queries
from evaluation.queries import workings as queries
from evaluation.queries.grades import MonthOfYear
from evaluation.rules.bands import LABELS, Band
from evaluation.rules.explain import Step, equals, parse_exact, steps_from_json, written
from evaluation.rules.grading import BASE_LABELS, Blocker, Leave
from evaluation.rules.periods import ROMAN, Cycle, Span, SpanKind
from evaluation.rules.working import Column, Entered, Inputs, Row, Working
from evaluation.services import grade_inputs, quotas, rulebook_sources, rulebooks
from evaluation.services.working_of_sheet import STAGES


def of_grade(grade: YearGrade) -> Working:
    """The working of a class of the year: the decided class where there is one, with the proposal it came from."""
    months = _months(grade)
    conclusions = queries.conclusions(grade.person_id, grade.year)
    people = [grade.person_id, grade.decided_by, *(one.recorded_by for one in conclusions)]
    names, unit = queries.names_around(people, grade.unit_id, date(grade.year, 12, 31))
    inputs = [
        _months_table(grade.person_id, months),
        _against(grade, conclusions, names),
        _circumstances(grade),
        _quota(grade),
    ]
    klass = grade.decided_class or grade.proposed_class
    return Working(
        title=_("Class of the year"),
        whose=" · ".join(filter(None, [names[grade.person_id], unit, grade.peer_group])),
        period=Span(SpanKind.YEAR, grade.year),
        points=parse_exact(grade.exact_mean) if grade.exact_mean else None,
        out_of=100,
        band=klass,
        says=_status(grade),
        inputs=tuple(one for one in inputs if one is not None),
        steps=(*_sum_first(steps_from_json(grade.steps), months), *_decided(grade)),
        source=rulebook_sources.source_of(grade.rulebook, grade.fingerprint),
        computed_at=grade.proposed_at,
        computed_by=None,
        notes=_notes(grade, names),
    )


def of_span(span: PersonSpan, person: Person) -> Working:
    """The working of an official's quarter, half-year or year as rolled up: the mean of the months that count."""
    which = Span(span.kind, span.year, span.index)
    wanted = {month.month for month in which.months}
    rows = grade_queries.months([span.person_id], span.year, provisional=False).get(span.person_id, [])
    months = [month for month in rows if month.month in wanted]
    book, day = rulebooks.law_of_year(person.kind, span.year)
    average = parse_exact(span.exact_mean) if span.exact_mean else None
    steps: list[Step] = []
    if average is not None and span.band is not None:
        steps = [
            _mean_step(grade_inputs.scores_of(months, book, day), average, book.article("mean")),
            Step("band", span.band.label, written(average), average, book.article("bands")),
        ]
    return Working(
        title=_("Mean of the period"),
        whose=person.full_name,
        period=which,
        points=average,
        out_of=100,
        band=span.band,
        says=_("Scored") if average is not None else _("No month of the period has a score"),
        inputs=(_months_table(span.person_id, months),),
        steps=tuple(steps),
        source=rulebook_sources.source_of(book.name, book.fingerprint),
        notes=(
            _("Rolled up by the program from the final scores; it is worked out again whenever one changes."),
        ),
    )


def _months(grade: YearGrade) -> list[MonthOfYear]:
    """The months as they were read for the class; of a class made before these were kept, as they stand now."""
    if grade.inputs is not None:
        return [MonthOfYear(total=None, **month) for month in grade.inputs["months"]]
    found = grade_queries.months([grade.person_id], grade.year, provisional=True)
    return found.get(grade.person_id, [])


def _months_table(person_id: int, months: Sequence[MonthOfYear]) -> Inputs:
    froze = queries.deciders([month.report_id for month in months])
    rows = []
    for month in months:
        score, stage = month.score, month.stage
        by = froze.get((month.report_id, stage)) if stage else None
        changed = by is not None and by.exact_total != month.exact_total
        rows.append(
            Row(
                (_month_name(month), _month_says(month), score),
                (Entered(_("confirmed") if stage == "FINAL" else _("entered"), by.full_name, by.decided_at),)
                if by is not None
                else (),
                _("The score of this month has been replaced since.") if changed else "",
                report_id=month.report_id,
            )
        )
    scores = [month.score for month in months if month.score is not None for _each in range(month.months)]
    if scores:
        rows.append(
            Row(
                (_("Sum"), _("%(count)s months counted", count=len(scores)), sum(scores, Fraction(0))),
                is_sum=True,
            )
        )
    return Inputs(
        _("Months of the year"),
        (Column(_("Month")), Column(_("State")), Column(_("Points"), True)),
        tuple(rows),
        empty=_("No month of the year has a score"),
    )


def _month_name(month: MonthOfYear) -> str:
    if month.cycle == Cycle.MONTH:
        return f"{month.month:02d}"
    return _("Quarter %(number)s", number=ROMAN[(month.month + 2) // 3])


def _month_says(month: MonthOfYear) -> str:
    if month.state == "NOT_RATED":
        reason = month.not_rated_reason
        if reason in set(Leave):
            return _("Not evaluated in this period") + f" ({_(Leave(reason).label).lower()})"
        return _("Not evaluated in this period")
    if month.score is None:
        return _("No final score")
    return _(STAGES_BY_VALUE.get(month.stage or "", "Final score"))


STAGES_BY_VALUE = {stage.value: label for stage, label in STAGES.items()}


def _against(grade: YearGrade, conclusions: Sequence[Any], names: Mapping[int, str]) -> Inputs:
    rows = []
    for one in queries.disciplines(grade.person_id, grade.year):
        said = (
            _(Blocker.DISCIPLINE_PUBLIC_DUTY.label)
            if one.duty_related
            else _("Disciplined, not tied to public duty")
        )
        quashed = one.quashed_on and _("quashed on %(day)s", day=f"{one.quashed_on:%d/%m/%Y}")
        rows.append(Row((said, one.decision_number, f"{one.decided_on:%d/%m/%Y}"), note=quashed or ""))
    for one in conclusions:
        gone = one.withdrawn_at is not None
        rows.append(
            Row(
                (_(one.blocker.label), f"{one.document_number}, {one.body}", f"{one.concluded_on:%d/%m/%Y}"),
                (Entered(_("recorded"), names.get(one.recorded_by), one.recorded_at),),
                _("withdrawn: %(reason)s", reason=one.withdrawn_reason or "") if gone else "",
            )
        )
    return Inputs(
        _("Discipline and conclusions"),
        (Column(_("Fact")), Column(_("Document")), Column(_("Day"))),
        tuple(rows),
        empty=_("Nothing of the year stands against the official: no decision on discipline, no conclusion."),
    )


def _circumstances(grade: YearGrade) -> Inputs:
    rows = []
    if grade.inputs is not None:
        facts = grade.inputs["facts"]
        rows.append(Row((_("Months worked"), str(facts.get("months_worked", "–")))))
        if facts.get("leave"):
            rows.append(Row((_("Long leave"), _(Leave(facts["leave"]).label))))
        if facts.get("head_of_unit"):
            klass = facts.get("unit_class")
            known = queries.unit_year(grade.unit_id, grade.year)
            number = known.decision_number if known is not None else None
            says = _(LABELS[klass]) if klass else _("not known yet")
            rows.append(Row((_("Class of the organisation headed"), says), note=number or ""))
    return Inputs(
        _("Circumstances of the year"),
        (Column(_("Circumstance")), Column(_("Value"))),
        tuple(rows),
        empty=_("This class was proposed before its circumstances were kept; the steps below hold them."),
    )


def _quota(grade: YearGrade) -> Inputs:
    rows = []
    base = None
    for quota in quotas.of_grade(grade):
        usual, base = quota.usual, quota.usual.base
        where = _("group “%(group)s”", group=quota.group) if quota.group else _("whole agency")
        counts = quota.counts
        rows.append(
            Row(
                (
                    where,
                    counts.at_least_90,
                    counts.good,
                    usual.literal,
                    usual.static,
                    usual.or_better,
                    usual.chosen,
                    quota.exceptional.chosen,
                )
            )
        )
    book = rulebook_sources.unchanged(grade.rulebook, grade.fingerprint)
    return Inputs(
        _("Places for excellent"),
        (
            Column(_("Where")),
            Column(_("Reached excellent"), True),
            Column(_("Good"), True),
            Column(_("Reading 1"), True),
            Column(_("Reading 2"), True),
            Column(_("Reading 3"), True),
            Column(_("Places"), True),
            Column(_("Exceptional"), True),
        ),
        tuple(rows),
        note=_("As counted now. Readings:")
        + " "
        + "; ".join(f"{number}. {_(label)}" for number, label in enumerate(BASE_LABELS.values(), 1))
        + (". " + _("Chosen: %(reading)s.", reading=_(base.label)) if base is not None else ""),
        article=book.article("excellent_share") if book is not None else "",
    )


def _sum_first(steps: Sequence[Step], months: Sequence[MonthOfYear]) -> list[Step]:
    """The frozen steps, the mean with every month in its formula."""
    scores = [month.score for month in months if month.score is not None for _each in range(month.months)]
    found = []
    for step in steps:
        adds_up = bool(scores) and sum(scores, Fraction(0)) / len(scores) == step.value
        found.append(
            _mean_step(scores, step.value, step.article) if step.code == "mean" and adds_up else step
        )
    return found


def _mean_step(scores: Sequence[Fraction], average: Fraction, article: str) -> Step:
    terms = " + ".join(written(score, 2) for score in scores)
    formula = f"({terms}) / {len(scores)} {equals(average)}"
    return Step("mean", "Mean of the scored months", formula, average, article)


def _decided(grade: YearGrade) -> list[Step]:
    if grade.decided_class is None:
        return []
    book = rulebook_sources.unchanged(grade.rulebook, grade.fingerprint)
    formula = f"{grade.proposed_class or '–'} → {grade.decided_class}"
    article = book.article("bands") if book is not None else ""
    return [
        Step(
            "decided",
            "Decided by the competent head",
            formula,
            Fraction(Band(grade.decided_class).rank),
            article,
        )
    ]


def _status(grade: YearGrade) -> str:
    if grade.decided_class is not None:
        return _("Decided")
    if grade.proposed_class is not None:
        return _("Proposed; a person decides")
    return _("No class can be proposed yet")


def _notes(grade: YearGrade, names: Mapping[int, str]) -> tuple[str, ...]:
    found = []
    if grade.decided_at is not None:
        found.append(
            _(
                "Decided by %(name)s on %(day)s%(number)s.",
                name=names.get(grade.decided_by or 0, "–"),
                day=f"{grade.decided_at:%d/%m/%Y}",
                number=f" ({grade.decision_number})" if grade.decision_number else "",
            )
        )
    if grade.reason:
        found.append(_("Reason: %(reason)s", reason=grade.reason))
    if grade.over_quota:
        found.append(
            _("The score reaches excellent, but there is no place left: proposed good, the head decides.")
        )
    return tuple(found)
