import contextlib
import hmac
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from postgresql.cluster import Cluster
from recognizance.biometrics import Pose, Quality
from recognizance.errors import KeyFileError, RecordUnavailableError, SchemaVersionError
from recognizance.records import (
    RecordStore,
    Sealer,
    changes,
    entries,
    galleries,
    images,
    meta,
    photographs,
    references,
    schema,
    searches,
    sessions,
    sqlite,
    subjects,
    tags,
)
from recognizance.records.migrations import versions
from records.making import KEY, NOW, a_reference, an_old_record, everything, open_record


def test_an_empty_file_gets_the_schema_and_its_version(store: RecordStore, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.SCHEMA_VERSION,)]
    connection.close()


def test_the_revisions_make_exactly_the_tables_of_the_schema(store: RecordStore, tmp_path: Path) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        made = all_facts(tx.connection)
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh'}")
    if store.shared:
        engine = store.database.writer
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("CREATE SCHEMA fresh")
            connection.exec_driver_sql("SET LOCAL search_path TO fresh")
            schema.metadata.create_all(connection)
            fresh = all_facts(connection)
    else:
        schema.metadata.create_all(engine)
        with engine.connect() as connection:
            fresh = all_facts(connection)
        engine.dispose()
    assert made == fresh


def all_facts(connection: Connection) -> dict[str, list[str]]:
    """Describe every table as the database sees it."""
    found = inspect(connection)
    kinds = (found.get_columns, found.get_foreign_keys, found.get_indexes, found.get_unique_constraints)
    return {
        f"{table} {kind.__name__}": sorted(str(fact).replace("fresh.", "") for fact in kind(table))
        for table in schema.metadata.tables
        for kind in (*kinds, lambda table: [found.get_pk_constraint(table)])
    }


def test_the_schema_version_is_the_newest_revision() -> None:
    revisions = sorted(file.name for file in Path(versions.__path__[0]).glob("r*.py"))
    assert revisions[-1].startswith(f"r{schema.SCHEMA_VERSION}_")


def test_a_first_schema_that_does_not_fit_the_disk_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "PRAGMA max_page_count = 12"))
        with pytest.raises(RecordUnavailableError, match="full"):
            open_record(path)
    with open_record(path) as store, store.read() as tx:
        assert meta.get(tx, "sealing_key_id") == Sealer(KEY).key_id


def test_opening_again_changes_nothing(place: Path | str, keys: Path) -> None:
    for expected in (None, "kept"):
        with open_record(place, keys=keys) as store, store.write() as tx:
            assert meta.get(tx, "fact") == expected
            meta.put(tx, "fact", "kept")


def test_a_record_from_a_newer_version_is_left_alone(path: Path) -> None:
    open_record(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaVersionError, match="9999") as caught:
        open_record(path)
    assert "later" in caught.value.remedy


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(SchemaVersionError):
        open_record(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_the_schema_can_be_written_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in schema.metadata.sorted_tables]
    assert any("BIGSERIAL" in statement for statement in statements)
    assert any('COLLATE "C"' in statement for statement in statements)


def test_a_record_of_version_0001_is_sealed_whole(path: Path) -> None:
    an_old_record(path)
    plain = [
        *(b"badge-photo-one", "émigré:4".encode(), b"Ada Lovelace", "Zoë Quinn".encode(), b"nobody's", b"a-token"),
        *(b"\x01" * 32, b"\x03" * 32, b"s" * 32, digest_of(b"s" * 32, b"\x09" * 32), b"photograph one"),
        *old_templates(path).values(),
    ]
    assert sum(piece in everything(path) for piece in plain) == len(plain) - 1, "only photographs are sealed"
    with open_record(path) as store:
        files = everything(path)
        assert not [piece for piece in plain if piece in files]
        assert store.integrity_check() == []
        with store.write() as tx:  # numbers of what is gone are not used again
            assert subjects.create(tx, 2, "new", created_at=NOW).id == 6
            assert references.add_many(tx, 2, [a_reference(dimension=8)]) == [7]


def test_a_record_of_version_0001_says_the_same_afterwards(path: Path) -> None:
    an_old_record(path)
    templates = old_templates(path)
    with open_record(path) as store, store.read() as tx:
        here = galleries.get(tx, "staff")
        other = galleries.get(tx, "other")
        page = references.list_page(tx, here.id, limit=10)
        assert [(row.sequence, row.face_id, row.external_id, row.subject) for row in page] == [
            (1, _face(1), "badge-photo-one", "Ada Lovelace"),
            (2, _face(2), "badge-photo-one", None),
            (3, _face(3), None, "Ada Lovelace"),
            (4, _face(4), "émigré:4", "Zoë Quinn"),
        ]
        assert (page[0].confidence, page[0].pose, page[0].quality) == (
            0.987654321,
            Pose(1.5, -2.5, 3.5),
            Quality(70.1, 80.2),
        )
        for row in page:
            assert references.template_of(tx, here.id, row.face_id).tobytes() == templates[row.face_id]
        assert images.find(tx, here.id, b"\x01" * 32, "badge-photo-one") == _face(101)
        assert images.find(tx, here.id, b"\x02" * 32, None) == _face(102)
        assert images.find(tx, here.id, b"\x04" * 32, "goes") is None
        assert images.find(tx, other.id, b"\x01" * 32, "badge-photo-other") == _face(105)
        assert images.is_of(tx, _face(101), b"\x01" * 32) is True
        assert images.is_of(tx, _face(101), b"\x02" * 32) is False
        assert photographs.get(tx, _face(101)) == b"photograph one " * 20
        assert [(row.id, row.name, row.faces) for row in subjects.list_page(tx, here.id, limit=9)] == [
            (1, "Ada Lovelace", 2),
            (2, "Zoë Quinn", 1),
            (3, "nobody's", 0),
        ]
        assert subjects.get(tx, other.id, "Ada Lovelace").id == 4
        by_photograph, by_face, by_name, unkept = (searches.get(tx, _face(300 + index)) for index in range(4))
        assert [line.identifier for line in by_photograph.candidates] == [_face(1), None]
        assert [line.score for line in by_photograph.candidates] == [0.8, 0.7]
        assert photographs.get(tx, str(by_photograph.probe_photograph)) == b"photograph of a probe " * 20
        assert by_photograph.probe is not None
        assert by_photograph.probe.is_of(b"\x09" * 32)
        kept = tx.execute(
            select(schema.photographs.c.key_slot).where(schema.photographs.c.identifier == _face(201))
        ).scalar_one()
        assert by_photograph.probe_slot == kept
        assert (by_face.probe_reference, by_face.searched) == (_face(1), "reference")
        ada, zoe, nobody = (subjects.get(tx, here.id, name) for name in ("Ada Lovelace", "Zoë Quinn", "nobody's"))
        assert (by_name.probe_reference, by_name.searched) == (ada.identifier, "subject")
        assert [line.identifier for line in by_name.candidates] == [zoe.identifier, nobody.identifier]
        assert unkept.probe is not None
        assert unkept.probe.is_of(b"\x08" * 32)
        assert unkept.case == "2026/17"
        assert tags.list_tags(tx, here.id) == {"k": "v"}
        assert entries.count(tx) == 5
        assert here.version > 0
        assert changes.erased_since(tx, here.id, here.version - 1) is None, "earlier erasures were not noted"
        assert changes.erased_since(tx, here.id, here.version) is not None


def test_what_searches_named_as_their_authority_is_sealed(path: Path) -> None:
    an_old_record(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE searches SET claimed_authority = 'W-17-Doe' WHERE entry_index = 1")
    with open_record(path) as store, store.read() as tx:
        found = [searches.get(tx, _face(300 + index)) for index in range(2)]
        assert [search.authority for search in found] == [None, "W-17-Doe"]
        assert (found[1].authority_id, found[1].source, found[1].edits) == (None, "unstated", None)
        assert b"W-17-Doe" not in everything(path)


def test_what_sessions_named_as_their_authority_is_sealed(
    cluster: Cluster, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    for place, keys in ((path, None), (cluster.create("before_0008"), path.parent / "keys")):
        with monkeypatch.context() as patched:
            patched.setattr(command, "upgrade", lambda config, revision: upgrade(config, "0006"))
            store = open_record(place, keys=keys)
        with store, store.write() as tx:
            for statement in (
                "INSERT INTO operators (id, name, active, created_at) VALUES ('ivy', 'Ivy', :yes, 0)",
                "INSERT INTO access_keys (access_key_id, operator, sealed_secret, active, created_at) "
                "VALUES ('AKIA', 'ivy', :sealed, :yes, 0)",
                "INSERT INTO cases (id, number, opened_at) VALUES ('c', '9', 0)",
                "INSERT INTO sessions (id, operator, purpose, case_id, authority, opened_at, opened_with, expires_at) "
                "VALUES ('s', 'ivy', 'p', 'c', 'W-17-Doe', 0, 'AKIA', 1)",
            ):
                tx.execute(text(statement), {"yes": True, "sealed": b""})
        with open_record(place, keys=keys) as store, store.read() as tx:
            assert sessions.get(tx, "s").authority == "W-17-Doe"
            rows = tx.execute(text("SELECT * FROM sessions")).all()
            assert all("W-17-Doe" not in str(value) for row in rows for value in row)


def test_an_upgrade_with_another_sealing_key_changes_nothing(path: Path) -> None:
    an_old_record(path)
    before = everything(path)
    with pytest.raises(KeyFileError):
        open_record(path, key=KEY[::-1])
    assert path.read_bytes() in before
    open_record(path).close()


def test_an_upgrade_that_does_not_fit_the_disk_is_undone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_old_record(path)
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "PRAGMA max_page_count = 60"))
        with pytest.raises(RecordUnavailableError, match="full"):
            open_record(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    connection.close()
    with open_record(path) as store, store.read() as tx:
        assert len(references.list_page(tx, 1, limit=10)) == 4


def test_no_constraint_waits_for_the_commit_that_others_share() -> None:
    deferred = {
        (table.name, key.parent.name)
        for table in schema.metadata.tables.values()
        for key in table.foreign_keys
        if key.deferrable
    }
    assert deferred == set()


def _face(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def digest_of(salt: bytes, sha256: bytes) -> bytes:
    return hmac.digest(salt, sha256, "sha256")


def old_templates(path: Path) -> dict[str, bytes]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT face_id, template FROM gallery_references").fetchall())
