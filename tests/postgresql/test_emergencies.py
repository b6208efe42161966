"""Emergencies on two servers that share a database: whichever looks, they lapse once."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import botocore.exceptions
import pytest

from authority.moved import Clock, moved_server
from postgresql.cluster import Cluster
from rekognition import pictures
from rekognition.processes import Server
from sts.staff import CASE, Staff, hire

GALLERY = "mugshots"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pair(cluster: Cluster, tmp_path: Path, model_cache: Path, clock: Clock) -> Iterator[tuple[Server, Server]]:
    shared = {"record": cluster.create(f"emergencies_{uuid.uuid4().hex}"), "keys": tmp_path / "keys"}
    with ExitStack() as stack:
        yield (
            stack.enter_context(moved_server(tmp_path / "one", model_cache, clock, **shared)),
            stack.enter_context(moved_server(tmp_path / "other", model_cache, clock, **shared)),
        )


def changes(server: Server) -> list[tuple[str, str]]:
    return [
        (entry["details"]["change"], entry["details"]["subject_authority"])
        for entry in server.entries()
        if entry["kind"] == "authority" and entry["decision"] == "allowed"
    ]


def test_what_one_server_is_told_holds_on_the_other_and_lapses_once(
    pair: tuple[Server, Server], clock: Clock, faces: Path
) -> None:
    one = hire(pair[0])
    other = Staff(pair[1], one.keys)
    photograph = {"Bytes": pictures.upright(faces)}
    ada = one.client("rekognition", one.keys["ada"])
    ada.create_collection(CollectionId=GALLERY)
    ivy = one.client("rekognition", one.keys["ivy"])
    ivy.index_faces(CollectionId=GALLERY, Image=photograph)
    declared = [
        one.native("ivy").declare_emergency(Case=CASE, Document=f"E-{number}", Reason="Danger.")["Authority"]
        for number in range(3)
    ]
    searches = [
        other.client("rekognition", other.keys["ivy"], f"/case/{CASE}/authority/E-{number}") for number in range(3)
    ]
    for client in searches:
        assert client.search_faces_by_image(CollectionId=GALLERY, Image=photograph)["FaceMatches"]
    other.native("sue").ratify_authority(Case=CASE, Document="E-0", RatifyingDocument="W-7", Issuer="Judge")
    clock.move(hours=48)
    deadline = time.monotonic() + 30
    while len(changes(pair[0])) < 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2.5)  # both have looked again since
    found = changes(pair[0])
    assert len(found) == len(set(found)) == 8
    for row in declared[1:]:
        assert ("lapsed", row["AuthorityId"]) in found
        assert ("results deleted", row["AuthorityId"]) in found
    assert searches[0].search_faces_by_image(CollectionId=GALLERY, Image=photograph)["FaceMatches"]
    with pytest.raises(botocore.exceptions.ClientError, match="authority/lapsed"):
        searches[1].search_faces_by_image(CollectionId=GALLERY, Image=photograph)
    for client in (ada, ivy, *searches):
        client.close()
