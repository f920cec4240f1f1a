"""a job keeps the id of the request that asked for it; what runs by itself leaves the moment and the outcome of its last run

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("job", sa.Column("request_id", sa.Text(), nullable=True))
    op.create_table(
        "pulse",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulse")),
    )
    op.create_index("ix_letter_failed", "letter", ["id"], postgresql_where=sa.text("state = 'FAILED'"))


def downgrade():
    op.drop_index("ix_letter_failed", table_name="letter")
    op.drop_table("pulse")
    op.drop_column("job", "request_id")
