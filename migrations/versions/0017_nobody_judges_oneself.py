"""nobody marks a line of the own sheet or gives the own score, whoever asks the database

A sheet and a class of the year have their constraints; a finding and a score know their person only through the sheet.
What the official reports is a score of stage OWN and may come from anybody who wrote it down.

Revision ID: 0017
Revises: 0016

"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REFUSE = """
create function {table}_of_oneself() returns trigger language plpgsql as $$
declare
    one bigint;
begin
    select rows.report_id into one from new_rows rows join public.report sheet on sheet.id = rows.report_id
    where {judged} and sheet.person_id = rows.{judge} limit 1;
    if found then
        raise exception 'nobody judges oneself: sheet %', one
            using errcode = '23514', constraint = 'nobody_judges_oneself';
    end if;
    return null;
end $$
"""
TABLES = {"item_mark": ("true", "marked_by"), "score_sheet": ("rows.stage <> 'OWN'", "decided_by")}


def upgrade() -> None:
    for table, (judged, judge) in TABLES.items():
        op.execute(REFUSE.format(table=table, judged=judged, judge=judge))
        for act in ("insert", "update"):
            op.execute(
                f"create trigger {table}_of_oneself_{act} after {act} on {table} referencing new table as new_rows"
                f" for each statement execute function {table}_of_oneself()"
            )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop function {table}_of_oneself() cascade")
