"""What is known of a request before any biometric work."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One request.

    ``operation`` is our own name of the act (``search``, ``enrol``, ``erase``, …).  ``purpose``, ``case`` and
    ``authority`` are what the signed request claims.  ``threshold_percent`` is what was asked for.
    """

    operator: str
    role: str
    active: bool
    operation: str
    time: datetime
    gallery: str | None = None
    threshold_percent: float | None = None
    purpose: str | None = None
    case: str | None = None
    authority: str | None = None
