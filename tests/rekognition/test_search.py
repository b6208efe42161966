"""Searches by photograph and by face."""

import uuid
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from recognizance.bootstrap import open_calibration
from recognizance.settings import read_settings
from rekognition.conftest import Mugshots
from rekognition.pictures import encoded, upright, without_face
from rekognition.refusals import refusal

SHIPPED = open_calibration(read_settings())


def similarities(answer: dict[str, Any]) -> list[float]:
    return [match["Similarity"] for match in answer["FaceMatches"]]


def names(answer: dict[str, Any]) -> list[str]:
    return [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]]


# --- by photograph ----------------------------------------------------------------------------------


def test_mates_are_first_and_strangers_below_eighty(rekognition: Any, mugshots: Mugshots) -> None:
    searched = 0
    for subject, probes in mugshots.probes.items():
        for probe in probes[:3]:
            answer = rekognition.search_faces_by_image(
                CollectionId=mugshots.collection, Image={"Bytes": probe.read_bytes()}, FaceMatchThreshold=0
            )
            assert names(answer)[0] == subject, probe.name
            first, second, *_ = similarities(answer)
            assert first >= 80 > second, probe.name
            searched += 1
    assert searched >= 30


def test_what_a_search_tells(rekognition: Any, mugshots: Mugshots) -> None:
    probe = {"Bytes": mugshots.probes["1"][0].read_bytes()}
    answer = rekognition.search_faces_by_image(CollectionId=mugshots.collection, Image=probe)
    (face,) = rekognition.detect_faces(Image=probe)["FaceDetails"]
    assert answer["SearchedFaceBoundingBox"] == face["BoundingBox"]
    assert answer["SearchedFaceConfidence"] == face["Confidence"]
    assert names(answer) == ["1"], "80 unless asked otherwise"
    assert answer["FaceMatches"][0]["Face"]["FaceId"] == mugshots.face_ids["1"]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert uuid.UUID(headers["x-recognizance-search"])
    assert headers["x-recognizance-threshold-applied"] == "80"
    assert headers["x-recognizance-references-searched"] == "50"
    expected = float(headers["x-recognizance-expected-false-candidates"])
    assert 0 < expected < 0.05
    overall, worst = (float(headers[f"x-recognizance-{whose}false-match-rate"]) for whose in ("", "worst-group-"))
    assert overall == pytest.approx(1e-5, rel=0.01)
    assert worst > overall
    assert expected == pytest.approx(50 * worst, rel=0.01)
    assert headers["x-recognizance-worst-group"] in SHIPPED.groups
    bases = {headers[f"x-recognizance-{whose}false-match-rate-basis"] for whose in ("", "worst-group-")}
    assert bases <= {"measured", "fitted"}


def test_beyond_what_was_counted_rates_are_called_fitted(rekognition: Any, mugshots: Mugshots) -> None:
    probe = {"Bytes": mugshots.probes["1"][0].read_bytes()}
    for threshold, basis in ((60, "measured"), (100, "fitted")):
        answer = rekognition.search_faces_by_image(
            CollectionId=mugshots.collection, Image=probe, FaceMatchThreshold=threshold
        )
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-recognizance-false-match-rate-basis"] == basis
        assert headers["x-recognizance-worst-group-false-match-rate-basis"] == basis


def test_candidates_are_ordered_and_at_the_threshold(rekognition: Any, mugshots: Mugshots) -> None:
    probe = {"Bytes": mugshots.probes["44"][0].read_bytes()}
    found = {
        threshold: rekognition.search_faces_by_image(
            CollectionId=mugshots.collection, Image=probe, FaceMatchThreshold=threshold
        )
        for threshold in (0, 30.5, 50, 80, 99, 100)
    }
    everything = found[0]
    assert len(everything["FaceMatches"]) == 50
    assert similarities(everything) == sorted(similarities(everything), reverse=True)
    for threshold, answer in found.items():
        expected = [
            name for name, value in zip(names(everything), similarities(everything), strict=True) if value >= threshold
        ]
        assert names(answer) == expected
    assert 0 < len(names(found[50])) < 50


@pytest.mark.parametrize("limit", [1, 7, 4096])
def test_max_faces_of_a_search(rekognition: Any, mugshots: Mugshots, limit: int) -> None:
    probe = {"Bytes": mugshots.probes["8"][0].read_bytes()}
    everything = rekognition.search_faces_by_image(CollectionId=mugshots.collection, Image=probe, FaceMatchThreshold=0)
    answer = rekognition.search_faces_by_image(
        CollectionId=mugshots.collection, Image=probe, FaceMatchThreshold=0, MaxFaces=limit
    )
    assert answer["FaceMatches"] == everything["FaceMatches"][:limit]


def test_the_largest_face_is_searched(rekognition: Any, mugshots: Mugshots) -> None:
    canvas = PIL.Image.new("RGB", (960, 600), "grey")
    with PIL.Image.open(mugshots.probes["1"][0]) as small, PIL.Image.open(mugshots.probes["6"][0]) as large:
        canvas.paste(small.resize((200, 250)), (100, 100))
        canvas.paste(large.resize((480, 600)), (480, 0))
    answer = rekognition.search_faces_by_image(
        CollectionId=mugshots.collection, Image={"Bytes": encoded(canvas, "JPEG", quality=92)}
    )
    assert names(answer) == ["6"]


def test_a_probe_without_face_is_refused(rekognition: Any, mugshots: Mugshots) -> None:
    refused = refusal(
        rekognition.search_faces_by_image, CollectionId=mugshots.collection, Image={"Bytes": without_face()}
    )
    assert (refused.code, refused.status) == ("InvalidParameterException", 400)
    assert refused.message.startswith("There are no faces in the image. Should be at least 1.")


def test_a_filtered_probe_is_refused_with_reasons(rekognition: Any, mugshots: Mugshots, faces: Path) -> None:
    profile = {"Bytes": (faces / "london" / "neutral_left_profile" / "005.jpg").read_bytes()}
    rekognition.search_faces_by_image(CollectionId=mugshots.collection, Image=profile)
    refused = refusal(
        rekognition.search_faces_by_image, CollectionId=mugshots.collection, Image=profile, QualityFilter="HIGH"
    )
    assert refused.code == "InvalidParameterException"
    assert "EXTREME_POSE" in refused.message


def test_an_empty_collection_has_no_candidates(rekognition: Any, collection: str, faces: Path) -> None:
    answer = rekognition.search_faces_by_image(
        CollectionId=collection, Image={"Bytes": upright(faces)}, FaceMatchThreshold=0
    )
    assert answer["FaceMatches"] == []
    assert answer["SearchedFaceConfidence"] > 90


def test_a_face_is_found_as_soon_as_it_is_indexed(rekognition: Any, collection: str, mugshots: Mugshots) -> None:
    for subject, (probe, *_) in list(mugshots.probes.items())[:4]:
        image = {"Bytes": probe.read_bytes()}
        rekognition.index_faces(CollectionId=collection, Image=image, ExternalImageId=subject)
        answer = rekognition.search_faces_by_image(CollectionId=collection, Image=image)
        assert names(answer)[0] == subject
        assert similarities(answer)[0] == 100


def test_the_same_search_gives_the_same_evidence(rekognition: Any, mugshots: Mugshots) -> None:
    probe = {"Bytes": mugshots.probes["33"][0].read_bytes()}
    answers = [
        rekognition.search_faces_by_image(CollectionId=mugshots.collection, Image=probe, FaceMatchThreshold=0)
        for _ in range(3)
    ]
    assert answers[0]["FaceMatches"] == answers[1]["FaceMatches"] == answers[2]["FaceMatches"]


# --- by face ----------------------------------------------------------------------------------------


def test_a_face_never_finds_itself(rekognition: Any, mugshots: Mugshots) -> None:
    for face_id in list(mugshots.face_ids.values())[:10]:
        answer = rekognition.search_faces(
            CollectionId=mugshots.collection, FaceId=face_id, FaceMatchThreshold=0, MaxFaces=4096
        )
        found = [match["Face"]["FaceId"] for match in answer["FaceMatches"]]
        assert answer["SearchedFaceId"] == face_id
        assert face_id not in found
        assert len(found) == 49
        assert similarities(answer) == sorted(similarities(answer), reverse=True)


def test_limits_of_a_search_by_face_leave_the_probe_out_first(rekognition: Any, mugshots: Mugshots) -> None:
    face_id = mugshots.face_ids["1"]
    everything = rekognition.search_faces(CollectionId=mugshots.collection, FaceId=face_id, FaceMatchThreshold=0)
    one = rekognition.search_faces(CollectionId=mugshots.collection, FaceId=face_id, FaceMatchThreshold=0, MaxFaces=1)
    assert one["FaceMatches"] == everything["FaceMatches"][:1]
    assert similarities(rekognition.search_faces(CollectionId=mugshots.collection, FaceId=face_id)) == [
        value for value in similarities(everything) if value >= 80
    ]


def test_mates_find_each_other(rekognition: Any, collection: str, mugshots: Mugshots) -> None:
    indexed = {}
    for subject in ("1", "6", "8"):
        for probe in mugshots.probes[subject][:2]:
            answer = rekognition.index_faces(
                CollectionId=collection, Image={"Bytes": probe.read_bytes()}, ExternalImageId=subject
            )
            indexed[answer["FaceRecords"][0]["Face"]["FaceId"]] = subject
    for face_id, subject in indexed.items():
        answer = rekognition.search_faces(CollectionId=collection, FaceId=face_id)
        assert names(answer) == [subject]
        assert answer["FaceMatches"][0]["Face"]["FaceId"] != face_id


def test_an_unknown_face(rekognition: Any, mugshots: Mugshots) -> None:
    absent = str(uuid.uuid4())
    refused = refusal(rekognition.search_faces, CollectionId=mugshots.collection, FaceId=absent)
    assert refused.code in ("InvalidParameterException", "ResourceNotFoundException")
    assert absent in refused.message
