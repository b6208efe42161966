"""Notice a log that went back or is another one than it was."""

import logging

from recognizance.errors import KeyFileError, LogRolledBackError
from recognizance.ledger import Ledger
from recognizance.records import RecordStore, Transaction
from recognizance_verify import VerificationError
from recognizance_verify.notes import Checkpoint, SignedNote, VerifierKey

_log = logging.getLogger(__name__)

_REMEDY = "It is the file log-head in the folder of keys: put the one back that belongs to this record."


def require_grown(store: RecordStore, ledger: Ledger[Transaction], head: str | None) -> None:
    """Refuse a log that does not begin with the newest checkpoint that this machine has signed.

    Parameters
    ----------
    head : str or None
        That checkpoint, as `recognizance.records.log_key.read_head` gives it.

    Raises
    ------
    LogRolledBackError
        If the log is shorter, or other entries are in it.
    KeyFileError
        If `head` is not a checkpoint of this log.
    """
    if head is None:
        with store.read() as tx:
            size = ledger.size(tx)
        if size:
            _log.warning(
                "There is no file log-head in the folder of keys, so nobody can tell whether the log was longer once. "
                "Compare it with an older checkpoint, or ask a witness."
            )
        return
    checkpoint = read_checkpoint(head, ledger.verifier_key)
    with store.read() as tx:
        size = ledger.size(tx)
        same = size >= checkpoint.size and ledger.root(tx, checkpoint.size) == checkpoint.root
    if not same:
        how = f"has {size}" if size < checkpoint.size else f"has other ones than the first {checkpoint.size} of then"
        raise LogRolledBackError(
            f"The log was rolled back: it had {checkpoint.size} entries, and the record in the home folder {how}.",
            "Put the newest record back. If there is none, `recognizance restore` with --roll-back-log goes on from a "
            "backup, and says so in the log for good; to begin another log, move log-head and log-signing.key out of "
            "the folder of keys.",
        )


def read_checkpoint(note: str, verifier_key: str) -> Checkpoint:
    """Read a checkpoint that this log's key has signed.

    Raises
    ------
    KeyFileError
        If it is none.
    """
    try:
        signed = SignedNote.parse(note)
        checkpoint = Checkpoint.parse(signed.text)
        genuine = bool(signed.verify([VerifierKey.parse(verifier_key)]))
    except VerificationError as error:
        raise KeyFileError(
            f"The log's newest checkpoint cannot be used: {error}",
            f"{_REMEDY} If it is lost, move the damaged one away: the next `start` entry says that there was none.",
        ) from error
    if not genuine:
        raise KeyFileError("The log's newest checkpoint is not signed by this log.", _REMEDY)
    return checkpoint
