"""A service: a botocore model, and what answers its operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import msgspec
from botocore.loaders import Loader
from botocore.model import ServiceModel

from recognizance.wire.answers import serialize
from recognizance.wire.context import Context
from recognizance.wire.faults import Fault
from recognizance.wire.json_body import decode_object
from recognizance.wire.request import Request
from recognizance.wire.shapes import Compiler
from recognizance.wire.violations import ShapeError

CONTENT_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who signed the request; ``session`` is that of temporary credentials."""

    operator: str
    access_key_id: str
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated, validated request."""

    operation: str
    input: dict[str, Any]
    actor: Actor
    context: Context
    request_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A result by the operation's output shape, and headers (ASCII) to send with it."""

    body: dict[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]
"""Answers a call; runs in a worker thread; raises RecognizanceError or Fault."""


@dataclass(frozen=True, slots=True)
class Override:
    """Another code and message for one kind of violation."""

    code: str
    message: str


@dataclass(frozen=True)
class Service:
    """What one x-amz-target prefix leads to.

    Attributes
    ----------
    model : botocore.model.ServiceModel
        The contract; every input is judged by it and every answer spelt by it.
    handlers : mapping of str to Handler
        By operation.  An operation of the model without a handler is answered as not offered.
    overrides : mapping of (shape name, constraint) to Override
        Violations with an answer of their own, e.g. ``("ImageBlob", "max")``.  Used if a request breaks
        nothing else.
    absences : mapping of str to str
        By operation: the reason why it is not offered, as the end of a sentence.
    body_bytes_max : int or None
        Largest request; None means the application's limit.
    """

    model: ServiceModel
    handlers: Mapping[str, Handler]
    overrides: Mapping[tuple[str, str], Override] = field(default_factory=dict)
    absences: Mapping[str, str] = field(default_factory=dict)
    body_bytes_max: int | None = None

    def __post_init__(self) -> None:
        """Refuse handlers of operations that the model does not have, and compile the shapes of the others."""
        unknown = self.handlers.keys() - set(self.model.operation_names)
        if unknown:
            raise ValueError(f"{self.target_prefix} has no {', '.join(sorted(unknown))}")
        for operation in self.handlers:
            shape = self.model.operation_model(operation).input_shape
            if shape is not None:
                self._compiler.check(shape)

    @cached_property
    def target_prefix(self) -> str:
        """What x-amz-target begins with."""
        return str(self.model.metadata["targetPrefix"])

    @cached_property
    def signing_name(self) -> str:
        """The service in the scope of a signature."""
        return str(self.model.signing_name)

    @cached_property
    def photograph_operations(self) -> frozenset[str]:
        """The offered operations whose input can hold a photograph, found from the model."""
        return frozenset(
            name for name in self.handlers if _holds_blob(self.model.operation_model(name).input_shape, ())
        )

    @property
    def answer_type(self) -> str:
        """The content type of answers."""
        return CONTENT_TYPE

    def operation_of(self, request: Request, body: bytes | bytearray) -> str:
        """Read which operation is asked for, and that the body is JSON."""
        # Clients name JSON in many ways, curl not at all; only what is surely not JSON is refused by its label.
        if request.header(b"content-encoding") not in (None, "", "identity"):
            raise Fault.serialization("Compressed requests are not read.")
        if "cbor" in (request.header(b"content-type") or "").lower():
            raise Fault.serialization("Requests must be JSON (application/x-amz-json-1.1).")
        return (request.header(b"x-amz-target") or "").rpartition(".")[2]

    def decode(self, operation: str, body: bytes | bytearray) -> dict[str, Any]:
        """Read the input of `operation` from the body."""
        return decode_object(body)

    def encode(self, operation: str, body: Mapping[str, Any], request_id: str) -> bytes:
        """Write an answer."""
        return msgspec.json.encode(self.spell(operation, body))

    def fault(self, fault: Fault, request_id: str) -> tuple[int, bytes]:
        """Write what is answered instead of a result."""
        return fault.status, fault.body(request_id)

    @cached_property
    def _compiler(self) -> Compiler:
        return Compiler()

    @cached_property
    def _listed_codes(self) -> dict[str, frozenset[str]]:
        return {}

    def listed_codes(self, operation: str) -> frozenset[str]:
        """Name the error codes that the model lists for `operation`; none for an unknown one."""
        if operation not in self.handlers:
            return frozenset()
        if operation not in self._listed_codes:
            shapes = self.model.operation_model(operation).error_shapes
            names = {name for shape in shapes for name in (shape.name, shape.error_code)}
            self._listed_codes[operation] = frozenset(names)
        return self._listed_codes[operation]

    def handler(self, operation: str) -> Handler:
        """Find what answers `operation`.

        Raises
        ------
        Fault
            UnknownOperationException or UnsupportedOperationException.
        """
        if operation in self.handlers:
            return self.handlers[operation]
        if operation not in self.model.operation_names:
            raise Fault.unknown_operation()
        default = "it recognises faces in photographs, within rules and on record."
        raise Fault.not_offered(operation, self.absences.get(operation, default))

    def parse(self, operation: str, value: dict[str, Any]) -> dict[str, Any]:
        """Judge and convert the input of `operation`.

        Raises
        ------
        ShapeError
            If it breaks the model.
        Fault
            If all that it breaks has an override.
        """
        shape = self.model.operation_model(operation).input_shape
        if shape is None:
            return {}
        try:
            parsed: dict[str, Any] = self._compiler.parse(shape, value)
        except ShapeError as error:
            found = [self.overrides.get((each.shape, each.constraint)) for each in error.violations]
            if found[0] is None or None in found:
                raise
            raise Fault(found[0].code, found[0].message) from None
        return parsed

    def spell(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Spell an answer by the output shape of `operation`."""
        shape = self.model.operation_model(operation).output_shape
        return {} if shape is None else serialize(shape, body)


@cache
def load_model(name: str) -> ServiceModel:
    """Load a model that botocore ships, e.g. ``rekognition``.

    botocore's own data alone: a model in ``~/.aws/models`` must not change what this server accepts.
    """
    loader = Loader(include_default_search_paths=False)
    loader.search_paths.append(Loader.BUILTIN_DATA_PATH)
    return ServiceModel(loader.load_service_model(name, "service-2"), name)


def load_service(name: str, handlers: Mapping[str, Handler], **options: Any) -> Service:
    """Make a service of a model that botocore ships.

    Parameters
    ----------
    name : str
        botocore's name of the service.
    handlers : mapping of str to Handler
        What answers its operations.
    **options
        Further attributes of `Service`.
    """
    return Service(load_model(name), handlers, **options)


def _holds_blob(shape: Any, above: tuple[str, ...]) -> bool:
    if shape is None or shape.name in above:
        return False
    above = (*above, shape.name)
    match shape.type_name:
        case "blob":
            return True
        case "structure":
            return any(_holds_blob(member, above) for member in shape.members.values())
        case "list":
            return _holds_blob(shape.member, above)
        case "map":
            return _holds_blob(shape.value, above)
        case _:
            return False
