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

STATEMENT = """
with fact as (
    select item.report_id, item.kind, item.coefficient, item.assigned, {facts}
    from work_item item
    {marks}
    where item.report_id = any(:report_ids)
),
work as (
    select
        report_id,
        sum(assigned * coefficient) filter (where kind = any(:in_assigned)) as assigned,
        sum(done * coefficient) filter (where kind = any(:in_done)) as done,
        sum(greatest(0, done - (case when :per_unit then 1 else done end) * :quality_cost * quality_fails)
            * coefficient) filter (where kind = any(:in_quality)) as quality,
        sum(greatest(0, done - (case when :per_unit then 1 else done end) * :progress_cost * delays)
            * coefficient) filter (where kind = any(:in_quality)) as progress
    from fact
    group by report_id
),
general as (
    select report_id, sum({points}) as points
    from criterion_mark
    where report_id = any(:report_ids)
    group by report_id
)
select wanted.report_id, work.assigned, work.done, work.quality, work.progress, general.points
from unnest(cast(:report_ids as bigint[])) as wanted(report_id)
left join work using (report_id)
left join general using (report_id)
"""


@dataclass(frozen=True, slots=True)
class ReportSums:
    """One sheet's four sums in converted units and its general points."""

    report_id: int
    sums: Sums
    general: Fraction


def of_reports(report_ids: list[int], stage: Stage, terms: SqlTerms) -> Iterator[ReportSums]:
    """The sums of sheets as their owners report them (OWN) or as supervisors found them."""
    facts, marks, points = FACTS[stage]
    rows = db.session.execute(
        text(STATEMENT.format(facts=facts, marks=marks, points=points)),
        {"report_ids": report_ids, **terms.parameters()},
    )
    for row in rows:
        yield ReportSums(
            row.report_id,
            Sums(_exact(row.assigned), _exact(row.done), _exact(row.quality), _exact(row.progress)),
            _exact(row.points),
        )


def _exact(value: Decimal | None) -> Fraction:
    return Fraction(value) if value is not None else Fraction(0)
