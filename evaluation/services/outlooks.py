"""What a sheet would score with findings that are typed but not stored."""

from fractions import Fraction

from evaluation.models import Report, Stage
from evaluation.queries import subordinates
from evaluation.rules import leaders, scoring
from evaluation.rules.scoring import LeaderRatios, PeriodScore, WorkLine
from evaluation.services import marks, rulebooks, scores
from evaluation.services.marks import Findings
from evaluation.services.refusals import Fault, Invalid


def outlook(report: Report, findings: Findings) -> PeriodScore:
    """The score with these findings by the sheet's rulebook, or Invalid when a value cannot be read; stores nothing."""
    book, day = rulebooks.book_of(report), report.period.month
    faults: list[Fault] = []
    lines = [_line(item, findings, faults) for item in report.items]
    general = marks.general_with(report, findings, faults)
    if faults:
        raise Invalid(faults)
    sums = scoring.sums_of([line for line in lines if line is not None], book=book, day=day)
    return scoring.judge(sums, general, book=book, day=day, leader=_leader(report, findings))


def _line(item: marks.WorkItem, findings: Findings, faults: list[Fault]) -> WorkLine | None:
    finding = findings.lines.get(item.id)
    if finding is None:
        return scores.line_of(item, Stage.SUPERVISOR)
    found = marks.read_facts(item, finding, faults)
    if found is None:
        return None
    return WorkLine(
        assigned=Fraction(item.assigned),
        done=Fraction(found["done"]),
        coefficient=Fraction(item.coefficient),
        kind=item.kind,
        quality_fails=found["quality_fails"],
        delays=found["delays"],
        exempt_quality_fails=found["exempt_quality_fails"],
        exempt_delays=found["exempt_delays"],
    )


def _leader(report: Report, findings: Findings) -> LeaderRatios | None:
    if not report.office.leads:
        return None
    book, day = rulebooks.book_of(report), report.period.month
    full, reduced = book.number("leader_ratio_full", day), book.number("leader_ratio_reduced", day)
    typed = findings.leader
    chosen = [
        value if value is not None and str(value) != "" else stored
        for value, stored in (
            (typed.organising if typed else None, report.organising),
            (typed.cohesion if typed else None, report.cohesion),
        )
    ]
    ratios = [Fraction(int(value)) for value in chosen if value is not None and str(value).isdigit()]
    if len(ratios) < 2 or any(ratio not in (full, reduced) for ratio in ratios):
        return LeaderRatios(None, full, full)
    by_field = book.choice("deputy_unit_result", day) == "FIELD"
    below = subordinates.of_leader(report, by_field=by_field)
    result = leaders.unit_result([one.total for one in below], book=book, day=day)
    return LeaderRatios(result, ratios[0], ratios[1])
