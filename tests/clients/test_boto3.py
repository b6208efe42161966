"""boto3, unmodified, told where to go as its users tell it: by the environment."""

from typing import Any

import boto3
import pytest

from clients.conftest import Photographs
from rekognition.answers import check_answers
from rekognition.processes import Server


@pytest.fixture
def client(live_server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in live_server.environment().items():
        monkeypatch.setenv(name, value)
    return boto3.Session().client("rekognition")


def test_flow(client: Any, photographs: Photographs) -> None:
    check_answers(client)
    name = "boto3-flow"
    ada, ada_later, bob = ({"Bytes": path.read_bytes()} for path in photographs)
    created = client.create_collection(CollectionId=name)
    assert created["StatusCode"] == 200
    assert client.describe_collection(CollectionId=name)["CollectionARN"] == created["CollectionArn"]
    first, second = (
        client.index_faces(CollectionId=name, Image=image, ExternalImageId=label)["FaceRecords"][0]["Face"]
        for image, label in ((ada, "ada"), (bob, "bob"))
    )
    assert client.list_faces(CollectionId=name)["Faces"] == [first, second]
    assert client.search_faces(CollectionId=name, FaceId=first["FaceId"])["FaceMatches"] == []
    (match,) = client.search_faces_by_image(CollectionId=name, Image=ada_later)["FaceMatches"]
    assert match["Face"] == first
    assert match["Similarity"] >= 80
    assert len(client.compare_faces(SourceImage=ada, TargetImage=ada_later)["FaceMatches"]) == 1
    assert len(client.compare_faces(SourceImage=ada, TargetImage=bob)["UnmatchedFaces"]) == 1
    assert client.delete_faces(CollectionId=name, FaceIds=[second["FaceId"]])["DeletedFaces"] == [second["FaceId"]]
    assert client.delete_collection(CollectionId=name)["StatusCode"] == 200
    assert name not in client.list_collections()["CollectionIds"]
    client.close()
