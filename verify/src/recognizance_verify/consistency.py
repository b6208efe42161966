"""Consistency: that a newer log holds all of an older one, unchanged and in its order.

The file has the form of C2SP tlog-witness's add-checkpoint: the older size, the proof and the newer checkpoint.
"""

from dataclasses import dataclass
from typing import Self

from recognizance_verify.encoding import decode_text, encode_base64, parse_decimal, shown
from recognizance_verify.errors import VerificationError
from recognizance_verify.notes import NOTE_BYTES_MAX, Checkpoint, SignedNote
from recognizance_verify.receipts import PROOF_HASHES_MAX, parse_hashes, split_proof
from recognizance_verify.tree import EMPTY_ROOT, verify_consistency
from recognizance_verify.trust import CheckedCheckpoint

CONSISTENCY_BYTES_MAX = 64 * PROOF_HASHES_MAX + NOTE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """A proof from a log of ``old_size`` entries to the checkpoint in ``note``, which is to be checked by itself."""

    old_size: int
    proof: tuple[bytes, ...]
    note: SignedNote

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Read a consistency file.

        Raises
        ------
        VerificationError
            If it is not one in exactly the specified form.
        """
        text = decode_text(data, "The consistency file", CONSISTENCY_BYTES_MAX)
        head, note = split_proof(text, "consistency file")
        if not head[0].startswith("old "):
            raise VerificationError("Line 1 of the consistency file does not give the 'old' size.")
        found = cls(
            parse_decimal(head[0].removeprefix("old "), "The old size in line 1 of the consistency file"),
            parse_hashes(head[1:], 2, "consistency file"),
            SignedNote.parse(note),
        )
        if found.text() != text:
            raise VerificationError("The consistency file is not written in its one canonical form.")
        return found

    def text(self) -> str:
        """Write the file as `parse` reads it."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof)]
        return "\n".join(lines) + "\n\n" + self.note.serialize()

    def verify(self, old: Checkpoint) -> Checkpoint:
        """Check that the newer log holds all of the older; the newer checkpoint, whose signatures are not checked here.

        Raises
        ------
        VerificationError
            If it is not proved, or the proof does not start at this older checkpoint.
        """
        new = Checkpoint.parse(self.note.text)
        require_growth(old, new)
        if self.old_size != old.size:
            raise VerificationError(
                f"The consistency proof starts at {self.old_size} entries, and the older checkpoint has {old.size}."
            )
        if old.size:
            verify_consistency(old.size, new.size, self.proof, old.root, new.root)
        elif self.proof or old.root != EMPTY_ROOT:
            raise VerificationError("From an empty log the consistency proof must be empty.")
        return new


@dataclass(frozen=True, slots=True)
class CheckedConsistency:
    """Two checkpoints, of which the newer one's log was proved to hold all of the older one's."""

    old: CheckedCheckpoint
    new: CheckedCheckpoint


def require_growth(old: Checkpoint, new: Checkpoint) -> None:
    """Check that two checkpoints are of one log, and that it did not shrink.

    Raises
    ------
    VerificationError
        If not.
    """
    if old.origin != new.origin:
        raise VerificationError(f"The checkpoints are of two logs: {shown(old.origin)} and {shown(new.origin)}.")
    if old.size > new.size:
        raise VerificationError(f"The log was rolled back: it had {old.size} entries and has {new.size} now.")
