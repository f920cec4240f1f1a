"""The sheets of an agency in a year are found by an index, not by reading every sheet of the province.

Pages of the annual round and of the classes of a year ask which people had a sheet in an agency: `agency_id` and the
year's periods, giving `person_id`. No index led with the agency, so each page read the whole table (240,000 sheets a
year for 20,000 people). All three columns are written once, when the sheet opens, and never changed: saving, scoring
and confirming a sheet stay updates in place.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_report_agency", "report", ["agency_id", "period_id", "person_id"])


def downgrade():
    op.drop_index("ix_report_agency", table_name="report")
