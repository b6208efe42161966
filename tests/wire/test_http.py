"""What an unsigned connection can take from the server."""

import socket
import time
from pathlib import Path

import pytest

from recognizance.wire.faults import Fault
from recognizance.wire.json_body import decode_object
from rekognition.processes import Server


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def _send_headers(connection: socket.socket, count: int) -> int:
    """Send headers until the server hangs up; say how many went out."""
    for number in range(count):
        try:
            connection.sendall(b"x-%d: " % number + b"y" * 4000 + b"\r\n")
        except OSError:
            return number
    return count


def test_endless_headers_are_cut_off(live_server: Server) -> None:
    before = resident_mb(live_server.process.pid)
    with socket.create_connection(("127.0.0.1", live_server.port), timeout=20) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        sent = _send_headers(connection, 20_000)
    assert sent < 5_000
    assert resident_mb(live_server.process.pid) - before < 50


def test_strangers_hold_no_memory_for_bodies_that_never_come(live_server: Server, rekognition) -> None:
    connections = []
    head = (
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Recognizance.DetectFaces\r\nX-Amz-Date: {0}T{1}Z\r\n"
        "Content-Type: application/x-amz-json-1.1\r\nContent-Length: 84000000\r\nAuthorization: AWS4-HMAC-SHA256 "
        "Credential=AKIASTRANGER00000000/{0}/us-east-1/recognizance/aws4_request, "
        "SignedHeaders=host;x-amz-date;x-amz-target, Signature={2}\r\n\r\n"
    )
    now = time.gmtime()
    text = head.format(time.strftime("%Y%m%d", now), time.strftime("%H%M%S", now), "0" * 64)
    try:
        for _ in range(6):
            connection = socket.create_connection(("127.0.0.1", live_server.port), timeout=20)
            connection.sendall(text.encode())
            connections.append(connection)
        answer = b""
        while b"UnrecognizedClientException" not in answer:
            piece = connections[-1].recv(65_536)
            assert piece, f"hung up after {answer!r}"
            answer += piece
        rekognition.list_collections()  # throttled after a minute if they held the memory
    finally:
        for connection in connections:
            connection.close()


def test_a_request_of_too_many_members_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Fault, match="too many members"):
        decode_object(b'{"References":[' + b"[]," * 300_000 + b"[]]}")
