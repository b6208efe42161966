"""External ids: what photographs are called by."""

import hashlib
import os
import re
import unicodedata
from enum import StrEnum
from pathlib import PurePath

_ID_LENGTH_MAX = 255


class Naming(StrEnum):
    """How the external id of a photograph comes from its file."""

    NAME = "name"
    PATH = "path"
    NONE = "none"


def external_id(relative: PurePath, naming: Naming) -> str | None:
    """Make an external id of a file's name, or of its path below the source."""
    match naming:
        case Naming.NAME:
            return sanitise(relative.stem)
        case Naming.PATH:
            return sanitise(relative.with_suffix("").as_posix().replace("/", ":"))
        case Naming.NONE:
            return None


def sanitise(name: str) -> str:
    """Write a name in the characters that Rekognition's external ids may have.

    Accents are dropped and other characters become ``_``; where letters get lost, a few digits of the name's
    digest keep different names different.
    """
    spread = unicodedata.normalize("NFKD", name)
    lost = any(not letter.isascii() and not unicodedata.combining(letter) for letter in spread)
    plain = spread.encode("ascii", "ignore").decode("ascii")
    kept = re.sub(r"[^a-zA-Z0-9_.\-:]+", "_", plain)
    if kept and not lost and len(kept) <= _ID_LENGTH_MAX:
        return kept
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    return f"{kept[: _ID_LENGTH_MAX - 9]}-{digest}".lstrip("_-") or digest
