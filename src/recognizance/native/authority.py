"""Answers to the operations on operators, keys, sessions, cases and requests for a second person."""

from typing import Any

from recognizance.errors import InvalidRequestError
from recognizance.native.authority_shapes import approval, case, operator, session
from recognizance.wire import Answer, Call
from recognizance.wire.desk import Desk, act_of, answer
from recognizance.workflows import approvals, cases, first_start, keys, operators, sessions

_MEMBERS = {
    "Name": "name",
    "Agency": "agency",
    "TrainingKind": "training_kind",
    "TrainingUntil": "training_until",
    "RequestsPerMinute": "requests_per_minute",
}
_OF_CASE = {"Offence": "offence", "OffenceWords": "offence_words", "Owner": "owner"}
_RESERVED = frozenset({"server"})
"""What the log calls the server itself."""


def create_operator(desk: Desk, call: Call) -> Answer:
    """Answer CreateOperator."""
    if call.input["Operator"] in _RESERVED:
        raise InvalidRequestError(f"No operator can be called {call.input['Operator']}.", "Choose another id.")
    made, entry = operators.add_operator(
        desk.place, act_of(call), call.input["Operator"], roles=call.input["Roles"], **_known(call)
    )
    return answer({"Operator": operator(made)}, entry)


def update_operator(desk: Desk, call: Call) -> Answer:
    """Answer UpdateOperator."""
    changes = _known(call)
    if call.input.get("NoTraining"):
        changes |= {"training_kind": None, "training_until": None}
    changed, entry = operators.update_operator(
        desk.place, act_of(call), call.input["Operator"], changes, call.input.get("Roles")
    )
    return answer({"Operator": operator(changed)}, entry)


def activate_operator(desk: Desk, call: Call) -> Answer:
    """Answer ActivateOperator."""
    changed, entry = operators.set_active(desk.place, act_of(call), call.input["Operator"], active=True)
    return answer({"Operator": operator(changed)}, entry)


def deactivate_operator(desk: Desk, call: Call) -> Answer:
    """Answer DeactivateOperator."""
    changed, entry = operators.set_active(desk.place, act_of(call), call.input["Operator"], active=False)
    return answer({"Operator": operator(changed)}, entry)


def list_operators(desk: Desk, call: Call) -> Answer:
    """Answer ListOperators."""
    found, entry = operators.list_operators(desk.place, act_of(call), call.input.get("Operator"))
    return answer({"Operators": [operator(each) for each in found]}, entry)


def issue_access_key(desk: Desk, call: Call) -> Answer:
    """Answer IssueAccessKey."""
    pair, entry = keys.issue_key(desk.place, act_of(call), call.input["Operator"])
    return answer({"AccessKeyId": pair.access_key_id, "SecretAccessKey": pair.secret}, entry)


def revoke_access_key(desk: Desk, call: Call) -> Answer:
    """Answer RevokeAccessKey."""
    owner, entry = keys.revoke_key(desk.place, act_of(call), call.input["AccessKeyId"])
    return answer({"Operator": owner}, entry)


def open_session(desk: Desk, call: Call) -> Answer:
    """Answer OpenSession."""
    opened, entry = sessions.open_session(
        desk.place,
        act_of(call),
        purpose=call.input["Purpose"],
        case=call.input["Case"],
        authority=call.input.get("Authority"),
        seconds=call.input.get("DurationSeconds", sessions.SECONDS_DEFAULT),
    )
    return answer({"Session": session(opened)}, entry)


def close_session(desk: Desk, call: Call) -> Answer:
    """Answer CloseSession."""
    closed, entry = sessions.close_session(desk.place, act_of(call), call.input["SessionId"])
    return answer({"Session": session(closed)}, entry)


def list_sessions(desk: Desk, call: Call) -> Answer:
    """Answer ListSessions."""
    found, entry = sessions.list_sessions(desk.place, act_of(call), finished=call.input.get("Finished", False))
    return answer({"Sessions": [session(each) for each in found]}, entry)


def open_case(desk: Desk, call: Call) -> Answer:
    """Answer OpenCase."""
    opened, entry = cases.open_case(
        desk.place, act_of(call), call.input["Number"], call.input.get("Members", []), **_of_case(call)
    )
    return answer({"Case": case(opened)}, entry)


def update_case(desk: Desk, call: Call) -> Answer:
    """Answer UpdateCase."""
    changed, entry = cases.update_case(desk.place, act_of(call), call.input["Number"], _of_case(call))
    return answer({"Case": case(changed)}, entry)


def close_case(desk: Desk, call: Call) -> Answer:
    """Answer CloseCase."""
    closed, entry = cases.close_case(
        desk.place, act_of(call), call.input["Number"], identified=call.input.get("Identified", False)
    )
    return answer({"Case": case(closed)}, entry)


def add_case_member(desk: Desk, call: Call) -> Answer:
    """Answer AddCaseMember."""
    return _set_member(desk, call, member=True)


def remove_case_member(desk: Desk, call: Call) -> Answer:
    """Answer RemoveCaseMember."""
    return _set_member(desk, call, member=False)


def list_cases(desk: Desk, call: Call) -> Answer:
    """Answer ListCases."""
    found, entry = cases.list_cases(desk.place, act_of(call), call.input.get("Number"))
    return answer({"Cases": [case(each) for each in found]}, entry)


def list_approvals(desk: Desk, call: Call) -> Answer:
    """Answer ListApprovals."""
    found, entry = approvals.list_requests(desk.place, act_of(call), finished=call.input.get("Finished", False))
    return answer({"Approvals": [approval(each) for each in found]}, entry)


def approve_request(desk: Desk, call: Call) -> Answer:
    """Answer ApproveRequest."""
    approved, entry = approvals.approve(desk.place, act_of(call), call.input["ApprovalId"])
    return answer({"Approval": approval(approved)}, entry)


def withdraw_request(desk: Desk, call: Call) -> Answer:
    """Answer WithdrawRequest."""
    withdrawn, entry = approvals.withdraw(desk.place, act_of(call), call.input["ApprovalId"])
    return answer({"Approval": approval(withdrawn)}, entry)


def hand_out_key(desk: Desk, call: Call) -> Answer:
    """Answer HandOutKey."""
    return answer({}, first_start.hand_out(desk.place, act_of(call)))


OPERATIONS = {
    "CreateOperator": create_operator,
    "UpdateOperator": update_operator,
    "ActivateOperator": activate_operator,
    "DeactivateOperator": deactivate_operator,
    "ListOperators": list_operators,
    "IssueAccessKey": issue_access_key,
    "RevokeAccessKey": revoke_access_key,
    "OpenSession": open_session,
    "CloseSession": close_session,
    "ListSessions": list_sessions,
    "OpenCase": open_case,
    "UpdateCase": update_case,
    "CloseCase": close_case,
    "AddCaseMember": add_case_member,
    "RemoveCaseMember": remove_case_member,
    "ListCases": list_cases,
    "ListApprovals": list_approvals,
    "ApproveRequest": approve_request,
    "WithdrawRequest": withdraw_request,
    "HandOutKey": hand_out_key,
}


def _of_case(call: Call) -> dict[str, str]:
    return {ours: call.input[name] for name, ours in _OF_CASE.items() if name in call.input}


def _known(call: Call) -> dict[str, Any]:
    known = {ours: call.input[name] for name, ours in _MEMBERS.items() if name in call.input}
    if known.get("requests_per_minute") == 0:
        known["requests_per_minute"] = None
    return known


def _set_member(desk: Desk, call: Call, *, member: bool) -> Answer:
    found, entry = cases.set_member(
        desk.place, act_of(call), call.input["Number"], call.input["Operator"], member=member
    )
    return answer({"Case": case(found)}, entry)
