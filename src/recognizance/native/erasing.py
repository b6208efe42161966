"""Answers to the operations that erase people, keep them from being erased, and record backups."""

from typing import Any

from recognizance.errors import InvalidRequestError
from recognizance.wire import Answer, Call
from recognizance.wire.desk import Desk, act_of, answer
from recognizance.workflows import backing_up, erasing, holding
from recognizance.workflows.holding import Hold


def erase_person(desk: Desk, call: Call) -> Answer:
    """Answer ErasePerson."""
    subject, face_ids = call.input.get("Subject"), call.input.get("FaceIds")
    if (subject is None) == (face_ids is None):
        raise InvalidRequestError("Either Subject or FaceIds says who is to be erased.", "Give one of the two.")
    gallery, grounds = call.input["Gallery"], erasing.Grounds(call.input.get("Reason"), call.input.get("Order"))
    if subject is not None:
        done = erasing.erase_subject(desk.place, act_of(call), gallery, subject, grounds=grounds)
    else:
        done = erasing.erase_faces(desk.place, act_of(call), gallery, face_ids or [], grounds=grounds)
    return answer({"References": done.references, "Photographs": done.photographs}, done.entry)


def place_hold(desk: Desk, call: Call) -> Answer:
    """Answer PlaceHold."""
    gallery, subject, search = (call.input.get(name) for name in ("Gallery", "Subject", "SearchId"))
    reason = call.input["Reason"]
    if search is not None and gallery is None and subject is None:
        hold, entry = holding.hold_search(desk.place, act_of(call), search, reason)
    elif search is None and gallery is not None and subject is not None:
        hold, entry = holding.hold_subject(desk.place, act_of(call), gallery, subject, reason)
    else:
        raise InvalidRequestError("A hold keeps a subject or a search.", "Give Gallery and Subject, or SearchId.")
    return answer({"Hold": _hold(hold)}, entry)


def release_hold(desk: Desk, call: Call) -> Answer:
    """Answer ReleaseHold."""
    hold, entry = holding.release(desk.place, act_of(call), call.input["HoldId"], call.input.get("ApprovalId"))
    return answer({"Hold": _hold(hold)}, entry)


def request_release(desk: Desk, call: Call) -> Answer:
    """Answer RequestRelease."""
    approval, entry = holding.request_release(desk.place, act_of(call), call.input["HoldId"])
    return answer({"ApprovalId": approval}, entry)


def list_holds(desk: Desk, call: Call) -> Answer:
    """Answer ListHolds."""
    found, entry = holding.list_holds(desk.place, act_of(call), released=call.input.get("Released", False))
    return answer({"Holds": [_hold(hold) for hold in found]}, entry)


def record_backup(desk: Desk, call: Call) -> Answer:
    """Answer RecordBackup."""
    return answer({}, backing_up.record_backup(desk.place, act_of(call)))


OPERATIONS = {
    "ErasePerson": erase_person,
    "PlaceHold": place_hold,
    "ReleaseHold": release_hold,
    "RequestRelease": request_release,
    "ListHolds": list_holds,
    "RecordBackup": record_backup,
}


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "HoldId": hold.id,
        "Kind": hold.kind,
        "Target": hold.target,
        "Reason": hold.reason,
        "PlacedBy": hold.placed_by,
        "PlacedAt": hold.placed_at,
        "ReleasedBy": hold.released_by,
        "ReleasedAt": hold.released_at,
    }
