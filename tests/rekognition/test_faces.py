"""Indexing, listing and deleting faces."""

import uuid
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageEnhance
import PIL.ImageFilter
import pytest

from rekognition.pictures import encoded, jpeg, many_faces, upright, without_face
from rekognition.refusals import refusal


def area(face: dict[str, Any]) -> float:
    box = face["BoundingBox"]
    return float(box["Width"] * box["Height"])


def ids(answer: dict[str, Any]) -> list[str]:
    return [record["Face"]["FaceId"] for record in answer["FaceRecords"]]


def photographs(faces: Path, count: int) -> list[bytes]:
    return [path.read_bytes() for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:count]]


# --- IndexFaces -------------------------------------------------------------------------------------


def test_one_face(rekognition: Any, collection: str, faces: Path) -> None:
    answer = rekognition.index_faces(
        CollectionId=collection,
        Image={"Bytes": upright(faces)},
        ExternalImageId="case:17_a-b.jpg",
        DetectionAttributes=["ALL"],
    )
    (record,) = answer["FaceRecords"]
    face, detail = record["Face"], record["FaceDetail"]
    assert detail["Gender"]["Value"] == "Female"
    assert detail["AgeRange"]["Low"] < detail["AgeRange"]["High"]
    assert answer["UnindexedFaces"] == []
    assert "OrientationCorrection" not in answer
    assert face["ExternalImageId"] == "case:17_a-b.jpg"
    assert uuid.UUID(face["FaceId"]) != uuid.UUID(face["ImageId"])
    assert face["BoundingBox"] == detail["BoundingBox"]
    assert face["Confidence"] == detail["Confidence"] > 90
    assert answer["FaceModelVersion"] == face["IndexFacesModelVersion"]
    assert "UserId" not in face
    assert rekognition.list_faces(CollectionId=collection)["Faces"] == [face]


def test_model_versions_are_of_the_models_pattern(rekognition: Any, collection: str, faces: Path) -> None:
    """The model says ``[0-9\\.]+``; a client that validates what it reads would refuse a name."""
    answer = rekognition.index_faces(CollectionId=collection, Image={"Bytes": upright(faces)})
    version = answer["FaceRecords"][0]["Face"]["IndexFacesModelVersion"]
    assert set(version) <= set("0123456789.")
    assert answer["FaceModelVersion"] == version


def test_a_whole_group_largest_first(rekognition: Any, collection: str, faces: Path) -> None:
    answer = rekognition.index_faces(CollectionId=collection, Image={"Bytes": many_faces(faces)})
    areas = [area(record["Face"]) for record in answer["FaceRecords"]]
    assert len(areas) > 20
    assert areas == sorted(areas, reverse=True)
    assert len({record["Face"]["ImageId"] for record in answer["FaceRecords"]}) == 1
    assert len(set(ids(answer))) == len(areas)


@pytest.mark.parametrize("limit", [1, 3])
def test_max_faces_keeps_the_largest(rekognition: Any, collection: str, faces: Path, limit: int) -> None:
    everything = rekognition.detect_faces(Image={"Bytes": many_faces(faces)}, Attributes=["ALL"])["FaceDetails"]
    answer = rekognition.index_faces(
        CollectionId=collection, Image={"Bytes": many_faces(faces)}, MaxFaces=limit, DetectionAttributes=["ALL"]
    )
    assert [record["FaceDetail"] for record in answer["FaceRecords"]] == everything[:limit]
    assert all(left["FaceDetail"].keys() >= {"AgeRange", "Gender"} for left in answer["UnindexedFaces"])
    assert [face["FaceDetail"] for face in answer["UnindexedFaces"]] == everything[limit:]
    assert {tuple(face["Reasons"]) for face in answer["UnindexedFaces"]} == {("EXCEEDS_MAX_FACES",)}
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == limit


def test_max_faces_drops_low_quality_before_small(rekognition: Any, collection: str, faces: Path) -> None:
    with PIL.Image.open(faces / "broken" / "meds-aa-S001-01.jpg") as sharp:
        pair = PIL.Image.new("RGB", (960, 600), "grey")
        pair.paste(sharp.filter(PIL.ImageFilter.GaussianBlur(8)), (0, 0))
        pair.paste(sharp.resize((240, 300)), (600, 150))
    photograph = {"Bytes": encoded(pair, "JPEG", quality=95)}
    both = rekognition.index_faces(CollectionId=collection, Image=photograph, QualityFilter="NONE")["FaceRecords"]
    assert [record["Face"]["BoundingBox"]["Left"] > 0.5 for record in both] == [False, True], "the blurred is larger"
    rekognition.delete_faces(CollectionId=collection, FaceIds=[record["Face"]["FaceId"] for record in both])
    one = rekognition.index_faces(CollectionId=collection, Image=photograph, QualityFilter="NONE", MaxFaces=1)
    assert one["FaceRecords"][0]["Face"]["BoundingBox"]["Left"] > 0.5
    assert one["UnindexedFaces"][0]["Reasons"] == ["EXCEEDS_MAX_FACES"]
    filtered = rekognition.index_faces(CollectionId=collection, Image=photograph)
    assert ids(filtered) == ids(one)
    assert filtered["UnindexedFaces"][0]["Reasons"] == ["LOW_SHARPNESS"]


def dark(picture: PIL.Image.Image) -> PIL.Image.Image:
    return PIL.ImageEnhance.Brightness(picture).enhance(0.12)


def blurred(picture: PIL.Image.Image) -> PIL.Image.Image:
    return picture.filter(PIL.ImageFilter.GaussianBlur(8))


def tiny(picture: PIL.Image.Image) -> PIL.Image.Image:
    canvas = PIL.Image.new("RGB", (480, 480), "grey")
    canvas.paste(picture.resize((38, 48), PIL.Image.Resampling.LANCZOS), (200, 200))
    return canvas


@pytest.mark.parametrize(
    ("change", "reason"), [(dark, "LOW_BRIGHTNESS"), (blurred, "LOW_SHARPNESS"), (tiny, "SMALL_BOUNDING_BOX")]
)
def test_the_filter_tells_why(
    rekognition: Any,
    collection: str,
    faces: Path,
    change: Callable[[PIL.Image.Image], PIL.Image.Image],
    reason: str,
) -> None:
    with PIL.Image.open(faces / "broken" / "meds-aa-S001-01.jpg") as picture:
        photograph = {"Bytes": encoded(change(picture), "PNG")}
    answer = rekognition.index_faces(CollectionId=collection, Image=photograph)
    assert answer["FaceRecords"] == []
    assert reason in answer["UnindexedFaces"][0]["Reasons"]
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 0
    unfiltered = rekognition.index_faces(CollectionId=collection, Image=photograph, QualityFilter="NONE")
    assert len(unfiltered["FaceRecords"]) == 1


def test_profiles_are_an_extreme_pose(rekognition: Any, collection: str, faces: Path) -> None:
    photograph = {"Bytes": (faces / "london" / "neutral_left_profile" / "005.jpg").read_bytes()}
    answer = rekognition.index_faces(CollectionId=collection, Image=photograph, QualityFilter="HIGH")
    assert answer["FaceRecords"] == []
    assert "EXTREME_POSE" in answer["UnindexedFaces"][0]["Reasons"]


def test_levels_are_ever_stricter(rekognition: Any, collection: str, faces: Path) -> None:
    poses = ("neutral_front", "neutral_left_3quarter", "neutral_left_profile")
    levels = ("NONE", "LOW", "AUTO", "MEDIUM", "HIGH")
    passed: dict[str, set[str]] = {level: set() for level in levels}
    for pose in poses:
        for path in sorted((faces / "london" / pose).glob("*.jpg"))[:4]:
            for level in levels:
                answer = rekognition.index_faces(
                    CollectionId=collection, Image={"Bytes": path.read_bytes()}, QualityFilter=level
                )
                passed[level] |= {f"{pose}/{path.name}"} if answer["FaceRecords"] else set()
    assert len(passed["NONE"]) == 12
    assert all(passed[stricter] <= passed[level] for level, stricter in pairwise(levels))
    assert {name for name in passed["HIGH"] if "profile" in name} == set()
    assert sum("front" in name for name in passed["HIGH"]) >= 3


def test_a_photograph_without_faces_enrols_nobody(rekognition: Any, collection: str) -> None:
    answer = rekognition.index_faces(CollectionId=collection, Image={"Bytes": without_face()})
    assert (answer["FaceRecords"], answer["UnindexedFaces"]) == ([], [])


def test_the_same_bytes_are_stored_once(rekognition: Any, collection: str, faces: Path) -> None:
    photograph = {"Bytes": upright(faces)}
    first = rekognition.index_faces(CollectionId=collection, Image=photograph, ExternalImageId="a")
    assert rekognition.index_faces(CollectionId=collection, Image=photograph, ExternalImageId="a") == {
        **first,
        "ResponseMetadata": AnyMetadata(),
    }
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 1
    others = [
        rekognition.index_faces(CollectionId=collection, Image=photograph, ExternalImageId="b"),
        rekognition.index_faces(CollectionId=collection, Image=photograph),
        rekognition.index_faces(
            CollectionId=collection,
            Image={"Bytes": jpeg(faces / "broken" / "meds-aa-S001-01.jpg")},
            ExternalImageId="a",
        ),
    ]
    assert len({*ids(first), *(face_id for answer in others for face_id in ids(answer))}) == 4
    assert len({answer["FaceRecords"][0]["Face"]["ImageId"] for answer in (first, *others)}) == 4
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 4


class AnyMetadata:
    """Equals whatever metadata an answer has."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict)

    __hash__ = None  # type: ignore[assignment]


def test_a_deleted_face_can_be_indexed_again(rekognition: Any, collection: str, faces: Path) -> None:
    photograph = {"Bytes": upright(faces)}
    first = ids(rekognition.index_faces(CollectionId=collection, Image=photograph, ExternalImageId="a"))
    rekognition.delete_faces(CollectionId=collection, FaceIds=first)
    again = ids(rekognition.index_faces(CollectionId=collection, Image=photograph, ExternalImageId="a"))
    assert len(again) == 1
    assert again != first


def test_more_faces_of_a_known_photograph_are_added_to_it(rekognition: Any, collection: str, faces: Path) -> None:
    photograph = {"Bytes": many_faces(faces)}
    one = rekognition.index_faces(CollectionId=collection, Image=photograph, MaxFaces=1)
    three = rekognition.index_faces(CollectionId=collection, Image=photograph, MaxFaces=3)
    assert ids(three)[:1] == ids(one)
    assert len({record["Face"]["ImageId"] for record in three["FaceRecords"]}) == 1
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 3


def test_collections_are_apart(rekognition: Any, collection: str, faces: Path) -> None:
    other, photograph = f"{collection}-other", {"Bytes": upright(faces)}
    rekognition.create_collection(CollectionId=other)
    here = ids(rekognition.index_faces(CollectionId=collection, Image=photograph))
    there = ids(rekognition.index_faces(CollectionId=other, Image=photograph))
    assert here != there
    assert rekognition.list_faces(CollectionId=other, FaceIds=here)["Faces"] == []
    assert refusal(rekognition.search_faces, CollectionId=other, FaceId=here[0]).code in (
        "InvalidParameterException",
        "ResourceNotFoundException",
    )
    gone = rekognition.delete_faces(CollectionId=other, FaceIds=here)
    assert gone.get("DeletedFaces", []) == []  # the model wants a list of one at least, or none
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 1
    rekognition.delete_collection(CollectionId=other)


def test_exif_orientation_is_applied(rekognition: Any, collection: str, faces: Path) -> None:
    turned = (faces / "broken" / "meds-aa-S001-01-exif-rotation.jpg").read_bytes()
    boxes = []
    for photograph in (upright(faces), turned):
        answer = rekognition.index_faces(CollectionId=collection, Image={"Bytes": photograph})
        boxes.append(answer["FaceRecords"][0]["Face"]["BoundingBox"])
    assert boxes[0] == pytest.approx(boxes[1], abs=0.01)
    (found,) = rekognition.search_faces(
        CollectionId=collection, FaceId=rekognition.list_faces(CollectionId=collection)["Faces"][0]["FaceId"]
    )["FaceMatches"]
    assert found["Similarity"] == 100


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(rekognition: Any, faces: Path, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    turns = {
        2: [PIL.Image.Transpose.FLIP_LEFT_RIGHT],
        3: [PIL.Image.Transpose.ROTATE_180],
        4: [PIL.Image.Transpose.FLIP_TOP_BOTTOM],
        5: [PIL.Image.Transpose.TRANSPOSE],
        6: [PIL.Image.Transpose.ROTATE_90],
        7: [PIL.Image.Transpose.TRANSVERSE],
        8: [PIL.Image.Transpose.ROTATE_270],
    }
    with PIL.Image.open(faces / "broken" / "meds-aa-S001-01.jpg") as picture:
        expected = rekognition.detect_faces(Image={"Bytes": encoded(picture, "JPEG", quality=95)})["FaceDetails"]
        for turn in turns.get(orientation, []):
            picture = picture.transpose(turn)
        turned = encoded(picture, "JPEG", quality=95, exif=exif)
    (found,) = rekognition.detect_faces(Image={"Bytes": turned})["FaceDetails"]
    assert found["BoundingBox"] == pytest.approx(expected[0]["BoundingBox"], abs=0.01)


# --- ListFaces --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 4096])
def test_pages_of_faces_are_in_the_order_of_indexing(rekognition: Any, collection: str, faces: Path, size: int) -> None:
    indexed = [
        face_id
        for photograph in photographs(faces, 5)
        for face_id in ids(rekognition.index_faces(CollectionId=collection, Image={"Bytes": photograph}))
    ]
    pages = list(
        rekognition.get_paginator("list_faces").paginate(CollectionId=collection, PaginationConfig={"PageSize": size})
    )
    assert [len(page["Faces"]) for page in pages] == [len(indexed[at : at + size]) for at in range(0, 5, size)]
    assert [face["FaceId"] for page in pages for face in page["Faces"]] == indexed
    assert "NextToken" not in pages[-1]


def test_filters_of_a_list(rekognition: Any, collection: str, faces: Path) -> None:
    first, second, third, fourth = (
        ids(rekognition.index_faces(CollectionId=collection, Image={"Bytes": photograph}))[0]
        for photograph in photographs(faces, 4)
    )
    for user, face_ids in (("ada", [first, third]), ("grace", [second])):
        rekognition.create_user(CollectionId=collection, UserId=user)
        rekognition.associate_faces(CollectionId=collection, UserId=user, FaceIds=face_ids, UserMatchThreshold=0)

    def listed(**filters: Any) -> list[str]:
        found = rekognition.list_faces(CollectionId=collection, **filters)["Faces"]
        return [face["FaceId"] for face in found]

    absent = str(uuid.uuid4())
    assert listed(FaceIds=[fourth, first, absent, fourth]) == [first, fourth]
    assert listed(FaceIds=[absent]) == []
    assert listed(UserId="ada") == [first, third]
    assert listed(UserId="ada", FaceIds=[second, third]) == [third]
    assert refusal(rekognition.list_faces, CollectionId=collection, UserId="nobody").code == "ResourceNotFoundException"
    users = {face["FaceId"]: face.get("UserId") for face in rekognition.list_faces(CollectionId=collection)["Faces"]}
    assert users == {first: "ada", second: "grace", third: "ada", fourth: None}
    page = rekognition.list_faces(CollectionId=collection, UserId="ada", MaxResults=1)
    after = rekognition.list_faces(CollectionId=collection, UserId="ada", MaxResults=1, NextToken=page["NextToken"])
    assert ([face["FaceId"] for face in after["Faces"]], "NextToken" in after) == ([third], False)
    chosen = rekognition.list_faces(CollectionId=collection, FaceIds=[first, third], MaxResults=1)
    rest = rekognition.list_faces(
        CollectionId=collection, FaceIds=[first, third], MaxResults=1, NextToken=chosen["NextToken"]
    )
    assert ([face["FaceId"] for face in rest["Faces"]], "NextToken" in rest) == ([third], False)


# --- DeleteFaces ------------------------------------------------------------------------------------


def test_delete_faces_and_why_not(rekognition: Any, collection: str, faces: Path) -> None:
    first, second, third = (
        ids(rekognition.index_faces(CollectionId=collection, Image={"Bytes": photograph}))[0]
        for photograph in photographs(faces, 3)
    )
    absent = str(uuid.uuid4())
    rekognition.create_user(CollectionId=collection, UserId="ada")
    rekognition.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[second])
    answer = rekognition.delete_faces(CollectionId=collection, FaceIds=[first, second, absent, first])
    assert answer["DeletedFaces"] == [first]
    assert answer["UnsuccessfulFaceDeletions"] == [
        {"FaceId": second, "UserId": "ada", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]},
        {"FaceId": absent, "Reasons": ["FACE_NOT_FOUND"]},
    ]
    assert [face["FaceId"] for face in rekognition.list_faces(CollectionId=collection)["Faces"]] == [second, third]
    again = rekognition.delete_faces(CollectionId=collection, FaceIds=[first])
    assert again["UnsuccessfulFaceDeletions"][0]["Reasons"] == ["FACE_NOT_FOUND"]
    rekognition.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[second])
    assert rekognition.delete_faces(CollectionId=collection, FaceIds=[second])["DeletedFaces"] == [second]


def test_a_deleted_face_is_not_found_again(rekognition: Any, collection: str, faces: Path) -> None:
    photograph = {"Bytes": upright(faces)}
    (face_id,) = ids(rekognition.index_faces(CollectionId=collection, Image=photograph))
    assert len(rekognition.search_faces_by_image(CollectionId=collection, Image=photograph)["FaceMatches"]) == 1
    rekognition.delete_faces(CollectionId=collection, FaceIds=[face_id])
    assert rekognition.search_faces_by_image(CollectionId=collection, Image=photograph)["FaceMatches"] == []
    refused = refusal(rekognition.search_faces, CollectionId=collection, FaceId=face_id)
    assert refused.code in ("InvalidParameterException", "ResourceNotFoundException")
    assert face_id in refused.message
