"""The states of a lead, and what moves it on."""

OPEN = "open"
"""Fewer examiners have concluded than the terms ask for."""

AGREED = "agreed"
"""All have, and agree on every candidate: a supervisor releases those on whom they agree that it is the same person."""

DISPUTED = "disputed"
"""All have, and do not agree on every candidate: a supervisor decides on those, and says why."""

RELEASED = "released"
"""A supervisor has let out all, some or none.  It is final."""

DELETED = "deleted"
"""The search was made under an emergency that was not ratified: there is nothing left to review.  It is final."""

UNDECIDED = frozenset({OPEN, AGREED, DISPUTED})
"""States in which nothing is out."""
