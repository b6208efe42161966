"""From a vector's situation to a request's facts, counted out by hand: an oracle beside the server's own registry."""

from datetime import UTC, datetime, timedelta

from recognizance.policy import (
    BIOMETRIC,
    Allowed,
    Decision,
    Pack,
    RequestFacts,
    StandingPolicy,
    judge,
)
from recognizance.policy.floors import Applied
from recognizance.policy.vectors import Vector

RECORDED = datetime(2026, 1, 1, tzinfo=UTC)
BASIS = "a law"


def facts_of(vector: Vector) -> RequestFacts:
    given = vector.authority
    in_question = vector.act not in ("detect", "subject", "export", "list")
    return RequestFacts(
        operator="ivy",
        roles=vector.roles,
        active=True,
        operation=vector.act,
        time=RECORDED + timedelta(hours=vector.at_hours),
        training=vector.training,
        in_session=vector.session,
        gallery=vector.gallery,
        threshold_percent=vector.threshold_percent if vector.act in ("search", "compare") else None,
        candidates_max=vector.candidates_max if vector.act == "search" else None,
        targets=1 if vector.act == "compare" else 0,
        attributes=vector.attributes,
        purpose=vector.purpose,
        purpose_basis=BASIS if vector.purpose and vector.purpose_registered else None,
        case="2026-17" if vector.has_case else None,
        case_open=True if vector.has_case else None,
        offence=vector.offence,
        authority="a document" if given else None,
        authority_kind=given.kind if given else None,
        authority_state=authority_state(vector),
        source=vector.source if in_question else "unstated",
        edits=None if vector.edits is None else frozenset(vector.edits),
    )


def authority_state(vector: Vector) -> str:
    given, at = vector.authority, vector.at_hours
    if given is None:
        return "none"
    if given.kind == "emergency" and given.ratified_hours is None and at >= given.ratify_hours:
        return "lapsed"
    if given.kind != "emergency":
        if at < given.from_hours:
            return "not-yet"
        if at >= given.to_hours:
            return "expired"
    outside = (given.galleries and vector.gallery not in given.galleries) or (
        given.operations and vector.act not in given.operations
    )
    return "out-of-scope" if outside else "valid"


def decide(pack: Pack, vector: Vector) -> tuple[Decision, Applied | None]:
    """Decide as the server does: the rules that always bind, then the pack for biometric acts."""
    facts = facts_of(vector)
    standing = StandingPolicy().decide(facts)
    if not isinstance(standing, Allowed) or vector.act not in BIOMETRIC:
        return standing, None
    judgement = judge([pack], facts)
    return judgement.decision, judgement.applied
