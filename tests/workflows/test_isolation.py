"""What one gallery, or one failure, must not do to another."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recognizance.biometrics import Pose, Quality, QualityLevel, RelativeBox
from recognizance.bootstrap import open_place
from recognizance.errors import GalleryNotFoundError, InvalidRequestError, NoFaceError, NotFoundError
from recognizance.records import entries
from recognizance.settings import read_settings
from recognizance.workflows import exchange, galleries
from recognizance.workflows.act import Act
from recognizance.workflows.engine import Photograph
from recognizance.workflows.enrol import Enrolment, enrol
from recognizance.workflows.first_start import ADMINISTRATOR
from recognizance.workflows.place import Workplace
from recognizance.workflows.search import REFERENCES, search_by_photograph, search_by_reference

ACT = Act(ADMINISTRATOR, "AKIATEST", "Test", "request")


@pytest.fixture
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    cache = tmp_path_factory.getbasetemp() / "cache"
    with open_place(read_settings(home=tmp_path / "home", cache=cache)) as place:
        for name in ("a", "b"):
            galleries.create_gallery(place, ACT, name)
        yield place


def photograph(path: Path) -> Photograph:
    return lambda: (path.read_bytes(), 10**7)


def put(place: Workplace, name: str, path: Path) -> Enrolment:
    return enrol(place, ACT, name, photograph(path), external_id=None, faces_max=None, quality=QualityLevel.AUTO)


def incoming(place: Workplace, face_id: str, image_id: str) -> exchange.Incoming:
    template = np.zeros(place.engine.dimension, dtype=np.float32)
    template[0] = 1
    box = RelativeBox(0, 0, 1, 1)
    return exchange.Incoming(
        face_id, image_id, None, None, box, ((0, 0),) * 5, 0.9, Pose(0, 0, 0), Quality(50, 50), template
    )


def test_a_gallery_cannot_reach_another_s_photographs_by_import(place: Workplace, faces: Path) -> None:
    mugshots = faces / "meds2" / "images"
    done = put(place, "b", mugshots / "S001-01-t10_01.jpg")
    image_id = done.enrolled[0][0].image_id
    fresh = "00000000-0000-4000-8000-000000000001"
    with pytest.raises(InvalidRequestError, match="another gallery"):
        exchange.import_references(place, ACT, "a", place.engine.model, [incoming(place, fresh, image_id)])
    with pytest.raises(InvalidRequestError, match="another gallery"):
        exchange.import_photograph(
            place,
            ACT,
            "a",
            photograph(mugshots / "S001-01-t10_01.jpg"),
            image_id=image_id,
            external_id=None,
            faces=[exchange.NamedFace(fresh, done.enrolled[0][0].box, None)],
        )
    with pytest.raises(NotFoundError):
        exchange.read_photograph(place, ACT, "a", image_id)
    galleries.delete_gallery(place, ACT, "a")
    kept, _ = exchange.read_photograph(place, ACT, "b", image_id)
    assert kept.data == (mugshots / "S001-01-t10_01.jpg").read_bytes()


def test_an_image_id_stays_with_its_photograph(place: Workplace, faces: Path) -> None:
    mugshots = faces / "meds2" / "images"
    done = put(place, "b", mugshots / "S001-01-t10_01.jpg")
    reference = done.enrolled[0][0]
    with pytest.raises(InvalidRequestError, match="another photograph"):
        exchange.import_photograph(
            place,
            ACT,
            "b",
            photograph(mugshots / "S012-01-t10_01.jpg"),
            image_id=reference.image_id,
            external_id=None,
            faces=[exchange.NamedFace("00000000-0000-4000-8000-000000000002", reference.box, None)],
        )


def test_a_face_id_twice_in_one_import_is_refused(place: Workplace) -> None:
    identifiers = ("00000000-0000-4000-8000-000000000003", "00000000-0000-4000-8000-000000000004")
    twice = [incoming(place, *identifiers)] * 2
    with pytest.raises(InvalidRequestError, match="twice"):
        exchange.import_references(place, ACT, "a", place.engine.model, twice)


def test_a_deleted_and_recreated_gallery_is_empty_and_searchable(place: Workplace, faces: Path) -> None:
    mugshot = faces / "meds2" / "images" / "S001-01-t10_01.jpg"
    face_id = put(place, "a", mugshot).enrolled[0][0].face_id
    galleries.delete_gallery(place, ACT, "a")
    with pytest.raises(GalleryNotFoundError):
        put(place, "a", mugshot)
    galleries.create_gallery(place, ACT, "a")
    with pytest.raises(NotFoundError):
        search_by_reference(place, ACT, "a", face_id, among=REFERENCES, limit=5, threshold_percent=0)
    again = put(place, "a", mugshot)
    found = search_by_photograph(
        place,
        ACT,
        "a",
        photograph(mugshot),
        among=REFERENCES,
        limit=5,
        threshold_percent=80,
        quality=QualityLevel.NONE,
    )
    assert [lead.candidate.identifier for lead in found.leads] == [again.enrolled[0][0].face_id]


def test_a_failed_act_is_on_record(place: Workplace, tmp_path: Path) -> None:
    import PIL.Image

    blank = tmp_path / "blank.png"
    PIL.Image.new("RGB", (200, 200), "grey").save(blank)
    with pytest.raises(NoFaceError):
        search_by_photograph(
            place,
            ACT,
            "a",
            photograph(blank),
            among=REFERENCES,
            limit=5,
            threshold_percent=80,
            quality=QualityLevel.NONE,
        )
    with place.store.read() as tx:
        last = entries.get(tx, entries.count(tx) - 1)
    assert last is not None
    assert b'"decision":"failed"' in last.body
    assert b'"failure":"NoFaceError"' in last.body


def test_memory_follows_the_record_after_a_failure_between_them(place: Workplace, faces: Path) -> None:
    """A fault after the commit makes the gallery load anew: the record is right."""
    mugshot = faces / "meds2" / "images" / "S001-01-t10_01.jpg"
    gallery, _ = galleries.describe_gallery(place, ACT, "a")
    assert len(place.shelf.references(gallery.gallery)) == 0
    with pytest.raises(MemoryError), place.shelf.changing(gallery.gallery):
        raise MemoryError
    face_id = put(place, "a", mugshot).enrolled[0][0].face_id
    found = search_by_reference(place, ACT, "a", face_id, among=REFERENCES, limit=5, threshold_percent=0)
    assert found.references_searched == 1
