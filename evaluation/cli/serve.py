"""`make run`: database, migrations, demo province, then web, one worker and beat until Ctrl-C."""

import argparse
import contextlib
import importlib.util
import logging
import os
import secrets
import shlex
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from evaluation.cli.processes import Children
from evaluation.extensions import db

CHECKOUT = Path(__file__).resolve().parents[2]
FIRST_PAGE_SECONDS = 60


class CannotServe(Exception):
    """The site cannot be started; the message is one sentence for the person at the terminal."""


class Stopped(BaseException):
    """Someone pressed Ctrl-C or asked this process to end."""


def main() -> int:
    """Runs until it is stopped; 0 after an orderly stop, 1 with one sentence when it cannot start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    children = Children(CHECKOUT, {})
    try:
        options = _options()
        began = time.monotonic()
        _require_free(options.host, options.port)
        app = _application()
        password = app.config["DEMO_PASSWORD"] or secrets.token_urlsafe(9)
        people, how = _prepare(app, options, password)
        children.environment = _environment(app, options)
        _start(children)
        _wait_for_first_page(children, options)
        _announce(options, people, how, time.monotonic() - began, children.environment["ADMIN_PORT"])
        while True:
            time.sleep(0.5)
            if broken := children.revive():
                raise CannotServe(
                    f"The {broken} process ends as soon as it starts: its last lines are above."
                )
    except CannotServe as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1
    except Stopped:
        print("\nStopping …", flush=True)
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # impatience must not leave half of them running
        children.stop()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    port = os.environ.get("PORT") or "8000"
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--officials", type=int, default=os.environ.get("DEMO_OFFICIALS") or "600")
    parser.add_argument("--months", type=int, default=os.environ.get("DEMO_MONTHS") or "10")
    parser.add_argument("--seed", type=int, default=os.environ.get("DEMO_SEED") or "7")
    parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    return parser.parse_args()


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen(1)
        except (OSError, OverflowError) as problem:
            raise CannotServe(
                f"Port {port} of {host} cannot be used ({getattr(problem, 'strerror', None) or problem}): "
                f"stop what runs there, or choose another with `make run PORT={min(port + 1, 65535)}`."
            ) from None


def _application() -> Flask:
    from config import BadSetting
    from evaluation import create_app
    from evaluation.postgres import ServerUnavailable

    try:
        app = create_app()
        with app.app_context(), db.engine.connect():
            return app  # the first connection has started the embedded server
    except OperationalError as problem:
        raise CannotServe(f"The database does not answer: {_first_line(problem)}") from None
    except (BadSetting, ServerUnavailable) as problem:
        raise CannotServe(str(problem)) from None
    except PermissionError as problem:
        raise CannotServe(
            f"{problem.filename} cannot be opened: make run as the account that owns it."
        ) from None


def _prepare(app: Flask, options: argparse.Namespace, password: str) -> tuple[list[Any], list[str]]:
    """Migrates, builds the demo province in an empty database; its people and how they sign in (nobody in a real one)."""
    from flask_migrate import upgrade

    with app.app_context():
        logging.disable(
            logging.INFO
        )  # the migrations' settings of logging are for those who write migrations
        try:
            upgrade()
        except OperationalError as problem:
            raise CannotServe(f"The database does not answer: {_first_line(problem)}") from None
        except SystemExit:
            raise CannotServe("The database could not be migrated: the reason is above.") from None
        logging.disable(logging.NOTSET)
        people, how = _demo(options, password)
        _make_broker_tables(app)
        db.session.remove()
        db.engine.dispose()
    return people, how


def _demo(options: argparse.Namespace, password: str) -> tuple[list[Any], list[str]]:
    if importlib.util.find_spec("evaluation.cli.demo") is None:
        print("There is no demo province in this version: the database stays as it is.", flush=True)
        return [], []
    demo = importlib.import_module("evaluation.cli.demo")
    empty = not db.session.scalar(text("select exists (select from person)"))
    if empty and not options.no_demo:
        print(
            f"Building the demo province: {options.officials} officials, {options.months} months …",
            flush=True,
        )
        demo.build_demo(
            officials=options.officials, months=options.months, seed=options.seed, password=password
        )
    else:
        demo.renew_password(password)
    people = list(demo.demo_people())
    return people, demo.how_to_sign_in(password) if people else []


def _make_broker_tables(app: Flask) -> None:
    """Before the children start, so that no two of them make the same tables at once."""
    if app.config["BROKER_URL"].startswith("sqla+"):
        try:
            with app.extensions["celery"].connection_for_write() as connection:
                connection.default_channel._open()
        except (SQLAlchemyError, BrokerError) as problem:
            raise CannotServe(f"The broker in the database cannot be used: {_first_line(problem)}") from None


def _first_line(problem: Exception) -> str:
    return str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]


def _environment(app: Flask, options: argparse.Namespace) -> dict[str, str]:
    return {
        **os.environ,
        "DATA_DIR": str(app.config["DATA_DIR"]),
        "HOST": options.host,
        "PORT": str(options.port),
        "ADMIN_PORT": str(_admin_port(app.config["ADMIN_PORT"], options.port)),
        "PYTHONUNBUFFERED": "1",
        "C_FORCE_ROOT": "1",
    }


def _admin_port(wanted: int, taken: int) -> int:
    """The admin port if it is free, else another one: a second `make run` on this machine is welcome."""
    for port in (wanted, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError, OverflowError):
                if wanted and port != taken:
                    trial.bind(("127.0.0.1", port))
                    trial.listen(1)
                    return int(trial.getsockname()[1])
    return 0


def procfile() -> dict[str, list[str]]:
    """The processes of the site as the Procfile has them, with this Python."""
    lines = (CHECKOUT / "evaluation/deployment/Procfile").read_text().splitlines()
    named = (line.split(":", 1) for line in lines if line.strip())
    return {name: [sys.executable, *shlex.split(command)[1:]] for name, command in named}


def _start(children: Children) -> None:
    for name, command in procfile().items():
        children.start(name, *command)


def _wait_for_first_page(children: Children, options: argparse.Namespace) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # nosec B104 # translated into loopback, never bound
    page = f"http://[{host}]:{options.port}/" if ":" in host else f"http://{host}:{options.port}/"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + FIRST_PAGE_SECONDS
    while time.monotonic() < end:
        try:
            opener.open(page, timeout=20).close()
            return
        except urllib.error.HTTPError as answer:
            raise CannotServe(f"The first page answers {answer.code}: the reason is above.") from None
        except OSError:
            if broken := children.revive():
                raise CannotServe(f"The {broken} process does not start: its last lines are above.") from None
            time.sleep(0.1)
    raise CannotServe(f"The first page did not come within {FIRST_PAGE_SECONDS} seconds.")


def _announce(
    options: argparse.Namespace, people: list[Any], how: list[str], seconds: float, admin_port: str
) -> None:
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"\nCông Tâm is at http://{host}:{options.port}/ (after {seconds:.1f} s)\n")
    if people:
        width = max(len(str(person[0])) for person in people)
        for username, *rest in people:
            print(f"  {username:<{width}}  {' · '.join(str(part) for part in rest)}")
        print("", *(f"  {line}" for line in how), "", sep="\n")
    if admin_port != "0":
        print(f"  /healthz, /readyz and /metrics are at http://127.0.0.1:{admin_port}/\n")
    print("Ctrl-C stops it; the data stays.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
