"""The command line, where the record is on PostgreSQL."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Cli
from postgresql.cluster import Cluster


@pytest.fixture
def cli(cluster: Cluster, tmp_path: Path, model_cache: Path) -> Iterator[Cli]:
    name = f"commands_{uuid.uuid4().hex}"
    yield Cli(tmp_path / "home", model_cache, {"RECOGNIZANCE_RECORD": cluster.create(name)})
    cluster.drop(name)


def test_commands_work_on_the_database(cli: Cli, tmp_path: Path) -> None:
    assert "AWS_ACCESS_KEY_ID" in cli("env").out  # makes the record
    assert not (cli.home / "record.db").exists()
    assert cli("galleries", "create", "staff").code == 0
    assert [row["name"] for row in cli("galleries", "--json").json()["galleries"]] == ["staff"]
    other = replace(cli, home=tmp_path / "other", extra={**cli.extra, "RECOGNIZANCE_KEYS": str(tmp_path / "home-keys")})
    assert [row["name"] for row in other("galleries", "--json").json()["galleries"]] == ["staff"]
    assert other("ledger", "key").out == cli("ledger", "key").out


def test_a_home_without_the_records_keys_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli("env").code == 0
    refused = replace(cli, home=tmp_path / "stranger")("env")
    assert refused.code != 0
    assert "key" in refused.err
    assert not (tmp_path / "stranger-keys" / "sealing.key").exists()


def test_backups_and_restores_are_postgresqls_own(cli: Cli, tmp_path: Path) -> None:
    assert cli("env").code == 0
    refused = cli("backup", tmp_path / "copy")
    assert (refused.code, "pg_dump" in refused.err) == (2, True)
    (tmp_path / "copy").write_bytes(b"a backup")
    refused = cli("restore", tmp_path / "copy")
    assert (refused.code, "without FILE" in refused.err) == (2, True)
    assert "Restored" in cli("restore", "--yes").out
    refused = replace(cli, extra={})("restore")
    assert (refused.code, "no backup" in refused.err) == (2, True)


def test_a_password_in_the_setting_is_refused_and_not_repeated(cli: Cli) -> None:
    refused = replace(cli, extra={"RECOGNIZANCE_RECORD": "postgresql://ada:hush@127.0.0.1/x"})("env")
    assert refused.code != 0
    assert "PGPASSFILE" in refused.err
    assert "hush" not in refused.err
