"""Blocks of many threads that share one commit: real threads, real files, a real lack of space."""

import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import PendingRollbackError

from recognizance.errors import RecordUnavailableError
from recognizance.records import RecordStore, Transaction, meta
from records.making import RUN_ENVIRONMENT

Block = Callable[[Transaction], object]


class Line:
    """Blocks that stand in line, in a known order, behind one that waits for the word."""

    def __init__(self, store: RecordStore, pool: ThreadPoolExecutor) -> None:
        self._store = store
        self._pool = pool
        self._go = threading.Event()
        self._begun = threading.Event()
        self._futures = [pool.submit(self._run, self._first, False)]
        assert self._begun.wait(30)

    def _first(self, tx: Transaction) -> None:
        meta.put(tx, "first", "kept")
        self._begun.set()
        assert self._go.wait(30)

    def _run(self, block: Block, alone: bool) -> None:
        with self._store.write(alone=alone) as tx:
            block(tx)

    def add(self, block: Block, *, alone: bool = False) -> "Future[None]":
        waiting = len(self._store._turns)
        future = self._pool.submit(self._run, block, alone)
        deadline = time.monotonic() + 30
        while len(self._store._turns) == waiting:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        return future

    def go(self) -> None:
        self._go.set()

    @property
    def first(self) -> "Future[None]":
        return self._futures[0]


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(80)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not decide which blocks share a commit."""
    monkeypatch.setattr("recognizance.records.batch.OPEN_MAX_S", 60)


def put(key: str) -> Block:
    return lambda tx: meta.put(tx, key, "kept")


def kept(store: RecordStore, *keys: str) -> set[str]:
    with store.read() as tx:
        return {key for key in keys if meta.get(tx, key) is not None}


def commits(path: Path) -> int:
    """Count the commits in the write-ahead log: a frame that ends one says how long the file is then."""
    log = path.with_name(path.name + "-wal").read_bytes()
    if not log:
        return 0
    page_bytes = struct.unpack(">I", log[8:12])[0]
    salts = log[16:24]
    frames = [log[start : start + 24] for start in range(32, len(log), 24 + page_bytes)]
    return sum(frame[4:8] != bytes(4) for frame in frames if frame[8:16] == salts)


def test_blocks_that_wait_together_share_one_commit(
    store: RecordStore, path: Path, pool: ThreadPoolExecutor, unhurried: None
) -> None:
    before = commits(path)
    line = Line(store, pool)
    futures = [line.add(put(f"k{number}")) for number in range(20)]
    line.go()
    for future in (line.first, *futures):
        future.result(30)
    assert commits(path) - before == 1
    assert len(kept(store, "first", *(f"k{number}" for number in range(20)))) == 21


def test_nobody_returns_before_the_commit(store: RecordStore, pool: ThreadPoolExecutor, unhurried: None) -> None:
    line = Line(store, pool)
    hold = threading.Event()
    running = threading.Event()

    def last(tx: Transaction) -> None:
        running.set()
        assert hold.wait(30)

    future = line.add(last)
    line.go()
    assert running.wait(30)
    assert not line.first.done()
    assert kept(store, "first") == set()
    hold.set()
    line.first.result(30)
    future.result(30)
    assert kept(store, "first") == {"first"}


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("turn", [0, 2, 4])
def test_a_block_that_raises_undoes_itself_alone(
    store: RecordStore, pool: ThreadPoolExecutor, unhurried: None, error: type[BaseException], turn: int
) -> None:
    def fail(tx: Transaction) -> None:
        meta.put(tx, "failed", "never")
        raise error

    line = Line(store, pool)
    futures = [line.add(fail if number == turn else put(f"k{number}")) for number in range(5)]
    line.go()
    line.first.result(30)
    for number, future in enumerate(futures):
        if number == turn:
            with pytest.raises(error):
                future.result(30)
        else:
            future.result(30)
    names = [f"k{number}" for number in range(5) if number != turn]
    assert kept(store, "failed", *names) == set(names)


def test_a_block_sees_what_those_before_it_did(store: RecordStore, pool: ThreadPoolExecutor, unhurried: None) -> None:
    line = Line(store, pool)
    seen: list[str | None] = []
    future = line.add(lambda tx: seen.append(meta.get(tx, "first")))
    line.go()
    future.result(30)
    assert seen == ["kept"]


def test_a_long_block_stands_alone(store: RecordStore, path: Path, pool: ThreadPoolExecutor, unhurried: None) -> None:
    before = commits(path)
    line = Line(store, pool)
    hold = threading.Event()

    def long(tx: Transaction) -> None:
        meta.put(tx, "long", "kept")
        assert hold.wait(30)

    futures = [line.add(put("a")), line.add(long, alone=True), line.add(put("b")), line.add(put("c"))]
    line.go()
    line.first.result(30)
    futures[0].result(30)
    assert kept(store, "first", "a", "long") == {"first", "a"}
    hold.set()
    for future in futures[1:]:
        future.result(30)
    assert commits(path) - before == 3


def test_a_commit_is_shared_by_a_bounded_number(store: RecordStore, path: Path, unhurried: None) -> None:
    before = commits(path)
    with ThreadPoolExecutor(160) as pool:
        line = Line(store, pool)
        futures = [line.add(put(f"k{number}")) for number in range(149)]
        line.go()
        for future in futures:
            future.result(60)
    assert commits(path) - before == 3  # 64, 64 and 22


def test_a_commit_waits_a_bounded_time_for_others(
    store: RecordStore, path: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recognizance.records.batch.OPEN_MAX_S", 0)
    before = commits(path)
    line = Line(store, pool)
    futures = [line.add(put(f"k{number}")) for number in range(5)]
    line.go()
    for future in futures:
        future.result(30)
    assert commits(path) - before == 6


def test_the_log_is_scrubbed_between_blocks(store: RecordStore, pool: ThreadPoolExecutor, unhurried: None) -> None:
    line = Line(store, pool)
    scrubbed = pool.submit(store.scrub)
    while len(store._turns) == 0:
        time.sleep(0.001)
    future = line.add(put("after"))
    line.go()
    assert scrubbed.result(30)
    line.first.result(30)
    future.result(30)


def test_scrubbing_within_a_block_is_refused_rather_than_waiting_for_itself(store: RecordStore) -> None:
    with store.write(), pytest.raises(RuntimeError):
        store.scrub()
    assert store.scrub()


def test_an_interrupted_wait_keeps_nobody_waiting(
    store: RecordStore, pool: ThreadPoolExecutor, unhurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first block leaves the commit to one whose thread is interrupted as its turn comes."""
    line = Line(store, pool)
    take = store._turns.take

    def interrupted(*, alone: bool = False) -> None:
        take(alone=alone)
        raise KeyboardInterrupt

    monkeypatch.setattr(store._turns, "take", interrupted)
    future = line.add(put("never"))
    monkeypatch.setattr(store._turns, "take", take)
    line.go()
    line.first.result(30)
    with pytest.raises(KeyboardInterrupt):
        future.result(30)
    with store.write() as tx:
        assert meta.get(tx, "never") is None


@pytest.mark.sqlite
def test_a_disk_that_is_full_at_the_commit_undoes_every_block(
    store: RecordStore, pool: ThreadPoolExecutor, unhurried: None
) -> None:
    with store.write() as tx:
        pages = tx.execute(text("PRAGMA page_count")).scalar_one()
        tx.execute(text(f"PRAGMA max_page_count = {pages + 10}"))

    def big(tx: Transaction) -> None:
        meta.put(tx, "big", "y" * 100_000)

    line = Line(store, pool)
    futures = [line.add(put("a")), line.add(big), line.add(put("b"))]
    line.go()
    with pytest.raises(RecordUnavailableError, match="full"):
        futures[1].result(30)
    # Whether SQLite undid one statement or everything, each is told the truth.
    for key, future in (("first", line.first), ("a", futures[0]), ("b", futures[2])):
        try:
            future.result(30)
        except RecordUnavailableError:
            assert kept(store, key) == set()
        else:
            assert kept(store, key) == {key}
    with store.write() as tx:
        meta.put(tx, "after", "kept")


_STARVE_TOGETHER = """
import resource, signal, sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import recognizance.records.batch
from recognizance.errors import RecordUnavailableError
from recognizance.records import meta
from records.making import open_record
recognizance.records.batch.OPEN_MAX_S = 60
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_record(Path(sys.argv[1]))
with store.write() as tx:
    meta.put(tx, "before", "kept")
store.scrub()
go = threading.Event()
acknowledged = []
def block(number):
    try:
        with store.write() as tx:
            if number == 0:
                go.wait(30)
            meta.put(tx, f"k{number}", "y" * 9_000)
    except RecordUnavailableError as error:
        assert error.remedy
        return False
    return True
with ThreadPoolExecutor(12) as pool:
    futures = [pool.submit(block, number) for number in range(12)]
    while len(store._turns) < 11:
        pass
    limit = Path(sys.argv[1] + "-wal").stat().st_size + 20_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    go.set()
    answers = [future.result(60) for future in futures]
assert answers == [False] * 12, answers
with store.read() as tx:
    assert not any(meta.get(tx, f"k{number}") for number in range(12))
    assert meta.get(tx, "before") == "kept"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert all(block(number) for number in range(1, 12))
assert store.integrity_check() == []
print("usable")
"""


def test_a_disk_that_stops_taking_bytes_fails_all_who_share_the_commit(path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", _STARVE_TOGETHER, str(path)],
        env=RUN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.stdout == "usable\n"
    assert process.returncode == 0


@pytest.mark.sqlite
def test_a_block_that_overlooks_a_full_disk_writes_nothing_more(store: RecordStore) -> None:
    """SQLite ended the transaction by itself: what followed would be made durable statement by statement."""
    with store.write() as tx:
        pages = tx.execute(text("PRAGMA page_count")).scalar_one()
        tx.execute(text(f"PRAGMA max_page_count = {pages + 1}"))

    def overlook() -> None:
        with store.write() as tx:
            with pytest.raises(RecordUnavailableError, match="full"):
                meta.put(tx, "a", "y" * 100_000)
            meta.put(tx, "b", "never")

    with pytest.raises(PendingRollbackError):
        overlook()
    assert kept(store, "a", "b") == set()
    with store.write() as tx:
        meta.put(tx, "after", "kept")


def test_threads_that_keep_writing_all_get_their_turn(store: RecordStore) -> None:
    stop = threading.Event()
    start = threading.Barrier(6)

    def write(name: str) -> int:
        count = 0
        start.wait()
        while not stop.is_set():
            with store.write() as tx:
                meta.put(tx, name, str(count))
            count += 1
        return count

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(write, f"w{number}") for number in range(5)]
        start.wait()
        time.sleep(1.0)
        stop.set()
        counts = [future.result(30) for future in futures]
    assert min(counts) * 3 > max(counts), counts
