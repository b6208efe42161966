import pytest
from sqlalchemy import func, select

from recognizance.errors import GalleryExistsError, GalleryNotFoundError, InvalidRequestError, NotFoundError
from recognizance.records import (
    RecordStore,
    decided_searches,
    entries,
    galleries,
    idempotency,
    images,
    photographs,
    references,
    schema,
    searches,
    subjects,
    tags,
)
from recognizance.records.galleries import GalleryCounts, GalleryRow
from recognizance.records.idempotency import RequestKey
from recognizance.records.searches import SearchCandidate
from records.making import NOW, a_gallery, a_reference, a_search, identifier


def test_a_gallery_is_found_by_its_exact_name(store: RecordStore, gallery: GalleryRow) -> None:
    with store.read() as tx:
        assert galleries.get(tx, "staff") == gallery == GalleryRow(gallery.id, "staff", "m/1", "c/1", True, NOW, 0, 0)
        with pytest.raises(GalleryNotFoundError, match=r"^The collection id: Staff does not exist$"):
            galleries.get(tx, "Staff")
    with store.write() as tx:
        a_gallery(tx, "Staff")
        with pytest.raises(GalleryExistsError, match=r"^The collection id: staff already exists$"):
            a_gallery(tx, "staff")


def test_pages_follow_the_order_of_creation(store: RecordStore) -> None:
    names = ["b", "a", "B", "a-1", "a.1", "_", "é"]
    with store.write() as tx:
        for name in names:
            a_gallery(tx, name)
    with store.read() as tx:
        found: list[str] = []
        after = 0
        while page := galleries.list_page(tx, after=after, limit=2):
            found += [gallery.name for gallery in page]
            after = page[-1].id
    assert found == names


def test_galleries_of_testers_are_theirs_alone(store: RecordStore) -> None:
    """An underscore in an operator's id is no wildcard, and no id is the beginning of another's names."""
    with store.write() as tx:
        agency = a_gallery(tx, "x")
        of = {name: a_gallery(tx, galleries.name_of_test(name, "x")) for name in ("a_b", "axb", "a_b2")}
        for row in (agency, of["a_b"]):
            entry = entries.append(tx, lambda index: b"{}", at=NOW)
            searches.add(tx, a_search(entry.index, row))
    with store.read() as tx:
        assert galleries.list_of_tests(tx, operator="a_b", limit=9) == [of["a_b"]]
        assert galleries.list_of_tests(tx, operator="a_b", after=of["a_b"].id, limit=9) == []
        assert galleries.list_of_tests(tx, limit=9) == list(of.values())
        assert galleries.list_of_agency(tx, limit=9) == [agency]
        assert galleries.list_of_agency(tx, among=[of["axb"].id], limit=9) == []
        assert [galleries.shown_name(row.name) for row in of.values()] == ["x", "x", "x"]
        assert not galleries.is_of_test(of["a_b2"].name, "a_b")
        assert decided_searches.count(tx) == len(decided_searches.list_page(tx, after_entry=-1, limit=9)) == 1


def test_every_change_counts_and_makes_a_version(store: RecordStore, gallery: GalleryRow) -> None:
    def state() -> tuple[int, GalleryCounts]:
        with store.read() as tx:
            return galleries.get(tx, "staff").version, galleries.counts(tx, gallery.id)

    news = [a_reference() for _ in range(3)]
    ids = [new.face_id for new in news]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
    assert state() == (1, GalleryCounts(3, 0))
    with store.write() as tx:
        subjects.create(tx, gallery.id, "ada", created_at=NOW)
    assert state() == (2, GalleryCounts(3, 1))
    with store.write() as tx:
        subjects.associate(tx, gallery.id, "ada", ids)
        subjects.disassociate(tx, gallery.id, "ada", ids[:1])
    assert state() == (4, GalleryCounts(3, 1))
    with store.write() as tx:
        references.delete_many(tx, gallery.id, [*ids[:2], identifier()])
        subjects.delete(tx, gallery.id, "ada")
    assert state() == (6, GalleryCounts(1, 0))
    with store.write() as tx:  # nothing changes
        references.delete_many(tx, gallery.id, [identifier()])
        references.add_many(tx, gallery.id, [])
    assert state() == (6, GalleryCounts(1, 0))


def test_deleting_a_gallery_takes_everything_under_it_and_nothing_else(store: RecordStore) -> None:
    kept = {}
    for name in ("goes", "stays"):
        with store.write() as tx:
            gallery = a_gallery(tx, name)
            new = a_reference()
            probe = identifier()
            (sequence,) = references.add_many(tx, gallery.id, [new])
            images.remember(tx, gallery.id, b"\x07" * 32, None, new.image_id)
            photographs.put(tx, new.image_id, "reference", b"r", media_type="image/png", created_at=NOW)
            slot = photographs.put(tx, probe, "probe", b"p", media_type="image/png", created_at=NOW)
            subjects.create(tx, gallery.id, "ada", created_at=NOW)
            subjects.associate(tx, gallery.id, "ada", [new.face_id])
            tags.set_tags(tx, gallery.id, {"k": "v"})
            key = RequestKey("op", "CreateUser", gallery.id, "t")
            idempotency.remember(tx, key, request=b"d", answer=b"{}", at=NOW)
            entry = entries.append(tx, lambda index: b"{}", at=NOW)
            candidate = SearchCandidate(sequence, new.face_id, 1, 0.7, 99.5, 1e-7)
            search = a_search(entry.index, gallery, probe_photograph=probe, probe_slot=slot, candidates=(candidate,))
            searches.add(tx, search)
            kept[name] = (gallery, new, probe, search)
    with store.write() as tx:
        assert galleries.delete_gallery(tx, "goes").id == kept["goes"][0].id
        with pytest.raises(GalleryNotFoundError):
            galleries.delete_gallery(tx, "goes")
    with store.read() as tx:
        for table in ("galleries", "gallery_references", "subjects", "images", "tags", "idempotency"):
            count = tx.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one()
            assert count == 1, table
        _, new, probe, search = kept["goes"]
        for photograph in (new.image_id, probe):
            with pytest.raises(NotFoundError):
                photographs.get(tx, photograph)
        left = searches.get(tx, search.id)
        assert (left.gallery_id, left.gallery, left.candidates, left.probe) == (None, "goes", (), None)
        _, new, probe, search = kept["stays"]
        assert (photographs.get(tx, new.image_id), photographs.get(tx, probe)) == (b"r", b"p")
        assert searches.get(tx, search.id) == search
    assert store.integrity_check() == []
    with store.write() as tx:
        assert a_gallery(tx, "goes").id > kept["stays"][0].id  # numbers are never used again


def test_tags_are_replaced_removed_and_limited(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        tags.set_tags(tx, gallery.id, {"b": "1", "a": "2"})
        tags.set_tags(tx, gallery.id, {"b": "3"})
        assert list(tags.list_tags(tx, gallery.id).items()) == [("a", "2"), ("b", "3")]
        tags.set_tags(tx, gallery.id, {f"k{number}": "" for number in range(198)})
        with pytest.raises(InvalidRequestError):
            tags.set_tags(tx, gallery.id, {"a": "new", "one more": ""})
        assert tags.list_tags(tx, gallery.id)["a"] == "2"
        tags.set_tags(tx, gallery.id, {"a": "new"})
        tags.remove(tx, gallery.id, ["b", "not there", *(f"k{number}" for number in range(198))])
        assert tags.list_tags(tx, gallery.id) == {"a": "new"}
