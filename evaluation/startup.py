"""What stops a site from starting: settings and rights under which nobody could trust it, and tables of another version.

In production every complaint stops web, worker and beat; elsewhere only tables that do not fit the program. Commands such as
`flask db upgrade` always run, and `flask check` prints the list.
"""

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import ServiceUnavailable

from evaluation.extensions import db

LEAST_SECRET = 32
LEAST_VARIETY = 10  # different characters of a secret that was drawn and not typed
PATIENCE = 30  # seconds that a worker waits for a database that is still starting
BROKEN = 3  # gunicorn does not start a worker again that ends with this
DEMO = "%@demo.invalid"


class DatabaseAway(Exception):
    """The database does not answer, so what it would say is not known."""


def complaints(app: Flask) -> list[str]:
    """Everything that keeps this application from production, each in a sentence that says how to mend it."""
    found = _outside_the_database(app)
    try:
        return [*found, *_of_the_database(app, serious=True)]
    except DatabaseAway as away:
        return [*found, str(away)]


def advice(app: Flask) -> list[str]:
    """What is allowed in production and better otherwise."""
    if not app.config["EMBEDDED_SERVER"]:
        return []
    return [
        "The embedded PostgreSQL trusts every process of the accounts that run it, whatever role it asks for: set DATABASE_URL"
        " and OWNER_DATABASE_URL to a server whose roles have passwords."
    ]


def require(app: Flask, *, patience: float = 0) -> None:
    """Ends the process with a sentence for each complaint that forbids it to serve.

    A database that is away ends nothing: a worker waits for it a while, a site looks again before its first page.
    """
    serious = bool(app.config["ENVIRONMENT"] == "production")
    found = _outside_the_database(app) if serious else []
    end = time.monotonic() + patience
    while True:
        try:
            found += _of_the_database(app, serious=serious)
            break
        except DatabaseAway as away:
            if time.monotonic() > end:
                app.logger.warning("%s", away)
                _look_before_the_first_page(app, serious)
                break
            time.sleep(1)
    if found:
        print(*_told(found), sep="\n", file=sys.stderr, flush=True)
        raise SystemExit(BROKEN)


def served() -> bool:
    """Whether this process is to answer people: a command of `flask` is not, but its development server is."""
    program = Path(sys.argv[0])
    command = program.stem == "flask" or (program.stem == "__main__" and program.parent.name == "flask")
    return not command or "run" in sys.argv[1:]


def _look_before_the_first_page(app: Flask, serious: bool) -> None:
    waiting = [True]

    def look() -> None:
        if not waiting:
            return
        try:
            found = _of_the_database(app, serious=serious)
        except DatabaseAway:
            raise ServiceUnavailable() from None
        if found:
            app.logger.critical("%s", " ".join(_told(found)))
            raise ServiceUnavailable()
        waiting.clear()

    app.before_request_funcs.setdefault(None, []).insert(0, look)  # before anybody is shown or asked anything


def _told(found: list[str]) -> list[str]:
    return ["Công Tâm does not start:", *(f"  - {one}" for one in found)]


def _outside_the_database(app: Flask) -> list[str]:
    return [*_about_settings(app), *_about_keys(app)]


def _of_the_database(app: Flask, *, serious: bool) -> list[str]:
    with _connected(app) as connection:
        schema = _about_schema(app, connection)
        if not serious:
            return schema
        found = [*schema, *_about_role(connection)]
        if schema:
            return found
        return [*found, *_about_contents(connection), *_about_journal(app)]


def _about_settings(app: Flask) -> Iterator[str]:
    config = app.config
    if app.debug or app.testing:
        yield "Debugging or testing is on: unset FLASK_DEBUG and TESTING."
    if not config["SECRET_KEY_GIVEN"]:
        yield (
            "SECRET_KEY is not given, the key lies in the data folder: set SECRET_KEY or SECRET_KEY_FILE to one made by"
            " `python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    elif len(config["SECRET_KEY"]) < LEAST_SECRET or len(set(config["SECRET_KEY"])) < LEAST_VARIETY:
        yield (
            f"SECRET_KEY is shorter than {LEAST_SECRET} characters or easily guessed: make another by"
            " `python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    if not config["SESSION_COOKIE_SECURE"]:
        yield "HTTPS is not set: put the site behind TLS and set HTTPS=1, so that cookies never travel in the clear."
    if not config.get("TRUSTED_HOSTS"):
        yield "TRUSTED_HOSTS is not set: name the hosts under which the site is reached, with commas between."
    if config.get("SECOND_FACTOR") == "optional" and not config.get("OIDC_ISSUER"):
        yield "SECOND_FACTOR=optional without an identity provider: unset it, or set OIDC_ISSUER."
    if config.get("OIDC_ISSUER") and not config["OIDC_ISSUER"].startswith("https://"):
        yield "OIDC_ISSUER does not begin with https://: name the provider's TLS address."
    if config.get("DEMO_PASSWORD"):
        yield "DEMO_PASSWORD is set: unset it, a demo has no place in production."
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true" and served():
        yield "`flask run` is for development: start the site with gunicorn as the README says."


def _about_keys(app: Flask) -> Iterator[str]:
    for setting in ("SEAL_KEY_FILE", "FACTOR_KEY_FILE"):
        place = Path(app.config[setting]) if app.config.get(setting) else None
        if place is None or not place.exists():
            continue
        if stat.S_IMODE(place.stat().st_mode) & 0o077:
            yield f"Others may read {place}: chmod 600 {place}."
        if place.resolve().is_relative_to((Path(app.config["DATA_DIR"]) / "postgres").resolve()):
            yield f"{place} lies inside the database's own folder: move it and set {setting}."


def _about_schema(app: Flask, connection: Connection) -> list[str]:
    scripts = _scripts(app)
    newest = scripts.get_current_head()
    found = None
    if connection.scalar(text("select to_regclass('public.alembic_version')")) is not None:
        found = connection.scalar(text("select version_num from alembic_version"))
    if found == newest:
        return []
    if found is None:
        return ["The database has no tables: run `flask db upgrade`."]
    if found in {script.revision for script in scripts.walk_revisions()}:
        return [
            f"The schema of the database is {found}, older than the program's {newest}: run `flask db upgrade`."
        ]
    return [
        f"The schema of the database is {found}, which this program does not know (it ends with {newest}):"
        " start the program's newer version."
    ]


def _about_role(connection: Connection) -> Iterator[str]:
    row = connection.execute(
        text(
            "select rolname, rolsuper, rolcreaterole or rolcreatedb or rolbypassrls or rolreplication as much"
            " from pg_roles where rolname = current_user"
        )
    ).one()
    how = "let DATABASE_URL name the role cong_tam_app, and OWNER_DATABASE_URL the owner"
    if row.rolsuper:
        yield f"The application connects as {row.rolname}, a superuser, who can rewrite the journal: {how}."
        return
    if row.much:
        yield f"The role {row.rolname} may make roles, databases or copies of the server: take those rights away, or {how}."
    grown = [name for name, table in sorted(db.metadata.tables.items()) if table.info.get("append_only")]
    for name in grown:
        if connection.scalar(text("select to_regclass(:name)"), {"name": f"public.{name}"}) is None:
            continue
        owned, changes = connection.execute(
            text(
                "select pg_has_role(current_user, relowner, 'member'),"
                " has_table_privilege(oid, 'update, delete, truncate')"
                " or has_any_column_privilege(oid, 'update')"
                " from pg_class where oid = to_regclass(:name)"
            ),
            {"name": f"public.{name}"},
        ).one()
        if owned:
            yield f"The role {row.rolname} owns the table {name} of the journal: {how}."
            return
        if changes:
            yield (
                f"The role {row.rolname} may change rows of {name}, which only grows:"
                f" revoke update, delete, truncate on {name} from {row.rolname}."
            )


def _about_contents(connection: Connection) -> Iterator[str]:
    if connection.scalar(
        text("select exists (select from person where email like :letterbox)"), {"letterbox": DEMO}
    ):
        yield "The database holds the invented people of the demo: use a database of its own for production."


def _about_journal(app: Flask) -> list[str]:
    """What guards the journal inside the database: triggers, functions and rights are those of the migrations."""
    from evaluation.services import audit_checks

    with app.app_context():
        try:
            return audit_checks.schema_complaints()
        finally:
            db.session.remove()
            db.engine.dispose()


def _scripts(app: Flask) -> ScriptDirectory:
    settings = Config()
    settings.set_main_option("script_location", app.extensions["migrate"].directory)
    return ScriptDirectory.from_config(settings)


@contextmanager
def _connected(app: Flask) -> Iterator[Connection]:
    """As the application's role, on a connection that no forked child inherits."""
    engine = create_engine(
        app.config["SQLALCHEMY_DATABASE_URI"],
        poolclass=NullPool,
        connect_args={"connect_timeout": 5, "application_name": "start-up check"},
    )
    try:
        connection = engine.connect()
    except OperationalError as problem:
        raise DatabaseAway(
            f"The database does not answer ({_first_line(problem)}): start it, or mend DATABASE_URL."
        ) from None
    with connection:
        yield connection


def _first_line(problem: DBAPIError) -> str:
    return str(problem.orig).strip().splitlines()[0]
