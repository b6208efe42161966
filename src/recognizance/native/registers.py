"""Answers to the operations on the registers that rules look into: purposes, and the authorities of cases."""

from collections.abc import Mapping
from typing import Any

from recognizance.native.authority_shapes import authority, purpose
from recognizance.wire import Answer, Call
from recognizance.wire.desk import Desk, act_of, answer
from recognizance.workflows import authorities, emergencies, purposes
from recognizance.workflows.authorities import Scope


def add_purpose(desk: Desk, call: Call) -> Answer:
    """Answer AddPurpose."""
    made, entry = purposes.add_purpose(
        desk.place,
        act_of(call),
        call.input["Code"],
        title=call.input["Title"],
        legal_basis=call.input["LegalBasis"],
        valid_from=call.input.get("From"),
        valid_until=call.input.get("Until"),
    )
    return answer({"Purpose": purpose(made)}, entry)


def end_purpose(desk: Desk, call: Call) -> Answer:
    """Answer EndPurpose."""
    ended, entry = purposes.end_purpose(desk.place, act_of(call), call.input["Code"], call.input.get("At"))
    return answer({"Purpose": purpose(ended)}, entry)


def list_purposes(desk: Desk, call: Call) -> Answer:
    """Answer ListPurposes."""
    found, entry = purposes.list_purposes(desk.place, act_of(call), ended=call.input.get("Ended", False))
    return answer({"Purposes": [purpose(each) for each in found]}, entry)


def add_authority(desk: Desk, call: Call) -> Answer:
    """Answer AddAuthority."""
    made, entry = authorities.add_authority(
        desk.place,
        act_of(call),
        call.input["Case"],
        kind=call.input["Kind"],
        document=call.input["Document"],
        issuer=call.input["Issuer"],
        valid_from=call.input.get("From"),
        valid_until=call.input.get("Until"),
        scope=_scope(call.input.get("Scope", {})),
    )
    return answer({"Authority": authority(made)}, entry)


def declare_emergency(desk: Desk, call: Call) -> Answer:
    """Answer DeclareEmergency."""
    made, entry = emergencies.declare_emergency(
        desk.place,
        act_of(call),
        call.input["Case"],
        document=call.input["Document"],
        reason=call.input["Reason"],
        hours=call.input.get("RatifyWithinHours"),
        valid_until=call.input.get("Until"),
        scope=_scope(call.input.get("Scope", {})),
    )
    return answer({"Authority": authority(made)}, entry)


def ratify_authority(desk: Desk, call: Call) -> Answer:
    """Answer RatifyAuthority."""
    known, entry = emergencies.ratify(
        desk.place,
        act_of(call),
        call.input["Case"],
        call.input["Document"],
        ratified_by_document=call.input["RatifyingDocument"],
        issuer=call.input["Issuer"],
        valid_until=call.input.get("Until"),
    )
    return answer({"Authority": authority(known)}, entry)


def reject_authority(desk: Desk, call: Call) -> Answer:
    """Answer RejectAuthority."""
    known, entry = emergencies.reject(
        desk.place, act_of(call), call.input["Case"], call.input["Document"], reason=call.input["Reason"]
    )
    return answer({"Authority": authority(known)}, entry)


def extend_authority(desk: Desk, call: Call) -> Answer:
    """Answer ExtendAuthority."""
    known, entry = authorities.extend(
        desk.place,
        act_of(call),
        call.input["Case"],
        call.input["Document"],
        valid_until=call.input["Until"],
        extended_by=call.input["ExtendingDocument"],
        issuer=call.input["Issuer"],
    )
    return answer({"Authority": authority(known)}, entry)


def end_authority(desk: Desk, call: Call) -> Answer:
    """Answer EndAuthority."""
    known, entry = authorities.end(desk.place, act_of(call), call.input["Case"], call.input["Document"])
    return answer({"Authority": authority(known)}, entry)


def list_authorities(desk: Desk, call: Call) -> Answer:
    """Answer ListAuthorities."""
    found, entry = authorities.list_authorities(
        desk.place, act_of(call), case=call.input.get("Case"), document=call.input.get("Document")
    )
    return answer({"Authorities": [authority(each) for each in found]}, entry)


OPERATIONS = {
    "AddPurpose": add_purpose,
    "EndPurpose": end_purpose,
    "ListPurposes": list_purposes,
    "AddAuthority": add_authority,
    "DeclareEmergency": declare_emergency,
    "RatifyAuthority": ratify_authority,
    "RejectAuthority": reject_authority,
    "ExtendAuthority": extend_authority,
    "EndAuthority": end_authority,
    "ListAuthorities": list_authorities,
}


def _scope(given: Mapping[str, Any]) -> Scope:
    return Scope(
        galleries=tuple(given.get("Galleries", ())),
        subjects=tuple(given.get("Subjects", ())),
        places=tuple(given.get("Places", ())),
        operations=tuple(given.get("Operations", ())),
    )
