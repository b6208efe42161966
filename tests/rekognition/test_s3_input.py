"""Photographs that a request names by their place in S3, from a real S3 server on loopback."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from rekognition.answers import check_answers
from rekognition.pictures import bomb, upright
from rekognition.processes import start_server
from rekognition.refusals import refusal

KEYS = ("RKS3", "secret of a throw-away S3 server")
MIB = 1024 * 1024


@dataclass
class Store:
    """An S3 server, and a server of ours that may read its bucket ``photos``."""

    rekognition: Any
    first_version: str
    reference: dict[str, Any]


@pytest.fixture(scope="module")
def store(faces: Path, tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Store]:
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    for bucket in ("photos", "private"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="photos", Key="a/portrait of ada +1.jpg", Body=b"not a photograph yet")
    for bucket in ("photos", "private"):
        s3.put_object(Bucket=bucket, Key="a/portrait of ada +1.jpg", Body=upright(faces))
    # Above the 5 MB of a request, below the 15 MB of an object: noise that is no part of the picture.
    s3.put_object(Bucket="photos", Key="large.jpg", Body=upright(faces) + b"\0" * (9 * MIB))
    s3.put_object(Bucket="photos", Key="15MB.jpg", Body=upright(faces).ljust(15 * MIB, b"\0"))
    s3.put_object(Bucket="photos", Key="oversized.jpg", Body=upright(faces).ljust(15 * MIB + 1, b"\0"))
    s3.put_object(Bucket="photos", Key="note.txt", Body=b"not a photograph")
    s3.put_object(Bucket="photos", Key="bomb.png", Body=bomb(30_000, depth=1, colour_type=0))
    s3.put_object(Bucket="photos", Key="empty.jpg", Body=b"")
    s3.close()
    settings = {
        "s3_endpoint": endpoint,
        "s3_buckets": json.dumps(["photos"]),
        "s3_access_key_id": KEYS[0],
        "s3_secret_access_key": KEYS[1],
    }
    with start_server(tmp_path_factory.mktemp("s3") / "home", model_cache, **settings) as server:
        client = server.client()
        check_answers(client)
        reference = client.detect_faces(Image={"Bytes": upright(faces)})["FaceDetails"][0]
        yield Store(client, first["VersionId"], reference)
        client.close()
    moto.stop()


def place(name: str, bucket: str = "photos", version: str | None = None) -> dict[str, Any]:
    return {"S3Object": {"Bucket": bucket, "Name": name, **({"Version": version} if version else {})}}


PORTRAIT = place("a/portrait of ada +1.jpg")


@pytest.mark.parametrize("name", ["a/portrait of ada +1.jpg", "large.jpg", "15MB.jpg"])
def test_an_object_is_as_good_as_its_bytes(store: Store, name: str) -> None:
    assert store.rekognition.detect_faces(Image=place(name))["FaceDetails"] == [store.reference]


def test_every_operation_takes_objects(store: Store, faces: Path) -> None:
    client, name = store.rekognition, f"s3-{uuid.uuid4().hex[:8]}"
    client.create_collection(CollectionId=name)
    face = client.index_faces(CollectionId=name, Image=PORTRAIT)["FaceRecords"][0]["Face"]
    again = client.index_faces(CollectionId=name, Image={"Bytes": upright(faces)})["FaceRecords"][0]["Face"]
    assert again == face, "the same bytes, wherever they come from"
    (match,) = client.search_faces_by_image(CollectionId=name, Image=PORTRAIT)["FaceMatches"]
    assert match["Face"] == face
    client.create_user(CollectionId=name, UserId="ada")
    client.associate_faces(CollectionId=name, UserId="ada", FaceIds=[face["FaceId"]])
    assert len(client.search_users_by_image(CollectionId=name, Image=PORTRAIT)["UserMatches"]) == 1
    mixed = client.compare_faces(SourceImage=PORTRAIT, TargetImage={"Bytes": upright(faces)})
    assert len(mixed["FaceMatches"]) == 1
    client.delete_collection(CollectionId=name)


def test_versions(store: Store) -> None:
    old = place("a/portrait of ada +1.jpg", version=store.first_version)
    assert refusal(store.rekognition.detect_faces, Image=old).code == "InvalidImageFormatException"
    absent = place("a/portrait of ada +1.jpg", version="no-such-version")
    assert refusal(store.rekognition.detect_faces, Image=absent).code == "InvalidS3ObjectException"


def test_absent_and_forbidden_objects_read_alike(store: Store) -> None:
    refused = {
        refusal(store.rekognition.detect_faces, Image=image)
        for image in (
            place("absent.jpg"),
            place("a/portrait of ada +1.jpg", bucket="private"),
            place("a/portrait of ada +1.jpg", bucket="absent"),
            place("../private/a/portrait of ada +1.jpg"),
        )
    }
    ((code, message, status),) = refused
    assert (code, status) == ("InvalidS3ObjectException", 400)
    assert message.startswith("Unable to get object metadata from S3.")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("oversized.jpg", "ImageTooLargeException"),
        ("bomb.png", "ImageTooLargeException"),
        ("note.txt", "InvalidImageFormatException"),
        ("empty.jpg", "InvalidImageFormatException"),
    ],
)
def test_objects_that_are_no_photographs(store: Store, name: str, code: str) -> None:
    assert refusal(store.rekognition.detect_faces, Image=place(name)).code == code


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"Bytes": b"x", **PORTRAIT},
        {"S3Object": {}},
        {"S3Object": {"Bucket": "photos"}},
        {"S3Object": {"Name": "absent.jpg"}},
        {"S3Object": {"Bucket": "not a bucket", "Name": "absent.jpg"}},
    ],
)
def test_one_whole_place_is_needed(store: Store, image: dict[str, Any]) -> None:
    refused = refusal(store.rekognition.detect_faces, Image=image)
    assert refused.code == "InvalidParameterException"


def test_a_server_without_s3_says_so(rekognition: Any) -> None:
    refused = refusal(rekognition.detect_faces, Image=PORTRAIT)
    assert refused.code == "InvalidS3ObjectException"
    assert "offers no S3 input" in refused.message
