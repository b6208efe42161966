"""Receipts: an entry, the proof that it is in the log, and the checkpoint, in one text of the C2SP tlog-proof form."""

from dataclasses import dataclass
from typing import Self

from recognizance_verify.encoding import decode_base64, decode_hash, decode_text, encode_base64, parse_decimal
from recognizance_verify.entries import Entry, parse_entry
from recognizance_verify.errors import VerificationError
from recognizance_verify.notes import NOTE_BYTES_MAX, SignedNote
from recognizance_verify.tiles import ENTRY_BYTES_MAX
from recognizance_verify.tree import leaf_hash, verify_inclusion
from recognizance_verify.trust import CheckedCheckpoint, Trust

HEADER = "c2sp.org/tlog-proof@v1"
PROOF_HASHES_MAX = 63
RECEIPT_BYTES_MAX = 2 * ENTRY_BYTES_MAX + 64 * PROOF_HASHES_MAX + NOTE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What a receipt proves: that the entry is at its place in the log of this checkpoint."""

    entry: Entry
    checkpoint: CheckedCheckpoint


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt; nothing in it is to be believed before `verify`."""

    entry: bytes
    index: int
    proof: tuple[bytes, ...]
    note: SignedNote

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Read a receipt.

        Raises
        ------
        VerificationError
            If it is not a receipt in exactly the specified form.
        """
        text = decode_text(data, "The receipt", RECEIPT_BYTES_MAX)
        head, note = split_proof(text, "receipt")
        if head[0] != HEADER:
            raise VerificationError(f"The receipt does not begin with the line {HEADER}.")
        if len(head) < 3 or not head[1].startswith("extra ") or not head[2].startswith("index "):
            raise VerificationError("Lines 2 and 3 of the receipt do not give the entry ('extra') and its 'index'.")
        receipt = cls(
            decode_base64(head[1].removeprefix("extra "), "The entry in line 2 of the receipt"),
            parse_decimal(head[2].removeprefix("index "), "The index in line 3 of the receipt"),
            parse_hashes(head[3:], 4, "receipt"),
            SignedNote.parse(note),
        )
        if len(receipt.entry) > ENTRY_BYTES_MAX:
            raise VerificationError(f"The entry in line 2 of the receipt is longer than {ENTRY_BYTES_MAX} bytes.")
        if receipt.text() != text:
            raise VerificationError("The receipt is not written in its one canonical form.")
        return receipt

    def text(self) -> str:
        """Write the receipt as `parse` reads it."""
        lines = [HEADER, f"extra {encode_base64(self.entry)}", f"index {self.index}", *map(encode_base64, self.proof)]
        return "\n".join(lines) + "\n\n" + self.note.serialize()

    def verify(self, trust: Trust) -> CheckedReceipt:
        """Check that the entry is in the log, at its place.

        Raises
        ------
        VerificationError
            If it is not proved, or the checkpoint is not to be believed (`Trust.check`).
        """
        checked = trust.check(self.note)
        checkpoint = checked.checkpoint
        verify_inclusion(self.index, checkpoint.size, leaf_hash(self.entry), self.proof, checkpoint.root)
        return CheckedReceipt(parse_entry(self.entry, self.index), checked)


def split_proof(text: str, what: str) -> tuple[list[str], str]:
    """Divide a proof file into the lines above its first empty line and the signed note below.

    Raises
    ------
    VerificationError
        If it has no empty line.
    """
    head, blank, note = text.partition("\n\n")
    if not blank:
        raise VerificationError(f"The {what} has no empty line before its checkpoint.")
    return head.split("\n"), note


def parse_hashes(lines: list[str], first: int, what: str) -> tuple[bytes, ...]:
    """Read the lines of a proof, the first of which is line ``first`` of the file.

    Raises
    ------
    VerificationError
        If they are too many for any log, or one is not the base64 of a hash.
    """
    if len(lines) > PROOF_HASHES_MAX:
        raise VerificationError(f"The {what} has {len(lines)} lines of proof; no log needs over {PROOF_HASHES_MAX}.")
    return tuple(decode_hash(line, f"Line {at} of the {what}") for at, line in enumerate(lines, first))
