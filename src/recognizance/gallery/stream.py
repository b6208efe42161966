"""AES in counter mode over a file, any part of which can be opened by itself; and sums that only the key can make.

The counter of a block is its place in the file, and each file has a key of its own: no two blocks share a keystream.
What is overwritten is only ever overwritten with zeros.

A sum is a multilinear hash of sealed words with secret weights, and is sealed itself: without the key nobody can change
a row and its sum so that they fit, nor put one row in another's place.  One in four thousand million is missed.

References
----------
Lemire and Kaser, Strongly universal string hashing is fast, 2013 (Multilinear); Wegman and Carter, 1981.
"""

import hashlib
import hmac

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from numpy.typing import NDArray

BLOCK_BYTES = 16
KEY_BYTES = 32


class KeyStream:
    """What one file is sealed and summed with.

    Parameters
    ----------
    key : bytes of length 32
        Of this file alone.
    """

    def __init__(self, key: bytes) -> None:
        self._sealing = AES(hmac.digest(key, b"seal", "sha256"))
        self._signing = hmac.digest(key, b"header", "sha256")
        self._summing = hmac.digest(key, b"sums", "sha256")
        self._made = np.zeros(0, np.uint64)

    def sign(self, text: bytes) -> str:
        """Make the code that shows that a text is this file's and unchanged."""
        return hmac.digest(self._signing, text, "sha256").hex()

    def apply(self, data: NDArray[np.uint8], place: int) -> None:
        """Seal or open contiguous bytes in memory that lie at `place` in the file, a multiple of 16."""
        counter = (place // BLOCK_BYTES).to_bytes(BLOCK_BYTES)
        flat = data.data.cast("B")
        Cipher(self._sealing, CTR(counter)).encryptor().update_into(flat, flat)

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
        made = Cipher(self._sealing, ECB()).encryptor().update(counters.tobytes())  # noqa: S305 - none comes twice
        stream = np.frombuffer(made, np.uint8).reshape(rows.shape)
        return np.bitwise_xor(rows, stream)

    def sums(self, rows: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """Sum sealed rows, of shape (n, row_bytes) with a multiple of four bytes; the sums have to be sealed too."""
        words = rows.view(np.uint32).astype(np.uint64)
        weights = self._weights(words.shape[1])
        totals = weights[0] + (words * weights[1:]).sum(axis=1, dtype=np.uint64)
        sums: NDArray[np.uint32] = (totals >> np.uint64(32)).astype(np.uint32)
        return sums

    def _weights(self, count: int) -> NDArray[np.uint64]:
        """Make the weights of so many words, and one to begin with."""
        if len(self._made) <= count:
            made = hashlib.shake_256(self._summing).digest(8 * (count + 1))
            self._made = np.frombuffer(made, "<u8").astype(np.uint64)
        return self._made[: count + 1]
