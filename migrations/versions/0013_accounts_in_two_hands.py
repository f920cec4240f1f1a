"""why an account is disabled, since when it is enabled again, and second factors that two persons take away

Revision ID: 0013
Revises: 0012

"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "factor_reset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        sa.CheckConstraint("asked_by <> decided_by", name=op.f("ck_factor_reset_two_persons")),
        sa.CheckConstraint(
            "(decided_at is null) = (confirmed is null)", name=op.f("ck_factor_reset_decided_whole")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_factor_reset_account_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_factor_reset_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_factor_reset_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_reset")),
    )
    op.create_index(
        "uq_factor_reset_open",
        "factor_reset",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )
    op.add_column("account", sa.Column("disabled_because", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    op.drop_column("account", "enabled_at")
    op.drop_column("account", "disabled_because")
    op.drop_table("factor_reset")
