"""An official's month: the sheet, its lines of work, what supervisors found on them, the ten criteria."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, coefficient, identity, points, quantity, reference, word
from evaluation.models.organisation import Person
from evaluation.models.periods import Period
from evaluation.rules.organisation import AbsenceKind, Office
from evaluation.rules.scoring import WorkKind
from evaluation.rules.workflow import ReportState


class Report(Table):
    """A monthly sheet; unit, position, supervisor and rulebook are frozen when it opens."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("period_id", "person_id"),
        CheckConstraint("person_id <> scored_by", name="nobody_scores_oneself"),
        CheckConstraint("person_id <> confirmed_by", name="nobody_confirms_oneself"),
        CheckConstraint(
            "state not in ('SUBMITTED', 'SCORED', 'CONFIRMED', 'PUBLISHED') or submitted_at is not null",
            name="submitted_has_a_time",
        ),
        CheckConstraint(
            "(state in ('SCORED', 'CONFIRMED', 'PUBLISHED')) = (scored_by is not null and scored_at is not null)",
            name="scored_has_a_scorer",
        ),
        CheckConstraint(
            "(state in ('CONFIRMED', 'PUBLISHED')) = (confirmed_by is not null and confirmed_at is not null)",
            name="confirmed_has_a_confirmer",
        ),
        CheckConstraint(
            "(state = 'NOT_RATED') = (not_rated_reason is not null)", name="not_rated_has_a_reason"
        ),
        CheckConstraint("organising in (50, 100) and cohesion in (50, 100)", name="half_or_whole"),
        Index("ix_report_person", "person_id"),
        Index("ix_report_supervising", "period_id", "supervising_unit_id", "state"),
        Index("ix_report_confirming", "period_id", "confirming_unit_id", "state"),
        Index("ix_report_unit", "period_id", "unit_id"),
        Index("ix_report_agency", "agency_id", "period_id", "person_id"),
    )

    id: Mapped[identity]
    period_id: Mapped[reference] = mapped_column(ForeignKey("period.id"))
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    position_id: Mapped[reference | None] = mapped_column(ForeignKey("job_position.id"))
    office: Mapped[Office] = mapped_column(word(Office))
    title: Mapped[str] = mapped_column(Text)
    supervising_unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    confirming_unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    supervisor_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    rulebook: Mapped[str] = mapped_column(Text)
    state: Mapped[ReportState] = mapped_column(word(ReportState), server_default=text("'DRAFT'"))
    not_rated_reason: Mapped[AbsenceKind | None] = mapped_column(word(AbsenceKind))
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    saved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    strengths: Mapped[str | None] = mapped_column(Text)
    shortcomings: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    submitted_late: Mapped[bool] = mapped_column(server_default=text("false"))
    opened_by_supervisor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    returned_reason: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str | None] = mapped_column(Text)
    organising: Mapped[int | None] = mapped_column(SmallInteger)
    organising_reason: Mapped[str | None] = mapped_column(Text)
    cohesion: Mapped[int | None] = mapped_column(SmallInteger)
    cohesion_reason: Mapped[str | None] = mapped_column(Text)
    scored_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    scored_for: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    scored_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    scored_late: Mapped[bool] = mapped_column(server_default=text("false"))
    confirmed_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    confirmed_for: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_late: Mapped[bool] = mapped_column(server_default=text("false"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    period: Mapped[Period] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    items: Mapped[list["WorkItem"]] = relationship(
        back_populates="report", order_by="(WorkItem.ordinal, WorkItem.id)", foreign_keys="WorkItem.report_id"
    )
    criteria: Mapped[list["CriterionMark"]] = relationship(order_by="CriterionMark.code")


class WorkItem(Table):
    """One line of a month; its coefficient is a copy taken when it was assigned."""

    __tablename__ = "work_item"
    __table_args__ = (
        CheckConstraint("coefficient > 0", name="weighs_something"),
        CheckConstraint("assigned >= 0 and done >= 0", name="no_negative_work"),
        CheckConstraint("quality_fails >= 0 and delays >= 0", name="no_negative_findings"),
        CheckConstraint("missed_deadlines >= 0", name="no_negative_misses"),
        CheckConstraint("kind <> 'TRANSFERRED_OUT' or done = 0", name="handed_over_is_never_done"),
        Index("ix_work_item_report", "report_id"),
    )

    id: Mapped[identity]
    report_id: Mapped[reference] = mapped_column(ForeignKey("report.id"))
    product_version_id: Mapped[reference | None] = mapped_column(ForeignKey("product_version.id"))
    kind: Mapped[WorkKind] = mapped_column(word(WorkKind))
    ordinal: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    task: Mapped[str] = mapped_column(Text)
    coefficient: Mapped[Decimal] = mapped_column(coefficient)
    assigned: Mapped[Decimal] = mapped_column(quantity)
    done: Mapped[Decimal] = mapped_column(quantity, server_default=text("0"))
    quality_fails: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    delays: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    due_on: Mapped[date | None] = mapped_column(Date)
    missed_deadlines: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    done_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
    document_number: Mapped[str | None] = mapped_column(Text)
    reported: Mapped[bool] = mapped_column(server_default=text("false"))
    added_by_owner: Mapped[bool] = mapped_column(server_default=text("false"))
    counterpart_id: Mapped[reference | None] = mapped_column(ForeignKey("work_item.id"))
    assigned_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    report: Mapped[Report] = relationship(back_populates="items", foreign_keys=[report_id])
    marks: Mapped[list["ItemMark"]] = relationship(back_populates="item", order_by="ItemMark.id")
    evidence: Mapped[list["Evidence"]] = relationship(back_populates="item", order_by="Evidence.id")


class ItemMark(Table):
    """A supervisor's finding on a line with its reason; a later mark supersedes, none is edited."""

    __tablename__ = "item_mark"
    __table_args__ = (
        CheckConstraint("done >= 0", name="no_negative_work"),
        CheckConstraint(
            "quality_fails >= 0 and delays >= 0 and exempt_quality_fails >= 0 and exempt_delays >= 0",
            name="no_negative_findings",
        ),
        CheckConstraint("length(btrim(reason)) > 0", name="has_a_reason"),
        Index(
            "one_live_mark_of_a_line", "item_id", unique=True, postgresql_where=text("superseded_at is null")
        ),
        Index("ix_item_mark_report", "report_id", postgresql_where=text("superseded_at is null")),
    )

    id: Mapped[identity]
    report_id: Mapped[reference] = mapped_column(ForeignKey("report.id"))
    item_id: Mapped[reference] = mapped_column(ForeignKey("work_item.id"))
    done: Mapped[Decimal] = mapped_column(quantity)
    quality_fails: Mapped[int] = mapped_column(SmallInteger)
    delays: Mapped[int] = mapped_column(SmallInteger)
    exempt_quality_fails: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    exempt_delays: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    reason: Mapped[str] = mapped_column(Text)
    marked_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    item: Mapped[WorkItem] = relationship(back_populates="marks")


class CriterionMark(Table):
    """Points of one general criterion: the official's own and the supervisor's, two values (Article 12.2)."""

    __tablename__ = "criterion_mark"
    __table_args__ = (CheckConstraint("own_points >= 0 and given_points >= 0", name="no_negative_points"),)

    report_id: Mapped[reference] = mapped_column(ForeignKey("report.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    own_points: Mapped[Decimal | None] = mapped_column(points)
    given_points: Mapped[Decimal | None] = mapped_column(points)
    reason: Mapped[str | None] = mapped_column(Text)


class Evidence(Table):
    """A file that proves a line; kept outside the web root under a server-made name."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("size > 0", name="not_empty"),
        Index("ix_evidence_item", "item_id"),
        Index("ix_evidence_sender", "uploaded_by", "uploaded_at"),
    )

    id: Mapped[identity]
    item_id: Mapped[reference] = mapped_column(ForeignKey("work_item.id"))
    name: Mapped[str] = mapped_column(Text)
    stored_name: Mapped[str] = mapped_column(Text, unique=True)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    item: Mapped[WorkItem] = relationship(back_populates="evidence")
