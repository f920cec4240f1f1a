"""late rounds and acts already used

Agencies whose year ends later by a superior's document (Article 19.2), and the year whose class already rested on a
disciplined act (Article 11.3.b).

Revision ID: 0005
Revises: 0004

"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "late_round",
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("length(btrim(document_number)) > 0", name=op.f("ck_late_round_has_a_document")),
        sa.ForeignKeyConstraint(["agency_id"], ["unit.id"], name=op.f("fk_late_round_agency_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_late_round_set_by")),
        sa.PrimaryKeyConstraint("agency_id", "year", name=op.f("pk_late_round")),
    )
    op.add_column("discipline", sa.Column("used_in_year", sa.SmallInteger(), nullable=True))


def downgrade():
    op.drop_column("discipline", "used_in_year")
    op.drop_table("late_round")
