"""Failed sign-ins and throttled requests: nothing lost, nothing flooded."""

import threading
from concurrent.futures import wait
from datetime import UTC, datetime, timedelta

import pytest

from authority.conftest import Office
from recognizance.authority import sign_ins
from recognizance.authority.sign_ins import EACH_MAX, RefusedSignIns
from recognizance.authority.tally import Tally
from recognizance.authority.throttle import Throttle
from recognizance.errors import RecordUnavailableError
from recognizance.workflows.footing import OWN_PHOTOGRAPHS
from recognizance.workflows.sign_ins import RecordedSignIns, record_throttled

START = datetime(2026, 11, 24, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


class Written:
    """Takes what would be recorded; can be told to fail, or to wait."""

    def __init__(self) -> None:
        self.ones: list[tuple[str, str, str]] = []
        self.tallies: list[tuple[dict[str, int], str | None]] = []
        self.failing = False
        self.go_on = threading.Event()
        self.go_on.set()

    def _check(self) -> None:
        self.go_on.wait(10)
        if self.failing:
            raise RecordUnavailableError("the disk is full")

    def one(self, code: str, access_key_id: str, operator: str) -> None:
        self._check()
        self.ones.append((code, access_key_id, operator))

    def many(self, tally: Tally, access_key_id: str | None, operator: str | None) -> None:
        self._check()
        self.tallies.append((dict(tally.codes), access_key_id))


def owner_of(key: str) -> str | None:
    return "ada" if key.startswith("KNOWN") else None


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def reports(refused: RefusedSignIns, count: int, key: str | None, code: str = "C") -> None:
    wait([refused.report(code, key) for _ in range(count)], timeout=30)


def test_each_failure_of_a_known_key_is_recorded_up_to_a_bound(written: Written, clock: Clock) -> None:
    refused = RefusedSignIns(owner_of, written, clock)
    reports(refused, EACH_MAX + 5, "KNOWN1")
    reports(refused, 1, "KNOWN2")
    assert written.ones == [("C", "KNOWN1", "ada")] * EACH_MAX + [("C", "KNOWN2", "ada")]
    refused.flush()
    assert written.tallies == []
    clock.now += timedelta(minutes=1)
    refused.flush()
    assert written.tallies == [({"C": 5}, "KNOWN1")]
    reports(refused, 1, "KNOWN1")
    assert len(written.ones) == EACH_MAX + 2
    refused.close()


def test_strangers_are_counted_at_most_once_a_minute_and_at_the_end(written: Written, clock: Clock) -> None:
    refused = RefusedSignIns(owner_of, written, clock)
    for code in ("A", "B"):
        reports(refused, 3, "STRANGER", code)
        reports(refused, 2, None, code)
    refused.flush()
    assert written.tallies == []
    clock.now += timedelta(minutes=1)
    refused.flush()
    refused.flush()
    assert written.tallies == [({"A": 5, "B": 5}, None)]
    reports(refused, 1, None)
    refused.close()
    assert written.tallies[1:] == [({"C": 1}, None)]
    refused.report("late", None).result(1)
    assert written.ones == []


def test_what_cannot_be_recorded_is_counted_and_offered_again(written: Written, clock: Clock) -> None:
    refused = RefusedSignIns(owner_of, written, clock)
    written.failing = True
    reports(refused, 2, "KNOWN1")
    reports(refused, 3, None)
    refused.flush(everything=True)
    reports(refused, 1, None)
    assert (written.ones, written.tallies) == ([], [])
    written.failing = False
    refused.close()
    assert sorted(written.tallies, key=str) == [({"C": 2}, "KNOWN1"), ({"C": 4}, None)]


def test_a_flood_neither_waits_nor_grows(written: Written, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ins, "WAITING_MAX", 10)
    refused = RefusedSignIns(owner_of, written, clock)
    written.go_on.clear()
    futures = [refused.report("C", "KNOWN1") for _ in range(500)]
    assert sum(future.done() for future in futures) >= 500 - 11  # ten wait, and one is under way
    written.go_on.set()
    wait(futures, timeout=30)
    refused.close()
    told = len(written.ones) + sum(sum(codes.values()) for codes, _ in written.tallies)
    assert told == 500
    assert refused._keys == {} or all(known.further is None for known in refused._keys.values())


def test_keys_of_nobody_take_no_memory(written: Written, clock: Clock) -> None:
    refused = RefusedSignIns(owner_of, written, clock)
    for number in range(2_000):
        refused.report("C", f"STRANGER{number}")
    refused.close()
    assert refused._keys == {}
    assert written.tallies == [({"C": 2_000}, None)]


def test_a_lookup_that_fails_is_counted(written: Written, clock: Clock) -> None:
    def fail(key: str) -> str | None:
        raise RecordUnavailableError("the disk is gone")

    refused = RefusedSignIns(fail, written, clock)
    reports(refused, 2, "KNOWN1")
    refused.close()
    assert written.tallies == [({"C": 2}, None)]


def test_the_entries_say_what_is_known(office: Office) -> None:
    office.hire("ada", "investigator")
    office.hire("tess", "tester")
    log = RecordedSignIns(office.place)
    tally = Tally(office.now, office.now)
    tally.add("X", office.now + timedelta(seconds=3))
    log.one("InvalidSignatureException", "AKIA1", "ada")
    log.many(tally, None, None)
    log.many(tally, "AKIA1", "ada")
    record_throttled(office.place, "ada", tally)
    record_throttled(office.place, "tess", tally)
    one, many, more, throttled, tests = (entry["details"] for entry in office.entries()[-5:])
    assert one == {"access_key": "AKIA1", "code": "InvalidSignatureException", "of": "ada"}
    assert (many["count"], many["codes"], "access_key" in many) == (1, {"X": 1}, False)
    assert (more["access_key"], more["from"] < more["until"]) == ("AKIA1", True)
    assert (throttled["count"], "testing" in throttled) == (1, False)
    assert (tests["count"], tests["testing"]) == (1, OWN_PHOTOGRAPHS)
    assert [entry["operator"] for entry in office.entries()[-5:]] == ["-", "-", "-", "ada", "tess"]
    assert {entry["decision"] for entry in office.entries()[-5:]} == {"refused"}


def test_a_rate_is_a_minute_s_worth_refilled_steadily(clock: Clock) -> None:
    told: list[tuple[str, int]] = []
    rates = {"slow": 6, "fast": 600}
    throttle = Throttle(rates.__getitem__, lambda operator, tally: told.append((operator, tally.count)), clock)
    assert [throttle.admit("slow") for _ in range(8)] == [True] * 6 + [False] * 2
    assert throttle.admit("fast")
    clock.now += timedelta(seconds=10)
    assert [throttle.admit("slow") for _ in range(2)] == [True, False]
    throttle.flush()
    assert told == []
    clock.now += timedelta(seconds=60)
    throttle.flush()
    throttle.flush()
    assert told == [("slow", 3)]
    clock.now -= timedelta(hours=1)  # set back: neither a gift nor a lock
    assert not throttle.admit("slow")
    clock.now += timedelta(seconds=10)
    assert throttle.admit("slow")
    clock.now += timedelta(seconds=60)
    rates["slow"] = 1
    assert throttle.admit("slow")
    assert not throttle.admit("slow")


def test_throttled_requests_that_cannot_be_recorded_are_kept(clock: Clock) -> None:
    told: list[int] = []
    failing = True

    def record(operator: str, tally: Tally) -> None:
        if failing:
            raise RecordUnavailableError("the disk is full")
        told.append(tally.count)

    throttle = Throttle(lambda operator: 1, record, clock)
    for _ in range(3):
        throttle.admit("ada")
    throttle.flush(everything=True)
    throttle.admit("ada")
    failing = False
    throttle.flush(everything=True)
    assert told == [3]
