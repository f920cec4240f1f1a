"""Settings: where secrets lie, and what a wrong value is answered with."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import config


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: config.secret_key(tmp_path), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_emptied_secret_key_is_refused_instead_of_signing_sessions_with_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    with pytest.raises(config.BadSetting, match="too short: delete the file"):
        config.secret_key(tmp_path)


@pytest.mark.parametrize("address", ["sqlite:///x.db", "mysql://h/x", "x"])
def test_a_database_that_is_not_postgresql_is_refused(address: str) -> None:
    with pytest.raises(config.BadSetting, match="PostgreSQL is the only database"):
        config.with_driver(address)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg_3(scheme: str) -> None:
    assert config.with_driver(f"{scheme}://u:p@h/d") == "postgresql+psycopg://u:p@h/d"


def test_a_port_that_is_no_number_is_named_in_the_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "80a")
    with pytest.raises(config.BadSetting, match="PORT=80a is not a whole number"):
        config.from_environment({"DATA_DIR": tmp_path, "DATABASE_URL": "postgresql://u@h/d"})


def test_the_broker_is_the_same_database_in_a_schema_of_its_own() -> None:
    assert (
        config.database_broker("postgresql+psycopg://u@/d?host=/s")
        == "sqla+postgresql+psycopg://u@/d?host=/s&options=-csearch_path%3Dbroker"
    )
