"""sessions and second factors of accounts, chains and seals of the journal, readings, closings, the outbox

A session is a row now, so the key of an account that ended all of its sessions at once is gone.

Revision ID: 0011
Revises: 0010

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("heads", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("readings_to", sa.BigInteger(), nullable=False),
        sa.Column("readings_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "closing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("period_id", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seal_number", sa.Integer(), nullable=False),
        sa.Column("seal_root", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_closing_closed_by")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_closing_period_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing")),
    )
    with op.batch_alter_table("closing", schema=None) as batch_op:
        batch_op.create_index("ix_closing_period", ["period_id", "id"], unique=False)

    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "SENT",
                "FAILED",
                name="letterstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default=sa.text("'WAITING'"),
            nullable=False,
        ),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'SENT') = (sent_at is not null)", name=op.f("ck_letter_sent_has_a_time")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_letter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("key", name=op.f("uq_letter_key")),
    )
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.create_index(
            "ix_letter_due", ["due_at"], unique=False, postgresql_where=sa.text("state = 'WAITING'")
        )
        batch_op.create_index(batch_op.f("ix_letter_person_id"), ["person_id"], unique=False)

    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("reader_id", sa.BigInteger(), nullable=False),
        sa.Column("on_behalf_of_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["person.id"], name=op.f("fk_reading_on_behalf_of_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reading_person_id")),
        sa.ForeignKeyConstraint(["reader_id"], ["person.id"], name=op.f("fk_reading_reader_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index("ix_reading_person", ["person_id", "id"], unique=False)
        batch_op.create_index("ix_reading_reader", ["reader_id", "at"], unique=False)

    op.create_table(
        "audit_link",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_link_event_id")),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_link_event_id")),
    )
    op.create_table(
        "external_identity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.BigInteger(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_external_identity_account_id")),
        sa.ForeignKeyConstraint(["linked_by"], ["person.id"], name=op.f("fk_external_identity_linked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_external_identity_issuer_subject")),
    )
    with op.batch_alter_table("external_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_external_identity_account_id"), ["account_id"], unique=False)

    op.create_table(
        "password_ticket",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_password_ticket_account_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_password_ticket_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_ticket")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_ticket_token_hash")),
    )
    with op.batch_alter_table("password_ticket", schema=None) as batch_op:
        batch_op.create_index("ix_password_ticket_account", ["account_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_code_account", ["account_id"], unique=False)

    op.create_table(
        "reopening",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(decided_by is null) = (decided_at is null) and (decided_by is null) = (granted is null)",
            name=op.f("ck_reopening_decided_whole"),
        ),
        sa.CheckConstraint(
            "decided_by is null or decided_by <> asked_by", name=op.f("ck_reopening_two_persons")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_reopening_asked_by")),
        sa.ForeignKeyConstraint(["closing_id"], ["closing.id"], name=op.f("fk_reopening_closing_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_reopening_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopening")),
    )
    with op.batch_alter_table("reopening", schema=None) as batch_op:
        batch_op.create_index(
            "one_open_reopening_of_a_closing",
            ["closing_id"],
            unique=True,
            postgresql_where=sa.text("decided_by is null"),
        )

    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(ended_at is null) = (ended_because is null)", name=op.f("ck_session_ended_for_a_reason")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index("ix_session_account", ["account_id", "id"], unique=False)

    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_attempt_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempt_name", ["username_hash", "at"], unique=False)
        batch_op.create_index("ix_sign_in_attempt_source", ["source", "at"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "password_set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
            )
        )
        batch_op.add_column(
            sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.add_column(sa.Column("totp_secret", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
        batch_op.create_check_constraint(
            "confirmed_factor_has_a_secret", "totp_confirmed_at is null or totp_secret is not null"
        )
        batch_op.drop_constraint(batch_op.f("uq_account_session_key"), type_="unique")
        batch_op.drop_column("session_key")

    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("session_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "chain", sa.BigInteger(), sa.Computed("coalesce(unit_id, 0)", persisted=True), nullable=False
            )
        )
        batch_op.add_column(
            sa.Column(
                "transaction",
                sa.BigInteger(),
                server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
                nullable=False,
            )
        )
        batch_op.create_index("ix_audit_event_transaction", ["transaction"], unique=False)

    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("granted_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("waits_for_approval", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.create_check_constraint("two_persons", "granted_by is null or granted_by <> approved_by")
        batch_op.create_foreign_key(batch_op.f("fk_role_grant_granted_by"), "person", ["granted_by"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_role_grant_approved_by"), "person", ["approved_by"], ["id"]
        )


def downgrade():
    op.get_context().opts["keep_evidence"]("audit_seal", "closing", "reading")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_constraint("two_persons", type_="check")
        batch_op.drop_constraint(batch_op.f("fk_role_grant_approved_by"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_role_grant_granted_by"), type_="foreignkey")
        batch_op.drop_column("waits_for_approval")
        batch_op.drop_column("approved_by")
        batch_op.drop_column("granted_by")

    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_event_transaction")
        batch_op.drop_column("transaction")
        batch_op.drop_column("chain")
        batch_op.drop_column("session_id")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_constraint("confirmed_factor_has_a_secret", type_="check")
        batch_op.add_column(
            sa.Column(
                "session_key", sa.TEXT(), nullable=False, server_default=sa.text("gen_random_uuid()::text")
            )
        )
        batch_op.alter_column("session_key", server_default=None)
        batch_op.create_unique_constraint(batch_op.f("uq_account_session_key"), ["session_key"])
        batch_op.drop_column("totp_last_step")
        batch_op.drop_column("totp_confirmed_at")
        batch_op.drop_column("totp_secret")
        batch_op.drop_column("must_change_password")
        batch_op.drop_column("password_set_at")

    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_attempt_source")
        batch_op.drop_index("ix_sign_in_attempt_name")

    op.drop_table("sign_in_attempt")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index("ix_session_account")

    op.drop_table("session")
    with op.batch_alter_table("reopening", schema=None) as batch_op:
        batch_op.drop_index("one_open_reopening_of_a_closing", postgresql_where=sa.text("decided_by is null"))

    op.drop_table("reopening")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index("ix_recovery_code_account")

    op.drop_table("recovery_code")
    with op.batch_alter_table("password_ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_password_ticket_account")

    op.drop_table("password_ticket")
    with op.batch_alter_table("external_identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_external_identity_account_id"))

    op.drop_table("external_identity")
    op.drop_table("audit_link")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index("ix_reading_reader")
        batch_op.drop_index("ix_reading_person")

    op.drop_table("reading")
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_person_id"))
        batch_op.drop_index("ix_letter_due", postgresql_where=sa.text("state = 'WAITING'"))

    op.drop_table("letter")
    with op.batch_alter_table("closing", schema=None) as batch_op:
        batch_op.drop_index("ix_closing_period")

    op.drop_table("closing")
    op.drop_table("audit_seal")
    op.drop_table("audit_head")
