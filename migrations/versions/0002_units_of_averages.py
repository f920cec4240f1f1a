"""units of averages

A mean of several months says in which unit it counts; the key of a month's row serves both people and months;
roll-ups are copies and carry no references that would be checked row by row.

Revision ID: 0002
Revises: 0001

"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("ix_person_month_person", table_name="person_month")
    op.drop_constraint("pk_person_month", "person_month")
    op.create_primary_key("pk_person_month", "person_month", ["person_id", "period_id"])
    # Roll-ups are disposable: the next run of their month writes them again, with their unit.
    op.execute("delete from person_span")
    op.execute("delete from unit_month")
    op.add_column("person_span", sa.Column("unit_id", sa.BigInteger(), nullable=False))
    op.add_column("person_span", sa.Column("last_month", sa.Date(), nullable=False))
    op.drop_constraint("fk_unit_month_period_id", "unit_month")
    op.drop_constraint("fk_unit_month_unit_id", "unit_month")
    op.drop_constraint("fk_unit_span_unit_id", "unit_span")


def downgrade():
    op.create_foreign_key("fk_unit_span_unit_id", "unit_span", "unit", ["unit_id"], ["id"])
    op.create_foreign_key("fk_unit_month_unit_id", "unit_month", "unit", ["unit_id"], ["id"])
    op.create_foreign_key("fk_unit_month_period_id", "unit_month", "period", ["period_id"], ["id"])
    op.drop_column("person_span", "last_month")
    op.drop_column("person_span", "unit_id")
    op.drop_constraint("pk_person_month", "person_month")
    op.create_primary_key("pk_person_month", "person_month", ["period_id", "person_id"])
    op.create_index("ix_person_month_person", "person_month", ["person_id"])
