"""A server in use for a long time: its memory stays as it is, and so do the files that it keeps open.

    python benchmarks/soak.py [--seconds 300] [--references 1000000] [--home FOLDER] [--json FILE]

Bars: in the last third of the time the median of memory is at most 5 % above that of the middle third, and no more
files are open.

Real clients do at once, and check the answers of, what a server's day is made of, in minutes instead of an hour: they
search a gallery of a million by reference and by photograph, import references and erase them again after a while (so
that its files are compacted and written anew all the time), make galleries of a few photographs, group and delete them,
and come back to a gallery that the server has let go meanwhile.  ``--home`` keeps the record (about 2 GB).
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from botocore.session import Session

import ledger_processes
import samples
from ledger_processes import Server
from pipeline import make_photographs
from recognizance.bootstrap import open_record, template_dimension
from recognizance.native import native_client
from recognizance.records import galleries, references
from recognizance.settings import Settings, read_settings
from recognizance.workflows.bench.material import unit_rows
from search_by_photograph import MIDDLING, furnish

LARGE, NOW_AND_THEN = "large", "middling"
AT_ONCE = 250
"""References an import brings, and an erasure takes away."""
KEPT = 20_000
"""References that are in the gallery beside the first ones before the oldest are erased."""
IMPORTS_A_SECOND = 4
IDLE_SECONDS = 15
SAMPLE_SECONDS = 2.0
BAR_GROWTH = 1.05


class Day:
    """What clients do to a server until they are told to stop.

    Parameters
    ----------
    known : list of str
        References of the large gallery that nobody erases.
    """

    def __init__(self, server: Server, known: list[str], photographs: list[bytes]) -> None:
        self._server = server
        self._key = ledger_processes.administrator(server.settings)
        self._known = known
        self._photographs = photographs
        self.stop = threading.Event()
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Let all clients work while the block runs."""
        doings = [
            *[self._search_by_reference] * 3,
            *[self._search_by_photograph] * 2,
            *(self._come_and_go, self._small_galleries, self._come_back),
        ]
        threads = [threading.Thread(target=self._keep_doing, args=(doing,)) for doing in doings]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _keep_doing(self, doing: Callable[[], None]) -> None:
        try:
            while not self.stop.is_set():
                doing()
        except Exception as error:  # noqa: BLE001 - told at the end
            self.problems.append(f"{doing.__name__}: {error!r}")
            self.stop.set()

    def _client(self) -> Any:
        return ledger_processes.client(self._server, *self._key, read_timeout_s=120)

    def _native(self) -> Any:
        session = Session()
        session.set_credentials(*self._key)
        return native_client(session, f"http://{self._server.host}", region="us-east-1")

    def _require(self, true: bool, sentence: str) -> None:
        if not true:
            self.problems.append(sentence)

    # A new client each time: connections come and go too.

    def _search_by_reference(self) -> None:
        client = self._client()
        for _ in range(200):
            if self.stop.is_set():
                return
            face_id = random.choice(self._known)  # noqa: S311 - any will do
            found = client.search_faces(CollectionId=LARGE, FaceId=face_id, FaceMatchThreshold=99)["FaceMatches"]
            self._require(face_id not in [one["Face"]["FaceId"] for one in found], "a probe was its own candidate")
            self.done["searches by reference"] += 1

    def _search_by_photograph(self) -> None:
        client = self._client()
        for data in random.choices(self._photographs, k=50):  # noqa: S311
            if self.stop.is_set():
                return
            client.search_faces_by_image(CollectionId=LARGE, Image={"Bytes": data}, MaxFaces=5)
            self.done["searches by photograph"] += 1

    def _come_and_go(self) -> None:
        """Import references and erase the oldest again, so that the gallery's size stays as it is."""
        native, client = self._native(), self._client()
        row = native.list_galleries()["Galleries"]
        (model,) = {gallery["Model"] for gallery in row if gallery["Name"] == LARGE}
        dice = np.random.default_rng()
        present: deque[tuple[str, np.ndarray]] = deque()
        while not self.stop.is_set():
            began = time.monotonic()
            templates = unit_rows(dice, AT_ONCE, template_dimension(self._server.settings))
            made = [(str(uuid.uuid4()), template) for template in templates]
            native.import_references(Gallery=LARGE, Model=model, References=[_request(*one) for one in made])
            present.extend(made)
            self.done["references imported"] += AT_ONCE
            mate = _request(str(uuid.uuid4()), made[0][1])
            native.import_references(Gallery=LARGE, Model=model, References=[mate])
            self._require(self._finds(client, made[0][0], mate["FaceId"]), "a new reference was not found")
            client.delete_faces(CollectionId=LARGE, FaceIds=[mate["FaceId"]])
            self._require(not self._finds(client, made[0][0], mate["FaceId"]), "an erased reference was found")
            if len(present) > KEPT:
                oldest = [present.popleft()[0] for _ in range(AT_ONCE)]
                gone = client.delete_faces(CollectionId=LARGE, FaceIds=oldest)["DeletedFaces"]
                self._require(set(gone) == set(oldest), "an erasure left somebody out")
                self.done["references erased"] += AT_ONCE
            self.stop.wait(max(0.0, 1 / IMPORTS_A_SECOND - (time.monotonic() - began)))

    def _finds(self, client: Any, probe: str, face_id: str) -> bool:
        found = client.search_faces(CollectionId=LARGE, FaceId=probe, FaceMatchThreshold=99)["FaceMatches"]
        return face_id in [one["Face"]["FaceId"] for one in found]

    def _small_galleries(self) -> None:
        client, name = self._client(), f"small-{uuid.uuid4()}"
        client.create_collection(CollectionId=name)
        for number, data in enumerate(self._photographs[:4]):
            client.index_faces(CollectionId=name, Image={"Bytes": data}, ExternalImageId=str(number))
        faces = client.list_faces(CollectionId=name)["Faces"]
        client.create_user(CollectionId=name, UserId="one")
        client.associate_faces(CollectionId=name, UserId="one", FaceIds=[faces[0]["FaceId"]])
        client.search_users(CollectionId=name, FaceId=faces[0]["FaceId"])
        found = client.search_faces_by_image(CollectionId=name, Image={"Bytes": self._photographs[0]})["FaceMatches"]
        self._require(len(found) > 0, "an indexed photograph was not found")
        client.delete_collection(CollectionId=name)
        self.done["small galleries"] += 1

    def _come_back(self) -> None:
        if self.stop.wait(2 * IDLE_SECONDS):
            return
        self._client().search_faces_by_image(CollectionId=NOW_AND_THEN, Image={"Bytes": self._photographs[0]})
        self.done["returns to an idle gallery"] += 1


def _request(face_id: str, template: np.ndarray) -> dict[str, Any]:
    return {
        "FaceId": face_id,
        "ImageId": str(uuid.uuid4()),
        "Box": {"Left": 0.27, "Top": 0.21, "Width": 0.46, "Height": 0.58},
        "Landmarks": [{"X": x, "Y": y} for x, y in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.55), (0.42, 0.65), (0.58, 0.65))],
        "Confidence": 0.98,
        "Pose": {"Roll": 1.5, "Yaw": -2.5, "Pitch": 3.5},
        "Quality": {"Brightness": 70.1, "Sharpness": 80.2},
        "Template": template.astype("<f4").tobytes(),
    }


def known_references(settings: Settings, count: int) -> list[str]:
    """Read some face ids of the large gallery."""
    with open_record(settings) as record, record.store.read() as tx:
        (row,) = [row for row in galleries.list_page(tx, limit=100) if row.name == LARGE]
        for batch in references.live_face_ids(tx, row.id):
            return list(batch)[:count]
    raise RuntimeError("the gallery is empty")


def watch(server: Server, day: Day, seconds: float) -> list[dict[str, float]]:
    """Look at the server from time to time."""
    seen, began = [], time.monotonic()
    shown = 0.0
    while (now := time.monotonic() - began) < seconds and not day.stop.is_set():
        pid = server.process.pid
        seen.append(
            {
                "at_s": now,
                "resident_mb": ledger_processes.memory_mb(pid),
                "files": _entries(f"/proc/{pid}/fd"),
                "threads": _entries(f"/proc/{pid}/task"),
            }
        )
        if now >= shown:
            one = seen[-1]
            print(f"{now:5.0f} s: {one['resident_mb']:.0f} MB, {one['files']} files, {one['threads']} threads")
            shown += seconds / 20
        day.stop.wait(SAMPLE_SECONDS)
    return seen


def _entries(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--references", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="recognizance-bench-") as folder:
        home = options.home or Path(folder) / "home"
        furnish(home, {"one": 1, NOW_AND_THEN: MIDDLING, LARGE: options.references})
        known = known_references(read_settings(home=home), 500)
        with ledger_processes.serving(home, gallery_idle_seconds=str(IDLE_SECONDS)) as server:
            day = Day(server, known, make_photographs(40))
            with day.going_on():
                seen = watch(server, day, options.seconds)
    third = len(seen) // 3
    middle, last = seen[third : 2 * third], seen[2 * third :]
    memory = [statistics.median(one["resident_mb"] for one in part) for part in (middle, last)]
    files = [statistics.median(one["files"] for one in part) for part in (middle, last)]
    for what, count in sorted(day.done.items()):
        print(f"{count:,} {what}")
    growth = memory[1] / memory[0]
    print(
        f"memory {memory[0]:.0f} MB, then {memory[1]:.0f} MB: {growth:.3f} times; the bar is at most {BAR_GROWTH:g}: "
        f"{'met' if growth <= BAR_GROWTH else 'MISSED'}"
    )
    print(f"open files {files[0]:g}, then {files[1]:g}: {'met' if files[1] <= files[0] else 'MISSED'}")
    for problem in day.problems[:20]:
        print(f"PROBLEM {problem}")
    samples.write_json(
        options.json,
        {"machine": samples.machine(), "seen": seen, "done": dict(day.done), "problems": day.problems},
    )
    return 0 if growth <= BAR_GROWTH and files[1] <= files[0] and not day.problems else 1


if __name__ == "__main__":
    sys.exit(main())
