import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from recognizance.errors import GalleryNotFoundError, RecordUnavailableError
from recognizance.records import RecordStore, galleries, meta, references
from recognizance.records.galleries import GalleryRow
from records.making import a_gallery, a_reference, open_record


def test_every_file_is_for_its_owner_alone(store: RecordStore, path: Path, gallery: GalleryRow) -> None:
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {path.name, path.name + "-wal", path.name + "-shm"} <= files.keys()
    assert set(files.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_was_too_open_is_closed(path: Path) -> None:
    open_record(path).close()
    path.chmod(0o644)
    with open_record(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.sqlite
@pytest.mark.parametrize("mode", ["read", "write"])
def test_connections_are_durable_strict_and_overwrite_what_is_erased(store: RecordStore, mode: str) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "temp_store": 2}
    with getattr(store, mode)() as tx:
        assert {name: tx.execute(text(f"PRAGMA {name}")).scalar() for name in wanted} == wanted


def test_an_exception_undoes_everything_in_the_block(store: RecordStore) -> None:
    def fail() -> None:
        with store.write() as tx:
            a_gallery(tx)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as tx, pytest.raises(GalleryNotFoundError):
        galleries.get(tx, "staff")


def test_a_read_transaction_sees_one_state_while_others_write(store: RecordStore, gallery: GalleryRow) -> None:
    with store.read() as before:
        assert galleries.counts(before, gallery.id).faces == 0
        with store.write() as tx:
            references.add_many(tx, gallery.id, [a_reference()])
        assert galleries.counts(before, gallery.id).faces == 0
        with store.read() as after:
            assert galleries.counts(after, gallery.id).faces == 1


def test_a_read_transaction_cannot_write(store: RecordStore) -> None:
    with store.read() as tx, pytest.raises(RecordUnavailableError):
        meta.put(tx, "a", "b")


def test_a_write_within_a_write_is_refused_rather_than_waiting_for_itself(store: RecordStore) -> None:
    with store.write(), pytest.raises(RuntimeError), store.write():
        pass
    with store.write() as tx:
        meta.put(tx, "still", "usable")


def test_messages_do_not_carry_what_was_written(store: RecordStore, gallery: GalleryRow) -> None:
    reference = a_reference(external_id="a name")
    with pytest.raises(IntegrityError) as caught, store.write() as tx:
        references.add_many(tx, gallery.id + 1, [reference])
    assert reference.face_id not in str(caught.value)
    assert "a name" not in str(caught.value)


def test_violated_constraints_stay_distinguishable(store: RecordStore, gallery: GalleryRow) -> None:
    reference = a_reference()
    with pytest.raises(IntegrityError), store.write() as tx:
        references.add_many(tx, gallery.id, [reference, reference])
    with pytest.raises(IntegrityError), store.write() as tx:
        references.add_many(tx, gallery.id + 1, [reference])
    with store.read() as tx:
        assert galleries.counts(tx, gallery.id).faces == 0


def test_threads_write_and_read_at_once_without_losing_or_repeating_anything(
    store: RecordStore, gallery: GalleryRow
) -> None:
    start = threading.Barrier(8)

    def enrol(_: int) -> list[int]:
        start.wait()
        sequences = []
        for _ in range(15):
            with store.write() as tx:
                sequences += references.add_many(tx, gallery.id, [a_reference(), a_reference()])
            with store.read() as tx:
                counted = galleries.counts(tx, gallery.id).faces
                assert counted == sum(len(batch.sequences) for batch in references.templates(tx, gallery.id))
        return sequences

    with ThreadPoolExecutor(8) as pool:
        sequences = [number for numbers in pool.map(enrol, range(8)) for number in numbers]
    assert sorted(sequences) == list(range(1, 241))
    with store.read() as tx:
        assert galleries.counts(tx, gallery.id).faces == 240
        assert galleries.get(tx, gallery.name).version == 120


def test_scrub_says_when_a_reader_keeps_the_log(store: RecordStore, gallery: GalleryRow, path: Path) -> None:
    with store._writer.connect() as connection:  # do not wait ten seconds for the reader
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    with store.read() as reader:
        galleries.counts(reader, gallery.id)
        with store.write() as tx:
            meta.put(tx, "a", "b")
        assert not store.scrub()
    assert store.scrub()
    assert path.with_name(path.name + "-wal").stat().st_size == 0


def test_integrity_check_finds_nothing_in_a_sound_record(store: RecordStore, gallery: GalleryRow) -> None:
    assert store.integrity_check() == []


def test_integrity_check_finds_a_damaged_page(store: RecordStore, path: Path, gallery: GalleryRow) -> None:
    with store.write() as tx:
        references.add_many(tx, gallery.id, [a_reference() for _ in range(500)])
    store.close()
    data = bytearray(path.read_bytes())
    for page in range(40, len(data) // 4096, 5):
        data[page * 4096 : page * 4096 + 64] = b"\x55" * 64
    path.write_bytes(data)
    try:
        with open_record(path) as damaged:
            found = damaged.integrity_check()
    except RecordUnavailableError as error:  # as good: the damage is told, and nothing is answered from it
        found = [error.message]
    assert found


def test_a_file_that_is_no_database_is_named_as_damaged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, " * 300)
    with pytest.raises(RecordUnavailableError, match="damaged") as caught:
        open_record(path)
    assert "backup" in caught.value.remedy


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordUnavailableError) as caught:
        open_record(tmp_path / "file" / "record.sqlite")
    assert caught.value.remedy


def test_a_lock_held_by_another_process_is_named(store: RecordStore, path: Path) -> None:
    with store._writer.connect() as connection:  # do not wait ten seconds for the lock
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    with open_record(path) as other:
        with other.write(), pytest.raises(RecordUnavailableError, match="Another process"), store.write():
            pass
        with store.write() as tx:
            meta.put(tx, "usable", "again")
