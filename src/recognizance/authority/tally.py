"""Counting what is too much to be recorded one by one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PERIOD = timedelta(minutes=1)
"""A tally is recorded when it is this old."""


@dataclass
class Tally:
    """How often something happened, and when first and last; ``codes`` counts by kind."""

    first: datetime
    last: datetime
    codes: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How often in all."""
        return sum(self.codes.values())

    def add(self, code: str, now: datetime) -> None:
        """Count one more."""
        self.codes[code] = self.codes.get(code, 0) + 1
        self.last = now

    def join(self, later: "Tally") -> None:
        """Count what another tally counted after this one."""
        for code, count in later.codes.items():
            self.codes[code] = self.codes.get(code, 0) + count
        self.last = max(self.last, later.last)

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to record it; also if the clock was set back."""
        return not self.first <= now < self.first + PERIOD
