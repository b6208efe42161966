"""What every accuracy report begins and ends with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

FORMAT = "recognizance-accuracy-report-1"

CAVEATS = (
    "Who was photographed, and how, decides these rates as much as the program does: they hold for samples like this "
    "one.",
    "A photograph without a usable face is counted as the failure that it is; it is not left out.",
    "Labels are what the file of labels says.  A label of race is not one of skin tone.",
)


@dataclass(frozen=True)
class Told:
    """What a report repeats as it was told: the sample's description and licence, and what was measured when."""

    description: str
    licence: str
    version: str
    made_at: datetime
    service: dict[str, Any]


def opening(kind: str, told: Told) -> dict[str, Any]:
    """Begin a report, ready for JSON: its format and kind, when it was made, and what was measured."""
    return {
        "format": FORMAT,
        "kind": kind,
        "made_at": told.made_at.isoformat(timespec="seconds"),
        "version": told.version,
        "service": told.service,
    }
