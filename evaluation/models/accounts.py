"""Sign-in accounts, their sessions and second factors, and the roles granted to them by date."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.models.base import Dated, Table, identity, in_order, reference, word
from evaluation.models.organisation import Person
from evaluation.rules.permissions import Role


class Account(Table):
    """What a person signs in with; the second factor's secret is kept encrypted under a key outside the database."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("locale in ('vi', 'en')", name="locale_known"),
        CheckConstraint(
            "totp_confirmed_at is null or totp_secret is not null", name="confirmed_factor_has_a_secret"
        ),
    )

    id: Mapped[identity]
    person_id: Mapped[reference] = mapped_column(ForeignKey("person.id"), unique=True)
    username: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    password_set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    must_change_password: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    locale: Mapped[str] = mapped_column(Text, server_default=text("'vi'"))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_because: Mapped[str | None] = mapped_column(Text)
    enabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
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


class Session(Table):
    """One signed-in browser; only the hash of its token is known here, and a row that is ended opens nothing any more."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("(ended_at is null) = (ended_because is null)", name="ended_for_a_reason"),
        Index("ix_session_account", "account_id", "id"),
    )

    id: Mapped[identity]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"))
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    active_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    second_factor: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    source: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_because: Mapped[str | None] = mapped_column(Text)

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class RecoveryCode(Table):
    """One of the codes that stand in for a lost second factor, each good for one sign-in."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_account", "account_id"),)

    id: Mapped[identity]
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SignInAttempt(Table):
    """One try to sign in, by the hash of the name that was typed and the address it came from."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_name", "username_hash", "at"),
        Index("ix_sign_in_attempt_source", "source", "at"),
    )

    id: Mapped[identity]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    username_hash: Mapped[bytes] = mapped_column(LargeBinary)
    source: Mapped[str] = mapped_column(Text)
    account_id: Mapped[reference | None] = mapped_column(ForeignKey("account.id"))
    stage: Mapped[str] = mapped_column(Text)
    succeeded: Mapped[bool] = mapped_column(Boolean)


class PasswordTicket(Table):
    """Leave to choose a password once: an administrator hands it over and never knows the password."""

    __tablename__ = "password_ticket"
    __table_args__ = (Index("ix_password_ticket_account", "account_id"),)

    id: Mapped[identity]
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FactorReset(Table):
    """A second factor that is to be taken away: one administrator asks, another person who knows the owner decides."""

    __tablename__ = "factor_reset"
    __table_args__ = (
        CheckConstraint("asked_by <> decided_by", name="two_persons"),
        CheckConstraint("(decided_at is null) = (confirmed is null)", name="decided_whole"),
        Index("uq_factor_reset_open", "account_id", unique=True, postgresql_where=text("decided_at is null")),
    )

    id: Mapped[identity]
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[reference] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed: Mapped[bool | None] = mapped_column(Boolean)

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class ExternalIdentity(Table):
    """Who a person is at an identity provider, known by issuer and subject and never by e-mail."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[identity]
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"), index=True)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    linked_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    linked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class RoleGrant(Dated, Table):
    """A role over a unit and all below it, from a day to a day; a role that governs needs a second person."""

    __tablename__ = "role_grant"
    __table_args__ = (
        in_order(),
        CheckConstraint("granted_by is null or granted_by <> approved_by", name="two_persons"),
    )

    id: Mapped[identity]
    account_id: Mapped[reference] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[Role] = mapped_column(word(Role))
    unit_id: Mapped[reference] = mapped_column(ForeignKey("unit.id"))
    granted_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[reference | None] = mapped_column(ForeignKey("person.id"))
    waits_for_approval: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))

    account: Mapped[Account] = relationship(back_populates="roles")
