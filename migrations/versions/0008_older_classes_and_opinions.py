"""classes of years before the system, opinions of old units, open matters of units

What the gates of commendation read and no register held.

Revision ID: 0008
Revises: 0007

"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BAND = sa.Enum(
    "KHTNV", "HTNV", "HTTNV", "HTXSNV", name="band", native_enum=False, create_constraint=True, length=32
)


def upgrade():
    op.create_table(
        "past_rating",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("klass", BAND, nullable=True),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "length(btrim(decision_number)) > 0", name=op.f("ck_past_rating_decided_by_a_document")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_past_rating_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_rating")),
    )
    with op.batch_alter_table("past_rating", schema=None) as batch_op:
        batch_op.create_index(
            "one_live_past_rating",
            ["person_id", "year"],
            unique=True,
            postgresql_where=sa.text("superseded_at is null"),
        )

    op.create_table(
        "old_unit_opinion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "length(btrim(document_number)) > 0", name=op.f("ck_old_unit_opinion_given_in_writing")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_old_unit_opinion_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_old_unit_opinion")),
    )
    with op.batch_alter_table("old_unit_opinion", schema=None) as batch_op:
        batch_op.create_index(
            "one_live_old_unit_opinion",
            ["person_id", "moved_on"],
            unique=True,
            postgresql_where=sa.text("superseded_at is null"),
        )

    with op.batch_alter_table("pending_matter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.BigInteger(), nullable=True))
        batch_op.alter_column("person_id", existing_type=sa.BIGINT(), nullable=True)
        batch_op.create_index(batch_op.f("ix_pending_matter_unit_id"), ["unit_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_pending_matter_unit_id"), "unit", ["unit_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_pending_matter_about_a_person_or_a_unit"),
        "pending_matter",
        "(person_id is null) <> (unit_id is null)",
    )


def downgrade():
    # Older tables know no open matters of units.
    op.execute("delete from pending_matter where person_id is null")
    op.drop_constraint(op.f("ck_pending_matter_about_a_person_or_a_unit"), "pending_matter")
    with op.batch_alter_table("pending_matter", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_pending_matter_unit_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_pending_matter_unit_id"))
        batch_op.alter_column("person_id", existing_type=sa.BIGINT(), nullable=False)
        batch_op.drop_column("unit_id")

    with op.batch_alter_table("old_unit_opinion", schema=None) as batch_op:
        batch_op.drop_index("one_live_old_unit_opinion", postgresql_where=sa.text("superseded_at is null"))
    op.drop_table("old_unit_opinion")
    with op.batch_alter_table("past_rating", schema=None) as batch_op:
        batch_op.drop_index("one_live_past_rating", postgresql_where=sa.text("superseded_at is null"))
    op.drop_table("past_rating")
