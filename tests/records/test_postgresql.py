"""PostgreSQL's own ways: who may reach the tests' server, durability, errors, lost connections, several processes."""

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from postgresql.cluster import Cluster, find_programs, listeners, running_cluster
from recognizance.errors import KeyFileError, RecordUnavailableError, SchemaVersionError, SettingsError
from recognizance.records import RecordStore, entries, galleries, meta, postgresql, references
from recognizance.records.backup import BackupError, back_up
from recognizance.records.database import database_at
from recognizance.records.galleries import GalleryRow
from recognizance.records.postgresql_database import PostgresqlDatabase
from records.making import KEY, NOW, a_gallery, a_reference, open_record

pytestmark = pytest.mark.postgresql


@pytest.fixture
def own_cluster(cluster: Cluster) -> Iterator[Cluster]:
    """A server that a test may end."""
    programs = find_programs()
    assert programs is not None
    with running_cluster(programs) as running:
        yield running


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"test_{uuid.uuid4().hex}"
    yield cluster.create(name)
    cluster.drop(name)


def test_the_server_of_the_tests_can_be_reached_from_this_machine_only(cluster: Cluster) -> None:
    assert len(cluster.processes) > 1
    assert listeners(cluster.processes) == []
    assert list(cluster.folder.glob(".s.PGSQL.*"))
    assert cluster.folder.stat().st_mode & 0o077 == 0


def test_what_is_acknowledged_is_durable_whatever_the_servers_default(cluster: Cluster, empty: str, keys: Path) -> None:
    cluster.execute(f'ALTER DATABASE "{name_of(empty)}" SET synchronous_commit = off')
    with open_record(empty, keys=keys) as store:
        for begin in (store.read, store.write):
            with begin() as tx:
                assert tx.execute(text("SHOW synchronous_commit")).scalar() == "on"


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_would_lose_what_it_acknowledged_is_refused(
    own_cluster: Cluster, keys: Path, setting: str
) -> None:
    own_cluster.stop()
    own_cluster.start(**{setting: "off"})
    with pytest.raises(SettingsError, match="fsync"):
        open_record(own_cluster.create("record"), keys=keys)


def test_a_database_that_is_not_of_unicode_is_refused(cluster: Cluster, keys: Path) -> None:
    name = f"test_{uuid.uuid4().hex}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1'")
    with pytest.raises(SettingsError, match="LATIN1"):
        open_record(cluster.url(name), keys=keys)
    cluster.drop(name)


def test_another_programs_database_is_left_alone(cluster: Cluster, empty: str, keys: Path) -> None:
    name = name_of(empty)
    cluster.execute("CREATE TABLE theirs (x int)", name)
    with pytest.raises(SchemaVersionError):
        open_record(empty, keys=keys)
    assert cluster.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name) == [("theirs",)]


def test_a_record_of_a_newer_version_or_another_key_is_left_alone(
    cluster: Cluster, empty: str, keys: Path, tmp_path: Path
) -> None:
    open_record(empty, keys=keys).close()
    with pytest.raises(KeyFileError, match="sealed with the key"):
        open_record(empty, key=KEY[::-1], keys=tmp_path / "other")
    cluster.execute("UPDATE alembic_version SET version_num = '9999'", name_of(empty))
    with pytest.raises(SchemaVersionError, match="9999"):
        open_record(empty, keys=keys)


def test_processes_that_start_at_once_make_one_record(empty: str, keys: Path) -> None:
    def start(_: int) -> str | None:
        with open_record(empty, keys=keys) as store, store.write() as tx:
            meta.put(tx, f"by {uuid.uuid4()}", "x")
            return meta.get(tx, "vault")

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_no_password_is_taken_from_the_setting() -> None:
    for place in ("postgresql://ada:hush@127.0.0.1/record", "postgresql://ada@127.0.0.1/record?password=hush"):
        with pytest.raises(SettingsError, match="password") as caught:
            database_at(place)
        assert "PGPASSFILE" in caught.value.remedy
        assert "hush" not in caught.value.message
    with pytest.raises(SettingsError):
        database_at("postgresql://ada@127.0.0.1/record?no_such=option")
    with pytest.raises(SettingsError):
        database_at("mysql://ada@127.0.0.1/record")


def test_a_server_that_is_away_is_named(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordUnavailableError, match=r"cannot be reached.*socket") as caught:
        open_record(f"postgresql://ada@/record?host={tmp_path}", keys=keys)
    assert "setting `record`" in caught.value.remedy


def test_a_database_that_is_not_there_is_named(cluster: Cluster, keys: Path) -> None:
    with pytest.raises(RecordUnavailableError, match="nowhere"):
        open_record(cluster.url("nowhere"), keys=keys)


def test_neither_messages_nor_their_causes_carry_what_was_written(store: RecordStore, gallery: GalleryRow) -> None:
    reference = a_reference()
    for kind, statement in (
        (IntegrityError, lambda tx: references.add_many(tx, gallery.id, [reference, reference])),
        (DBAPIError, lambda tx: tx.execute(text("SELECT CAST(:x AS int)"), {"x": reference.face_id})),
    ):
        with pytest.raises(kind) as caught, store.write() as tx:
            statement(tx)
        error: BaseException | None = caught.value
        while error is not None:
            assert reference.face_id not in str(error)
            error = error.__cause__ or error.__context__


def name_of(url: str) -> str:
    """Give the database's name of a URL."""
    return url.split("/")[3].split("?")[0]


def backends(cluster: Cluster, store: RecordStore) -> None:
    """End every connection of the record, as an administrator of the server can."""
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    name = name_of(str(store.database))
    cluster.execute(f"SELECT pg_terminate_backend(pid) {others}", name)  # which does not wait for their end
    while cluster.execute(f"SELECT pid {others}", name):
        time.sleep(0.01)


def test_connections_that_an_administrator_ends_are_made_anew(
    cluster: Cluster, store: RecordStore, gallery: GalleryRow
) -> None:
    with store.read() as tx:
        assert galleries.counts(tx, gallery.id).faces == 0
    backends(cluster, store)
    with store.write() as tx:
        references.add_many(tx, gallery.id, [a_reference()])
    backends(cluster, store)
    with store.read() as tx:
        assert galleries.counts(tx, gallery.id).faces == 1


def test_a_connection_that_is_lost_in_a_write_undoes_it_and_the_next_one_goes_on(
    cluster: Cluster, store: RecordStore, gallery: GalleryRow
) -> None:
    def lose() -> None:
        with store.write() as tx:
            references.add_many(tx, gallery.id, [a_reference()])
            backends(cluster, store)
            meta.put(tx, "never", "kept")

    with pytest.raises(RecordUnavailableError) as caught:
        lose()
    assert caught.value.remedy
    with store.write() as tx:
        assert galleries.counts(tx, gallery.id).faces == 0
        meta.put(tx, "after", "kept")


def test_a_connection_that_is_lost_at_the_commit_is_told_as_not_known(
    cluster: Cluster, store: RecordStore, gallery: GalleryRow
) -> None:
    def lose() -> None:
        with store.write() as tx:
            meta.put(tx, "maybe", "kept")
            backends(cluster, store)

    with pytest.raises(RecordUnavailableError) as caught:
        lose()
    assert caught.value.remedy
    with store.write() as tx:
        meta.put(tx, "after", "kept")


def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(own_cluster: Cluster, keys: Path) -> None:
    with open_record(own_cluster.create("record"), keys=keys) as store:
        kept = 0
        for end in (own_cluster.kill, own_cluster.stop_at_once, own_cluster.kill):
            for _ in range(20):
                with store.write() as tx:
                    kept = entries.append(tx, lambda index: b"%d" % index, at=NOW).index + 1
            end()
            for begin in (store.read, store.write):
                with pytest.raises(RecordUnavailableError) as caught, begin() as tx:
                    entries.count(tx)
                assert caught.value.remedy
            own_cluster.start()
            with store.read() as tx:
                assert entries.count(tx) == kept


def test_erased_keys_are_destroyed_though_the_connection_was_lost_after_the_commit(
    cluster: Cluster, store: RecordStore, gallery: GalleryRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, [new])
        slot = references.get_many(tx, gallery.id, [new.face_id])[new.face_id].key_slot
    run = PostgresqlDatabase.run

    def commit_and_lose(database: PostgresqlDatabase, driver: object, statement: str) -> None:
        run(database, driver, statement)
        if statement == "COMMIT":
            raise RecordUnavailableError("The answer to the commit was lost.", "Look.")

    with monkeypatch.context() as patched:
        patched.setattr(PostgresqlDatabase, "run", commit_and_lose)
        with pytest.raises(RecordUnavailableError, match="lost"), store.write() as tx:
            references.delete_many(tx, gallery.id, [new.face_id])
    assert not store.vault.is_destroyed(slot)
    with store.write() as tx:
        meta.put(tx, "any", "write")
    assert store.vault.is_destroyed(slot)


def test_a_block_that_overlooks_an_error_is_undone_alone(store: RecordStore, gallery: GalleryRow) -> None:
    def overlook() -> None:
        with store.write() as tx:
            meta.put(tx, "never", "kept")
            with pytest.raises(IntegrityError):
                references.add_many(tx, gallery.id + 1, [a_reference()])

    with pytest.raises(RecordUnavailableError, match="undone"):
        overlook()
    with store.read() as tx:
        assert meta.get(tx, "never") is None


def test_a_write_that_waits_too_long_for_another_process_is_told_so(
    store: RecordStore, place: str, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 1)
    with open_record(place, keys=keys) as other:
        with store.write(), pytest.raises(RecordUnavailableError, match="Another process"), other.write():
            pass
        with other.write() as tx:
            meta.put(tx, "usable", "again")


def test_a_hung_process_loses_the_write_lock(place: str, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 1)
    hang = threading.Event()

    def hold() -> None:
        with hanging.write() as tx:
            meta.put(tx, "held", "kept")
            held.set()
            hang.wait(30)

    held = threading.Event()
    with (
        open_record(place, keys=keys) as hanging,
        open_record(place, keys=keys) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        future = pool.submit(hold)
        assert held.wait(30)
        with other.write() as tx:
            assert meta.get(tx, "held") is None
        hang.set()
        with pytest.raises(RecordUnavailableError):
            future.result(30)
        with hanging.write() as tx:
            meta.put(tx, "usable", "again")


def test_a_database_that_is_not_to_be_written_is_named(store: RecordStore) -> None:
    def write() -> None:
        with store.write() as tx:
            tx.execute(text("SET TRANSACTION READ ONLY"))
            meta.put(tx, "a", "b")

    with pytest.raises(RecordUnavailableError, match="written here") as caught:
        write()
    assert "primary" in caught.value.remedy


def test_each_process_sees_what_the_other_committed(store: RecordStore, place: str, keys: Path) -> None:
    with open_record(place, keys=keys) as other:
        last = None
        for number in range(20):
            writer, reader = ((store, other), (other, store))[number % 2]
            with writer.write() as tx:
                assert meta.get(tx, "count") == last
                last = str(number)
                meta.put(tx, "count", last)
            with reader.read() as tx:
                assert meta.get(tx, "count") == last


def test_vacuuming_takes_what_was_erased_out_of_the_tables(
    cluster: Cluster, store: RecordStore, gallery: GalleryRow, place: str
) -> None:
    assert isinstance(store.database, PostgresqlDatabase)
    name = name_of(place)
    cluster.execute("CREATE EXTENSION pgstattuple", name)
    news = [a_reference() for _ in range(200)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
    with store.write() as tx:
        references.delete_many(tx, gallery.id, [new.face_id for new in news])
    assert store.database.vacuuming.wait(60)
    assert cluster.execute("SELECT tuple_count, dead_tuple_count FROM pgstattuple('gallery_references')", name) == [
        (0, 0)
    ]


def test_a_trigger_that_was_disabled_is_found(cluster: Cluster, store: RecordStore, place: str) -> None:
    name = name_of(place)
    assert store.integrity_check() == []
    cluster.execute("ALTER TABLE entries DISABLE TRIGGER entries_refuse_delete", name)
    cluster.execute("DROP TRIGGER entries_refuse_gap ON entries", name)
    found = " ".join(store.integrity_check())
    assert "entries_refuse_delete" in found
    assert "entries_refuse_gap" in found


def test_a_backup_is_left_to_postgresqls_own_programs(store: RecordStore, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="PostgreSQL") as caught:
        back_up(store, tmp_path / "backup")
    assert "pg_dump" in caught.value.remedy


def test_two_stores_share_galleries(store: RecordStore, place: str, keys: Path) -> None:
    with open_record(place, keys=keys) as other:
        with other.write() as tx:
            made = a_gallery(tx, "shared")
        with store.read() as tx:
            assert galleries.get(tx, "shared") == made
