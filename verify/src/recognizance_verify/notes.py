"""Signed notes and checkpoints, after C2SP signed-note and tlog-checkpoint."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from recognizance_verify.encoding import decode_base64, decode_hash, decode_text, encode_base64, parse_decimal, shown
from recognizance_verify.errors import VerificationError
from recognizance_verify.keys import LOG, WITNESS, SigningKey, VerifierKey, check_name, key_id
from recognizance_verify.tree import EMPTY_ROOT

__all__ = [
    "LOG",
    "NOTE_BYTES_MAX",
    "WITNESS",
    "Checkpoint",
    "Signature",
    "SignedNote",
    "SigningKey",
    "VerifierKey",
    "cosign",
    "key_id",
]

NOTE_BYTES_MAX = 256 * 1024
SIGNATURES_MAX = 64
_KEY_ID_BYTES = 4
_DASH = "— "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, of a key that may be unknown."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Write the line, with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text, which ends in a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Read a signed note; nothing in it is to be believed before `verify`.

        Raises
        ------
        VerificationError
            If it is not a signed note in exactly the specified form.
        """
        note = decode_text(data, "The signed note", NOTE_BYTES_MAX)
        if any(c < " " and c != "\n" for c in note):
            raise VerificationError("The signed note holds a control character.")
        text, blank, block = note.rpartition("\n\n")
        if not blank or not text:
            raise VerificationError("The signed note has no empty line between its text and its signatures.")
        if not block.endswith("\n"):
            raise VerificationError("The signed note has no signatures, or its last line does not end.")
        lines = block[:-1].split("\n")
        if len(lines) > SIGNATURES_MAX:
            raise VerificationError(f"The signed note has {len(lines)} signatures; {SIGNATURES_MAX} are enough.")
        first = text.count("\n") + 3
        parsed = cls(text + "\n", tuple(_parse_signature(line, at) for at, line in enumerate(lines, first)))
        if parsed.serialize() != note:
            raise VerificationError("The signed note is not written in its one canonical form.")
        return parsed

    def serialize(self) -> str:
        """Write the note as `parse` reads it."""
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)

    def verify(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Find which of these keys signed; signatures of other keys are ignored.

        Raises
        ------
        VerificationError
            If a signature that names one of the keys is not that key's, or is there twice.
        """
        return list(self.times(keys))

    def times(self, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int | None]:
        """Find which of these keys signed, as `verify`, and when: None for a log's signature, which has no time."""
        found: dict[VerifierKey, int | None] = {}
        known = {(key.name, key.id): key for key in keys}
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is None:
                continue
            if key in found:
                raise VerificationError(f"The note is signed twice by {shown(key.name)}.")
            found[key] = key.check(self.text, signature.signature)
        return found


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log states: under this name, with so many entries, it has this root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint: the text of a signed note.

        Raises
        ------
        VerificationError
            If it is not a checkpoint, or has extension lines, which this log never writes.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise VerificationError("A checkpoint consists of three lines: name of the log, size and root.")
        checkpoint = cls(
            lines[0],
            parse_decimal(lines[1], "The checkpoint's size (its line 2)"),
            decode_hash(lines[2], "The checkpoint's root (its line 3)"),
        )
        if not checkpoint.size and checkpoint.root != EMPTY_ROOT:
            raise VerificationError("The checkpoint's root (its line 3) is not that of an empty log.")
        return checkpoint

    def text(self) -> str:
        """Write the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def cosign(checkpoint_text: str, key: SigningKey, timestamp: int) -> str:
    """Cosign a checkpoint's text as a witness, at a time in seconds since 1970; the line, with its newline."""
    return key.cosign(checkpoint_text, timestamp)


def _parse_signature(line: str, number: int) -> Signature:
    what = f"The signature in line {number} of the note"
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise VerificationError(f"{what} does not have the form '— name base64'.")
    check_name(name, what)
    data = decode_base64(encoded, what)
    if len(data) <= _KEY_ID_BYTES:
        raise VerificationError(f"{what} is too short.")
    return Signature(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])
