"""What a log holds, counted."""

from collections import Counter
from dataclasses import dataclass, field

from recognizance_verify.entries import Entry

KINDS_MAX = 1000
NAME_CHARACTERS_MAX = 200
OTHER = "(other)"


@dataclass(slots=True)
class Census:
    """Counts over the entries of a log, in bounded memory.

    ``kinds`` counts by kind and decision.  ``backwards`` counts the entries that are dated before the one before
    them, of which ``first_backwards`` is the first: a clock that was set, or worse.  ``other_rules`` counts those in
    which the server says that it found other rules in force than its log names, ``first_other_rules`` the first.
    """

    count: int = 0
    first_time: str | None = None
    last_time: str | None = None
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    backwards: int = 0
    first_backwards: int | None = None
    other_rules: int = 0
    first_other_rules: int | None = None

    def add(self, entry: Entry) -> None:
        """Count the next entry."""
        self.count += 1
        if self.first_time is None:
            self.first_time = entry.time
        elif self.last_time is not None and entry.time < self.last_time:
            self.backwards += 1
            if self.first_backwards is None:
                self.first_backwards = entry.index
        self.last_time = entry.time
        details = entry.members.get("details")
        if isinstance(details, dict) and details.get("rules_as_logged") is False:
            self.other_rules += 1
            if self.first_other_rules is None:
                self.first_other_rules = entry.index
        key = entry.kind[:NAME_CHARACTERS_MAX], entry.decision[:NAME_CHARACTERS_MAX]
        if key not in self.kinds and len(self.kinds) >= KINDS_MAX:
            key = OTHER, OTHER  # whoever made the log cannot fill the memory with names
        self.kinds[key] += 1
