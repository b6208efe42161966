"""Who may examine a lead, and who may release it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Standing:
    """How an operator stands to a lead.

    ``examined`` is whether they have concluded on it; ``of_case`` whether they work on the case that it was made for.
    """

    operator: str
    searcher: str
    of_case: bool = False
    examined: bool = False
    roles: frozenset[str] = field(default_factory=frozenset)


def objection_to_examiner(standing: Standing) -> str:
    """Say why somebody cannot examine; empty if they can."""
    if standing.operator == standing.searcher:
        return "Who searched does not examine what was found."
    if standing.of_case:
        return "Who works on the case does not examine what was found for it."
    return ""


def objection_to_releaser(standing: Standing) -> str:
    """Say why somebody cannot release; empty if they can."""
    if standing.operator == standing.searcher:
        return "Who searched does not release what was found."
    if standing.of_case and "investigator" in standing.roles:
        return "Who searches, and works on the case, does not release what was found for it."
    if standing.examined:
        return "Who examined a lead does not release it: that is a third person's."
    return ""
