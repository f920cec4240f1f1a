"""nothing of a closed period changes, whoever asks the database; a reading says by which right

Each table of a period's things asks at the end of a statement, once for all its rows, whether one of their periods is closed.
While a period is being closed (an advisory lock, held to the end of that transaction) writers are turned away instead of
queueing, so that what was checked under the lock stays true.

Revision ID: 0016
Revises: 0015

"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

APP = "cong_tam_app"
CLOSING_LOCK = 335_2026

OWN = "select period_id from {rows}"
OF_A_SHEET = "select sheet.period_id from {rows} one join public.report sheet on sheet.id = one.report_id"
OF_A_LINE = (
    "select sheet.period_id from {rows} one join public.work_item line on line.id = one.item_id"
    " join public.report sheet on sheet.id = line.report_id"
)
TABLES = {
    "report": OWN,
    "work_item": OF_A_SHEET,
    "item_mark": OF_A_SHEET,
    "criterion_mark": OF_A_SHEET,
    "score_sheet": OF_A_SHEET,
    "evidence": OF_A_LINE,
    "extension": OWN,
    "person_month": OWN,
    "unit_month": OWN,
}

REFUSE = f"""
create function refuse_closed_periods(touched bigint[]) returns void language plpgsql as $$
declare
    one bigint;
begin
    foreach one in array touched loop
        if not pg_try_advisory_xact_lock_shared({CLOSING_LOCK}, one::int) then
            raise exception 'period % is being closed at this moment', one using errcode = '55P03';
        end if;
    end loop;
    select id into one from public.period where id = any(touched) and closed_at is not null limit 1;
    if found then
        raise exception 'period % is closed: nothing of it changes before it is reopened', one
            using errcode = '23514', constraint = 'period_is_closed';
    end if;
end $$
"""

ASK = """
create function {table}_of_a_closed_period() returns trigger language plpgsql as $$
begin
    if tg_op <> 'DELETE' then
        perform public.refuse_closed_periods(array(select distinct period_id from ({new}) as touched));
    end if;
    if tg_op <> 'INSERT' then
        perform public.refuse_closed_periods(array(select distinct period_id from ({old}) as touched));
    end if;
    return null;
end $$
"""
ROWS = {
    "insert": "referencing new table as new_rows",
    "update": "referencing old table as old_rows new table as new_rows",
    "delete": "referencing old table as old_rows",
}

# A closed period is a row that says so; it opens again by the wish of one person granted by another.
PERIOD = """
create function closed_period_stays() returns trigger language plpgsql as $$
begin
    if old.closed_at is null then
        return coalesce(new, old);
    end if;
    if tg_op = 'UPDATE' and new.closed_at is null
       and to_jsonb(new) - 'closed_at' = to_jsonb(old) - 'closed_at'
       and exists (
           select from public.reopening
           where reopening.granted and reopening.decided_by <> reopening.asked_by
             and reopening.closing_id = (
                 select max(closing.id) from public.closing where closing.period_id = old.id
             )
       )
    then
        return new;
    end if;
    if tg_op = 'UPDATE' and new is not distinct from old then
        return new;
    end if;
    raise exception 'period % is closed: it is reopened by two persons', old.id
        using errcode = '23514', constraint = 'period_is_closed';
end $$
"""

DECIDED = """
create function reopening_decided_once() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.decided_by is not null
       or (old.closing_id, old.asked_by, old.asked_at, old.reason)
          is distinct from (new.closing_id, new.asked_by, new.asked_at, new.reason)
    then
        raise exception 'a wish to reopen is decided once and never changed' using errcode = '42501';
    end if;
    return new;
end $$
"""


def upgrade():
    op.add_column("reading", sa.Column("relation", sa.Text(), nullable=True))
    op.execute(f"grant insert (relation) on reading to {APP}")
    op.execute(REFUSE)
    for table, rows in TABLES.items():
        op.execute(
            ASK.format(table=table, new=rows.format(rows="new_rows"), old=rows.format(rows="old_rows"))
        )
        for event, referencing in ROWS.items():
            op.execute(
                f"create trigger {table}_{event}_of_a_closed_period after {event} on {table} {referencing}"
                f" for each statement execute function {table}_of_a_closed_period()"
            )
    op.execute(PERIOD)
    op.execute(
        "create trigger closed_period_stays before update or delete on period"
        " for each row execute function closed_period_stays()"
    )
    op.execute(DECIDED)
    op.execute(
        "create trigger reopening_decided_once before update or delete on reopening"
        " for each row execute function reopening_decided_once()"
    )
    op.execute(
        "create trigger closing_only_grows before update or delete or truncate on closing"
        " for each statement execute function only_grows()"
    )
    op.execute(f"revoke update, delete on closing from {APP}")
    op.execute(f"revoke delete on reopening from {APP}")


def downgrade():
    op.get_context().opts["keep_evidence"]("closing", "reading")
    op.execute(f"grant update, delete on closing to {APP}")
    op.execute(f"grant delete on reopening to {APP}")
    op.execute("drop trigger closing_only_grows on closing")
    op.execute("drop trigger reopening_decided_once on reopening")
    op.execute("drop function reopening_decided_once()")
    op.execute("drop trigger closed_period_stays on period")
    op.execute("drop function closed_period_stays()")
    for table in TABLES:
        for event in ROWS:
            op.execute(f"drop trigger {table}_{event}_of_a_closed_period on {table}")
        op.execute(f"drop function {table}_of_a_closed_period()")
    op.execute("drop function refuse_closed_periods(bigint[])")
    op.drop_column("reading", "relation")
