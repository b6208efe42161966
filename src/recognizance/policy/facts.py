"""What is known of a request before any biometric work."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One request.

    ``operation`` is our own name of the act (``search``, ``enrol``, ``erase``, …).  ``threshold_percent`` is what was
    asked for.

    Attributes
    ----------
    roles : frozenset of str
        Everything the operator may act as, at once.
    active, key_valid : bool
        Whether the operator is active, and whether the key that signed is still good.
    training : str
        ``current``, ``expired`` or ``none``.
    in_session : bool
        Whether the request was signed with the temporary credentials of a session.
    purpose, case : str or None
        What the act is for: what the signed path claims, completed by the session.
    authority : str or None
        Our own id of the authority that is named; None if none is, or if the case has none of that name.
    contradictions : tuple of str
        Which of the three the path and the session name differently.
    case_open : bool or None
        Whether the case is registered and open, and the operator works on it; None if no case is named.
    clock_behind : bool
        Whether the log already holds an entry of a later time.
    agency : str
        Whom the operator works for; empty if that is not known.
    training_kind : str
        What the operator is trained in; empty if that is not known.
    offence : str or None
        The code of the case's offence.
    purpose_basis : str or None
        The legal basis of the purpose; None if none is named, or if it is not registered and in force.
    authority_kind : str or None
        ``warrant``, ``court-order``, ``emergency``, ``missing-person``, ``deceased-person`` or ``consent``.
    authority_state : str
        ``none`` if no authority is named; how it stands towards this act otherwise: see `authority.validity`.
    source : str
        What the photograph is said to come from: ``still``, ``stored-video``, ``live`` or ``unstated``.
    edits : frozenset of str or None
        What is said to have been done to it; empty: nothing.  None if that is not said.
    """

    operator: str
    roles: frozenset[str]
    active: bool
    operation: str
    time: datetime
    key_valid: bool = True
    training: str = "none"
    in_session: bool = False
    gallery: str | None = None
    threshold_percent: float | None = None
    purpose: str | None = None
    case: str | None = None
    authority: str | None = None
    contradictions: tuple[str, ...] = ()
    case_open: bool | None = None
    clock_behind: bool = False
    agency: str = ""
    training_kind: str = ""
    offence: str | None = None
    purpose_basis: str | None = None
    authority_kind: str | None = None
    authority_state: str = "none"
    source: str = "unstated"
    edits: frozenset[str] | None = None
