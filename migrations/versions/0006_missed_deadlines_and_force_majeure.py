"""missed deadlines and force majeure

How many last days of a line passed before it got another one (each is a delay, Article 14.2.c), and the force majeure
that excuses a quarter under the Party's rules.

Revision ID: 0006
Revises: 0005

"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "work_item",
        sa.Column("missed_deadlines", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_check_constraint(op.f("ck_work_item_no_negative_misses"), "work_item", "missed_deadlines >= 0")
    op.create_table(
        "force_majeure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("quarter", sa.SmallInteger(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "confirmed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("quarter between 1 and 4", name=op.f("ck_force_majeure_quarter_of_a_year")),
        sa.CheckConstraint(
            "length(btrim(reason)) > 0 and length(btrim(document_number)) > 0",
            name=op.f("ck_force_majeure_has_a_reason_and_a_document"),
        ),
        sa.CheckConstraint("person_id <> confirmed_by", name=op.f("ck_force_majeure_nobody_excuses_oneself")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_reason is null)",
            name=op.f("ck_force_majeure_withdrawn_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_force_majeure_person_id")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_force_majeure_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_force_majeure")),
    )
    op.create_index(
        "one_live_force_majeure",
        "force_majeure",
        ["person_id", "year", "quarter"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at is null"),
    )


def downgrade():
    op.drop_table("force_majeure")
    op.drop_constraint(op.f("ck_work_item_no_negative_misses"), "work_item")
    op.drop_column("work_item", "missed_deadlines")
