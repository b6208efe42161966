"""Copies of a record that is in use."""

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recognizance.errors import BackupError
from recognizance.records import RecordStore, Sealer, entries, meta, references, schema
from recognizance.records.backup import back_up, copy_back, describe
from recognizance.records.galleries import GalleryRow
from records.making import KEY, NOW, RUN_ENVIRONMENT, a_reference, open_record

pytestmark = pytest.mark.sqlite


@pytest.fixture
def filled(store: RecordStore, gallery: GalleryRow) -> RecordStore:
    with store.write() as tx:
        references.add_many(tx, gallery.id, [a_reference() for _ in range(400)])
        entries.append(tx, lambda index: b"{}", at=NOW)
    return store


def test_a_copy_made_while_others_write_is_one_state_of_the_record(
    filled: RecordStore, gallery: GalleryRow, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recognizance.records.backup._PAGES_PER_STEP", 1)
    stop, wrote = threading.Event(), threading.Event()
    with filled.write() as tx:  # much more than is copied between two writes
        meta.put(tx, "big", "x" * 20_000_000)

    def write() -> None:
        while not stop.is_set():
            with filled.write() as tx:
                index = entries.append(tx, lambda index: b"%d" % index, at=NOW).index
                references.add_many(tx, gallery.id, [a_reference()])
                meta.put(tx, "newest", str(index))
            wrote.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert wrote.wait(30)
        file = tmp_path / "copy" / "backup.db"
        file.parent.mkdir()
        made = back_up(filled, file)
        wrote.clear()
        assert wrote.wait(30)
    finally:
        stop.set()
        thread.join()
    assert describe(file) == made
    assert (made.schema_version, made.sealing_key_id) == (schema.SCHEMA_VERSION, Sealer(KEY).key_id)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["backup.db"]
    with open_record(file, keys=path.parent.with_name("home-keys")) as copy, copy.read() as tx:
        assert entries.count(tx) == made.entries > 1
        assert meta.get(tx, "newest") == str(made.entries - 1)
        assert sum(len(batch.sequences) for batch in references.templates(tx, gallery.id)) == 399 + made.entries
    with filled.read() as tx:
        assert entries.count(tx) > made.entries


def test_no_key_is_in_a_copy(filled: RecordStore, path: Path, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup.db")
    copied = (tmp_path / "backup.db").read_bytes()
    slots = (path.parent.with_name("home-keys") / "subject.keys").read_bytes()[64:]
    assert KEY not in copied
    assert KEY.hex().encode() not in copied
    assert not any(slots[place : place + 16] in copied for place in range(0, len(slots), 16))


def test_a_file_that_is_there_is_left_alone(filled: RecordStore, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("something else")
    with pytest.raises(BackupError, match="exists"):
        back_up(filled, file)
    assert file.read_text() == "something else"


def test_a_folder_that_is_not_there_is_named(filled: RecordStore, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cannot be made") as caught:
        back_up(filled, tmp_path / "nowhere" / "backup.db")
    assert caught.value.remedy


_STARVE = """
import resource, signal, sys
from pathlib import Path
from recognizance.errors import BackupError
from recognizance.records.backup import back_up
from records.making import open_record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_record(Path(sys.argv[1]))
for limit in (0, 30_000, 200_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        back_up(store, Path(sys.argv[2]))
    except BackupError as error:
        assert error.remedy
    else:
        raise AssertionError
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("named")
"""


def test_a_full_disk_leaves_nothing_half_written(filled: RecordStore, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "copies" / "backup.db"
    file.parent.mkdir()
    assert path.stat().st_size > 200_000
    command = [sys.executable, "-W", "error", "-c", _STARVE, str(path), str(file)]
    process = subprocess.run(command, env=RUN_ENVIRONMENT, stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    assert (process.stdout, process.returncode) == ("named\n", 0)
    assert list(file.parent.iterdir()) == []
    back_up(filled, file)


def _other_database(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def _half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for page in range(20, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 64] = b"\x55" * 64
    file.write_bytes(data)


def _foreign(file: Path) -> None:
    file.unlink()
    _other_database(file)


@pytest.mark.parametrize(
    "spoil",
    [
        _half,
        _damage,
        _foreign,
        Path.unlink,
        lambda file: os.truncate(file, 0),
        lambda file: os.truncate(file, 50),
        lambda file: file.write_bytes(b"not a database, " * 500),
    ],
    ids=["cut short", "damaged", "another program's", "absent", "empty", "a beginning", "no database"],
)
def test_what_is_no_whole_backup_is_refused(filled: RecordStore, tmp_path: Path, spoil: object) -> None:
    file = tmp_path / "backup.db"
    back_up(filled, file)
    spoil(file)  # type: ignore[operator]
    with pytest.raises(BackupError) as caught:
        describe(file)
    assert caught.value.remedy


def test_a_name_with_unusual_characters_is_taken(filled: RecordStore, tmp_path: Path) -> None:
    file = tmp_path / "50% of? 'it' #1 é.db"
    assert back_up(filled, file).entries == describe(file).entries == 1


def test_a_backup_is_copied_back_whole(filled: RecordStore, tmp_path: Path) -> None:
    file, draft = tmp_path / "backup.db", tmp_path / "draft.db"
    back_up(filled, file)
    shutil.copy(file, draft)
    draft.write_bytes(b"longer than before" * 100_000)
    copy_back(file, draft)
    assert draft.read_bytes() == file.read_bytes()
    with pytest.raises(BackupError):
        copy_back(tmp_path / "absent", draft)
