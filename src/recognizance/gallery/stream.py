"""AES in counter mode over a file, any part of which can be opened by itself.

The counter of a block is its place in the file, and each file has a key of its own: no two blocks share a keystream.
What is overwritten is only ever overwritten with zeros.  Whether a row is as it was written is told by its checksum.
"""

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from numpy.typing import NDArray

BLOCK_BYTES = 16
KEY_BYTES = 32


class KeyStream:
    """The keystream of one file."""

    def __init__(self, key: bytes) -> None:
        self._key = AES(key)

    def apply(self, data: NDArray[np.uint8], place: int) -> None:
        """Seal or open contiguous bytes in memory that lie at `place` in the file, a multiple of 16."""
        counter = (place // BLOCK_BYTES).to_bytes(BLOCK_BYTES)
        flat = data.data.cast("B")
        Cipher(self._key, CTR(counter)).encryptor().update_into(flat, flat)

    def apply_rows(self, rows: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Seal or open rows that lie apart from one another.

        Parameters
        ----------
        rows : ndarray of shape (n, row_bytes), uint8
            Of a multiple of 16 bytes.
        places : ndarray of shape (n,), int64
            Where each begins in the file, a multiple of 16.
        """
        blocks = rows.shape[1] // BLOCK_BYTES
        counters = np.zeros((len(rows), blocks, 2), ">u8")
        counters[:, :, 1] = places[:, None] // BLOCK_BYTES + np.arange(blocks)
        # The keystream is the encrypted counters; in this mode one call makes it for all rows.
        made = Cipher(self._key, ECB()).encryptor().update(counters.tobytes())  # noqa: S305 - counters never repeat
        stream = np.frombuffer(made, np.uint8).reshape(rows.shape)
        return np.bitwise_xor(rows, stream)


def checksums(rows: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Sum rows, of shape (n, row_bytes) with a multiple of four bytes, in a way that every changed word changes.

    Zeros have another sum than zero: a disk that gives back nothing is noticed.
    """
    words = rows.view(np.uint32)
    weights = (np.arange(words.shape[1], dtype=np.uint32) * np.uint32(2654435761)) | np.uint32(1)
    sums: NDArray[np.uint32] = (words * weights).sum(axis=1, dtype=np.uint32)
    return sums + np.uint32(words.shape[1] + 1)
