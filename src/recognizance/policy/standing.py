"""The rule that always binds: who may do what by standing.  Rule packs come on top of it."""

from collections.abc import Mapping

from recognizance.policy.decision import Allowed, Decision, Reason, Refused
from recognizance.policy.facts import RequestFacts

READING = frozenset({"list", "detect"})
USING = READING | {"search", "compare", "enrol", "erase", "subject", "export"}
ROLES: Mapping[str, frozenset[str]] = {
    "investigator": USING,
    "administrator": USING | {"gallery"},
}
"""Acts by role.  A role or an act that is not here is refused."""


class StandingPolicy:
    """Refuses operators who are not active, and acts that their role does not cover."""

    def decide(self, facts: RequestFacts) -> Decision:
        """See `Policy.decide`."""
        if not facts.active:
            return Refused(
                (
                    Reason(
                        "standing/active",
                        f"The operator {facts.operator} is not active.",
                        "An administrator can make the operator active again.",
                    ),
                )
            )
        if facts.operation not in ROLES.get(facts.role, frozenset()):
            return Refused(
                (
                    Reason(
                        "standing/role",
                        f"The role {facts.role} does not cover the act {facts.operation!r}.",
                        "Ask an administrator for a role that does.",
                    ),
                )
            )
        return Allowed((Reason("standing/role", f"The role {facts.role} covers the act {facts.operation!r}."),))
