"""Who does what, on whose claim."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """One authenticated request.

    ``purpose``, ``case`` and ``authority`` are claims that the request's signature covers; ``operation`` is the
    name of the operation on the wire, ``request_id`` what the answer carries.
    """

    operator: str
    access_key_id: str
    operation: str
    request_id: str
    purpose: str | None = None
    case: str | None = None
    authority: str | None = None
