"""`flask bench pages`: how often the five main pages ask the database in a small and a large province, and how fast they are
beside a bare Flask page that asks the same questions and writes the same rows."""

import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextvars import Context
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app, render_template
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from werkzeug.test import EnvironBuilder

from evaluation.cli import bench
from evaluation.extensions import db
from evaluation.models import Account
from evaluation.services import sessions

MOST_QUERIES = 12
MOST_TIMES = 2.5
ROWS_OF_A_LIST = 50

# Each page with a demo person whose daily page it is. A pattern is looked for in the page before it.
PAGES = (
    ("home", "hung", "/", None),
    ("my month", "lan", "/reports/", None),
    ("inbox", "hung", "/reviews/", None),
    ("unit page", "chinh", "/units/", r"/units/\d+"),
    ("commendation list", "mai", "/commendations/", r"/commendations/\d{4}/[\w-]+"),
)

BARE_PAGE = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>{{ title }}</title></head><body>
<h1>{{ title }}</h1><table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></body></html>"""


@bench.commands.command("pages")
@click.option("--small", default=60, show_default=True, help="Officials of the small province.")
@click.option("--large", default=6000, show_default=True, help="Officials of the large one.")
@click.option(
    "--rounds", default=5, show_default=True, help="Measured rounds of a second; the median counts."
)
@click.option("--seed", default=7, show_default=True)
@click.option("--list", "listed", is_flag=True, help="Show the statements of each page.")
def pages(small: int, large: int, rounds: int, seed: int, listed: bool) -> None:
    """Measure the five main pages in a small and a large province.

    Both provinces lie in databases of their own on the same server and are built the first time only.
    """
    few = _measured(small, seed, rounds=0)
    many = _measured(large, seed, rounds=rounds)
    failed = False
    click.echo(f"{'page':18} {'rows':>5}  queries at {small} / {large:<8} pages/s   bare/s   times")
    for name, *_address in PAGES:
        one, other = few[name], many[name]
        if "missing" in other:
            click.echo(f"{name:18} not measured: {other['missing']}")
            failed = True
            continue
        equal = one.get("queries") == other["queries"]
        remarks = []
        if not equal or other["queries"] > MOST_QUERIES:
            remarks.append(f"queries must be equal and at most {MOST_QUERIES}")
        if other["rows"] >= ROWS_OF_A_LIST and other["times"] > MOST_TIMES:
            remarks.append(f"a list of {ROWS_OF_A_LIST} rows costs at most {MOST_TIMES} times the bare page")
        failed = failed or bool(remarks)
        counts = f"{one.get('queries', '–')} / {other['queries']}"
        click.echo(
            f"{name:18} {other['rows']:5}  {counts:>21} {other['pages']:11.1f} {other['bare']:8.1f} {other['times']:7.1f}"
            + (f"  ← {'; '.join(remarks)}" if remarks else "")
        )
        if listed or not equal or other["queries"] > MOST_QUERIES:
            for statement in other["statements"]:
                click.echo(f"    {statement}")
    sys.exit(1 if failed else 0)


def _measured(officials: int, seed: int, rounds: int) -> dict[str, dict[str, Any]]:
    """A province built where needed, measured in a process of its own."""
    address, fresh = bench.bench_database(f"bench_pages_{officials}_{seed}")
    environment = os.environ | {"DATABASE_URL": address, "DATA_DIR": str(current_app.config["DATA_DIR"])}
    if fresh:
        click.echo(f"Building {officials} officials and two months …")
        _flask(environment, "db", "upgrade")
        _flask(environment, "demo", "build", f"--officials={officials}", "--months=2", f"--seed={seed}")
    return json.loads(_flask(environment, "bench", "measure-pages", f"--rounds={rounds}").splitlines()[-1])


def _flask(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


@bench.commands.command("measure-pages", hidden=True)
@click.option("--rounds", default=5)
def measure_pages(rounds: int) -> None:
    """The measuring half: one line of JSON."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    accounts = select(Account).where(Account.username.in_({who for _name, who, *_rest in PAGES}))
    keys = {
        account.username: sessions.begin(account, second_factor=True)
        for account in db.session.scalars(accounts)
    }
    engine = db.engine
    db.session.remove()
    # As on a server: each request in an application context of its own, not in the command's, which would lend its user.
    found = {
        name: Context().run(_page, app, engine, keys.get(who, ""), address, pattern, rounds)
        for name, who, address, pattern in PAGES
    }
    click.echo(json.dumps(found))


def _page(
    app: Flask, engine: Engine, key: str, address: str, pattern: str | None, rounds: int
) -> dict[str, Any]:
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = key
        session["_fresh"] = True
    arrived = _arrive(client, address, pattern)
    if arrived is None:
        return {"missing": f"{address} leads nowhere in this database"}
    address, html = arrived
    asked: list[tuple[str, Any]] = []

    def count(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", count)
    client.get(address)
    event.remove(engine, "before_cursor_execute", count)
    rows = Rows.of(html)
    statements = [" ".join(statement.split())[:150] for statement, _parameters in asked]
    result: dict[str, Any] = {"queries": len(asked), "statements": statements, "rows": len(rows)}
    if rounds:
        result |= _beside_bare(_caller(app, client, address), _bare(engine, address, rows, asked), rounds)
    return result


def _arrive(client: FlaskClient, address: str, pattern: str | None) -> tuple[str, str] | None:
    """The page a person ends at: redirects followed, then the first address on it that the pattern names."""
    answer = client.get(address, follow_redirects=True)
    if answer.status_code != 200:
        return None
    address = answer.request.path
    if pattern is None or re.fullmatch(pattern, address):
        return address, answer.text
    link = re.search(f'href="({pattern})[?"#]', answer.text)
    if link is None:
        return None
    answer = client.get(link[1])
    return (link[1], answer.text) if answer.status_code == 200 else None


def _bare(
    engine: Engine, address: str, rows: list[list[str]], asked: list[tuple[str, Any]]
) -> Callable[[], None]:
    """A Flask page without objects, rights, a layout or words to translate: the same questions, the same rows, a table."""
    app = Flask("bare")
    template = app.jinja_env.from_string(BARE_PAGE)  # read once, as a file would be
    questions = [
        (statement, parameters)
        for statement, parameters in asked
        if statement.lstrip().lower().startswith(("select", "with"))
    ]

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            for statement, parameters in questions:
                connection.exec_driver_sql(statement, parameters).all()
            return render_template(template, title=address, rows=rows)

    return _caller(app, app.test_client(), "/")


def _caller(app: Flask, client: FlaskClient, address: str) -> Callable[[], None]:
    """One request straight through the application, without the cost of a client."""
    builder = EnvironBuilder(path=address)
    environ = builder.get_environ()
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    if cookie is not None:
        environ["HTTP_COOKIE"] = f"{cookie.key}={cookie.value}"

    statuses: list[str] = []

    def start(status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], None]:
        statuses[:] = [status]
        return lambda _data: None

    def call() -> None:
        body = app({**environ, "wsgi.input": io.BytesIO()}, start)
        for _part in body:
            pass
        if hasattr(body, "close"):
            body.close()
        if not statuses[0].startswith("200"):
            raise click.ClickException(f"{address} answered {statuses[0]} while it was measured.")

    return call


def _beside_bare(page: Callable[[], None], bare: Callable[[], None], rounds: int) -> dict[str, float]:
    """Requests a second of both, measured in turns; the ratio is the median of the rounds'."""
    for warm in (page, page, bare, bare):
        warm()
    ours, theirs = [], []
    for _round in range(rounds):
        theirs.append(_a_second(bare))
        ours.append(_a_second(page))
    return {
        "pages": statistics.median(ours),
        "bare": statistics.median(theirs),
        "times": statistics.median(one / other for one, other in zip(theirs, ours, strict=True)),
    }


def _a_second(call: Callable[[], None]) -> float:
    started, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - started) < 1:
        call()
        done += 1
    return done / spent


class Rows(HTMLParser):
    """The rows of a page's tables, or of its lists where it has none, as texts of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    @classmethod
    def of(cls, html: str) -> list[list[str]]:
        found = cls()
        found.feed(html)
        return [row for row in found.rows if row]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("tr", "li"):
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        self.inside = tag in ("td", "th") or (self.inside and tag not in ("script", "nav"))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += " ".join(data.split())
