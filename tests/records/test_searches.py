from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from recognizance.errors import InvalidRequestError, NotFoundError
from recognizance.records import RecordStore, entries, idempotency, meta, operators, searches
from recognizance.records.galleries import GalleryRow
from recognizance.records.idempotency import KeptAnswer, RequestKey
from recognizance.records.searches import ProbeDigest
from records.making import NOW, a_gallery, a_search


def test_a_search_comes_back_as_it_was_recorded(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        search = a_search(entries.count(tx), gallery)
        searches.add(tx, search)  # before its entry: both are judged at the commit
        entries.append(tx, lambda index: b"{}", at=NOW)
        bare = a_search(
            entries.append(tx, lambda index: b"{}", at=NOW).index,
            gallery,
            probe=None,
            probe_reference="face",
            threshold_requested_percent=None,
            threshold_requested_score=None,
            candidates=(),
        )
        searches.add(tx, bare)
    with store.read() as tx:
        assert searches.get(tx, search.id) == search
        assert searches.get(tx, bare.id) == bare
        with pytest.raises(NotFoundError):
            searches.get(tx, "none")


def test_a_search_needs_its_entry(store: RecordStore, gallery: GalleryRow) -> None:
    with pytest.raises(IntegrityError), store.write() as tx:
        searches.add(tx, a_search(0, gallery))
    with store.read() as tx:
        assert searches.list_page(tx, limit=9) == []


def test_lists_are_newest_first_by_gallery_and_operator(store: RecordStore, gallery: GalleryRow) -> None:
    made = []
    with store.write() as tx:
        other = a_gallery(tx, "other")
        for where, who in [(gallery, "ada"), (other, "bob"), (gallery, "bob"), (gallery, "ada")]:
            search = a_search(entries.append(tx, lambda index: b"{}", at=NOW).index, where, operator=who)
            searches.add(tx, search)
            made.append(replace(search, candidates=()))
    with store.read() as tx:
        assert searches.list_page(tx, limit=9) == made[::-1]
        assert searches.list_page(tx, limit=2, before_entry=3) == [made[2], made[1]]
        assert searches.list_page(tx, limit=9, gallery=gallery.id) == [made[3], made[2], made[0]]
        assert searches.list_page(tx, limit=9, operator="bob") == [made[2], made[1]]
        assert searches.list_page(tx, limit=9, gallery=other.id, operator="ada") == []


def test_a_salted_digest_shows_which_photograph_was_searched() -> None:
    first, second = ProbeDigest.of(b"\x01" * 32), ProbeDigest.of(b"\x01" * 32)
    assert first.digest != second.digest
    assert first.is_of(b"\x01" * 32)
    assert not first.is_of(b"\x02" * 32)


def test_moments_keep_their_microsecond_and_need_a_zone(store: RecordStore) -> None:
    local = datetime(1969, 7, 20, 22, 17, 40, 1, tzinfo=timezone(timedelta(hours=2)))
    with store.write() as tx:
        operators.create(tx, "neil", name="Neil", roles={"pilot"}, created_at=local)
        found = operators.get(tx, "neil").created_at
        assert found == local
        assert found.tzinfo is UTC
        with pytest.raises(StatementError, match="time zone"):
            operators.create(tx, "buzz", name="Buzz", roles={"pilot"}, created_at=local.replace(tzinfo=None))


def test_answers_are_kept_for_eight_hours(store: RecordStore, gallery: GalleryRow) -> None:
    key = RequestKey("ada", "CreateUser", gallery.id, "token")
    late = NOW + timedelta(hours=8)
    with store.write() as tx:
        idempotency.remember(tx, key, request_digest=b"d", answer=b"{}", at=NOW)
        just_before = late - timedelta(microseconds=1)
        assert idempotency.lookup(tx, key, at=just_before) == KeptAnswer(b"d", b"{}")
        assert idempotency.lookup(tx, key, at=late) is None
        for other in ("operator", "operation", "token"):
            assert idempotency.lookup(tx, replace(key, **{other: "else"}), at=NOW) is None  # type: ignore[arg-type]
        assert idempotency.purge(tx, at=just_before) == 0
        idempotency.remember(tx, key, request_digest=b"e", answer=b"[]", at=late)  # over the expired one
        assert idempotency.lookup(tx, key, at=late) == KeptAnswer(b"e", b"[]")
        assert idempotency.purge(tx, at=late + timedelta(hours=8)) == 1


def test_facts_are_replaced(store: RecordStore) -> None:
    with store.write() as tx:
        assert meta.get(tx, "a") is None
        meta.put(tx, "a", "1")
        meta.put(tx, "a", "2")
        assert meta.get(tx, "a") == "2"
