"""recognised classes of organisations with their working; lines of registers that were taken back

The class of a unit's year keeps the facts and the steps it rests on; a wrong line of a register stays, with a reason.

Revision ID: 0009
Revises: 0008

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BANDS = ("KHTNV", "HTNV", "HTTNV", "HTXSNV")
REGISTERS = ("initiative", "discipline", "past_rating", "old_unit_opinion", "pending_matter", "title")


def upgrade():
    op.create_table(
        "organisation_class",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("total", sa.Numeric(precision=9, scale=4), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("proposed", _band("proposed_band"), nullable=True),
        sa.Column("recognised", _band("recognised_band"), nullable=False),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "length(btrim(decision_number)) > 0", name=op.f("ck_organisation_class_decided_by_a_document")
        ),
        sa.CheckConstraint(
            "coalesce(recognised = proposed, false) or coalesce(length(btrim(reason)) > 0, false)",
            name=op.f("ck_organisation_class_reason_where_it_differs"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["person.id"], name=op.f("fk_organisation_class_recorded_by")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_organisation_class_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_class")),
    )
    op.create_index(
        "one_live_organisation_class",
        "organisation_class",
        ["unit_id", "year"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    for register in REGISTERS:
        op.add_column(register, sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column(register, sa.Column("withdrawn_by", sa.BigInteger(), nullable=True))
        op.add_column(register, sa.Column("withdrawn_reason", sa.Text(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{register}_withdrawn_by"), register, "person", ["withdrawn_by"], ["id"]
        )


def downgrade():
    # Older tables cannot say that a line was taken back: it would count again.
    op.execute(
        "update discipline set same_act_as_id = null"
        " where same_act_as_id in (select id from discipline where withdrawn_at is not null)"
    )
    for register in REGISTERS:
        op.execute(f"delete from {register} where withdrawn_at is not null")  # noqa: S608
        op.drop_constraint(op.f(f"fk_{register}_withdrawn_by"), register, type_="foreignkey")
        for column in ("withdrawn_reason", "withdrawn_by", "withdrawn_at"):
            op.drop_column(register, column)
    op.drop_index(
        "one_live_organisation_class",
        table_name="organisation_class",
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.drop_table("organisation_class")


def _band(name):
    return sa.Enum(*BANDS, name=name, native_enum=False, create_constraint=True, length=32)
