from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from recognizance.errors import NotFoundError
from recognizance.records import (
    RecordStore,
    Transaction,
    cases,
    comparisons,
    disclosures,
    examinations,
    exclusions,
    leads,
    operators,
    outcomes,
    references,
    searches,
    subjects,
)
from recognizance.records.disclosures import DisclosureRow
from recognizance.records.entries import RecordedLog
from recognizance.records.examinations import NewFinding
from recognizance.records.galleries import GalleryRow
from recognizance.records.leads import LeadRow
from recognizance.records.outcomes import OutcomeRow
from recognizance.records.searches import SearchCandidate
from records.making import NOW, a_reference, a_search, identifier

LATER = NOW + timedelta(hours=1)


def an_entry(tx: Transaction) -> int:
    log = RecordedLog()
    index = log.size(tx)
    log.add(tx, index, NOW, b"{}")
    return index


def people(tx: Transaction, *names: str) -> None:
    for name in names:
        operators.create(tx, name, name=name, roles=["investigator"], created_at=NOW)


def a_lead(
    tx: Transaction, gallery: GalleryRow, *, request: bytes = b"r", case_id: str | None = None
) -> tuple[LeadRow, list[int]]:
    """Make a lead with two candidates."""
    new = [a_reference(), a_reference()]
    numbers = references.add_many(tx, gallery.id, new)
    entry = an_entry(tx)
    candidates = tuple(SearchCandidate(number, None, rank, 0.7, 99.0, 1e-7) for rank, number in enumerate(numbers, 1))
    searches.add(tx, a_search(entry, gallery, candidates=candidates))
    lead = LeadRow(identifier(), entry, "ada", case_id, "open", True, "{}", ("a/b",), NOW)
    leads.add(tx, lead, request, [(2, None), (1, None)])
    return lead, numbers


def test_a_lead_is_found_by_its_id_entry_and_request(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada", "sue")
        lead, numbers = a_lead(tx, gallery)
    with store.read() as tx:
        assert leads.get(tx, lead.id) == leads.of_request(tx, b"r") == leads.of_entry(tx, lead.entry_index) == lead
        assert leads.of_request(tx, b"s") is None
        lines = leads.lines_of(tx, lead.id)
        assert [(line.position, line.rank, line.number) for line in lines] == [(1, 2, numbers[1]), (2, 1, numbers[0])]
        assert leads.list_all(tx, ["open"]) == leads.withheld_among(tx, [lead.entry_index]) == [lead]
        assert leads.list_all(tx, ["released"]) == []
        with pytest.raises(NotFoundError):
            leads.get(tx, identifier())


def test_one_request_has_one_lead(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada")
        a_lead(tx, gallery)
    with pytest.raises(IntegrityError), store.write() as tx:
        a_lead(tx, gallery)


def test_a_lead_moves_on_once(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada", "sue")
        lead, _ = a_lead(tx, gallery)
        assert leads.move(tx, lead.id, "open", "agreed", at=LATER)
        assert not leads.move(tx, lead.id, "open", "disputed", at=LATER)
        released = {"before": ("agreed", "disputed"), "by": "sue", "at": LATER}
        assert leads.release(tx, lead.id, {1: "released", 2: "withheld"}, "Because.", **released)
        assert not leads.release(tx, lead.id, {2: "released"}, "", **released)
    with store.read() as tx:
        found = leads.get(tx, lead.id)
        assert (found.state, found.concluded_at, found.released_by, found.reason) == (
            "released",
            LATER,
            "sue",
            "Because.",
        )
        assert [line.decision for line in leads.lines_of(tx, lead.id)] == ["released", "withheld"]


def test_findings_go_with_whom_they_are_of(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada", "eve")
        lead, _ = a_lead(tx, gallery)
        face_ids = [str(each.identifier) for each in searches.at_entry(tx, lead.entry_index).candidates]
        kept = references.get_many(tx, gallery.id, face_ids)
        findings = [
            NewFinding(position, "support-same", f"scar {position}", kept[face_id].key_slot)
            for position, face_id in enumerate(face_ids, 1)
        ]
        examinations.add(tx, lead.id, "eve", an_entry(tx), findings, at=LATER)
    with store.write() as tx:
        references.delete_many(tx, gallery.id, face_ids[:1])
    with store.read() as tx:
        (made,) = examinations.of_lead(tx, lead.id)
        assert [(each.position, each.conclusion, each.detail) for each in made.findings] == [
            (1, "support-same", None),
            (2, "support-same", "scar 2"),
        ]
        assert examinations.leads_of(tx, "eve") == {lead.id}
        assert [line.number is None for line in leads.lines_of(tx, lead.id)] == [False, False]  # numbers say nothing


def test_who_is_excluded_is_so_with_their_subject_for_the_case_alone(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada")
        case, other = (cases.create(tx, identifier(), number, opened_at=NOW) for number in ("1", "2"))
        lead, (first, second) = a_lead(tx, gallery, case_id=case.id)
        known = {each.sequence: each.face_id for each in references.list_page(tx, gallery.id, limit=10)}
        subjects.create(tx, gallery.id, "sam", created_at=NOW)
        subjects.associate(tx, gallery.id, "sam", list(known.values()))
        for _ in range(2):
            exclusions.remember(tx, case.id, lead.id, "reference", [first])
    with store.read() as tx:
        assert exclusions.excluding(tx, case.id, "reference", [first, second]) == {first: lead.id, second: lead.id}
        assert exclusions.excluding(tx, other.id, "reference", [first]) == {}
        sam = subjects.get(tx, gallery.id, "sam").id
        assert exclusions.excluding(tx, case.id, "subject", [sam, sam + 1]) == {sam: lead.id}


def test_withheld_from_who_searched_and_who_works_on_the_case(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada", "max", "eve")
        case = cases.create(tx, identifier(), "1", opened_at=NOW)
        cases.add_member(tx, case.id, "max", added_at=NOW)
        lead, _ = a_lead(tx, gallery, case_id=case.id)
    with store.read() as tx:
        assert [[each.id for each in leads.withheld_from(tx, name)] for name in ("ada", "max", "eve")] == [
            [lead.id],
            [lead.id],
            [],
        ]


def test_comparisons_are_counted_once_for_a_day(store: RecordStore) -> None:
    with store.write() as tx:
        people(tx, "ada", "max")
        comparisons.add(tx, "ada", (b"one", b"two"), 3, at=NOW)
        comparisons.add(tx, "ada", (b"three", b"one"), 1, at=LATER)
        comparisons.add(tx, "ada", (b"four", b"five"), 1, at=LATER)
        assert comparisons.count(tx, "ada", at=LATER) == 5
        assert comparisons.count(tx, "ada", at=LATER, photographs=(b"one", b"four")) == 4
        assert comparisons.count(tx, "ada", at=LATER, photographs=(b"two",)) == 3
        assert comparisons.count(tx, "max", at=LATER) == 0
        assert comparisons.is_known(tx, "ada", (b"two", b"one"))
        assert not comparisons.is_known(tx, "max", (b"one", b"two"))
        assert comparisons.count(tx, "ada", at=NOW + comparisons.COUNTED_FOR) == 2
        assert not comparisons.is_known(tx, "ada", (b"one", b"two"))


def test_outcomes_disclosures_and_retention(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        people(tx, "ada")
        case = cases.create(tx, identifier(), "1", opened_at=NOW)
        entry = an_entry(tx)
        search = a_search(entry, gallery)
        searches.add(tx, search)
        made = OutcomeRow(an_entry(tx), "arrest", case.id, entry, "Of another.", "ada", LATER)
        outcomes.add(tx, made)
        opened = DisclosureRow(an_entry(tx), entry, ("case",), "otto", LATER)
        disclosures.add(tx, opened)
        searches.retain(tx, search.id, LATER)
    with store.read() as tx:
        assert outcomes.of_case(tx, case.id) == outcomes.of_search(tx, entry) == [made]
        assert disclosures.of_entry(tx, entry) == [opened]
        assert searches.get(tx, search.id).retain_until == LATER
        assert searches.at_entry(tx, entry).id == search.id
        with pytest.raises(NotFoundError):
            searches.at_entry(tx, made.entry_index)
