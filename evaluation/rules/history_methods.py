"""The methods of what stood before Decree 335: classes by conditions, and the weighted raters of Đà Nẵng."""

from __future__ import annotations

from evaluation.rules.bands import RANKS
from evaluation.rules.condition_words import FACTS, Rater, Role, Test
from evaluation.rules.method_shape import Chapter, Method
from evaluation.rules.organisation import PersonKind
from evaluation.rules.tables import Column, Table

CONDITIONS = Method(
    family="evaluation",
    numbers=frozenset({"months_needed_for_class", "excellent_share"}),
    choices={},
    grounds=frozenset(),
    by_subject=True,
    chapters={
        "conditions": Chapter(
            required=True,
            tables={
                "rows": Table(
                    columns={
                        "band": Column.TEXT,
                        "role": Column.TEXT,
                        "fact": Column.TEXT,
                        "test": Column.TEXT,
                        "number": Column.NUMBER,
                        "article": Column.TEXT,
                    },
                    key=("band", "role", "fact", "test"),
                    allowed={
                        "band": frozenset(RANKS),
                        "role": frozenset(Role),
                        "fact": frozenset(FACTS),
                        "test": frozenset(Test),
                    },
                    may_be_empty=True,
                ),
                "levels": Table(
                    columns={"band": Column.TEXT, "kind": Column.TEXT, "says": Column.TEXT},
                    optional=frozenset({"kind"}),
                    key=("band", "kind"),
                    allowed={"band": frozenset(RANKS), "kind": frozenset(PersonKind)},
                ),
            },
        )
    },
)

RATERS = Method(
    family="comparison",
    numbers=frozenset(),
    choices={},
    grounds=frozenset(),
    bands=True,
    scores_months=True,
    chapters={
        "raters": Chapter(
            required=True,
            tables={
                "groups": Table(
                    columns={"code": Column.TEXT, "says": Column.TEXT, "most": Column.NUMBER},
                    key=("code",),
                ),
                "weights": Table(
                    columns={
                        "role": Column.TEXT,
                        "rater": Column.TEXT,
                        "weight": Column.NUMBER,
                        "article": Column.TEXT,
                    },
                    key=("role", "rater"),
                    allowed={"role": frozenset({"STAFF", "LEADER"}), "rater": frozenset(Rater)},
                ),
            },
        )
    },
)
