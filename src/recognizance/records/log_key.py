"""The key that signs the log's checkpoints, and the newest checkpoint that was signed with it.

Both live in the folder of keys: whoever puts an older copy of the home folder back does not put these back with it.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recognizance.errors import KeyFileError
from recognizance.records import key_files
from recognizance_verify import VerificationError
from recognizance_verify.notes import Checkpoint, SignedNote, SigningKey

KEY_FILE = "log-signing.key"
HEAD_FILE = "log-head"
_PUBLISHING = "log-publishing.lock"


def load_or_create_log_key(folder: Path, *, origin: str | None, verifier_key: str | None) -> SigningKey:
    """Read the signing key; make one only where the log has none yet.

    Parameters
    ----------
    folder : Path
        The folder of keys; the key is its file ``log-signing.key``, one line in the form of Go's note package.
    origin : str or None
        Name of a new log; None makes one up.
    verifier_key : str or None
        The public key that the record says its log is signed with; None if there is no log yet.

    Raises
    ------
    KeyFileError
        If the log has a key and it is missing or another one.
    """
    file = folder / KEY_FILE
    missing = None
    if verifier_key is not None:
        missing = KeyFileError(
            f"The log's signing key, {file}, is missing.",
            "Put the key file back from its backup, or set the folder of keys to where it is.",
        )
    try:
        text = key_files.read_or_make(
            file, lambda: SigningKey.generate(origin or f"recognizance/{secrets.token_hex(8)}").text(), required=missing
        )
        key = SigningKey.parse(text)
    except VerificationError as error:
        raise KeyFileError(f"{file}: {error}", "Put the key file back from its backup.") from error
    if verifier_key is not None and str(key.verifier_key()) != verifier_key:
        raise KeyFileError(
            f"{file} is not the key of this log: the log is signed by {verifier_key}.",
            "Put the key file back that belongs to this record, or set the folder of keys to where it is.",
        )
    return key


def read_head(folder: Path) -> str | None:
    """Read the newest checkpoint that this machine has signed; None if there is none yet.

    Raises
    ------
    KeyFileError
    """
    file = folder / HEAD_FILE
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"The log's newest checkpoint, {file}, cannot be read: {error}.",
            "Let the folder of keys be one that the server's account owns.",
        ) from error


@contextmanager
def publishing_alone(folder: Path) -> Iterator[None]:
    """Let one process at a time ask the witnesses of a log that several share.

    A witness that has just seen a longer log from one of them would refuse the other's checkpoint as rolled back.

    Raises
    ------
    KeyFileError
    """
    try:
        descriptor = os.open(folder / _PUBLISHING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyFileError(
            f"The file {folder / _PUBLISHING} cannot be used: {error.strerror or error}.",
            "Let the folder of keys be one that the server's account owns.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def advance_head(folder: Path, checkpoint: str) -> None:
    """Remember a checkpoint, durably, unless one of this log is remembered that is as new: servers share the folder.

    Raises
    ------
    OSError
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _is_covered(folder, Checkpoint.parse(SignedNote.parse(checkpoint).text)):
            write_head(folder, checkpoint)
    finally:
        os.close(descriptor)


def _is_covered(folder: Path, wanted: Checkpoint) -> bool:
    try:
        known = read_head(folder)
        found = None if known is None else Checkpoint.parse(SignedNote.parse(known).text)
    except (KeyFileError, VerificationError):
        return False  # whoever starts next is told that it was damaged, or it is replaced
    return found is not None and found.origin == wanted.origin and found.size >= wanted.size


def write_head(folder: Path, checkpoint: str) -> None:
    """Remember a checkpoint, durably.

    Raises
    ------
    OSError
    """
    key_files.replace(folder / HEAD_FILE, checkpoint)
