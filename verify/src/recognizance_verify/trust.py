"""Whom a verifier believes: the log's key and the witnesses' keys, which come to it by another way than the log."""

from collections import Counter
from dataclasses import dataclass

from recognizance_verify.encoding import shown
from recognizance_verify.errors import VerificationError
from recognizance_verify.keys import LOG, WITNESS, VerifierKey
from recognizance_verify.notes import Checkpoint, SignedNote


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's cosignature that was checked; ``time`` is in seconds since 1970."""

    witness: str
    time: int


@dataclass(frozen=True, slots=True)
class CheckedCheckpoint:
    """A checkpoint and who stands for it.

    ``authentic`` says whether the log's key was given, and so its signature checked; ``absent`` names the witnesses
    whose keys were given and who did not cosign; ``unchecked`` counts cosignatures by keys that were not given.
    """

    checkpoint: Checkpoint
    authentic: bool
    cosignatures: tuple[Cosignature, ...]
    absent: tuple[str, ...]
    unchecked: int


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that were given.

    Without the log's key a checkpoint can be found consistent with itself, and no more: anybody could have made it.
    """

    key: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] = ()

    def __post_init__(self) -> None:
        if self.key is not None and self.key.kind != LOG:
            raise VerificationError(f"The key of {shown(self.key.name)} is a witness's and not a log's.")
        for witness in self.witnesses:
            if witness.kind != WITNESS:
                raise VerificationError(f"The key of {shown(witness.name)} is a log's and not a witness's.")
        # A cosignature does not say its witness's name, so one key under two names would count twice.
        given = Counter(key.public for key in [*self.witnesses, *([self.key] if self.key else [])])
        for witness in self.witnesses:
            if given[witness.public] > 1:
                raise VerificationError(
                    f"The key of the witness {shown(witness.name)} was given twice, or is the log's own."
                )

    def check(self, note: SignedNote, *, cosigned: bool = True) -> CheckedCheckpoint:
        """Check who signed a checkpoint.

        Parameters
        ----------
        cosigned : bool
            Whether one of the witnesses, if any were given, must have cosigned.

        Raises
        ------
        VerificationError
            If the note is not a checkpoint, the log's key was given and did not sign it, witnesses were given and
            none cosigned, or a signature by one of these keys is false.
        """
        checkpoint = Checkpoint.parse(note.text)
        log = shown(checkpoint.origin)
        if self.key is not None and self.key.name != checkpoint.origin:
            raise VerificationError(
                f"The checkpoint is of the log {log}, and the key that was given of {shown(self.key.name)}."
            )
        signed = note.times([*self.witnesses, *([self.key] if self.key else [])])
        if self.key is not None and self.key not in signed:
            raise VerificationError(f"The checkpoint of {log} is not signed with the key that was given.")
        if all(signature.name != checkpoint.origin for signature in note.signatures):
            raise VerificationError(f"The checkpoint bears no signature of its log, {log}.")
        cosignatures = tuple(Cosignature(key.name, time) for key, time in signed.items() if time is not None)
        if cosigned and self.witnesses and not cosignatures:
            raise VerificationError("None of the witnesses whose keys were given has cosigned the checkpoint.")
        known = {(key.name, key.id) for key in self.witnesses}
        return CheckedCheckpoint(
            checkpoint,
            authentic=self.key is not None,
            cosignatures=cosignatures,
            absent=tuple(key.name for key in self.witnesses if key not in signed),
            unchecked=sum(
                (one.name, one.key_id) not in known and one.name != checkpoint.origin for one in note.signatures
            ),
        )
