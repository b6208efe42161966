"""Who comes in: keys for the verifier of signatures, rates, and the record of who was turned away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from recognizance.authority.roster import Roster
from recognizance.authority.sign_ins import RefusedSignIns
from recognizance.authority.throttle import Throttle
from recognizance.policy.standing import TESTER
from recognizance.settings import Settings
from recognizance.wire import AccessKey
from recognizance.workflows.place import Workplace
from recognizance.workflows.sign_ins import RecordedSignIns, record_throttled

COUNTING_SECONDS = 5.0
"""How often it is looked whether counts of refused requests are due in the log."""


class RosterKeys:
    """Shows the roster's access keys to the verifier of signatures."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def lookup(self, access_key_id: str) -> AccessKey | None:
        """See `KeyRing.lookup`."""
        found = self._roster.lookup(access_key_id)
        if found is None:
            return None
        return AccessKey(
            found.access_key_id,
            found.secret,
            found.operator,
            active=found.active,
            token_digest=found.token_digest,
            expires_at=found.expires_at,
            session=found.session,
        )

    def owner_of(self, access_key_id: str) -> str | None:
        """Name whose key it is, good or not; None if there is none."""
        found = self._roster.lookup(access_key_id)
        return None if found is None else found.operator


@contextmanager
def guarding(place: Workplace, settings: Settings) -> Iterator[tuple[RefusedSignIns, Throttle]]:
    """Take reports of failed sign-ins and hold operators to their rates while the block runs.

    What was only counted is recorded now and then, and when the block ends.
    """

    def rate_of(operator: str) -> int:
        known = place.roster.operator(operator)
        others = settings.operator_requests_per_minute
        agreed = settings.tester_requests_per_minute if TESTER in known.roles else others
        return known.requests_per_minute or agreed

    refused = RefusedSignIns(RosterKeys(place.roster).owner_of, RecordedSignIns(place), place.clock)
    throttle = Throttle(rate_of, partial(record_throttled, place), place.clock)
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(COUNTING_SECONDS):
            refused.flush()
            throttle.flush()

    thread = threading.Thread(target=run, name="counting")
    thread.start()
    try:
        yield refused, throttle
    finally:
        stop.set()
        thread.join()
        refused.close()
        throttle.flush(everything=True)
