import numpy as np
import pytest

from recognizance.errors import SubjectExistsError, SubjectNotFoundError, TooManyReferencesError
from recognizance.records import RecordStore, references, subjects
from recognizance.records.galleries import GalleryRow
from records.making import NOW, a_gallery, a_reference


def test_a_subject_is_created_then_active_then_created_again(store: RecordStore, gallery: GalleryRow) -> None:
    new = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, [new])
        assert subjects.create(tx, gallery.id, "ada", created_at=NOW).status == "CREATED"
        assert subjects.associate(tx, gallery.id, "ada", [new.face_id]) == [new.face_id]
        assert subjects.get(tx, gallery.id, "ada").status == "ACTIVE"
        assert references.get_many(tx, gallery.id, [new.face_id])[new.face_id].subject == "ada"
        assert subjects.disassociate(tx, gallery.id, "ada", [new.face_id]) == [new.face_id]
        assert subjects.get(tx, gallery.id, "ada").status == "CREATED"
        assert subjects.faces_of(tx, gallery.id, "ada") == []


def test_names_belong_to_one_gallery(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        subjects.create(tx, gallery.id, "ada", created_at=NOW)
        subjects.create(tx, gallery.id, "Ada", created_at=NOW)
        with pytest.raises(SubjectExistsError):
            subjects.create(tx, gallery.id, "ada", created_at=NOW)
        other = a_gallery(tx, "other")
        with pytest.raises(SubjectNotFoundError):
            subjects.get(tx, other.id, "ada")
        subjects.create(tx, other.id, "ada", created_at=NOW)
        ada = subjects.get(tx, gallery.id, "ada")
        assert subjects.find_many(tx, gallery.id, ["ada", "bob"]) == {"ada": ada}
        assert subjects.by_identifier(tx, gallery.id, [ada.identifier, "none"]) == {ada.identifier: ada}
        assert subjects.by_identifier(tx, other.id, [ada.identifier]) == {}
        assert subjects.find(tx, gallery.id, "bob") is None


def test_only_free_references_of_the_gallery_are_gained(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(3)]
    ids = [new.face_id for new in news]
    stranger = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
        references.add_many(tx, a_gallery(tx, "other").id, [stranger])
        for name in ("ada", "bob"):
            subjects.create(tx, gallery.id, name, created_at=NOW)
        assert subjects.associate(tx, gallery.id, "ada", [ids[1]]) == [ids[1]]
        assert subjects.associate(tx, gallery.id, "bob", [*ids, *ids, stranger.face_id]) == [ids[0], ids[2]]
        assert subjects.disassociate(tx, gallery.id, "bob", ids[:2]) == [ids[0]]
        assert subjects.get(tx, gallery.id, "bob").faces == 1


def test_too_many_references_change_nothing(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(4)]
    ids = [new.face_id for new in news]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
        subjects.create(tx, gallery.id, "ada", created_at=NOW)
        subjects.associate(tx, gallery.id, "ada", ids[:2], references_max=3)
        with pytest.raises(TooManyReferencesError):
            subjects.associate(tx, gallery.id, "ada", ids, references_max=3)
        assert subjects.faces_of(tx, gallery.id, "ada") == ids[:2]
        assert subjects.associate(tx, gallery.id, "ada", ids[:3], references_max=3) == ids[2:3]


def test_deleting_a_subject_leaves_its_references(store: RecordStore, gallery: GalleryRow) -> None:
    new = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, [new])
        subjects.create(tx, gallery.id, "ada", created_at=NOW)
        subjects.associate(tx, gallery.id, "ada", [new.face_id])
        subjects.delete(tx, gallery.id, "ada")
        with pytest.raises(SubjectNotFoundError):
            subjects.delete(tx, gallery.id, "ada")
        assert references.get_many(tx, gallery.id, [new.face_id])[new.face_id].subject is None


def test_deleted_references_leave_their_subject(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(2)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
        subjects.create(tx, gallery.id, "ada", created_at=NOW)
        subjects.associate(tx, gallery.id, "ada", [new.face_id for new in news])
        references.delete_many(tx, gallery.id, [news[0].face_id])
        assert subjects.get(tx, gallery.id, "ada").faces == 1
        assert subjects.faces_of(tx, gallery.id, "ada") == [news[1].face_id]


def test_pages_follow_the_order_of_creation(store: RecordStore, gallery: GalleryRow) -> None:
    names = ["b", "a", "c"]
    with store.write() as tx:
        for name in names:
            subjects.create(tx, gallery.id, name, created_at=NOW)
        first = subjects.list_page(tx, gallery.id, limit=2)
        rest = subjects.list_page(tx, gallery.id, after=first[-1].id, limit=2)
        assert [row.name for row in first + rest] == names


def test_templates_come_by_subject(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(5)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
        for name in ("z", "a", "none"):
            subjects.create(tx, gallery.id, name, created_at=NOW)
        subjects.associate(tx, gallery.id, "z", [news[0].face_id, news[3].face_id])
        subjects.associate(tx, gallery.id, "a", [news[1].face_id])
        ids = {name: subjects.get(tx, gallery.id, name).id for name in ("z", "a", "none")}
        assert subjects.identifiers_of(tx, gallery.id) == {
            number: subjects.get(tx, gallery.id, name).identifier for name, number in ids.items()
        }
        (batch,) = references.templates(tx, gallery.id)
        assert batch.subjects == (ids["z"], ids["a"], None, ids["z"], None)
        np.testing.assert_array_equal(
            subjects.templates_of(tx, gallery.id, "z"), np.stack([news[0].template, news[3].template])
        )
        np.testing.assert_array_equal(subjects.templates_of(tx, gallery.id, "a"), news[1].template[None])
        assert subjects.templates_of(tx, gallery.id, "none").shape == (0, 0)
