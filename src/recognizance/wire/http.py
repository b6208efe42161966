"""Limits of the HTTP connection that uvicorn and httptools do not have."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

FRAME_BYTES_MAX = 65_536
"""All of a request that is not body: head, framing of chunks, trailers."""

HEAD_SECONDS = 20.0
"""For the first head of a connection to arrive."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a connection that exceeds the limits is dropped, for nobody is known to answer to.

    Without a limit, one unsigned connection can fill the memory with headers.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frame_bytes = 0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, for a while."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Count anew for each request."""
        super().on_message_begin()
        self._frame_bytes = 0

    def on_headers_complete(self) -> None:
        """Stop waiting."""
        self._arrived()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leave the body, and as much again for the framing of small chunks, out of the count."""
        self._frame_bytes -= 2 * len(body)
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Count what comes; `on_body` takes the body off again."""
        self._frame_bytes += len(data)
        super().data_received(data)
        if self._frame_bytes > FRAME_BYTES_MAX:
            self.transport.abort()

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
