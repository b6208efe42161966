"""A witness behind HTTP."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from recognizance.errors import SettingsError
from recognizance.witness.service import Reply, WitnessService
from recognizance_verify.consistency import CONSISTENCY_BYTES_MAX

BODY_BYTES_MAX = CONSISTENCY_BYTES_MAX
REQUEST_SECONDS = 20.0
"""For each request's head to arrive, and again for its body."""

CONNECTIONS_MAX = 256


def application(service: WitnessService) -> Starlette:
    """Put the witness's pages together: who it is, add-checkpoint, and what it has cosigned."""

    async def introduce(request: Request) -> Response:
        return PlainTextResponse(service.introduce())

    async def newest(request: Request) -> Response:
        return _response(await run_in_threadpool(service.newest, request.path_params["digest"]))

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return _last(Reply(408, "The request did not arrive in time.\n"))
        except ClientDisconnect:
            return _last(Reply(400, "The request did not arrive whole.\n"))
        if body is None:
            return _last(Reply(413, f"The request is longer than {BODY_BYTES_MAX} bytes.\n"))
        return _response(await run_in_threadpool(service.add_checkpoint, body))

    return Starlette(
        routes=[
            Route("/", introduce),
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{digest}/checkpoint", newest),  # the monitors' page of tlog-witness v1.1
        ]
    )


async def _body(request: Request) -> bytes | None:
    """Read the body; None if it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            return None
    return bytes(body)


def _response(reply: Reply) -> Response:
    headers = {"content-type": reply.content_type, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(reply.body, reply.status, headers)


def _last(reply: Reply) -> Response:
    """Answer, and end a connection on which the rest of a request may still be coming."""
    response = _response(reply)
    response.headers["connection"] = "close"
    return response


class PromptProtocol(H11Protocol):
    """uvicorn's protocol, which bounds a request's head in size; a connection whose next head is slow is dropped."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head, for a while."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for the whole of a later head too; a body has a limit of its own."""
        if self.cycle and self.cycle.response_complete:
            self._wait()
        super().data_received(data)
        if self.cycle and not self.cycle.response_complete:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class WitnessServer:
    """A witness that listens; `run` answers."""

    def __init__(self, service: WitnessService, listener: socket.socket) -> None:
        self._listener = listener
        self._server = uvicorn.Server(
            uvicorn.Config(
                application(service),
                http=PromptProtocol,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                limit_concurrency=CONNECTIONS_MAX,
                timeout_graceful_shutdown=10,
            )
        )
        host, port = listener.getsockname()[:2]
        self.loopback = ipaddress.ip_address(host).is_loopback
        self.endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self) -> None:
        """Answer until a signal comes or `stop` is called."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Finish what is under way, then let `run` return; may be called from any thread."""
        self._server.should_exit = True


@contextmanager
def listening(service: WitnessService, host: str, port: int) -> Iterator[WitnessServer]:
    """Listen while the block runs.

    Raises
    ------
    SettingsError
        If the address cannot be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = found[0]
        listener = socket.socket(family, kind)
    except OSError as error:
        raise SettingsError(
            f"The address {host} cannot be used: {error.strerror}.", "Choose another: --host."
        ) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise SettingsError(
                f"Port {port} of {host} cannot be used: {error.strerror}.", "Choose another with --port or --host."
            ) from error
        listener.listen(128)
        yield WitnessServer(service, listener)
