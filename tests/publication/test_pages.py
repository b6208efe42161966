"""The log as outsiders see it, over a real socket."""

import json

import pytest

from publication import log_client
from recognizance_verify import tree
from recognizance_verify.disclosures import Disclosure
from recognizance_verify.notes import VerifierKey
from recognizance_verify.receipts import Receipt
from recognizance_verify.trust import Trust
from rekognition.processes import Server
from rekognition.raw import Raw
from sts.staff import Staff


def test_the_public_tree_is_that_of_the_entries(live_server: Server, collection: str) -> None:
    checkpoint = log_client.checkpoint(live_server)
    bodies = log_client.entries(live_server, checkpoint.size)
    assert len(bodies) == checkpoint.size
    assert tree.root_of(tree.leaf_hash(body) for body in bodies) == checkpoint.root
    assert tree.tree_root(checkpoint.size, log_client.hashes(live_server, checkpoint.size).hash_at) == checkpoint.root
    assert [json.loads(body)["index"] for body in bodies] == list(range(checkpoint.size))
    times = [json.loads(body)["time"] for body in bodies]
    assert times == sorted(times)


def test_the_log_says_nothing_that_a_client_chose(live_server: Server, collection: str) -> None:
    size = log_client.checkpoint(live_server).size
    assert not any(collection.encode() in body for body in log_client.entries(live_server, size))


def test_an_answer_names_its_entry_and_the_entry_its_request(live_server: Server, rekognition: object) -> None:
    answer = rekognition.list_collections()  # type: ignore[attr-defined]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-recognizance-decision"] == "allowed"
    index = int(headers["x-recognizance-entry"])
    entry = json.loads(log_client.entries(live_server, log_client.checkpoint(live_server).size)[index])
    assert entry["details"]["request"] == headers["x-amzn-requestid"]
    assert entry["details"]["operation"] == "ListCollections"
    receipt = Receipt.parse(log_client.native(live_server).get_receipt(Index=index)["Receipt"])
    key = VerifierKey.parse(log_client.get(live_server, "key")[1].decode().strip())
    assert receipt.verify(Trust(key)).entry.index == index


def test_a_failure_names_its_entry_too(rekognition: object) -> None:
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException) as caught:  # type: ignore[attr-defined]
        rekognition.describe_collection(CollectionId="nowhere")  # type: ignore[attr-defined]
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-recognizance-decision"] == "failed"
    assert int(headers["x-recognizance-entry"]) >= 0


def test_consistency_is_proved_between_any_two_sizes(live_server: Server, collection: str) -> None:
    new = log_client.checkpoint(live_server)
    at = log_client.hashes(live_server, new.size).hash_at
    for old in sorted({1, 2, new.size // 3, new.size - 1, new.size} - {0}):
        proof = tree.consistency_proof(old, new.size, at)
        tree.verify_consistency(old, new.size, proof, tree.tree_root(old, at), new.root)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_log_is_only_read(live_server: Server, method: str) -> None:
    status, _, headers = log_client.get(live_server, "checkpoint", method=method)
    assert status == 405
    assert headers["allow"] == "GET, HEAD"


def test_head_answers_without_a_body(live_server: Server) -> None:
    status, body, headers = log_client.get(live_server, "checkpoint", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoints",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/999",
        "tile/9/000.p/1",
        "tile/63/000.p/1",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/entries/999",
        "tile/0/000.p/255/",
        "tile/0/..%2f..%2frecord.db",
        "tile/-1/000",
        "%00",
    ],
)
def test_pages_that_do_not_exist(live_server: Server, path: str) -> None:
    key = log_client.signed_headers(live_server, path) if path.startswith("tile/entries") else {}
    status, body, _ = log_client.get(live_server, path, **key)
    assert status == 404, body


def test_entries_are_for_who_may_audit(live_server: Server) -> None:
    path = "tile/entries/000.p/1"
    status, _, headers = log_client.get(live_server, path)
    assert status == 401
    assert headers["www-authenticate"] == "AWS4-HMAC-SHA256"
    wrong = (live_server.key.access_key_id, "not the secret")
    for refused in (
        log_client.signed_headers(live_server, path, wrong),
        log_client.signed_headers(live_server, path, service="rekognition"),
        log_client.signed_headers(live_server, "tile/entries/000.p/2"),
    ):
        assert log_client.get(live_server, path, **refused)[0] == 401
    assert log_client.get(live_server, path, **log_client.signed_headers(live_server, path))[0] == 200


def test_entries_are_not_asked_for_with_more_than_a_signature(live_server: Server) -> None:
    path = "tile/entries/000.p/1?first=1"
    for headers in (log_client.signed_headers(live_server, path), {"Authorization": "AWS4-HMAC-SHA256 x"}):
        status, body, _ = log_client.get(live_server, path, **headers)
        assert status == 400, body


def test_a_refused_page_names_its_entry(staff: Staff) -> None:
    path, server, key = "tile/entries/000.p/1", staff.server, staff.keys["ivy"]
    signed = log_client.signed_headers(server, path, (key.access_key_id, key.secret))
    status, _, headers = log_client.get(server, path, **signed)
    assert (status, headers["x-recognizance-decision"]) == (403, "refused")
    entry = server.entries()[int(headers["x-recognizance-entry"])]
    assert (entry["operator"], entry["decision"]) == ("ivy", "refused")
    assert entry["details"]["operation"] == "ReadEntries"


def test_pages_count_towards_an_operators_rate(staff: Staff) -> None:
    made = {"Operator": "hasty", "Name": "Hasty", "Roles": ["investigator"], "RequestsPerMinute": 2}
    staff.native("ada").create_operator(**made)
    key, path = staff.issue("hasty", by="ada"), "tile/entries/000.p/1"
    signed = log_client.signed_headers(staff.server, path, (key.access_key_id, key.secret))
    answers = [log_client.get(staff.server, path, **signed)[0] for _ in range(4)]
    assert answers == [403, 403, 503, 503], "each refusal is an entry: they have an end"


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("SearchFaces", b'{"CollectionId": "bad name!", "FaceId": 7}'),
        ("SearchFaces", b"not json"),
        ("DetectLabels", b"{}"),
        ("Nothing", b"{}"),
    ],
)
def test_a_request_that_comes_to_no_act_has_its_entry_too(live_server: Server, operation: str, body: bytes) -> None:
    with Raw(live_server) as raw:
        request = raw.signed(operation, body)
        connection = raw.connection
        connection.putrequest("POST", request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 400
    assert answer.headers["x-recognizance-decision"] == "failed"
    index = int(answer.headers["x-recognizance-entry"])
    entry = json.loads(log_client.entries(live_server, log_client.checkpoint(live_server).size)[index])
    assert entry["kind"] == "request"
    assert entry["details"]["request"] == answer.headers["x-amzn-requestid"]


def test_a_failed_act_commits_to_the_gallery_that_it_was_about(live_server: Server, collection: str) -> None:
    client, native = live_server.client(), live_server.native()
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.search_faces(CollectionId=collection, FaceId="00000000-0000-4000-8000-000000000000")
    index = int(caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    disclosed = Disclosure.parse(native.disclose_entry(Index=index, Fields=["gallery_name"])["Disclosure"])
    assert disclosed.openings[0]["value"] == f'"{collection}"'
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.describe_collection(CollectionId="nowhere-at-all")
    index = int(caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"])
    disclosed = Disclosure.parse(native.disclose_entry(Index=index, Fields=["gallery_name"])["Disclosure"])
    assert disclosed.openings[0]["value"] == '"nowhere-at-all"'
