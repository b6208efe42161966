"""What calls that are to be made will take."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls that are still to be made.

    Attributes
    ----------
    calls : mapping of str to int
        By operation, each at least one; empty if all is answered.
    kept : int
        Answers that an earlier run has left.
    rate : float
        Calls a second.
    price : float
        USD a call.
    """

    calls: Mapping[str, int]
    kept: int
    rate: float
    price: float

    @property
    def total(self) -> int:
        """All calls together."""
        return sum(self.calls.values())

    @property
    def seconds(self) -> float:
        """How long they take at the least."""
        return self.total / self.rate

    @property
    def cost(self) -> float:
        """What they cost, in USD."""
        return self.total * self.price
