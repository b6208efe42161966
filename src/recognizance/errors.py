"""The one error tree.

Stages raise from here; each edge translates in one table, and a test requires a row in it for every class.
A message is a sentence that a person can act on. A refusal by policy is a value, not an error, until an edge
has to answer it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act's entry: its index in the log, and what came of the act; ``review`` is the lead that it went to."""

    entry: int
    decision: str
    review: str | None = None


class RecognizanceError(Exception):
    """Anything that went wrong and that we can name.

    Parameters
    ----------
    message : str
        What happened, as a sentence.
    remedy : str
        What the person can do about it; empty if nothing.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.recorded: Recorded | None = None
        """The entry of the act that failed, once it is durable."""


# --- the installation ------------------------------------------------------------------------------


class SettingsError(RecognizanceError):
    """A setting is missing, malformed or contradicts another."""


class HomeInUseError(RecognizanceError):
    """Another process owns this home folder."""


class SchemaVersionError(RecognizanceError):
    """The record was written by a newer version."""


class KeyFileError(RecognizanceError):
    """A key file is missing, unreadable or not the one the record was sealed with."""


class RecordUnavailableError(RecognizanceError):
    """The record could not be read or written, e.g. because the disk is full; nothing was changed."""


class VectorEngineError(RecognizanceError):
    """The vector engine cannot hold or search a gallery as it is set up; asking again does not help."""


class VectorEngineUnavailableError(VectorEngineError):
    """The vector engine gave no answer, or only that it cannot answer now; asking again may help."""


class BackupError(RecognizanceError):
    """A backup cannot be made, or a file is none that can be restored."""


class LogRolledBackError(RecognizanceError):
    """The log is shorter than it was, or another one."""


class WitnessError(RecognizanceError):
    """A witness of the log gave no answer that can be used."""


class WitnessRefusedError(WitnessError):
    """A witness has seen another log than this, or a longer one."""


class ModelUnavailableError(RecognizanceError):
    """A model's file is absent or cannot be run."""


class ModelDigestError(ModelUnavailableError):
    """A model's file is not the one that the manifest names."""


class CalibrationError(RecognizanceError):
    """There is no calibration for a model, or it cannot be made from the data given."""


class InsufficientTrialsError(RecognizanceError):
    """A sample is too small for what it was asked to show."""


class TrialListError(RecognizanceError):
    """A list of trials, or of labels, cannot be used as it is."""


class ServerUnreachableError(RecognizanceError):
    """The command line could not talk to the server."""


# --- photographs ------------------------------------------------------------------------------------


class ImageError(RecognizanceError):
    """A photograph cannot be used."""


class ImageFormatError(ImageError):
    """The bytes are not a whole JPEG or PNG."""


class ImageTooLargeError(ImageError):
    """The photograph has more bytes or more pixels than the settings allow."""


class ImageTooSmallError(ImageError):
    """The photograph has fewer pixels than a face needs."""


class NoFaceError(ImageError):
    """No face was found where one is needed."""


class ImageSourceError(ImageError):
    """A photograph named by place (S3) could not be fetched: absent, forbidden and unreachable look alike."""


# --- galleries --------------------------------------------------------------------------------------


class NotFoundError(RecognizanceError):
    """Something named in the request does not exist."""


class GalleryNotFoundError(NotFoundError):
    """There is no such gallery."""


class ReferenceNotFoundError(NotFoundError):
    """There is no such reference in the gallery."""


class SubjectNotFoundError(NotFoundError):
    """There is no such subject in the gallery."""


class GalleryExistsError(RecognizanceError):
    """A gallery of this name exists."""


class DamagedIndexError(RecognizanceError):
    """A file derived from the record is not as it was written; it is made anew from the record."""


class SubjectExistsError(RecognizanceError):
    """A subject of this name exists in the gallery."""


class ModelMismatchError(RecognizanceError):
    """A template or gallery was made by another model or calibration."""


class InvalidRequestError(RecognizanceError):
    """The request is well-formed, and still cannot be met as asked."""


class PageTokenError(InvalidRequestError):
    """A page token is not one that we gave for this list."""


class IdempotencyMismatchError(RecognizanceError):
    """An idempotency token came back with other parameters."""


class TooManyReferencesError(RecognizanceError):
    """A subject would hold more references than allowed."""


class ErasedError(RecognizanceError):
    """What was asked for was erased: the key that it was sealed under is destroyed."""


# --- who asks ---------------------------------------------------------------------------------------


class PackError(RecognizanceError):
    """A rule pack cannot be used.

    Parameters
    ----------
    problems : sequence of str
        Everything that is wrong with it, each as a sentence.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(f"{message} {' '.join(problems)}".strip())
        self.problems = tuple(problems)


class RefusedError(RecognizanceError):
    """The policy refused the act; the refusal is recorded."""


class WithheldError(RefusedError):
    """What was found goes to reviewers first, or was not released by them; that is recorded."""


class NoCredentialsError(RecognizanceError):
    """There is nothing to sign a request with."""


class BusyError(RecognizanceError):
    """More work is waiting than the server takes on; try again shortly."""
