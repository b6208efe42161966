"""The four checks of the program, from a path to a report; each says which file is at fault."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recognizance_verify.consistency import CONSISTENCY_BYTES_MAX, CheckedConsistency, ConsistencyProof
from recognizance_verify.disclosures import DISCLOSURE_BYTES_MAX, Disclosure
from recognizance_verify.encoding import shown
from recognizance_verify.errors import VerificationError
from recognizance_verify.files import is_folder, read_file
from recognizance_verify.folder import verify_export
from recognizance_verify.notes import SignedNote
from recognizance_verify.receipts import HEADER, RECEIPT_BYTES_MAX, Receipt
from recognizance_verify.reports import Report, report_consistency, report_disclosure, report_export, report_receipt
from recognizance_verify.trust import CheckedCheckpoint, Trust


def check_receipt(file: Path, trust: Trust) -> Report:
    """Check a receipt."""
    with _naming(file):
        return report_receipt(Receipt.parse(_read(file, RECEIPT_BYTES_MAX)).verify(trust))


def check_disclosure(file: Path, trust: Trust) -> Report:
    """Check a disclosure."""
    with _naming(file):
        return report_disclosure(Disclosure.parse(_read(file, DISCLOSURE_BYTES_MAX)).verify(trust))


def check_log(folder: Path, trust: Trust) -> Report:
    """Check a folder that holds a whole log."""
    with _naming(folder):
        if not is_folder(folder):
            raise VerificationError("It is not a folder.")
        return report_export(verify_export(folder, trust))


def check_consistency(old: Path, new: Path, trust: Trust, proof: Path | None) -> Report:
    """Check that a newer log holds all of an older one.

    Of the witnesses, one must have cosigned the newer checkpoint; the older one may be from before they were asked.

    Parameters
    ----------
    old : Path
        A checkpoint, a receipt, or a folder that holds a whole log.
    new : Path
        A folder that holds a whole log; a consistency file; or a checkpoint, with the consistency file as ``proof``.
    """
    with _naming(old):
        older = _older(old, Trust(trust.key))
    with _naming(new):
        if is_folder(new):
            if proof is not None:
                raise VerificationError("It is a whole log, to which no proof belongs.")
            export = verify_export(new, trust, older.checkpoint)
            return report_consistency(CheckedConsistency(older, export.checkpoint))
        data = _read(new, CONSISTENCY_BYTES_MAX)
        if data.startswith(b"old "):
            if proof is not None:
                raise VerificationError("It is a consistency file, to which no second one belongs.")
            steps = ConsistencyProof.parse(data)
            newer = trust.check(steps.note)
        else:
            if proof is None:
                raise VerificationError("It is a checkpoint alone, for which a consistency file is needed (--proof).")
            note = SignedNote.parse(data)
            newer = trust.check(note)
    if proof is not None:
        with _naming(proof):
            steps = ConsistencyProof.parse(_read(proof, CONSISTENCY_BYTES_MAX))
            Trust(trust.key).check(steps.note)
            if steps.note.text != note.text:
                raise VerificationError("Its checkpoint is not the newer one.")
    with _naming(proof or new):
        steps.verify(older.checkpoint)
    return report_consistency(CheckedConsistency(older, newer))


def _older(path: Path, trust: Trust) -> CheckedCheckpoint:
    if is_folder(path):
        return verify_export(path, trust).checkpoint
    data = _read(path, RECEIPT_BYTES_MAX)
    if data.startswith(HEADER.encode()):
        return Receipt.parse(data).verify(trust).checkpoint
    return trust.check(SignedNote.parse(data))


def _read(path: Path, limit: int) -> bytes:
    return read_file(path, limit, follow=True)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except VerificationError as error:
        raise VerificationError(f"{shown(str(path), 1000)}: {error}") from None
