"""The AWS Query protocol: an operation and its input as a form, the answer as XML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from recognizance.wire.faults import Fault
from recognizance.wire.request import Request
from recognizance.wire.service import Service

FORM = "application/x-www-form-urlencoded"
XML = "text/xml"
_FIELDS_MAX = 100

# The codes that clients of Query services know.
_CODES: Mapping[str, tuple[str, int]] = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "InternalServerError": ("InternalFailure", 500),
    "InvalidParameterException": ("ValidationError", 400),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "SerializationException": ("MalformedInput", 400),
    "ThrottlingException": ("Throttling", 400),
    "UnknownOperationException": ("InvalidAction", 400),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "UnsupportedOperationException": ("InvalidAction", 400),
}


@dataclass(frozen=True)
class QueryService(Service):
    """A service whose requests are forms; told by the scope of the signature, for nothing else names it.

    Attributes
    ----------
    accepted : mapping of str to frozenset of str
        By operation: the members of its input that are read.  The model's others are refused, for they would narrow
        what the answer is good for.
    """

    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def operation_of(self, request: Request, body: bytes | bytearray) -> str:
        """Read which operation is asked for."""
        if not is_form(request):
            raise Fault.serialization(f"Requests to {self.signing_name} are forms ({FORM}).")
        form = _read_form(body)
        if form.get("Version") != self.model.api_version:
            raise Fault("InvalidParameterException", f"The Version must be {self.model.api_version}.")
        return form.get("Action", "")

    def decode(self, operation: str, body: bytes | bytearray) -> dict[str, Any]:
        """Read the input of `operation` off the form, as JSON would hold it."""
        members = self.model.operation_model(operation).input_shape.members
        value: dict[str, Any] = {}
        for name, text in _read_form(body).items():
            member = name.partition(".")[0]
            if member in members and member not in self.accepted.get(operation, frozenset()):
                raise Fault("InvalidParameterException", f"{member} is not offered here.")
            if name in members:
                value[name] = _integer(name, text) if members[name].type_name == "integer" else text
        return value

    def encode(self, operation: str, body: Mapping[str, Any], request_id: str) -> bytes:
        """Write an answer as XML, by the operation's output shape."""
        model = self.model.operation_model(operation)
        wrapper = model.output_shape.serialization["resultWrapper"]
        inner = f"<{wrapper}>{_members(model.output_shape, body)}</{wrapper}>"
        ending = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        namespace = self.model.metadata["xmlNamespace"]
        return f'<{operation}Response xmlns="{namespace}">{inner}{ending}</{operation}Response>'.encode()

    @property
    def answer_type(self) -> str:
        """The content type of answers."""
        return XML

    def fault(self, fault: Fault, request_id: str) -> tuple[int, bytes]:
        """Write what is answered instead of a result."""
        code, status = _CODES.get(fault.code, (fault.code, fault.status))
        sender = "Sender" if status < 500 else "Receiver"
        told = f"<Type>{sender}</Type><Code>{escape(code)}</Code><Message>{_text(fault.message)}</Message>"
        inner = f"<Error>{told}</Error><RequestId>{request_id}</RequestId>"
        return status, f'<ErrorResponse xmlns="{self.model.metadata["xmlNamespace"]}">{inner}</ErrorResponse>'.encode()


def is_form(request: Request) -> bool:
    """Whether a request says that its body is a form."""
    return (request.header(b"content-type") or "").partition(";")[0].strip().lower() == FORM


def _read_form(body: bytes | bytearray) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError:
        raise Fault.serialization("The request is not a valid form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Fault.serialization("The request names a member twice.")
    return form


def _integer(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Fault("InvalidParameterException", f"{name} must be a whole number.")
    return int(text)


def _members(shape: Any, value: Mapping[str, Any]) -> str:
    unknown = value.keys() - shape.members.keys()
    if unknown:
        raise ValueError(f"{shape.name} has no {', '.join(sorted(unknown))}")
    return "".join(
        f"<{name}>{_spell(shape.members[name], item)}</{name}>" for name, item in value.items() if item is not None
    )


def _spell(shape: Any, value: Any) -> str:
    match shape.type_name:
        case "structure":
            return _members(shape, value)
        case "timestamp":
            return _moment(value)
        case "string" | "integer":
            return _text(str(value))
        case other:
            raise ValueError(f"answers of the Query protocol with a {other} are not written")


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: str) -> str:
    # XML cannot hold the others in any spelling.
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in value))
