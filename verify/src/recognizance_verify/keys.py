"""Keys that sign notes, in the text forms of C2SP signed-note and of Go's note package.

Kind 1 signs a note's text with Ed25519; kind 4 is a witness's cosignature of a checkpoint, which also carries a time
(C2SP tlog-cosignature).
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from recognizance_verify.encoding import SIZE_MAX, decode_base64, encode_base64, shown
from recognizance_verify.errors import VerificationError

LOG = 1
WITNESS = 4

_PUBLIC_BYTES = 32
_TIME_BYTES = 8
_ENCODED_BYTES = 44  # the base64 of a kind and 32 bytes

_FIELD_PRIME = 2**255 - 19
_SMALL_ORDER = {
    0,
    1,
    _FIELD_PRIME - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7,
}
"""The y coordinates of the curve's eight points of small order: anybody can sign for a "key" that is one of them."""


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Compute the four bytes by which a signature names its key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def check_name(name: str, what: str) -> None:
    """Refuse what cannot be a key's name.

    Raises
    ------
    VerificationError
        If it is empty or holds a space, a plus sign or a control character.
    """
    if not name or any(c.isspace() or c == "+" or c < " " or "\ud800" <= c <= "\udfff" for c in name):
        raise VerificationError(f"{what} has a name that is empty or holds spaces, plus signs or broken characters.")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half: ``kind`` 1 for a log, 4 for a witness; ``public`` is the Ed25519 key's 32 bytes."""

    name: str
    public: bytes
    kind: int = LOG

    def __post_init__(self) -> None:
        check_name(self.name, "The verifier key")
        if self.kind not in (LOG, WITNESS):
            raise VerificationError(f"The verifier key is of kind {self.kind}; only Ed25519 is known here (1 or 4).")
        height = int.from_bytes(self.public, "little") % 2**255
        if len(self.public) != _PUBLIC_BYTES or height >= _FIELD_PRIME or height in _SMALL_ORDER:
            raise VerificationError("The verifier key is not an Ed25519 public key that can be trusted.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``name+hex+base64``.

        Raises
        ------
        VerificationError
            If it is not a verifier key in exactly that form.
        """
        name, kind, public = _split_key(text, "The verifier key")
        key = cls(name, public, kind)
        if str(key) != text:
            raise VerificationError("The verifier key was mistyped: its check digits do not fit it.")
        return key

    @property
    def id(self) -> bytes:
        """The key's id in signature lines."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"

    def check(self, text: str, signature: bytes) -> int | None:
        """Check a signature of a note's text.

        Returns
        -------
        int or None
            The time of a witness's cosignature, in seconds since 1970; None for a log's signature.

        Raises
        ------
        VerificationError
            If the signature is not this key's of this text.
        """
        time = None
        message = text.encode()
        if self.kind == WITNESS:
            time = int.from_bytes(signature[:_TIME_BYTES], "big")
            signature = signature[_TIME_BYTES:]
            message = _cosigned(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            wrong = True
        else:
            wrong = time is not None and time > SIZE_MAX  # tlog-cosignature: it must fit 63 bits
        if wrong:
            raise VerificationError(f"The signature by {shown(self.name)} is false: the key did not sign this text.")
        return time


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The secret half; ``seed`` is the Ed25519 private key's 32 bytes."""

    name: str
    seed: bytes = field(repr=False)
    kind: int = LOG

    @classmethod
    def generate(cls, name: str, kind: int = LOG) -> Self:
        """Make a new key."""
        key = cls(name, Ed25519PrivateKey.generate().private_bytes_raw(), kind)
        key.verifier_key()  # refuses a bad name now and not when the first signature is wanted
        return key

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``PRIVATE+KEY+name+hex+base64``, the form of Go's note package.

        Raises
        ------
        VerificationError
            If it is not a signing key in exactly that form; the message betrays nothing of the key.
        """
        prefix = "PRIVATE+KEY+"
        if not text.startswith(prefix):
            raise VerificationError("The signing key does not begin with PRIVATE+KEY+.")
        name, kind, seed = _split_key(text.removeprefix(prefix), "The signing key")
        key = cls(name, seed, kind)
        if key.text() != text:
            raise VerificationError("The signing key is damaged: its check digits do not fit it.")
        return key

    def text(self) -> str:
        """Write the key, secret included, in the form that `parse` reads, without a newline."""
        public = self.verifier_key()
        return f"PRIVATE+KEY+{self.name}+{public.id.hex()}+{encode_base64(bytes([self.kind]) + self.seed)}"

    def verifier_key(self) -> VerifierKey:
        """Derive the public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw(), self.kind)

    def sign(self, text: str) -> str:
        """Sign a note's text; the signature line, with its newline."""
        if self.kind != LOG:
            raise VerificationError("A witness's key signs no notes; it cosigns checkpoints.")
        return self._line(self._private().sign(text.encode()))

    def cosign(self, checkpoint_text: str, time: int) -> str:
        """Cosign a checkpoint's text at a time in seconds since 1970; the signature line, with its newline."""
        if self.kind != WITNESS:
            raise VerificationError("A log's key cosigns no checkpoints; a witness's does.")
        return self._line(time.to_bytes(_TIME_BYTES, "big") + self._private().sign(_cosigned(checkpoint_text, time)))

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def _line(self, signature: bytes) -> str:
        return f"— {self.name} {encode_base64(self.verifier_key().id + signature)}\n"


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _split_key(text: str, what: str) -> tuple[str, int, bytes]:
    # The base64 may hold plus signs; a name cannot.
    parts = text.split("+", 2)
    if len(parts) != 3 or not re.fullmatch("[0-9a-f]{8}", parts[1], re.ASCII) or len(parts[2]) != _ENCODED_BYTES:
        raise VerificationError(f"{what} does not have the form name+8 hexadecimal digits+base64 of 33 bytes.")
    data = decode_base64(parts[2], what)
    return parts[0], data[0], data[1:]
