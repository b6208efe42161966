"""A log of a million entries in a real record: appending, proving, exporting and verifying.

    python benchmarks/ledger_million.py [--entries 1000000] [--home FOLDER] [--without-server] [--json FILE]

Bars: the median append at a million entries takes less than three times that at a thousand; proving an entry and
verifying the whole log takes minutes at most, in bounded memory.  The entries are those of searches with ten
candidates, each with commitments and what opens them.  Single appends to a small and to the large log take turns, so
that a busy disk slows both alike; each is a transaction of its own that is on the disk when it returns.

``--home`` keeps the record (about 4 GB), and a second run goes on with it.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import ledger_processes
import samples
from recognizance.bootstrap import Record, open_record
from recognizance.ledger import Concealed, ConcealedList, Entry, Value
from recognizance.settings import Settings, read_settings
from recognizance_verify.keys import VerifierKey
from recognizance_verify.receipts import Receipt
from recognizance_verify.tiles import tile_path, tiles_of
from recognizance_verify.trust import Trust

SMALL = 1_000
CANDIDATES = 10
PEOPLE = 10_000
APPENDS = 400
PROOFS = 200
BULK = 2_000
"""Entries a transaction while the log is filled."""

BAR_APPEND = 3.0
BAR_SECONDS = 600.0
"""Minutes, for one step over the whole log."""
BAR_MEMORY_MB = 256.0
"""What any step may hold more than the program had before it, however long the log is."""


class Searches:
    """Makes the entries of searches, as `workflows.search` has them written."""

    def __init__(self, record: Record, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same entries each time
        self._slots = record.store.vault.take_many(PEOPLE)
        self._people = [str(self._uuid()) for _ in self._slots]
        self._galleries = [f"gallery-{number}" for number in range(5)]

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def make(self, time: datetime) -> tuple[Entry, tuple[Concealed | ConcealedList, ...]]:
        """Make one."""
        chosen = self._random.sample(range(PEOPLE), CANDIDATES)
        case = f"2026/{self._random.randrange(10_000):05d}"
        details: dict[str, Value] = {
            "access_key": "AKIA4XJ2Q7LMBT5ZKWYC",
            "calibration": "sface-fb143eea0783/5d1c7f20",
            "case_id": str(self._uuid()),
            "context": "path",
            "gallery": 3,
            "gallery_version": 1_204_551,
            "limit": CANDIDATES,
            "model": "sface/fb143eea0783+opencv5point",
            "operation": "SearchFacesByImage",
            "references": 1_000_000,
            "request": str(self._uuid()),
            "search": str(self._uuid()),
            "threshold_percent_thousandths": 80_000,
            "training": "valid",
        }
        lines: list[tuple[Value, int | None]] = [
            (
                {
                    "face": self._people[number],
                    "rank": rank,
                    "score_millionths": self._random.randrange(400_000, 900_000),
                    "similarity_thousandths": self._random.randrange(80_000, 100_000),
                },
                self._slots[number],
            )
            for rank, number in enumerate(chosen, 1)
        ]
        concealed = (
            Concealed("case", case),
            Concealed("gallery_name", self._random.choice(self._galleries)),
            Concealed("purpose", "missing-person"),
            ConcealedList("candidates", lines),
        )
        return Entry("search", time, "op-7f3a91", "allowed", ("standing/role", "standing/case"), details), concealed


def fill(record: Record, searches: Searches, entries: int) -> float:
    """Append until the log has `entries`, many to a transaction; return the entries a second."""
    with record.store.read() as tx:
        before = size = record.ledger.size(tx)
    started = time.perf_counter()
    while size < entries:
        with record.store.write(alone=True) as tx:
            for _ in range(min(BULK, entries - size)):
                record.ledger.append(tx, *searches.make(datetime.now(UTC)))
                size += 1
        if sys.stderr.isatty() or size % 100_000 < BULK:
            rate = (size - before) / (time.perf_counter() - started)
            print(f"{size:,} entries, {rate:,.0f}/s", file=sys.stderr, flush=True)
    return (size - before) / max(time.perf_counter() - started, 1e-9)


def append_one(record: Record, searches: Searches) -> float:
    """Append one entry in a transaction of its own; return the milliseconds until it was durable."""
    entry, concealed = searches.make(datetime.now(UTC))
    started = time.perf_counter()
    with record.store.write() as tx:
        record.ledger.append(tx, entry, concealed)
    return (time.perf_counter() - started) * 1000


def take_turns(small: Record, large: Record) -> dict[str, list[float]]:
    """Time single appends to both logs, one after the other."""
    made = {"small": Searches(small, 1), "large": Searches(large, 2)}
    for name, record in (("small", small), ("large", large)):  # warm
        for _ in range(20):
            append_one(record, made[name])
    took: dict[str, list[float]] = {"small": [], "large": []}
    for number in range(APPENDS):
        order = (("small", small), ("large", large))
        for name, record in order if number % 2 else order[::-1]:
            took[name].append(append_one(record, made[name]))
    return took


def prove(home: Path) -> dict[str, Any]:
    """Sign checkpoints and prove entries from all over the log; say what it took in time and memory."""
    with open_record(read_settings(home=home)) as record:
        before_mb = ledger_processes.memory_mb()
        trust = Trust(VerifierKey.parse(record.ledger.verifier_key))
        signing, proving, verifying, proofs = [], [], [], []
        with record.store.read() as tx:
            size = record.ledger.size(tx)
            newest_ms = _milliseconds(lambda: record.ledger.newest(tx))
            for _ in range(20):
                signing.append(_milliseconds(lambda: record.ledger.checkpoint(tx)))
            checkpoint = record.ledger.checkpoint(tx)
            dice = random.Random(3)  # noqa: S311 - the same entries each time
            for index in (0, size - 1, *(dice.randrange(size) for _ in range(PROOFS))):
                started = time.perf_counter()
                text = record.ledger.receipt(tx, index, checkpoint).text()
                proving.append((time.perf_counter() - started) * 1000)
                receipt = Receipt.parse(text)
                verifying.append(_milliseconds(partial(receipt.verify, trust)))
                proofs.append(len(receipt.proof))
            growing = [
                _milliseconds(lambda: record.ledger.growth(tx, dice.randrange(1, size), checkpoint).text())
                for _ in range(PROOFS)
            ]
        return {
            "entries": size,
            "sign_checkpoint_ms": statistics.median(signing),
            "prove_entry_ms": statistics.median(proving),
            "prove_entry_max_ms": max(proving),
            "verify_receipt_ms": statistics.median(verifying),
            "prove_growth_ms": statistics.median(growing),
            "proof_hashes_max": max(proofs),
            "newest_ms": newest_ms,
            "memory_before_mb": before_mb,
            "memory_peak_mb": ledger_processes.memory_mb(peak=True),
        }


def export(record: Record, folder: Path) -> dict[str, Any]:
    """Write the tiles and the checkpoint that `recognizance ledger export` writes, straight from the storage."""
    before_mb = ledger_processes.memory_mb(peak=True)
    started = time.perf_counter()
    ledger, written = record.ledger, 0
    with record.store.read() as tx:
        note, size = ledger.checkpoint(tx), ledger.size(tx)
    for level, index, width in tiles_of(size):
        with record.store.read() as tx:
            written += _save(folder / tile_path(level, index, width), ledger.hash_tile(tx, level, index, width))
            if level == 0:
                written += _save(folder / tile_path(None, index, width), ledger.entry_bundle(tx, index, width))
    written += _save(folder / "checkpoint", note.encode())
    return {
        "seconds": time.perf_counter() - started,
        "export_mb": written / 1e6,
        "memory_grew_mb": ledger_processes.memory_mb(peak=True) - before_mb,
    }


def _save(path: Path, data: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(data)


def verify(folder: Path, key: str, scratch: Path) -> ledger_processes.Run:
    """Run `recognizance-verify log` as an auditor would."""
    command = [ledger_processes.program("recognizance-verify"), "log", str(folder), "--key", key]
    return ledger_processes.run(command, scratch)


def export_by_command(home: Path, folder: Path, scratch: Path) -> dict[str, Any]:
    """Run the real server and the real `recognizance ledger export`, which also verifies what it wrote."""
    started = time.perf_counter()
    with ledger_processes.serving(home) as server:
        ready = time.perf_counter() - started
        before_mb = ledger_processes.memory_mb(server.process.pid)
        command = [ledger_processes.program("recognizance"), "ledger", "export", str(folder)]
        ran = ledger_processes.run(command, scratch, ledger_processes.environment(home))
        grew_mb = ledger_processes.memory_mb(server.process.pid, peak=True) - before_mb
    return {**asdict(ran), "server_start_seconds": ready, "server_memory_grew_mb": max(grew_mb, 0.0)}


@contextmanager
def opened(home: Path, entries: int, figures: dict[str, Any]) -> Iterator[Record]:
    """Open the record in a home folder and fill its log."""
    started = time.perf_counter()
    with open_record(_settings(home)) as record:
        figures["open_seconds"] = time.perf_counter() - started
        figures["fill_per_second"] = fill(record, Searches(record, entries), entries)
        yield record


def _settings(home: Path) -> Settings:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return read_settings(home=home)


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def measure(arguments: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Run all steps."""
    home = arguments.home or scratch / "large" / "home"
    figures: dict[str, Any] = {"entries": arguments.entries, "machine": samples.machine()}
    small_figures: dict[str, Any] = {}
    with opened(home, arguments.entries, figures) as large:
        with opened(scratch / "small" / "home", SMALL, small_figures) as small:
            took = take_turns(small, large)
        for name, values in took.items():
            quantiles = statistics.quantiles(values, n=100)
            figures[f"append_{name}_ms"] = {"p50": quantiles[49], "p95": quantiles[94], "p99": quantiles[98]}
        figures["append_ratio"] = statistics.median(took["large"]) / statistics.median(took["small"])
        figures["export"] = export(large, scratch / "export")
        key = large.ledger.verifier_key
        figures["record_mb"] = ledger_processes.record_mb(large.store)
    figures["verify"] = asdict(verify(scratch / "export", key, scratch))
    prover = [sys.executable, __file__, "--prove", str(home)]
    figures["prove"] = json.loads(subprocess.run(prover, check=True, capture_output=True, text=True).stdout)
    if not arguments.without_server:
        figures["command"] = export_by_command(home, scratch / "exported", scratch)
    return figures


def rows(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    """Give each figure with its bar and whether it is met."""
    small, large = figures["append_small_ms"], figures["append_large_ms"]
    entries, proofs, verified = f"{figures['entries']:,}", figures["prove"], figures["verify"]
    yield f"append at {SMALL:,}, p50 (p95, p99)", _spread(small), "", None
    yield f"append at {entries}, p50 (p95, p99)", _spread(large), "", None
    ratio = figures["append_ratio"]
    yield "append p50, ratio", f"{ratio:.2f}", f"< {BAR_APPEND:g}", ratio < BAR_APPEND
    yield "sign a checkpoint", f"{proofs['sign_checkpoint_ms']:.2f} ms", "", None
    prove_ms = proofs["prove_entry_ms"]
    worst = f"(at most {proofs['prove_entry_max_ms']:.1f}; {proofs['proof_hashes_max']} hashes)"
    yield "prove an entry", f"{prove_ms:.2f} ms {worst}", "minutes", prove_ms < BAR_SECONDS * 1000
    yield "prove growth", f"{proofs['prove_growth_ms']:.2f} ms", "", None
    yield "verify a receipt", f"{proofs['verify_receipt_ms']:.2f} ms", "", None
    grew = proofs["memory_peak_mb"] - proofs["memory_before_mb"]
    yield "memory that proofs take", f"{grew:.1f} MB", f"< {BAR_MEMORY_MB:g} MB", grew < BAR_MEMORY_MB
    seconds, grew = figures["export"]["seconds"], figures["export"]["memory_grew_mb"]
    yield (
        "export from the storage",
        f"{seconds:.1f} s, {figures['export']['export_mb']:,.0f} MB",
        "minutes",
        (seconds < BAR_SECONDS),
    )
    yield "memory that the export takes", f"{grew:.1f} MB", f"< {BAR_MEMORY_MB:g} MB", grew < BAR_MEMORY_MB
    seconds, peak = verified["seconds"], verified["peak_mb"]
    well = verified["exit_code"] == 0
    yield (
        "recognizance-verify log",
        f"{seconds:.1f} s, exit {verified['exit_code']}",
        "minutes",
        (well and seconds < BAR_SECONDS),
    )
    yield "its peak memory", f"{peak:.1f} MB", f"< {BAR_MEMORY_MB:g} MB", peak < BAR_MEMORY_MB
    yield "read the newest entry's time", f"{proofs['newest_ms']:.1f} ms", "", None
    yield "open the record", f"{figures['open_seconds']:.2f} s", "", None
    yield "fill", f"{figures['fill_per_second']:,.0f} entries/s; record {figures['record_mb']:,.0f} MB", "", None
    if "command" in figures:
        ran = figures["command"]
        well = ran["exit_code"] == 0 and ran["seconds"] < 2 * BAR_SECONDS
        yield "recognizance ledger export", f"{ran['seconds']:.1f} s, exit {ran['exit_code']}", "minutes", well
        yield "its peak memory", f"{ran['peak_mb']:.1f} MB", f"< {BAR_MEMORY_MB:g} MB", ran["peak_mb"] < BAR_MEMORY_MB
        grew = ran["server_memory_grew_mb"]
        yield "the server's memory grew by", f"{grew:.1f} MB", f"< {BAR_MEMORY_MB:g} MB", grew < BAR_MEMORY_MB
        yield "the server answers after", f"{ran['server_start_seconds']:.1f} s", "", None


def _spread(values: dict[str, float]) -> str:
    return f"{values['p50']:.2f} ms ({values['p95']:.2f}, {values['p99']:.2f})"


def report(table: Sequence[tuple[str, str, str, bool | None]]) -> bool:
    """Print the table; say whether every bar is met."""
    words = {None: "", True: "met", False: "MISSED"}
    samples.table(("", "measured", "bar", ""), [(*row[:3], words[row[3]]) for row in table])
    return all(row[3] is not False for row in table)


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="home folder of the large record, kept and used again")
    parser.add_argument("--without-server", action="store_true", help="leave the real export command out")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--prove", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.prove:
        print(json.dumps(prove(arguments.prove)))
        return 0
    with tempfile.TemporaryDirectory(prefix="recognizance-ledger-") as scratch:
        figures = measure(arguments, Path(scratch))
    samples.write_json(arguments.json, figures)
    return 0 if report(list(rows(figures))) else 1


if __name__ == "__main__":
    sys.exit(main())
