"""Sealing what must not be readable in the file: photographs and secrets (AES-256-GCM)."""

import contextlib
import hashlib
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recognizance.errors import KeyFileError, RecordUnavailableError

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
        self._cipher = AESGCM(_derive(key, b"recognizance sealing v1"))
        self.key_id = hashlib.sha256(_derive(key, b"recognizance key id v1")).digest()[:8].hex()

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Encrypt `plaintext`; it opens only with the same `context`, so that sealed values cannot trade places.

        Returns
        -------
        bytes
            Version byte 1, 12 random bytes of nonce, ciphertext with a 16-byte tag.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, _VERSION + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` returned.

        Raises
        ------
        RecordUnavailableError
            If it was altered, cut short, moved from another place, or sealed with another key.
        """
        if sealed[:1] == _VERSION and len(sealed) >= 1 + _NONCE_BYTES + _TAG_BYTES:
            nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
            try:
                return self._cipher.decrypt(nonce, body, _VERSION + context.encode())
            except InvalidTag:
                pass  # answered below, without saying which of the causes it was
        raise RecordUnavailableError(
            "A sealed part of the record cannot be opened: it is damaged, or was sealed with another key.",
            "Restore the record from a backup.",
        )


def load_or_create_key(folder: Path, *, record: Path) -> bytes:
    """Read the sealing key; make one only where there is no record yet.

    Parameters
    ----------
    folder : Path
        The folder of keys; created with mode 0700.  The key is its file ``sealing.key``, mode 0600: 64
        hexadecimal digits.
    record : Path
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
    try:
        if not file.exists():
            if record_exists:
                raise KeyFileError(
                    f"The record {record} exists, but the key it was sealed with, {file}, is missing.",
                    f"Put the key file back from its backup, or set the folder of keys to where it is. If it is "
                    f"lost, photographs and access keys in the record cannot be opened again; to begin anew, move "
                    f"{record} away.",
                )
            _create(file)
        return _read(file)
    except OSError as error:
        raise KeyFileError(
            f"The key file {file} cannot be used: {error.strerror or error}.",
            "Let the folder of keys be one that the server's account owns, on a local disk with free space.",
        ) from error


def _create(file: Path) -> None:
    """Make the key whole or not at all; where two processes try at once, the first one's key stands."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{KEY_FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        # A link, not a rename: it fails if the name is taken, where a rename would replace a key in use.
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
    fsync_folder(file.parent)


def _read(file: Path) -> bytes:
    for path, forbidden, mode in ((file.parent, 0o022, "700"), (file, 0o077, "600")):
        if stat.S_IMODE(path.stat().st_mode) & forbidden:
            raise KeyFileError(
                f"Other accounts of this machine can reach the key: the mode of {path} is too open.",
                f"chmod {mode} {path}",
            )
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{file} is not a sealing key.", "Put the key file back from its backup.")
    return key


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
