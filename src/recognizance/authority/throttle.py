"""How many requests an operator may send."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from recognizance.authority.tally import Tally

_CODE = "throttled"
_log = logging.getLogger(__name__)


@dataclass
class _Bucket:
    tokens: float
    filled_at: datetime
    refused: Tally | None = None


class Throttle:
    """A token bucket for each operator: as many requests at once as a minute allows, refilled steadily.

    Parameters
    ----------
    rate_of : callable
        Gives the requests that an operator may send a minute.
    record : callable
        Makes durable how many requests of an operator were refused; it may raise anything.
    clock : callable
        Gives the time, with its zone.
    """

    def __init__(
        self,
        rate_of: Callable[[str], int],
        record: Callable[[str, Tally], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._rate_of = rate_of
        self._record = record
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def admit(self, operator: str) -> bool:
        """Take a request on; False if the operator has to wait.  A refusal is counted, and recorded by `flush`."""
        rate, now = self._rate_of(operator), self._clock()
        with self._lock:
            bucket = self._buckets.setdefault(operator, _Bucket(float(rate), now))
            passed = max(0.0, (now - bucket.filled_at).total_seconds())
            bucket.tokens = min(float(rate), bucket.tokens + passed * rate / 60)
            bucket.filled_at = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return True
            bucket.refused = bucket.refused or Tally(now, now)
            bucket.refused.add(_CODE, now)
            return False

    def flush(self, *, everything: bool = False) -> None:
        """Record the counts that are due, or all of them."""
        now = self._clock()
        with self._lock:
            due = {
                operator: bucket.refused
                for operator, bucket in self._buckets.items()
                if bucket.refused is not None and (everything or bucket.refused.is_due(now))
            }
            for operator in due:
                self._buckets[operator].refused = None
        for operator, tally in due.items():
            try:
                self._record(operator, tally)
            except Exception:  # noqa: BLE001 - nobody waits for this; what is not recorded now is tried again
                _log.warning("Throttled requests could not be recorded; it is tried again.", exc_info=True)
                with self._lock:
                    bucket = self._buckets[operator]
                    if bucket.refused is not None:
                        tally.join(bucket.refused)
                    bucket.refused = tally
