"""kill -9 during enrolment, erasure and compaction, again and again, against the files that searches scan.

    python benchmarks/scan_kills.py [--rounds 100] [--seed N] [--postgresql] [--json FILE]

Each round starts a process that enrols, erases and searches in one gallery at once, with compactions all the time, and
kills it somewhere within the next second; some rounds kill the next process too while it still takes over the files.
The next process has to find, before it goes on:

- everybody whose enrolment was acknowledged, by a search for their own template, and nobody whose erasure was;
- in the files, no row that is alive and that the record does not hold, also before anybody searched.
"""

import argparse
import json
import os
import random
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

import kills
import samples
from recognizance.biometrics import Pose, Quality, RelativeBox, Template
from recognizance.bootstrap import open_place
from recognizance.gallery import ScanGallery
from recognizance.home import hold_home
from recognizance.records import references
from recognizance.settings import read_settings
from recognizance.workflows import exchange, galleries
from recognizance.workflows.act import Act
from recognizance.workflows.exchange import Incoming
from recognizance.workflows.first_start import ADMINISTRATOR
from recognizance.workflows.place import Workplace, find_gallery, new_identifier

ACT = Act(ADMINISTRATOR, "AKIABENCHMARK", "Kill", "request")
GALLERY = "kills"
TAIL_ROWS = 64
AT_ONCE = 24
LOAD_SECONDS = 0.1, 1.2
SEARCHED_EACH_ROUND = 300


def template_of(face_id: str, dimension: int) -> NDArray[np.float32]:
    """Make the template of a face: always the same one."""
    vector = np.random.default_rng(int(face_id.replace("-", ""), 16) % 2**63).standard_normal(dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


# --- the process that is killed -------------------------------------------------------------------------


class Work:
    """What the process does until it is killed; every line it prints is an acknowledgement or its announcement."""

    def __init__(self, place: Workplace, known: set[str], seed: int) -> None:
        self._place = place
        self._dice = random.Random(seed)  # noqa: S311 - a run can be repeated
        self._known = sorted(known)
        self._lock = threading.Lock()

    def enrol(self) -> None:
        """Enrol new faces."""
        while True:
            made = [new_identifier() for _ in range(AT_ONCE)]
            exchange.import_references(self._place, ACT, GALLERY, self._place.engine.model, self._incoming(made))
            say("enrolled", made)
            with self._lock:
                self._known += made

    def erase(self) -> None:
        """Erase known faces, and look that they are gone."""
        while True:
            with self._lock:
                self._dice.shuffle(self._known)
                count = min(len(self._known), self._dice.choice([1, 3, 40]))
                gone, self._known = self._known[:count], self._known[count:]
            say("erasing", gone)
            galleries.erase(self._place, ACT, GALLERY, gone)
            say("erased", gone)
            self._require(gone, there=False)

    def search(self) -> None:
        """Look for known faces."""
        while True:
            with self._lock:
                some = self._known[-1:]
            self._require(some, there=True)

    def _require(self, face_ids: list[str], *, there: bool) -> None:
        for face_id in face_ids:
            if find(self._place, face_id) is not there:
                with self._lock:
                    known = face_id in self._known
                if known is there:
                    say("wrong", [f"{face_id} is {'not ' if there else ''}found"])

    def _incoming(self, face_ids: list[str]) -> list[Incoming]:
        dimension = self._place.engine.dimension
        return [
            Incoming(
                *(face_id, new_identifier(), None, None, RelativeBox(0, 0, 1, 1), ((0, 0),) * 5, 0.9),
                *(Pose(0, 0, 0), Quality(50, 50), template_of(face_id, dimension)),
            )
            for face_id in face_ids
        ]


def find(place: Workplace, face_id: str) -> bool:
    """Whether a search for a face's own template finds it."""
    gallery = find_gallery(place, GALLERY)
    probe = Template(template_of(face_id, place.engine.dimension), gallery.model)
    return [item.identifier for item in place.shelf.search(gallery, probe, limit=1, threshold=0.99)] == [face_id]


def say(what: str, names: list[str]) -> None:
    """Print a line in one piece."""
    os.write(1, f"{what} {' '.join(names)}\n".encode())


def live(place: Workplace) -> set[str]:
    """Read who is in the record."""
    gallery = find_gallery(place, GALLERY)
    with place.store.read() as tx:
        return {face_id for batch in references.live_face_ids(tx, gallery.id) for face_id in batch}


def child(arguments: argparse.Namespace) -> None:
    """Check what the process before left, then work until killed."""
    state = json.loads(sys.stdin.readline())
    settings = read_settings(home=arguments.home, record=arguments.record, cache=samples.HOME / "cache")
    with hold_home(settings), open_place(settings, tail_rows=TAIL_ROWS) as place:
        if not state["begun"]:
            galleries.create_gallery(place, ACT, GALLERY)
        say("opened", [])
        place.shelf.clean_up()
        known = live(place)
        enrolled, erased = set(state["enrolled"]), set(state["erased"])
        problems = [f"{face_id} was enrolled and is gone" for face_id in enrolled - known]
        problems += [f"{face_id} was erased and is back" for face_id in erased & known]
        held = place.shelf.references(find_gallery(place, GALLERY))
        if isinstance(held, ScanGallery):
            named = {name for names in held.names() for name in names}
            problems += [f"{face_id} is in the files and not in the record" for face_id in named - known]
            problems += [f"{face_id} is in the record and not in the files" for face_id in known - named]
        dice = random.Random(arguments.seed)  # noqa: S311
        for face_id in dice.sample(sorted(known), min(len(known), SEARCHED_EACH_ROUND)):
            if not find(place, face_id):
                problems.append(f"{face_id} is not found")
        for problem in problems:
            say("wrong", [problem])
        say("checked", [str(len(known)), str(getattr(held, "generation", 0))])
        work = Work(place, known, arguments.seed)
        threads = [threading.Thread(target=task, daemon=True) for task in (work.enrol, work.erase, work.search)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        say("wrong", ["all threads ended"])


# --- the process that kills -----------------------------------------------------------------------------


class Rounds:
    """What was acknowledged so far, and what was found wrong."""

    def __init__(self, home: Path, record: str | None, seed: int) -> None:
        self._home = home
        self._record = record
        self._dice = random.Random(seed)  # noqa: S311 - a run can be repeated
        self.begun = False
        self.enrolled: set[str] = set()
        self.erased: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.generations = 0

    def run(self) -> None:
        """Start a process, let it work, and kill it."""
        early = self.begun and self._dice.random() < 0.2
        command = [sys.executable, __file__, "--child", "--home", str(self._home), "--seed", str(self._dice.random())]
        if self._record is not None:
            command += ["--record", self._record]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert process.stdin is not None
        assert process.stdout is not None
        state = {"begun": self.begun, "enrolled": sorted(self.enrolled), "erased": sorted(self.erased)}
        process.stdin.write(json.dumps(state) + "\n")
        process.stdin.flush()
        deadline: float | None = None
        os.set_blocking(process.stdout.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            rest = b""
            while deadline is None or time.monotonic() < deadline:
                selector.select(0.01 if deadline is not None else 60)
                block = _read(process.stdout)
                if block == b"" and process.poll() is not None:
                    self.problems.append(f"the process ended by itself ({process.returncode})")
                    return
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    what = self._note(line.decode())
                    if (what == "opened" and early) or what == "checked":
                        span = (0.0, 0.3) if early else LOAD_SECONDS
                        deadline = deadline or time.monotonic() + self._dice.uniform(*span)
        process.send_signal(signal.SIGKILL)
        process.wait()
        while block := _read(process.stdout):  # what was printed was acknowledged
            rest += block
        for line in rest.split(b"\n")[:-1]:
            self._note(line.decode())
        self.counts["killed early" if early else "killed under load"] += 1

    def _note(self, line: str) -> str:
        what, *names = line.split(" ")
        if what == "enrolled":
            self.enrolled |= set(names)
        elif what == "erasing":
            self.enrolled -= set(names)  # either way from here on
        elif what == "erased":
            self.erased |= set(names)
        elif what == "wrong":
            self.problems.append(" ".join(names))
        elif what == "checked":
            self.generations = max(self.generations, int(names[1]))
        elif what == "opened":
            self.begun = True
        self.counts[what] += max(1, len(names)) if what in ("enrolled", "erased") else 1
        return what


def _read(stream: TextIO) -> bytes:
    try:
        return os.read(stream.fileno(), 1 << 16)
    except BlockingIOError:
        return b""


def main() -> int:
    """Run the rounds and say what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--record", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        arguments.seed = hash(arguments.seed)
        child(arguments)
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        record = None
        if arguments.postgresql:
            shared, _ = stack.enter_context(kills.postgresql(folder))
            record = shared["record"]
        rounds = Rounds(folder / "home", record, int(arguments.seed))
        began = time.monotonic()
        for number in range(arguments.rounds):
            rounds.run()
            if sys.stderr.isatty():
                print(f"\rround {number + 1}", end="", file=sys.stderr)
        result: dict[str, Any] = {
            "record": "PostgreSQL" if arguments.postgresql else "SQLite",
            "rounds": arguments.rounds,
            "seconds": round(time.monotonic() - began),
            **rounds.counts,
            "generations of files": rounds.generations,
            "problems": len(rounds.problems),
        }
    for name, value in result.items():
        print(f"{name:22} {value}")
    for problem in rounds.problems[:20]:
        print("PROBLEM:", problem)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 1 if rounds.problems else 0


if __name__ == "__main__":
    sys.exit(main())
