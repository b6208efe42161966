"""Reading files that somebody else made: only regular ones, only as large as they may be."""

import errno
import os
import stat
from pathlib import Path

from recognizance_verify.errors import VerificationError


def is_folder(path: Path) -> bool:
    """Say whether a path leads to a folder; one that cannot be followed does not."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_file(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """Read a whole file of at most ``limit`` bytes; ``follow`` symbolic links or refuse them.

    Raises
    ------
    VerificationError
        If it is missing, too large, not a file or cannot be read; the message is a part of a sentence without the
        file's name.
    """
    # Without O_NONBLOCK, opening a named pipe would wait forever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise VerificationError("It is not a regular file.")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(limit + 1) if status.st_size <= limit else None
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise VerificationError("It is missing.") from None
    except VerificationError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        if not follow and getattr(error, "errno", None) == errno.ELOOP:
            raise VerificationError("It is a symbolic link.") from None
        raise VerificationError(f"It cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if data is None or len(data) > limit:
        raise VerificationError(f"It is larger than the {limit} bytes that it may have.")
    return data
