"""Frozen results with their working: the three scores of a month and the class of a year."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, points, reference, word
from evaluation.models.organisation import Person
from evaluation.models.reports import Report
from evaluation.rules.scoring import Band, ScoreStatus
from evaluation.rules.workflow import GradeState


class Stage(StrEnum):
    """Whose score it is: the official's own, the supervisor's, or the final one."""

    OWN = "OWN"
    SUPERVISOR = "SUPERVISOR"
    FINAL = "FINAL"


class ScoreSheet(Table):
    """A score as it was worked out: exact total as text, steps, inputs, rulebook and fingerprint."""

    __tablename__ = "score_sheet"
    __table_args__ = (
        CheckConstraint("(status = 'SCORED') = (total is not null)", name="scored_has_a_total"),
        CheckConstraint("(total is null) = (exact_total is null)", name="exact_beside_total"),
        CheckConstraint("(total is null) = (band is null)", name="band_beside_total"),
        CheckConstraint("total between 0 and 100", name="within_a_hundred"),
        CheckConstraint("general between 0 and 30 and task between 0 and 70", name="parts_within_bounds"),
        Index(
            "one_live_score_of_a_stage",
            "report_id",
            "stage",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
        # What was superseded is asked for by sheet; without this every inbox would read all scores ever given.
        Index("ix_score_sheet_superseded", "report_id", postgresql_where=text("superseded_at is not null")),
        # What the national database has not got yet is counted on the home page of Home Affairs.
        Index(
            "ix_score_sheet_final",
            "decided_at",
            postgresql_where=text("stage = 'FINAL' and superseded_at is null"),
        ),
    )

    id: Mapped[identity]
    report_id: Mapped[reference] = mapped_column(ForeignKey("report.id"))
    stage: Mapped[Stage] = mapped_column(word(Stage))
    status: Mapped[ScoreStatus] = mapped_column(word(ScoreStatus))
    general: Mapped[Decimal | None] = mapped_column(points)
    quantity: Mapped[Decimal | None] = mapped_column(points)
    quality: Mapped[Decimal | None] = mapped_column(points)
    progress: Mapped[Decimal | None] = mapped_column(points)
    unit_result: Mapped[str | None] = mapped_column(Text)
    task: Mapped[Decimal | None] = mapped_column(points)
    total: Mapped[Decimal | None] = mapped_column(points)
    exact_total: Mapped[str | None] = mapped_column(Text)
    band: Mapped[Band | None] = mapped_column(word(Band))
    steps: Mapped[list[Any]] = mapped_column(JSONB)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    rulebook: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    decided_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    superseded_reason: Mapped[str | None] = mapped_column(Text)

    report: Mapped[Report] = relationship()


class YearGrade(Table):
    """The class of an official's year: the proposal kept beside what a person decided (Article 20, 21)."""

    __tablename__ = "year_grade"
    __table_args__ = (
        CheckConstraint("(status = 'SCORED') = (proposed_class is not null)", name="scored_has_a_class"),
        CheckConstraint(
            "(state in ('DECIDED', 'PUBLISHED')) = (decided_by is not null and decided_at is not null)",
            name="decided_has_a_decider",
        ),
        CheckConstraint("person_id <> decided_by", name="nobody_classifies_oneself"),
        CheckConstraint(
            "decided_class is not distinct from proposed_class or state = 'PROPOSED' or reason is not null",
            name="difference_has_a_reason",
        ),
        Index(
            "one_live_grade_of_a_year",
            "person_id",
            "year",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
        Index("ix_year_grade_agency", "year", "agency_id"),
        Index("ix_year_grade_published", "published_at", postgresql_where=text("superseded_at is null")),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    confirming_unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    peer_group: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    months_counted: Mapped[int] = mapped_column(SmallInteger)
    mean: Mapped[Decimal | None] = mapped_column(points)
    exact_mean: Mapped[str | None] = mapped_column(Text)
    computed_class: Mapped[Band | None] = mapped_column(word(Band, "computed_class"))
    proposed_class: Mapped[Band | None] = mapped_column(word(Band, "proposed_class"))
    over_quota: Mapped[bool] = mapped_column(server_default=text("false"))
    steps: Mapped[list[Any]] = mapped_column(JSONB)
    rulebook: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    state: Mapped[GradeState] = mapped_column(word(GradeState), server_default=text("'PROPOSED'"))
    decided_class: Mapped[Band | None] = mapped_column(word(Band, "decided_class"))
    reason: Mapped[str | None] = mapped_column(Text)
    decision_number: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    superseded_reason: Mapped[str | None] = mapped_column(Text)
    replaces_id: Mapped[reference | None] = mapped_column(ForeignKey("year_grade.id"))
    circumstances: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    inputs: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
