"""A witness's key and memory: what was lost or damaged is noticed, and nothing is cosigned with it."""

import os
import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recognizance.errors import InvalidRequestError, KeyFileError, NotFoundError, RecordUnavailableError
from recognizance.witness.folder import KEY_FILE, STATE_FILE, open_folder
from recognizance.witness.service import WitnessService
from recognizance.witness.watched import WatchedLog
from recognizance_verify.keys import LOG, WITNESS, SigningKey, VerifierKey
from recognizance_verify.notes import SignedNote
from verify.building import LOG_KEY, WITNESS_KEY
from witness.serving import FORKED, HONEST, NAME, now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A witness that has cosigned 60 entries."""
    opened = open_folder(tmp_path / "witness", name=NAME)
    opened.state.add(LOG_KEY.verifier_key())
    service = WitnessService(opened.state, opened.key, now)
    assert service.add_checkpoint(HONEST.consistency(0, 60).text().encode()).status == 200
    return tmp_path / "witness"


def test_a_new_witness_keeps_its_files_to_itself(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == {STATE_FILE, KEY_FILE}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = SigningKey.parse((folder / KEY_FILE).read_text().strip())
    assert (key.name, key.kind) == (NAME, WITNESS)


def test_it_is_the_same_witness_the_next_time(folder: Path) -> None:
    first = open_folder(folder).key
    assert open_folder(folder, name=NAME).key == first
    with pytest.raises(InvalidRequestError, match=f"is called {NAME}"):
        open_folder(folder, name="other.example")


def test_no_witness_is_made_without_a_name_or_with_a_bad_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        open_folder(tmp_path / "none")
    with pytest.raises(InvalidRequestError):
        open_folder(tmp_path / "none", name="two words")
    assert not (tmp_path / "none").exists()


def test_who_starts_first_makes_the_witness(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: open_folder(tmp_path / "witness", name=NAME).key, range(16)))
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
def test_a_folder_that_others_can_change_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(KeyFileError, match="Other accounts"):
        open_folder(folder)


@pytest.mark.parametrize("name", [KEY_FILE, STATE_FILE])
def test_files_that_others_can_read_are_refused(folder: Path, name: str) -> None:
    (folder / name).chmod(0o640)
    with pytest.raises(KeyFileError, match="Other accounts"):
        open_folder(folder)


def test_a_lost_memory_is_not_begun_anew(folder: Path) -> None:
    (folder / STATE_FILE).unlink()
    with pytest.raises(RecordUnavailableError, match="is missing: without it"):
        open_folder(folder, name=NAME)
    (folder / STATE_FILE).touch(mode=0o600)
    with pytest.raises(RecordUnavailableError, match="damaged"):
        open_folder(folder, name=NAME)


def test_a_lost_key_is_not_made_anew(folder: Path) -> None:
    (folder / KEY_FILE).unlink()
    with pytest.raises(KeyFileError, match="is missing"):
        open_folder(folder, name=NAME)
    with pytest.raises(NotFoundError):
        open_folder(folder)


def test_a_first_start_that_was_cut_off_is_done_again(tmp_path: Path, folder: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir(mode=0o700)
    (fresh / STATE_FILE).touch(mode=0o600)  # killed before there was anything in it
    open_folder(fresh, name=NAME)
    (fresh / KEY_FILE).unlink()
    with pytest.raises(KeyFileError):
        open_folder(fresh, name=NAME)


def test_another_witnesss_key_or_memory_is_refused(folder: Path, tmp_path: Path) -> None:
    open_folder(tmp_path / "other", name=NAME)
    shutil.copy(tmp_path / "other" / KEY_FILE, folder / KEY_FILE)
    with pytest.raises(KeyFileError, match="memory of another witness"):
        open_folder(folder)
    (folder / KEY_FILE).write_text(LOG_KEY.text())
    with pytest.raises(KeyFileError, match="key of a log"):
        open_folder(folder)
    (folder / KEY_FILE).write_text("PRIVATE+KEY+secret")
    with pytest.raises(KeyFileError) as raised:
        open_folder(folder)
    assert "secret" not in raised.value.message.replace(str(folder), "")
    (folder / KEY_FILE).write_bytes(b"\xff")
    with pytest.raises(KeyFileError):
        open_folder(folder)


def test_a_damaged_memory_cosigns_nothing(folder: Path) -> None:
    opened = open_folder(folder)
    service = WitnessService(opened.state, opened.key, now)
    whole = (folder / STATE_FILE).read_bytes()
    for damaged in (b"", b"x" * 100, whole[:4096], whole[:-100], bytes(len(whole)), whole[:5000] + bytes(500)):
        (folder / STATE_FILE).write_bytes(damaged)
        for log in (HONEST, FORKED):
            told = service.add_checkpoint(log.consistency(60, 61).text().encode())
            assert told.status == 503
            assert str(folder) not in told.body
        with pytest.raises(RecordUnavailableError):
            open_folder(folder)
    (folder / STATE_FILE).write_bytes(whole)
    assert service.add_checkpoint(HONEST.consistency(60, 61).text().encode()).status == 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET note = replace(note, char(10) || '60' || char(10), char(10) || '59' || char(10))",
        "UPDATE log SET note = 'x'",
        "UPDATE log SET note = ''",
        "UPDATE log SET origin = 'other.example'",
        "UPDATE log SET key = 'x'",
        "DROP TABLE log",
        "PRAGMA user_version = 2",
    ],
)
def test_a_memory_that_was_changed_by_hand_cosigns_nothing(folder: Path, change: str) -> None:
    connection = sqlite3.connect(folder / STATE_FILE)
    connection.execute(change)
    connection.commit()
    connection.close()
    with pytest.raises(RecordUnavailableError):
        open_folder(folder)


def test_a_memory_with_a_note_that_the_witness_never_signed_cosigns_nothing(folder: Path) -> None:
    connection = sqlite3.connect(folder / STATE_FILE)
    connection.execute("UPDATE log SET note = ?", [FORKED.note(30).serialize()])
    connection.commit()
    connection.close()
    with pytest.raises(RecordUnavailableError, match="not what was cosigned"):
        open_folder(folder)


def test_a_full_disk_gives_no_cosignature_and_loses_nothing(folder: Path) -> None:
    opened = open_folder(folder)
    service = WitnessService(opened.state, opened.key, now)
    folder.chmod(0o500)
    (folder / STATE_FILE).chmod(0o400)
    try:
        if os.access(folder / STATE_FILE, os.W_OK):  # root may write all the same: take the place of the journal
            folder.chmod(0o700)
            (folder / f"{STATE_FILE}-journal").mkdir()
        assert service.add_checkpoint(HONEST.consistency(60, 61).text().encode()).status == 503
    finally:
        folder.chmod(0o700)
        (folder / STATE_FILE).chmod(0o600)
        if (folder / f"{STATE_FILE}-journal").exists():
            (folder / f"{STATE_FILE}-journal").rmdir()
    assert opened.state.find(LOG_KEY.name).checkpoint == HONEST.checkpoint(60)
    assert service.add_checkpoint(HONEST.consistency(60, 61).text().encode()).status == 200


def test_the_memory_itself_does_not_go_back(folder: Path) -> None:
    opened = open_folder(folder)

    def wrongly(size: int, log: object) -> None:
        def cosign(known: WatchedLog) -> SignedNote:
            text = log.checkpoint(size).text()  # type: ignore[attr-defined]
            return SignedNote.parse(f"{text}\n{LOG_KEY.sign(text)}{opened.key.cosign(text, 1)}")

        opened.state.advance(LOG_KEY.name, cosign)

    for size, log in ((59, HONEST), (60, FORKED), (0, HONEST)):
        with pytest.raises(ValueError, match="does not go back"):
            wrongly(size, log)
    assert opened.state.find(LOG_KEY.name).checkpoint == HONEST.checkpoint(60)


def test_a_log_keeps_its_key_until_it_is_forgotten(folder: Path) -> None:
    state = open_folder(folder).state
    assert not state.add(LOG_KEY.verifier_key())
    other = SigningKey(LOG_KEY.name, bytes(range(9, 41)), LOG).verifier_key()
    with pytest.raises(InvalidRequestError, match="known by another key"):
        state.add(other)
    assert state.forget(LOG_KEY.name).checkpoint == HONEST.checkpoint(60)
    assert state.add(other)
    assert state.find(LOG_KEY.name).note is None
    with pytest.raises(NotFoundError):
        state.forget("other.example")


def test_only_logs_are_watched(folder: Path) -> None:
    opened = open_folder(folder)
    with pytest.raises(InvalidRequestError, match="not a log's"):
        opened.state.add(WITNESS_KEY.verifier_key())
    with pytest.raises(InvalidRequestError, match="own key"):
        opened.state.add(VerifierKey("sly.example", opened.key.verifier_key().public, LOG))
