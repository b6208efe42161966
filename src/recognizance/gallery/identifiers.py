"""Lower-case UUIDs as pairs of 64-bit numbers, which sort as the texts do."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX_DIGITS = 32
_LENGTH = 36
_PLACES = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


class Keys(NamedTuple):
    """Identifiers: ``high`` and ``low`` have shape (n,), uint64."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]

    def take(self, rows: NDArray[np.int64]) -> "Keys":
        """Give those of some rows."""
        return Keys(np.asarray(self.high[rows]), np.asarray(self.low[rows]))


def is_one(name: str) -> bool:
    """Whether a text is a lower-case UUID."""
    return _UUID.fullmatch(name) is not None


def pack(identifiers: Sequence[str]) -> Keys:
    """Pack identifiers.

    Raises
    ------
    ValueError
        If one is no lower-case UUID.
    """
    digits = "".join(identifiers).replace("-", "")
    if any(len(identifier) != _LENGTH for identifier in identifiers) or len(digits) != _HEX_DIGITS * len(identifiers):
        raise ValueError("an identifier of a gallery is a UUID of 36 characters")
    if digits != digits.lower():
        raise ValueError("an identifier of a gallery is written in lower case")
    numbers = np.frombuffer(bytes.fromhex(digits), ">u8").astype(np.uint64).reshape(-1, 2)
    return Keys(np.ascontiguousarray(numbers[:, 0]), np.ascontiguousarray(numbers[:, 1]))


def unpack(keys: Keys) -> list[str]:
    """Undo `pack`."""
    digits = np.stack(keys, axis=1).astype(">u8").tobytes().hex()
    return [
        "-".join(digits[start + first : start + last] for first, last in _PLACES)
        for start in range(0, len(digits), _HEX_DIGITS)
    ]


def sorted_order(keys: Keys) -> NDArray[np.uint32]:
    """List the rows in the order of their identifiers."""
    return np.lexsort((keys.low, keys.high)).astype(np.uint32)


def find(wanted: Keys, keys: Keys, order: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Find the rows of identifiers: a binary search for all of them at once, which reads few of many rows.

    Returns
    -------
    ndarray of shape (len(wanted),), int64
        -1 where there is none.
    """
    first = np.zeros(len(wanted.high), np.int64)
    beyond = np.full(len(wanted.high), len(order), np.int64)
    while np.any(first < beyond):
        open_ = first < beyond
        middle = (first + beyond) // 2
        there = keys.take(order[np.minimum(middle, len(order) - 1)].astype(np.int64))
        before = (there.high < wanted.high) | ((there.high == wanted.high) & (there.low < wanted.low))
        first = np.where(open_ & before, middle + 1, first)
        beyond = np.where(open_ & ~before, middle, beyond)
    if not len(order):
        return np.full(len(wanted.high), -1, np.int64)
    rows = order[np.minimum(first, len(order) - 1)].astype(np.int64)
    there = keys.take(rows)
    found = (first < len(order)) & (there.high == wanted.high) & (there.low == wanted.low)
    return np.where(found, rows, -1)
