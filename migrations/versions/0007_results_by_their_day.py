"""results by their day

Home Affairs' page counts the results that the national database has not got yet: final scores and public classes by day.

Revision ID: 0007
Revises: 0006

"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        "ix_score_sheet_final",
        "score_sheet",
        ["decided_at"],
        postgresql_where=sa.text("stage = 'FINAL' and superseded_at is null"),
    )
    op.create_index(
        "ix_year_grade_published",
        "year_grade",
        ["published_at"],
        postgresql_where=sa.text("superseded_at is null"),
    )


def downgrade():
    op.drop_index("ix_year_grade_published", table_name="year_grade")
    op.drop_index("ix_score_sheet_final", table_name="score_sheet")
