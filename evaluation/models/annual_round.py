"""The annual round of Article 21: what the official, the meeting and the Party committee said before a class is decided."""

from datetime import date, datetime

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
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Table, identity, reference, word
from evaluation.rules.grading import Blocker
from evaluation.rules.scoring import Band


class SelfClassification(Table):
    """The class an official gives the own year on Mẫu số 02; a later one supersedes (Article 21.1.a, 21.2.a)."""

    __tablename__ = "self_classification"
    __table_args__ = (
        Index(
            "one_live_self_classification",
            "person_id",
            "year",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    klass: Mapped[Band] = mapped_column(word(Band))
    note: Mapped[str | None] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReviewMeeting(Table):
    """The meeting that reviewed officials of a unit, with its minutes as adopted (Article 21.1.b, 21.2.b)."""

    __tablename__ = "review_meeting"
    __table_args__ = (
        CheckConstraint("present > 0 and present <= invited", name="present_among_invited"),
        CheckConstraint("length(btrim(minutes)) > 0", name="has_minutes"),
        CheckConstraint(
            "(file_name is null) = (stored_name is null) and (file_name is null) = (sha256 is null)",
            name="file_whole_or_absent",
        ),
        Index("ix_review_meeting_agency", "year", "agency_id"),
    )

    id: Mapped[identity]
    year: Mapped[int] = mapped_column(SmallInteger)
    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    held_on: Mapped[date] = mapped_column(Date)
    chair: Mapped[str] = mapped_column(Text)
    secretary: Mapped[str] = mapped_column(Text)
    invited: Mapped[int] = mapped_column(Integer)
    present: Mapped[int] = mapped_column(Integer)
    minutes: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)
    stored_name: Mapped[str | None] = mapped_column(Text, unique=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    recorded_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    superseded_reason: Mapped[str | None] = mapped_column(Text)

    opinions: Mapped[list["MeetingOpinion"]] = relationship(
        back_populates="meeting", order_by="MeetingOpinion.person_id"
    )


class MeetingOpinion(Table):
    """What the meeting said of one official: the class it favours and its remarks."""

    __tablename__ = "meeting_opinion"

    meeting_id: Mapped[reference] = mapped_column(ForeignKey("review_meeting.id"), primary_key=True)
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    klass: Mapped[Band | None] = mapped_column(word(Band))
    remarks: Mapped[str | None] = mapped_column(Text)

    meeting: Mapped[ReviewMeeting] = relationship(back_populates="opinions")


class PartyOpinion(Table):
    """The Party committee's written opinion on a head or deputy (Article 21.1.c, 21.2)."""

    __tablename__ = "party_opinion"
    __table_args__ = (
        CheckConstraint("length(btrim(committee)) > 0 and length(btrim(opinion)) > 0", name="says_something"),
        Index(
            "one_live_party_opinion",
            "person_id",
            "year",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    committee: Mapped[str] = mapped_column(Text)
    klass: Mapped[Band | None] = mapped_column(word(Band))
    opinion: Mapped[str] = mapped_column(Text)
    document_number: Mapped[str | None] = mapped_column(Text)
    given_on: Mapped[date] = mapped_column(Date)
    recorded_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Conclusion(Table):
    """A competent body's conclusion that alone makes a year not completed (Article 20.4.b, 20.4.d)."""

    __tablename__ = "conclusion"
    __table_args__ = (Index("ix_conclusion_person", "person_id", "year"),)

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    blocker: Mapped[Blocker] = mapped_column(word(Blocker))
    body: Mapped[str] = mapped_column(Text)
    document_number: Mapped[str] = mapped_column(Text)
    concluded_on: Mapped[date] = mapped_column(Date)
    recorded_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class LateRound(Table):
    """An agency whose year may be classified before 15 January by a document of the level above (Article 19.2)."""

    __tablename__ = "late_round"
    __table_args__ = (CheckConstraint("length(btrim(document_number)) > 0", name="has_a_document"),)

    agency_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    document_number: Mapped[str] = mapped_column(Text)
    set_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
