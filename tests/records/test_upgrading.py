import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from recognizance.errors import RecordUnavailableError, SchemaVersionError
from recognizance.records import RecordStore, Sealer, meta, schema, sqlite
from recognizance.records.migrations import versions
from records.making import KEY, open_record


def test_an_empty_file_gets_the_schema_and_its_version(store: RecordStore, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.SCHEMA_VERSION,)]
    connection.close()


def test_the_revisions_make_exactly_the_tables_of_the_schema(store: RecordStore, tmp_path: Path) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        made = inspect(tx.connection)
        engine = create_engine(f"sqlite:///{tmp_path / 'fresh'}")
        schema.metadata.create_all(engine)
        fresh = inspect(engine)
        for table in schema.metadata.tables:
            for facts in ("get_columns", "get_foreign_keys", "get_indexes", "get_unique_constraints"):
                one, other = (getattr(side, facts)(table) for side in (made, fresh))
                assert sorted(map(str, one)) == sorted(map(str, other)), (table, facts)
        engine.dispose()


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


def test_opening_again_changes_nothing(path: Path) -> None:
    for expected in (None, "kept"):
        with open_record(path) as store, store.write() as tx:
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
