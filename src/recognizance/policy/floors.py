"""Floors: the least threshold and the longest candidate list that packs allow."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from recognizance.policy.decision import Reason
from recognizance.policy.facts import RequestFacts
from recognizance.policy.pack import Floor, Pack


@dataclass(frozen=True, slots=True)
class Applied:
    """The threshold and the limit that hold for a request once all floors are applied.

    Attributes
    ----------
    threshold_percent : float or None
        None where the act has no threshold.
    candidates_max : int or None
        None where the act has no candidate list.
    raised : tuple of Reason
        The floors that changed the one or the other.
    refused : tuple of Reason
        The floors that refuse what was asked for.
    """

    threshold_percent: float | None
    candidates_max: int | None
    raised: tuple[Reason, ...] = ()
    refused: tuple[Reason, ...] = ()


def apply_floors(packs: Iterable[Pack], facts: RequestFacts) -> Applied:
    """Apply every floor of every pack that concerns the request; the strictest wins."""
    requested, limit = facts.threshold_percent, facts.candidates_max
    threshold, cap = requested, limit
    raised: list[Reason] = []
    refused: list[Reason] = []
    concerned = [(pack, floor) for pack in packs for floor in pack.about.floor if _concerns(floor, facts)]
    for pack, floor in concerned:
        least = floor.least_percent
        if requested is not None and least is not None and requested < least:
            if floor.effect == "refuse":
                refused.append(pack.reason(floor.id))
            else:
                threshold = max(threshold or 0.0, least)
                raised.append(pack.reason(floor.id))
        if limit is not None and cap is not None and floor.candidates_max is not None and limit > floor.candidates_max:
            cap = min(cap, floor.candidates_max)
            if pack.reason(floor.id) not in raised:
                raised.append(pack.reason(floor.id))
    return Applied(threshold, cap, tuple(raised), tuple(refused))


def thousandths(percent: float | None) -> int:
    """Write a percent as whole thousandths of a percent, rounded down; -1 for None.

    Never up: 98.9996 has to stay below a floor of 99.
    """
    if percent is None:
        return -1
    return int((Decimal(repr(float(percent))) * 1000).to_integral_value(ROUND_FLOOR))


def _concerns(floor: Floor, facts: RequestFacts) -> bool:
    """Whether a floor is for whom and what a request names.

    A purpose that is not registered, or none, is no way around one: anybody can name it.
    """
    of_purpose = not floor.purposes or facts.purpose in floor.purposes or not facts.purpose_basis
    return of_purpose and (not floor.roles or not floor.roles.isdisjoint(facts.roles))
