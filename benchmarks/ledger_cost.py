"""What the ledger costs: the server with it against the same server without, in interleaved rounds of one run.

    python benchmarks/ledger_cost.py [--clients 8] [--rounds 25] [--seconds 2] [--json FILE]

Bars: SearchFaces per second, where no embedding is in the way, at least 80 % of the same server's with a null ledger;
SearchFacesByImage per second at least 95 %.  The two servers take short turns, who begins changes with each round, and
the ratio is the median over the rounds, so that a busy neighbour slows both alike.

The null ledger exists in this file alone.  It counts and writes nothing; searches, probes and everything else that the
record holds are written and committed as ever.  That a search names an entry which is not there is overlooked by
switching foreign keys off in that process: so the server without a ledger is also spared their checks, and the ledger
is charged with them.
"""

import argparse
import asyncio
import base64
import itertools
import json
import os
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from numpy.typing import NDArray

import ledger_processes
import ledger_replay
import samples
from ledger_processes import Server
from pipeline import make_photographs
from recognizance import bootstrap
from recognizance import server as program
from recognizance.biometrics import Pose, Quality, RelativeBox
from recognizance.ledger import Concealed, ConcealedList, Entry, Ledger
from recognizance.records import KeyVault, RecordStore, Transaction, galleries, references, sqlite
from recognizance.records.references import NewReference
from recognizance.settings import Settings, read_settings
from recognizance.workflows.engine import Engine, require_face
from recognizance_verify.notes import SigningKey
from server import load

SMALL, LARGE = 1_000, 10_000
PHOTOGRAPHS = 200
COPIES = 5
"""References of each person, and so four candidates of a search by reference, five of one by photograph."""

BAR_SEARCH, BAR_BY_IMAGE = 0.80, 0.95
_NULL_ENTRIES_FROM = 1_000_000


class NullStorage:
    """Keeps nothing."""

    def size(self, tx: Transaction) -> int:
        """Count no entries."""
        return 0

    def add(self, tx: Transaction, index: int, at: datetime, body: bytes) -> None:
        """Write nothing."""

    def bodies(self, tx: Transaction, first: int, count: int) -> list[bytes]:
        """Find nothing."""
        return []

    def newest(self, tx: Transaction) -> datetime | None:
        """Know no time."""
        return None

    def tile(self, tx: Transaction, level: int, index: int) -> bytes | None:
        """Find nothing."""
        return None

    def put_tile(self, tx: Transaction, level: int, index: int, hashes: bytes) -> None:
        """Write nothing."""

    def opening(self, tx: Transaction, index: int) -> bytes | None:
        """Find nothing."""
        return None

    def put_opening(self, tx: Transaction, index: int, opening: bytes) -> None:
        """Write nothing."""

    def replace_opening(self, tx: Transaction, index: int, opening: bytes) -> None:
        """Write nothing."""

    def slot_keys(self, tx: Transaction) -> KeyVault:
        """Give people's own keys; nobody asks."""
        return tx.vault


class NullLedger(Ledger[Transaction]):
    """Counts the acts, for searches are numbered by them, and does nothing else."""

    def __init__(self) -> None:
        super().__init__(NullStorage(), SigningKey.generate("null/log"))
        self._numbers = itertools.count(_NULL_ENTRIES_FROM)

    def append(self, tx: Transaction, entry: Entry, concealed: Iterable[Concealed | ConcealedList] = ()) -> int:
        """Count."""
        return next(self._numbers)

    def latest(self, tx: Callable[[], AbstractContextManager[Transaction]]) -> datetime | None:
        """Know no time, without looking for it."""
        return None


def _join_null(settings: Settings, store: RecordStore) -> Ledger[Transaction]:
    return NullLedger()


def serve(ledger: str) -> None:
    """Be the server, with the ledger or without."""
    if ledger == "null":
        bootstrap.join_ledger = _join_null
        pragmas = [pragma.replace("foreign_keys = ON", "foreign_keys = OFF") for pragma in sqlite._PRAGMAS]
        vars(sqlite)["_PRAGMAS"] = tuple(pragmas)
    with program.serving(read_settings()) as server:
        server.run()


@dataclass(frozen=True)
class Gallery:
    """A gallery to search: its name, and faces in it."""

    name: str
    face_ids: list[str]


@dataclass
class Contest:
    """One operation: its requests by ledger, its bar, and what the rounds gave."""

    name: str
    operation: str
    bodies: dict[str, list[dict[str, Any]]]
    bar: float
    rates: dict[str, list[float]] = field(default_factory=lambda: {"null": [], "real": []})
    cpu_ms: dict[str, list[float]] = field(default_factory=lambda: {"null": [], "real": []})
    latencies: dict[str, list[float]] = field(default_factory=lambda: {"null": [], "real": []})

    def ratios(self) -> list[float]:
        """Give the rates with the ledger as shares of those without, by round."""
        return [real / null for null, real in zip(self.rates["null"], self.rates["real"], strict=True)]


def people(engine: Engine, photographs: Sequence[bytes]) -> NDArray[np.float32]:
    """Make templates: the photographs' own, and random ones up to the larger gallery's people."""
    own = []
    for data in photographs:
        image, faces = engine.look(data, 1 << 30)
        face, _ = require_face(faces)
        own.append(engine.templates(image, [face])[0].vector)
    dice = np.random.default_rng(4)
    others = dice.standard_normal((LARGE // COPIES - len(own), engine.dimension)).astype(np.float32)
    return _unit(np.vstack([np.stack(own), others]))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def furnish(home: Path, engine: Engine, templates: NDArray[np.float32]) -> dict[int, Gallery]:
    """Make a record with both galleries, by size, before a server opens it."""
    home.mkdir(mode=0o700, parents=True)
    settings = read_settings(home=home)
    calibration = bootstrap.open_calibration(settings).digest
    dice = np.random.default_rng(5)
    made: dict[int, Gallery] = {}
    with bootstrap.open_record(settings) as record, record.store.write() as tx:
        for size in (SMALL, LARGE):
            now = datetime.now(UTC)
            gallery = galleries.create(
                tx,
                f"people-{size}",
                model=engine.model,
                calibration=calibration,
                keep_photographs=True,
                created_at=now,
            )
            rows = np.repeat(templates[: size // COPIES], COPIES, axis=0)
            rows = _unit(rows + 0.01 * dice.standard_normal(rows.shape).astype(np.float32))
            new = [reference(row, now, f"image-{number}") for number, row in enumerate(rows)]
            references.add_many(tx, gallery.id, new)
            made[size] = Gallery(gallery.name, [one.face_id for one in new])
    return made


def reference(template: NDArray[np.float32], now: datetime, external_id: str | None = None) -> NewReference:
    """Make a reference of a template, with a face like any other."""
    return NewReference(
        face_id=str(uuid.uuid4()),
        image_id=str(uuid.uuid4()),
        external_id=external_id,
        template=template,
        box=RelativeBox(0.27, 0.21, 0.46, 0.58),
        landmarks=[(0.4, 0.4), (0.6, 0.4), (0.5, 0.55), (0.42, 0.65), (0.58, 0.65)],
        confidence=0.98,
        pose=Pose(1.5, -2.5, 3.5),
        quality=Quality(70.1, 80.2),
        enrolled_at=now,
    )


def signed(server: Server, key: Credentials, operation: str, body: dict[str, Any]) -> bytes:
    """Sign a request as botocore does and spell it for the socket."""
    data = json.dumps(body).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"RekognitionService.{operation}",
        "Host": server.host,
    }
    request = AWSRequest("POST", f"http://{server.host}/", data=data, headers=headers)
    SigV4Auth(key, "rekognition", "us-east-1").add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()] + [f"Content-Length: {len(data)}"]
    return ("POST / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + data


def contests(made: dict[str, dict[int, Gallery]], encoded: Sequence[str]) -> Iterator[Contest]:
    """List what is measured."""
    for size in (SMALL, LARGE):
        bodies = {
            ledger: [
                {"CollectionId": of[size].name, "FaceId": face_id, "MaxFaces": 100}
                for face_id in of[size].face_ids[:SMALL:2]
            ]
            for ledger, of in made.items()
        }
        yield Contest(f"SearchFaces among {size:,}", "SearchFaces", bodies, BAR_SEARCH)
    bodies = {
        ledger: [{"CollectionId": of[SMALL].name, "Image": {"Bytes": text}, "MaxFaces": 100} for text in encoded]
        for ledger, of in made.items()
    }
    yield Contest(f"SearchFacesByImage among {SMALL:,}", "SearchFacesByImage", bodies, BAR_BY_IMAGE)


def entries_of(server: Server) -> int:
    """Count the entries in a server's record."""
    with ledger_replay.looking(server.settings) as look:
        return look.ledger.size(look.tx)


def processor_seconds(pid: int) -> float:
    """Read the processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(servers: dict[str, Server], listed: Sequence[Contest], arguments: argparse.Namespace) -> None:
    """Run the rounds; who begins changes each time."""
    keys = {name: Credentials(*ledger_processes.administrator(server.settings)) for name, server in servers.items()}
    for number in range(arguments.rounds + 1):  # the first one is to get warm
        for contest in listed:
            for name in ("null", "real") if number % 2 else ("real", "null"):
                server = servers[name]
                requests = [signed(server, keys[name], contest.operation, body) for body in contest.bodies[name]]
                before = processor_seconds(server.process.pid)
                seconds = arguments.seconds if number else min(arguments.seconds, 3.0)
                rate, took = await load(server.port, requests, arguments.clients, seconds=seconds)
                if number:
                    contest.rates[name].append(rate)
                    contest.latencies[name].extend(took)
                    spent = processor_seconds(server.process.pid) - before
                    contest.cpu_ms[name].append(1000 * spent / len(took))
            if number:
                null, real = contest.rates["null"][-1], contest.rates["real"][-1]
                print(f"{contest.name}: {null:.1f}/s without, {real:.1f}/s with, {real / null:.3f}", flush=True)


def report(listed: Sequence[Contest]) -> bool:
    """Print the table; say whether every bar is met."""
    rows, met = [], True
    for contest in listed:
        low, ratio, high = statistics.quantiles(contest.ratios(), n=4, method="inclusive")
        met = met and ratio >= contest.bar
        rows.append(
            (
                contest.name,
                *(f"{statistics.median(contest.rates[name]):.1f}" for name in ("null", "real")),
                f"{ratio:.3f} ({low:.3f}–{high:.3f})",
                f"≥ {contest.bar:.2f}",
                "met" if ratio >= contest.bar else "MISSED",
                *(f"{statistics.median(contest.cpu_ms[name]):.2f}" for name in ("null", "real")),
                *(f"{1000 * statistics.median(contest.latencies[name]):.1f}" for name in ("null", "real")),
            )
        )
    print()
    head = (
        "",
        "/s without",
        "/s with",
        "ratio (quartiles)",
        "bar",
        "",
        "CPU ms without",
        "with",
        "p50 ms without",
        "with",
    )
    samples.table(head, rows)
    return met


def figures(listed: Sequence[Contest], arguments: argparse.Namespace) -> dict[str, Any]:
    """Give everything that was measured but the single latencies."""
    return {
        "machine": samples.machine(),
        "clients": arguments.clients,
        "contests": {
            contest.name: {
                "rates": contest.rates,
                "ratios": contest.ratios(),
                "cpu_ms": contest.cpu_ms,
                "latency_ms": {
                    name: [1000 * float(value) for value in np.percentile(took, (50, 95, 99))]
                    for name, took in contest.latencies.items()
                },
                "bar": contest.bar,
            }
            for contest in listed
        },
    }


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", choices=("null", "real"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return 0
    # Several searches at once, each with BLAS threads of its own, spend their time on one another; that would hide
    # what the ledger costs.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    photographs = make_photographs(PHOTOGRAPHS)
    engine = samples.engine()
    templates = people(engine, photographs)
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="recognizance-cost-")))
        made = {name: furnish(folder / name, engine, templates) for name in ("null", "real")}
        servers = {
            name: closing.enter_context(
                ledger_processes.serving(folder / name, [sys.executable, __file__, "--serve", name])
            )
            for name in made
        }
        before = {name: entries_of(server) for name, server in servers.items()}
        listed = list(contests(made, [base64.b64encode(data).decode() for data in photographs]))
        asyncio.run(measure(servers, listed, arguments))
        grew = {name: entries_of(server) - before[name] for name, server in servers.items()}
        answers = sum(len(contest.latencies["real"]) for contest in listed)
        assert grew["null"] == 0, f"the null ledger wrote {grew['null']} entries"
        assert grew["real"] >= answers, f"the ledger wrote {grew['real']} entries for {answers} answers"
    samples.write_json(arguments.json, figures(listed, arguments))
    return 0 if report(listed) else 1


if __name__ == "__main__":
    sys.exit(main())
