"""Page tokens lead on from the page that they came with, and nowhere else."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rekognition.pictures import many_faces
from rekognition.raw import Raw
from rekognition.refusals import refusal


@pytest.fixture(scope="module")
def lists(rekognition: Any, faces: Path) -> Iterator[tuple[str, str]]:
    """Two collections with two faces and two users each."""
    names = (f"pages-{uuid.uuid4().hex[:8]}", f"pages-{uuid.uuid4().hex[:8]}")
    for name in names:
        rekognition.create_collection(CollectionId=name)
        rekognition.index_faces(CollectionId=name, Image={"Bytes": many_faces(faces)}, MaxFaces=2)
        for user in ("ada", "bob"):
            rekognition.create_user(CollectionId=name, UserId=user)
    yield names
    for name in names:
        rekognition.delete_collection(CollectionId=name)


def tokens(rekognition: Any, collection: str) -> dict[str, str]:
    return {
        "list_collections": rekognition.list_collections(MaxResults=1)["NextToken"],
        "list_faces": rekognition.list_faces(CollectionId=collection, MaxResults=1)["NextToken"],
        "list_users": rekognition.list_users(CollectionId=collection, MaxResults=1)["NextToken"],
    }


def test_tokens_fit_the_model(rekognition: Any, lists: tuple[str, str]) -> None:
    assert all(len(token) <= 255 for token in tokens(rekognition, lists[0]).values())


def test_tokens_of_another_operation(rekognition: Any, lists: tuple[str, str]) -> None:
    given = tokens(rekognition, lists[0])
    for taker in given:
        where = {} if taker == "list_collections" else {"CollectionId": lists[0]}
        for giver, token in given.items():
            if giver == taker:
                getattr(rekognition, taker)(**where, NextToken=token)
            else:
                refused = refusal(getattr(rekognition, taker), **where, NextToken=token)
                assert (refused.code, refused.status) == ("InvalidPaginationTokenException", 400)


@pytest.mark.parametrize("operation", ["list_faces", "list_users"])
def test_tokens_of_another_collection(rekognition: Any, lists: tuple[str, str], operation: str) -> None:
    token = tokens(rekognition, lists[0])[operation]
    refused = refusal(getattr(rekognition, operation), CollectionId=lists[1], NextToken=token)
    assert refused.code == "InvalidPaginationTokenException"


def test_tokens_of_other_filters(rekognition: Any, lists: tuple[str, str]) -> None:
    token = tokens(rekognition, lists[0])["list_faces"]
    for filters in ({"UserId": "ada"}, {"FaceIds": [str(uuid.uuid4())]}):
        refused = refusal(rekognition.list_faces, CollectionId=lists[0], NextToken=token, **filters)
        assert refused.code == "InvalidPaginationTokenException"


def test_tokens_that_were_never_given(raw: Raw, rekognition: Any, lists: tuple[str, str]) -> None:
    true = tokens(rekognition, lists[0])["list_faces"]
    changed = true[:-2] + ("A" if true[-2] != "A" else "B") + true[-1]
    for token in (changed, true[:-4], true + "AAAA", "MQ", "1", "nonsense", "é", "=", "\u0000", "a" * 255, "%%%"):
        asked = {"CollectionId": lists[0], "NextToken": token}
        assert raw.code("ListFaces", asked) == (400, "InvalidPaginationTokenException"), token
    assert raw.code("ListCollections", {"NextToken": "nonsense"}) == (400, "InvalidPaginationTokenException")
    assert raw.code("ListUsers", {"CollectionId": lists[0], "NextToken": ""})[0] == 400
