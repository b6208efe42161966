"""DetectFaces and CompareFaces."""

from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from rekognition.pictures import encoded, jpeg, many_faces, upright, without_face
from rekognition.processes import Server
from rekognition.refusals import refusal

DEFAULT = {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}


def detect(rekognition: Any, path: Path, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rekognition.detect_faces(Image={"Bytes": path.read_bytes()}, **options)["FaceDetails"]
    return found


# --- DetectFaces ------------------------------------------------------------------------------------


def test_a_mugshot(rekognition: Any, faces: Path) -> None:
    (face,) = detect(rekognition, faces / "broken" / "meds-aa-S001-01.jpg")
    assert face.keys() == DEFAULT
    # The face in the 480×600 photograph, by eye.
    expected = {"Left": 0.22, "Top": 0.28, "Width": 0.48, "Height": 0.56}
    assert face["BoundingBox"] == pytest.approx(expected, abs=0.04)
    assert face["Confidence"] > 90
    assert all(abs(face["Pose"][angle]) < 10 for angle in ("Roll", "Yaw", "Pitch"))
    assert all(10 < face["Quality"][name] < 100 for name in ("Brightness", "Sharpness"))


def test_landmarks_lie_as_in_a_face(rekognition: Any, faces: Path) -> None:
    found = rekognition.detect_faces(Image={"Bytes": many_faces(faces)})["FaceDetails"]
    found += detect(rekognition, faces / "broken" / "meds-aa-S001-01.jpg")
    for face in found:
        box = face["BoundingBox"]
        points = {each["Type"]: (each["X"], each["Y"]) for each in face["Landmarks"]}
        assert points.keys() == {"eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight"}
        assert all(box["Left"] < x < box["Left"] + box["Width"] for x, _ in points.values())
        assert all(box["Top"] < y < box["Top"] + box["Height"] for _, y in points.values())
        assert points["eyeLeft"][0] < points["eyeRight"][0], "left is the viewer's"
        assert points["mouthLeft"][0] < points["mouthRight"][0]
        eyes = max(points["eyeLeft"][1], points["eyeRight"][1])
        assert eyes < min(points["mouthLeft"][1], points["mouthRight"][1])


def test_a_group_is_listed_largest_first_within_the_picture(rekognition: Any, faces: Path) -> None:
    found = rekognition.detect_faces(Image={"Bytes": many_faces(faces)})["FaceDetails"]
    areas = [face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"] for face in found]
    assert len(areas) > 20
    assert areas == sorted(areas, reverse=True)
    for box in (face["BoundingBox"] for face in found):
        assert -0.2 < box["Left"] < box["Left"] + box["Width"] < 1.2
        assert -0.2 < box["Top"] < box["Top"] + box["Height"] < 1.2


@pytest.mark.parametrize(
    ("pose", "least", "most"),
    [
        ("neutral_left_profile", -90, -50),
        ("neutral_left_3quarter", -70, -15),
        ("neutral_front", -15, 15),
        ("neutral_right_3quarter", 15, 70),
        ("neutral_right_profile", 50, 90),
    ],
)
def test_yaw_has_the_sign_of_the_turn(rekognition: Any, faces: Path, pose: str, least: float, most: float) -> None:
    for path in sorted((faces / "london" / pose).glob("*.jpg"))[:4]:
        (face, *_) = detect(rekognition, path)
        assert least <= face["Pose"]["Yaw"] <= most, path.name


@pytest.mark.parametrize("degrees", [-20, 20])
def test_roll_has_the_sign_of_the_tilt(rekognition: Any, faces: Path, degrees: int) -> None:
    with PIL.Image.open(faces / "broken" / "meds-aa-S001-01.jpg") as picture:
        tilted = picture.rotate(-degrees, fillcolor="grey", resample=PIL.Image.Resampling.BICUBIC)
    (face,) = rekognition.detect_faces(Image={"Bytes": encoded(tilted, "JPEG")})["FaceDetails"]
    assert face["Pose"]["Roll"] == pytest.approx(degrees, abs=8), "positive is clockwise, as the viewer sees it"


@pytest.mark.parametrize(
    ("attributes", "more"),
    [
        ([], set()),
        (["DEFAULT"], set()),
        (["SMILE", "FACE_OCCLUDED"], set()),
        (["ALL"], {"AgeRange", "Gender"}),
        (["DEFAULT", "ALL"], {"AgeRange", "Gender"}),
        (["AGE_RANGE", "SMILE"], {"AgeRange"}),
        (["DEFAULT", "GENDER"], {"Gender"}),
    ],
)
def test_attributes_that_are_asked_for_and_have_weights(
    rekognition: Any, live_server: Server, faces: Path, attributes: list[str], more: set[str]
) -> None:
    options = {"Attributes": attributes} if attributes else {}
    answer = rekognition.detect_faces(
        Image={"Bytes": (faces / "broken" / "meds-aa-S001-01.jpg").read_bytes()}, **options
    )
    (face,) = answer["FaceDetails"]
    assert face.keys() == DEFAULT | more
    if "Gender" in more:
        assert face["Gender"]["Value"] == "Female"
        assert 50 <= face["Gender"]["Confidence"] <= 100
    if "AgeRange" in more:
        assert face["AgeRange"]["Low"] <= 31 <= face["AgeRange"]["High"], "as recorded with the mugshot"
    index = int(answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    assert live_server.entries()[index]["details"].get("attributes") is (True if more else None)


def test_no_face_is_an_empty_list(rekognition: Any) -> None:
    assert rekognition.detect_faces(Image={"Bytes": without_face()})["FaceDetails"] == []


@pytest.mark.parametrize("side_px", [1920, 3000])
def test_small_faces_of_large_photographs(rekognition: Any, faces: Path, side_px: int) -> None:
    """A face of 40 px in a photograph of 1920 px, scaling up, as Rekognition promises."""
    with PIL.Image.open(faces / "broken" / "meds-aa-S001-01.jpg") as picture:
        (known,) = detect(rekognition, faces / "broken" / "meds-aa-S001-01.jpg")
        face_px = known["BoundingBox"]["Width"] * picture.width
        scale = 44 * side_px / 1920 / face_px
        small = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    canvas = PIL.Image.new("RGB", (side_px, side_px * 9 // 16), "grey")
    canvas.paste(small, (side_px // 2, side_px // 4))
    assert len(rekognition.detect_faces(Image={"Bytes": encoded(canvas, "JPEG", quality=92)})["FaceDetails"]) == 1


def test_a_face_that_fills_6000_pixels(rekognition: Any, faces: Path) -> None:
    with PIL.Image.open(faces / "broken" / "meds-aa-S001-01.jpg") as picture:
        close = picture.crop((85, 150, 360, 500)).resize((6000, 7636))
    found = rekognition.detect_faces(Image={"Bytes": encoded(close, "JPEG", quality=40)})["FaceDetails"]
    assert len(found) == 1
    assert found[0]["BoundingBox"]["Width"] > 0.6


# --- CompareFaces -----------------------------------------------------------------------------------


def pasted(*paths: Path) -> bytes:
    """Put portraits side by side."""
    canvas = PIL.Image.new("RGB", (480 * len(paths), 600), "grey")
    for position, path in enumerate(paths):
        with PIL.Image.open(path) as picture:
            canvas.paste(picture.resize((480, 600)), (480 * position, 0))
    return encoded(canvas, "JPEG", quality=92)


@pytest.fixture
def people(faces: Path) -> dict[str, Path]:
    folder = faces / "meds2" / "images"
    return {
        "ada": folder / "S001-01-t10_01.jpg",
        "ada later": folder / "S001-03-t10_01.jpg",
        "bob": folder / "S033-02-t10_01.jpg",
        "eve": folder / "S006-01-t10_01.jpg",
    }


def left_edges(items: list[dict[str, Any]]) -> list[int]:
    return [round(item["BoundingBox"]["Left"] * 3 - 0.25) for item in items]


def test_matches_and_strangers_are_split(rekognition: Any, people: dict[str, Path]) -> None:
    target = pasted(people["bob"], people["ada later"], people["eve"])
    answer = rekognition.compare_faces(SourceImage={"Bytes": people["ada"].read_bytes()}, TargetImage={"Bytes": target})
    (match,) = answer["FaceMatches"]
    assert match["Similarity"] > 95
    assert left_edges([match["Face"]]) == [1]
    assert sorted(left_edges(answer["UnmatchedFaces"])) == [0, 2]
    assert match["Face"].keys() == DEFAULT
    assert answer["SourceImageFace"].keys() == {"BoundingBox", "Confidence"}
    assert "SourceImageOrientationCorrection" not in answer


def test_thresholds_of_a_comparison(rekognition: Any, people: dict[str, Path]) -> None:
    source = {"Bytes": people["ada"].read_bytes()}
    target = {"Bytes": pasted(people["bob"], people["ada later"], people["eve"])}
    everything = rekognition.compare_faces(SourceImage=source, TargetImage=target, SimilarityThreshold=0)
    similarities = [match["Similarity"] for match in everything["FaceMatches"]]
    assert len(similarities) == 3
    assert similarities == sorted(similarities, reverse=True)
    assert everything["UnmatchedFaces"] == []
    strict = rekognition.compare_faces(SourceImage=source, TargetImage=target, SimilarityThreshold=100)
    assert [match["Similarity"] for match in strict["FaceMatches"]] == [each for each in similarities if each == 100]
    assert len(strict["UnmatchedFaces"]) + len(strict["FaceMatches"]) == 3
    at = rekognition.compare_faces(SourceImage=source, TargetImage=target, SimilarityThreshold=similarities[1])
    assert len(at["FaceMatches"]) in (1, 2), "a threshold is a float on the wire"
    same = rekognition.compare_faces(SourceImage=source, TargetImage=source, SimilarityThreshold=100)
    assert [match["Similarity"] for match in same["FaceMatches"]] == [100]
    assert same["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-threshold-applied"] == "100"


def test_the_largest_face_of_the_source_is_compared(rekognition: Any, people: dict[str, Path]) -> None:
    with PIL.Image.open(people["bob"]) as large, PIL.Image.open(people["ada"]) as small:
        canvas = PIL.Image.new("RGB", (960, 600), "grey")
        canvas.paste(small.resize((200, 250)), (60, 100))
        canvas.paste(large.resize((480, 600)), (480, 0))
    answer = rekognition.compare_faces(
        SourceImage={"Bytes": encoded(canvas, "JPEG", quality=92)}, TargetImage={"Bytes": people["bob"].read_bytes()}
    )
    assert answer["SourceImageFace"]["BoundingBox"]["Left"] > 0.5
    assert len(answer["FaceMatches"]) == 1


@pytest.mark.parametrize("side", ["SourceImage", "TargetImage"])
def test_a_side_without_face_is_refused(rekognition: Any, faces: Path, side: str) -> None:
    images = {"SourceImage": {"Bytes": upright(faces)}, "TargetImage": {"Bytes": upright(faces)}}
    refused = refusal(rekognition.compare_faces, **{**images, side: {"Bytes": without_face()}})
    assert refused.code == "InvalidParameterException"
    assert "There are no faces in the image. Should be at least 1." in refused.message


def test_the_quality_filter_of_a_comparison(rekognition: Any, faces: Path) -> None:
    good = {"Bytes": upright(faces)}
    blurred = {"Bytes": jpeg(faces / "london" / "neutral_left_profile" / "005.jpg")}
    assert rekognition.compare_faces(SourceImage=good, TargetImage=blurred)["UnmatchedFaces"]
    filtered = rekognition.compare_faces(SourceImage=good, TargetImage=blurred, QualityFilter="HIGH")
    assert filtered["FaceMatches"] == filtered["UnmatchedFaces"] == []
    refused = refusal(rekognition.compare_faces, SourceImage=blurred, TargetImage=good, QualityFilter="HIGH")
    assert refused.code == "InvalidParameterException"
