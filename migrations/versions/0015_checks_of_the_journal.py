"""the results of checking the journal against what it tells of; readings get their numbers under a lock the sealer can take

Revision ID: 0015
Revises: 0014

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

APP = "cong_tam_app"

# A reading's number is drawn while its transaction holds this lock together with all other readers; the sealer takes it
# alone, so that no number below those it has sealed can still appear.
UNDER_A_LOCK = """
create function reading_numbered() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(20261124, 2);
    return null;
end $$
"""


def upgrade():
    op.create_table(
        "audit_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("seal_number", sa.Integer(), nullable=True),
        sa.Column("complaints", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_check")),
    )
    op.execute(f"revoke insert, update, delete on audit_check from {APP}")
    op.execute(f"grant insert (seal_number, complaints) on audit_check to {APP}")
    op.execute(
        "create trigger audit_check_only_grows before update or delete or truncate on audit_check"
        " for each statement execute function only_grows()"
    )
    op.execute(UNDER_A_LOCK)
    op.execute(
        "create trigger reading_numbered before insert on reading for each statement execute function reading_numbered()"
    )
    # The check of a million events may use several processes.
    op.execute("alter function audit_payload(audit_event) parallel safe")
    op.execute("alter function audit_hash(bytea, bigint, bigint, text) parallel safe")
    # A plan made while the journal was small would read all of it at every commit.
    op.execute("alter function audit_link_events(bigint) set plan_cache_mode = 'force_custom_plan'")


def downgrade():
    op.get_context().opts["keep_evidence"]("audit_check")
    op.execute("alter function audit_link_events(bigint) reset plan_cache_mode")
    op.execute("alter function audit_hash(bytea, bigint, bigint, text) parallel unsafe")
    op.execute("alter function audit_payload(audit_event) parallel unsafe")
    op.execute("drop trigger reading_numbered on reading")
    op.execute("drop function reading_numbered()")
    op.drop_table("audit_check")
