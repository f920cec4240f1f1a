"""Sign-in accounts and the roles granted to them by date."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Dated, Table, identity, in_order, reference, word
from evaluation.models.organisation import Person
from evaluation.rules.permissions import Role


class Account(Table):
    """What a person signs in with; `session_key` changes to end every session at once."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("locale in ('vi', 'en')", name="locale_known"),)

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"), unique=True)
    username: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    session_key: Mapped[str] = mapped_column(Text, unique=True)
    locale: Mapped[str] = mapped_column(Text, server_default=text("'vi'"))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    person: Mapped[Person] = relationship(lazy="joined")
    roles: Mapped[list["RoleGrant"]] = relationship(back_populates="account")

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        """The alternative id that Flask-Login keeps in the session."""
        return self.session_key


class RoleGrant(Dated, Table):
    """A role over a unit and all below it, from a day to a day."""

    __tablename__ = "role_grant"
    __table_args__ = (in_order(),)

    id: Mapped[identity]
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[Role] = mapped_column(word(Role))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))

    account: Mapped[Account] = relationship(back_populates="roles")
