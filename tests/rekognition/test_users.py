"""Users: several faces of one person."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import PIL.Image
import pytest

from rekognition.conftest import Mugshots
from rekognition.pictures import encoded, many_faces, without_face
from rekognition.pictures import mugshots as photographs_of
from rekognition.processes import Server
from rekognition.refusals import refusal

SUBJECTS = ("1", "8", "33", "44")
PHOTOGRAPHS = 3


class People(NamedTuple):
    """A collection with users of three faces each, and a further photograph of each to search with."""

    collection: str
    face_ids: dict[str, list[str]]
    probes: dict[str, bytes]


@pytest.fixture(scope="module")
def people(rekognition: Any, faces: Path) -> Iterator[People]:
    """Tests only search here."""
    rekognition.create_collection(CollectionId="people")
    face_ids: dict[str, list[str]] = {}
    probes: dict[str, bytes] = {}
    for subject in SUBJECTS:
        *first, probe = photographs_of(faces)[subject][: PHOTOGRAPHS + 1]
        probes[subject] = probe.read_bytes()
        face_ids[subject] = [index(rekognition, "people", path.read_bytes()) for path in first]
        rekognition.create_user(CollectionId="people", UserId=subject)
        done = rekognition.associate_faces(CollectionId="people", UserId=subject, FaceIds=face_ids[subject])
        assert len(done["AssociatedFaces"]) == PHOTOGRAPHS, done
        assert done["UserStatus"] == "ACTIVE"
    yield People("people", face_ids, probes)
    rekognition.delete_collection(CollectionId="people")


def index(rekognition: Any, collection: str, photograph: bytes, **options: Any) -> str:
    answer = rekognition.index_faces(
        CollectionId=collection, Image={"Bytes": photograph}, QualityFilter="NONE", MaxFaces=1, **options
    )
    return str(answer["FaceRecords"][0]["Face"]["FaceId"])


def face_ids_of(items: list[dict[str, Any]]) -> list[str]:
    return [item["FaceId"] for item in items]


def users_of(answer: dict[str, Any]) -> list[str]:
    return [match["User"]["UserId"] for match in answer["UserMatches"]]


# --- life of a user ---------------------------------------------------------------------------------


def test_users_are_created_listed_and_deleted(rekognition: Any, collection: str) -> None:
    names = ["eve", "ada:1_a-b.c", "bob"]
    for name in names:
        rekognition.create_user(CollectionId=collection, UserId=name)
    users = rekognition.list_users(CollectionId=collection)["Users"]
    assert users == [{"UserId": name, "UserStatus": "CREATED"} for name in names]
    assert rekognition.describe_collection(CollectionId=collection)["UserCount"] == 3
    taken = refusal(rekognition.create_user, CollectionId=collection, UserId="bob")
    assert (taken.code, taken.status) == ("ConflictException", 400)
    rekognition.delete_user(CollectionId=collection, UserId="bob")
    absent = refusal(rekognition.delete_user, CollectionId=collection, UserId="bob")
    assert absent.code == "ResourceNotFoundException"
    assert [user["UserId"] for user in rekognition.list_users(CollectionId=collection)["Users"]] == names[:2]
    rekognition.create_user(CollectionId=collection, UserId="BOB")
    rekognition.create_user(CollectionId=collection, UserId="bob")


@pytest.mark.parametrize("size", [1, 2, 500])
def test_pages_of_users(rekognition: Any, collection: str, size: int) -> None:
    names = [f"user-{letter}" for letter in "dbeca"]
    for name in names:
        rekognition.create_user(CollectionId=collection, UserId=name)
    pages = list(
        rekognition.get_paginator("list_users").paginate(CollectionId=collection, PaginationConfig={"PageSize": size})
    )
    assert [user["UserId"] for page in pages for user in page["Users"]] == names
    assert [len(page["Users"]) for page in pages] == [len(names[at : at + size]) for at in range(0, 5, size)]
    assert "NextToken" not in pages[-1]


def test_faces_of_a_deleted_user_belong_to_nobody(rekognition: Any, collection: str, people: People) -> None:
    face_id = index(rekognition, collection, people.probes["1"])
    rekognition.create_user(CollectionId=collection, UserId="ada")
    rekognition.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    assert rekognition.list_users(CollectionId=collection)["Users"][0]["UserStatus"] == "ACTIVE"
    rekognition.delete_user(CollectionId=collection, UserId="ada")
    assert "UserId" not in rekognition.list_faces(CollectionId=collection)["Faces"][0]
    assert users_of(rekognition.search_users(CollectionId=collection, FaceId=face_id, UserMatchThreshold=0)) == []
    assert rekognition.delete_faces(CollectionId=collection, FaceIds=[face_id])["DeletedFaces"] == [face_id]


# --- association ------------------------------------------------------------------------------------


def test_association_and_every_reason_against_it(rekognition: Any, collection: str, faces: Path) -> None:
    ada, ada_later, ada_last = (
        index(rekognition, collection, path.read_bytes()) for path in photographs_of(faces)["1"][:3]
    )
    bob, eve = (
        index(rekognition, collection, photographs_of(faces)[subject][0].read_bytes()) for subject in ("33", "6")
    )
    absent = str(uuid.uuid4())
    for name, face_id in (("ada", ada), ("bob", bob)):
        rekognition.create_user(CollectionId=collection, UserId=name)
        done = rekognition.associate_faces(CollectionId=collection, UserId=name, FaceIds=[face_id])
        assert done["AssociatedFaces"] == [{"FaceId": face_id}]
        assert done["UnsuccessfulFaceAssociations"] == []
    done = rekognition.associate_faces(
        CollectionId=collection, UserId="ada", FaceIds=[ada_later, eve, bob, absent, ada]
    )
    assert face_ids_of(done["AssociatedFaces"]) == [ada_later, ada]
    low, other, missing = done["UnsuccessfulFaceAssociations"]
    assert (low["FaceId"], low["Reasons"]) == (eve, ["LOW_MATCH_CONFIDENCE"])
    assert 0 <= low["Confidence"] < 75, "75 unless asked otherwise"
    assert other == {"FaceId": bob, "UserId": "bob", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}
    assert missing == {"FaceId": absent, "Reasons": ["FACE_NOT_FOUND"]}
    owners = {face["FaceId"]: face.get("UserId") for face in rekognition.list_faces(CollectionId=collection)["Faces"]}
    assert owners == {ada: "ada", ada_later: "ada", ada_last: None, bob: "bob", eve: None}
    strict = rekognition.associate_faces(
        CollectionId=collection, UserId="ada", FaceIds=[ada_last], UserMatchThreshold=100
    )
    lenient = rekognition.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[eve], UserMatchThreshold=0)
    assert len(strict["AssociatedFaces"]) + len(strict["UnsuccessfulFaceAssociations"]) == 1
    assert face_ids_of(lenient["AssociatedFaces"]) == [eve]


def test_disassociation_and_every_reason_against_it(rekognition: Any, collection: str, faces: Path) -> None:
    ada, ada_later = (index(rekognition, collection, path.read_bytes()) for path in photographs_of(faces)["1"][:2])
    bob, free = (
        index(rekognition, collection, photographs_of(faces)[subject][0].read_bytes()) for subject in ("33", "6")
    )
    absent = str(uuid.uuid4())
    for name, face_ids in (("ada", [ada, ada_later]), ("bob", [bob])):
        rekognition.create_user(CollectionId=collection, UserId=name)
        rekognition.associate_faces(CollectionId=collection, UserId=name, FaceIds=face_ids)
    done = rekognition.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada, bob, free, absent])
    assert done["DisassociatedFaces"] == [{"FaceId": ada}]
    assert done["UserStatus"] == "ACTIVE"
    assert done["UnsuccessfulFaceDisassociations"] == [
        {"FaceId": bob, "UserId": "bob", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]},
        {"FaceId": free, "Reasons": ["FACE_NOT_FOUND"]},
        {"FaceId": absent, "Reasons": ["FACE_NOT_FOUND"]},
    ]
    last = rekognition.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[ada_later])
    assert last["UserStatus"] == "CREATED"
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 4
    found = rekognition.search_users(CollectionId=collection, FaceId=ada, UserMatchThreshold=0)
    assert users_of(found) == ["bob"], "a user without faces is not found"


def test_users_that_do_not_exist(rekognition: Any, people: People) -> None:
    face_id = people.face_ids["1"][0]
    for call in (rekognition.associate_faces, rekognition.disassociate_faces):
        refused = refusal(call, CollectionId=people.collection, UserId="nobody", FaceIds=[face_id])
        assert refused.code == "ResourceNotFoundException"
    refused = refusal(rekognition.search_users, CollectionId=people.collection, UserId="nobody")
    assert refused.code == "ResourceNotFoundException"


def test_a_hundred_faces_and_no_more(rekognition: Any, collection: str, faces: Path) -> None:
    photograph, face_ids = {"Bytes": many_faces(faces)}, []
    while len(face_ids) < 102:
        answer = rekognition.index_faces(
            CollectionId=collection, Image=photograph, ExternalImageId=str(len(face_ids)), QualityFilter="NONE"
        )
        face_ids += [record["Face"]["FaceId"] for record in answer["FaceRecords"]]
    rekognition.create_user(CollectionId=collection, UserId="everybody")

    def associate(chosen: list[str]) -> Any:
        return rekognition.associate_faces(
            CollectionId=collection, UserId="everybody", FaceIds=chosen, UserMatchThreshold=0
        )

    assert len(associate(face_ids[:99])["AssociatedFaces"]) == 99
    two_more = refusal(
        rekognition.associate_faces,
        CollectionId=collection,
        UserId="everybody",
        FaceIds=face_ids[99:101],
        UserMatchThreshold=0,
    )
    assert two_more.code == "ServiceQuotaExceededException"
    assert len(rekognition.list_faces(CollectionId=collection, UserId="everybody")["Faces"]) == 99
    assert len(associate(face_ids[99:100])["AssociatedFaces"]) == 1
    assert len(associate(face_ids[:100])["AssociatedFaces"]) == 100, "those it has already take no room"
    refused = refusal(
        rekognition.associate_faces,
        CollectionId=collection,
        UserId="everybody",
        FaceIds=face_ids[100:101],
        UserMatchThreshold=0,
    )
    assert refused.code == "ServiceQuotaExceededException"
    for chosen in (face_ids[:1], face_ids[100:101]):
        call = rekognition.disassociate_faces if chosen == face_ids[:1] else rekognition.associate_faces
        more = {} if chosen == face_ids[:1] else {"UserMatchThreshold": 0}
        call(CollectionId=collection, UserId="everybody", FaceIds=chosen, **more)
    assert len(rekognition.list_faces(CollectionId=collection, UserId="everybody")["Faces"]) == 100


# --- idempotency ------------------------------------------------------------------------------------


def test_a_repeated_request_succeeds_once_more_without_effect(
    live_server: Server, rekognition: Any, collection: str, people: People
) -> None:
    face_id = index(rekognition, collection, people.probes["1"])
    token = {"CollectionId": collection, "ClientRequestToken": "token-1"}
    for _ in range(2):
        rekognition.create_user(UserId="ada", **token)
    first = rekognition.associate_faces(UserId="ada", FaceIds=[face_id], **token)
    rekognition.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    second = rekognition.associate_faces(UserId="ada", FaceIds=[face_id], **token)
    assert first["AssociatedFaces"] == second["AssociatedFaces"]
    earlier, later = (int(each["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"]) for each in (first, second))
    repeated = live_server.entries()[later]["details"]
    assert repeated["repeats"] == earlier, "that it was asked for again is on record, too"
    assert repeated["request"] == second["ResponseMetadata"]["RequestId"]
    assert "UserId" not in rekognition.list_faces(CollectionId=collection)["Faces"][0], "it was not done again"
    rekognition.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    for _ in range(2):
        done = rekognition.disassociate_faces(UserId="ada", FaceIds=[face_id], **token)
        assert done["DisassociatedFaces"] == [{"FaceId": face_id}]
    for _ in range(2):
        rekognition.delete_user(UserId="ada", **token)
    assert rekognition.list_users(CollectionId=collection)["Users"] == []


def test_a_token_with_other_parameters_is_refused(rekognition: Any, collection: str, people: People) -> None:
    face_id = index(rekognition, collection, people.probes["1"])
    token = {"CollectionId": collection, "ClientRequestToken": "token-1"}
    rekognition.create_user(UserId="ada", **token)
    rekognition.create_user(CollectionId=collection, UserId="bob")
    rekognition.associate_faces(UserId="ada", FaceIds=[face_id], **token)
    rekognition.disassociate_faces(UserId="ada", FaceIds=[face_id], **token)
    for call, changed in (
        (rekognition.create_user, {"UserId": "eve"}),
        (rekognition.associate_faces, {"UserId": "bob", "FaceIds": [face_id]}),
        (rekognition.associate_faces, {"UserId": "ada", "FaceIds": [str(uuid.uuid4())]}),
        (rekognition.associate_faces, {"UserId": "ada", "FaceIds": [face_id], "UserMatchThreshold": 10}),
        (rekognition.disassociate_faces, {"UserId": "bob", "FaceIds": [face_id]}),
    ):
        refused = refusal(call, **token, **changed)
        assert (refused.code, refused.status) == ("IdempotentParameterMismatchException", 400)
    rekognition.delete_user(UserId="ada", **token)
    assert refusal(rekognition.delete_user, UserId="bob", **token).code == "IdempotentParameterMismatchException"
    assert [user["UserId"] for user in rekognition.list_users(CollectionId=collection)["Users"]] == ["bob"]


def test_a_refused_request_does_not_use_its_token_up(rekognition: Any, collection: str) -> None:
    token = {"CollectionId": collection, "ClientRequestToken": "token-1"}
    assert refusal(rekognition.delete_user, UserId="ada", **token).code == "ResourceNotFoundException"
    rekognition.create_user(CollectionId=collection, UserId="ada")
    rekognition.delete_user(UserId="ada", **token)


def test_tokens_of_different_collections_are_apart(rekognition: Any, collection: str) -> None:
    other = f"{collection}-other"
    rekognition.create_collection(CollectionId=other)
    rekognition.create_user(CollectionId=collection, UserId="ada", ClientRequestToken="t")
    rekognition.create_user(CollectionId=other, UserId="bob", ClientRequestToken="t")
    assert rekognition.list_users(CollectionId=other)["Users"][0]["UserId"] == "bob"
    rekognition.delete_collection(CollectionId=other)


# --- search -----------------------------------------------------------------------------------------


def test_users_are_found_by_a_photograph(rekognition: Any, people: People) -> None:
    for subject, probe in people.probes.items():
        answer = rekognition.search_users_by_image(CollectionId=people.collection, Image={"Bytes": probe})
        assert users_of(answer) == [subject]
        assert answer["UserMatches"][0]["User"]["UserStatus"] == "ACTIVE"
        assert answer["UserMatches"][0]["Similarity"] >= 80
        assert answer["SearchedFace"]["FaceDetail"]["Confidence"] > 80
        assert answer["UnsearchedFaces"] == []
        everybody = rekognition.search_users_by_image(
            CollectionId=people.collection, Image={"Bytes": probe}, UserMatchThreshold=0
        )
        found = [match["Similarity"] for match in everybody["UserMatches"]]
        assert len(found) == len(SUBJECTS)
        assert found == sorted(found, reverse=True)
        assert users_of(everybody)[0] == subject


def test_users_are_found_by_a_face_and_by_a_user(rekognition: Any, people: People) -> None:
    by_face = rekognition.search_users(CollectionId=people.collection, FaceId=people.face_ids["8"][1])
    assert users_of(by_face) == ["8"]
    assert by_face["SearchedFace"] == {"FaceId": people.face_ids["8"][1]}
    assert "SearchedUser" not in by_face
    by_user = rekognition.search_users(CollectionId=people.collection, UserId="8", UserMatchThreshold=0)
    assert sorted(users_of(by_user)) == sorted({*SUBJECTS} - {"8"}), "never itself"
    assert by_user["SearchedUser"] == {"UserId": "8"}
    assert "SearchedFace" not in by_user
    two = rekognition.search_users(CollectionId=people.collection, UserId="8", UserMatchThreshold=0, MaxUsers=2)
    assert two["UserMatches"] == by_user["UserMatches"][:2]


def test_two_users_of_one_person_find_each_other(rekognition: Any, collection: str, faces: Path) -> None:
    for name, path in zip(("ada", "a.k.a."), photographs_of(faces)["1"], strict=False):
        face_id = index(rekognition, collection, path.read_bytes())
        rekognition.create_user(CollectionId=collection, UserId=name)
        rekognition.associate_faces(CollectionId=collection, UserId=name, FaceIds=[face_id])
    assert users_of(rekognition.search_users(CollectionId=collection, UserId="ada")) == ["a.k.a."]
    assert sorted(users_of(rekognition.search_users(CollectionId=collection, FaceId=face_id))) == ["a.k.a.", "ada"]


def test_a_user_named_as_its_face_is_found_by_that_face(rekognition: Any, collection: str, people: People) -> None:
    """A face is left out of its own candidates; a user that only bears the face's id as its name is not."""
    face_id = index(rekognition, collection, people.probes["1"])
    rekognition.create_user(CollectionId=collection, UserId=face_id)
    rekognition.associate_faces(CollectionId=collection, UserId=face_id, FaceIds=[face_id])
    assert users_of(rekognition.search_users(CollectionId=collection, FaceId=face_id)) == [face_id]


def test_either_a_face_or_a_user(rekognition: Any, people: People) -> None:
    both = {"FaceId": people.face_ids["1"][0], "UserId": "1"}
    for given in ({}, both):
        refused = refusal(rekognition.search_users, CollectionId=people.collection, **given)
        assert refused.code == "InvalidParameterException"
    refused = refusal(rekognition.search_users, CollectionId=people.collection, FaceId=str(uuid.uuid4()))
    assert refused.code in ("InvalidParameterException", "ResourceNotFoundException")


def test_a_user_without_faces_cannot_be_searched_with(rekognition: Any, collection: str) -> None:
    rekognition.create_user(CollectionId=collection, UserId="nobody yet".replace(" ", "-"))
    refused = refusal(rekognition.search_users, CollectionId=collection, UserId="nobody-yet")
    assert refused.code in ("InvalidParameterException", "ResourceNotFoundException")


def test_a_photograph_without_face_finds_nobody(rekognition: Any, people: People) -> None:
    answer = rekognition.search_users_by_image(CollectionId=people.collection, Image={"Bytes": without_face()})
    assert (answer["UserMatches"], answer["UnsearchedFaces"]) == ([], [])
    assert "SearchedFace" not in answer


def test_faces_that_are_not_the_largest_are_told(rekognition: Any, people: People, faces: Path) -> None:
    answer = rekognition.search_users_by_image(CollectionId=people.collection, Image={"Bytes": many_faces(faces)})
    assert len(answer["UnsearchedFaces"]) > 20
    assert {tuple(face["Reasons"]) for face in answer["UnsearchedFaces"]} == {("FACE_NOT_LARGEST",)}
    (largest, *others) = rekognition.detect_faces(Image={"Bytes": many_faces(faces)})["FaceDetails"]
    assert answer["SearchedFace"]["FaceDetail"] == largest
    assert [face["FaceDetails"] for face in answer["UnsearchedFaces"]] == others


def test_a_filtered_probe_is_told_as_unsearched(rekognition: Any, people: People, faces: Path) -> None:
    with PIL.Image.open(faces / "london" / "neutral_left_profile" / "005.jpg") as picture:
        profile = {"Bytes": encoded(picture, "PNG")}
    answer = rekognition.search_users_by_image(CollectionId=people.collection, Image=profile, QualityFilter="HIGH")
    assert answer["UserMatches"] == []
    assert "SearchedFace" not in answer
    assert "EXTREME_POSE" in answer["UnsearchedFaces"][0]["Reasons"]


def test_a_user_follows_its_faces(rekognition: Any, collection: str, mugshots: Mugshots) -> None:
    first, second = (probe.read_bytes() for probe in mugshots.probes["6"][:2])
    stranger = index(rekognition, collection, mugshots.probes["1"][0].read_bytes())
    mate = index(rekognition, collection, first)
    rekognition.create_user(CollectionId=collection, UserId="x")

    def found() -> list[str]:
        return users_of(rekognition.search_users_by_image(CollectionId=collection, Image={"Bytes": second}))

    assert found() == []
    rekognition.associate_faces(CollectionId=collection, UserId="x", FaceIds=[stranger])
    assert found() == []
    rekognition.disassociate_faces(CollectionId=collection, UserId="x", FaceIds=[stranger])
    rekognition.associate_faces(CollectionId=collection, UserId="x", FaceIds=[mate])
    assert found() == ["x"]
    rekognition.delete_user(CollectionId=collection, UserId="x")
    assert found() == []
