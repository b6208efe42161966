"""One HTTP request and its answer over ASGI: reading within limits, answering so that the client can read it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from recognizance.wire.faults import Fault
from recognizance.wire.service import CONTENT_TYPE

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A client that is still sending when we have answered gets this long to finish and read the answer. Closing
# at once would reset the connection, and the reset can overtake the answer.
_LINGER_SECONDS = 30.0
_LINGER_IDLE_SECONDS = 2.0

# A client that sends nothing for so long gives its share of the memory back.
_BODY_IDLE_SECONDS = 10.0


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


class Exchange:
    """A request whose body is read once, and one answer.

    Parameters
    ----------
    scope, receive, send
        As ASGI gives them.
    request_id : str
        Sent with every answer.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self.method: str = scope["method"]
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.query: bytes = scope.get("query_string", b"")
        self.request_id = request_id
        self._receive = receive
        self._send = send
        self._gone = False
        self._unread = self.declared_bytes() != 0

    def declared_bytes(self) -> int | None:
        """Give the length of the body: from its header, 0 if there is no body, None if it comes in chunks."""
        lengths = [value for name, value in self.headers if name.lower() == b"content-length"]
        if any(name.lower() == b"transfer-encoding" for name, _ in self.headers):
            return None
        return int(lengths[0]) if lengths else 0

    async def read_body(self, limit_bytes: int, seconds: float) -> bytearray:
        """Read the whole body, never holding more than `limit_bytes` of it and one piece.

        Raises
        ------
        Fault
            If it is over the limit, not complete within `seconds`, or nothing comes for ten seconds.
        ClientGoneError
            If the client leaves first.
        """
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while self._unread:
                    async with asyncio.timeout(_BODY_IDLE_SECONDS):
                        body += await self._next_piece()
                    if len(body) > limit_bytes:
                        raise Fault.too_large(limit_bytes)
        except TimeoutError:
            raise Fault.too_slow() from None
        return body

    async def wait_until_gone(self) -> None:
        """Return when the client has closed the connection; to be cancelled."""
        while not self._gone:
            self._gone = (await self._receive())["type"] == "http.disconnect"

    async def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send the answer, then read off what the client is still sending, within limits."""
        head = {
            "content-type": CONTENT_TYPE,
            "content-length": str(len(body)),
            "x-amzn-requestid": self.request_id,
            **headers,
        }
        if self._unread:
            head["connection"] = "close"
        raw_head = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in head.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw_head})
        # The answer is on its way whole before the rest of the request is read; only the end is held back.
        await self._send({"type": "http.response.body", "body": body, "more_body": self._unread})
        if self._unread:
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while self._unread:
                    async with asyncio.timeout(_LINGER_IDLE_SECONDS):
                        await self._next_piece()
        except (TimeoutError, ClientGoneError):
            self._unread = False

    async def _next_piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._gone = True
            raise ClientGoneError
        self._unread = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece
