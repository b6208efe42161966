"""What an examiner concludes of a candidate.

The scale is ours: five steps in words, without numbers, because nobody has measured what a number would mean for our
examiners.  Services with a validated scale of their own can map it onto this one.
"""

from enum import Enum
from typing import Literal

Conclusion = Literal[
    "strong-support-same", "support-same", "no-conclusion", "support-different", "strong-support-different"
]

CONCLUSIONS: dict[Conclusion, str] = {
    "strong-support-same": "What is seen strongly supports that the two photographs show the same person.",
    "support-same": "What is seen supports that the two photographs show the same person.",
    "no-conclusion": "What is seen supports neither.",
    "support-different": "What is seen supports that the two photographs show different persons.",
    "strong-support-different": "What is seen strongly supports that the two photographs show different persons.",
}
"""From same to different.  None of them is an identification."""


class Direction(Enum):
    """Which way a conclusion points."""

    SAME = "same"
    NONE = "none"
    DIFFERENT = "different"


def direction(conclusion: str) -> Direction:
    """Tell which way a conclusion points: two examiners agree if theirs point the same way.

    Raises
    ------
    KeyError
        If it is none of `CONCLUSIONS`.
    """
    return {
        "strong-support-same": Direction.SAME,
        "support-same": Direction.SAME,
        "no-conclusion": Direction.NONE,
        "support-different": Direction.DIFFERENT,
        "strong-support-different": Direction.DIFFERENT,
    }[conclusion]
