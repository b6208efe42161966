"""Answers to the operations on rule packs, and on why something was decided."""

from typing import Any

from recognizance.errors import InvalidRequestError
from recognizance.native.policy_shapes import explanation, in_force, listed, shown
from recognizance.wire import Answer, Call
from recognizance.wire.desk import Desk, act_of, answer
from recognizance.workflows import explaining, policies
from recognizance.workflows.explaining import Situation
from recognizance.workflows.trying import try_pack

_FACTS = {
    "Agency": "agency",
    "Training": "training",
    "TrainingKind": "training_kind",
    "InSession": "in_session",
    "Purpose": "purpose",
    "PurposeBasis": "purpose_basis",
    "Offence": "offence",
    "Case": "case",
    "AuthorityKind": "authority_kind",
    "AuthorityState": "authority_state",
    "Source": "source",
    "Gallery": "gallery",
    "ThresholdPercent": "threshold_percent",
    "CandidatesMax": "candidates_max",
    "Targets": "targets",
    "Attributes": "attributes",
}


def list_packs(desk: Desk, call: Call) -> Answer:
    """Answer ListPacks."""
    row, found, entry = policies.list_packs(desk.place, act_of(call))
    return answer({"InForce": in_force(row), "Packs": [listed(each) for each in found]}, entry)


def show_pack(desk: Desk, call: Call) -> Answer:
    """Answer ShowPack."""
    found, entry = policies.show_pack(desk.place, act_of(call), call.input["Pack"])
    return answer({"Pack": listed(found), **shown(found)}, entry)


def enable_pack(desk: Desk, call: Call) -> Answer:
    """Answer EnablePack."""
    row, entry = policies.enable(desk.place, act_of(call), call.input["Pack"], call.input.get("ApprovalId"))
    return answer({"InForce": in_force(row)}, entry)


def disable_pack(desk: Desk, call: Call) -> Answer:
    """Answer DisablePack."""
    row, entry = policies.disable(desk.place, act_of(call), call.input["Pack"], call.input.get("ApprovalId"))
    return answer({"InForce": in_force(row)}, entry)


def set_policy_mode(desk: Desk, call: Call) -> Answer:
    """Answer SetPolicyMode."""
    row, entry = policies.set_mode(desk.place, act_of(call), call.input["Mode"], call.input.get("ApprovalId"))
    return answer({"InForce": in_force(row)}, entry)


def request_policy_change(desk: Desk, call: Call) -> Answer:
    """Answer RequestPolicyChange."""
    approval, entry = policies.request_change(desk.place, act_of(call), call.input["Change"], call.input.get("Pack"))
    return answer({"ApprovalId": approval}, entry)


def explain_situation(desk: Desk, call: Call) -> Answer:
    """Answer ExplainSituation."""
    facts: dict[str, Any] = {name: call.input[member] for member, name in _FACTS.items() if member in call.input}
    edits = call.input.get("Edits")
    situation = Situation(
        operation=call.input["Act"],
        roles=None if "Roles" not in call.input else frozenset(call.input["Roles"]),
        edits=None if edits is None else frozenset(edits),
        **facts,
    )
    found, entry = explaining.explain_situation(desk.place, act_of(call), situation, call.input.get("Pack"))
    return answer({"Explanation": explanation(found)}, entry)


def explain_decision(desk: Desk, call: Call) -> Answer:
    """Answer ExplainDecision."""
    search, index = call.input.get("SearchId"), call.input.get("Entry")
    if (search is None) == (index is None):
        raise InvalidRequestError("Either SearchId or Entry says what is to be explained.", "Give one of the two.")
    if search is not None:
        found, entry = explaining.explain_search(desk.place, act_of(call), search)
    else:
        found, entry = explaining.explain_entry(desk.place, act_of(call), int(index or 0))
    return answer({"Explanation": explanation(found)}, entry)


def try_rules(desk: Desk, call: Call) -> Answer:
    """Answer TryPack."""
    tried, entry = try_pack(
        desk.place,
        act_of(call),
        call.input["Pack"],
        since=call.input.get("Since"),
        until=call.input.get("Until"),
        after_entry=call.input.get("After"),
    )
    counted = {name.title(): tried.decisions[name] for name in ("allowed", "referred", "refused")}
    return answer(
        {
            "Digest": tried.digest,
            "Total": tried.total,
            "Judged": tried.judged,
            "Unknown": tried.unknown,
            **counted,
            "Raised": tried.raised,
            "Lost": tried.lost,
            "Rules": [{"Rule": rule, "Searches": count} for rule, count in tried.rules.most_common()],
            "Next": tried.next_entry,
        },
        entry,
    )


OPERATIONS = {
    "ListPacks": list_packs,
    "ShowPack": show_pack,
    "EnablePack": enable_pack,
    "DisablePack": disable_pack,
    "SetPolicyMode": set_policy_mode,
    "RequestPolicyChange": request_policy_change,
    "ExplainSituation": explain_situation,
    "ExplainDecision": explain_decision,
    "TryPack": try_rules,
}
