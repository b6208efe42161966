from datetime import UTC, datetime, timedelta, timezone

from recognizance.ledger import Entry, canonical


def test_an_entry_is_written_canonically() -> None:
    entry = Entry(
        "search", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "ann", "allowed", ("a/b",), {"z": 1, "a": None}
    )
    assert canonical(entry, 7, {"case": "ab"}) == (
        b'{"commitments":{"case":"ab"},"decision":"allowed","details":{"a":null,"z":1},"index":7,"kind":"search","operator":"ann",'
        b'"rules":["a/b"],"time":"2026-01-02T03:04:05.000006+00:00","version":2}'
    )


def test_the_zone_of_the_clock_does_not_matter() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=-5)))
    assert canonical(Entry("k", moment, "o", "allowed", ()), 0) == canonical(
        Entry("k", elsewhere, "o", "allowed", ()), 0
    )
