"""Answers to the operations on the log."""

from recognizance.wire import Answer, Call
from recognizance.wire.desk import Desk, act_of, answer
from recognizance.workflows import auditing


def get_ledger_status(desk: Desk, call: Call) -> Answer:
    """Answer GetLedgerStatus."""
    found = auditing.status(desk.place, act_of(call))
    return Answer(
        {
            "Origin": found.origin,
            "VerifierKey": found.verifier_key,
            "Size": found.size,
            "NewestEntryAt": found.newest_entry_at,
            "Witnesses": [{"Name": name, "Failure": found.failing.get(name)} for name in found.witnesses],
            "CosignedSize": found.cosigned_size,
            "CosignedAt": found.cosigned_at,
        }
    )


def get_receipt(desk: Desk, call: Call) -> Answer:
    """Answer GetReceipt."""
    return Answer({"Receipt": auditing.receipt(desk.place, act_of(call), call.input["Index"])})


def prove_consistency(desk: Desk, call: Call) -> Answer:
    """Answer ProveConsistency."""
    return Answer({"Proof": auditing.consistency(desk.place, act_of(call), call.input["OldSize"])})


def disclose_entry(desk: Desk, call: Call) -> Answer:
    """Answer DiscloseEntry."""
    disclosure, entry = auditing.disclose(desk.place, act_of(call), call.input["Index"], call.input["Fields"])
    return answer({"Disclosure": disclosure}, entry)


def export_ledger(desk: Desk, call: Call) -> Answer:
    """Answer ExportLedger."""
    checkpoint, entry = auditing.export_log(desk.place, act_of(call))
    return answer({"Checkpoint": checkpoint}, entry)


OPERATIONS = {
    "GetLedgerStatus": get_ledger_status,
    "GetReceipt": get_receipt,
    "ProveConsistency": prove_consistency,
    "DiscloseEntry": disclose_entry,
    "ExportLedger": export_ledger,
}
