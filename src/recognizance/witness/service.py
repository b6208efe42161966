"""What a witness answers: add-checkpoint of C2SP tlog-witness."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from recognizance.errors import NotFoundError, RecognizanceError, RecordUnavailableError
from recognizance.witness.state import WitnessState
from recognizance.witness.watched import WatchedLog
from recognizance_verify import VerificationError
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.encoding import shown
from recognizance_verify.keys import SigningKey, VerifierKey
from recognizance_verify.notes import Checkpoint, SignedNote

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: int
    body: str
    content_type: str = TEXT


class _RefusedError(Exception):
    """The checkpoint is not cosigned; carries the reply.

    Parameters
    ----------
    forked : bool
        Whether the log has signed another checkpoint of this size.
    """

    def __init__(self, status: int, message: str, content_type: str = TEXT, *, forked: bool = False) -> None:
        super().__init__(message)
        self.reply = Reply(status, f"{message}\n", content_type)
        self.forked = forked


class WitnessService:
    """Cosigns the checkpoints of the logs it watches, each only if it grew out of the one before.

    Parameters
    ----------
    clock : callable
        Tells the time that cosignatures bear.
    """

    def __init__(self, state: WitnessState, key: SigningKey, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._key = key
        self._clock = clock

    @property
    def verifier_key(self) -> VerifierKey:
        """The witness's public key."""
        return self._key.verifier_key()

    def introduce(self) -> str:
        """Say who this is: the witness's name and key, each in a line."""
        return f"{self._key.name}\n{self.verifier_key}\n"

    def newest(self, digest: str) -> Reply:
        """Show the newest checkpoint that was cosigned of the log whose origin has this SHA-256, in hex."""
        try:
            logs = self._state.logs()
        except RecordUnavailableError as error:
            return _unavailable(error)
        for log in logs:
            if hashlib.sha256(log.key.name.encode()).hexdigest() == digest and log.note is not None:
                return Reply(200, log.note.serialize())
        return Reply(404, "This witness has cosigned no such log.\n")

    def add_checkpoint(self, body: bytes) -> Reply:
        """Cosign a checkpoint, if all the checks pass; the step is durable before the cosignature is given."""
        try:
            asked = ConsistencyProof.parse(body)
            checkpoint = Checkpoint.parse(asked.note.text)
        except VerificationError as error:
            return Reply(400, f"{error}\n")
        try:
            note = self._state.advance(checkpoint.origin, partial(self._cosign, asked, checkpoint))
        except NotFoundError as error:
            return Reply(404, f"{error.message}\n")
        except _RefusedError as refusal:
            if refusal.forked:
                _log.error("The log %s has signed two different checkpoints of one size.", shown(checkpoint.origin))
                self._keep_conflict(checkpoint.origin, asked.note)
            elif refusal.reply.status == 422:
                _log.warning("The log %s was not cosigned: %s", shown(checkpoint.origin), refusal)
            return refusal.reply
        except RecordUnavailableError as error:
            return _unavailable(error)
        return Reply(200, note.signatures[-1].line())

    def _cosign(self, asked: ConsistencyProof, checkpoint: Checkpoint, known: WatchedLog) -> SignedNote:
        try:
            signed = asked.note.verify([known.key])
        except VerificationError as error:
            raise _RefusedError(403, str(error)) from error
        if not signed:
            raise _RefusedError(403, "The checkpoint is not signed with the key by which this witness knows the log.")
        if asked.old_size > checkpoint.size:
            raise _RefusedError(
                400, f"The old size, {asked.old_size}, is larger than the checkpoint's, {checkpoint.size}."
            )
        forked = checkpoint.size == known.checkpoint.size and checkpoint.root != known.checkpoint.root
        if asked.old_size != known.checkpoint.size:
            raise _RefusedError(409, str(known.checkpoint.size), SIZE, forked=forked)
        if forked:
            raise _RefusedError(
                409, f"This witness has cosigned another log of {checkpoint.size} entries: it was forked.", forked=True
            )
        try:
            asked.verify(known.checkpoint)
        except VerificationError as error:
            raise _RefusedError(422, str(error)) from error
        line = self._key.cosign(asked.note.text, int(self._clock().timestamp()))
        [cosignature] = SignedNote.parse(f"{asked.note.text}\n{line}").signatures
        own = next(one for one in asked.note.signatures if (one.name, one.key_id) == (known.key.name, known.key.id))
        return SignedNote(asked.note.text, (own, cosignature))

    def _keep_conflict(self, origin: str, note: SignedNote) -> None:
        try:
            self._state.keep_conflict(origin, note)
        except RecordUnavailableError as error:
            _log.error("A contradicting checkpoint could not be kept: %s", error.message)


def _unavailable(error: RecognizanceError) -> Reply:
    """Answer that the memory cannot be used; where it lies and what is wrong with it is for the witness's own log."""
    _log.error("%s %s", error.message, error.remedy)
    return Reply(503, "The witness's memory cannot be used now, so it cosigns nothing.\n")
