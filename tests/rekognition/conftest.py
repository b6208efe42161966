from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rekognition import pictures
from rekognition.processes import Server
from rekognition.raw import Raw


@pytest.fixture
def raw(live_server: Server) -> Iterator[Raw]:
    """A kept connection to the shared server, for requests that no SDK would send."""
    with Raw(live_server) as connection:
        yield connection


class Mugshots(NamedTuple):
    """A collection with the first photograph of each MEDS-II subject, and the later ones to search with."""

    collection: str
    face_ids: dict[str, str]
    probes: dict[str, list[Path]]


@pytest.fixture(scope="session")
def mugshots(rekognition: Any, faces: Path) -> Iterator[Mugshots]:
    """Fifty people; ExternalImageId is the subject's number.  Tests only search here."""
    subjects = pictures.mugshots(faces)
    face_ids = {}
    rekognition.create_collection(CollectionId="mugshots")
    for subject, (first, *_) in subjects.items():
        answer = rekognition.index_faces(
            CollectionId="mugshots",
            Image={"Bytes": first.read_bytes()},
            ExternalImageId=subject,
            MaxFaces=1,
            QualityFilter="NONE",
        )
        (record,) = answer["FaceRecords"]
        face_ids[subject] = record["Face"]["FaceId"]
    yield Mugshots("mugshots", face_ids, {subject: paths[1:] for subject, paths in subjects.items() if paths[1:]})
    rekognition.delete_collection(CollectionId="mugshots")
