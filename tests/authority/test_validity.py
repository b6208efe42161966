"""How an authority stands towards an act: pure, at every edge of its time and its limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recognizance.authority.validity import LIMITED, deadline, require_sound, state_of
from recognizance.errors import InvalidRequestError
from recognizance.policy import BIOMETRIC
from recognizance.records.authorities import EMERGENCY, KINDS, AuthorityRow, Extension, Scope

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARRANT = AuthorityRow("a", "c", "warrant", NOON, NOON + 2 * HOUR, "sue", NOON, "W-1", "Judge")
DECLARED = replace(WARRANT, kind=EMERGENCY, valid_until=None, ratify_by=NOON + 24 * HOUR)


def extended(until: datetime, number: int = 1) -> Extension:
    return Extension(number, until, "W-1a", "Judge", "sue", NOON)


@pytest.mark.parametrize(
    ("authority", "at", "state"),
    [
        (None, 0, "unknown"),
        (WARRANT, -1e-6, "not-yet"),
        (WARRANT, 0, "valid"),
        (WARRANT, 2 - 1e-6, "valid"),
        (WARRANT, 2, "expired"),
        (replace(WARRANT, valid_until=None), 10**5, "valid"),
        (replace(WARRANT, extensions=(extended(NOON + 3 * HOUR),)), 3 - 1e-6, "valid"),
        (replace(WARRANT, extensions=(extended(NOON + 3 * HOUR),)), 3, "expired"),
        (replace(WARRANT, ended_at=NOON + HOUR), 1, "ended"),
        (DECLARED, 24 - 1e-6, "valid"),
        (DECLARED, 24, "lapsed"),
        (replace(DECLARED, valid_until=NOON + 2 * HOUR), 2, "expired"),
        (replace(DECLARED, valid_until=NOON + 2 * HOUR), 24, "lapsed"),
        (replace(DECLARED, ratified_at=NOON + HOUR), 10**5, "valid"),
        (replace(DECLARED, rejected_at=NOON + HOUR), 1, "ended"),
        (replace(DECLARED, lapsed_at=NOON + 24 * HOUR), 23, "lapsed"),  # a clock set back brings nothing back
    ],
)
def test_states_by_time(authority: AuthorityRow | None, at: float, state: str) -> None:
    assert state_of(authority, NOON + at * HOUR, operation="search", gallery="g") == state


@pytest.mark.parametrize(
    ("scope", "operation", "gallery", "within"),
    [
        (Scope(), "search", "g", True),
        (Scope(galleries=("g",)), "search", "g", True),
        (Scope(galleries=("g",)), "search", "h", False),
        (Scope(galleries=("g",)), "list", "h", False),
        (Scope(galleries=("g",)), "compare", None, True),
        (Scope(operations=("search",)), "search", "g", True),
        (Scope(operations=("search",)), "compare", None, False),
        (Scope(operations=("search",)), "list", "g", True),
        (Scope(operations=("search",)), None, None, True),
        (Scope(subjects=("Doe",), places=("harbour",)), "search", "g", True),
    ],
)
def test_limits(scope: Scope, operation: str | None, gallery: str | None, within: bool) -> None:
    found = state_of(replace(WARRANT, scope=scope), NOON, operation=operation, gallery=gallery)
    assert found == ("valid" if within else "out-of-scope")


def test_what_could_never_cover_an_act_is_refused() -> None:
    for kind in KINDS:
        require_sound(kind, Scope(operations=tuple(LIMITED)), NOON, None)
    for kind, scope, until in (
        ("rumour", Scope(), None),
        ("warrant", Scope(), NOON),
        ("warrant", Scope(operations=("erase",)), None),
    ):
        with pytest.raises(InvalidRequestError):
            require_sound(kind, scope, NOON, until)


def test_what_an_authority_is_limited_to_is_what_rule_packs_are_asked_about() -> None:
    assert LIMITED == BIOMETRIC


def test_nobody_exceeds_the_hours_of_the_settings() -> None:
    assert deadline(NOON, None, 48) == NOON + 48 * HOUR
    assert deadline(NOON, 24, 48) == NOON + 24 * HOUR
    assert deadline(NOON, None, 24) == NOON + 24 * HOUR
    for hours, hours_max in ((48, 24), (25, 48), (0, 48), (72, 48)):
        with pytest.raises(InvalidRequestError):
            deadline(NOON, hours, hours_max)
