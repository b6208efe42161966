"""Who does what, on whose claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOBODY = "-"
"""The operator of entries that nobody signed for: no operator's id begins so."""


@dataclass(frozen=True, slots=True)
class Act:
    """One authenticated request.

    ``purpose``, ``case`` and ``authority`` are claims that the request's signature covers, and so are ``source`` and
    ``edits``, what is said of the photograph; ``operation`` is the name of the operation on the wire, ``request_id``
    what the answer carries.  ``session`` is that of the temporary
    credentials that signed, if they did; ``notes`` are what the entry says of the operator's footing, once it is
    settled.
    """

    operator: str
    access_key_id: str
    operation: str
    request_id: str
    purpose: str | None = None
    case: str | None = None
    authority: str | None = None
    source: str | None = None
    edits: str | None = None
    session: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
