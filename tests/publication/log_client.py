"""Read a server's log as outsiders and auditors do: plain GETs, and GETs signed by botocore."""

import http.client
from typing import Any

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from recognizance.native import native_client
from recognizance_verify.notes import Checkpoint, SignedNote, VerifierKey
from recognizance_verify.tiles import TILE_WIDTH, TileHashes, tile_path, unpack_entries
from rekognition.processes import Server


def get(
    server: Server, path: str, *, method: str = "GET", **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Ask for a page below /log/, without a signature unless the headers hold one."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, f"/log/{path}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def signed_headers(
    server: Server, path: str, key: tuple[str, str] | None = None, service: str = "recognizance"
) -> dict[str, str]:
    """Sign a GET."""
    access_key_id, secret = key or (server.key.access_key_id, server.key.secret)
    request = AWSRequest("GET", f"{server.endpoint}/log/{path}")
    SigV4Auth(Credentials(access_key_id, secret), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def checkpoint(server: Server) -> Checkpoint:
    """Read the checkpoint, believing it only with the log's own key."""
    note = SignedNote.parse(get(server, "checkpoint")[1])
    key = VerifierKey.parse(get(server, "key")[1].decode().strip())
    assert note.verify([key]) == [key]
    return Checkpoint.parse(note.text)


def hashes(server: Server, size: int) -> TileHashes:
    """Read the tree from its public tiles."""

    def read(level: int, index: int, width: int) -> bytes:
        status, body, _ = get(server, tile_path(level, index, width))
        assert status == 200, body
        return body

    return TileHashes(read, size)


def entries(server: Server, size: int) -> list[bytes]:
    """Read all entries as the administrator."""
    found: list[bytes] = []
    for first in range(0, size, TILE_WIDTH):
        path = tile_path(None, first // TILE_WIDTH, min(TILE_WIDTH, size - first))
        status, body, _ = get(server, path, **signed_headers(server, path))
        assert status == 200, body
        found += unpack_entries(body)
    return found


def native(server: Server) -> Any:
    """Make a client of our own operations, as the administrator."""
    session = botocore.session.Session()
    session.set_credentials(server.key.access_key_id, server.key.secret)
    return native_client(session, server.endpoint, region="us-east-1")
