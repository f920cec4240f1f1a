"""What each method in rules/ reads from its rulebook: the numbers, the choices it can follow, and the grounds it cites."""

from __future__ import annotations

from evaluation.rules import commendation_keys
from evaluation.rules.bands import RANKS
from evaluation.rules.history_methods import CONDITIONS, RATERS
from evaluation.rules.method_shape import Chapter, Method
from evaluation.rules.tables import Column, Table

# The round of Article 21: its days, and the articles of its steps and of the circumstances shown on a class.
ANNUAL_ROUND = Chapter(
    grounds=frozenset(
        {
            "round_self",
            "round_meeting",
            "round_party",
            "round_proposal",
            "round_decision",
            "round_publication",
            "round_replacement",
            "transferred",
            "seconded",
            "concurrent",
            "absent_at_class",
            "month_not_evaluated",
            "same_act",
            "act_already_used",
        }
    ),
    tables={
        "dates": Table(
            {
                "event": Column.TEXT,
                "month": Column.NUMBER,
                "day": Column.NUMBER,
                "years_later": Column.NUMBER,
            },
            key=("event",),
            allowed={"event": frozenset({"OPENS", "CLASS_BEFORE", "CLASS_BEFORE_LATE"})},
        )
    },
)

_TEXT, _NUMBER, _FLAG = Column.TEXT, Column.NUMBER, Column.FLAG
LEVEL_NAMES = frozenset(RANKS)

ORGANISATIONS = Chapter(
    numbers=frozenset(
        {
            "organisation_general_max",
            "organisation_results_max",
            "organisation_done_least",
            "organisation_excellent_share",
            "organisation_excellent_share_exceptional",
        }
    ),
    grounds=frozenset(
        {
            "organisation_points",
            "organisation_wrongdoing",
            "organisation_force_majeure",
            "organisation_gap",
        }
    ),
    tables={
        "levels": Table(
            columns={
                "band": _TEXT,
                "article": _TEXT,
                "at_least": _NUMBER,
                "tasks_done": _NUMBER,
                "tasks_late": _NUMBER,
                "tasks_over": _NUMBER,
                "quality": _FLAG,
                "sub_units": _FLAG,
                "shortcomings": _FLAG,
            },
            optional=frozenset(
                {"tasks_done", "tasks_late", "tasks_over", "quality", "sub_units", "shortcomings"}
            ),
            key=("band",),
            allowed={"band": LEVEL_NAMES},
        ),
        "general_criteria": Table({"code": _TEXT, "article": _TEXT, "text": _TEXT}, key=("code",)),
        "result_criteria": Table({"code": _TEXT, "article": _TEXT, "text": _TEXT}, key=("code",)),
        "authorities": Table({"article": _TEXT, "authority": _TEXT, "organisations": _TEXT}),
        "procedure": Table({"article": _TEXT, "text": _TEXT}, key=("article",)),
    },
)
SPECIAL_CASES = Chapter(
    tables={
        "cases": Table(
            {"code": _TEXT, "article": _TEXT, "text": _TEXT, "effect": _TEXT},
            key=("code",),
            allowed={
                "effect": frozenset(
                    {
                        "NOT_CLASSIFIED",
                        "ON_TIME_WORKED",
                        "NOT_COMPLETED",
                        "IN_ONE_YEAR_ONLY",
                        "IN_OLD_ORGANISATION",
                        "BY_TIME_OF_ACT",
                        "NEW_ORGANISATION_CLASSIFIES",
                    }
                )
            },
        ),
        "blockers": Table(
            {"code": _TEXT, "article": _TEXT, "text": _TEXT, "leaders_only": _FLAG},
            optional=frozenset({"leaders_only"}),
            key=("code",),
            allowed={"code": frozenset({"DEGENERATION", "DISCIPLINE_PUBLIC_DUTY", "UNIT_CORRUPTION"})},
        ),
        "quota_scopes": Table(
            {"scope": _TEXT, "article": _TEXT, "text": _TEXT},
            key=("scope",),
            allowed={"scope": frozenset({"AGENCY", "PEER_GROUP"})},
        ),
    },
)
DEADLINES = Chapter(
    tables={
        "events": Table(
            {
                "code": _TEXT,
                "article": _TEXT,
                "text": _TEXT,
                "counts": _TEXT,
                "year": _NUMBER,
                "month": _NUMBER,
                "day": _NUMBER,
                "days": _NUMBER,
            },
            optional=frozenset({"year", "month", "day", "days"}),
            key=("code",),
            allowed={
                "counts": frozenset({"BEFORE", "BEFORE_NEXT_YEAR", "NOT_LATER", "WORKING_DAYS", "DAYS"})
            },
        )
    },
)
DELAYS = Chapter(
    numbers=frozenset({"days_per_delay"}),
    choices={"delay_counting": frozenset({"EVENT", "PER_DAYS"})},
)
ORGANISING = Chapter(choices={"neither_case_of_organising": frozenset({"AUTHORITY", "FULL", "HALF"})})
PETITIONS = Chapter(choices={"petition_window": frozenset({"NONE", "WORKING_DAYS_5", "WORKING_DAYS_10"})})
PARTY_SWITCH = Chapter(choices={"party_rules": frozenset({"OFF", "LEADERS", "ALL"})})

# A unit's own weights of quantity, quality and progress; a row without `unit` holds for everybody else.
WEIGHTS = Chapter(
    tables={
        "results": Table(
            columns={
                "unit": Column.TEXT,
                "quantity": Column.NUMBER,
                "quality": Column.NUMBER,
                "progress": Column.NUMBER,
                "article": Column.TEXT,
            },
            optional=frozenset({"unit"}),
            key=("unit",),
        )
    }
)

POINTS = Method(
    family="evaluation",
    numbers=frozenset(
        {
            "task_results_max",
            "general_max",
            "finding_deduction",
            "leader_ratio_full",
            "leader_ratio_reduced",
            "months_needed_for_class",
            "excellent_share",
            "excellent_share_exceptional",
            "petition_answer_working_days",
            "complexity_groups_max",
        }
    ),
    choices={
        "ratio_cap": frozenset({"EACH_100", "TOTAL_70"}),
        "deduction": frozenset({"PER_UNIT", "PER_LINE"}),
        "late_product": frozenset({"STEP", "NOTHING"}),
        "nothing_assigned": frozenset({"INSUFFICIENT_DATA", "ZERO"}),
        "extra_work_in_quality_and_progress": frozenset({True, False}),
        "span_score": frozenset({"MEAN_OF_MONTHS", "DIRECT_QUARTER"}),
        "short_quarter": frozenset({"EVALUATED", "CARRIED"}),
        "quota_base": frozenset({"LITERAL", "STATIC", "OR_BETTER"}),
        "quota_rounding": frozenset({"FLOOR", "HALF_UP", "AT_LEAST_ONE"}),
        "score_rounding": frozenset({"EXACT", "TWO_DECIMALS_FIRST", "ONE_DECIMAL_FIRST"}),
        "december": frozenset({"PROVISIONAL", "ELEVEN_MONTHS"}),
        "deputy_unit_result": frozenset({"FIELD", "UNIT"}),
        "monthly_class": frozenset({True, False}),
        "reason_when_supervisor_differs": frozenset({True, False}),
    },
    grounds=frozenset(
        {
            "assigned",
            "quantity",
            "quality",
            "progress",
            "unit_result",
            "organising",
            "cohesion",
            "task",
            "total",
            "mean",
            "under_six_months",
            "actual_time",
            "DEGENERATION",
            "DISCIPLINE_PUBLIC_DUTY",
            "UNIT_CORRUPTION",
            "head_limit",
        }
    ),
    bands=True,
    general_criteria=True,
    by_subject=True,
    scores_months=True,
    chapters={
        "weights": WEIGHTS,
        "annual_round": ANNUAL_ROUND,
        "organisations": ORGANISATIONS,
        "special_cases": SPECIAL_CASES,
        "deadlines": DEADLINES,
        "delays": DELAYS,
        "organising": ORGANISING,
        "petitions": PETITIONS,
        "party": PARTY_SWITCH,
    },
)

TITLES = Method(
    family="commendation",
    numbers=commendation_keys.NUMBERS,
    choices=commendation_keys.CHOICES,
    grounds=commendation_keys.GROUNDS,
)

EXTRA_INCOME = Method(
    family="extra_income",
    numbers=frozenset({"months_paid_together"}),
    choices={"income_class": frozenset({"MONTH", "QUARTER"})},
    grounds=frozenset({"several_posts", "paid_quarterly", "year_by_year"}),
    chapters={
        "rates": Chapter(
            tables={
                "rows": Table(
                    {"band": _TEXT, "coefficient": _NUMBER, "floor": _NUMBER},
                    key=("band",),
                    allowed={"band": LEVEL_NAMES},
                )
            }
        )
    },
)

PARTY = Method(
    family="party",
    numbers=frozenset(
        {
            "own_tasks_needed",
            "unit_tasks_needed",
            "quarters_evaluated",
            "failed_quarters_bar_excellent",
            "failed_quarters_in_a_row",
        }
    ),
    choices={"over_fulfilled": frozenset({"MORE_THAN_ASSIGNED", "WITH_EXTRA_WORK"})},
    grounds=frozenset({"force_majeure", "gap"}),
    chapters={
        "levels": Chapter(
            tables={
                "rows": Table(
                    {
                        "band": _TEXT,
                        "article": _TEXT,
                        "at_least": _NUMBER,
                        "done": _NUMBER,
                        "late": _NUMBER,
                        "over_of_leaders": _NUMBER,
                    },
                    optional=frozenset({"done", "late", "over_of_leaders"}),
                    key=("band",),
                    allowed={"band": LEVEL_NAMES},
                )
            }
        ),
        "axes": Chapter(tables={"rows": Table({"code": _TEXT, "text": _TEXT}, key=("code",))}),
    },
)

METHODS = {
    "criteria_met": CONDITIONS,
    "weighted_raters": RATERS,
    "points_of_converted_products": POINTS,
    "titles_by_gates": TITLES,
    "extra_income_by_class": EXTRA_INCOME,
    "party_quarters": PARTY,
}
