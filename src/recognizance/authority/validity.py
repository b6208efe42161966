"""Whether an authority covers an act, and when an emergency must have been ratified.  Pure: no I/O, no clock."""

from datetime import datetime, timedelta

from recognizance.errors import InvalidRequestError
from recognizance.records.authorities import EMERGENCY, KINDS, AuthorityRow, Scope

NONE = "none"
UNKNOWN = "unknown"
VALID = "valid"
NOT_YET = "not-yet"
EXPIRED = "expired"
OUT_OF_SCOPE = "out-of-scope"
LAPSED = "lapsed"
ENDED = "ended"

LIMITED = frozenset({"search", "compare", "enrol", "detect", "subject", "export"})
"""Acts that an authority can be limited to: those that process faces."""

HOURS = (24, 48)
"""How long an emergency may go without ratification."""


def state_of(
    authority: AuthorityRow | None, now: datetime, *, operation: str | None = None, gallery: str | None = None
) -> str:
    """Say how an authority that was named stands towards an act.

    Parameters
    ----------
    authority : AuthorityRow or None
        None if the case has none of this name.
    operation, gallery : str or None
        The act and the gallery that it names.  An act that names none is within every limit to galleries.

    Returns
    -------
    str
        ``unknown``, ``valid``, ``not-yet``, ``expired``, ``out-of-scope``, ``lapsed`` or ``ended``.
    """
    if authority is None:
        return UNKNOWN
    if authority.ended_at is not None or authority.rejected_at is not None:
        return ENDED
    if has_lapsed(authority, now):
        return LAPSED
    if now < authority.valid_from:
        return NOT_YET
    if authority.until is not None and now >= authority.until:
        return EXPIRED
    return VALID if is_within(authority.scope, operation=operation, gallery=gallery) else OUT_OF_SCOPE


def has_lapsed(authority: AuthorityRow, now: datetime) -> bool:
    """Whether the time in which an emergency must have been ratified is over, and it was not.

    It is so from that moment on, whether or not the server has noticed.
    """
    if authority.kind != EMERGENCY or authority.ratified_at is not None or authority.ratify_by is None:
        return False
    return authority.lapsed_at is not None or now >= authority.ratify_by


def is_within(scope: Scope, *, operation: str | None, gallery: str | None) -> bool:
    """Whether an act is within the galleries and operations that an authority is limited to.

    Subjects and places are for people to judge: no program can tell whom a photograph shows, or where it was taken.
    """
    if operation in LIMITED and scope.operations and operation not in scope.operations:
        return False
    return gallery is None or not scope.galleries or gallery in scope.galleries


def require_sound(kind: str, scope: Scope, valid_from: datetime, valid_until: datetime | None) -> None:
    """Refuse what could never cover an act.

    Raises
    ------
    InvalidRequestError
    """
    if kind not in KINDS:
        raise InvalidRequestError(f"{kind} is no kind of authority.", f"The kinds are {', '.join(KINDS)}.")
    if valid_until is not None and valid_until <= valid_from:
        raise InvalidRequestError(
            "The authority would end before it begins.", "Check from when until when it is valid."
        )
    unknown = sorted(set(scope.operations) - LIMITED)
    if unknown:
        raise InvalidRequestError(
            f"An authority cannot be limited to {unknown[0]}.", f"The operations are {', '.join(sorted(LIMITED))}."
        )


def deadline(now: datetime, hours: int | None, hours_max: int) -> datetime:
    """Say when an emergency that is declared now must have been ratified.

    Parameters
    ----------
    hours : int or None
        What is asked for; None for `hours_max`, which nobody can exceed.

    Raises
    ------
    InvalidRequestError
    """
    wanted = hours_max if hours is None else hours
    if wanted not in HOURS or wanted > hours_max:
        allowed = " or ".join(str(each) for each in HOURS if each <= hours_max)
        raise InvalidRequestError(
            f"An emergency cannot wait {wanted} hours for its ratification.",
            f"It can wait {allowed}; the setting `emergency_hours` says how long at most.",
        )
    return now + timedelta(hours=wanted)
