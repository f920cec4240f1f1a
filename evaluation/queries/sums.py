"""The converted sums of many sheets in one statement; the law's numbers arrive as parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.models import Stage
from evaluation.rules.scoring import Sums
from evaluation.rules.terms import SqlTerms

FACTS = {
    Stage.OWN: (
        "item.done, item.quality_fails, item.delays",
        "",
        "coalesce(own_points, 0)",
    ),
    Stage.SUPERVISOR: (
        "coalesce(mark.done, item.done) as done,"
        " coalesce(mark.quality_fails, item.quality_fails) as quality_fails,"
        " coalesce(mark.delays, item.delays) as delays",
        "left join item_mark mark on mark.item_id = item.id and mark.superseded_at is null",
        "coalesce(given_points, own_points, 0)",
    ),
}
FACTS[Stage.FINAL] = FACTS[Stage.SUPERVISOR]

# A finding is rare: a line without one is multiplied once for all three sums.
SUMS = """
fact as (
    select item.report_id, item.kind, item.coefficient, item.assigned, {facts}
    from {wanted} join work_item item using (report_id)
    {marks}
    where {lines_within}
),
weighed as (
    select report_id, kind, coefficient, quality_fails, delays, done,
        case when kind = any(:in_assigned) then assigned * coefficient end as assigned_units,
        case when kind = any(:in_done) then done * coefficient end as done_units
    from fact
),
work as (
    select
        report_id,
        sum(assigned_units) as assigned,
        sum(done_units) as done,
        sum(case when quality_fails = 0 then done_units else
            greatest(0, done - (case when :per_unit then 1 else done end) * :quality_cost * quality_fails)
            * coefficient end) filter (where kind = any(:in_quality)) as quality,
        sum(case when delays = 0 then done_units else
            greatest(0, done - (case when :per_unit then 1 else done end) * :progress_cost * delays)
            * coefficient end) filter (where kind = any(:in_quality)) as progress
    from weighed
    group by report_id
),
general as (
    select report_id, sum({points}) as points
    from {wanted} join criterion_mark using (report_id)
    where {criteria_within}
    group by report_id
)
"""

STATEMENT = """
with wanted as materialized (select unnest(cast(:report_ids as bigint[])) as report_id),
{sums}
select wanted.report_id, work.assigned, work.done, work.quality, work.progress, general.points
from wanted
left join work using (report_id)
left join general using (report_id)
"""


def work_and_general(stage: Stage, wanted: str, within: str = "") -> str:
    """The common table expressions `work` and `general` over the sheets that `wanted` names in report_id.

    `within` may say the same once more of a run of ids ("between :first and :last"): then the database reads only
    that run of lines, marks and criteria, in one go.
    """
    facts, marks, points = FACTS[stage]
    if marks and within:
        marks = f"{marks} and mark.report_id {within}"
    return SUMS.format(
        facts=facts,
        marks=marks,
        points=points,
        wanted=wanted,
        lines_within=f"item.report_id {within}" if within else "true",
        criteria_within=f"criterion_mark.report_id {within}" if within else "true",
    )


@dataclass(frozen=True, slots=True)
class ReportSums:
    """One sheet's four sums in converted units and its general points."""

    report_id: int
    sums: Sums
    general: Fraction


def of_reports(report_ids: list[int], stage: Stage, terms: SqlTerms) -> Iterator[ReportSums]:
    """The sums of sheets as their owners report them (OWN) or as supervisors found them."""
    rows = db.session.execute(
        text(STATEMENT.format(sums=work_and_general(stage, "wanted"))),
        {"report_ids": report_ids, **terms.parameters()},
    )
    for row in rows:
        yield ReportSums(
            row.report_id,
            Sums(
                exact_number(row.assigned),
                exact_number(row.done),
                exact_number(row.quality),
                exact_number(row.progress),
            ),
            exact_number(row.points),
        )


def exact_number(value: Decimal | None) -> Fraction:
    """What the database summed, without loss; nothing at all sums to zero."""
    return Fraction(*value.as_integer_ratio()) if value is not None else Fraction(0)
