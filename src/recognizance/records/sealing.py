"""Sealing what must not be readable in the file: photographs and secrets (AES-256-GCM)."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recognizance.errors import KeyFileError, RecordUnavailableError
from recognizance.records import key_files

KEY_BYTES = 32
KEY_FILE = "sealing.key"
_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Sealer:
    """Seals and opens byte strings, each bound to the place it belongs to.

    Parameters
    ----------
    key : bytes of length 32
        As `load_or_create_key` returns it.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self._key = key
        self._cipher = AESGCM(self.derive("recognizance sealing v1"))
        self.key_id = hashlib.sha256(self.derive("recognizance key id v1")).digest()[:8].hex()
        self._digests: dict[str, bytes] = {}

    def derive(self, purpose: str) -> bytes:
        """Derive a key of 32 bytes for another purpose."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)

    def digest(self, kind: str, *parts: bytes) -> bytes:
        """Make a keyed digest of 32 bytes: equal for equal parts, and worth nothing to whoever has not got the key.

        It lets the record look up what it must not hold in plain.
        """
        key = self._digests.get(kind)
        if key is None:
            key = self._digests[kind] = self.derive(f"recognizance digest v1: {kind}")
        lengths = b"".join(len(part).to_bytes(8) for part in parts)
        return hmac.digest(key, lengths + b"".join(parts), "sha256")

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Encrypt `plaintext`; it opens only with the same `context`, so that sealed values cannot trade places.

        Returns
        -------
        bytes
            Version byte 1, 12 random bytes of nonce, ciphertext with a 16-byte tag.
        """
        return seal_with(self._cipher, plaintext, context)

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` returned.

        Raises
        ------
        RecordUnavailableError
            If it was altered, cut short, moved from another place, or sealed with another key.
        """
        return open_with(self._cipher, sealed, context)


def seal_with(cipher: AESGCM, plaintext: bytes, context: str) -> bytes:
    """Encrypt, bound to a context; see `Sealer.seal`."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, plaintext, _VERSION + context.encode())


def open_with(cipher: AESGCM, sealed: bytes, context: str) -> bytes:
    """Decrypt what `seal_with` returned; see `Sealer.open`."""
    if sealed[:1] == _VERSION and len(sealed) >= 1 + _NONCE_BYTES + _TAG_BYTES:
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, _VERSION + context.encode())
        except InvalidTag:
            pass  # answered below, without saying which of the causes it was
    raise RecordUnavailableError(
        "A sealed part of the record cannot be opened: it is damaged, or was sealed with another key.",
        "Restore the record from a backup.",
    )


class RecordPlace(Protocol):
    """Where a record may be: a path, or a database."""

    def __str__(self) -> str:
        """Name it in messages."""

    def exists(self) -> bool:
        """Whether a record is there."""


def load_or_create_key(folder: Path, *, record: RecordPlace) -> bytes:
    """Read the sealing key; make one only where there is no record yet.

    Parameters
    ----------
    folder : Path
        The folder of keys; created with mode 0700.  The key is its file ``sealing.key``, mode 0600: 64
        hexadecimal digits.
    record : Path or Database
        The record that is sealed with it.

    Returns
    -------
    bytes of length 32

    Raises
    ------
    KeyFileError
        If `record` exists and its key does not; if the key is malformed, or others can read or replace it;
        or if it cannot be read or made.
    """
    # Asked before the key is looked for: another process makes the key first and the record second.
    record_exists = record.exists()
    file = folder / KEY_FILE
    missing = KeyFileError(
        f"The record {record} exists, but the key it was sealed with, {file}, is missing.",
        f"Put the key file back from its backup, or set the folder of keys to where it is. If it is lost, nothing "
        f"that is sealed in the record can be opened again; to begin anew, move {record} away.",
    )
    text = key_files.read_or_make(
        file, lambda: secrets.token_bytes(KEY_BYTES).hex(), required=missing if record_exists else None
    )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{file} is not a sealing key.", "Put the key file back from its backup.")
    return key
