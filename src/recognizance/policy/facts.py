"""What is known of a request before any biometric work, and of its result before anything is released."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

BIOMETRIC = frozenset({"search", "compare", "enrol", "detect", "subject", "export"})
"""The acts that packs are asked about.  All else is the standing rules' alone: a pack that refuses everything must not
shut out the auditor, the second person, or an erasure."""

KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "training": ("current", "expired", "none"),
    "authority_kind": ("warrant", "court-order", "emergency", "missing-person", "deceased-person", "consent"),
    "authority_state": ("none", "valid", "unknown", "not-yet", "expired", "out-of-scope", "lapsed", "ended"),
    "source": ("still", "stored-video", "live", "unstated"),
}
"""What the facts can be that are one of few words."""


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
    training_kind : str
        What the operator was trained in, as recorded; empty if nothing is.
    agency : str
        The operator's, as recorded.
    contradictions : tuple of str
        Which of the three the path and the session name differently.
    case_open : bool or None
        Whether the case is registered and open, and the operator works on it; None if no case is named.
    clock_behind : bool
        Whether the log already holds an entry of a later time.
    offence : str or None
        Of the case that is named.
    purpose_basis : str or None
        The legal basis of the purpose; None if none is registered and in force under this code.
    authority_kind : str or None
        ``warrant``, ``court-order``, ``emergency``, ``missing-person``, ``deceased-person`` or ``consent``.
    authority_state : str
        ``none`` (none is named), ``valid``, ``unknown``, ``not-yet``, ``expired``, ``out-of-scope``, ``lapsed`` (an
        emergency that was not ratified in time) or ``ended``.
    source : str
        What the probe was taken from: ``still``, ``stored-video``, ``live`` or ``unstated``.
    edits : frozenset of str or None
        What was done to the probe; empty if it is stated that nothing was, None if nothing is stated.
    candidates_max : int or None
        The longest candidate list that was asked for; None where the act has none.
    targets : int
        With how many photographs the probe is compared; 0 where it is a gallery.
    attributes : bool
        Whether age and gender of the faces are to be estimated.
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
    candidates_max: int | None = None
    targets: int = 0
    attributes: bool = False


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """What a search or comparison found.

    ``best_percent`` is None without candidates; ``sharpness`` and ``brightness`` (0 to 100) and ``face_px`` (the
    probe face's width) are None where no photograph was searched.
    """

    candidates: int
    best_percent: float | None = None
    sharpness: float | None = None
    brightness: float | None = None
    face_px: float | None = None
    references_searched: int = 0
