"""What the rules in force ask of a review; a lead keeps them as they were when it was made."""

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ReviewTerms:
    """On what terms a lead is examined and released.

    Attributes
    ----------
    withhold : bool
        Whether nothing of the result goes out before the release; if not, candidates go out marked as leads.
    blind : bool
        Whether an examiner sees nothing of what others conclude, nor that they did, before concluding.
    hide_similarity : bool
        Whether similarity, score, rank and threshold are kept from examiners.
    examiners : int
        How many examine, each by themselves.
    statement : str
        What an examiner states by concluding; empty if nothing is asked.
    close_on_match_alone : bool
        Whether a case may be closed as identified without independent evidence.
    targets_max : int or None
        With how many photographs an operator may compare within a day before comparing counts as searching.
    """

    withhold: bool = True
    blind: bool = True
    hide_similarity: bool = True
    examiners: int = 2
    statement: str = ""
    close_on_match_alone: bool = False
    targets_max: int | None = None

    def text(self) -> str:
        """Write them as JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `text` wrote."""
        return cls(**json.loads(text))
