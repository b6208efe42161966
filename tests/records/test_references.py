import numpy as np
import pytest

from recognizance.biometrics import Reference
from recognizance.errors import NotFoundError, ReferenceNotFoundError, SubjectNotFoundError
from recognizance.records import RecordStore, images, photographs, references, schema, sealed, subjects
from recognizance.records.galleries import GalleryRow
from records.making import NOW, a_gallery, a_reference, identifier


def test_a_reference_comes_back_as_it_was_enrolled(store: RecordStore, gallery: GalleryRow) -> None:
    new = a_reference(external_id="photo:1")
    with store.write() as tx:
        (sequence,) = references.add_many(tx, gallery.id, [new])
    with store.read() as tx:
        found = references.get_many(tx, gallery.id, [new.face_id, identifier()])
        assert found == {
            new.face_id: Reference(
                sequence=sequence,
                face_id=new.face_id,
                image_id=new.image_id,
                external_id="photo:1",
                subject=None,
                box=new.box,
                landmarks=tuple(new.landmarks),
                confidence=new.confidence,
                pose=new.pose,
                quality=new.quality,
                model="m/1",
                enrolled_at=NOW,
                key_slot=found[new.face_id].key_slot,
            )
        }
        np.testing.assert_array_equal(references.template_of(tx, gallery.id, new.face_id), new.template)
        with pytest.raises(ReferenceNotFoundError):
            references.template_of(tx, gallery.id, identifier())


def test_a_template_lies_as_little_endian_float32(store: RecordStore, gallery: GalleryRow) -> None:
    new = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, [new])
        row = tx.execute(schema.references.select()).one()
        opened = sealed.open_template(tx, gallery.id, new.face_id, row.key_slot, row.sealed_template)
    assert opened == np.asarray(new.template, "<f4").tobytes()


def test_anything_but_one_row_of_float32_is_refused(store: RecordStore, gallery: GalleryRow) -> None:
    new = a_reference()
    for wrong in (new.template.astype(np.float64), new.template.reshape(2, 64)):
        object.__setattr__(new, "template", wrong)
        with pytest.raises(ValueError, match="float32"), store.write() as tx:
            references.add_many(tx, gallery.id, [new])


def test_more_ids_than_sqlite_takes_variables(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference(dimension=4) for _ in range(5_000)]
    with store.write() as tx:
        sequences = references.add_many(tx, gallery.id, news)
        other = a_reference()
        references.add_many(tx, a_gallery(tx, "other").id, [other])
    asked = [new.face_id for new in news] + [identifier() for _ in range(35_000)] + [other.face_id]
    with store.write() as tx:
        found = references.get_many(tx, gallery.id, asked)
        assert [found[new.face_id].sequence for new in news] == sequences == sorted(sequences)
        assert len(found) == 5_000
        assert references.taken(tx, asked) == {*found, other.face_id}
        page = references.list_page(tx, gallery.id, face_ids=asked, after_sequence=sequences[9], limit=3)
        assert [reference.sequence for reference in page] == sequences[10:13]
        assert references.delete_many(tx, gallery.id, asked) == {
            new.face_id: number for new, number in zip(news, sequences, strict=True)
        }
        assert not references.get_many(tx, gallery.id, asked)


def test_pages_follow_the_order_of_enrolment(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(7)]
    with store.write() as tx:
        other = a_gallery(tx, "other")
        for number, new in enumerate(news):
            references.add_many(tx, gallery.id, [new])
            references.add_many(tx, other.id, [a_reference() for _ in range(number % 3)])
        subjects.create(tx, gallery.id, "ada", created_at=NOW)
        subjects.create(tx, other.id, "ada", created_at=NOW)
        subjects.associate(tx, gallery.id, "ada", [news[5].face_id, news[2].face_id])
    with store.read() as tx:
        found: list[str] = []
        after = 0
        while page := references.list_page(tx, gallery.id, after_sequence=after, limit=3):
            found += [reference.face_id for reference in page]
            after = page[-1].sequence
        assert found == [new.face_id for new in news]

        def listed(**which: object) -> list[str]:
            page = references.list_page(tx, gallery.id, limit=10, **which)  # type: ignore[arg-type]
            assert all(reference.subject == which["subject"] for reference in page)
            return [reference.face_id for reference in page]

        assert listed(subject="ada") == [news[2].face_id, news[5].face_id]
        assert listed(subject="ada", face_ids=[news[5].face_id, news[1].face_id]) == [news[5].face_id]
        assert references.list_page(tx, gallery.id, limit=10, face_ids=[]) == []
        with pytest.raises(SubjectNotFoundError):
            listed(subject="bob")


def test_templates_stream_in_order_in_batches(store: RecordStore, gallery: GalleryRow) -> None:
    news = [a_reference() for _ in range(25)]
    with store.write() as tx:
        sequences = references.add_many(tx, gallery.id, news)
        references.add_many(tx, a_gallery(tx, "other").id, [a_reference()])
    with store.read() as tx:
        batches = list(references.templates(tx, gallery.id, batch=10))
        assert [len(batch.sequences) for batch in batches] == [10, 10, 5]
        assert np.concatenate([batch.sequences for batch in batches]).tolist() == sequences
        assert [face_id for batch in batches for face_id in batch.face_ids] == [new.face_id for new in news]
        np.testing.assert_array_equal(
            np.concatenate([batch.templates for batch in batches]), np.stack([new.template for new in news])
        )
        (rest,) = references.templates(tx, gallery.id, after_sequence=sequences[22])
        assert rest.sequences.tolist() == sequences[23:]
        assert list(references.templates(tx, gallery.id + 99)) == []


def test_an_iterator_left_half_way_does_not_keep_the_log(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        references.add_many(tx, gallery.id, [a_reference() for _ in range(50)])
    with store.read() as tx:
        iterator = references.templates(tx, gallery.id, batch=10)
        next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    assert store.scrub()


def test_a_photograph_goes_with_its_last_reference(store: RecordStore, gallery: GalleryRow) -> None:
    image = identifier()
    first, second = a_reference(image_id=image), a_reference(image_id=image)
    digest = b"\x05" * 32
    with store.write() as tx:
        references.add_many(tx, gallery.id, [first, second])
        images.remember(tx, gallery.id, digest, None, image)
        photographs.put(tx, image, "reference", b"bytes", media_type="image/jpeg", created_at=NOW)
        assert [found.face_id for found in references.of_image(tx, gallery.id, image)] == [
            first.face_id,
            second.face_id,
        ]
        references.delete_many(tx, gallery.id, [first.face_id])
        assert images.find(tx, gallery.id, digest, None) == image
        assert photographs.get(tx, image) == b"bytes"
        references.delete_many(tx, gallery.id, [second.face_id])
        assert images.find(tx, gallery.id, digest, None) is None
        with pytest.raises(NotFoundError):
            photographs.get(tx, image)


def test_an_image_is_known_by_bytes_and_external_id_together(store: RecordStore, gallery: GalleryRow) -> None:
    digest = b"\x05" * 32
    with store.write() as tx:
        other = a_gallery(tx, "other")
        for external_id in (None, "a", "A"):
            assert images.find(tx, gallery.id, digest, external_id) is None
            images.remember(tx, gallery.id, digest, external_id, f"image {external_id}")
        for external_id in (None, "a", "A"):
            assert images.find(tx, gallery.id, digest, external_id) == f"image {external_id}"
        assert images.find(tx, other.id, digest, None) is None


def test_references_of_other_galleries_are_out_of_reach(store: RecordStore, gallery: GalleryRow) -> None:
    new = a_reference()
    with store.write() as tx:
        other = a_gallery(tx, "other")
        references.add_many(tx, gallery.id, [new])
        assert references.get_many(tx, other.id, [new.face_id]) == {}
        assert references.of_image(tx, other.id, new.image_id) == []
        assert references.delete_many(tx, other.id, [new.face_id]) == {}
        assert references.list_page(tx, other.id, limit=9, face_ids=[new.face_id]) == []
        with pytest.raises(ReferenceNotFoundError):
            references.template_of(tx, other.id, new.face_id)
