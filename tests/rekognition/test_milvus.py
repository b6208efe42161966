"""Rekognition's answers when templates are searched in a real Milvus, and when one of the two servers is killed."""

import itertools
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from milvus_server.serving import MilvusProcess, start_milvus
from postgresql.cluster import Cluster
from recognizance.errors import VectorEngineError
from recognizance.gallery import MilvusAddress, MilvusEngine, MilvusGallery
from rekognition.answers import check_answers
from rekognition.processes import Server

StartServer = Callable[..., Server]


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """A server that these tests kill."""
    with start_milvus(tmp_path_factory.mktemp("killed") / "milvus") as running:
        yield running


def photographs_in(faces: Path, count: int) -> list[bytes]:
    found = sorted((faces / "fairface" / "images").glob("*.jpg"))
    return [path.read_bytes() for path in itertools.islice(found, count)]


def index(client: Any, photograph: bytes) -> list[str]:
    answer = client.index_faces(CollectionId="staff", Image={"Bytes": photograph}, QualityFilter="NONE", MaxFaces=1)
    return [record["Face"]["FaceId"] for record in answer["FaceRecords"]]


def found(client: Any, photograph: bytes, threshold: float = 99) -> list[str]:
    answer = client.search_faces_by_image(
        CollectionId="staff", Image={"Bytes": photograph}, FaceMatchThreshold=threshold, MaxFaces=4096
    )
    return [match["Face"]["FaceId"] for match in answer["FaceMatches"]]


def listed(client: Any) -> set[str]:
    pages = client.get_paginator("list_faces").paginate(CollectionId="staff")
    return {face["FaceId"] for page in pages for face in page["Faces"]}


def copies(milvus: MilvusProcess, server: Server) -> list[MilvusGallery]:
    """Open what Milvus holds of a server's galleries."""
    with MilvusEngine(MilvusAddress(milvus.url), "any") as engine:
        names = [name for name in engine.ask("list_collections") if name.startswith("recognizance_")]
        return [
            MilvusGallery(MilvusEngine(MilvusAddress(milvus.url), "any"), name, "any", 128)
            for name in names
            if engine.ask("has_collection", name)
        ]


def held(milvus: MilvusProcess, server: Server) -> set[str]:
    return {name for copy in copies(milvus, server) for names in copy.identifiers() for name in names}


def drop_all(milvus: MilvusProcess) -> None:
    with MilvusEngine(MilvusAddress(milvus.url), "any") as engine:
        for name in engine.ask("list_collections"):
            engine.drop(name)


def test_a_gallery_in_milvus_answers_as_one_in_the_server(
    new_server: StartServer, milvus: MilvusProcess, faces: Path, tmp_path: Path
) -> None:
    drop_all(milvus)
    photographs = photographs_in(faces, 30)
    answers = []
    for server in (new_server(vector_engine=milvus.url), new_server(home=tmp_path / "embedded")):
        client = server.client()
        check_answers(client)
        client.create_collection(CollectionId="staff")
        order = [face_id for photograph in photographs for face_id in index(client, photograph)]
        erased = order[3:6]
        client.delete_faces(CollectionId="staff", FaceIds=erased)
        client.create_user(CollectionId="staff", UserId="ada")
        client.associate_faces(CollectionId="staff", UserId="ada", FaceIds=order[:2])
        numbers = {face_id: number for number, face_id in enumerate(order)}
        answers.append(
            [
                [(numbers[match["Face"]["FaceId"]], match["Similarity"]) for match in reply["FaceMatches"]]
                for photograph in photographs
                for reply in [
                    client.search_faces_by_image(
                        CollectionId="staff", Image={"Bytes": photograph}, FaceMatchThreshold=0, MaxFaces=50
                    )
                ]
            ]
        )
        users = client.search_users(CollectionId="staff", FaceId=order[0], UserMatchThreshold=0)["UserMatches"]
        assert [match["User"]["UserId"] for match in users] == ["ada"]
        if server.settings.home != tmp_path / "embedded":
            assert held(milvus, server) == set(order) - set(erased)
            client.delete_collection(CollectionId="staff")
            assert copies(milvus, server) == []
        client.close()
    assert answers[0] == answers[1]


def test_a_killed_milvus_is_an_error_and_no_empty_list_and_follows_when_it_is_back(
    new_server: StartServer, milvus: MilvusProcess, faces: Path
) -> None:
    drop_all(milvus)
    server = new_server(vector_engine=milvus.url, vector_engine_seconds="4")
    client = server.client()
    client.create_collection(CollectionId="staff")
    photographs = photographs_in(faces, 5)
    ids = [index(client, photograph)[0] for photograph in photographs[:3]]
    assert found(client, photographs[0]) == ids[:1]
    milvus.kill()
    for act in (
        lambda: found(client, photographs[0]),
        lambda: index(client, photographs[3]),
        lambda: client.delete_faces(CollectionId="staff", FaceIds=ids[:1]),
        lambda: found(client, photographs[1]),
    ):
        with pytest.raises(ClientError) as caught:
            act()
        assert caught.value.response["Error"]["Code"] == "InternalServerError"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "vector engine" in caught.value.response["Error"]["Message"]
    assert len(listed(client)) == 3, "the record has both changes"
    milvus.start()
    until(lambda: bool(found(client, photographs[3])))
    assert found(client, photographs[0], threshold=99) == []
    assert held(milvus, server) == listed(client)
    client.close()


def test_a_server_starts_while_its_milvus_is_away(new_server: StartServer, faces: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        url = f"milvus://127.0.0.1:{silent.getsockname()[1]}"
        client = new_server(vector_engine=url, vector_engine_seconds="2").client()
        client.create_collection(CollectionId="staff")
        (photograph,) = photographs_in(faces, 1)
        assert len(index(client, photograph)) == 1, "enrolling needs no engine until there is a copy"
        with pytest.raises(ClientError) as caught:
            found(client, photograph)
        assert caught.value.response["Error"]["Code"] == "InternalServerError"
        assert "vector engine" in caught.value.response["Error"]["Message"]
        client.close()


@pytest.mark.long
def test_a_killed_server_comes_back_with_milvus_in_step(
    new_server: StartServer, milvus: MilvusProcess, faces: Path
) -> None:
    drop_all(milvus)
    photographs = photographs_in(faces, 150)
    for turn in range(3):
        server = new_server(vector_engine=milvus.url)
        client = server.client()
        if turn == 0:
            client.create_collection(CollectionId="staff")
        acknowledged: set[str] = set()
        erased: set[str] = set()

        def stream(share: int, client: Any = client, acknowledged: set[str] = acknowledged, turn: int = turn) -> None:
            try:
                for photograph in photographs[50 * turn + share : 50 * turn + 50 : 2]:
                    acknowledged.update(index(client, photograph))
            except (BotoCoreError, ClientError):
                pass  # killed

        threads = [threading.Thread(target=stream, args=(share,)) for share in range(2)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 12 and any(thread.is_alive() for thread in threads):
            time.sleep(0.002)
        for face_id in sorted(acknowledged)[:4]:
            client.delete_faces(CollectionId="staff", FaceIds=[face_id])
            erased.add(face_id)
        server.kill()
        for thread in threads:
            thread.join()
        client.close()
        server = new_server(vector_engine=milvus.url)
        client = server.client()
        there = listed(client)
        assert acknowledged - erased <= there
        assert not erased & there
        found(client, photographs[0])
        assert held(milvus, server) == there
        client.close()
        server.stop()


def test_reconcile_over_the_wire(new_server: StartServer, milvus: MilvusProcess, faces: Path) -> None:
    drop_all(milvus)
    server = new_server(vector_engine=milvus.url)
    client = server.client()
    client.create_collection(CollectionId="staff")
    ids = [face_id for photograph in photographs_in(faces, 8) for face_id in index(client, photograph)]
    until(lambda: held(milvus, server) == set(ids))  # also before anybody searches
    (copy,) = copies(milvus, server)
    copy.remove(ids[:2])
    copy.add(["stranger"], np.eye(128, dtype=np.float32)[:1], "any")
    copy.add(ids[3:4], np.eye(128, dtype=np.float32)[1:2], "any")
    native = server.native()
    answer = native.reconcile_gallery(Gallery="staff")
    assert (answer["References"], answer["Missing"], answer["Extra"], answer["Different"]) == (8, 2, 1, 1)
    entry = server.entries()[int(answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])]
    assert (entry["kind"], entry["details"]["missing"], entry["details"]["extra"]) == ("reconcile", 2, 1)
    assert held(milvus, server) == set(ids)
    again = native.reconcile_gallery(Gallery="staff")
    assert (again["Missing"], again["Extra"], again["Different"]) == (0, 0, 0)
    native.close()
    client.close()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except (ClientError, VectorEngineError):
            pass
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_two_servers_share_a_record_and_milvus(
    cluster: Cluster, milvus: MilvusProcess, faces: Path, tmp_path: Path, new_server: StartServer
) -> None:
    drop_all(milvus)
    shared = {
        "record": cluster.create(f"milvus_{uuid.uuid4().hex}"),
        "keys": str(tmp_path / "keys"),
        "vector_engine": milvus.url,
    }
    servers = [new_server(home=tmp_path / name, **shared) for name in ("one", "other")]
    clients = [server.client() for server in servers]
    clients[0].create_collection(CollectionId="staff")
    for turn, photograph in enumerate(photographs_in(faces, 6)):
        here, there = clients[turn % 2], clients[1 - turn % 2]
        (face_id,) = index(here, photograph)
        assert found(there, photograph) == [face_id], "the other finds who was enrolled here"
        if turn % 3 == 0:
            there.delete_faces(CollectionId="staff", FaceIds=[face_id])
            assert found(here, photograph) == [], "nobody finds who was erased there"
    assert held(milvus, servers[0]) == listed(clients[0])
    for client in clients:
        client.close()
