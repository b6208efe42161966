"""What a policy answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that took part in a decision.

    ``rule`` is its id; ``explanation`` says what it asks for, and ``remedy`` what would satisfy it.
    """

    rule: str
    explanation: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The act may go on."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The act may not go on; there is at least one reason."""

    reasons: tuple[Reason, ...]


Decision = Allowed | Refused
