"""how much evidence one person handed in of late is asked at every upload

Revision ID: 0018
Revises: 0017

"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_evidence_sender", "evidence", ["uploaded_by", "uploaded_at"])


def downgrade():
    op.drop_index("ix_evidence_sender", table_name="evidence")
