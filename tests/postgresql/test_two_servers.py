"""Unmodified boto3 clients of two servers that share a database: one record, one log, one set of keys."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from postgresql.conftest import Pair
from publication.log_client import checkpoint, get
from recognizance_verify.notes import Checkpoint, SignedNote
from rekognition.answers import check_answers
from rekognition.processes import Server, start_server
from sts.staff import Staff
from wire.signing import SigningKey

SEARCHABLE_SECONDS = 2.0
THREADS = 4


@pytest.fixture(scope="module")
def clients(pair: Pair) -> Iterator[tuple[Any, Any]]:
    made = tuple(server.client(max_pool_connections=THREADS) for server in pair)
    for client in made:
        check_answers(client)
    yield made[0], made[1]
    for client in made:
        client.close()


@pytest.fixture
def collection(clients: tuple[Any, Any]) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:12]}"
    clients[0].create_collection(CollectionId=name)
    yield name
    clients[1].delete_collection(CollectionId=name)


def photographs(faces: Path, count: int) -> list[bytes]:
    return [path.read_bytes() for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:count]]


def index(client: Any, collection: str, photograph: bytes) -> str:
    (record,) = client.index_faces(CollectionId=collection, Image={"Bytes": photograph})["FaceRecords"]
    face_id: str = record["Face"]["FaceId"]
    return face_id


def found(client: Any, collection: str, photograph: bytes) -> list[str]:
    answer = client.search_faces_by_image(CollectionId=collection, Image={"Bytes": photograph}, FaceMatchThreshold=99)
    return [match["Face"]["FaceId"] for match in answer["FaceMatches"]]


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_the_log_stays_one_chain_under_writers_of_both(
    pair: Pair, clients: tuple[Any, Any], collection: str, tmp_path: Path
) -> None:
    def act(number: int) -> int:
        answer = clients[number % 2].create_user(CollectionId=collection, UserId=f"user-{number}")
        return int(answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])

    with ThreadPoolExecutor(2 * THREADS) as pool:
        indexes = list(pool.map(act, range(200)))
    assert len(set(indexes)) == 200
    bodies = pair.one.entries()
    assert [body["index"] for body in bodies] == list(range(len(bodies)))
    assert {bodies[index]["kind"] for index in indexes} == {"subject"}
    times = [body["time"] for body in bodies]
    assert times == sorted(times)
    assert bodies == pair.other.entries()[: len(bodies)]
    verify_export(pair.one, tmp_path / "one")
    verify_export(pair.other, tmp_path / "other")


def verify_export(server: Server, folder: Path) -> None:
    """Export the whole log by the command, and verify it as an outsider does."""
    environment = {
        **os.environ,
        "RECOGNIZANCE_HOME": str(server.settings.home),
        "RECOGNIZANCE_KEYS": str(server.settings.keys_folder),
        "RECOGNIZANCE_RECORD": str(server.settings.record),
    }
    export = [sys.executable, "-m", "recognizance", "ledger", "export", str(folder)]
    subprocess.run(export, env=environment, check=True, capture_output=True, timeout=120)
    key = get(server, "key")[1].decode().strip()
    verify = [sys.executable, "-m", "recognizance_verify", "log", str(folder), "--key", key]
    subprocess.run(verify, check=True, capture_output=True, timeout=120)


def test_the_remembered_checkpoint_never_goes_back(pair: Pair, clients: tuple[Any, Any], collection: str) -> None:
    head = pair.one.settings.keys_folder / "log-head"
    sizes = []
    for number in range(40):
        clients[number % 2].create_user(CollectionId=collection, UserId=f"head-{number}")
        signed = checkpoint(pair[number % 2]).size
        sizes.append(Checkpoint.parse(SignedNote.parse(head.read_text("utf-8")).text).size)
        assert sizes[-1] >= signed
    assert sizes == sorted(sizes)


def test_what_one_has_done_the_other_knows(pair: Pair, clients: tuple[Any, Any], collection: str, faces: Path) -> None:
    one, other = clients
    (photograph,) = photographs(faces, 1)
    face_id = index(one, collection, photograph)
    assert other.describe_collection(CollectionId=collection)["FaceCount"] == 1
    assert [face["FaceId"] for face in other.list_faces(CollectionId=collection)["Faces"]] == [face_id]
    other.create_user(CollectionId=collection, UserId="ada")
    one.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    assert other.list_users(CollectionId=collection)["Users"] == [{"UserId": "ada", "UserStatus": "ACTIVE"}]
    other.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    other.delete_faces(CollectionId=collection, FaceIds=[face_id])
    assert one.list_faces(CollectionId=collection)["Faces"] == []


def test_a_token_that_was_used_at_one_is_used_at_the_other(clients: tuple[Any, Any], collection: str) -> None:
    token = uuid.uuid4().hex
    for client in clients:
        client.create_user(CollectionId=collection, UserId="ada", ClientRequestToken=token)
    with pytest.raises(ClientError) as caught:
        clients[1].create_user(CollectionId=collection, UserId="bob", ClientRequestToken=token)
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_an_enrolment_at_one_is_searchable_at_the_other(clients: tuple[Any, Any], collection: str, faces: Path) -> None:
    taken = photographs(faces, 8)
    for client in clients:  # both hold the gallery in memory
        client.search_faces_by_image(CollectionId=collection, Image={"Bytes": taken[0]})
    for number, photograph in enumerate(taken):
        face_id = index(clients[number % 2], collection, photograph)
        other = clients[1 - number % 2]
        assert within(SEARCHABLE_SECONDS, lambda: found(other, collection, photograph) == [face_id])  # noqa: B023


def test_what_was_erased_at_one_is_never_answered_by_the_other(
    clients: tuple[Any, Any], collection: str, faces: Path
) -> None:
    for number, photograph in enumerate(photographs(faces, 6)):
        one, other = clients[number % 2], clients[1 - number % 2]
        face_id = index(one, collection, photograph)
        assert within(SEARCHABLE_SECONDS, lambda: found(other, collection, photograph) == [face_id])  # noqa: B023
        one.delete_faces(CollectionId=collection, FaceIds=[face_id])
        assert found(other, collection, photograph) == []
        with pytest.raises(ClientError):
            other.search_faces(CollectionId=collection, FaceId=face_id)


def test_a_user_whose_faces_change_at_one_is_found_by_them_at_the_other(
    clients: tuple[Any, Any], collection: str, faces: Path
) -> None:
    one, other = clients
    (photograph,) = photographs(faces, 1)

    def users(client: Any) -> list[str]:
        answer = client.search_users_by_image(CollectionId=collection, Image={"Bytes": photograph})
        return [match["User"]["UserId"] for match in answer["UserMatches"]]

    face_id = index(one, collection, photograph)
    assert (users(one), users(other)) == ([], [])
    one.create_user(CollectionId=collection, UserId="ada")
    one.associate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    assert within(SEARCHABLE_SECONDS, lambda: users(other) == ["ada"])
    other.disassociate_faces(CollectionId=collection, UserId="ada", FaceIds=[face_id])
    assert within(SEARCHABLE_SECONDS, lambda: users(one) == [])


def test_a_gallery_that_one_deleted_is_gone_at_the_other(clients: tuple[Any, Any], faces: Path) -> None:
    one, other = clients
    (photograph,) = photographs(faces, 1)
    name = f"test-{uuid.uuid4().hex[:12]}"
    one.create_collection(CollectionId=name)
    index(one, name, photograph)
    assert within(SEARCHABLE_SECONDS, lambda: len(found(other, name, photograph)) == 1)
    one.delete_collection(CollectionId=name)
    with pytest.raises(ClientError) as caught:
        found(other, name, photograph)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    other.create_collection(CollectionId=name)
    assert found(one, name, photograph) == []
    other.delete_collection(CollectionId=name)


def test_operators_and_keys_are_made_and_revoked_at_both_at_once(
    pair: Pair, clients: tuple[Any, Any], collection: str
) -> None:
    """Last: the administrator of the first start is closed by it."""
    first = {server: Staff(server, {"first": server.key}) for server in pair}
    native = first[pair.one].native("first")
    native.create_operator(Operator="vera", Name="Vera", Roles=["examiner"])
    for server, maker in ((pair.other, pair.one), (pair.one, pair.other)):
        made = first[maker].native("first").issue_access_key(Operator="vera")
        key = SigningKey(made["AccessKeyId"], made["SecretAccessKey"], "vera")
        client = Staff(server).client("rekognition", key)
        client.list_collections()
        first[maker].native("first").revoke_access_key(AccessKeyId=key.access_key_id)
        with pytest.raises(ClientError) as caught:
            client.list_collections()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
        client.close()


def test_a_server_that_joins_later_finds_everything(
    pair: Pair, clients: tuple[Any, Any], collection: str, faces: Path, tmp_path: Path, model_cache: Path
) -> None:
    (photograph,) = photographs(faces, 1)
    face_id = index(clients[0], collection, photograph)
    settings = {"record": str(pair.one.settings.record), "keys": str(pair.one.settings.keys_folder)}
    with start_server(tmp_path / "third", model_cache, **settings) as third:
        client = third.client()
        assert found(client, collection, photograph) == [face_id]
        client.close()
        # Killed at any moment, it keeps nobody from writing.
        third.kill()
        index(clients[1], collection, photographs(faces, 2)[1])
