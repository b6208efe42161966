"""Failed sign-ins on their way to the log: each one of a key that we know, a count of all others."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from recognizance.authority.tally import Tally

EACH_MAX = 20
"""Failed sign-ins of one key that are recorded one by one in a minute."""

WAITING_MAX = 1_000
"""Reports that may wait for the thread that records; the others are counted without a look at their keys."""

_log = logging.getLogger(__name__)


class SignInLog(Protocol):
    """Makes failed sign-ins durable; may raise anything."""

    def one(self, code: str, access_key_id: str, operator: str) -> None:
        """Record a failed sign-in with a key of an operator's."""

    def many(self, tally: Tally, access_key_id: str | None, operator: str | None) -> None:
        """Record how many failed, with a known key, or with none."""


@dataclass
class _Key:
    """What has come in with one known key lately."""

    operator: str
    since: datetime
    recorded: int = 0
    further: Tally | None = field(default=None)


class RefusedSignIns:
    """Takes reports of failed sign-ins, and never raises, slows signing in, or grows without bound.

    Parameters
    ----------
    owner_of : callable
        Gives the operator of an access key, None if there is no such key.
    log : SignInLog
        Where they go.  If it fails, what it did not take is counted and offered again.
    clock : callable
        Gives the time, with its zone.
    """

    def __init__(self, owner_of: Callable[[str], str | None], log: SignInLog, clock: Callable[[], datetime]) -> None:
        self._owner_of = owner_of
        self._log = log
        self._clock = clock
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="refused")
        self._lock = threading.Lock()
        self._waiting = 0
        self._strangers: Tally | None = None
        self._keys: dict[str, _Key] = {}

    def report(self, code: str, access_key_id: str | None) -> Future[None]:
        """Take a report; the future is done when it is recorded or counted."""
        with self._lock:
            full = self._waiting >= WAITING_MAX
            if not full:
                self._waiting += 1
        try:
            if not full:
                return self._executor.submit(self._take, code, access_key_id)
        except RuntimeError:  # the server is stopping
            pass
        self._count_stranger(code)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def flush(self, *, everything: bool = False) -> None:
        """Record the counts that are due, or all of them."""
        try:
            self._executor.submit(self._flush, everything).result()
        except RuntimeError:
            self._flush(everything)

    def close(self) -> None:
        """Record what was counted, and take no more."""
        self._executor.shutdown(wait=True)
        self._flush(True)

    def _take(self, code: str, access_key_id: str | None) -> None:
        with self._lock:
            self._waiting -= 1
        try:
            operator = self._owner_of(access_key_id) if access_key_id is not None else None
        except Exception:  # noqa: BLE001 - the record may be out of reach; the count has to go on
            operator = None
        if access_key_id is None or operator is None:
            self._count_stranger(code)
            return
        now = self._clock()
        known = self._keys.setdefault(access_key_id, _Key(operator, now))
        if Tally(known.since, known.since).is_due(now) and known.further is None:
            known.since, known.recorded = now, 0
        if known.further is None and known.recorded < EACH_MAX:
            known.recorded += 1
            if self._written(lambda: self._log.one(code, access_key_id, operator)):
                return
        known.further = known.further or Tally(now, now)
        known.further.add(code, now)

    def _count_stranger(self, code: str) -> None:
        now = self._clock()
        with self._lock:
            self._strangers = self._strangers or Tally(now, now)
            self._strangers.add(code, now)

    def _flush(self, everything: bool) -> None:
        now = self._clock()
        with self._lock:
            tally = self._strangers
            if tally is not None and (everything or tally.is_due(now)):
                self._strangers = None
            else:
                tally = None
        if tally is not None and not self._written(lambda: self._log.many(tally, None, None)):
            with self._lock:
                if self._strangers is not None:
                    tally.join(self._strangers)
                self._strangers = tally
        for access_key_id, known in list(self._keys.items()):
            self._flush_key(access_key_id, known, now, everything)

    def _flush_key(self, access_key_id: str, known: _Key, now: datetime, everything: bool) -> None:
        further = known.further
        if further is not None and (everything or further.is_due(now)):
            if not self._written(lambda: self._log.many(further, access_key_id, known.operator)):
                return
            known.further = None
        if known.further is None and Tally(known.since, known.since).is_due(now):
            del self._keys[access_key_id]

    def _written(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except Exception:  # noqa: BLE001 - a refusal was answered already; what is not recorded now is counted
            _log.warning("Failed sign-ins could not be recorded; they are counted and tried again.", exc_info=True)
            return False
        return True
