"""What a result would be under other answers to the open questions of the law, or without one line: nothing is stored."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation.extensions import db
from evaluation.files.cells import parse_decimal
from evaluation.files.says import CellRefused, said
from evaluation.models import Person, Report, ScoreSheet, Stage, YearGrade
from evaluation.queries import grades as grade_queries
from evaluation.queries import workings as queries
from evaluation.queries.organisation import Subject
from evaluation.rules.bands import Band
from evaluation.rules.excellent_places import Official, Places, Terms, places_of
from evaluation.rules.explain import parse_exact
from evaluation.rules.grading import AnnualStatus, QuotaBase
from evaluation.rules.permissions import Action, Relation, allowed
from evaluation.rules.rulebook import Choice, Rulebook
from evaluation.rules.scoring import PeriodScore
from evaluation.rules.workflow import GradeState
from evaluation.services import access, frozen_scores, rulebook_sources, rulebooks
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict, Fault, Missing

OF_A_SCORE = ("ratio_cap", "deduction", "late_product", "score_rounding")
OF_A_QUOTA = ("quota_base", "quota_rounding")
FURTHEST = (Stage.FINAL, Stage.SUPERVISOR, Stage.OWN)


@dataclass(frozen=True, slots=True)
class Question:
    """An open question of the law: its options, the answer in force and the one tried."""

    key: str
    asks: str
    article: str
    options: Mapping[str, str]
    now: str
    tried: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sheet that can be left out."""

    item_id: int
    task: str


@dataclass(frozen=True, slots=True)
class ScoreTrial:
    """A frozen score beside the one tried; the same where nothing else was asked."""

    report: Report
    sheet: ScoreSheet
    frozen: PeriodScore
    tried: PeriodScore
    questions: list[Question]
    lines: list[Line]
    without: int | None
    faults: list[Fault]


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody whose place would be another."""

    grade_id: int
    name: str
    group: str
    mean: Fraction | None


@dataclass(frozen=True, slots=True)
class QuotaTrial:
    """The places of an agency's year as the rulebook counts them beside the ones tried, and whom it would move."""

    law: Rulebook
    laws: list[Rulebook]
    questions: list[Question]
    share_now: Fraction
    share: Fraction
    article: str
    now: Places
    tried: Places
    entering: list[Mover]
    leaving: list[Mover]
    under_other_law: int
    faults: list[Fault]


def of_sheet(actor: Actor, report_id: int, asked: Mapping[str, str]) -> ScoreTrial:
    """A sheet's score furthest along under other answers or without a line, from its snapshot (WHAT_IF)."""
    report, _held = access.report_for(actor, report_id, to=Action.WHAT_IF)
    sheets = {sheet.stage: sheet for sheet in queries.live_sheets(report_id)}
    sheet = next((sheets[stage] for stage in FURTHEST if stage in sheets), None)
    if sheet is None or not frozen_scores.is_whole(sheet.inputs):
        raise Missing(_("This sheet has no score yet, so there is nothing to try."))
    book = _book(sheet.rulebook, sheet.fingerprint)
    faults: list[Fault] = []
    questions = _questions(book, frozen_scores.day_of(sheet.inputs), OF_A_SCORE, asked, faults)
    lines = _lines(report, sheet)
    without = _line_asked(asked.get("without", ""), lines, faults)
    trial = ScoreTrial(
        report,
        sheet,
        frozen_scores.again(sheet.inputs, book),
        frozen_scores.again(sheet.inputs, _answered(book, questions), without=without),
        questions,
        lines,
        without,
        faults,
    )
    return trial


def of_agency(actor: Actor, agency_id: int, year: int, asked: Mapping[str, str]) -> QuotaTrial:
    """An agency's places for excellent under another share, reading or rounding, and who would be in or out (WHAT_IF).

    Each law counts its own people alone; `law` asks for another than that of most of them.
    """
    access.require(actor, Action.WHAT_IF, Subject(agency_id, confirming_unit_id=agency_id))
    everybody = _people(agency_id, year)
    faults: list[Fault] = []
    laws = _laws([grade for grade, _name in everybody], year)
    book = _law_asked(asked.get("law", ""), laws, faults)
    day = rulebooks.day_of_year(book, year)
    questions = _questions(book, day, OF_A_QUOTA, asked, faults)
    usual = book.number("excellent_share", day)
    share = _share(asked.get("share", ""), usual, faults)
    people = [
        (grade, name) for grade, name in everybody if rulebooks.law_of(grade.rulebook).name == book.name
    ]
    officials = [_official(grade) for grade, _name in people]
    now = places_of(officials, _terms(usual, {one.key: one.now for one in questions}))
    tried = places_of(officials, _terms(share, {one.key: one.tried for one in questions}))
    known = {str(grade.person_id): (grade, name) for grade, name in people}

    def movers(keys: frozenset[str]) -> list[Mover]:
        found = [_mover(*known[key]) for key in keys]
        return sorted(found, key=lambda one: (-(one.mean or Fraction(0)), one.name))

    return QuotaTrial(
        book,
        laws,
        questions,
        usual,
        share,
        book.article("excellent_share"),
        now,
        tried,
        movers(now.without - tried.without),
        movers(tried.without - now.without),
        len(everybody) - len(people),
        faults,
    )


def may_try(actor: Actor, agency_id: int) -> bool:
    """Whether the actor may try other readings of the quota over an agency."""
    return access.may(actor, Action.WHAT_IF, Subject(agency_id, confirming_unit_id=agency_id))


def offered_to(held: Collection[Relation]) -> bool:
    """Whether somebody in these relations to an agency may try: for a page that has asked for them already."""
    return allowed(Action.WHAT_IF, held)


def may_try_sheet(actor: Actor, report: Report) -> bool:
    """Whether the actor may try other answers on a sheet."""
    return access.may(actor, Action.WHAT_IF, access.subject_of(report))


def _book(name: str, fingerprint: str) -> Rulebook:
    book = rulebook_sources.unchanged(name, fingerprint)
    if book is None:
        raise Conflict(
            _(
                "The rulebook has another text today than when this score was frozen, so a trial would mislead."
            )
        )
    return book


def _questions(
    book: Rulebook, day: Any, keys: tuple[str, ...], asked: Mapping[str, str], faults: list[Fault]
) -> list[Question]:
    found = []
    for key in keys:
        if key not in book.choices:
            continue
        choice: Choice = book.choices[key]
        now = str(book.choice(key, day))
        options = {str(value): text for value, text in choice.options.items()}
        tried = asked.get(key) or now
        if tried not in options:
            faults.append(Fault(key, _("Choose one of the answers offered.")))
            tried = now
        found.append(Question(key, choice.asks, book.article(key), options, now, tried))
    return found


def _answered(book: Rulebook, questions: list[Question]) -> Rulebook:
    """The rulebook under the answers tried; itself where all are as they stand."""
    return book.with_choices({one.key: one.tried for one in questions if one.tried != one.now})


def _lines(report: Report, sheet: ScoreSheet) -> list[Line]:
    tasks = {item.id: item.task for item in report.items}
    return [
        Line(one.item_id, tasks.get(one.item_id, _("a line that was removed later")))
        for one in frozen_scores.lines_of(sheet.inputs)
    ]


def _line_asked(text: str, lines: list[Line], faults: list[Fault]) -> int | None:
    if not text:
        return None
    found = next((line.item_id for line in lines if str(line.item_id) == text), None)
    if found is None:
        faults.append(Fault("without", _("Choose a line of this sheet.")))
    return found


def _laws(grades: list[YearGrade], year: int) -> list[Rulebook]:
    """The laws under which an agency's people are classified, that of most people first; that of công chức for nobody."""
    found = Counter(rulebooks.law_of(grade.rulebook).name for grade in grades)
    names = sorted(found, key=lambda name: (-found[name], name))
    if not names:
        return [rulebooks.shelf().for_day("evaluation", grade_queries.bounds(year)["since"])]
    return [rulebooks.shelf().named(name) for name in names]


def _law_asked(name: str, laws: list[Rulebook], faults: list[Fault]) -> Rulebook:
    found = next((book for book in laws if book.name == name), None)
    if name and found is None:
        faults.append(Fault("law", _("Choose one of the answers offered.")))
    return found or laws[0]


def _share(text: str, usual: Fraction, faults: list[Fault]) -> Fraction:
    """A share typed in percent; empty is the rulebook's."""
    try:
        percent = parse_decimal(text)
    except CellRefused as refused:
        faults.append(Fault("share", said(_, refused.says_id, refused.params)))
        return usual
    if percent is None:
        return usual
    if not percent.is_finite() or not 0 <= percent <= 100:
        faults.append(Fault("share", _("Write a percentage from 0 to 100.")))
        return usual
    return Fraction(percent) / 100


def _terms(share: Fraction, answers: Mapping[str, str]) -> Terms:
    return Terms(share, QuotaBase(answers["quota_base"]), answers["quota_rounding"])


def _people(agency_id: int, year: int) -> list[tuple[YearGrade, str]]:
    rows = db.session.execute(
        db.select(YearGrade, Person.full_name)
        .join(Person, Person.id == YearGrade.person_id)
        .where(YearGrade.agency_id == agency_id, YearGrade.year == year, YearGrade.superseded_at.is_(None))
        .order_by(YearGrade.id)
    )
    return [(grade, name) for grade, name in rows]


def _official(grade: YearGrade) -> Official:
    waits = grade.status == AnnualStatus.UNIT_NOT_CLASSIFIED
    decided: Band | None = grade.decided_class
    return Official(
        key=str(grade.person_id),
        group=grade.peer_group,
        klass=None if waits else grade.computed_class,
        mean=parse_exact(grade.exact_mean) if grade.exact_mean else None,
        decided=grade.state is not GradeState.PROPOSED,
        decided_class=decided,
    )


def _mover(grade: YearGrade, name: str) -> Mover:
    mean = parse_exact(grade.exact_mean) if grade.exact_mean else None
    return Mover(grade.id, name, grade.peer_group, mean)
