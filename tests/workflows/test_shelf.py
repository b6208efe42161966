"""Galleries in memory and their files, against the record that they are derived from."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from gallery.making import brute_force
from recognizance.biometrics import Pose, Quality, RelativeBox, Template
from recognizance.bootstrap import open_place
from recognizance.gallery.layout import Layout
from recognizance.home import hold_home
from recognizance.records import changes, references
from recognizance.records import galleries as rows
from recognizance.settings import Settings, read_settings
from recognizance.workflows import erasing, exchange, galleries, subjects
from recognizance.workflows.act import Act
from recognizance.workflows.exchange import Incoming
from recognizance.workflows.first_start import ADMINISTRATOR
from recognizance.workflows.place import Workplace, find_gallery, new_identifier
from recognizance.workflows.search import SUBJECTS, search_by_reference

ACT = Act(ADMINISTRATOR, "AKIATEST", "Test", "request")
TAIL_ROWS = 20
Held = dict[str, np.ndarray]


@pytest.fixture
def settings(tmp_path: Path, model_cache: Path) -> Settings:
    return read_settings(home=tmp_path / "home", cache=model_cache)


@contextmanager
def opened(settings: Settings) -> Iterator[Workplace]:
    with hold_home(settings), open_place(settings, tail_rows=TAIL_ROWS) as place:
        yield place


def enrol(place: Workplace, count: int, held: Held, *, gallery: str = "g", subject: str | None = None) -> list[str]:
    """Import references with random templates."""
    rng = np.random.default_rng(len(held))
    vectors = rng.standard_normal((count, place.engine.dimension))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    made = [new_identifier() for _ in range(count)]
    incoming = [
        Incoming(
            *(face_id, new_identifier(), None, subject, RelativeBox(0, 0, 1, 1), ((0, 0),) * 5, 0.9),
            *(Pose(0, 0, 0), Quality(50, 50), template),
        )
        for face_id, template in zip(made, unit, strict=True)
    ]
    exchange.import_references(place, ACT, gallery, place.engine.model, incoming)
    held.update(zip(made, unit, strict=True))
    return made


def erase(place: Workplace, held: Held, face_ids: list[str]) -> None:
    galleries.erase(place, ACT, "g", face_ids)
    for face_id in face_ids:
        del held[face_id]


def check(place: Workplace, held: Held) -> None:
    """Compare a search of everybody with what the record should hold."""
    gallery = find_gallery(place, "g")
    assert len(place.shelf.references(gallery)) == len(held)
    probe = next(iter(held.values()))
    found = place.shelf.search(gallery, Template(probe, gallery.model), limit=len(held) + 1, threshold=-2)
    assert [(item.identifier, item.score) for item in found] == brute_force(held, probe, len(held), -2)


def settle(place: Workplace) -> None:
    """Wait for the upkeep that is under way."""
    place.shelf._upkeep.submit(lambda: None).result()


def folder(settings: Settings) -> Path:
    (found,) = (settings.home / "galleries").iterdir()
    return found


def read_from_record(caplog: pytest.LogCaptureFixture) -> bool:
    found = any("from the record" in message for message in caplog.messages)
    caplog.clear()
    return found


@pytest.fixture
def kept(settings: Settings, caplog: pytest.LogCaptureFixture) -> Held:
    """A home whose gallery ``g`` has segments and a tail."""
    caplog.set_level(logging.INFO)
    held: Held = {}
    with opened(settings) as place:
        galleries.create_gallery(place, ACT, "g")
        for count in (50, 30, 7):
            enrol(place, count, held)
            settle(place)
        check(place, held)
        assert folder(settings).stat().st_mode & 0o777 == 0o700
    read_from_record(caplog)
    return held


def test_files_are_taken_over_after_a_restart(settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture) -> None:
    with opened(settings) as place:
        check(place, kept)
        assert not read_from_record(caplog)
        enrol(place, 3, kept)
        erase(place, kept, list(kept)[10:40])
        check(place, kept)
    with opened(settings) as place:
        check(place, kept)
        assert not read_from_record(caplog)


def test_files_that_are_gone_are_made_anew(settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(settings.home / "galleries")
    with opened(settings) as place:
        check(place, kept)
        assert read_from_record(caplog)
        settle(place)
    with opened(settings) as place:
        check(place, kept)
        assert not read_from_record(caplog)


@pytest.mark.parametrize("part", ["codes", "scales", "vectors", "high"])
def test_files_that_are_damaged_are_made_anew(
    settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    for file in folder(settings).glob("*.segment"):
        content = bytearray(file.read_bytes())
        start = Layout(50, 128).places()[part]
        content[start : start + 100] = bytes(100)
        file.write_bytes(content)
    with opened(settings) as place:
        check(place, kept)
        assert read_from_record(caplog)
        check(place, kept)


def test_damage_while_the_gallery_is_in_use_is_noticed(
    settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(settings) as place:
        check(place, kept)
        for file in folder(settings).glob("*.segment"):
            size = file.stat().st_size
            with file.open("r+b") as target:  # in place: the server has the file open
                target.write(bytes(size))
        check(place, kept)
        assert read_from_record(caplog)
        check(place, kept)


def test_a_record_that_was_put_back_is_not_mixed_with_newer_files(
    settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    before = dict(kept)
    record = settings.home / "record.db"
    copy = tmp_path / "copy.db"
    shutil.copy(record, copy)
    with opened(settings) as place:
        for _ in range(3):
            enrol(place, 30, kept)
            settle(place)
    (settings.keys_folder / "log-head").unlink(missing_ok=True)
    for name in ("record.db-wal", "record.db-shm"):
        settings.home.joinpath(name).unlink(missing_ok=True)
    shutil.copy(copy, record)
    read_from_record(caplog)
    with opened(settings) as place:
        for _ in range(4):  # as many references and versions as the files know of, but other ones
            enrol(place, 30, before)
            settle(place)
        check(place, before)


def test_what_was_erased_leaves_the_files_of_a_gallery_that_is_not_in_memory(
    settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(settings) as place:
        gone = list(kept)[:5]
        before = b"".join(file.read_bytes() for file in folder(settings).glob("*.segment"))
        erase(place, kept, gone)
        after = b"".join(file.read_bytes() for file in folder(settings).glob("*.segment"))
        assert before.count(bytes(512)) + 5 <= after.count(bytes(512)) or len(before) != len(after)
        check(place, kept)
        assert not read_from_record(caplog)


def test_what_a_crash_left_of_the_erased_is_removed_at_the_start(
    settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(settings) as place:
        gone = list(kept)[:5]
        with place.store.write() as tx:  # as if the process had ended between the commit and what follows it
            references.delete_many(tx, rows.get(tx, "g").id, gone)
        for face_id in gone:
            del kept[face_id]
    with opened(settings) as place:
        place.shelf.clean_up()
        with place.store.read() as tx:
            gallery = rows.get(tx, "g")
            assert len(changes.erased_since(tx, gallery.id, 0) or []) == 5
        check(place, kept)
        assert not read_from_record(caplog)


def test_files_are_made_anew_where_the_record_forgot_what_was_erased(
    settings: Settings, kept: Held, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(settings) as place:
        with place.store.write() as tx:
            gallery = rows.get(tx, "g")
            references.delete_many(tx, gallery.id, [next(iter(kept))])
            changes.forget_before(tx, gallery.id, gallery.version + 1)
        del kept[next(iter(kept))]
    with opened(settings) as place:
        check(place, kept)
        assert read_from_record(caplog)


def test_a_deleted_gallery_leaves_no_files(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        check(place, kept)
        galleries.delete_gallery(place, ACT, "g")
        assert not list((settings.home / "galleries").iterdir())


def test_files_of_a_gallery_that_is_gone_are_thrown_away_at_the_start(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        with place.store.write(alone=True) as tx:
            rows.delete_gallery(tx, "g")
        place.shelf.clean_up()
        assert not list((settings.home / "galleries").iterdir())


def test_idle_galleries_are_let_go_and_come_back(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        check(place, kept)
        assert place.shelf.let_go(3_600) == 0
        assert place.shelf.let_go(0) == 1
        assert place.shelf.let_go(0) == 0
        check(place, kept)


def test_files_that_wait_hold_nobody_who_was_erased(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        check(place, kept)
        files = set(folder(settings).glob("*.segment"))
        erase(place, kept, list(kept)[:1])
        assert files == set(folder(settings).glob("*.segment")), "one of many: the rest is not written anew for it"
        assert place.shelf.let_go(0) == 0
        settle(place)
        assert files > set(folder(settings).glob("*.segment")) or not files & set(folder(settings).glob("*.segment"))
        assert place.shelf.let_go(0) == 1
        check(place, kept)


def test_a_search_among_some(settings: Settings, kept: Held) -> None:
    some = list(kept)[::3]
    with opened(settings) as place:
        gallery = find_gallery(place, "g")
        probe = kept[some[0]]
        found = place.shelf.search(gallery, Template(probe, gallery.model), limit=100, threshold=-2, among=some)
        expected = brute_force({face_id: kept[face_id] for face_id in some}, probe, 100, -2)
        assert [(item.identifier, item.score) for item in found] == expected


def test_a_full_disk_costs_no_answer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    held: Held = {}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recognizance.workflows.shelved._REST_SECONDS", 0.0)
    with opened(settings) as place:
        galleries.create_gallery(place, ACT, "g")
        monkeypatch.setattr("os.posix_fallocate", full)
        for count in (30, 30):
            enrol(place, count, held)
            settle(place)
        check(place, held)
        place.shelf.let_go(0)
        check(place, held)
        settle(place)
        monkeypatch.undo()
        enrol(place, 30, held)
        settle(place)
        check(place, held)
        assert list(folder(settings).glob("*.segment"))


def people(place: Workplace) -> list[tuple[str | None, float]]:
    """Search the subjects for the first reference."""
    with place.store.read() as tx:
        (first, *_) = references.list_page(tx, rows.get(tx, "g").id, limit=1)
    found = search_by_reference(place, ACT, "g", first.face_id, among=SUBJECTS, limit=500, threshold_percent=0)
    return [(lead.subject_name, lead.candidate.score) for lead in found.leads]


def test_subjects_are_the_same_before_and_after_a_restart(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        for number in range(TAIL_ROWS + 5):
            enrol(place, 2, kept, subject=f"person-{number:02d}")
        subjects.delete_subject(place, ACT, "g", "person-03", None)
        first = people(place)
        subjects.disassociate(place, ACT, "g", "person-04", [], token=None)
        erasing.erase_subject(place, ACT, "g", "person-05")
        second = people(place)
    assert {name for name, _ in first} - {name for name, _ in second} <= {"person-05"}
    with opened(settings) as place:
        assert people(place) == second
