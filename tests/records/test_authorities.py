"""Authorities, what was done under them, and the deletion of what was found, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from recognizance.errors import ErasedError, InvalidRequestError, NotFoundError
from recognizance.records import (
    RecordStore,
    Transaction,
    authorities,
    authority_uses,
    cases,
    entries,
    holds,
    operators,
    photographs,
    purposes,
    references,
    searches,
    sessions,
    subjects,
)
from recognizance.records.authorities import AuthorityRow, Scope
from recognizance.records.galleries import GalleryRow
from recognizance.records.holds import SEARCH, SUBJECT, Hold
from recognizance.records.purposes import PurposeRow
from recognizance.records.searches import SearchCandidate, SearchRecord
from records.making import NOW, a_reference, a_search, identifier

HOUR = timedelta(hours=1)


def an_emergency(tx: Transaction, **changes: object) -> AuthorityRow:
    """Keep an emergency of the case 9, made with its people when they are not there."""
    if operators.find(tx, "ivy") is None:
        operators.create(tx, "ivy", name="Ivy", roles={"investigator"}, created_at=NOW)
        cases.create(tx, "c-9", "9", opened_at=NOW)
    row = AuthorityRow(identifier(), "c-9", "emergency", NOW, None, "ivy", NOW, "E-1", "ivy", "Danger.")
    row = replace(row, ratify_by=NOW + HOUR, scope=Scope(galleries=("staff",), places=("Harbour",)))
    row = replace(row, **changes)  # type: ignore[arg-type]
    authorities.add(tx, row)
    return row


def an_entry(tx: Transaction) -> int:
    return entries.append(tx, lambda index: b"{}", at=NOW).index


def test_an_authority_comes_back_as_it_was_recorded(store: RecordStore) -> None:
    with store.write() as tx:
        row = an_emergency(tx)
        assert authorities.find(tx, "c-9", "E-1") == row
        assert authorities.of_id(tx, row.id) == row
        assert authorities.find(tx, "c-9", "E-2") is None
        with pytest.raises(NotFoundError):
            authorities.get(tx, "c-9", "E-2")
        with pytest.raises(InvalidRequestError):
            an_emergency(tx)
        cases.create(tx, "c-8", "8", opened_at=NOW)
        assert authorities.find(tx, "c-8", "E-1") is None
        an_emergency(tx, case_id="c-8")
        for number, hours in ((1, 2), (2, 3)):
            found = authorities.of_id(tx, row.id)
            until = NOW + hours * HOUR
            authorities.extend(tx, found, until, document=f"X-{number}", issuer="Judge", by="ivy", now=NOW)
        found = authorities.of_id(tx, row.id)
        assert ([each.document for each in found.extensions], found.until) == (["X-1", "X-2"], NOW + 3 * HOUR)
        assert found.valid_until is None
    with store.read() as tx:
        rows = tx.execute(text("SELECT sealed_facts, document_digest FROM authorities")).all()
        assert all(b"E-1" not in bytes(value) for row in rows for value in row)
        assert len({bytes(digest) for _, digest in rows}) == 2, "digests say nothing across cases"


def test_an_emergency_is_decided_once(store: RecordStore) -> None:
    with store.write() as tx:
        ratified, rejected, lapsed = (an_emergency(tx, document=name) for name in ("a", "b", "c"))
        assert [row.document for row in authorities.overdue(tx, NOW + HOUR)] in (
            ["a", "b", "c"],
            sorted("abc", key=lambda name: {"a": ratified, "b": rejected, "c": lapsed}[name].id),
        )
        assert authorities.overdue(tx, NOW + HOUR - timedelta(microseconds=1)) == []
        assert authorities.ratify(tx, ratified.id, document="W", issuer="Judge", by="ivy", now=NOW)
        assert authorities.reject(tx, rejected.id, reason="None.", by="ivy", now=NOW)
        assert authorities.lapse(tx, lapsed.id, NOW)
        for row in (ratified, rejected, lapsed):
            assert not authorities.ratify(tx, row.id, document="W", issuer="Judge", by="ivy", now=NOW)
            assert not authorities.reject(tx, row.id, reason="None.", by="ivy", now=NOW)
            assert not authorities.lapse(tx, row.id, NOW)
        assert authorities.overdue(tx, NOW + HOUR) == []
        assert authorities.of_id(tx, ratified.id).ratification == {"document": "W", "issuer": "Judge"}
        assert authorities.end(tx, ratified.id, by="ivy", now=NOW)
        assert not authorities.end(tx, ratified.id, by="ivy", now=NOW)


def kept_search(tx: Transaction, gallery: GalleryRow, *numbers: int, **other: object) -> SearchRecord:
    """Record a search with a photograph and these references as candidates."""
    photograph = identifier()
    slot = photographs.put(tx, photograph, "probe", b"photo", media_type="image/jpeg", created_at=NOW)
    lines = tuple(SearchCandidate(number, None, rank, 0.5, 91.0, 1e-7) for rank, number in enumerate(numbers, 1))
    made = a_search(an_entry(tx), gallery, probe_photograph=photograph, probe_slot=slot, candidates=lines, **other)
    searches.add(tx, made)
    return made


def test_results_go_and_the_search_stays(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        (number,) = references.add_many(tx, gallery.id, [a_reference()])
        known = {"authority": "E-1", "facts": {"request": {"operator": "ada"}, "result": {"candidates": 1}}}
        gone, stays = (kept_search(tx, gallery, number, **known) for _ in range(2))
        assert searches.of_entries(tx, [stays.entry_index, 10**6]) == [replace(stays, candidates=())]
    with store.write() as tx:
        assert searches.delete_results(tx, searches.of_entries(tx, [gone.entry_index]), at=NOW) == 1
    with store.read() as tx:
        found = searches.get(tx, gone.id)
        assert (found.candidates, found.probe, found.probe_photograph) == ((), None, None)
        assert (found.results_deleted_at, found.authority, found.operator) == (NOW, "E-1", "ada")
        assert found.facts == {"request": {"operator": "ada"}, "result": None}
        assert gone.probe_slot is not None
        assert tx.vault.is_destroyed(gone.probe_slot)
        with pytest.raises((NotFoundError, ErasedError)):
            photographs.get(tx, str(gone.probe_photograph))
        other = searches.get(tx, stays.id)
        assert (len(other.candidates), other.results_deleted_at) == (1, None)
        assert photographs.get(tx, str(stays.probe_photograph)) == b"photo"


def test_uses_wait_until_their_results_are_deleted(store: RecordStore) -> None:
    with store.write() as tx:
        first, second = an_emergency(tx), an_emergency(tx, document="E-2")
        marked = [an_entry(tx) for _ in range(3)]
        for index in marked:
            authority_uses.add(tx, first.id, index)
        authority_uses.add(tx, second.id, an_entry(tx))
        assert authority_uses.to_delete(tx) == []
        authorities.lapse(tx, first.id, NOW)
        assert authority_uses.to_delete(tx) == [first.id]
        authority_uses.mark_deleted(tx, first.id, marked[:2], NOW)
        assert authority_uses.pending(tx, first.id) == {marked[2]: None}
        assert authority_uses.count(tx, first.id) == (3, 2)
        authorities.reject(tx, second.id, reason="None.", by="ivy", now=NOW)
        assert authority_uses.to_delete(tx) == sorted([first.id, second.id])
        authority_uses.mark_deleted(tx, first.id, marked[2:], NOW)
        assert authority_uses.to_delete(tx) == [second.id]


def test_which_holds_keep_results(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        an_emergency(tx)
        doe = subjects.create(tx, gallery.id, "doe", created_at=NOW)
        of_doe, nobody = references.add_many(tx, gallery.id, news := [a_reference(), a_reference()])
        subjects.associate(tx, gallery.id, "doe", [news[0].face_id])
        by_search, by_face, free = (kept_search(tx, gallery, number) for number in (nobody, of_doe, nobody))
        by_subject = kept_search(tx, gallery, doe.id, searched="subject")
        by_probe = a_search(
            an_entry(tx), gallery, probe=None, probe_kind="reference", probe_number=of_doe, candidates=()
        )
        searches.add(tx, by_probe)
        holds.place(tx, Hold("h-1", SEARCH, by_search.id, gallery.id, "Appeal.", "ivy", NOW))
        holds.place(tx, Hold("h-2", SUBJECT, doe.identifier, gallery.id, "Appeal.", "ivy", NOW))
        everything = [each.entry_index for each in (by_search, by_face, free, by_subject, by_probe)]
        assert holds.keeping_results(tx, everything) == {
            by_search.entry_index: ["h-1"],
            by_face.entry_index: ["h-2"],
            by_subject.entry_index: ["h-2"],
            by_probe.entry_index: ["h-2"],
        }
        holds.release(tx, "h-2", by="ivy", at=NOW)
        assert holds.keeping_results(tx, everything) == {by_search.entry_index: ["h-1"]}


def test_sessions_under_an_authority_are_closed_together(store: RecordStore) -> None:
    with store.write() as tx:
        row = an_emergency(tx)
        tx.execute(
            text(
                "INSERT INTO access_keys (access_key_id, operator, sealed_secret, active, created_at, origin) "
                "VALUES ('AKIA', 'ivy', :sealed, :active, 0, 'first-start')"
            ),
            {"sealed": b"", "active": True},
        )
        for name, authority in (("s-1", row), ("s-2", None)):
            made = sessions.create(
                tx,
                name,
                operator="ivy",
                purpose="p",
                case_id="c-9",
                authority=authority and authority.document,
                authority_id=authority and authority.id,
                opened_at=NOW,
                opened_with="AKIA",
                expires_at=NOW + HOUR,
            )
            assert made.authority == (authority and "E-1")
        assert sessions.close_under(tx, row.id, closed_at=NOW) == ["s-1"]
        assert sessions.close_under(tx, row.id, closed_at=NOW) == []
        assert sessions.get(tx, "s-2").is_open(NOW)


def test_purposes_by_code_and_time(store: RecordStore) -> None:
    with store.write() as tx:
        operators.create(tx, "ada", name="Ada", roles={"administrator"}, created_at=NOW)
        first = PurposeRow("1", "theft", "Theft", "Code 1", NOW, NOW + HOUR, "ada", NOW)
        second = replace(first, id="2", legal_basis="Code 2", valid_from=NOW + HOUR, valid_until=None)
        for row in (second, first):
            purposes.add(tx, row)
        assert not first.overlaps(second)
        assert not second.overlaps(first)
        assert replace(first, valid_until=NOW + 2 * HOUR).overlaps(second)
        assert purposes.of_code(tx, "theft") == [first, second]
        assert purposes.in_force(tx, "theft", NOW - timedelta(microseconds=1)) is None
        assert purposes.in_force(tx, "theft", NOW) == first
        assert purposes.in_force(tx, "theft", NOW + HOUR) == second
        assert purposes.in_force(tx, "fraud", NOW) is None
        assert purposes.list_all(tx, not_over_at=NOW + HOUR) == [second]
        purposes.end(tx, "2", NOW + 2 * HOUR)
        assert purposes.in_force(tx, "theft", NOW + 2 * HOUR) is None


def test_what_tells_of_a_search_is_noted_under_its_authority(store: RecordStore) -> None:
    with store.write() as tx:
        first, second = an_emergency(tx), an_emergency(tx, document="E-2")
        search, review, repeated, own, other = (an_entry(tx) for _ in range(5))
        authority_uses.add(tx, first.id, search)
        authority_uses.add_derived(tx, search, review)
        authority_uses.add(tx, second.id, repeated)  # the same request, under another authority
        authority_uses.add_derived(tx, search, repeated)
        authority_uses.add(tx, first.id, own)
        authority_uses.add_derived(tx, search, own)
        authority_uses.add_derived(tx, other, an_entry(tx))  # of a search under none
        assert authority_uses.pending(tx, first.id) == {search: None, review: search, repeated: search, own: search}
        assert authority_uses.pending(tx, second.id) == {repeated: None}
