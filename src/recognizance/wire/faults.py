"""How a failure looks on the wire: the protocol's own faults, and the one table from our errors."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import msgspec

from recognizance import errors
from recognizance.wire.context import ContextError
from recognizance.wire.violations import ShapeError

_GENERIC = "An internal error occurred. The server's log holds it under this request's id."

ENTRY_HEADER = "x-recognizance-entry"
DECISION_HEADER = "x-recognizance-decision"
REVIEW_HEADER = "x-recognizance-review"

# Operations answer these whatever their model lists; SDKs know them for every service.
_COMMON_CODES = frozenset(
    {"AccessDeniedException", "InvalidParameterException", "InternalServerError", "ThrottlingException"}
)
_INTERNAL = ("InternalServerError", 500)
_INVALID = ("InvalidParameterException", 400)
_NOT_FOUND = ("ResourceNotFoundException", 400)

ERROR_TABLE: Mapping[type[errors.RecognizanceError], tuple[str, int]] = MappingProxyType(
    {
        errors.RecognizanceError: _INTERNAL,
        errors.SettingsError: _INTERNAL,
        errors.HomeInUseError: _INTERNAL,
        errors.SchemaVersionError: _INTERNAL,
        errors.KeyFileError: _INTERNAL,
        errors.RecordUnavailableError: _INTERNAL,
        errors.VectorEngineError: _INTERNAL,
        errors.VectorEngineUnavailableError: _INTERNAL,
        errors.WitnessError: _INTERNAL,
        errors.WitnessRefusedError: _INTERNAL,
        errors.BackupError: _INTERNAL,
        errors.LogRolledBackError: _INTERNAL,
        errors.ModelUnavailableError: _INTERNAL,
        errors.ModelDigestError: _INTERNAL,
        errors.CalibrationError: _INTERNAL,
        errors.InsufficientTrialsError: _INTERNAL,
        errors.TrialListError: _INTERNAL,
        errors.ServerUnreachableError: _INTERNAL,
        errors.ImageError: _INVALID,
        errors.ImageFormatError: ("InvalidImageFormatException", 400),
        errors.ImageTooLargeError: ("ImageTooLargeException", 400),
        errors.ImageTooSmallError: _INVALID,
        errors.NoFaceError: _INVALID,
        errors.ImageSourceError: ("InvalidS3ObjectException", 400),
        errors.NotFoundError: _NOT_FOUND,
        errors.GalleryNotFoundError: _NOT_FOUND,
        errors.ReferenceNotFoundError: _NOT_FOUND,
        errors.SubjectNotFoundError: _NOT_FOUND,
        errors.GalleryExistsError: ("ResourceAlreadyExistsException", 400),
        errors.SubjectExistsError: ("ConflictException", 400),
        errors.ModelMismatchError: _INVALID,
        errors.DamagedIndexError: _INTERNAL,
        errors.InvalidRequestError: _INVALID,
        ShapeError: _INVALID,
        ContextError: _INVALID,
        errors.PageTokenError: ("InvalidPaginationTokenException", 400),
        errors.IdempotencyMismatchError: ("IdempotentParameterMismatchException", 400),
        errors.ErasedError: _NOT_FOUND,
        errors.TooManyReferencesError: ("ServiceQuotaExceededException", 400),
        errors.PackError: _INVALID,
        errors.RefusedError: ("AccessDeniedException", 400),
        errors.WithheldError: ("AccessDeniedException", 400),
        errors.NoCredentialsError: _INTERNAL,
        errors.BusyError: ("ThrottlingException", 400),
    }
)


class Fault(Exception):  # noqa: N818 - AWS's word for what a client is answered instead of a result
    """An answer that is not the result, as the client sees it."""

    def __init__(self, code: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers: Mapping[str, str] = headers or {}

    @classmethod
    def serialization(cls, message: str) -> "Fault":
        """Say that the body cannot be read."""
        return cls("SerializationException", message)

    @classmethod
    def unknown_operation(cls) -> "Fault":
        """Say that x-amz-target names nothing in any model."""
        return cls("UnknownOperationException", "x-amz-target does not name an operation of this server.")

    @classmethod
    def not_offered(cls, operation: str, reason: str) -> "Fault":
        """Say that an operation is known and absent on purpose."""
        return cls("UnsupportedOperationException", f"{operation} is not offered by Recognizance: {reason}")

    @classmethod
    def method_not_allowed(cls) -> "Fault":
        """Say that the protocol is POST only."""
        return cls("MethodNotAllowedException", "Requests are sent by POST.", 405, {"allow": "POST"})

    @classmethod
    def too_large(cls, limit_bytes: int) -> "Fault":
        """Say that the body is over the limit, by a code that no SDK retries."""
        return cls("RequestEntityTooLargeException", f"The request is over {limit_bytes} bytes.", 413)

    @classmethod
    def too_slow(cls) -> "Fault":
        """Say that the body did not arrive in time."""
        return cls("RequestTimeoutException", "The request did not arrive in time.", 408)

    @classmethod
    def throttled(cls) -> "Fault":
        """Say that an operator sends more requests than agreed."""
        return cls("ThrottlingException", "This operator's requests exceed the rate agreed. Send them more slowly.")

    @classmethod
    def internal(cls, headers: Mapping[str, str] | None = None) -> "Fault":
        """Say that something went wrong, and nothing about what."""
        return cls("InternalServerError", _GENERIC, 500, headers)

    def body(self, request_id: str) -> bytes:
        """Spell the fault as JSON."""
        return msgspec.json.encode(
            {"__type": self.code, "Code": self.code, "Message": self.message, "Logref": request_id}
        )


class SignInFault(Fault):
    """The request does not prove who sent it.  ``access_key_id`` is the one it claims, once that could be read."""

    access_key_id: str | None = None


def missing_authentication() -> SignInFault:
    """Say that there is no signature at all."""
    return SignInFault("MissingAuthenticationTokenException", "The request must carry an AWS signature.")


def incomplete_signature(message: str) -> SignInFault:
    """Say that the signature is not formed as Signature Version 4 asks."""
    return SignInFault("IncompleteSignatureException", message)


def unrecognized_client() -> SignInFault:
    """Say that the key or its session is not one of ours; which of the two stays unsaid."""
    return SignInFault("UnrecognizedClientException", "The security token included in the request is invalid.")


def invalid_signature(message: str = "") -> SignInFault:
    """Say that the signature is not what the secret key makes of this request."""
    return SignInFault(
        "InvalidSignatureException",
        message
        or "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method.",
    )


def expired_token() -> SignInFault:
    """Say that the session is over."""
    return SignInFault("ExpiredTokenException", "The security token included in the request is expired.")


def fault_from(error: errors.RecognizanceError, listed_codes: Collection[str]) -> Fault:
    """Translate one of our errors.

    Parameters
    ----------
    error : RecognizanceError
        What a handler raised.
    listed_codes : collection of str
        The error codes in the operation's model.  An SDK gives other codes no class of their own, so what
        is not listed is answered as InvalidParameterException, which every operation has.
    """
    code, status = ERROR_TABLE[next(kind for kind in type(error).__mro__ if kind in ERROR_TABLE)]
    # Of what is wrong inside the server, only what passes by itself helps a client: it may ask again.
    if status == 500 and not isinstance(error, errors.RecordUnavailableError | errors.VectorEngineUnavailableError):
        return Fault.internal(receipt_headers(error.recorded))
    if code not in _COMMON_CODES and code not in listed_codes:
        code, status = _INVALID
    return Fault(code, _told(error), status, receipt_headers(error.recorded))


def receipt_headers(recorded: errors.Recorded | None) -> dict[str, str]:
    """Name the act's entry, by which anybody can have a receipt for it, and what came of the act."""
    if recorded is None:
        return {}
    review = {} if recorded.review is None else {REVIEW_HEADER: recorded.review}
    return {ENTRY_HEADER: str(recorded.entry), DECISION_HEADER: recorded.decision, **review}


def _told(error: errors.RecognizanceError) -> str:
    """Join what happened and what to do; clients look for AWS's own sentences at the beginning."""
    if not error.remedy:
        return error.message
    return f"{error.message.rstrip('.')}. {error.remedy}"
