"""The ASGI application: from a signed request to a handler's answer.

In this order, so that each step only sees what the ones before it have let through: method; the form of the
signature; the body, within limits; the signature itself; the operation; the path; JSON; the model; the handler.
From the signature on, whatever comes of a request is on record.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from recognizance.errors import RecognizanceError
from recognizance.wire.admission import ByteBudget, Lane
from recognizance.wire.claims import Claim
from recognizance.wire.context import Context, ContextError, parse_context
from recognizance.wire.exchange import ClientGoneError, Exchange, Receive, Scope, Send
from recognizance.wire.faults import ENTRY_HEADER, Fault, SignInFault, fault_from
from recognizance.wire.query import FORM, QueryService
from recognizance.wire.request import Request, read_request
from recognizance.wire.service import Actor, Call, Service
from recognizance.wire.sigv4 import KeyRing, ReplayGuard, Verifier

_log = logging.getLogger(__name__)

_SIGN_IN_THREADS = 2
_SIGN_INS_WAITING = 256
_UNRECORDED_CODES = frozenset({"ThrottlingException", "InternalServerError"})
"""A server that is busy or broken cannot promise an entry; what is throttled is recorded as a count."""

_SMALL_BYTES = 262_144  # up to here a stranger holds too little, for ten seconds at most, to be worth a hop

_Result = TypeVar("_Result")
_Reply = tuple[int, bytes, dict[str, str]]
OnRefusedSignIn = Callable[[str, str | None], Future[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, and all together, may take.

    Attributes
    ----------
    body_bytes_max : int
        Largest request: two photographs of 5 MiB in base64 (CompareFaces) and their names fit the default.
        A service may set its own.
    bytes_in_flight_max : int
        All bodies in memory at once; raised to the largest body if it is less.
    read_seconds : float
        For the body to arrive, and for a share of the memory before that.
    bodies_waiting_max : int
        How many requests may wait for that share.
    """

    body_bytes_max: int = 16 * 1024 * 1024
    bytes_in_flight_max: int = 256 * 1024 * 1024
    read_seconds: float = 60.0
    bodies_waiting_max: int = 64


@dataclass(frozen=True, slots=True)
class Rejected:
    """A signed request that came to no act.  ``operation`` is None unless the model has it."""

    actor: Actor
    context: Context
    operation: str | None
    request_id: str
    code: str


class WireApp:
    """Serves any number of services over AWS JSON 1.1, and over the Query protocol.

    Parameters
    ----------
    services : iterable of Service
        Chosen by the prefix of x-amz-target; a `QueryService`, by the scope of the signature.
    keys : KeyRing
        The keys that may sign.
    replays : ReplayGuard
        Remembers presigned requests that were used.
    clock : callable
        Gives the time, with its zone.
    photographs, others : Lane
        Where handlers run: those whose input can hold a photograph, and the rest.
    limits : Limits
        What requests may take.
    on_refused_sign_in : callable
        Called with the fault's code and the access key id that was claimed, if one was readable; returns at once
        what is done when the refusal is on record, and never fails.
    admit : callable
        Whether an operator may send this request now; called in a worker thread.
    on_rejected : callable
        Records a signed request that is answered with a fault before it comes to an act, in a worker thread; returns
        the headers that name the entry.
    """

    def __init__(
        self,
        services: Iterable[Service],
        keys: KeyRing,
        replays: ReplayGuard,
        clock: Callable[[], datetime],
        photographs: Lane,
        others: Lane,
        *,
        limits: Limits | None = None,
        on_refused_sign_in: OnRefusedSignIn,
        admit: Callable[[str], bool] = lambda operator: True,
        on_rejected: Callable[["Rejected"], Mapping[str, str]] = lambda rejected: {},
    ) -> None:
        every = list(services)
        self._untargeted = {service.signing_name: service for service in every if isinstance(service, QueryService)}
        self._targeted = {service.target_prefix: service for service in every if not isinstance(service, QueryService)}
        self._verifier = Verifier(keys, clock, replays)
        self._photographs = photographs
        self._others = others
        self._limits = limits or Limits()
        self._on_refused_sign_in = on_refused_sign_in
        self._admit = admit
        self._on_rejected = on_rejected
        largest = max([self._limits.body_bytes_max, *(self._body_limit(each) for each in every)])
        self._budget = ByteBudget(max(self._limits.bytes_in_flight_max, largest), self._limits.bodies_waiting_max)
        # Apart from the handlers' threads, so that checking signatures never waits for photographs.
        self._executor = ThreadPoolExecutor(_SIGN_IN_THREADS, thread_name_prefix="sign-in")
        self._sign_ins = Lane(self._executor, _SIGN_IN_THREADS, _SIGN_INS_WAITING)

    def close(self) -> None:
        """Let go of the threads; for when the server has stopped."""
        self._executor.shutdown(wait=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(Exchange(scope, receive, send, str(uuid.uuid4())))
        else:
            await send({"type": "websocket.close"})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self.close()
                return

    async def _serve(self, exchange: Exchange) -> None:
        try:
            reply = await self._reply(exchange)
        except ClientGoneError:
            return  # nobody is there to read an answer, and nothing was done
        except Fault as fault:
            reply = self._refusal(fault, exchange)
        except RecognizanceError as error:
            reply = self._refusal(_translate(error, frozenset(), exchange), exchange)
        except Exception:  # noqa: BLE001 - the edge: whatever it was, there is an answer, and the log has it
            _log.exception("Request %s failed.", exchange.request_id)
            reply = self._refusal(Fault.internal(), exchange)
        await exchange.answer(*reply)

    async def _reply(self, exchange: Exchange) -> _Reply:
        if exchange.method != "POST":
            raise Fault.method_not_allowed()
        try:
            request = read_request(exchange.method, exchange.raw_path, exchange.query, exchange.headers)
            service, claim = self._read(request)
            limit = self._body_limit(service)
            declared = exchange.declared_bytes()
            if declared is not None and declared > limit:
                raise Fault.too_large(limit)
            if declared is None or declared > _SMALL_BYTES:
                await self._know(claim)
            async with self._budget.share(limit if declared is None else declared, self._limits.read_seconds):
                body = await exchange.read_body(limit, self._limits.read_seconds)
                signed = _Signed(request, claim, body)
                actor = await _in_lane(exchange, self._sign_ins, lambda: self._sign_in(signed))
                asked = _Asked(actor)
                try:
                    asked.read(service, signed, exchange.raw_path)
                    return await self._perform(exchange, asked, body)
                except Fault as fault:
                    raise await self._recorded(fault, exchange, asked) from fault
        except SignInFault as fault:
            # Awaited, so that a flood of refusals waits for its own record instead of filling the memory.
            await asyncio.wrap_future(self._on_refused_sign_in(fault.code, fault.access_key_id))
            # SDKs sign another spelling of such a path than they send: what is wrong with it is the better answer.
            parse_context(exchange.raw_path)
            raise

    async def _recorded(self, fault: Fault, exchange: Exchange, asked: "_Asked") -> Fault:
        """Record a request that came to no act, so that every answer to an operator names its entry."""
        if ENTRY_HEADER in fault.headers or fault.code in _UNRECORDED_CODES:
            return fault
        known = asked.service is not None and asked.operation in asked.service.model.operation_names
        operation = asked.operation if known else None
        request = Rejected(asked.actor, asked.context, operation, exchange.request_id, fault.code)
        try:
            headers = await asyncio.wrap_future(self._others.submit(lambda: self._on_rejected(request)))
        except RecognizanceError as error:
            return _translate(error, frozenset(), exchange)
        return Fault(fault.code, fault.message, fault.status, {**fault.headers, **headers})

    def _read(self, request: Request) -> tuple[Service | None, Claim]:
        """Read which service is asked, None for an unknown one, and the claim of who asks."""
        target = request.header(b"x-amz-target")
        if target is None:
            scopes = {each.signing_name for each in self._targeted.values()} | self._untargeted.keys()
            claim = self._verifier.read(request, scopes, self._untargeted.keys())
            return self._untargeted.get(claim.service), claim
        service = self._targeted.get(target.rpartition(".")[0])
        candidates = [service] if service else self._targeted.values()
        return service, self._verifier.read(request, {each.signing_name for each in candidates})

    def _sign_in(self, signed: "_Signed") -> Actor:
        actor = self._verifier.verify(*signed)
        if not self._admit(actor.operator):
            raise Fault.throttled()
        return actor

    async def _know(self, claim: Claim) -> None:
        """Refuse strangers before a large share of the memory is held for their bodies.

        Not by `_in_lane`, which reads on to see whether the client is still there, and would read the body away.
        """
        await asyncio.wrap_future(self._sign_ins.submit(lambda: self._verifier.know(claim)))

    async def _perform(self, exchange: Exchange, asked: "_Asked", body: bytearray) -> _Reply:
        service, operation = asked.service, asked.operation
        if service is None:
            raise Fault.unknown_operation()
        handler = service.handler(operation)
        lane = self._photographs if operation in service.photograph_operations else self._others

        def work() -> _Reply:
            value = service.decode(operation, body)
            body.clear()  # each photograph is in memory once from here on, not once more as it came
            parsed = service.parse(operation, value)
            del value
            answer = handler(Call(operation, parsed, asked.actor, asked.context, exchange.request_id))
            headers = _checked(answer.headers)
            try:
                encoded = service.encode(operation, answer.body, exchange.request_id)
            except Exception as error:
                # The act is done and on record: whoever asked learns at least by which entry.
                _log.exception("The answer to request %s cannot be written.", exchange.request_id)
                raise Fault.internal(headers) from error
            return 200, encoded, {**headers, "content-type": service.answer_type}

        try:
            return await _in_lane(exchange, lane, work)
        except RecognizanceError as error:
            raise _translate(error, service.listed_codes(operation), exchange) from error

    def _body_limit(self, service: Service | None) -> int:
        return (service and service.body_bytes_max) or self._limits.body_bytes_max

    def _refusal(self, fault: Fault, exchange: Exchange) -> _Reply:
        service = self._spoken(exchange)
        if service is None:
            return fault.status, fault.body(exchange.request_id), dict(fault.headers)
        status, body = service.fault(fault, exchange.request_id)
        return status, body, {**fault.headers, "content-type": service.answer_type}

    def _spoken(self, exchange: Exchange) -> Service | None:
        """Find the service whose language a client reads that has named none in a header."""
        names = {name.lower(): value for name, value in exchange.headers}
        if b"x-amz-target" in names or not names.get(b"content-type", b"").lower().startswith(FORM.encode()):
            return None
        return next(iter(self._untargeted.values()), None)


class _Signed(NamedTuple):
    request: Request
    claim: Claim
    body: bytearray


@dataclass
class _Asked:
    """What an operator asks for, as far as it could be read."""

    actor: Actor
    service: Service | None = None
    operation: str = ""
    context: Context = field(default_factory=Context)

    def read(self, service: Service | None, signed: _Signed, raw_path: bytes) -> None:
        """Read operation and context; raises `Fault`, and keeps what was read until then."""
        self.service = service
        self.operation = (signed.request.header(b"x-amz-target") or "").rpartition(".")[2]
        if service is not None:
            self.operation = service.operation_of(signed.request, signed.body)
        try:
            self.context = parse_context(raw_path)
        except ContextError as error:
            raise fault_from(error, frozenset()) from error


async def _in_lane(exchange: Exchange, lane: Lane, work: Callable[[], _Result]) -> _Result:
    """Run `work` in `lane`, unless the client leaves before its turn comes."""
    future = lane.submit(work)
    done = asyncio.wrap_future(future)
    gone = asyncio.create_task(exchange.wait_until_gone())
    either: list[asyncio.Future[Any]] = [done, gone]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not done.done() and future.cancel():
            raise ClientGoneError
        return await done
    finally:
        gone.cancel()
        future.cancel()


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not (name.isascii() and value.isascii() and name.isprintable() and value.isprintable()):
            raise ValueError(f"the header {name!r} cannot be sent")
    return dict(headers)


def _translate(error: RecognizanceError, listed_codes: frozenset[str], exchange: Exchange) -> Fault:
    fault = fault_from(error, listed_codes)
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("Request %s failed.", exchange.request_id, exc_info=error)
    return fault
