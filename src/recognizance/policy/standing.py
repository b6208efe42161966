"""The rules that always bind: who may do what by standing.  Rule packs come on top of them."""

from collections.abc import Mapping

from recognizance.policy.decision import Allowed, Decision, Reason, Refused
from recognizance.policy.facts import RequestFacts

READING = frozenset({"list", "detect", "bucket"})
"""What looks at something; ``bucket`` is fetching a photograph that the agency keeps in S3."""

USING = READING | {"search", "compare", "enrol", "erase", "subject", "export"}
OWN = frozenset({"identity", "lead", "own-key", "receipt", "request", "roster", "rules", "session"})
"""What concerns the operator alone; every role of the agency covers it."""

WITHOUT_GALLERY = OWN | READING | {"compare"}
"""What a role that holds for one gallery covers where an act names none: nothing that reaches into another gallery."""

CREDENTIALS = frozenset(
    {
        "approval",
        "authority",
        "case",
        "emergency",
        "env",
        "key",
        "operator",
        "own-key",
        "policy",
        "purpose",
        "ratification",
        "request",
        "session",
    }
)
"""Acts on who may act: never with the temporary credentials of a session."""

INVESTIGATOR = "investigator"
EXAMINER = "examiner"
SUPERVISOR = "supervisor"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"
TESTER = "tester"

TIMED = frozenset(
    {
        "approval",
        "authority",
        "case",
        "emergency",
        "env",
        "erase",
        "erasure",
        "hold",
        "key",
        "operator",
        "policy",
        "purpose",
        "ratification",
        "restore",
        "session",
    }
)
"""Acts that depend on the time by themselves; others do where a session, a case or an authority is named."""

ROLES: Mapping[str, frozenset[str]] = {
    INVESTIGATOR: USING | OWN | {"emergency", "outcome"},
    EXAMINER: READING | {"compare", "review"} | OWN,
    SUPERVISOR: frozenset(
        {
            "list",
            "erase",
            "erasure",
            "hold",
            "approval",
            "case",
            "purpose",
            "authority",
            "emergency",
            "ratification",
            "release",
            "outcome",
            "replay",
        }
    )
    | OWN,
    AUDITOR: frozenset({"ledger", "disclosure", "replay"}) | OWN,
    ADMINISTRATOR: frozenset(
        {
            "list",
            "gallery",
            "operator",
            "key",
            "case",
            "purpose",
            "authority",
            "env",
            "settings",
            "backup",
            "reconcile",
            "restore",
            "policy",
            "replay",
        }
    )
    | OWN,
    # Whatever is not on their own photographs is not theirs: neither sessions nor what rules and cases are called.
    TESTER: frozenset({"detect", "compare", "search", "enrol", "erase", "list", "gallery"})
    | {"identity", "own-key", "receipt"},
}
"""Acts by role.  A role or an act that is not here is refused."""

# One answer for a case that does not exist and for somebody else's: neither is confirmed.
NOT_YOUR_CASE = Reason(
    "standing/case",
    "You do not work on an open case of this number.",
    "Check the number, or ask a supervisor to register the case with you as a member.",
)


# Nothing here says whether another case has the authority.
_AUTHORITY = {
    "unknown": (
        "The case has no authority of this name.",
        "Check its document id, or ask a supervisor to record it: `recognizance authority add`.",
    ),
    "not-yet": ("The authority is not valid yet.", "`recognizance authority show` says from when it is."),
    "expired": (
        "The authority has expired.",
        "If it was extended, a supervisor can record that: `recognizance authority extend`.",
    ),
    "out-of-scope": (
        "The authority does not cover this act.",
        "`recognizance authority show` says which galleries and operations it is limited to.",
    ),
    "lapsed": (
        "The emergency was not ratified in time: nothing can be done under it any more.",
        "Obtain a warrant or an order, and have it recorded: `recognizance authority add`.",
    ),
    "ended": ("The authority was ended, or not ratified.", "Have the one that holds now recorded."),
}


def authority_reason(state: str) -> Reason:
    """Say why an authority that stands so covers nothing."""
    return Reason(f"authority/{state}", *_AUTHORITY[state])


class StandingPolicy:
    """Refuses who is not active, what no role covers, and what a case, a session or an authority does not allow."""

    def decide(self, facts: RequestFacts) -> Decision:
        """See `Policy.decide`."""
        refusal = (
            _of_operator(facts) or _of_act(facts) or _of_context(facts) or _of_clock(facts) or _of_authority(facts)
        )
        if refusal is not None:
            return Refused((refusal,))
        covering = " or ".join(sorted(role for role in facts.roles if facts.operation in ROLES.get(role, frozenset())))
        return Allowed((Reason("standing/role", f"The role {covering} covers the act {facts.operation!r}."),))


def _of_operator(facts: RequestFacts) -> Reason | None:
    if not facts.active:
        return Reason(
            "standing/active",
            f"The operator {facts.operator} is not active.",
            "An administrator can make the operator active again.",
        )
    if not facts.key_valid:
        return Reason(
            "standing/key", "The credentials that signed this request have ended.", "Sign with those that you have now."
        )
    return None


def _of_act(facts: RequestFacts) -> Reason | None:
    if not any(facts.operation in ROLES.get(role, frozenset()) for role in facts.roles):
        named = " and ".join(sorted(facts.roles)) or "none"
        return Reason(
            "standing/role",
            f"The operator's roles ({named}) do not cover the act {facts.operation!r}.",
            "Ask an administrator for a role that does.",
        )
    if TESTER in facts.roles and (facts.case is not None or facts.authority_state != "none"):
        return Reason(
            "standing/testing",
            "A test is of nobody's case, and under nobody's authority.",
            "Leave the case and the authority out of the path of the endpoint.",
        )
    if facts.in_session and facts.operation in CREDENTIALS:
        return Reason(
            "standing/session",
            f"The credentials of a session do not cover the act {facts.operation!r}.",
            "Sign it with your own access key.",
        )
    return None


def _of_context(facts: RequestFacts) -> Reason | None:
    if facts.contradictions:
        named = " and ".join(facts.contradictions)
        return Reason(
            "standing/context",
            f"The path of the endpoint and the session name a different {named}.",
            "Leave it out of the path, or open a session for it.",
        )
    if facts.case_open is False:
        return NOT_YOUR_CASE
    return None


def _of_clock(facts: RequestFacts) -> Reason | None:
    named = facts.in_session or facts.case is not None or facts.authority_state != "none"
    if facts.clock_behind and (named or facts.operation in TIMED):
        return Reason(
            "standing/clock",
            "The server's clock is behind the newest entry of its log, so nobody can say what is valid now.",
            "Set the clock right; acts that depend on the time go on then.",
        )
    return None


def _of_authority(facts: RequestFacts) -> Reason | None:
    """Refuse a claim that is not true, whatever else would allow the act: it would be recorded as if it were."""
    if facts.authority_state in ("none", "valid"):
        return None
    return authority_reason(facts.authority_state)
