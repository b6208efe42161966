import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from recognizance.records import RecordStore, entries
from recognizance.records.entries import EntryRow
from records.making import NOW


def test_indexes_begin_at_zero_and_reach_the_body(store: RecordStore) -> None:
    with store.write() as tx:
        for expected in range(3):
            assert entries.count(tx) == expected
            assert entries.append(tx, lambda index: b"entry %d" % index, at=NOW).index == expected
    with store.read() as tx:
        assert entries.get(tx, 1) == EntryRow(1, NOW, b"entry 1")
        assert entries.get(tx, 3) is None
        assert [entry.body for entry in entries.list_page(tx, first=1, limit=9)] == [b"entry 1", b"entry 2"]


def test_an_index_that_was_rolled_back_is_given_again(store: RecordStore) -> None:
    with suppress(ZeroDivisionError), store.write() as tx:
        entries.append(tx, lambda index: b"lost", at=NOW)
        raise ZeroDivisionError
    with store.write() as tx:
        assert entries.append(tx, lambda index: b"kept", at=NOW).index == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = ''",
        "UPDATE entries SET entry_index = entry_index + 1",
        "DELETE FROM entries",
        "INSERT INTO entries (entry_index, at, body) VALUES (7, 0, '')",
        "INSERT INTO entries (entry_index, at, body) VALUES (-1, 0, '')",
        pytest.param(
            "INSERT OR REPLACE INTO entries (entry_index, at, body) VALUES (1, 0, '')", marks=pytest.mark.sqlite
        ),
        pytest.param("TRUNCATE entries CASCADE", marks=pytest.mark.postgresql),
        pytest.param(
            "INSERT INTO entries (entry_index, at, body) VALUES (1, 0, '') "
            "ON CONFLICT (entry_index) DO UPDATE SET body = ''",
            marks=pytest.mark.postgresql,
        ),
    ],
)
def test_entries_can_only_be_appended(store: RecordStore, statement: str) -> None:
    with store.write() as tx:
        for _ in range(3):
            entries.append(tx, lambda index: b"kept", at=NOW)
    with pytest.raises(IntegrityError, match="entries are"), store.write() as tx:
        tx.execute(text(statement))
    with store.read() as tx:
        assert [(entry.index, entry.body) for entry in entries.list_page(tx, limit=9)] == [
            (index, b"kept") for index in range(3)
        ]


def test_threads_append_without_gaps(store: RecordStore) -> None:
    start = threading.Barrier(6)

    def append(_: int) -> list[int]:
        start.wait()
        found = []
        for _ in range(20):
            with store.write() as tx:
                found.append(entries.append(tx, lambda index: b"%d" % index, at=NOW).index)
        return found

    with ThreadPoolExecutor(6) as pool:
        indexes = [index for found in pool.map(append, range(6)) for index in found]
    assert sorted(indexes) == list(range(120))
    with store.read() as tx:
        assert [entry.body for entry in entries.list_page(tx, limit=200)] == [b"%d" % index for index in range(120)]
