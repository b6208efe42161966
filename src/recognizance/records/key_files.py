"""Files in the folder of keys: made whole or not at all, and refused where other accounts can reach them."""

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from recognizance.errors import KeyFileError


def read_or_make(file: Path, make: Callable[[], str], *, required: KeyFileError | None) -> str:
    """Read a one-line key file of mode 0600; make it where there is none.

    Parameters
    ----------
    make : callable
        Gives the content of a new file, without the line's end.
    required : KeyFileError or None
        What to raise if there is none; None lets it be made.

    Raises
    ------
    KeyFileError
        If others can read or replace the file, or it cannot be read or made.
    """
    try:
        if not file.exists():
            if required is not None:
                raise required
            write_once(file, make() + "\n")
        require_private(file)
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"The key file {file} cannot be used: {getattr(error, 'strerror', None) or error}.",
            "Let the folder of keys be one that the server's account owns, on a local disk with free space.",
        ) from error


def write_once(file: Path, text: str) -> None:
    """Make a file whole or not at all; where two processes try at once, the first one's stands."""
    _write(file, text, replace=False)


def replace(file: Path, text: str) -> None:
    """Replace a file whole, durably."""
    _write(file, text, replace=True)


def _write(file: Path, text: str, *, replace: bool) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            draft.replace(file)
        else:
            # A link, not a rename: it fails if the name is taken, where a rename would replace a key in use.
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    fsync_folder(file.parent)


def require_private(file: Path) -> None:
    """Refuse a key file that other accounts of the machine can read or replace.

    Raises
    ------
    KeyFileError
    """
    for path, forbidden, mode in ((file.parent, 0o022, "700"), (file, 0o077, "600")):
        if stat.S_IMODE(path.stat().st_mode) & forbidden:
            raise KeyFileError(
                f"Other accounts of this machine can reach the key: the mode of {path} is too open.",
                f"chmod {mode} {path}",
            )


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
