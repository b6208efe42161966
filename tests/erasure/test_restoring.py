"""What a restore must not bring back, and what it must not lose."""

import contextlib
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recognizance.bootstrap import open_record
from recognizance.copies import back_up_record, restore_record
from recognizance.errors import BackupError
from recognizance.ledger import Entry
from recognizance.records import Transaction, entries, galleries, holds, operators, policies, references, subjects
from recognizance.records.holds import SUBJECT, Hold
from recognizance.records.policies import ENFORCE, OBSERVE, EnabledPack
from recognizance.settings import Settings, read_settings
from records.making import a_reference, an_old_record

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(home=tmp_path / "home")


def a_person(tx: Transaction) -> str:
    gallery = galleries.create(tx, "g", model="m/1", calibration="c", keep_photographs=False, created_at=NOW)
    new = a_reference()
    references.add_many(tx, gallery.id, [new])
    subjects.create(tx, gallery.id, "somebody", created_at=NOW)
    subjects.associate(tx, gallery.id, "somebody", [new.face_id])
    return subjects.get(tx, gallery.id, "somebody").identifier


def a_hold(target: str, by: str) -> Hold:
    return Hold("h-" + target, SUBJECT, target, 1, "The defence asked for it.", by, NOW)


def test_a_hold_that_was_placed_after_a_backup_stands_on(settings: Settings, tmp_path: Path) -> None:
    with open_record(settings) as record, record.store.write() as tx:
        person = a_person(tx)
    back_up_record(settings, tmp_path / "backup")
    with open_record(settings) as record, record.store.write() as tx:
        operators.create(tx, "ann", name="Ann", roles={"supervisor"}, created_at=NOW)
        holds.place(tx, a_hold(person, "ann"))
        subjects.create(tx, 1, "later", created_at=NOW)
        holds.place(tx, a_hold(subjects.get(tx, 1, "later").identifier, "ann"))
    for rounds in range(2):
        restore_record(settings, tmp_path / "backup", roll_back_log=True)
        with open_record(settings) as record, record.store.read() as tx:
            (kept,) = holds.list_all(tx)
            assert (kept.target, kept.reason, kept.placed_by) == (person, "The defence asked for it.", "ann"), rounds
            assert holds.standing_on(tx, [person]) == [kept.id]
            assert not operators.get(tx, "ann").active


def test_a_release_after_a_backup_is_not_made_again_by_itself(settings: Settings, tmp_path: Path) -> None:
    """What was held stays so: to release it once more harms nobody, to lose it might."""
    with open_record(settings) as record, record.store.write() as tx:
        operators.create(tx, "ann", name="Ann", roles={"supervisor"}, created_at=NOW)
        hold = a_hold(a_person(tx), "ann")
        holds.place(tx, hold)
    back_up_record(settings, tmp_path / "backup")
    with open_record(settings) as record, record.store.write() as tx:
        assert holds.release(tx, hold.id, by="ann", at=NOW)
    restore_record(settings, tmp_path / "backup", roll_back_log=True)
    with open_record(settings) as record, record.store.read() as tx:
        assert [each.id for each in holds.list_all(tx)] == [hold.id]


def test_a_record_that_somebody_reads_is_not_exchanged(settings: Settings, tmp_path: Path) -> None:
    """What is in its write-ahead log is part of it, and a crash between two renames would lose that."""
    with open_record(settings):
        pass
    back_up_record(settings, tmp_path / "backup")
    path = settings.home / "record.db"
    with contextlib.closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        with open_record(settings) as record, record.store.write() as tx:
            size = entries.append(tx, lambda index: b'{"kind":"x"}', at=NOW).index + 1
        with pytest.raises(BackupError, match="Another program reads"):
            restore_record(settings, tmp_path / "backup", roll_back_log=True)
        assert reader.execute("SELECT 1").fetchone()
    with open_record(settings) as record, record.store.read() as tx:
        assert record.ledger.size(tx) == size


def test_a_copy_from_before_people_had_keys_brings_nobody_back(settings: Settings, tmp_path: Path) -> None:
    old = tmp_path / "old" / "record.db"
    an_old_record(old)
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    with open_record(settings) as record, record.store.read() as tx:
        key = tx.sealer.key_id
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'sealing_key_id'", (key,))
    with open_record(settings) as record:
        with record.store.write() as tx:
            person = a_person(tx)
        assert person
        with record.store.write() as tx:
            subjects.delete(tx, 1, "somebody")
    before = (settings.home / "record.db").read_bytes()
    with pytest.raises(BackupError, match="bring them back"):
        restore_record(settings, old, roll_back_log=True)
    assert (settings.home / "record.db").read_bytes() == before


def test_a_backup_of_before_does_not_loosen_rules(settings: Settings, tmp_path: Path) -> None:
    with open_record(settings):
        pass
    back_up_record(settings, tmp_path / "backup")
    with open_record(settings) as record, record.store.write() as tx:
        policies.keep_text(tx, "digest", "county", 'id = "county"', "permit(principal, action, resource);")
        on = [EnabledPack("county", "digest", NOW, "ann")]
        known = policies.put(tx, digest="rules", mode=ENFORCE, packs=on, since=NOW, set_by="ann")
        record.ledger.append(tx, Entry("policy", NOW, "ann", "allowed", (), {"policy": "rules"}))
    for _ in range(2):
        restore_record(settings, tmp_path / "backup", roll_back_log=True)
        with open_record(settings) as record, record.store.read() as tx:
            assert policies.in_force(tx) == known
            assert policies.text_of(tx, "digest") is not None
            entry = json.loads(entries.list_page(tx, limit=100)[-1].body)
            assert (entry["kind"], entry["details"]["policy"]) == ("restore", "rules")


def test_rules_that_the_log_does_not_name_are_not_put_in_force_again(settings: Settings, tmp_path: Path) -> None:
    with open_record(settings):
        pass
    back_up_record(settings, tmp_path / "backup")
    with open_record(settings) as record, record.store.write() as tx:
        policies.put(tx, digest="loose", mode=OBSERVE, packs=[], since=NOW, set_by="ann")
    restore_record(settings, tmp_path / "backup", roll_back_log=True)
    with open_record(settings) as record, record.store.read() as tx:
        assert policies.in_force(tx) is None
