"""Several photographs in one request: an outcome and an entry for each, and all of it at once."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publication.asking import entries_from, size_of
from rekognition.processes import Server
from rekognition.refusals import refusal


@pytest.fixture
def native(live_server: Server) -> Iterator[Any]:
    client = live_server.native()
    yield client
    client.close()


@pytest.fixture
def gallery(native: Any) -> str:
    name = f"many-{uuid.uuid4().hex[:8]}"
    native.create_gallery(Gallery=name)
    return name


def portraits(faces: Path, count: int) -> list[bytes]:
    return [path.read_bytes() for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:count]]


def test_each_photograph_has_its_outcome_and_its_entry(
    live_server: Server, native: Any, gallery: str, faces: Path
) -> None:
    ada, ben = portraits(faces, 2)
    size = size_of(live_server)
    wanted = [
        {"Photograph": ada, "ExternalId": "ada"},
        {"Photograph": b"no photograph"},
        {"Photograph": ben, "ExternalId": "ben"},
        {"Photograph": ada, "ExternalId": "ada"},
    ]
    answer = native.enrol_photographs(Gallery=gallery, Photographs=wanted)
    first, broken, second, again = answer["Outcomes"]
    assert [outcome.get("Stored") for outcome in (first, broken, second, again)] == [1, None, 1, 0]
    assert broken["ErrorCode"] == "InvalidImageFormatException"
    assert broken["ErrorMessage"]
    assert [outcome["References"][0]["ExternalId"] for outcome in (first, second, again)] == ["ada", "ben", "ada"]
    assert again["References"][0]["FaceId"] == first["References"][0]["FaceId"], "the same bytes are stored once"

    request = answer["ResponseMetadata"]["RequestId"]
    entries = [entry for entry in entries_from(live_server, size) if entry["details"].get("request") == request]
    assert [entry["index"] for entry in entries] == [outcome["Entry"] for outcome in answer["Outcomes"]]
    assert [entry["decision"] for entry in entries] == ["allowed", "failed", "allowed", "allowed"]
    assert {entry["kind"] for entry in entries} == {"enrol"}
    assert [entry["details"].get("faces") for entry in entries] == [
        [first["References"][0]["FaceId"]],
        None,
        [second["References"][0]["FaceId"]],
        [],
    ]
    assert entries[1]["details"]["failure"] == "ImageFormatError"
    assert all("gallery_name" in entry["commitments"] for entry in entries)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"] == str(again["Entry"])
    found = native.search_gallery(Gallery=gallery, Photograph=ben)["Candidates"]
    assert [candidate["ExternalId"] for candidate in found] == ["ben"]


def test_a_batch_is_the_same_as_one_after_the_other(native: Any, gallery: str, faces: Path) -> None:
    other = f"{gallery}-single"
    native.create_gallery(Gallery=other)
    wanted = portraits(faces, 5)
    together = native.enrol_photographs(Gallery=gallery, Photographs=[{"Photograph": data} for data in wanted])
    for data, outcome in zip(wanted, together["Outcomes"], strict=True):
        alone = native.enrol_photograph(Gallery=other, Photograph=data)
        assert [row["Face"] for row in alone["References"]] == [row["Face"] for row in outcome["References"]]
    scores = [native.search_gallery(Gallery=name, Photograph=wanted[0])["Candidates"][0] for name in (gallery, other)]
    assert scores[0]["Score"] == scores[1]["Score"]


def test_what_concerns_the_request_refuses_all_of_it(
    live_server: Server, native: Any, gallery: str, faces: Path
) -> None:
    (ada,) = portraits(faces, 1)
    named_wrongly = [{"Photograph": ada}, {"Photograph": ada, "ExternalId": "not allowed!"}]
    for wanted, options, code in (
        (named_wrongly, {}, "InvalidParameterException"),
        ([], {}, "InvalidParameterException"),
        ([{"Photograph": ada}] * 17, {}, "InvalidParameterException"),
        ([{"Photograph": ada}] * 2, {"Gallery": "nowhere"}, "ResourceNotFoundException"),
    ):
        size = size_of(live_server)
        request = {"Gallery": gallery, "Photographs": wanted, **options}
        assert refusal(native.enrol_photographs, **request).code == code
        assert len(entries_from(live_server, size)) == 1
    assert native.search_gallery(Gallery=gallery, Photograph=ada)["Candidates"] == []
