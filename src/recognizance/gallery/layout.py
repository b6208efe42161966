"""How the parts of a segment lie in its file, and its header.

    signed header (JSON) · codes · scales · code sums · rows in float32 with their sums · identifiers · order · alive

Every part begins at a multiple of 4,096 bytes.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from typing import Any

from recognizance.gallery.stream import BLOCK_BYTES, KeyStream

FORMAT = "recognizance-scan-1"
HEADER_BYTES = 4_096
STEP_ROWS = 16_384
"""Rows that are written and read at once; each step begins at a block of the cipher."""

_BYTES_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a file begin, bytes."""

    rows: int
    dimension: int

    @property
    def vector_bytes(self) -> int:
        """Bytes of a row in float32, padded to whole blocks of the cipher."""
        return -(-4 * self.dimension // BLOCK_BYTES) * BLOCK_BYTES

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in float32 and of its sum."""
        return self.vector_bytes + BLOCK_BYTES

    def sizes(self) -> dict[str, int]:
        """Give the size of every part, in order."""
        return {
            "codes": self.rows * self.dimension,
            "scales": 4 * self.rows,
            "code_sums": 4 * self.rows,
            "vectors": self.row_bytes * self.rows,
            "high": 8 * self.rows,
            "low": 8 * self.rows,
            "order": 4 * self.rows,
            "alive": self.rows,
        }

    def places(self) -> dict[str, int]:
        """Give the beginning of every part, and of what follows the last as ``end``."""
        places, place = {}, HEADER_BYTES
        for name, size in self.sizes().items():
            places[name] = place
            place += -(-size // HEADER_BYTES) * HEADER_BYTES
        return {**places, "end": place}


def read_header(descriptor: int) -> tuple[dict[str, Any], bytes, str]:
    """Read a header that nobody has vouched for yet: what it says, its text, and the code that should fit.

    Raises
    ------
    ValueError
        If it is none.
    """
    text, signature, *_ = os.pread(descriptor, HEADER_BYTES, 0).split(b"\n")
    header = json.loads(text)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError("not a segment")
    return header, text, signature.decode("ascii", "replace")


def is_signed(stream: KeyStream, text: bytes, signature: str) -> bool:
    """Whether a header is as it was written, by whoever had the key."""
    return hmac.compare_digest(stream.sign(text), signature)


def write_header(descriptor: int, header: dict[str, Any], stream: KeyStream) -> None:
    """Write a header with the code that vouches for it."""
    text = json.dumps({"format": FORMAT, **header}).encode()
    write_all(descriptor, text + b"\n" + stream.sign(text).encode() + b"\n", 0)


def index_digest(descriptor: int, places: dict[str, int]) -> str:
    """Digest the identifiers and their order, which never change."""
    digest = hashlib.sha256()
    place = places["high"]
    while place < places["alive"]:
        block = os.pread(descriptor, min(_BYTES_AT_ONCE, places["alive"] - place), place)
        if not block:
            break
        digest.update(block)
        place += len(block)
    return digest.hexdigest()


def write_all(descriptor: int, data: bytes | memoryview, place: int) -> None:
    """Write all of it at a place, however many calls that takes."""
    view = memoryview(data).cast("B")
    while len(view):
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written


def read_all(descriptor: int, view: memoryview, place: int) -> None:
    """Fill `view`, of bytes, from a place.

    Raises
    ------
    ValueError
        If the file ends before.
    """
    left = len(view)
    while left:
        count = os.preadv(descriptor, [view], place)
        if not count:
            raise ValueError("the file ends early")
        left -= count
        if left:
            view, place = view[count:], place + count
