"""Who is refused, and with which code: the table of docs/rekognition.md."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from recognizance.rekognition.operations import OPERATIONS
from rekognition.processes import Server
from rekognition.raw import MODEL, Raw
from rekognition.refusals import refusal
from wire.signing import SigningKey

MISSING = "MissingAuthenticationTokenException"
INCOMPLETE = "IncompleteSignatureException"
UNKNOWN_KEY = "UnrecognizedClientException"
WRONG = "InvalidSignatureException"


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


# --- credentials ------------------------------------------------------------------------------------


def test_no_signature(raw: Raw) -> None:
    unsigned = raw.signed("ListCollections").with_header("Authorization", None)
    assert raw.send(unsigned)[1]["Code"] == MISSING


@pytest.mark.parametrize(
    "pattern",
    [
        r", SignedHeaders=[^,]*",
        r", Signature=.*",
        r"Credential=[^,]*, ",
        r"/aws4_request",
        r"AWS4-HMAC-SHA256",
        r";x-amz-target",
    ],
)
def test_incomplete_signatures(raw: Raw, pattern: str) -> None:
    status, answer = raw.send(raw.signed("ListCollections").with_authorization(pattern, ""))
    assert (status, answer["Code"]) == (400, INCOMPLETE)


def test_a_key_that_is_not_ours(raw: Raw, live_server: Server) -> None:
    nobody = SigningKey("RKNOBODY", live_server.key.secret, "nobody")
    assert raw.code("ListCollections", {}, key=nobody) == (400, UNKNOWN_KEY)


def test_a_wrong_secret(raw: Raw, live_server: Server) -> None:
    assert raw.code("ListCollections", {}, key=replace(live_server.key, secret="wrong")) == (400, WRONG)


def test_a_token_that_no_session_has(raw: Raw, live_server: Server) -> None:
    assert raw.code("ListCollections", {}, key=replace(live_server.key, session_token="x"))[1] == UNKNOWN_KEY


def test_a_changed_body(raw: Raw) -> None:
    changed = replace(raw.signed("ListCollections", b'{"MaxResults":1}'), body=b'{"MaxResults":2}')
    assert raw.send(changed)[1]["Code"] == WRONG


def test_a_changed_operation(raw: Raw) -> None:
    changed = raw.signed("ListCollections").with_header("X-Amz-Target", "RekognitionService.DeleteCollection")
    assert raw.send(changed)[1]["Code"] == WRONG


def test_another_service(raw: Raw) -> None:
    assert raw.code("ListCollections", {}, service="s3")[1] == WRONG


@pytest.mark.parametrize(("minutes", "words"), [(5.1, "Signature expired"), (-5.1, "Signature not yet current")])
def test_dates_out_of_time(raw: Raw, minutes: float, words: str) -> None:
    status, answer = raw.ask("ListCollections", {}, at=minutes_ago(minutes))
    assert (status, answer["Code"]) == (400, WRONG)
    assert answer["Message"].startswith(words)


@pytest.mark.parametrize("minutes", [4.8, -4.8])
def test_clocks_may_differ_a_little(raw: Raw, minutes: float) -> None:
    assert raw.code("ListCollections", {}, at=minutes_ago(minutes)) == (200, "")


def test_presigned_requests(raw: Raw) -> None:
    once = raw.signed("ListCollections", expires=60)
    assert raw.send(once)[0] == 200
    status, again = raw.send(once)
    assert (status, again["Code"]) == (400, WRONG)
    assert "used" in again["Message"]
    old = raw.send(raw.signed("ListCollections", expires=300, at=minutes_ago(5.1)))
    assert (old[0], old[1]["Code"]) == (400, WRONG)
    short = raw.send(raw.signed("ListCollections", expires=60, at=minutes_ago(1.1)))
    assert (short[0], short[1]["Code"]) == (400, WRONG)
    long = raw.send(raw.signed("ListCollections", expires=301))
    assert (long[0], long[1]["Code"]) == (400, INCOMPLETE)
    assert raw.send(raw.signed("ListCollections", expires=300, at=minutes_ago(4.8)))[0] == 200


def test_an_unknown_key_and_a_wrong_secret_learn_nothing_of_the_request(raw: Raw, live_server: Server) -> None:
    """Who may not sign is not told what exists."""
    stranger = replace(live_server.key, secret="wrong")
    for body in (b"{", b"[]", b'{"CollectionId": "mugshots"}', b'{"CollectionId": "a b"}'):
        assert raw.code("DescribeCollection", body, key=stranger)[1] == WRONG
    for operation in ("DetectLabels", "NoSuchThing"):
        assert raw.code(operation, {}, key=stranger)[1] == WRONG


# --- protocol ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b"[]", b"null", b'"text"', b"5", b'{"a": NaN}', b'{"a":1,"a":1}', b"\xff"]
)
def test_malformed_bodies(raw: Raw, body: bytes) -> None:
    assert raw.code("ListCollections", body) == (400, "SerializationException")


def test_unknown_members_are_passed_over(raw: Raw) -> None:
    assert raw.code("ListCollections", {"Unknown": {"deep": [1]}, "MaxResults": 1}) == (200, "")


@pytest.mark.parametrize(
    "target", ["RekognitionService.DetectDragons", "RekognitionService.", "Other.ListCollections", "."]
)
def test_unknown_operations(raw: Raw, target: str) -> None:
    assert raw.code(target, {}) == (400, "UnknownOperationException")


@pytest.mark.parametrize("operation", sorted(set(MODEL.operation_names) - set(OPERATIONS)))
def test_operations_that_are_not_offered(raw: Raw, operation: str) -> None:
    status, answer = raw.ask(operation, {})
    assert (status, answer["Code"]) == (400, "UnsupportedOperationException")
    assert answer["Message"].startswith(f"{operation} is not offered")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(raw: Raw, method: str) -> None:
    status, answer = raw.send(raw.signed("ListCollections"), method)
    assert (status, answer["Code"]) == (405, "MethodNotAllowedException")


def test_bodies_over_the_limit(live_server: Server) -> None:
    with Raw(live_server) as raw:
        body = json.dumps({"Image": {"Bytes": "A" * 16_000_000}}).encode()
        assert raw.code("DetectFaces", body) == (413, "RequestEntityTooLargeException")
    with Raw(live_server) as raw:
        assert raw.code("ListCollections", {}) == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/purpose",
        "/purpose/a/case",
        "/other/x",
        "/purpose/a/purpose/b",
        "/purpose//case/x",
        "/purpose/%41",
        "/purpose/a/../b",
        "/x?y=1",
    ],
)
def test_paths_that_are_no_context(raw: Raw, path: str) -> None:
    status, answer = raw.ask("ListCollections", {}, path=path)
    assert (status, answer["Code"]) == (400, "InvalidParameterException")


def test_health_needs_no_signature(raw: Raw) -> None:
    raw.connection.request("GET", "/healthz")
    with raw.connection.getresponse() as response:
        assert response.status == 200
        assert json.loads(response.read())["service"] == "recognizance"


# --- as an SDK shows it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        ("describe_collection", {"CollectionId": "absent"}, "ResourceNotFoundException"),
        ("describe_collection", {"CollectionId": "a/b"}, "InvalidParameterException"),
        ("list_collections", {"NextToken": "x"}, "InvalidPaginationTokenException"),
        ("detect_faces", {"Image": {"Bytes": b"x"}}, "InvalidImageFormatException"),
        ("detect_faces", {"Image": {"Bytes": b"x" * 5_242_881}}, "ImageTooLargeException"),
    ],
)
def test_errors_of_the_model_are_classes_of_boto3(
    rekognition: Any, call: str, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(getattr(rekognition.exceptions, error)):
        getattr(rekognition, call)(**arguments)


def test_refusals_are_not_sent_again(live_server: Server) -> None:
    """SDKs repeat throttles and 500s; nothing that a client did wrong looks like either."""
    client = live_server.client(retries={"total_max_attempts": 3, "mode": "standard"})
    for call, arguments in (
        (client.describe_collection, {"CollectionId": "absent"}),
        (client.detect_labels, {"Image": {"Bytes": b"x"}}),
        (client.detect_faces, {"Image": {"Bytes": b"x"}}),
    ):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert refusal(client.detect_labels, Image={"Bytes": b"x"}).message.startswith("DetectLabels is not offered")
    client.close()
