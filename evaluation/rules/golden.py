"""Runs golden cases against the rules: each case gives its result or a sentence, and only what it expects is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from evaluation.rules import exact_yaml
from evaluation.rules.bands import Band
from evaluation.rules.case_reading import CaseError, Fields, facts, number, one_of
from evaluation.rules.commendation import Award, council_passes, examine, title_quota
from evaluation.rules.commendation_votes import VoteResult, council_result, threshold
from evaluation.rules.explain import exact
from evaluation.rules.golden_history import HISTORY_KINDS
from evaluation.rules.golden_kinds import MORE_KINDS
from evaluation.rules.grading import Blocker, Leave, QuotaBase, annual_class, excellent_quota, mean, mean_band
from evaluation.rules.organisation import PersonKind
from evaluation.rules.periods import Month
from evaluation.rules.rulebook import RulebookError, Shelf
from evaluation.rules.scoring import LeaderRatios, Sums, WorkKind, WorkLine, judge, sums_of

Result = dict[str, Any]
HEADERS = ("id", "kind", "article", "story", "expect")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case that was run; it passed when nothing failed."""

    case: str
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


def try_file(path: Path | str, shelf: Shelf) -> list[Outcome]:
    """The outcome of every case of a file; a file that cannot be read is one failed outcome under its name."""
    path = Path(path)
    try:
        document = exact_yaml.read(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        return [Outcome(path.name, (f"cannot be read: {error.strerror}",))]
    except UnicodeDecodeError:
        return [Outcome(path.name, ("is not UTF-8 text; save it as UTF-8",))]
    except exact_yaml.UnreadableError as error:
        return [Outcome(path.name, (f"line {error.line}: {error.says}",))]
    try:
        top = Fields(document.data, path.name, ("law", "article", "reviewed_by", "cases"))
        cases = top.raw("cases")
        if not isinstance(cases, list) or not cases:
            raise CaseError(f"{path.name}.cases must be a list with at least one case")
    except CaseError as error:
        return [Outcome(path.name, (str(error),))]
    return [try_case(case, shelf, fallback=f"{path.name} case {at}") for at, case in enumerate(cases, 1)]


def try_case(case: Any, shelf: Shelf, *, fallback: str = "case") -> Outcome:
    """Runs one case and compares exactly the fields it expects."""
    name = fallback
    try:
        if not isinstance(case, dict):
            raise CaseError("a case must hold `key: value` lines")
        if not isinstance(case.get("id"), str | int):
            raise CaseError("id is missing")
        name = str(case["id"])
        kind = case.get("kind")
        if kind not in KINDS:
            raise CaseError(f"kind: {kind!r} is unknown; known are {', '.join(KINDS)}")
        keys, expects, run = KINDS[str(kind)]
        expected = Fields(case.get("expect"), "expect", expects).data
        if not expected:
            raise CaseError("expect names no field to compare")
        result = run(Fields(case, "case", (*HEADERS, *keys)), shelf)
        return Outcome(name, tuple(_differences(expected, result)))
    except (CaseError, RulebookError, ValueError) as error:
        return Outcome(name, (str(error).removeprefix("case."),))


def _differences(expected: dict[str, Any], result: Result) -> list[str]:
    failures: list[str] = []
    for key, want in expected.items():
        got = result.get(key)
        if got is None and "status" in result:
            got = result["status"] if key != "code" else None
            same = False if key != "code" else want is None
        elif isinstance(got, bool) or isinstance(want, bool):
            same = isinstance(want, bool) and want is got
        elif isinstance(got, int | Fraction):
            same = number(want, f"expect.{key}") == got
        else:
            same = want == got
        if not same:
            failures.append(f"{key}: expected {_text(want)}, got {_text(got)}")
    return failures


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return exact(value)
    return "nothing" if value is None else str(value)


def _period_score(case: Fields, shelf: Shelf) -> Result:
    try:
        day = Month.parse(str(case.raw("period"))).first_day
    except ValueError as error:
        raise CaseError(f"period: {error}") from None
    settings = Fields(case.raw("settings", {}), "settings", ("ratio_cap", "deduction"))
    answers = {key: settings.text(key) for key in settings.data}
    book = shelf.for_month(case.one_of("subject", PersonKind, "CONG_CHUC"), day)
    if "unit" in case.data:
        book = book.for_unit(case.text("unit"))
    book = book.with_choices(answers)
    if ("work" in case.data) == ("ratios" in case.data):
        raise CaseError("write either work or ratios, one of them")
    if "work" in case.data:
        sums = sums_of(case.items("work", _work_line), book=book, day=day)
    else:
        ratios = Fields(case.raw("ratios"), "ratios", ("quantity", "quality", "progress"))
        sums = Sums(Fraction(100), *(ratios.number(key) for key in ("quantity", "quality", "progress")))
    leader = None
    if "leader" in case.data:
        row = Fields(case.raw("leader"), "leader", ("unit_result", "organising", "cohesion"))
        leader = LeaderRatios(
            None if row.raw("unit_result") is None else row.number("unit_result"),
            row.number("organising"),
            row.number("cohesion"),
        )
    score = judge(sums, case.number("general"), book=book, day=day, leader=leader)
    return {
        "status": score.status.value,
        "quantity": score.quantity,
        "quality": score.quality,
        "progress": score.progress,
        "task": score.task,
        "total": score.total,
        "band": None if score.band is None else score.band.value,
    }


def _work_line(data: Any, where: str) -> WorkLine:
    findings = ("quality_fails", "delays", "exempt_quality_fails", "exempt_delays")
    row = Fields(data, where, ("assigned", "done", "coefficient", "kind", *findings))
    try:
        return WorkLine(
            row.number("assigned"),
            row.number("done"),
            row.number("coefficient", 1),
            row.one_of("kind", WorkKind, "PLANNED"),
            *(row.count(key, 0) for key in findings),
        )
    except CaseError:
        raise
    except ValueError as error:
        raise CaseError(f"{where}: {error}") from None


def _scores(case: Fields) -> tuple[Fraction, ...]:
    scores = case.items("scores", number)
    if any(not 0 <= score <= 100 for score in scores):
        raise CaseError("scores: a score lies between 0 and 100")
    return scores


def _average(case: Fields, shelf: Shelf) -> Result:
    book = shelf.latest("evaluation", case.one_of("subject", PersonKind, "CONG_CHUC"))
    scores = _scores(case)
    if not scores:
        raise CaseError("scores is empty; there is no mean of nothing")
    band = mean_band(scores, book=book, day=book.effective[0])
    return {"mean": mean(scores), "band": None if band is None else band.value}


def _annual_class(case: Fields, shelf: Shelf) -> Result:
    book = shelf.latest("evaluation", case.one_of("subject", PersonKind, "CONG_CHUC"))
    blocker, leave, unit_class = (case.raw(key, None) for key in ("blocker", "leave", "unit_class"))
    proposal = annual_class(
        _scores(case),
        book=book,
        day=book.effective[0],
        months_worked=case.count("months_worked", 12),
        leave=None if leave is None else one_of(leave, Leave, "leave"),
        blockers=() if blocker is None else (one_of(blocker, Blocker, "blocker"),),
        head_of_unit=case.flag("head_of_unit", False),
        unit_class=None if unit_class is None else one_of(unit_class, Band, "unit_class"),
    )
    klass = None if proposal.klass is None else proposal.klass.value
    return {"status": proposal.status.value, "mean": proposal.mean, "class": klass}


def _excellent_quota(case: Fields, shelf: Shelf) -> Result:
    book = shelf.latest("evaluation")
    quota = excellent_quota(
        case.count("at_least_90"),
        case.count("good"),
        case.number("share"),
        case.one_of("base", QuotaBase),
        rounding=str(book.choice("quota_rounding", book.effective[0])),
    )
    return {"quota": quota}


def _eligibility(case: Fields, shelf: Shelf) -> Result:
    award = case.one_of("award", Award)
    collective = not award.of_persons or (award.of_collectives and "person" not in case.data)
    pack = shelf.for_day("commendation", case.sure_day("received"))
    verdict = examine(award, facts(case, collective=collective), pack)
    return {"status": verdict.status.value, "code": verdict.code}


def _title_quota(case: Fields, _shelf: Shelf) -> Result:
    quota = title_quota(case.count("ldtt"), case.number("share"), case.text("rounding", "FLOOR"))
    return {"quota": quota}


def _council_vote(case: Fields, shelf: Shelf) -> Result:
    members, yes = case.count("members"), case.count("yes")
    if "award" not in case.data:
        return {"passed": council_passes(members, yes, case.number("threshold_percent"))}
    received = case.sure_day("received")
    needed = threshold(case.one_of("award", Award), shelf.for_day("commendation", received), received)
    result = council_result(members, yes, needed)
    return {"passed": result is VoteResult.PASSED, "result": result.value}


Runner = Callable[[Fields, Shelf], Result]
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Runner]] = {
    "period_score": (
        ("period", "subject", "unit", "general", "work", "ratios", "leader", "settings"),
        ("status", "quantity", "quality", "progress", "task", "total", "band"),
        _period_score,
    ),
    "average": (("scores", "subject"), ("mean", "band"), _average),
    "annual_class": (
        ("scores", "subject", "months_worked", "leave", "blocker", "head_of_unit", "unit_class"),
        ("status", "mean", "class"),
        _annual_class,
    ),
    "excellent_quota": (("at_least_90", "good", "share", "base"), ("quota",), _excellent_quota),
    "eligibility": (
        ("award", "year", "as_of", "received", "person", "unit"),
        ("status", "code"),
        _eligibility,
    ),
    "title_quota": (("ldtt", "share", "rounding"), ("quota",), _title_quota),
    "council_vote": (
        ("members", "yes", "threshold_percent", "award", "received"),
        ("passed", "result"),
        _council_vote,
    ),
    **HISTORY_KINDS,
    **MORE_KINDS,
}
