"""A database that PostgreSQL's own programs backed up and restored."""

import subprocess
import uuid
from pathlib import Path

import pytest

from postgresql.cluster import Cluster, find_programs
from recognizance.bootstrap import now, open_record
from recognizance.copies import take_over_database
from recognizance.errors import BackupError, ErasedError, LogRolledBackError
from recognizance.ledger import Entry
from recognizance.records import galleries, references
from recognizance.records.galleries import GalleryCounts
from recognizance.records.log_key import advance_head, read_head
from recognizance.settings import Settings, read_settings
from records.making import a_gallery, a_reference


def run(program: str, *arguments: str) -> None:
    programs = find_programs()
    assert programs is not None
    subprocess.run([str(programs / program), *arguments], check=True, capture_output=True, timeout=120)


def append(settings: Settings, kind: str) -> None:
    """Make an entry, and have its checkpoint remembered as a server does."""
    with open_record(settings) as record:
        with record.store.write() as tx:
            record.ledger.append(tx, Entry(kind, now(), "ada", "allowed", (), {}))
        with record.store.read() as tx:
            advance_head(settings.keys_folder, record.ledger.checkpoint(tx))


def test_who_was_erased_after_a_dump_is_erased_from_the_restored_database(cluster: Cluster, tmp_path: Path) -> None:
    name = f"dumped_{uuid.uuid4().hex}"
    settings = read_settings(home=tmp_path / "home", record=cluster.create(name))
    stays, leaves = a_reference(), a_reference()
    with open_record(settings) as record, record.store.write() as tx:
        gallery = a_gallery(tx)
        references.add_many(tx, gallery.id, [stays, leaves])
    append(settings, "enrol")
    dump = tmp_path / "record.dump"
    run("pg_dump", "--format=custom", f"--file={dump}", str(settings.record))
    with open_record(settings) as record, record.store.write() as tx:
        references.delete_many(tx, gallery.id, [leaves.face_id])
    append(settings, "erase")

    cluster.drop(name)
    cluster.create(name)
    run("pg_restore", "--exit-on-error", f"--dbname={settings.record}", str(dump))
    with pytest.raises(LogRolledBackError), open_record(settings):
        pass
    with pytest.raises(LogRolledBackError):
        take_over_database(settings, roll_back_log=False)
    done = take_over_database(settings, roll_back_log=True)
    assert (done.erased_again, done.rolled_back_from) == (1, 3)
    with open_record(settings) as record, record.store.read() as tx:
        assert record.store.integrity_check() == []
        assert galleries.counts(tx, gallery.id) == GalleryCounts(1, 0)
        assert references.get_many(tx, gallery.id, [stays.face_id, leaves.face_id]).keys() == {stays.face_id}
    assert read_head(settings.keys_folder) is not None
    cluster.drop(name)


def test_a_copy_that_is_not_taken_over_opens_nothing_of_who_was_erased(cluster: Cluster, tmp_path: Path) -> None:
    name = f"dumped_{uuid.uuid4().hex}"
    settings = read_settings(home=tmp_path / "home", record=cluster.create(name))
    leaves = a_reference()
    with open_record(settings) as record, record.store.write() as tx:
        gallery = a_gallery(tx)
        references.add_many(tx, gallery.id, [leaves])
    copy = f"{name}_copy"
    cluster.create(copy, name)
    with open_record(settings) as record, record.store.write() as tx:
        references.delete_many(tx, gallery.id, [leaves.face_id])
    other = settings.model_copy(update={"record": cluster.url(copy)})
    with open_record(other) as record, record.store.read() as tx, pytest.raises(ErasedError):
        references.template_of(tx, gallery.id, leaves.face_id)
    for one in (copy, name):
        cluster.drop(one)


def test_a_database_without_a_record_is_named(cluster: Cluster, tmp_path: Path) -> None:
    name = f"empty_{uuid.uuid4().hex}"
    settings = read_settings(home=tmp_path / "home", record=cluster.create(name))
    with pytest.raises(BackupError, match="no record"):
        take_over_database(settings, roll_back_log=False)
    cluster.drop(name)
