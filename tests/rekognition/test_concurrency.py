"""Many clients at once: nothing that was acknowledged is missing, and nobody is answered an internal error."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rekognition.answers import check_answers
from rekognition.pictures import upright
from rekognition.processes import Server

THREADS = 6


@pytest.fixture(scope="module")
def client(live_server: Server) -> Iterator[Any]:
    client = live_server.client(max_pool_connections=THREADS)
    check_answers(client)
    yield client
    client.close()


def front(faces: Path, count: int) -> list[bytes]:
    return [path.read_bytes() for path in sorted((faces / "london" / "neutral_front").glob("*.jpg"))[:count]]


def all_faces(client: Any, collection: str) -> list[str]:
    pages = client.get_paginator("list_faces").paginate(CollectionId=collection, PaginationConfig={"PageSize": 7})
    return [face["FaceId"] for page in pages for face in page["Faces"]]


def test_indexing_and_searching_at_once(client: Any, collection: str, faces: Path) -> None:
    photographs = front(faces, 48)
    acknowledged: list[str] = []

    def work(share: int) -> None:
        for number, photograph in enumerate(photographs[share::THREADS]):
            image = {"Bytes": photograph}
            answer = client.index_faces(CollectionId=collection, Image=image, ExternalImageId=f"{share}-{number}")
            (record,) = answer["FaceRecords"]
            acknowledged.append(record["Face"]["FaceId"])
            found = client.search_faces_by_image(CollectionId=collection, Image=image, FaceMatchThreshold=99)
            assert found["FaceMatches"][0]["Face"] == record["Face"], "a search sees what was acknowledged before"
            client.search_faces(CollectionId=collection, FaceId=acknowledged[0], FaceMatchThreshold=0)
            client.list_faces(CollectionId=collection, MaxResults=3)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, share) for share in range(THREADS)]:
            done.result()
    assert len(acknowledged) == len(set(acknowledged)) == len(photographs)
    assert sorted(all_faces(client, collection)) == sorted(acknowledged)
    assert client.describe_collection(CollectionId=collection)["FaceCount"] == len(photographs)


def test_the_same_photograph_at_once_is_stored_once(client: Any, collection: str, faces: Path) -> None:
    image = {"Bytes": upright(faces)}

    def work(_: int) -> str:
        answer = client.index_faces(CollectionId=collection, Image=image, ExternalImageId="same")
        return str(answer["FaceRecords"][0]["Face"]["FaceId"])

    with ThreadPoolExecutor(THREADS) as pool:
        face_ids = set(pool.map(work, range(THREADS * 2)))
    assert all_faces(client, collection) == list(face_ids)
    assert len(face_ids) == 1


def test_the_same_name_at_once_is_created_once(client: Any) -> None:
    name = f"race-{uuid.uuid4().hex[:8]}"

    def work(_: int) -> str:
        try:
            client.create_collection(CollectionId=name)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "created"

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(work, range(THREADS)))
    assert sorted(outcomes) == ["ResourceAlreadyExistsException"] * (THREADS - 1) + ["created"]
    client.delete_collection(CollectionId=name)


def test_erasing_while_searching(client: Any, collection: str, faces: Path) -> None:
    face_ids = [
        client.index_faces(CollectionId=collection, Image={"Bytes": photograph})["FaceRecords"][0]["Face"]["FaceId"]
        for photograph in front(faces, 12)
    ]
    keeper = face_ids.pop()
    erased: list[str] = []

    def erase() -> None:
        for face_id in face_ids:
            client.delete_faces(CollectionId=collection, FaceIds=[face_id])
            erased.append(face_id)

    def search() -> None:
        while len(erased) < len(face_ids):
            gone = set(erased)
            found = client.search_faces(CollectionId=collection, FaceId=keeper, FaceMatchThreshold=0)
            assert gone.isdisjoint(match["Face"]["FaceId"] for match in found["FaceMatches"])

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(erase), pool.submit(search), pool.submit(search)]:
            done.result()
    assert all_faces(client, collection) == [keeper]


def test_a_collection_made_anew_under_way_keeps_what_it_acknowledges(client: Any, faces: Path) -> None:
    """A photograph is decoded before its collection is held: between the two the name can go to another one."""
    name, photographs = f"anew-{uuid.uuid4().hex[:8]}", front(faces, 16)
    probe = {"Bytes": photographs[0]}
    stop = threading.Event()
    lost: list[str] = []
    client.create_collection(CollectionId=name)

    def allowed(call: Callable[[], Any]) -> Any:
        """Collections come and go here; any other failure is one."""
        try:
            return call()
        except client.exceptions.ResourceNotFoundException:
            return None

    def index(share: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            image = {"Bytes": photographs[(3 * number + share) % len(photographs)]}
            allowed(lambda image=image: client.index_faces(CollectionId=name, Image=image))

    def search() -> None:
        while not stop.is_set():
            allowed(lambda: client.search_faces_by_image(CollectionId=name, Image=probe, FaceMatchThreshold=0))

    def renew() -> None:
        try:
            for _ in range(25):
                client.delete_collection(CollectionId=name)
                client.create_collection(CollectionId=name)
                client.search_faces_by_image(CollectionId=name, Image=probe)  # it is in memory from here on
        finally:
            stop.set()

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(index, 0), pool.submit(index, 1), pool.submit(search), pool.submit(renew)]
        for done in running:
            done.result()
    listed = set(all_faces(client, name))
    found = client.search_faces_by_image(CollectionId=name, Image=probe, FaceMatchThreshold=0)["FaceMatches"]
    lost += sorted(listed - {match["Face"]["FaceId"] for match in found})
    client.delete_collection(CollectionId=name)
    assert lost == [], "acknowledged and listed, and not found by a search"


_SPIN = """
import os, sys, threading, time
from pathlib import Path
from openvino import Type
from recognizance.bootstrap import open_engine
from recognizance.settings import read_settings

open_engine(read_settings(home=Path(sys.argv[1]), cache=Path(sys.argv[2])))
go = False

def use():
    while not go:
        pass
    Type.f32.to_dtype()

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=use, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
time.sleep(0.3)
go = True
for thread in threads:
    thread.join(5)
os._exit(any(thread.is_alive() for thread in threads))
"""


def test_the_runtime_is_set_up_before_threads_use_it(tmp_path: Path, model_cache: Path) -> None:
    """OpenVINO fills a table when a tensor is first made, and lets other threads run meanwhile.

    One that then wants the table waits for it with the interpreter's lock in hand, and everything stands still for
    good.  So the first use has to be over before there are threads.
    """
    command = [sys.executable, "-c", _SPIN, str(tmp_path / "home"), str(model_cache)]
    for _ in range(2):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except subprocess.TimeoutExpired:
            pytest.fail("the threads wait for one another for ever")
        assert done.returncode == 0, done.stderr or "the threads wait for one another for ever"
