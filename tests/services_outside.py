"""`make test-services`: the job tests against Redis and RabbitMQ, and a part of the tests against a PostgreSQL 15 server.

Each server is Debian's, started by hand on loopback with a folder of its own in a temporary place, and stopped at the end.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
JOBS = [
    "tests/runtime/test_jobs.py",
    "tests/runtime/test_stopping.py",
    "tests/runtime/test_brokers.py",
]
DATABASE = [
    "tests/migrations",
    "tests/queries/test_plans.py",
    "tests/services/test_reports.py",
    "tests/services/test_reviews.py",
    "tests/services/test_rollups.py",
    "tests/services/test_letters.py",
    "tests/web/test_admin_port.py",
]
POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
ROLES = """
create role cong_tam login createdb;
create role cong_tam_app login;
grant pg_signal_backend to cong_tam;
"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not answer within {seconds} s")
        time.sleep(0.2)


def answers(port: int, say: bytes = b"") -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            if say:
                line.sendall(say)
                return bool(line.recv(1))
            return True
    except OSError:
        return False


@contextmanager
def started(*command: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis(folder: Path) -> Iterator[dict[str, str]]:
    port = free_port()
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with started("redis-server", *options, environment={}, log=folder / "redis.log"):
        wait_for(lambda: answers(port, b"PING\r\n"), "redis-server")
        yield {"TEST_BROKER_URL": f"redis://127.0.0.1:{port}/0"}


@contextmanager
def rabbitmq(folder: Path) -> Iterator[dict[str, str]]:
    port, distribution, names = free_port(), free_port(), free_port()
    (folder / "plugins").write_text("[].\n")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.local = 127.0.0.1:{port}\nloopback_users = none\ndisk_free_limit.absolute = 50MB\n"
    )
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"cong-tam-{os.getpid()}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    # Debian's wrapper becomes the account `rabbitmq`; the program behind it runs as whoever we are.
    program = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    try:
        with started(str(program), environment=environment, log=folder / "rabbitmq.log"):
            wait_for(lambda: answers(port, b"AMQP\x00\x00\x09\x01"), "rabbitmq-server", 120)
            yield {"TEST_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{port}//"}
    finally:
        subprocess.run(["epmd", "-port", str(names), "-kill"], capture_output=True, check=False)


@contextmanager
def postgresql(folder: Path) -> Iterator[dict[str, str]]:
    """A cluster whose tables belong to a role without rights over the server, as an administrator would give it."""
    port = free_port()
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)

    def run(program: str, *arguments: str, given: str = "") -> None:
        subprocess.run(
            [str(POSTGRESQL / program), *arguments], user=owner.pw_uid, group=owner.pw_gid, extra_groups=[],
            cwd=folder, input=given, text=True, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    cluster = folder / "cluster"
    run("initdb", f"--pgdata={cluster}", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "start", "-w", "-s", "-D", str(cluster), "-l", str(folder / "log"), "-o", options)
    try:
        run(
            "psql",
            "-qX",
            "-h",
            str(folder),
            "-p",
            str(port),
            "-d",
            "postgres",
            "-v",
            "ON_ERROR_STOP=1",
            given=ROLES,
        )
        yield {
            "TEST_DATABASE_URL": f"postgresql+psycopg://cong_tam@127.0.0.1:{port}/postgres?connect_timeout=10"
        }
    finally:
        run("pg_ctl", "stop", "-s", "-m", "fast", "-D", str(cluster))


SERVICES = {"redis": (redis, JOBS), "rabbitmq": (rabbitmq, JOBS), "postgresql": (postgresql, DATABASE)}


def main(wanted: list[str]) -> int:
    """Runs the tests of each service that is named, of all when none is; 0 when all of them passed."""
    failed = []
    for name in wanted or list(SERVICES):
        start, tests = SERVICES[name]
        folder = Path(tempfile.mkdtemp(prefix=f"cong-tam-{name}-"))
        try:
            with start(folder) as environment:
                print(f"\n== {name}: {environment}", flush=True)
                done = subprocess.run(
                    [sys.executable, "-m", "pytest", "-q", "-n0", *tests],
                    cwd=CHECKOUT,
                    env=os.environ | environment,
                    check=False,
                )
                if done.returncode:
                    failed.append(name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\n== failed: {', '.join(failed)}" if failed else "\n== every service passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
