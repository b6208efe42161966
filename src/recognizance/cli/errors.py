"""From failures to sentences, remedies and exit codes."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from recognizance import errors


class ExitCode(IntEnum):
    """How a command ended; documented in docs/cli.md."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3
    NOT_FOUND = 4
    REFUSED = 5
    UNAVAILABLE = 6
    PHOTOGRAPH = 7
    CONFLICT = 8
    INTERRUPTED = 130
    READER_GONE = 141


class MisuseError(errors.RecognizanceError):
    """The options given do not go together, or a file is not what the command works on."""


EXIT_CODES: Mapping[type[errors.RecognizanceError], ExitCode] = MappingProxyType(
    {
        errors.RecognizanceError: ExitCode.FAILED,
        MisuseError: ExitCode.USAGE,
        errors.SettingsError: ExitCode.UNAVAILABLE,
        errors.HomeInUseError: ExitCode.UNAVAILABLE,
        errors.SchemaVersionError: ExitCode.UNAVAILABLE,
        errors.KeyFileError: ExitCode.UNAVAILABLE,
        errors.VectorEngineError: ExitCode.UNAVAILABLE,
        errors.VectorEngineUnavailableError: ExitCode.UNAVAILABLE,
        errors.WitnessError: ExitCode.UNAVAILABLE,
        errors.WitnessRefusedError: ExitCode.UNAVAILABLE,
        errors.BackupError: ExitCode.FAILED,
        errors.LogRolledBackError: ExitCode.UNAVAILABLE,
        errors.RecordUnavailableError: ExitCode.UNAVAILABLE,
        errors.ModelUnavailableError: ExitCode.UNAVAILABLE,
        errors.ModelDigestError: ExitCode.UNAVAILABLE,
        errors.CalibrationError: ExitCode.FAILED,
        errors.InsufficientTrialsError: ExitCode.FAILED,
        errors.TrialListError: ExitCode.FAILED,
        errors.ServerUnreachableError: ExitCode.UNAVAILABLE,
        errors.ImageError: ExitCode.PHOTOGRAPH,
        errors.ImageFormatError: ExitCode.PHOTOGRAPH,
        errors.ImageTooLargeError: ExitCode.PHOTOGRAPH,
        errors.ImageTooSmallError: ExitCode.PHOTOGRAPH,
        errors.NoFaceError: ExitCode.PHOTOGRAPH,
        errors.ImageSourceError: ExitCode.PHOTOGRAPH,
        errors.NotFoundError: ExitCode.NOT_FOUND,
        errors.GalleryNotFoundError: ExitCode.NOT_FOUND,
        errors.ReferenceNotFoundError: ExitCode.NOT_FOUND,
        errors.SubjectNotFoundError: ExitCode.NOT_FOUND,
        errors.ErasedError: ExitCode.NOT_FOUND,
        errors.GalleryExistsError: ExitCode.CONFLICT,
        errors.SubjectExistsError: ExitCode.CONFLICT,
        errors.ModelMismatchError: ExitCode.CONFLICT,
        errors.DamagedIndexError: ExitCode.UNAVAILABLE,
        errors.InvalidRequestError: ExitCode.USAGE,
        errors.PageTokenError: ExitCode.USAGE,
        errors.IdempotencyMismatchError: ExitCode.CONFLICT,
        errors.TooManyReferencesError: ExitCode.CONFLICT,
        errors.PackError: ExitCode.USAGE,
        errors.RefusedError: ExitCode.REFUSED,
        errors.WithheldError: ExitCode.REFUSED,
        errors.NoCredentialsError: ExitCode.UNAVAILABLE,
        errors.BusyError: ExitCode.UNAVAILABLE,
    }
)

_ANSWER_CODES: Mapping[str, ExitCode] = MappingProxyType(
    {
        "AccessDeniedException": ExitCode.REFUSED,
        "ResourceNotFoundException": ExitCode.NOT_FOUND,
        "ResourceAlreadyExistsException": ExitCode.CONFLICT,
        "ConflictException": ExitCode.CONFLICT,
        "ServiceQuotaExceededException": ExitCode.CONFLICT,
        "InvalidImageFormatException": ExitCode.PHOTOGRAPH,
        "ImageTooLargeException": ExitCode.PHOTOGRAPH,
        "RequestEntityTooLargeException": ExitCode.PHOTOGRAPH,
        "InvalidParameterException": ExitCode.USAGE,
        "InvalidPaginationTokenException": ExitCode.USAGE,
        "ThrottlingException": ExitCode.UNAVAILABLE,
        "UnrecognizedClientException": ExitCode.UNAVAILABLE,
        "ExpiredTokenException": ExitCode.UNAVAILABLE,
        "AccessDenied": ExitCode.REFUSED,  # as the Query protocol spells them
        "InvalidClientTokenId": ExitCode.UNAVAILABLE,
        "InvalidSignatureException": ExitCode.UNAVAILABLE,
    }
)

_ANOTHER_KEY = (
    "The key was revoked, its session closed, or the server that answered is another home folder's: check --profile, "
    "--home and RECOGNIZANCE_HOME."
)

_ANSWER_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "UnrecognizedClientException": _ANOTHER_KEY,
        "InvalidClientTokenId": _ANOTHER_KEY,
        "ExpiredTokenException": "Open another session.",
        "InvalidSignatureException": "Check this machine's clock, --home and RECOGNIZANCE_HOME.",
        "ThrottlingException": "The server is busy; try again shortly.",
    }
)

_ABOUT_THE_PHOTOGRAPH = re.compile(r"There are no faces in the image|The image is \d+×\d+ pixels")
"""Rekognition answers these as InvalidParameterException, as it does wrong options."""


_NO_FACE = "Use a photograph in which a face is at least 40 pixels wide."


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for a person and for a script."""

    message: str
    remedy: str
    code: ExitCode


def explain(error: BaseException) -> Failure:
    """Put any failure into words."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, errors.RecognizanceError):
        code = EXIT_CODES[next(kind for kind in type(error).__mro__ if kind in EXIT_CODES)]
        return Failure(error.message, error.remedy, code)
    if isinstance(error, ClientError):
        name, message = answered(error)
        return Failure(
            f"{message} ({name})" if message else name, _ANSWER_REMEDIES.get(name, ""), _code_of(name, message)
        )
    if isinstance(error, BotoCoreError):
        return Failure(
            f"The server could not be talked to: {error}.", "Is it still running?  See its log.", ExitCode.UNAVAILABLE
        )
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # Typer's, whose class has no public name
        return _misuse(error)
    if isinstance(error, OSError):
        place = f" {error.filename}" if error.filename is not None else ""
        return Failure(f"The operating system refused{place}: {error.strerror or error}.", "", ExitCode.FAILED)
    if isinstance(error, MemoryError):
        return Failure("There is not enough memory.", "Set RECOGNIZANCE_THREADS lower.", ExitCode.FAILED)
    return Failure(
        f"Something unforeseen happened ({type(error).__name__}: {error}).",
        "Please report it, with what `recognizance --debug …` prints.",
        ExitCode.FAILED,
    )


@contextmanager
def about(*photographs: Path) -> Iterator[None]:
    """Name the photographs when the server says that one of them cannot be used.

    Raises
    ------
    ImageError
        In place of the server's answer.
    """
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        code, message = answered(error)
        named = " or ".join(map(str, photographs))
        match code:
            case "InvalidImageFormatException":
                raise errors.ImageFormatError(f"{named} is not a whole JPEG or PNG.") from error
            case "ImageTooLargeException" | "RequestEntityTooLargeException":
                raise errors.ImageTooLargeError(f"{named}: {message}") from error
            case "InvalidParameterException" if message.startswith("There are no faces in the image"):
                raise errors.NoFaceError(f"No face was found in {named}.", _NO_FACE) from error
            case "InvalidParameterException" if _ABOUT_THE_PHOTOGRAPH.match(message):
                raise errors.ImageTooSmallError(f"{named}: {message}") from error
            case _:
                raise


def answered(error: Any) -> tuple[str, str]:
    """Give the code and message of a botocore ClientError."""
    told = error.response.get("Error", {})
    return str(told.get("Code", "Unknown")), str(told.get("Message", "")).strip()


def _code_of(name: str, message: str) -> ExitCode:
    if name == "InvalidParameterException" and _ABOUT_THE_PHOTOGRAPH.match(message):
        return ExitCode.PHOTOGRAPH
    return _ANSWER_CODES.get(name, ExitCode.FAILED)


def _misuse(error: Any) -> Failure:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "recognizance"
    return Failure(str(error.format_message()), f"See `{path} --help`.", ExitCode.USAGE)
