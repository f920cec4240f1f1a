"""Facts that commendation rests on, and the lists that were worked out from them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, points, reference, word
from evaluation.models.organisation import Person
from evaluation.rules.facts import DisciplineForm, InitiativeLevel, PendingKind, ReformResult
from evaluation.rules.scoring import Band


class Withdrawable:
    """A line that was entered wrongly is taken back with a reason and stays; no reader sees it any more."""

    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class Initiative(Withdrawable, Table):
    """A recognised initiative of a person in a year."""

    __tablename__ = "initiative"

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    level: Mapped[InitiativeLevel] = mapped_column(word(InitiativeLevel))
    year: Mapped[int] = mapped_column(SmallInteger)
    decision_number: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    sole_author: Mapped[bool] = mapped_column(server_default=text("true"))


class Discipline(Withdrawable, Table):
    """A disciplinary decision with the dates it is in force, as the decision states them."""

    __tablename__ = "discipline"

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"), index=True)
    form: Mapped[DisciplineForm] = mapped_column(word(DisciplineForm))
    duty_related: Mapped[bool] = mapped_column()
    decision_number: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    quashed_on: Mapped[date | None] = mapped_column(Date)
    act_on: Mapped[date | None] = mapped_column(Date)
    unit_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))
    same_act_as_id: Mapped[reference | None] = mapped_column(ForeignKey("discipline.id"))
    used_in_year: Mapped[int | None] = mapped_column(SmallInteger)


class PastRating(Withdrawable, Table):
    """The class of a year before the system held classes, as its decision says; None is a decision not to rate."""

    __tablename__ = "past_rating"
    __table_args__ = (
        CheckConstraint("length(btrim(decision_number)) > 0", name="decided_by_a_document"),
        Index(
            "one_live_past_rating",
            "person_id",
            "year",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    klass: Mapped[Band | None] = mapped_column(word(Band))
    decision_number: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OldUnitOpinion(Withdrawable, Table):
    """What the old agency wrote of somebody who moved on a day."""

    __tablename__ = "old_unit_opinion"
    __table_args__ = (
        CheckConstraint("length(btrim(document_number)) > 0", name="given_in_writing"),
        Index(
            "one_live_old_unit_opinion",
            "person_id",
            "moved_on",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    moved_on: Mapped[date] = mapped_column(Date)
    agrees: Mapped[bool] = mapped_column()
    document_number: Mapped[str] = mapped_column(Text)
    given_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PendingMatter(Withdrawable, Table):
    """A matter about a person or a unit that is open from a day until it is closed."""

    __tablename__ = "pending_matter"
    __table_args__ = (
        CheckConstraint("(person_id is null) <> (unit_id is null)", name="about_a_person_or_a_unit"),
    )

    id: Mapped[identity]
    person_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[PendingKind] = mapped_column(word(PendingKind))
    opened_on: Mapped[date] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str | None] = mapped_column(Text)


class UnitYear(Table):
    """What is known of a unit's year: its recognised class, its administrative reform, its criticisms."""

    __tablename__ = "unit_year"

    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    unit_class: Mapped[Band | None] = mapped_column(word(Band))
    reform: Mapped[ReformResult | None] = mapped_column(word(ReformResult))
    criticisms: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    cluster_rank: Mapped[int | None] = mapped_column(SmallInteger)
    decision_number: Mapped[str | None] = mapped_column(Text)


class Title(Withdrawable, Table):
    """A title or award of a person or of a unit that was decided before, as the register holds it.

    An award may name the time of the achievement it rewards: one achievement is not rewarded twice.
    """

    __tablename__ = "title"
    __table_args__ = (
        CheckConstraint("(person_id is null) <> (unit_id is null)", name="of_a_person_or_a_unit"),
        CheckConstraint("achieved_from <= achieved_to", name="achievement_in_order"),
        Index("ix_title_person", "person_id", "year"),
        Index("ix_title_unit", "unit_id", "year"),
    )

    id: Mapped[identity]
    person_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(String(12))
    year: Mapped[int] = mapped_column(SmallInteger)
    award_type: Mapped[str] = mapped_column(String(16), server_default=text("'CONG_TRANG'"))
    achieved_from: Mapped[date | None] = mapped_column(Date)
    achieved_to: Mapped[date | None] = mapped_column(Date)
    decision_number: Mapped[str | None] = mapped_column(Text)
    decided_on: Mapped[date | None] = mapped_column(Date)


class OrganisationClass(Table):
    """The recognised class of a unit's year with the facts and the working it rests on; `unit_year` carries the class for others.

    A later recognition supersedes an earlier one with a reason; none is rewritten.
    """

    __tablename__ = "organisation_class"
    __table_args__ = (
        CheckConstraint("length(btrim(decision_number)) > 0", name="decided_by_a_document"),
        CheckConstraint(
            "coalesce(recognised = proposed, false) or coalesce(length(btrim(reason)) > 0, false)",
            name="reason_where_it_differs",
        ),
        Index(
            "one_live_organisation_class",
            "unit_id",
            "year",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    id: Mapped[identity]
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    total: Mapped[Decimal] = mapped_column(points)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(String(20))
    steps: Mapped[list[Any]] = mapped_column(JSONB)
    rulebook: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    proposed: Mapped[Band | None] = mapped_column(word(Band, "proposed_band"))
    recognised: Mapped[Band] = mapped_column(word(Band, "recognised_band"))
    decision_number: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    recorder: Mapped[Person] = relationship()


class EligibilityRun(Table):
    """One working out of a title's list for a year; the newest is the one shown, none is rewritten."""

    __tablename__ = "eligibility_run"
    __table_args__ = (Index("ix_eligibility_run_title", "year", "award", "id"),)

    id: Mapped[identity]
    year: Mapped[int] = mapped_column(SmallInteger)
    award: Mapped[str] = mapped_column(String(12))
    as_of: Mapped[date] = mapped_column(Date)
    received_on: Mapped[date] = mapped_column(Date)
    rulebook: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    run_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    run_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class EligibilityEntry(Table):
    """The verdict on one person, or on a unit where no person is named, with every finding and its article."""

    __tablename__ = "eligibility_entry"
    __table_args__ = (
        CheckConstraint(
            "status in ('ELIGIBLE', 'NOT_ELIGIBLE', 'HOLD', 'NEEDS_REVIEW')", name="status_known"
        ),
        Index("ix_eligibility_entry_run", "run_id", "authority_id", "rank"),
        Index("ix_eligibility_entry_person", "person_id"),
    )

    id: Mapped[identity]
    run_id: Mapped[reference] = mapped_column(ForeignKey("eligibility_run.id"))
    person_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    authority_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    code: Mapped[str | None] = mapped_column(Text)
    mean: Mapped[Decimal | None] = mapped_column(points)
    exact_mean: Mapped[str | None] = mapped_column(Text)
    rating: Mapped[Band | None] = mapped_column(word(Band))
    findings: Mapped[list[Any]] = mapped_column(JSONB)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    rank: Mapped[int | None] = mapped_column(Integer)
    within_quota: Mapped[bool | None] = mapped_column()

    person: Mapped[Person | None] = relationship()
