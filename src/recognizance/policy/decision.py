"""What a policy answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that took part in a decision.

    Attributes
    ----------
    rule : str
        Its id: ``standing/role``, or a pack's id, a slash and the rule's name.
    explanation, remedy : str
        What it asks for, and what would satisfy it, in words for who asked.
    source : str
        The citation of the provision that it is drawn from, if it is.
    pack : str
        The id of the pack that it belongs to; empty for the rules that always bind.
    """

    rule: str
    explanation: str
    remedy: str = ""
    source: str = ""
    pack: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The act may go on."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The act may not go on; there is at least one reason."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Referred:
    """The act may be done, and its result goes to reviewers first; there is at least one reason."""

    reasons: tuple[Reason, ...]


Decision = Allowed | Referred | Refused
"""From the mildest to the strictest."""
