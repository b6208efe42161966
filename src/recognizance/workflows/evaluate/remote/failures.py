"""What a service's failure means: something about one photograph, something that passes, or the end of the run."""

import re
from typing import Any

from botocore.exceptions import BotoCoreError, SSLError

from recognizance.errors import (
    GalleryExistsError,
    GalleryNotFoundError,
    NoCredentialsError,
    RecognizanceError,
    RefusedError,
    ServerUnreachableError,
    WithheldError,
)
from recognizance.workflows.evaluate.service import NO_FACE, UNREADABLE

AGAIN = "Run the same command again: it goes on where it was."

_UNREADABLE = frozenset({"InvalidImageFormatException", "ImageTooLargeException", "RequestEntityTooLargeException"})
_TOO_SMALL = re.compile(r"The image is \d+×\d+ pixels")
_PASSING = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ProvisionedThroughputExceededException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    }
)
_UNKNOWN_KEY = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationTokenException"})
_WRONG_SIGNATURE = frozenset(
    {"InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignatureException", "RequestTimeTooSkewed"}
)
_OVER = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired"})
_OFF_CLOCK = re.compile(r"expired|not yet current|skew", re.IGNORECASE)


class PhotographRefusedError(Exception):
    """The service cannot use a photograph; ``reason`` is None where it does not say why."""

    def __init__(self, reason: str | None, told: str) -> None:
        super().__init__(told)
        self.reason = reason
        self.told = told


def passes(error: Any) -> bool:
    """Tell whether a ClientError may not come again: throttling, or something inside the service."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _code(error) in _PASSING or status in {408, 429} or status >= 500


def about_photograph(error: Any) -> PhotographRefusedError | None:
    """Read a ClientError as one about the photograph, if it can be."""
    code, message = _code(error), _message(error)
    if code in _UNREADABLE:
        return PhotographRefusedError(UNREADABLE, message)
    if code != "InvalidParameterException":
        return None
    if message.startswith("There are no faces in the image"):
        return PhotographRefusedError(NO_FACE, message)
    return PhotographRefusedError(UNREADABLE if _TOO_SMALL.match(message) else None, message)


def about_service(error: Any, operation: str, endpoint: str) -> RecognizanceError:
    """Put a ClientError that ends the run into words."""
    code, message = _code(error), _message(error)
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    if headers.get("x-recognizance-review"):
        return WithheldError(
            f"{endpoint} withholds what it finds until reviewers have released it, so it cannot be measured: {message}",
            "Measure with an operator and a purpose whose results its rules do not withhold.",
        )
    if code in {"AccessDeniedException", "AccessDenied"}:
        return RefusedError(
            f"{endpoint} does not permit {operation}: {message}",
            "--profile needs CreateCollection, DeleteCollection, IndexFaces, SearchFacesByImage, CompareFaces and "
            "DetectFaces, and rules of the service have to allow them.",
        )
    if code in _UNKNOWN_KEY:
        return NoCredentialsError(
            f"{endpoint} does not know the access key: {message}", "Check --profile: the key is of another service."
        )
    if code in _OVER or (code in _WRONG_SIGNATURE and _OFF_CLOCK.search(message)):
        remedy = f"Sign in again, or set this machine's clock right.  {AGAIN}"
        return NoCredentialsError(f"{endpoint} takes the signature for outdated: {message}", remedy)
    if code in _WRONG_SIGNATURE:
        return NoCredentialsError(
            f"{endpoint} does not accept the signature: {message}", "Check the secret key of --profile, and --region."
        )
    if code in _PASSING:
        return ServerUnreachableError(
            f"{endpoint} throttles {operation}, also after waiting: {message}", f"Set --rate lower.  {AGAIN}"
        )
    if passes(error):
        return ServerUnreachableError(f"{endpoint} failed at {operation} again and again: {message} ({code})", AGAIN)
    if code == "ResourceNotFoundException":
        return GalleryNotFoundError(
            f"The throw-away collection at {endpoint} is gone: {message}",
            "Run the same command again: it begins a new one.",
        )
    if code == "ResourceAlreadyExistsException":
        return GalleryExistsError(f"{endpoint} has such a collection: {message}", AGAIN)
    return ServerUnreachableError(
        f"{endpoint} answered {operation} by {code}: {message or 'without a reason'}",
        "Check that --endpoint is the address of a service with Rekognition's API.",
    )


def about_way(error: BotoCoreError, endpoint: str, *, reached: bool) -> RecognizanceError:
    """Put into words that there was no answer."""
    if isinstance(error, SSLError):
        return ServerUnreachableError(
            f"There is no trusted connection to {endpoint}: {error}",
            "If the authority of its certificate is your own, name that one's in AWS_CA_BUNDLE; if it speaks no TLS, "
            "write http://.",
        )
    if reached:
        return ServerUnreachableError(f"{endpoint} does not answer any more: {error}", AGAIN)
    return ServerUnreachableError(
        f"{endpoint} cannot be reached: {error}", "Check --endpoint, and that the service runs."
    )


def not_rekognition(operation: str, endpoint: str) -> RecognizanceError:
    """Say that an answer is not what the API's model asks for."""
    return ServerUnreachableError(
        f"{endpoint} does not answer {operation} as Rekognition does.",
        "Check that --endpoint is the address of a service with Rekognition's API.",
    )


def threshold_raised(applied: str, asked: float, endpoint: str) -> RecognizanceError:
    """Say that rules let less through than was asked for."""
    return RefusedError(
        f"The rules of {endpoint} applied a threshold of {applied} % where {asked:g} % was asked for: what lies below "
        "would be counted as missed.",
        "Measure with an operator and a purpose to which the rule does not apply.",
    )


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "an error"))


def _message(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Message", "")).strip()
