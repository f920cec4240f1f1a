"""inputs of a class

What a proposed class of the year was worked out from stands on it, so that it can be worked out again.

Revision ID: 0004
Revises: 0003

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("year_grade", sa.Column("inputs", postgresql.JSONB(), nullable=True))


def downgrade():
    op.drop_column("year_grade", "inputs")
