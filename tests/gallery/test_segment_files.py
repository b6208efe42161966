"""What a gallery leaves on the disk, and what becomes of it when it is damaged, erased or left half done."""

import hashlib
import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.making import Keys, brute_force, compacted, name, names, unit
from recognizance.biometrics import Template
from recognizance.errors import DamagedIndexError
from recognizance.gallery import ScanGallery
from recognizance.gallery.compaction import CompactionStoppedError
from recognizance.gallery.folder import SegmentFolder
from recognizance.gallery.layout import Layout

MODEL = "model-a"
DIMENSION = 20
ROWS = 300


class Place:
    """A folder with its keys, and what was added to the gallery in it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "1"
        self.keys = Keys()
        self.vectors = unit(np.random.default_rng(0), ROWS, DIMENSION)
        self.held = dict(zip(names(ROWS), self.vectors, strict=True))

    def open(self) -> ScanGallery:
        folder = SegmentFolder(self.path, self.keys, model=MODEL, dimension=DIMENSION)
        return ScanGallery(MODEL, DIMENSION, folder=folder, tail_rows=1)

    def loaded(self) -> ScanGallery:
        gallery = self.open()
        assert gallery.load() == {"version": 7}
        gallery.require_sound()
        return gallery

    def files(self) -> list[Path]:
        return sorted(self.path.glob("*.segment"))

    def check(self, gallery: ScanGallery) -> None:
        assert len(gallery) == len(self.held)
        for probe in (self.vectors[4], unit(np.random.default_rng(1), 1, DIMENSION)[0]):
            found = gallery.search(Template(probe, MODEL), limit=ROWS, threshold=-2)
            assert [(item.identifier, item.score) for item in found] == brute_force(self.held, probe, ROWS, -2)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    gallery = place.open()
    gallery.add(names(ROWS), place.vectors, MODEL)
    compaction = gallery.compact({"version": 7})
    assert compaction is not None
    compaction.run()
    return place


def plain_parts(vectors: NDArray[np.float32]) -> list[bytes]:
    """Cut rows into pieces that would be found in a file that holds them in plain."""
    return [row.tobytes()[start : start + 12] for row in vectors for start in (0, 24)]


def test_a_gallery_is_taken_over_as_it_was(place: Place) -> None:
    place.check(place.loaded())
    (file,) = place.files()
    assert file.stat().st_mode & 0o777 == 0o600
    assert place.path.stat().st_mode & 0o777 == 0o700


def test_nothing_of_a_face_is_in_a_file_in_plain(place: Place) -> None:
    (file,) = place.files()
    content = file.read_bytes()
    assert not any(part in content for part in plain_parts(place.vectors))
    codes = np.rint(place.vectors / (np.abs(place.vectors).max(axis=1, keepdims=True) / 127)).astype(np.int8)
    assert not any(row.tobytes()[:12] in content for row in codes)


def test_erased_rows_are_overwritten_in_the_file(place: Place) -> None:
    gallery = place.loaded()
    (file,) = place.files()
    before = file.read_bytes()
    gone = [name(3), name(4), name(299)]
    gallery.remove([*gone, name(12345)])
    layout = Layout(ROWS, DIMENSION)
    places, after = layout.places(), file.read_bytes()
    for row in (3, 4, 299):
        for part, size in {"codes": DIMENSION, "scales": 4, "code_sums": 4, "vectors": layout.row_bytes}.items():
            start = places[part] + row * size
            assert any(before[start : start + size])
            assert not any(after[start : start + size])
    for identifier in gone:
        del place.held[identifier]
    place.check(gallery)
    place.check(place.loaded())


def test_a_compaction_destroys_the_key_of_what_it_replaces(place: Place) -> None:
    (old,) = place.files()
    copy = old.with_name("copy")
    shutil.copy(old, copy)
    gallery = place.loaded()
    gallery.remove(names(100))
    for identifier in names(100):
        del place.held[identifier]
    assert gallery.is_due()
    compaction = gallery.compact({"version": 7})
    assert compaction is not None
    compaction.run()
    assert not old.exists()
    assert len(place.keys.kept) == 1
    assert gallery.generation == 2
    place.check(gallery)
    place.check(place.loaded())
    assert not copy.exists(), "what the list does not name is thrown away"


@pytest.mark.parametrize("seed", range(60))
def test_a_changed_byte_is_noticed_or_changes_nothing(place: Place, seed: int) -> None:
    rng = np.random.default_rng(seed)
    (file,) = place.files()
    content = bytearray(file.read_bytes())
    places = list(Layout(ROWS, DIMENSION).places().items())
    part = seed % (len(places) - 1)
    start = 0 if seed % 10 == 9 else places[part][1]
    size = 300 if seed % 10 == 9 else {"alive": ROWS, "vectors": 96 * ROWS}.get(places[part][0], 4 * ROWS)
    content[start + int(rng.integers(size))] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)
    gallery = place.open()
    try:
        if gallery.load() is None:
            return
        gallery.require_sound()
        if len(gallery) == ROWS:  # the shelf compares the count with the record's
            place.check(gallery)
    except DamagedIndexError:
        return


def test_files_that_are_cut_short_or_of_another_key_are_thrown_away(place: Place) -> None:
    (file,) = place.files()
    whole = file.read_bytes()
    for broken in (whole[:-1], whole[:5000], b"", b"{}" + whole[2:], whole + b"x"):
        file.write_bytes(broken)
        assert place.open().load() is None
        assert place.files() == []
        file.write_bytes(whole)
        (place.path / "segments.json").write_text('{"generation": 1, "mark": {"version": 7}, "segments": []}')
        shutil.rmtree(place.path)
        place.__init__(place.path.parent)  # type: ignore[misc]
        gallery = place.open()
        gallery.add(names(ROWS), place.vectors, MODEL)
        compacted(gallery)
        (file,) = place.files()
        whole = file.read_bytes()
    place.keys.destroy(list(place.keys.kept))
    assert place.open().load() is None


def test_what_a_crash_left_half_done_is_thrown_away_with_its_key(place: Place) -> None:
    slot, _ = place.keys.make()
    (place.path / f".{slot}-abcd.segment.draft").write_bytes(b"half")
    whole, _ = place.keys.make()
    (place.path / f"{whole}-abcd.segment").write_bytes(b"not listed")
    (place.path / ".segments.json.draft").write_text("{")
    place.check(place.loaded())
    assert len(list(place.path.iterdir())) == 2
    assert len(place.keys.kept) == 1


def test_a_compaction_that_fails_leaves_everything_as_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = place.loaded()
    fresh = unit(np.random.default_rng(3), 50, DIMENSION)
    gallery.add(names(50, 1000), fresh, MODEL)
    place.held.update(zip(names(50, 1000), fresh, strict=True))
    compaction = gallery.compact({"version": 8})
    assert compaction is not None
    later = unit(np.random.default_rng(4), 5, DIMENSION)
    gallery.add(names(5, 2000), later, MODEL)
    place.held.update(zip(names(5, 2000), later, strict=True))
    gallery.remove([name(7), name(1001)])
    del place.held[name(7)], place.held[name(1001)]
    place.path.chmod(0o500)
    monkeypatch.setattr("os.posix_fallocate", _full_disk)
    try:
        with pytest.raises(OSError, match="No space"):
            compaction.run()
    finally:
        place.path.chmod(0o700)
        monkeypatch.undo()
    place.check(gallery)
    assert len(place.keys.kept) == 1
    compaction = gallery.compact({"version": 7})
    assert compaction is not None
    compaction.run()
    place.check(gallery)
    place.check(place.loaded())


def _full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_changes_during_a_compaction_is_in_its_result(place: Place) -> None:
    gallery = place.loaded()
    compaction = gallery.compact({"version": 7})
    assert compaction is not None
    fresh = unit(np.random.default_rng(5), 30, DIMENSION)
    gallery.add(names(30, 1000), fresh, MODEL)
    gallery.remove([name(1), name(1002)])
    gallery.add([name(2)], fresh[:1], MODEL)
    place.held.update(zip(names(30, 1000), fresh, strict=True))
    place.held[name(2)] = fresh[0]
    del place.held[name(1)], place.held[name(1002)]
    place.check(gallery)
    compaction.run()
    place.check(gallery)
    compaction = gallery.compact({"version": 7})
    assert compaction is not None
    compaction.run()
    place.check(gallery)
    place.check(place.loaded())


def test_searches_find_everybody_while_segments_come_and_go(place: Place) -> None:
    gallery = place.loaded()
    failures: list[str] = []
    stop = threading.Event()

    def churn() -> None:
        rng, turn = np.random.default_rng(6), 0
        while not stop.is_set():
            fresh = names(40, 10_000 + 40 * turn)
            gallery.add(fresh, unit(rng, 40, DIMENSION), MODEL)
            compaction = gallery.compact({"version": 7})
            if compaction is not None:
                compaction.run()
            gallery.remove(fresh[:-1])
            turn += 1

    def look() -> None:
        for turn in range(400):
            row = turn % ROWS
            found = gallery.search(Template(place.vectors[row], MODEL), limit=1, threshold=0.99)
            if [item.identifier for item in found] != [name(row)]:
                failures.append(f"{row}: {found}")

    writer = threading.Thread(target=churn)
    readers = [threading.Thread(target=look) for _ in range(4)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    writer.join()
    assert failures == []
    assert gallery.generation > 3


def test_a_file_cannot_be_made_to_fit_without_its_key(place: Place) -> None:
    (file,) = place.files()
    content = bytearray(file.read_bytes())
    places = Layout(ROWS, DIMENSION).places()
    for part in ("high", "low"):
        first, second = (slice(places[part] + 8 * row, places[part] + 8 * row + 8) for row in (0, 1))
        content[first], content[second] = content[second], content[first]
    text, _, *_ = bytes(content[:4096]).split(b"\n")
    header = json.loads(text)
    header["index_sha256"] = hashlib.sha256(content[places["high"] : places["alive"]]).hexdigest()
    forged = json.dumps(header).encode()
    for signature in (hashlib.sha256(forged).hexdigest(), text.decode()[:64]):
        head = (forged + b"\n" + signature.encode() + b"\n").ljust(4096, b"\0")
        file.write_bytes(head + content[4096:])
        gallery = place.open()
        assert gallery.load() is None
        place.__init__(place.path.parent)  # type: ignore[misc]
        gallery = place.open()
        gallery.add(names(ROWS), place.vectors, MODEL)
        compacted(gallery)
        (file,) = place.files()


def test_two_rows_cannot_trade_places(place: Place) -> None:
    (file,) = place.files()
    content = bytearray(file.read_bytes())
    layout = Layout(ROWS, DIMENSION)
    start, size = layout.places()["vectors"], layout.row_bytes
    first, second = slice(start, start + size), slice(start + size, start + 2 * size)
    content[first], content[second] = content[second], content[first]
    file.write_bytes(content)
    gallery = place.loaded()
    with pytest.raises(DamagedIndexError):
        gallery.search(Template(place.vectors[0], MODEL), limit=5, threshold=-2)


def test_a_file_that_loses_its_end_while_it_is_open_is_noticed(place: Place) -> None:
    gallery = place.loaded()
    (file,) = place.files()
    with file.open("r+b") as target:
        target.truncate(20_000)
    with pytest.raises(DamagedIndexError):
        gallery.search(Template(place.vectors[0], MODEL), limit=5, threshold=-2)
    gallery.remove([name(1)])


def test_numbers_that_are_not_finite_are_refused(place: Place) -> None:
    gallery = place.loaded()
    rows = place.vectors[:2].copy()
    rows[1, 3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        gallery.add(names(2, 5_000), rows, MODEL)
    with pytest.raises(ValueError, match="UUID"):
        gallery.add(["one"], place.vectors[:1], MODEL)
    gallery.remove(["one"])
    place.check(gallery)


def test_erasing_during_a_search_hides_nobody_else(place: Place) -> None:
    """The best goes after it was noted: the second has to come in its place."""
    gallery = place.loaded()
    failures: list[str] = []
    probe = place.vectors[0]
    order = [identifier for identifier, _ in brute_force(place.held, probe, ROWS, -2)]
    alive = list(order)

    def look() -> None:
        while len(alive) > 150:
            before = list(alive)
            found = gallery.search(Template(probe, MODEL), limit=1, threshold=-2)
            after = list(alive)
            if not found or found[0].identifier not in before[: len(before) - len(after) + 2]:
                failures.append(str(found))

    reader = threading.Thread(target=look)
    reader.start()
    for identifier in order[:160]:
        gallery.remove([identifier])
        alive.remove(identifier)
    reader.join()
    assert failures == []


def test_a_compaction_that_is_stopped_leaves_everything_as_it_was(place: Place) -> None:
    gallery, files = place.loaded(), place.files()
    more = unit(np.random.default_rng(8), ROWS, DIMENSION)
    place.held.update(zip(names(ROWS, ROWS), more, strict=True))
    gallery.add(names(ROWS, ROWS), more, MODEL)
    compaction = gallery.compact({"version": 8})
    assert compaction is not None
    compaction.stop()
    with pytest.raises(CompactionStoppedError):
        compaction.run()
    assert place.files() == files
    place.check(gallery)
    compaction = gallery.compact({"version": 8})
    assert compaction is not None
    compaction.run()
    place.check(gallery)
    assert place.files() != files


def test_a_replaced_reference_is_never_missing(place: Place) -> None:
    gallery = place.loaded()
    stop = threading.Event()
    missing: list[int] = []

    def replace() -> None:
        turn = 0
        while not stop.is_set():
            gallery.add([name(5)], place.vectors[5:6], MODEL)
            compaction = gallery.compact({"version": 7})
            if compaction is not None:
                compaction.run()
            turn += 1

    writer = threading.Thread(target=replace)
    writer.start()
    for turn in range(300):
        found = gallery.search(Template(place.vectors[5], MODEL), limit=1, threshold=0.99)
        if [item.identifier for item in found] != [name(5)]:
            missing.append(turn)
    stop.set()
    writer.join()
    assert missing == []
