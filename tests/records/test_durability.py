"""Real processes, killed and starved."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from recognizance.errors import RecordUnavailableError
from recognizance.records import RecordStore, Sealer, entries, galleries, references
from recognizance.records.galleries import GalleryRow
from records.making import KEY, NOW, RUN_ENVIRONMENT, a_reference, everything, open_record

_PROLOGUE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from recognizance.errors import RecordUnavailableError
from recognizance.records import entries, meta
from records.making import open_record
now = datetime.now(UTC)
place = sys.argv[1]
store = open_record(place if "://" in place else Path(place), keys=Path(sys.argv[2]))
"""

_APPEND = """
while True:
    with store.write() as tx:
        entry = entries.append(tx, lambda index: b"%d:" % index + b"x" * 3000, at=now)
    sys.stdout.write(f"{entry.index}\\n")
    sys.stdout.flush()
"""

_ENROL_AND_ERASE = """
import random, threading
from recognizance.records import galleries, references
from records.making import a_gallery, a_reference
with store.write() as tx:
    gallery = a_gallery(tx) if entries.count(tx) == 0 else galleries.get(tx, "staff")
said = threading.Lock()

def act(kind, face_id, slot, do):
    with store.write() as tx:
        do(tx)
        slot = slot or references.get_many(tx, gallery.id, [face_id])[face_id].key_slot
        entry = entries.append(tx, lambda index: f"{kind} {face_id} {slot}".encode(), at=now)
    with said:
        print(entry.index, flush=True)
    return slot

def work():
    mine = []
    while True:
        if mine and random.random() < 0.4:
            face_id, slot = mine.pop()
            act("erased", face_id, slot, lambda tx: references.delete_many(tx, gallery.id, [face_id]))
        else:
            new = a_reference()
            slot = act("enrolled", new.face_id, None, lambda tx: references.add_many(tx, gallery.id, [new]))
            mine.append((new.face_id, slot))

for _ in range(8):
    threading.Thread(target=work).start()
"""

_STARVE = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with store.write() as tx:
    meta.put(tx, "before", "kept")
store.scrub()
limit = Path(sys.argv[1]).stat().st_size + 20_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
failed = None
for number in range(100):
    try:
        with store.write() as tx:
            meta.put(tx, f"big {number}", "y" * 50_000)
    except RecordUnavailableError as error:
        failed = number
        assert error.remedy, error
        break
assert failed is not None
with store.read() as tx:
    assert meta.get(tx, "before") == "kept"
    assert meta.get(tx, f"big {failed}") is None
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with store.write() as tx:
    meta.put(tx, "after", "kept")
assert store.integrity_check() == []
print("usable")
"""


def _start(body: str, place: Path | str, keys: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _PROLOGUE + body, str(place), str(keys)],
        env=RUN_ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_writer_loses_nothing_that_it_acknowledged(place: Path | str, keys: Path) -> None:
    acknowledged = -1
    for round_number in range(5):
        process = _start(_APPEND, place, keys)
        assert process.stdout is not None
        for _ in range(10 + 7 * round_number):
            acknowledged = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
        process.wait()
        process.stdout.close()
        acknowledged = max([acknowledged, *(int(line) for line in rest if line.endswith("\n"))])
        with open_record(place, keys=keys) as store:
            assert store.integrity_check() == []
            with store.read() as tx:
                count = entries.count(tx)
                # One more may be durable than it lived to tell.
                assert acknowledged + 1 <= count <= acknowledged + 2
                page = entries.list_page(tx, limit=count + 1)
                assert [entry.body.split(b":")[0] for entry in page] == [b"%d" % index for index in range(count)]


def test_threads_that_share_commits_lose_nothing_when_they_are_killed(place: Path | str, keys: Path) -> None:
    """Every acknowledged act has its entry, every entry its effect, every effect its entry; keys follow them."""
    for round_number in range(4):
        process = _start(_ENROL_AND_ERASE, place, keys)
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(60 + 37 * round_number)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.read().splitlines(keepends=True)
        process.wait()
        process.stdout.close()
        acknowledged = max(int(line) for line in said if line.endswith("\n"))
        with open_record(place, keys=keys) as store:
            assert store.integrity_check() == []
            with store.read() as tx:
                bodies = [entry.body.decode().split() for entry in entries.list_page(tx, limit=10**6)]
                assert acknowledged < len(bodies) <= acknowledged + 1 + 8
                enrolled = {face_id: int(slot) for kind, face_id, slot in bodies if kind == "enrolled"}
                erased = {face_id for kind, face_id, _ in bodies if kind == "erased"}
                gallery = galleries.get(tx, "staff")
                page = references.list_page(tx, gallery.id, limit=10**6)
                assert {row.face_id for row in page} == enrolled.keys() - erased
                assert {face_id for face_id, slot in enrolled.items() if store.vault.is_destroyed(slot)} == erased
                assert sum(len(batch.sequences) for batch in references.templates(tx, gallery.id)) == len(page)
            if isinstance(place, Path):  # what PostgreSQL keeps is sealed: docs/postgresql.md
                files = everything(place)
                in_entries = Counter(face_id for _, face_id, _ in bodies)
                # Once more: the list for copies of the gallery (`records.changes`).
                assert not [face_id for face_id in erased if files.count(face_id.encode()) > in_entries[face_id] + 1]


def test_two_processes_append_without_gap_or_repetition(place: Path | str, keys: Path) -> None:
    body = _APPEND.replace("while True:", "for _ in range(60):")
    processes = [_start(body, place, keys) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(int(line) for output in outputs for line in output.split()) == list(range(120))


def test_two_processes_may_create_one_record(place: Path | str, keys: Path) -> None:
    body = 'with store.read() as tx: print(meta.get(tx, "sealing_key_id"))'
    processes = [_start(body, place, keys) for _ in range(3)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [output.strip() for output in outputs] == [Sealer(KEY).key_id] * 3


def test_a_disk_that_stops_taking_bytes_is_named_and_the_record_stays_usable(path: Path, keys: Path) -> None:
    process = _start(_STARVE, path, keys)
    output, _ = process.communicate(timeout=120)
    assert output == "usable\n"
    assert process.returncode == 0


@pytest.mark.sqlite
def test_a_full_disk_is_named_and_the_record_stays_usable(store: RecordStore, gallery: GalleryRow) -> None:
    with store.write() as tx:
        pages = tx.execute(text("PRAGMA page_count")).scalar_one()
        tx.execute(text(f"PRAGMA max_page_count = {pages + 10}"))
    kept = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, [kept])

    def fill() -> None:
        with store.write() as tx:
            entries.append(tx, lambda index: b"{}", at=NOW)
            references.add_many(tx, gallery.id, [a_reference() for _ in range(500)])

    with pytest.raises(RecordUnavailableError, match="full") as caught:
        fill()
    assert "Free space" in caught.value.remedy
    with store.read() as tx:
        assert galleries.counts(tx, gallery.id).faces == 1
        assert entries.count(tx) == 0
    with store.write() as tx:
        tx.execute(text("PRAGMA max_page_count = 1000000"))
    fill()
    with store.read() as tx:
        assert galleries.counts(tx, gallery.id).faces == 501
        assert kept.face_id in references.get_many(tx, gallery.id, [kept.face_id])
    assert store.integrity_check() == []
