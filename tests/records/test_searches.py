from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from recognizance.errors import NotFoundError
from recognizance.records import RecordStore, entries, idempotency, meta, operators, references, searches, subjects
from recognizance.records.galleries import GalleryRow
from recognizance.records.idempotency import KeptAnswer, RequestKey
from recognizance.records.searches import ProbeDigest, SearchCandidate
from records.making import NOW, a_gallery, a_reference, a_search


def test_a_search_comes_back_as_it_was_recorded(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(2)]
    with store.write() as tx:
        numbers = references.add_many(tx, gallery.id, news)
        ada = subjects.create(tx, gallery.id, "ada", created_at=NOW)
        faces = a_search(
            entries.append(tx, lambda index: b"{}", at=NOW).index,
            gallery,
            probe_slot=tx.vault.take(),
            candidates=tuple(
                SearchCandidate(number, new.face_id, rank, 1 - rank / 10, 99.5, 1e-7)
                for rank, (number, new) in enumerate(zip(numbers, news, strict=True), 1)
            ),
        )
        people = a_search(
            entries.append(tx, lambda index: b"{}", at=NOW).index,
            gallery,
            searched="subject",
            probe=None,
            probe_slot=None,
            probe_kind="reference",
            probe_number=numbers[0],
            probe_reference=news[0].face_id,
            threshold_requested_percent=None,
            threshold_requested_score=None,
            candidates=(SearchCandidate(ada.id, ada.identifier, 1, 0.5, 91.0, 7.9e-7),),
        )
        for search in (faces, people):
            searches.add(tx, search)
    with store.read() as tx:
        assert searches.get(tx, faces.id) == faces
        assert searches.get(tx, people.id) == people
        with pytest.raises(NotFoundError):
            searches.get(tx, "none")
    with store.write() as tx:
        references.delete_many(tx, gallery.id, [news[0].face_id])
        subjects.delete(tx, gallery.id, "ada")
        tx.destroy_slots([faces.probe_slot])  # type: ignore[list-item]
    with store.read() as tx:
        erased = searches.get(tx, faces.id)
        assert [line.identifier for line in erased.candidates] == [None, news[1].face_id]
        assert [line.score for line in erased.candidates] == [line.score for line in faces.candidates]
        assert erased.probe is None
        erased = searches.get(tx, people.id)
        assert (erased.candidates[0].identifier, erased.probe_reference) == (None, None)


def test_a_probe_gets_a_key_of_its_own_where_it_has_none(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        search = a_search(entries.append(tx, lambda index: b"{}", at=NOW).index, gallery, probe_slot=None)
        searches.add(tx, search)
        found = searches.get(tx, search.id)
        assert found.probe == search.probe
        assert found.probe_slot is not None
        assert searches.list_page(tx, limit=1)[0].probe == search.probe


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
            slot = tx.vault.take()
            search = a_search(
                entries.append(tx, lambda index: b"{}", at=NOW).index, where, operator=who, probe_slot=slot
            )
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
        idempotency.remember(tx, key, request=b"d", answer=b"{}", at=NOW)
        just_before = late - timedelta(microseconds=1)
        assert idempotency.lookup(tx, key, request=b"d", at=just_before) == KeptAnswer(True, b"{}")
        assert idempotency.lookup(tx, key, request=b"e", at=just_before) == KeptAnswer(False, b"{}")
        assert idempotency.lookup(tx, key, request=b"d", at=late) is None
        for other in ("operator", "operation", "token"):
            changed = replace(key, **{other: "else"})  # type: ignore[arg-type]
            assert idempotency.lookup(tx, changed, request=b"d", at=NOW) is None
        assert idempotency.purge(tx, at=just_before) == 0
        idempotency.remember(tx, key, request=b"e", answer=b"[]", at=late)  # over the expired one
        assert idempotency.lookup(tx, key, request=b"e", at=late) == KeptAnswer(True, b"[]")
        assert idempotency.purge(tx, at=late + timedelta(hours=8)) == 1


def test_facts_are_replaced(store: RecordStore) -> None:
    with store.write() as tx:
        assert meta.get(tx, "a") is None
        meta.put(tx, "a", "1")
        meta.put(tx, "a", "2")
        assert meta.get(tx, "a") == "2"
