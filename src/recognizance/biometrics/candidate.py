"""What a search returns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference that resembles the probe.  A candidate is a lead, not an identification.

    Attributes
    ----------
    identifier : str
        Of the reference (or subject) in the gallery.
    score : float
        Comparison score, -1..1, higher is more alike.
    rank : int
        Place in the candidate list, from 1.
    """

    identifier: str
    score: float
    rank: int
