"""Collections and their tags."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rekognition.pictures import upright
from rekognition.processes import Server
from rekognition.refusals import refusal


@pytest.fixture
def several(rekognition: Any) -> Iterator[list[str]]:
    """Five collections whose names sort unlike their order of creation."""
    stem = uuid.uuid4().hex[:8]
    names = [f"{letter}-{stem}" for letter in "dbeca"]
    for name in names:
        rekognition.create_collection(CollectionId=name)
    yield names
    for name in names:
        rekognition.delete_collection(CollectionId=name)


def test_create_tells_model_and_arn(rekognition: Any) -> None:
    answer = rekognition.create_collection(CollectionId="made.here_1-2", Tags={"owner": "ada"})
    assert answer["StatusCode"] == 200
    assert answer["CollectionArn"] == "arn:aws:rekognition:us-east-1:000000000000:collection/made.here_1-2"
    described = rekognition.describe_collection(CollectionId="made.here_1-2")
    assert described["FaceModelVersion"] == answer["FaceModelVersion"]
    assert described["CollectionARN"] == answer["CollectionArn"]
    assert abs((datetime.now(UTC) - described["CreationTimestamp"]).total_seconds()) < 60
    assert (described["FaceCount"], described["UserCount"]) == (0, 0)
    assert rekognition.list_tags_for_resource(ResourceArn=answer["CollectionArn"])["Tags"] == {"owner": "ada"}
    assert rekognition.delete_collection(CollectionId="made.here_1-2")["StatusCode"] == 200


def test_names_are_case_sensitive_and_used_once(rekognition: Any, collection: str) -> None:
    again = refusal(rekognition.create_collection, CollectionId=collection)
    assert (again.code, again.status) == ("ResourceAlreadyExistsException", 400)
    assert again.message.startswith(f"The collection id: {collection} already exists")
    rekognition.create_collection(CollectionId=collection.upper())
    rekognition.delete_collection(CollectionId=collection.upper())
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == 0


def test_the_longest_name(rekognition: Any) -> None:
    name = "n" * 255
    rekognition.create_collection(CollectionId=name)
    assert rekognition.describe_collection(CollectionId=name)["CollectionARN"].endswith(f"collection/{name}")
    rekognition.delete_collection(CollectionId=name)


def test_describe_counts(rekognition: Any, collection: str, faces: Path) -> None:
    rekognition.index_faces(CollectionId=collection, Image={"Bytes": upright(faces)})
    rekognition.create_user(CollectionId=collection, UserId="ada")
    described = rekognition.describe_collection(CollectionId=collection)
    assert (described["FaceCount"], described["UserCount"]) == (1, 1)


def test_a_deleted_collection_is_gone_and_its_name_free(rekognition: Any, faces: Path) -> None:
    name, photograph = f"gone-{uuid.uuid4().hex[:8]}", {"Bytes": upright(faces)}
    rekognition.create_collection(CollectionId=name, Tags={"a": "b"})
    face_id = rekognition.index_faces(CollectionId=name, Image=photograph)["FaceRecords"][0]["Face"]["FaceId"]
    rekognition.create_user(CollectionId=name, UserId="ada")
    rekognition.delete_collection(CollectionId=name)
    for call, more in (
        (rekognition.describe_collection, {}),
        (rekognition.delete_collection, {}),
        (rekognition.list_faces, {}),
        (rekognition.list_users, {}),
        (rekognition.index_faces, {"Image": photograph}),
        (rekognition.search_faces, {"FaceId": face_id}),
        (rekognition.search_faces_by_image, {"Image": photograph}),
        (rekognition.search_users, {"FaceId": face_id}),
        (rekognition.search_users_by_image, {"Image": photograph}),
        (rekognition.delete_faces, {"FaceIds": [face_id]}),
        (rekognition.create_user, {"UserId": "ada"}),
        (rekognition.delete_user, {"UserId": "ada"}),
        (rekognition.associate_faces, {"UserId": "ada", "FaceIds": [face_id]}),
        (rekognition.disassociate_faces, {"UserId": "ada", "FaceIds": [face_id]}),
    ):
        refused = refusal(call, CollectionId=name, **more)
        assert (refused.code, refused.status) == ("ResourceNotFoundException", 400)
        assert name in refused.message
    rekognition.create_collection(CollectionId=name)
    assert rekognition.list_faces(CollectionId=name)["Faces"] == []
    assert rekognition.list_users(CollectionId=name)["Users"] == []
    assert rekognition.search_faces_by_image(CollectionId=name, Image=photograph)["FaceMatches"] == []
    arn = rekognition.describe_collection(CollectionId=name)["CollectionARN"]
    assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}
    rekognition.delete_collection(CollectionId=name)


@pytest.mark.parametrize("size", [1, 2, 3, 4096])
def test_pages_of_collections(rekognition: Any, several: list[str], size: int) -> None:
    pages = list(rekognition.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": size}))
    assert all(len(page["CollectionIds"]) == len(page["FaceModelVersions"]) <= size for page in pages)
    assert all("NextToken" in page for page in pages[:-1])
    assert "NextToken" not in pages[-1]
    listed = [name for page in pages for name in page["CollectionIds"]]
    assert len(listed) == len(set(listed))
    assert [name for name in listed if name in several] == several, "in the order of creation"


def test_a_page_size_of_zero_is_the_default(rekognition: Any, several: list[str]) -> None:
    assert set(several) <= set(rekognition.list_collections(MaxResults=0)["CollectionIds"])


def test_paging_goes_on_although_the_last_one_shown_is_deleted(rekognition: Any) -> None:
    names = [f"paged-{number}-{uuid.uuid4().hex[:8]}" for number in range(3)]
    for name in names:
        rekognition.create_collection(CollectionId=name)
    token, shown = None, ""
    while shown != names[0]:
        page = rekognition.list_collections(MaxResults=1, **({"NextToken": token} if token else {}))
        token, shown = page["NextToken"], page["CollectionIds"][0]
    rekognition.delete_collection(CollectionId=names[0])
    assert rekognition.list_collections(MaxResults=1, NextToken=token)["CollectionIds"] == [names[1]]
    for name in names[1:]:
        rekognition.delete_collection(CollectionId=name)


# --- tags -------------------------------------------------------------------------------------------


def test_tags(rekognition: Any, collection: str) -> None:
    arn = rekognition.describe_collection(CollectionId=collection)["CollectionARN"]
    assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {}
    rekognition.tag_resource(ResourceArn=arn, Tags={"Größe": "élevée", "empty": "", "a/b:c=d+e@f": "1.5"})
    rekognition.tag_resource(ResourceArn=arn, Tags={"empty": "no more"})
    expected = {"Größe": "élevée", "empty": "no more", "a/b:c=d+e@f": "1.5"}
    assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == expected
    rekognition.untag_resource(ResourceArn=arn, TagKeys=["empty", "absent"])
    del expected["empty"]
    assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == expected


def test_two_hundred_tags_and_no_more(rekognition: Any, collection: str) -> None:
    arn = rekognition.describe_collection(CollectionId=collection)["CollectionARN"]
    rekognition.tag_resource(ResourceArn=arn, Tags={f"k{number}": "v" for number in range(200)})
    rekognition.tag_resource(ResourceArn=arn, Tags={"k7": "changed"})
    refused = refusal(rekognition.tag_resource, ResourceArn=arn, Tags={"one more": "v", "k8": "changed"})
    assert refused.code in ("InvalidParameterException", "ServiceQuotaExceededException")
    tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert (len(tags), tags["k7"], tags["k8"]) == (200, "changed", "v")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda arn: arn + "-absent", "ResourceNotFoundException"),
        (lambda arn: arn.replace("us-east-1", "eu-west-1"), "InvalidParameterException"),
        (lambda arn: arn.replace("000000000000", "123456789012"), "InvalidParameterException"),
        (lambda arn: arn.partition(":collection/")[0] + ":project/x", "InvalidParameterException"),
        (lambda arn: arn.partition("/")[0] + "/", "InvalidParameterException"),
    ],
)
def test_arns_of_something_else(rekognition: Any, collection: str, change: Callable[[str], str], code: str) -> None:
    arn = change(rekognition.describe_collection(CollectionId=collection)["CollectionARN"])
    assert refusal(rekognition.list_tags_for_resource, ResourceArn=arn).code == code
    assert refusal(rekognition.tag_resource, ResourceArn=arn, Tags={"a": "b"}).code == code
    assert refusal(rekognition.untag_resource, ResourceArn=arn, TagKeys=["a"]).code == code


def test_the_context_of_an_endpoint_is_taken(live_server: Server) -> None:
    native = live_server.native()
    native.open_case(Number="2026-17", Members=["administrator"])
    native.add_authority(Case="2026-17", Kind="warrant", Document="warrant-3", Issuer="Judge Doe")
    client = live_server.client("/purpose/missing-person/case/2026-17/authority/warrant-3/")
    assert "CollectionIds" in client.list_collections()
    client.close()
    unregistered = live_server.client("/purpose/missing-person/case/2026-18")
    assert refusal(unregistered.list_collections).code == "AccessDeniedException"
    unregistered.close()
    other = live_server.client("/case/a/case/b")
    assert refusal(other.list_collections).code == "InvalidParameterException"
    other.close()
