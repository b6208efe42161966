"""No effect without its entry and no entry without its effect, whatever happens on the way."""

import contextlib
import json
import random
import resource
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publication.asking import Reply, ask, entries_from, size_of
from rekognition import pictures
from rekognition.processes import Server, start_server
from wire.signing import head_of, sign

UNLIMITED = resource.RLIM_INFINITY
ARN = "arn:aws:rekognition:us-east-1:000000000000:collection/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Server]:
    with start_server(tmp_path_factory.mktemp("effects") / "home", model_cache) as started:
        yield started


def galleries(server: Server) -> set[int]:
    """Read off the record which galleries there are."""
    with contextlib.closing(sqlite3.connect(f"file:{server.settings.home / 'record.db'}?mode=ro", uri=True)) as record:
        return {identifier for (identifier,) in record.execute("SELECT id FROM galleries")}


def created(server: Server, first: int) -> list[int]:
    """Read off the log which galleries were made."""
    details = (entry["details"] for entry in entries_from(server, first))
    return [each["gallery"] for each in details if each.get("change") == "created"]


def settled(server: Server) -> None:
    """Wait until the log has stopped growing."""
    size = -1
    while (now := size_of(server)) != size:
        size = now
        time.sleep(0.5)


def test_clients_that_leave_at_any_moment(server: Server) -> None:
    before, size = galleries(server), size_of(server)

    def leave(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            body = json.dumps({"CollectionId": str(uuid.uuid4())}).encode()
            request = sign(
                body, operation="RekognitionService.CreateCollection", url=f"{server.endpoint}/", key=server.key
            )
            whole = head_of(request, f"Content-Length: {len(body)}") + body
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(whole[: chance.choice([len(whole), len(whole), len(whole) - 1, 30])])
                time.sleep(chance.random() * 0.02)
                if chance.random() < 0.5:  # a reset instead of an orderly end
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    together([lambda seed=seed: leave(seed) for seed in range(8)])
    settled(server)
    made = galleries(server) - before
    assert made, "nobody stayed long enough for anything to happen"
    assert sorted(created(server, size)) == sorted(made)


def test_a_full_disk(server: Server) -> None:
    before, size = galleries(server), size_of(server)
    replies: list[Reply] = []

    def work() -> None:
        for _ in range(10):
            body = {"CollectionId": str(uuid.uuid4())}
            replies.append(ask(server, server.key, "CreateCollection", body, service="rekognition"))

    limit = (server.settings.home / "record.db-wal").stat().st_size + 20_000
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, UNLIMITED))
    try:
        together([work] * 4)
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
    assert {reply.status for reply in replies} <= {200, 500}
    failed = [reply for reply in replies if reply.status == 500]
    assert failed
    assert all("x-recognizance-entry" not in reply.headers for reply in failed)
    made = galleries(server) - before
    assert sorted(created(server, size)) == sorted(made)
    assert len(made) == len(replies) - len(failed)
    assert ask(server, server.key, "ListCollections", {}, service="rekognition").status == 200


def together(works: list[Any]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


NUMBERS = ["-1", "1.5", '"1"', "null", "true", "1e400", "9007199254740992", "18446744073709551616", "[1]", "NaN", "01"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("operation", ["GetReceipt", "ProveConsistency", "DiscloseEntry"])
def test_numbers_that_are_no_place_in_the_log(server: Server, operation: str, number: str) -> None:
    member = "OldSize" if operation == "ProveConsistency" else "Index"
    body = f'{{"{member}": {number}, "Fields": ["case"]}}'.encode()
    reply = ask(server, server.key, operation, body, service="recognizance")
    assert (reply.status, reply.decision) == (400, "failed")
    assert entries_from(server, reply.entry)[0]["details"]["request"] == reply.request_id


@pytest.mark.parametrize("fields", [[], ["case"] * 10_000, ["a" * 65], ["Case"], [""], [None], "case", [["case"]]])
def test_fields_that_are_none(server: Server, fields: Any) -> None:
    reply = ask(server, server.key, "DiscloseEntry", {"Index": 0, "Fields": fields}, service="recognizance")
    assert (reply.status, reply.decision) == (400, "failed")


def test_acts_whose_entry_could_be_large(server: Server, faces: Path) -> None:
    name, nobody = "large", [str(uuid.uuid4()) for _ in range(4096)]
    tags = {f"{number:03d}{'x' * 120}": "v" * 256 for number in range(200)}
    exported = export_of_a_crowd(server, faces)
    (reference, *_) = exported["References"]
    imported = [
        {
            **reference,
            "FaceId": str(uuid.uuid4()),
            "ImageId": str(uuid.uuid4()),
            "ExternalId": "e" * 255,
            "Subject": f"s{number % 300}",
        }
        for number in range(1_000)
    ]
    known = [each["FaceId"] for each in imported]
    for service, operation, body in (
        ("rekognition", "CreateCollection", {"CollectionId": name, "Tags": tags}),
        ("rekognition", "CreateCollection", {"CollectionId": "c" * 255, "Tags": tags}),
        ("rekognition", "TagResource", {"ResourceArn": f"{ARN}{name}", "Tags": tags}),
        ("rekognition", "UntagResource", {"ResourceArn": f"{ARN}{name}", "TagKeys": list(tags)}),
        ("rekognition", "DeleteFaces", {"CollectionId": name, "FaceIds": nobody}),
        ("rekognition", "ListFaces", {"CollectionId": name, "FaceIds": nobody}),
        ("recognizance", "ImportReferences", {"Gallery": name, "Model": exported["Model"], "References": imported}),
        ("rekognition", "SearchFaces", {"CollectionId": name, "FaceId": known[0], "MaxFaces": 4096}),
        ("recognizance", "ExportReferences", {"Gallery": name, "MaxResults": 1_000}),
        ("rekognition", "DeleteFaces", {"CollectionId": name, "FaceIds": known + nobody[:3_000]}),
        ("recognizance", "ErasePerson", {"Gallery": name, "FaceIds": known}),
        ("rekognition", "DeleteCollection", {"CollectionId": name}),
    ):
        size = size_of(server)
        reply = ask(server, server.key, operation, body, service=service)
        assert (reply.status, reply.entry, reply.decision) == (200, size, "allowed"), (operation, reply.content)


def export_of_a_crowd(server: Server, faces: Path) -> Any:
    """Enrol a photograph of many people; give what an export says of them."""
    with contextlib.closing(server.client()) as client:
        client.create_collection(CollectionId="crowd")
        client.index_faces(CollectionId="crowd", Image={"Bytes": pictures.many_faces(faces)})
    return ask(server, server.key, "ExportReferences", {"Gallery": "crowd"}, service="recognizance").json()
