"""Record what was turned away at the door: failed sign-ins, and requests over an operator's rate."""

from typing import Any

from recognizance.authority.tally import Tally
from recognizance.ledger import Entry
from recognizance.policy.standing import TESTER
from recognizance.workflows.act import NOBODY
from recognizance.workflows.footing import OWN_PHOTOGRAPHS
from recognizance.workflows.place import Workplace, record_alone

KIND = "sign-in"


class RecordedSignIns:
    """See `authority.sign_ins.SignInLog`."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def one(self, code: str, access_key_id: str, operator: str) -> None:
        """Record a failed sign-in; the operator is whose key it is, which does not say who used it."""
        details = {"access_key": access_key_id, "code": code, "of": operator}
        record_alone(self._place, Entry(KIND, self._place.clock(), NOBODY, "refused", (), details))

    def many(self, tally: Tally, access_key_id: str | None, operator: str | None) -> None:
        """Record how many sign-ins failed."""
        details = _counted(tally) | {"codes": dict(tally.codes)}
        if access_key_id is not None:
            details |= {"access_key": access_key_id, "of": operator}
        record_alone(self._place, Entry(KIND, self._place.clock(), NOBODY, "refused", (), details))


def record_throttled(place: Workplace, operator: str, tally: Tally) -> None:
    """Record how many requests of an operator were over their rate."""
    details, rules = _counted(tally), ("standing/rate",)
    if TESTER in place.roster.operator(operator).roles:
        details["testing"] = OWN_PHOTOGRAPHS
    record_alone(place, Entry("throttle", place.clock(), operator, "refused", rules, details))


def _counted(tally: Tally) -> dict[str, Any]:
    return {"count": tally.count, "from": tally.first.isoformat(), "until": tally.last.isoformat()}
