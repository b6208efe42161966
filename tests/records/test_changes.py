import pytest
from sqlalchemy import func, select

from recognizance.errors import NotFoundError
from recognizance.records import RecordStore, changes, galleries, references, schema, subjects
from recognizance.records.galleries import GalleryRow
from records.making import NOW, a_gallery, a_reference


def enrolled(store: RecordStore, gallery: GalleryRow, count: int) -> list[str]:
    news = [a_reference(dimension=4) for _ in range(count)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
    return [new.face_id for new in news]


def version(store: RecordStore, gallery: GalleryRow) -> int:
    with store.read() as tx:
        return galleries.get(tx, gallery.name).version


def erase(store: RecordStore, gallery: GalleryRow, face_ids: list[str]) -> None:
    with store.write() as tx:
        references.delete_many(tx, gallery.id, face_ids)


def erased(store: RecordStore, gallery: GalleryRow, since: int) -> list[str] | None:
    with store.read() as tx:
        found = changes.erased_since(tx, gallery.id, since)
    return None if found is None else sorted(found)


def test_a_copy_learns_what_was_erased_since_its_version(store: RecordStore, gallery: GalleryRow) -> None:
    ids = enrolled(store, gallery, 6)
    with store.write() as tx:
        other = a_gallery(tx, "other")
    copied = version(store, gallery)
    assert erased(store, gallery, copied) == []
    erase(store, gallery, [ids[4], ids[1]])
    between = version(store, gallery)
    enrolled(store, gallery, 1)
    erase(store, gallery, [ids[0], "nobody"])
    erase(store, gallery, ["nobody"])
    assert erased(store, gallery, copied) == sorted([ids[0], ids[1], ids[4]])
    assert erased(store, gallery, between) == [ids[0]]
    assert erased(store, gallery, version(store, gallery)) == []
    assert erased(store, other, 0) == []


def test_an_erasure_that_is_undone_is_not_listed(store: RecordStore, gallery: GalleryRow) -> None:
    ids = enrolled(store, gallery, 2)

    def erase_and_fail() -> None:
        with store.write() as tx:
            references.delete_many(tx, gallery.id, ids)
            galleries.get(tx, "no such gallery")

    with pytest.raises(NotFoundError):
        erase_and_fail()
    assert erased(store, gallery, 0) == []


def test_the_list_ends_where_it_was_forgotten(store: RecordStore, gallery: GalleryRow) -> None:
    ids = enrolled(store, gallery, 5)
    versions = []
    for face_id in ids:
        erase(store, gallery, [face_id])
        versions.append(version(store, gallery))
    with store.write() as tx:
        changes.prune(tx, gallery.id, kept=2)
    assert erased(store, gallery, versions[1]) is None
    assert erased(store, gallery, versions[2]) == sorted(ids[3:])
    with store.write() as tx:
        changes.forget_before(tx, gallery.id, versions[0])
    assert erased(store, gallery, versions[1]) is None, "what is forgotten stays forgotten"


def test_one_version_is_forgotten_whole_or_not_at_all(store: RecordStore, gallery: GalleryRow) -> None:
    ids = enrolled(store, gallery, 6)
    erase(store, gallery, ids[:4])
    many = version(store, gallery)
    erase(store, gallery, ids[4:5])
    with store.write() as tx:
        changes.prune(tx, gallery.id, kept=3)
    assert erased(store, gallery, many - 1) is None
    assert erased(store, gallery, many) == [ids[4]]


def test_after_a_restore_every_copy_is_out_of_date(store: RecordStore, gallery: GalleryRow) -> None:
    ids, _ = enrolled(store, gallery, 2)
    erase(store, gallery, ids[:1])
    lost = version(store, gallery) + 1000
    with store.write() as tx:
        changes.begin_anew(tx)
    assert erased(store, gallery, lost) is None
    anew = version(store, gallery)
    assert anew > lost
    assert erased(store, gallery, anew) == []
    erase(store, gallery, ids[1:])
    assert erased(store, gallery, anew) is not None


def test_the_list_does_not_grow_for_ever(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        versions = range(1, changes.ROWS_KEPT + 5_001)
        rows = [{"gallery_id": gallery.id, "version": number, "face_id": f"{number:036d}"} for number in versions]
        tx.execute(schema.erased_references.insert(), rows)
        tx.execute(schema.galleries.update().values(version=versions[-1]))
    ids = enrolled(store, gallery, 1_000)
    erase(store, gallery, ids)
    with store.read() as tx:
        assert tx.execute(select(func.count()).select_from(schema.erased_references)).scalar() == changes.ROWS_KEPT
    assert erased(store, gallery, 5_000) is None
    assert len(erased(store, gallery, version(store, gallery) - 1) or []) == 1_000


def test_a_gallery_that_is_gone_has_no_list(store: RecordStore, gallery: GalleryRow) -> None:
    ids = enrolled(store, gallery, 1)
    erase(store, gallery, ids)
    with store.write() as tx:
        galleries.delete_gallery(tx, gallery.name)
        assert tx.execute(select(func.count()).select_from(schema.erased_references)).scalar() == 0
        assert changes.erased_since(tx, gallery.id, 0) is None


def test_every_change_of_a_subjects_references_is_counted(store: RecordStore, gallery: GalleryRow) -> None:
    def regrouped() -> int:
        with store.read() as tx:
            return galleries.get(tx, gallery.name).subjects_version

    ids = enrolled(store, gallery, 6)
    with store.write() as tx:
        for name in ("ada", "bob", "eve"):
            subjects.create(tx, gallery.id, name, created_at=NOW)
    assert regrouped() == 0
    with store.write() as tx:
        subjects.associate(tx, gallery.id, "bob", ids[3:5])
        subjects.associate(tx, gallery.id, "ada", ids[:3])
    assert regrouped() == 2
    with store.write() as tx:
        subjects.associate(tx, gallery.id, "ada", ids)  # only the last one is free
    assert regrouped() == 3
    with store.write() as tx:
        subjects.disassociate(tx, gallery.id, "ada", ids[5:])
    assert regrouped() == 4
    erase(store, gallery, ids[5:])
    assert regrouped() == 4, "it belonged to nobody"
    erase(store, gallery, ids[:1])
    assert regrouped() == 5
    with store.write() as tx:
        subjects.delete(tx, gallery.id, "eve")
    assert regrouped() == 5, "she had no references"
    with store.write() as tx:
        subjects.delete(tx, gallery.id, "bob")
    assert regrouped() == 6


def test_the_faces_that_are_there_are_read_in_order(store: RecordStore, gallery: GalleryRow) -> None:
    ids = enrolled(store, gallery, 5)
    with store.write() as tx:
        references.add_many(tx, a_gallery(tx, "other").id, [a_reference()])
    erase(store, gallery, [ids[2]])
    with store.read() as tx:
        live = [face_id for batch in references.live_face_ids(tx, gallery.id) for face_id in batch]
    assert live == [*ids[:2], *ids[3:]]
