"""The protocol over real sockets: with boto3, and with clients that do everything wrong."""

import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from wire.serving import Running, wait_until
from wire.signing import IDLE, KEY, SESSION, head_of, post, read_answer, sign


def client(server: Running, path: str = "", **config: Any) -> Any:
    return boto3.client(
        "rekognition",
        endpoint_url=server.url + path,
        region_name="us-east-1",
        aws_access_key_id=config.pop("key_id", KEY.access_key_id),
        aws_secret_access_key=config.pop("secret", KEY.secret),
        aws_session_token=config.pop("token", None),
        config=Config(proxies={}, **config),
    )


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def own(server: Running, body: bytes = b"{}", operation: str = "ListCollections", **options: Any) -> Any:
    url = server.url + options.pop("path", "/")
    return sign(body, url=url, operation=f"RekognitionService.{operation}", **options)


def asks(server: Running, body: bytes, operation: str = "ListCollections", **options: Any) -> tuple[int, str]:
    status, answer, headers = post(server.port, own(server, body, operation, **options))
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.get("Logref", headers["x-amzn-requestid"]) == headers["x-amzn-requestid"]
    assert answer.get("__type") == answer.get("Code")
    return status, answer.get("Code", "")


# --- boto3 ------------------------------------------------------------------------------------------


def test_boto3_calls(server: Running) -> None:
    answer = client(server).list_collections(MaxResults=5)
    assert answer["CollectionIds"] == ["staff"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-decision"] == "7"
    (call,) = server.desk.calls
    assert (call.operation, call.input, call.actor.operator) == ("ListCollections", {"MaxResults": 5}, "ada")
    assert answer["ResponseMetadata"]["RequestId"] == call.request_id
    described = client(server).describe_collection(CollectionId="staff")
    assert described["CreationTimestamp"].isoformat().startswith("2026-05-1")
    assert "CollectionARN" not in described


def test_context_comes_with_the_endpoint(server: Running) -> None:
    client(server, "/purpose/theft/case/2024-17").list_collections()
    assert server.desk.calls[0].context.case == "2024-17"
    assert code_of(client(server, "/case/2024%2F1/../9").list_collections) == "InvalidParameterException"
    assert len(server.desk.calls) == 1


def test_an_operator_over_their_rate_waits_and_nobody_else(server: Running) -> None:
    server.desk.throttled.add("ada")
    assert code_of(client(server).list_collections) == "ThrottlingException"
    session = {"key_id": SESSION.access_key_id, "secret": SESSION.secret}
    client(server, token=SESSION.session_token, **session).list_collections()
    assert code_of(client(server, secret="wrong").list_collections) == "InvalidSignatureException"
    assert [call.actor.session for call in server.desk.calls] == ["a session"]
    assert [code for code, _ in server.refused] == ["InvalidSignatureException"]


def test_sessions(server: Running) -> None:
    session = {"key_id": SESSION.access_key_id, "secret": SESSION.secret}
    client(server, token=SESSION.session_token, **session).list_collections()
    assert server.desk.calls[0].actor.operator == "grace"
    assert code_of(client(server, token="other", **session).list_collections) == "UnrecognizedClientException"


def test_refused_sign_ins_are_reported(server: Running) -> None:
    assert code_of(client(server, secret="wrong").list_collections) == "InvalidSignatureException"
    assert code_of(client(server, key_id="NOBODY").list_collections) == "UnrecognizedClientException"
    idle = client(server, key_id=IDLE.access_key_id, secret=IDLE.secret)
    assert code_of(idle.list_collections) == "UnrecognizedClientException"
    post(server.port, own(server).with_header("Authorization", None))
    assert server.refused == [
        ("InvalidSignatureException", KEY.access_key_id),
        ("UnrecognizedClientException", "NOBODY"),
        ("UnrecognizedClientException", IDLE.access_key_id),
        ("MissingAuthenticationTokenException", None),
    ]
    assert server.desk.calls == []


def test_errors_reach_boto3_as_their_classes(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    it = client(server, retries={"total_max_attempts": 1})
    with pytest.raises(it.exceptions.ResourceNotFoundException) as caught:
        it.describe_collection(CollectionId="absent")
    assert caught.value.response["Error"]["Message"] == "The collection id: absent does not exist"
    with pytest.raises(it.exceptions.AccessDeniedException):
        it.describe_collection(CollectionId="forbidden")
    with pytest.raises(it.exceptions.InvalidParameterException):
        it.describe_collection(CollectionId="bad name!")
    assert code_of(it.start_label_detection, Video={}) == "UnsupportedOperationException"
    for broken in ("broken", "keyless", "misspelt", "header"):
        with caplog.at_level(logging.ERROR), pytest.raises(it.exceptions.InternalServerError) as failed:
            it.describe_collection(CollectionId=broken)
        response = failed.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "/home" not in str(response)
        assert "detail" not in str(response)
        assert response["ResponseMetadata"]["RequestId"] in caplog.text
        told = response["ResponseMetadata"]["HTTPHeaders"].get("x-recognizance-entry")
        assert told == ("7" if broken == "misspelt" else None), "what was done is told, if not how it went"


def test_the_largest_photograph_and_one_byte_more(server: Running) -> None:
    it = client(server)
    answer = it.detect_faces(Image={"Bytes": b"x" * 5_242_880})
    assert answer["FaceDetails"][0]["Confidence"] == 100
    with pytest.raises(it.exceptions.ImageTooLargeException):
        it.detect_faces(Image={"Bytes": b"x" * 5_242_881})
    assert code_of(it.detect_faces, Image={"Bytes": b"x" * 20_000_000}) == "RequestEntityTooLargeException"


def test_presigned_requests_are_used_once(server: Running) -> None:
    presigned = own(server, b'{"CollectionId": "staff"}', "DescribeCollection", expires=60)
    assert post(server.port, presigned)[1]["FaceCount"] == 3
    assert post(server.port, presigned)[1]["Code"] == "InvalidSignatureException"


def test_boto3s_presigned_urls(server: Running) -> None:
    url = client(server).generate_presigned_url("list_collections", ExpiresIn=60)
    signed = own(server, b"")
    headers = (signed.headers[0], ("X-Amz-Target", signed.header("x-amz-target")))
    headers = (*headers, ("Content-Type", "application/x-amz-json-1.1"))
    presigned = replace(signed, target=url.removeprefix(server.url), headers=headers, body=b"")
    assert post(server.port, presigned)[1]["CollectionIds"] == ["staff"]


def test_many_at_once(server: Running) -> None:
    it = client(server, max_pool_connections=8)
    with ThreadPoolExecutor(8) as pool:
        sizes = range(1_000, 2_000_000, 100_000)
        answers = list(pool.map(lambda size: it.detect_faces(Image={"Bytes": b"x" * size}), sizes))
    assert [round(each["FaceDetails"][0]["Confidence"] * 52_428.8) for each in answers] == list(sizes)


# --- bodies that cannot be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b'{"MaxResults": NaN}',
        b'{"MaxResults": -Infinity}',
        b'{"MaxResults": 1, "MaxResults": 2}',
        b'{"Other": {"a": 1, "a": 1}}',
        b'{"NextToken": "\xff"}',
        b'{"MaxResults": ' + b"1" * 5_000 + b"}",
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"[" * 100_000,
        '{"MaxResults": 1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ],
)
def test_malformed_bodies(server: Running, body: bytes) -> None:
    assert asks(server, body) == (400, "SerializationException")
    assert server.desk.calls == []


def test_an_unsigned_malformed_body_is_not_looked_at(server: Running) -> None:
    assert asks(server, b"{", key=replace(KEY, secret="wrong"))[1] == "InvalidSignatureException"


def test_surrogates_and_infinite_numbers(server: Running) -> None:
    assert asks(server, b'{"NextToken": "\\ud800"}') == (400, "InvalidParameterException")
    assert asks(server, b'{"MaxResults": 1e999}') == (400, "InvalidParameterException")


def test_an_empty_body_is_an_empty_object(server: Running) -> None:
    assert asks(server, b"") == (200, "")


@pytest.mark.parametrize("kind", ["", "application/json", "application/x-www-form-urlencoded", "text/plain; x=y"])
def test_content_types_are_taken_leniently(server: Running, kind: str) -> None:
    assert asks(server, b"{}", headers={"Content-Type": kind}) == (200, "")


def test_other_encodings_are_refused(server: Running) -> None:
    assert asks(server, b"{}", headers={"Content-Type": "application/cbor"}) == (400, "SerializationException")
    assert asks(server, b"{}", headers={"Content-Encoding": "gzip"}) == (400, "SerializationException")


@pytest.mark.parametrize(
    "target",
    ["RekognitionService.DetectDragons", "Other.ListCollections", "ListCollections", "RekognitionService.", "."],
)
def test_unknown_targets(server: Running, target: str) -> None:
    assert post(server.port, sign(url=server.url, operation=target))[1]["Code"] == "UnknownOperationException"
    unsigned = sign(url=server.url, operation=target, key=replace(KEY, secret="wrong"))
    assert post(server.port, unsigned)[1]["Code"] == "InvalidSignatureException"


def test_no_target(server: Running) -> None:
    assert post(server.port, sign(url=server.url, operation=""))[1]["Code"] == "IncompleteSignatureException"


# --- connections ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods(server: Running, method: str) -> None:
    status, answer, headers = post(server.port, replace(own(server), method=method))
    assert (status, headers["allow"]) == (405, "POST")
    assert method == "HEAD" or answer["Code"] == "MethodNotAllowedException"


def test_one_connection_serves_many_requests_of_all_kinds(server: Running) -> None:
    with server.connect() as connection:
        for body, status in ((b"{}", 200), (b"{", 400), (b"{}", 200)):
            request = own(server, body)
            connection.sendall(head_of(request, f"Content-Length: {len(body)}") + body)
            assert read_answer(connection)[0] == status


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    first = own(server, b'{"CollectionId": "absent"}', "DescribeCollection")
    second = own(server)
    data = b"".join(head_of(each, f"Content-Length: {len(each.body)}") + each.body for each in (first, second))
    with server.connect() as connection:
        connection.sendall(data)
        text = b""
        while text.count(b"HTTP/1.1") < 2 or not text.endswith(b"}"):
            text += connection.recv(65_536)
    assert text.index(b"ResourceNotFound") < text.index(b"staff")


def test_expect_continue(server: Running) -> None:
    request = own(server)
    with server.connect() as connection:
        connection.sendall(head_of(request, "Content-Length: 2", "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert read_answer(connection)[0] == 200


def test_expect_continue_is_refused_before_the_body(server: Running) -> None:
    request = own(server)
    with server.connect() as connection:
        connection.sendall(head_of(request, "Content-Length: 999999999", "Expect: 100-continue"))
        status, answer = read_answer(connection)
    assert (status, answer["Code"]) == (413, "RequestEntityTooLargeException")


def test_chunked_bodies(server: Running) -> None:
    body = json.dumps({"CollectionId": "staff"}).encode()
    request = own(server, body, "DescribeCollection")
    with server.connect() as connection:
        connection.sendall(head_of(request, "Transfer-Encoding: chunked"))
        for position in range(0, len(body), 5):
            piece = body[position : position + 5]
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        assert read_answer(connection)[1]["FaceCount"] == 3


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_bodies_get_a_readable_answer(small_server: Running, chunked: bool) -> None:
    body = b"x" * 5_000_000
    request = own(small_server, body)
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    with small_server.connect() as connection:
        connection.sendall(head_of(request, framing))
        connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
        status, answer = read_answer(connection)
        assert (status, answer["Code"]) == (413, "RequestEntityTooLargeException")
        assert connection.recv(1) == b""
    assert asks(small_server, b"{}") == (200, "")


def test_a_huge_announcement_is_answered_at_once(small_server: Running) -> None:
    with small_server.connect() as connection:
        began = time.monotonic()
        connection.sendall(head_of(own(small_server), "Content-Length: 99999999999"))
        assert read_answer(connection)[0] == 413
        assert time.monotonic() - began < 1.5


def test_slow_bodies_are_not_waited_for(small_server: Running) -> None:
    request = own(small_server)
    with small_server.connect() as connection:
        connection.sendall(head_of(request, "Content-Length: 2") + b"{")
        status, answer = read_answer(connection)
    assert (status, answer["Code"]) == (408, "RequestTimeoutException")
    assert small_server.desk.calls == []


def test_slow_bodies_hold_the_memory_and_then_let_go(small_server: Running) -> None:
    body = b"{" + b" " * 150_000 + b"}"
    request = own(small_server, body)
    with small_server.connect() as slow:
        slow.sendall(head_of(request, f"Content-Length: {len(body)}") + b"{")
        time.sleep(0.2)
        began = time.monotonic()
        # No room beside the slow one; its time is up a moment before this one's patience is.
        assert asks(small_server, body)[0] in (200, 400)
        assert time.monotonic() - began > 0.3
    assert asks(small_server, body) == (200, "")


def test_aborted_clients_cause_nothing(server: Running) -> None:
    request = own(server)
    for data in (head_of(request, "Content-Length: 2") + b"{", head_of(request, "Content-Length: 2"), b"POST / HT"):
        with server.connect() as connection:
            connection.sendall(data)
            # Closed by a reset, as a killed client's connection is.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert asks(server, b"{}") == (200, "")
    assert len(server.desk.calls) == 1


def test_a_client_that_leaves_the_queue_is_not_served(server: Running) -> None:
    blocking = b'{"Image": {"S3Object": {"Bucket": "abc", "Name": "n"}}}'
    waiting = b'{"Image": {"Bytes": "QUJD"}}'
    with server.connect() as first:
        request = own(server, blocking, "DetectFaces")
        first.sendall(head_of(request, f"Content-Length: {len(blocking)}") + blocking)
        assert server.desk.began.acquire(timeout=10)
        with server.connect() as second:
            request = own(server, waiting, "DetectFaces")
            second.sendall(head_of(request, f"Content-Length: {len(waiting)}") + waiting)
            time.sleep(0.3)
        time.sleep(0.3)
        server.desk.go_on.set()
        assert read_answer(first)[0] == 200
    assert asks(server, waiting, "DetectFaces") == (200, "")
    assert [list(call.input["Image"]) for call in server.desk.calls] == [["S3Object"], ["Bytes"]]


def test_too_much_waiting_is_throttled_and_the_other_lane_stays_open(small_server: Running) -> None:
    server = small_server
    blocking = b'{"Image": {"S3Object": {"Bucket": "abc", "Name": "n"}}}'
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(asks, server, blocking, "DetectFaces")
        assert server.desk.began.acquire(timeout=10)
        second = pool.submit(asks, server, blocking, "DetectFaces")
        time.sleep(0.3)
        assert asks(server, blocking, "DetectFaces") == (400, "ThrottlingException")
        assert asks(server, b"{}") == (200, "")
        server.desk.go_on.set()
        assert first.result() == second.result() == (200, "")


def test_unsigned_crowds_do_not_keep_others_out(server: Running) -> None:
    bad = own(server, b"{}", key=replace(KEY, secret="wrong"))
    stop = threading.Event()

    def crowd() -> None:
        while not stop.is_set():
            post(server.port, bad)

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(crowd) for _ in range(4)]
        wait_until(lambda: len(server.refused) > 20)
        assert all(asks(server, b"{}") == (200, "") for _ in range(20))
        stop.set()
        for each in done:
            each.result()
