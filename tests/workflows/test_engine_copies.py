"""Copies of galleries in a real Milvus follow a real record, whatever dies in between."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from milvus_server.serving import MilvusProcess, start_milvus
from recognizance.biometrics import Template
from recognizance.errors import VectorEngineError, VectorEngineUnavailableError
from recognizance.gallery import MilvusAddress, MilvusEngine, MilvusGallery
from recognizance.records import RecordStore, engine_positions, galleries, references
from recognizance.records.galleries import GalleryRow
from recognizance.workflows.engine_copies import EngineCopies
from recognizance.workflows.vectors import Reconciled
from records.making import a_gallery, a_reference, open_record

DIMENSION = 16
_installations = itertools.count()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    with open_record(tmp_path / "home" / "record.sqlite") as opened:
        yield opened


@pytest.fixture
def gallery(store: RecordStore) -> GalleryRow:
    with store.write() as tx:
        return a_gallery(tx)


@pytest.fixture
def engine(milvus_server: MilvusProcess) -> Iterator[MilvusEngine]:
    with MilvusEngine(MilvusAddress(milvus_server.url), f"copies{next(_installations)}") as opened:
        yield opened
        for name in opened.collections():
            opened.drop(name)


@pytest.fixture
def restart(store: RecordStore, engine: MilvusEngine) -> Callable[[], EngineCopies]:
    """Begin anew, with nothing in memory: as after a kill -9 of our server."""
    return lambda: EngineCopies(store, engine, model="m/1", dimension=DIMENSION)


def enrolled(store: RecordStore, gallery: GalleryRow, count: int) -> list[str]:
    news = [a_reference(dimension=DIMENSION) for _ in range(count)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
    return [new.face_id for new in news]


def erase(store: RecordStore, gallery: GalleryRow, face_ids: list[str]) -> None:
    with store.write() as tx:
        references.delete_many(tx, gallery.id, face_ids)


def now(store: RecordStore, gallery: GalleryRow) -> GalleryRow:
    with store.read() as tx:
        return galleries.get(tx, gallery.name)


def held(store: RecordStore, gallery: GalleryRow) -> dict[str, bytes]:
    with store.read() as tx:
        return {
            face_id: vector.tobytes()
            for batch in references.templates(tx, gallery.id)
            for face_id, vector in zip(batch.face_ids, batch.templates, strict=True)
        }


def copied(copy: MilvusGallery) -> dict[str, bytes]:
    return {
        name: vector.tobytes()
        for names, vectors in copy.templates()
        for name, vector in zip(names, vectors, strict=True)
    }


def test_a_copy_follows_the_record(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    copies = restart()
    ids = enrolled(store, gallery, 20)
    assert copied(copies.ready(now(store, gallery))) == held(store, gallery)
    erase(store, gallery, ids[::3])
    ids += enrolled(store, gallery, 5)
    erase(store, gallery, ids[-1:])
    copy = copies.ready(now(store, gallery))
    assert copied(copy) == held(store, gallery)
    with store.read() as tx:
        template = references.template_of(tx, gallery.id, ids[1])
        assert engine_positions.behind(tx, "m/1") == []
    (best,) = copy.search(Template(template, gallery.model), limit=1, threshold=0)
    assert best.identifier == ids[1]


def test_what_a_crash_left_undone_is_done_by_whoever_comes_next(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    ids = enrolled(store, gallery, 10)
    restart().ready(now(store, gallery))
    # Committed, and killed before the engine was told: nothing but the record knows.
    enrolled(store, gallery, 3)
    erase(store, gallery, ids[:2])
    with store.read() as tx:
        assert engine_positions.behind(tx, "m/1") == [gallery.name]
    assert copied(restart().ready(now(store, gallery))) == held(store, gallery)
    # Told the engine, and killed before that was noted: it is done twice, and that changes nothing.
    with store.read() as tx:
        position = engine_positions.get(tx, gallery.id)
    enrolled(store, gallery, 3)
    erase(store, gallery, ids[2:4])
    restart().ready(now(store, gallery))
    with store.write() as tx:
        assert position is not None
        engine_positions.put(tx, gallery.id, position)
    restart().catch_up_all()
    assert copied(restart().ready(now(store, gallery))) == held(store, gallery)


def test_two_servers_with_one_record_see_what_the_other_did(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    one, other = restart(), restart()
    for _ in range(3):
        ids = enrolled(store, gallery, 4)
        one.ready(now(store, gallery))
        assert copied(other.ready(now(store, gallery))) == held(store, gallery)
        erase(store, gallery, ids[:2])
        other.ready(now(store, gallery))
        assert copied(one.ready(now(store, gallery))) == held(store, gallery)


def test_reconcile_says_what_was_wrong_and_sets_it_right(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    ids = enrolled(store, gallery, 30)
    copies = restart()
    copy = copies.ready(now(store, gallery))
    assert copies.reconcile(now(store, gallery)) == Reconciled(30)
    copy.remove(ids[:3])
    stranger = np.eye(DIMENSION, dtype=np.float32)
    copy.add(["stranger", "another"], stranger[:2], gallery.model)
    copy.add(ids[5:6], stranger[2:3], gallery.model)
    found = copies.reconcile(now(store, gallery))
    assert found == Reconciled(30, missing=3, extra=2, different=1)
    assert not found.agreed
    assert copied(copies.ready(now(store, gallery))) == held(store, gallery)
    assert copies.reconcile(now(store, gallery)).agreed


def test_a_copy_of_another_size_is_compared_before_it_is_searched(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    ids = enrolled(store, gallery, 10)
    restart().ready(now(store, gallery)).remove(ids[:4])  # as an engine that lost acknowledged writes
    assert copied(restart().ready(now(store, gallery))) == held(store, gallery)


def test_after_a_restore_a_copy_is_compared_before_it_is_searched(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    ids = enrolled(store, gallery, 10)
    copy = restart().ready(now(store, gallery))
    copy.remove(ids[:1])
    copy.add(["of later"], np.eye(DIMENSION, dtype=np.float32)[:1], gallery.model)  # the counts agree
    with store.write() as tx:
        engine_positions.mistrust(tx)
    assert copied(restart().ready(now(store, gallery))) == held(store, gallery)


def test_a_collection_that_somebody_dropped_is_made_anew(
    store: RecordStore, gallery: GalleryRow, engine: MilvusEngine, restart: Callable[[], EngineCopies]
) -> None:
    enrolled(store, gallery, 10)
    copies = restart()
    copies.ready(now(store, gallery))
    engine.drop(engine.collection(gallery.id, gallery.model))
    enrolled(store, gallery, 1)
    with pytest.raises(VectorEngineError):
        copies.ready(now(store, gallery))
    assert copied(copies.ready(now(store, gallery))) == held(store, gallery)


def test_erasures_are_forgotten_once(
    store: RecordStore, gallery: GalleryRow, restart: Callable[[], EngineCopies]
) -> None:
    ids = enrolled(store, gallery, 4)
    copies = restart()
    copies.ready(now(store, gallery))
    erase(store, gallery, ids[:1])
    copies.ready(now(store, gallery))
    with store.read() as tx:
        assert engine_positions.unforgotten(tx, "m/1") == [gallery.name]
    copies.forget_all()
    with store.read() as tx:
        assert engine_positions.unforgotten(tx, "m/1") == []


@pytest.mark.long
def test_an_engine_that_was_killed_catches_up_when_it_is_back(
    store: RecordStore, gallery: GalleryRow, tmp_path: Path
) -> None:
    with start_milvus(tmp_path / "milvus") as milvus:
        with MilvusEngine(MilvusAddress(milvus.url, timeout_s=3), "killed") as engine:
            copies = EngineCopies(store, engine, model="m/1", dimension=DIMENSION)
            ids = enrolled(store, gallery, 10)
            copies.ready(now(store, gallery))
            milvus.kill()
            enrolled(store, gallery, 2)
            erase(store, gallery, ids[:3])
            with pytest.raises(VectorEngineUnavailableError):
                copies.ready(now(store, gallery))
        milvus.start()
        with MilvusEngine(MilvusAddress(milvus.url), "killed") as engine:
            copies = EngineCopies(store, engine, model="m/1", dimension=DIMENSION)
            assert copied(copies.ready(now(store, gallery))) == held(store, gallery)
