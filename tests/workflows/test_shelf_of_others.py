"""What is kept of galleries that are deleted, renamed, another model's, or changed by another process."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from gallery.making import brute_force
from recognizance.biometrics import Template
from recognizance.bootstrap import thread_count
from recognizance.errors import GalleryNotFoundError
from recognizance.gallery import Machine
from recognizance.records import KeyVault, references
from recognizance.records import galleries as rows
from recognizance.records.vault import SCAN_VAULT_FILE
from recognizance.settings import Settings
from recognizance.workflows import galleries, subjects
from recognizance.workflows.place import Workplace, find_gallery
from recognizance.workflows.scans import EmbeddedScans
from recognizance.workflows.shelf import Shelf
from workflows.test_shelf import ACT, TAIL_ROWS, Held, check, enrol, erase, folder, opened, settle
from workflows.test_shelf import kept as kept
from workflows.test_shelf import settings as settings


def scan_vault(place: Workplace, settings: Settings) -> KeyVault:
    return KeyVault.open(settings.keys_folder, sealer=place.store.sealer, name=SCAN_VAULT_FILE)


def slots_of(settings: Settings) -> list[int]:
    listed = json.loads((folder(settings) / "segments.json").read_bytes())["segments"]
    return [int(name.partition("-")[0]) for name in listed]


def another_shelf(place: Workplace, settings: Settings, home: Path, model: str | None = None) -> Shelf:
    """Make the shelf of another server with the same record, which has files of its own."""
    model = model or place.engine.model
    engine = EmbeddedScans(
        *(place.store, home, scan_vault(place, settings)),
        model=model,
        dimension=place.engine.dimension,
        machine=Machine(thread_count(settings)),
        tail_rows=TAIL_ROWS,
    )
    return Shelf(place.store, engine, model=model, shared=True)


def test_a_stray_file_costs_nobody_a_key(settings: Settings, kept: Held) -> None:
    with opened(settings) as place, place.store.read() as tx:
        face = next(iter(kept))
        slot = references.get_many(tx, rows.get(tx, "g").id, [face])[face].key_slot
    for number in (slot, 999_999, 10**30):
        (folder(settings) / f"{number}-abcd.segment").write_bytes(b"")
    for _ in range(2):
        with opened(settings) as place:
            check(place, kept)
            assert not place.store.vault.is_destroyed(slot)
            erase(place, kept, list(kept)[-1:])


def test_an_erasure_reaches_the_files_of_another_model(settings: Settings, kept: Held, tmp_path: Path) -> None:
    with opened(settings) as place:
        gallery = find_gallery(place, "g")
        with another_shelf(place, settings, settings.home / "galleries", "another") as shelf:
            with shelf.changing(gallery) as change:
                change.erased(list(kept)[:1])
            assert not list((settings.home / "galleries").iterdir())
        check(place, kept)
        settle(place)
        assert list(folder(settings).glob("*.segment"))
        with another_shelf(place, settings, settings.home / "galleries", "another") as shelf:
            assert shelf.clean_up()
            assert not list((settings.home / "galleries").iterdir())


def test_a_name_that_is_used_again_is_another_gallery(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        old = find_gallery(place, "g")
        galleries.delete_gallery(place, ACT, "g")
        galleries.create_gallery(place, ACT, "g")
        held: Held = {}
        enrol(place, 60, held)
        settle(place)
        with pytest.raises(GalleryNotFoundError):  # a search that began before
            place.shelf.references(old)
        check(place, held)
        erase(place, held, list(held)[:3])
        check(place, held)


def test_a_gallery_that_is_deleted_while_it_is_tended_leaves_nothing(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        old = find_gallery(place, "g")
        check(place, kept)
        block = threading.Event()
        place.shelf._upkeep.submit(block.wait)  # another gallery's compaction is under way
        enrol(place, TAIL_ROWS + 5, kept)
        threading.Timer(0.3, block.set).start()
        galleries.delete_gallery(place, ACT, "g")
        with pytest.raises(GalleryNotFoundError):
            place.shelf.references(old)
        block.set()
        settle(place)
        assert not list((settings.home / "galleries").iterdir())


def test_keys_go_before_the_files_that_name_them(
    settings: Settings, kept: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = slots_of(settings)

    def fail(self: Path, **_: object) -> None:
        raise OSError(5, "Input/output error")

    with opened(settings) as place:
        check(place, kept)
        monkeypatch.setattr(Path, "unlink", fail)
        enrol(place, TAIL_ROWS * 4, kept)
        settle(place)
        monkeypatch.undo()
        check(place, kept)
        assert set(slots_of(settings)) - set(old)
    with opened(settings) as place:
        check(place, kept)
        vault = scan_vault(place, settings)
        gone = set(old) - set(slots_of(settings))
        assert gone
        assert all(vault.is_destroyed(slot) for slot in gone)


def test_a_gallery_in_use_is_not_let_go(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        enrol(place, 1, kept)
        assert place.shelf.let_go(900) == 0
        check(place, kept)


def test_what_another_process_erases_leaves_files_and_memory_here(
    settings: Settings, kept: Held, tmp_path: Path
) -> None:
    with opened(settings) as place, another_shelf(place, settings, tmp_path / "other") as other:
        gallery = find_gallery(place, "g")
        assert len(other.references(gallery)) == len(kept)
        enrol(place, 2, kept, subject="ann")
        assert len(other.subjects(find_gallery(place, "g"))) == 1
        # In memory.
        erase(place, kept, list(kept)[:2])
        other.keep_step()
        now = find_gallery(place, "g")
        probe = next(iter(kept.values()))
        found = other.search(now, Template(probe, now.model), limit=500, threshold=-2)
        assert [(item.identifier, item.score) for item in found] == brute_force(kept, probe, 500, -2)
        subjects.delete_subject(place, ACT, "g", "ann", None)
        other.keep_step()
        assert len(other.subjects(find_gallery(place, "g"))) == 0
        # Only in files.
        other.let_go(0)
        other._upkeep.submit(lambda: None).result()
        other.let_go(0)
        before = {file: file.read_bytes() for file in (tmp_path / "other").rglob("*.segment")}
        assert before
        erase(place, kept, list(kept)[:3])
        other.keep_step()
        after = {file: file.read_bytes() for file in (tmp_path / "other").rglob("*.segment")}
        assert before != after
        assert len(other.references(find_gallery(place, "g"))) == len(kept)
        # The whole gallery.
        galleries.delete_gallery(place, ACT, "g")
        other.keep_step()
        assert not list((tmp_path / "other").iterdir())


def test_another_process_s_enrolments_are_found_at_once(settings: Settings, kept: Held, tmp_path: Path) -> None:
    with opened(settings) as place, another_shelf(place, settings, tmp_path / "other") as other:
        other.references(find_gallery(place, "g"))
        for _ in range(5):
            (face, *_) = enrol(place, 9, kept)
            now = find_gallery(place, "g")
            (found,) = other.search(now, Template(kept[face], now.model), limit=1, threshold=0.99)
            assert found.identifier == face
            assert len(other.references(now)) == len(kept)


def test_a_subject_s_template_is_the_same_however_it_came_about(settings: Settings, kept: Held) -> None:
    with opened(settings) as place:
        for number in range(3):
            enrol(place, number + 1, kept, subject=f"person-{number}")
        before = place.shelf.subjects(find_gallery(place, "g"))
        enrol(place, 2, kept, subject="person-1")
        probe = Template(np.eye(1, place.engine.dimension, dtype=np.float32)[0], place.engine.model)
        told = before.search(probe, limit=9, threshold=-2)
    with opened(settings) as place:
        assert place.shelf.subjects(find_gallery(place, "g")).search(probe, limit=9, threshold=-2) == told
