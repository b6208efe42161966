"""The folder of a witness: its signing key and its memory, which belong together."""

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from recognizance.errors import InvalidRequestError, KeyFileError, NotFoundError, RecordUnavailableError
from recognizance.witness.state import WitnessState
from recognizance_verify import VerificationError
from recognizance_verify.keys import WITNESS, SigningKey

KEY_FILE = "witness-signing.key"
STATE_FILE = "witness.db"


@dataclass(frozen=True, slots=True)
class WitnessFolder:
    """An open folder."""

    key: SigningKey
    state: WitnessState


def open_folder(folder: Path, *, name: str | None = None) -> WitnessFolder:
    """Open a witness's folder.

    Parameters
    ----------
    name : str or None
        The witness's name. A folder that holds no witness yet is made one of this name; None makes none.

    Raises
    ------
    NotFoundError
        If there is no witness and none is to be made.
    InvalidRequestError
        If the witness there has another name, or the name cannot be one.
    KeyFileError, RecordUnavailableError
        If key or memory is missing, damaged or not the other's.
    """
    key_file, state_file = folder / KEY_FILE, folder / STATE_FILE
    try:
        if not key_file.exists():
            _found(folder, name)
        elif not state_file.exists():
            raise RecordUnavailableError(
                f"The witness's memory, {state_file}, is missing: without it the witness could cosign a log that "
                "contradicts what it has cosigned before.",
                "Put it back; if it is lost, begin a new witness, with a new key, in a new folder.",
            )
        _require_private(folder, key_file, state_file)
        key = SigningKey.parse(key_file.read_text("ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"The witness's folder {folder} cannot be used: {getattr(error, 'strerror', None) or error}.",
            "Let it be a folder that the witness's account owns, on a local disk with free space.",
        ) from error
    except VerificationError as error:
        raise KeyFileError(f"{key_file}: {error}", "Put the key file back from its backup.") from error
    if key.kind != WITNESS:
        raise KeyFileError(f"{key_file} is the key of a log and not of a witness.", "Put the witness's key there.")
    if name is not None and name != key.name:
        raise InvalidRequestError(f"The witness in {folder} is called {key.name}.", "Leave --name away.")
    return WitnessFolder(key, WitnessState(state_file, key.verifier_key()))


def _found(folder: Path, name: str | None) -> None:
    """Make a witness; the memory comes first, so that a key without one shows that the memory was lost."""
    state_file = folder / STATE_FILE
    if name is None:
        raise NotFoundError(
            f"There is no witness in {folder}.", "`recognizance witness serve --folder DIR --name NAME` makes one."
        )
    try:
        text = SigningKey.generate(name, WITNESS).text()
    except VerificationError as error:
        raise InvalidRequestError(f"{error}", "Name it as a place on the web: witness.example.org/board") from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_private(folder)
    bound = state_file.exists() and WitnessState.is_bound(state_file)
    if bound and not (folder / KEY_FILE).exists():  # looked for again: another process may be making it
        raise KeyFileError(
            f"The witness's key, {folder / KEY_FILE}, is missing.",
            "Put it back from its backup; if it is lost, begin a new witness in a new folder.",
        )
    WitnessState.create(state_file)
    _write_once(folder / KEY_FILE, text + "\n")


def _write_once(file: Path, text: str) -> None:
    """Make a file whole or not at all; where two processes try at once, the first one's stands."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _require_private(folder: Path, *files: Path) -> None:
    """Refuse what other accounts of the machine can replace, and files that they can read."""
    for path, forbidden, mode in ((folder, 0o022, "700"), *((file, 0o077, "600") for file in files)):
        if stat.S_IMODE(path.stat().st_mode) & forbidden:
            raise KeyFileError(
                f"Other accounts of this machine can reach the witness's key or memory: the mode of {path} is too "
                "open.",
                f"chmod {mode} {path}",
            )
