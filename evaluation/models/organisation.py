"""Units, their place and code by date, people, and who served where, as what, from when."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Dated, Table, identity, in_order, never_twice, reference, word
from evaluation.rules.organisation import AbsenceKind, Gender, Office, PersonKind, UnitKind, UnitRole


class Unit(Table):
    """An agency or a part of one; its name, parent and code live in dated rows beside it."""

    __tablename__ = "unit"

    id: Mapped[identity]
    kind: Mapped[UnitKind] = mapped_column(word(UnitKind))
    role: Mapped[UnitRole] = mapped_column(word(UnitRole))
    evaluates_contract_workers: Mapped[bool] = mapped_column(server_default=text("false"))
    dissolved_on: Mapped[date | None] = mapped_column(Date)

    places: Mapped[list["UnitPlace"]] = relationship(
        foreign_keys="UnitPlace.unit_id", back_populates="unit", order_by="UnitPlace.valid_from"
    )
    codes: Mapped[list["UnitCode"]] = relationship(back_populates="unit", order_by="UnitCode.valid_from")


class UnitPlace(Dated, Table):
    """Name and parent of a unit from a day to a day: the tree as it stood."""

    __tablename__ = "unit_place"
    __table_args__ = (
        in_order(),
        CheckConstraint("parent_id is distinct from unit_id", name="not_its_own_parent"),
        never_twice("unit_place_never_twice", "unit_id"),
        Index("ix_unit_place_parent", "parent_id"),
    )

    id: Mapped[identity]
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(Text)
    short_name: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    decision_number: Mapped[str | None] = mapped_column(Text)

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id], back_populates="places")


class UnitCode(Dated, Table):
    """An identification code such as H38.12.03 while it names a unit; mergers close codes."""

    __tablename__ = "unit_code"
    __table_args__ = (
        in_order(),
        CheckConstraint(r"code ~ '^[A-Z]\d{2}(\.[0-9A-Z]{2,3}){0,4}$'", name="form"),
        never_twice("unit_code_names_one_unit", "code"),
        never_twice("unit_has_one_code", "unit_id"),
    )

    id: Mapped[identity]
    code: Mapped[str] = mapped_column(String(35))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    successor: Mapped[str | None] = mapped_column(String(35))

    unit: Mapped[Unit] = relationship(back_populates="codes")


class Person(Table):
    """An official as the personnel register knows them; sort and search keys follow the name."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(r"personal_number ~ '^\d{12}$'", name="personal_number_has_twelve_digits"),
        CheckConstraint(
            "left_on is null or hired_on is null or hired_on <= left_on", name="service_in_order"
        ),
        Index("ix_person_sort", "sort_key"),
        Index(
            "ix_person_search",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
    )

    id: Mapped[identity]
    official_number: Mapped[str] = mapped_column(Text, unique=True)
    personal_number: Mapped[str | None] = mapped_column(String(12), unique=True)
    full_name: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))
    search_key: Mapped[str] = mapped_column(Text)
    gender: Mapped[Gender | None] = mapped_column(word(Gender))
    born_on: Mapped[date | None] = mapped_column(Date)
    born_year_only: Mapped[bool] = mapped_column(server_default=text("false"))
    kind: Mapped[PersonKind] = mapped_column(word(PersonKind))
    rank_code: Mapped[str | None] = mapped_column(Text)
    hired_on: Mapped[date | None] = mapped_column(Date)
    left_on: Mapped[date | None] = mapped_column(Date)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)

    assignments: Mapped[list["Assignment"]] = relationship(
        back_populates="person", order_by="Assignment.valid_from"
    )


class Assignment(Dated, Table):
    """A person's service in a unit and job position; of the main ones no two overlap."""

    __tablename__ = "assignment"
    __table_args__ = (
        in_order(),
        never_twice("one_main_assignment_at_a_time", "person_id", where="is_main"),
        never_twice("one_head_of_a_unit_at_a_time", "unit_id", where="office = 'HEAD'"),
        CheckConstraint("seconded_from_id <> unit_id", name="seconded_from_elsewhere"),
        Index("ix_assignment_unit", "unit_id", "valid_from"),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    position_id: Mapped[reference | None] = mapped_column(ForeignKey("job_position.id"))
    office: Mapped[Office] = mapped_column(word(Office))
    title: Mapped[str] = mapped_column(Text)
    is_main: Mapped[bool] = mapped_column(server_default=text("true"))
    decision_number: Mapped[str | None] = mapped_column(Text)
    seconded_from_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))

    person: Mapped[Person] = relationship(back_populates="assignments")
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])


class Charge(Dated, Table):
    """A deputy's field: a unit below, or one official, that the deputy is in charge of (Article 15.4)."""

    __tablename__ = "charge"
    __table_args__ = (
        in_order(),
        CheckConstraint("(unit_id is null) <> (person_id is null)", name="a_unit_or_a_person"),
        Index("ix_charge_deputy", "deputy_id"),
    )

    id: Mapped[identity]
    deputy_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[reference | None] = mapped_column(ForeignKey("unit.id"))
    person_id: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))


class Delegation(Dated, Table):
    """The duty of the head of a unit, lent to another person for a time; it cannot be lent on."""

    __tablename__ = "delegation"
    __table_args__ = (
        in_order(),
        CheckConstraint("delegator_id <> delegate_id", name="not_to_oneself"),
        CheckConstraint("valid_to is not null", name="has_an_end"),
        never_twice("delegation_never_twice", "unit_id"),
    )

    id: Mapped[identity]
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    delegator_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    delegate_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    document_number: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    delegator: Mapped[Person] = relationship(foreign_keys=[delegator_id])
    delegate: Mapped[Person] = relationship(foreign_keys=[delegate_id])
    unit: Mapped[Unit] = relationship()


class Absence(Dated, Table):
    """A stay away from work that decides whether a month or a year is rated (Article 11, 19)."""

    __tablename__ = "absence"
    __table_args__ = (in_order(), Index("ix_absence_person", "person_id"))

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[AbsenceKind] = mapped_column(word(AbsenceKind))
    document_number: Mapped[str | None] = mapped_column(Text)
