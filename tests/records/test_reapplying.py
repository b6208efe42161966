"""A copy of the record that is older than its vault."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from recognizance.errors import ErasedError, NotFoundError, SubjectNotFoundError
from recognizance.records import (
    RecordStore,
    Transaction,
    entries,
    erasures,
    galleries,
    images,
    photographs,
    references,
    searches,
    subjects,
)
from recognizance.records.galleries import GalleryCounts, GalleryRow
from recognizance.records.references import NewReference
from recognizance.records.searches import SearchCandidate, SearchRecord
from records.making import NOW, a_gallery, a_reference, a_search, everything, identifier, open_record


def _person(tx: Transaction, gallery: GalleryRow, name: str, image_id: str | None = None) -> NewReference:
    new = a_reference(image_id=image_id, external_id=f"photograph of {name}")
    references.add_many(tx, gallery.id, [new])
    subjects.create(tx, gallery.id, name, created_at=NOW)
    subjects.associate(tx, gallery.id, name, [new.face_id])
    return new


def _photograph(tx: Transaction, identifier: str, kind: str = "reference") -> int:
    return photographs.put(tx, identifier, kind, b"bytes", media_type="image/png", created_at=NOW)  # type: ignore[arg-type]


def test_what_was_erased_since_a_copy_was_made_is_erased_in_the_copy(
    store: RecordStore, path: Path, gallery: GalleryRow, tmp_path: Path
) -> None:
    group, probe = identifier(), identifier()
    with store.write() as tx:
        leaves, shown = _person(tx, gallery, "leaves", group), _person(tx, gallery, "shown with", group)
        stays, loose = _person(tx, gallery, "stays"), _person(tx, gallery, "loses its name")
        for image in (group, stays.image_id):
            _photograph(tx, image)
        images.remember(tx, gallery.id, b"\x01" * 32, None, group)
        slot = _photograph(tx, probe, "probe")
        known = references.get_many(tx, gallery.id, [leaves.face_id, stays.face_id])
        search: SearchRecord = a_search(
            entries.append(tx, lambda index: b"{}", at=NOW).index,
            gallery,
            probe_photograph=probe,
            probe_slot=slot,
            candidates=tuple(
                SearchCandidate(known[new.face_id].sequence, new.face_id, rank, 0.5, 90.0, 1e-6)
                for rank, new in enumerate((leaves, stays), 1)
            ),
        )
        searches.add(tx, search)
        other = a_gallery(tx, "other")
        gone = _person(tx, other, "in a gallery that goes")
    store.scrub()
    copy = tmp_path / "copy" / path.name
    copy.parent.mkdir(mode=0o700)
    shutil.copy(path, copy)
    with store.write() as tx:
        references.delete_many(tx, gallery.id, [leaves.face_id], with_photographs=True)
        subjects.delete(tx, gallery.id, "leaves")
        subjects.delete(tx, gallery.id, "loses its name")
        photographs.delete(tx, probe)
        galleries.delete_gallery(tx, "other")
    with open_record(copy, keys=path.parent.with_name(path.parent.name + "-keys")) as restored:
        with restored.read() as tx, pytest.raises(ErasedError):
            references.list_page(tx, gallery.id, limit=9)
        # Two references, three subjects, the photographs of the group and of the probe, and the probe's digest.
        assert erasures.reapply(restored) == 8
        assert erasures.reapply(restored) == 0
        assert restored.integrity_check() == []
        files = everything(copy)
        # Their ids are listed for copies of the galleries (`records.changes`), and nowhere else.
        assert [files.count(new.face_id.encode()) for new in (leaves, gone)] == [1, 1]
        with restored.read() as tx:
            page = references.list_page(tx, gallery.id, limit=9)
            assert [(row.face_id, row.subject) for row in page] == [
                (shown.face_id, "shown with"),
                (stays.face_id, "stays"),
                (loose.face_id, None),
            ]
            np.testing.assert_array_equal(references.template_of(tx, gallery.id, shown.face_id), shown.template)
            assert galleries.counts(tx, gallery.id) == GalleryCounts(3, 2)
            assert galleries.counts(tx, galleries.get(tx, "other").id) == GalleryCounts(0, 0)
            assert [row.name for row in subjects.list_page(tx, gallery.id, limit=9)] == ["shown with", "stays"]
            with pytest.raises(SubjectNotFoundError):
                subjects.get(tx, gallery.id, "leaves")
            for photograph in (group, probe):
                with pytest.raises(NotFoundError):
                    photographs.get(tx, photograph)
            assert photographs.get(tx, stays.image_id) == b"bytes"
            assert images.find(tx, gallery.id, b"\x01" * 32, None) == group
            found = searches.get(tx, search.id)
            assert [line.identifier for line in found.candidates] == [None, stays.face_id]
            assert (found.probe, found.probe_slot) == (None, None)


def test_a_record_as_new_as_its_vault_stays_as_it_is(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        for number in range(5):
            _person(tx, gallery, str(number))
        version = galleries.get(tx, gallery.name).version
    assert erasures.reapply(store) == 0
    with store.read() as tx:
        assert galleries.get(tx, gallery.name).version == version
