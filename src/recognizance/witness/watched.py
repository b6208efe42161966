"""A log as a witness knows it."""

from dataclasses import dataclass
from typing import Self

from recognizance_verify import VerificationError
from recognizance_verify.encoding import shown
from recognizance_verify.keys import VerifierKey
from recognizance_verify.notes import Checkpoint, SignedNote
from recognizance_verify.tree import EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class WatchedLog:
    """A log's key, and what was cosigned of it.

    Attributes
    ----------
    note : SignedNote or None
        The newest checkpoint that was cosigned, with the log's signature and this witness's; None if there is none.
    checkpoint : Checkpoint
        What it states; of a log that was never cosigned, that it is empty.
    cosigned_at : int or None
        When, in seconds since 1970.
    conflict : str or None
        The first checkpoint that the log signed although it had signed another one of the same size: proof that it
        shows different logs to different people.
    """

    key: VerifierKey
    note: SignedNote | None
    checkpoint: Checkpoint
    cosigned_at: int | None
    conflict: str | None

    @classmethod
    def read(cls, origin: str, key: str, note: str | None, conflict: str | None, witness: VerifierKey) -> Self:
        """Read what was kept; what the witness signed itself cannot have been changed without notice.

        Raises
        ------
        VerificationError
            If it is not what `witness` has cosigned of this log.
        """
        log = VerifierKey.parse(key)
        if log.name != origin:
            raise VerificationError(f"The key of the log {shown(origin)} is that of {shown(log.name)}.")
        if note is None:
            return cls(log, None, Checkpoint(origin, 0, EMPTY_ROOT), None, conflict)
        signed = SignedNote.parse(note)
        checkpoint = Checkpoint.parse(signed.text)
        times = signed.times([log, witness])
        if checkpoint.origin != origin or set(times) != {log, witness}:
            raise VerificationError(f"What is kept of the log {shown(origin)} is not what was cosigned.")
        return cls(log, signed, checkpoint, times[witness], conflict)
