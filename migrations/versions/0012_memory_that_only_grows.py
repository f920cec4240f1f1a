"""the application connects as a role that may add to the journal and never change it; every event takes its place in a chain

The tables belong to the role that migrates. `cong_tam_app` may read and write all of them but those that only grow, which
it may read and add to. An event is linked at the end of its transaction: all of a transaction's events at once, chain by
chain in one order, so that two transactions wait for each other and never in a circle.

Revision ID: 0012
Revises: 0011

"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APP = "cong_tam_app"
GROWING = ("audit_event", "audit_link", "audit_seal", "reading")
WRITTEN_OF_AN_EVENT = "actor_id, on_behalf_of_id, action, object_type, object_id, unit_id, before, after, reason, request_id, session_id"
WRITTEN_OF_A_READING = "reader_id, on_behalf_of_id, person_id, object_type, object_id, how, request_id"

ROLE = f"""
do $$ begin
    if not exists (select from pg_roles where rolname = '{APP}') then
        create role {APP} nologin;
    end if;
exception
    when insufficient_privilege then
        raise exception 'The role {APP} is missing and this role may not make it: ask the administrator for CREATE ROLE {APP}';
end $$
"""

# The exact text over which a link is made; an export carries it as it is.
PAYLOAD = """
create function audit_payload(e audit_event) returns text language sql stable as $$
    select jsonb_build_object(
        'id', e.id,
        'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'actor', e.actor_id,
        'on_behalf_of', e.on_behalf_of_id,
        'action', e.action,
        'object_type', e.object_type,
        'object', e.object_id,
        'unit', e.unit_id,
        'before', e.before,
        'after', e.after,
        'reason', e.reason,
        'request', e.request_id,
        'session', e.session_id
    )::text
$$
"""

HASH = """
create function audit_hash(previous bytea, chain bigint, seq bigint, payload text) returns bytea language sql immutable as $$
    select sha256(previous || convert_to(chain || ':' || seq || ':' || payload, 'UTF8'))
$$
"""

# `wanted` is a transaction; null links whatever is not linked yet.
LINK = """
create function audit_link_events(wanted bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    one audit_event;
    head audit_head;
begin
    for one in
        select e.* from audit_event e
        where (wanted is null or e.transaction = wanted)
          and not exists (select from audit_link l where l.event_id = e.id)
        order by e.chain, e.id
    loop
        insert into audit_head (chain, seq, hash)
        values (one.chain, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
        select * into head from audit_head where chain = one.chain for update;
        head.hash := audit_hash(head.hash, one.chain, head.seq + 1, audit_payload(one));
        insert into audit_link (event_id, chain, seq, hash) values (one.id, one.chain, head.seq + 1, head.hash);
        update audit_head set seq = head.seq + 1, hash = head.hash where chain = one.chain;
    end loop;
end $$
"""

AT_COMMIT = """
create function audit_event_committed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from audit_link where event_id = new.id) then
        perform audit_link_events(new.transaction);
    end if;
    return null;
end $$
"""

REFUSE = """
create function only_grows() returns trigger language plpgsql as $$
begin
    raise exception '% only grows: its rows are never changed or deleted', tg_table_name using errcode = '42501';
end $$
"""


def upgrade():
    op.execute(ROLE)
    op.execute(PAYLOAD)
    op.execute(HASH)
    op.execute(LINK)
    op.execute(AT_COMMIT)
    op.execute(REFUSE)
    op.execute("select audit_link_events(null)")
    op.execute("revoke execute on function audit_link_events(bigint), audit_event_committed() from public")
    op.execute(
        "create constraint trigger audit_event_is_chained after insert on audit_event"
        " deferrable initially deferred for each row execute function audit_event_committed()"
    )
    for table in GROWING:
        op.execute(
            f"create trigger {table}_only_grows before update or delete or truncate on {table}"
            " for each statement execute function only_grows()"
        )
    op.execute(f"grant usage on schema public to {APP}")
    op.execute(f"grant select, insert, update, delete on all tables in schema public to {APP}")
    op.execute(f"grant usage, select on all sequences in schema public to {APP}")
    op.execute(
        f"alter default privileges in schema public grant select, insert, update, delete on tables to {APP}"
    )
    op.execute(f"alter default privileges in schema public grant usage, select on sequences to {APP}")
    op.execute(
        f"revoke insert, update, delete on {', '.join(GROWING)}, audit_head, alembic_version from {APP}"
    )
    op.execute(f"grant insert ({WRITTEN_OF_AN_EVENT}) on audit_event to {APP}")
    op.execute(f"grant insert ({WRITTEN_OF_A_READING}) on reading to {APP}")
    op.execute(f"grant insert on audit_seal to {APP}")
    op.execute("create schema if not exists broker")
    op.execute(f"grant usage, create on schema broker to {APP}")
    op.execute(f"grant all on all tables in schema broker to {APP}")
    op.execute(f"grant all on all sequences in schema broker to {APP}")
    # From PostgreSQL 17 on: the statistics of the tables are renewed by those who fill them.
    op.execute(
        f"""
        do $$ begin
            if current_setting('server_version_num')::int >= 170000 then
                execute 'grant maintain on all tables in schema public to {APP}';
            end if;
        end $$
        """
    )


def downgrade():
    op.get_context().opts["keep_evidence"]("audit_seal", "closing", "reading")
    op.execute(f"revoke all on all tables in schema public from {APP}")
    op.execute(f"revoke all on all sequences in schema public from {APP}")
    op.execute(f"revoke all on schema public from {APP}")
    op.execute(
        f"alter default privileges in schema public revoke select, insert, update, delete on tables from {APP}"
    )
    op.execute(f"alter default privileges in schema public revoke usage, select on sequences from {APP}")
    for table in GROWING:
        op.execute(f"drop trigger {table}_only_grows on {table}")
    op.execute("drop trigger audit_event_is_chained on audit_event")
    op.execute("drop function only_grows(), audit_event_committed(), audit_link_events(bigint)")
    op.execute("drop function audit_hash(bytea, bigint, bigint, text), audit_payload(audit_event)")
