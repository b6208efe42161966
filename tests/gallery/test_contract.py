"""The contract of `Gallery`, run against every implementation."""

import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gallery.making import DIMENSION, IMPLEMENTATIONS, brute_force, name, names, unit
from recognizance.biometrics import Template
from recognizance.errors import ModelMismatchError
from recognizance.gallery import Gallery, MilvusGallery

MakeGallery = Callable[[], Gallery]


@pytest.fixture(params=[*IMPLEMENTATIONS, "milvus"])
def make_gallery(request: pytest.FixtureRequest) -> MakeGallery:
    """Make empty galleries; of those in Milvus there is one, emptied, for a collection takes seconds to make."""
    if request.param == "milvus":
        emptied: MakeGallery = request.getfixturevalue("emptied_milvus_gallery")
        return emptied
    return partial(request.param, "model-a", DIMENSION)


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let threads take turns as often as can be, so that they come between each other's steps."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def gallery(make_gallery: MakeGallery) -> Gallery:
    return make_gallery()


def test_an_empty_gallery_finds_nothing(gallery: Gallery) -> None:
    probe = Template(unit(np.random.default_rng(0), 1)[0], "model-a")
    assert gallery.search(probe, limit=5, threshold=-1) == ()
    assert len(gallery) == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_search_equals_the_float64_exhaustive_result(make_gallery: MakeGallery, data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    count = data.draw(st.integers(1, 300))
    vectors = unit(rng, count)
    # Near-ties and exact duplicates, which a float32 product alone would order by chance.
    for _ in range(data.draw(st.integers(0, 40))):
        source, target = rng.integers(count, size=2)
        vectors[target] = vectors[source] * np.float32(1 + data.draw(st.sampled_from([0, 1e-7, -1e-7])))
    probe = vectors[rng.integers(count)] if data.draw(st.booleans()) else unit(rng, 1)[0]
    # Zero has no direction, and denormals lose digits: neither comes from a model, and neither may upset a search.
    for factor in data.draw(st.lists(st.sampled_from([0.0, 1e-20, 1e-39]), max_size=3)):
        vectors[rng.integers(count)] *= np.float32(factor)
    gallery = make_gallery()
    order = rng.permutation(count)
    gallery.add([names(count)[row] for row in order], vectors[order], "model-a")
    held = dict(zip(names(count), vectors, strict=True))
    gone = names(count)[:: data.draw(st.integers(2, 9))]
    gallery.remove(gone)
    for identifier in gone:
        del held[identifier]
    limit = data.draw(st.integers(1, count + 5))
    scores = [score for _, score in brute_force(held, probe, count, -2)]
    threshold = data.draw(st.sampled_from([-1.0, 0.0, 0.3, 1.0, *scores[:3]]))
    found = gallery.search(Template(probe, "model-a"), limit=limit, threshold=threshold)
    assert [(item.identifier, item.score) for item in found] == brute_force(held, probe, limit, threshold)
    assert [item.rank for item in found] == list(range(1, len(found) + 1))


def test_equal_scores_are_ordered_by_identifier(gallery: Gallery) -> None:
    vector = unit(np.random.default_rng(1), 1)
    gallery.add([name(3), name(1), name(2)], np.repeat(vector, 3, axis=0), "model-a")
    found = gallery.search(Template(vector[0], "model-a"), limit=2, threshold=0)
    assert [item.identifier for item in found] == [name(1), name(2)]


def test_excluded_references_are_not_found_and_do_not_take_a_place(gallery: Gallery) -> None:
    vectors = unit(np.random.default_rng(2), 4)
    gallery.add(names(4), vectors, "model-a")
    found = gallery.search(Template(vectors[0], "model-a"), limit=4, threshold=-1, excluding={name(0), name(77)})
    assert name(0) not in [item.identifier for item in found]
    assert len(found) == 3


def test_one_call_that_names_an_identifier_twice_keeps_the_last(gallery: Gallery) -> None:
    vectors = unit(np.random.default_rng(3), 3)
    gallery.add([name(0), name(1), name(0)], vectors, "model-a")
    assert len(gallery) == 2
    found = gallery.search(Template(vectors[2], "model-a"), limit=5, threshold=-1)
    assert (found[0].identifier, len(found)) == (name(0), 2)
    assert found[0].score == pytest.approx(1.0)


def test_adding_an_identifier_again_replaces_it(gallery: Gallery) -> None:
    vectors = unit(np.random.default_rng(3), 2)
    gallery.add(names(1), vectors[:1], "model-a")
    gallery.add(names(1), vectors[1:], "model-a")
    assert len(gallery) == 1
    (found,) = gallery.search(Template(vectors[1], "model-a"), limit=5, threshold=-1)
    assert found.score == pytest.approx(1.0)


def test_templates_of_another_model_are_refused_and_nothing_is_added(gallery: Gallery) -> None:
    vectors = unit(np.random.default_rng(4), 2)
    with pytest.raises(ModelMismatchError):
        gallery.add(names(2), vectors, "model-b")
    with pytest.raises(ModelMismatchError):
        gallery.add(names(2), unit(np.random.default_rng(4), 2, DIMENSION + 1), "model-a")
    with pytest.raises(ModelMismatchError):
        gallery.search(Template(vectors[0], "model-b"), limit=1, threshold=0)
    assert len(gallery) == 0


def test_removed_references_make_room_and_the_rest_stays_right(gallery: Gallery) -> None:
    rng = np.random.default_rng(5)
    held: dict[str, NDArray[np.float32]] = {}
    for turn in range(12):
        fresh, vectors = names(400, 400 * turn), unit(rng, 400)
        gallery.add(fresh, vectors, "model-a")
        held.update(zip(fresh, vectors, strict=True))
        gone = [identifier for identifier in held if rng.random() < 0.6]
        gallery.remove(gone)
        for identifier in gone:
            del held[identifier]
        probe = unit(rng, 1)[0]
        found = gallery.search(Template(probe, "model-a"), limit=10, threshold=-1)
        assert [(item.identifier, item.score) for item in found] == brute_force(held, probe, 10, -1)
        assert len(gallery) == len(held)


def test_searching_while_others_enrol_and_erase_never_misses_what_was_acknowledged(gallery: Gallery) -> None:
    rng = np.random.default_rng(6)
    mates = unit(rng, 50)
    gallery.add(names(50), mates, "model-a")
    failures: list[str] = []
    stop = threading.Event()
    looks = 30 if isinstance(gallery, MilvusGallery) else 300  # each over a connection, past two writers

    def churn(seed: int) -> None:
        own = np.random.default_rng(seed)
        turn = 0
        while not stop.is_set():
            fresh = names(100, 1_000_000 * seed + 100 * turn)
            gallery.add(fresh, unit(own, 100), "model-a")
            gallery.remove(fresh)
            turn += 1

    def look() -> None:
        for turn in range(looks):
            row = turn % 50
            found = gallery.search(Template(mates[row], "model-a"), limit=1, threshold=0.9)
            if [item.identifier for item in found] != [name(row)]:
                failures.append(f"{row}: {found}")

    writers = [threading.Thread(target=churn, args=(seed,)) for seed in (1, 2)]
    readers = [threading.Thread(target=look) for _ in range(2)]
    for thread in writers + readers:
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    for thread in writers:
        thread.join()
    assert failures == []


@pytest.mark.usefixtures("restless_threads")
def test_a_reference_that_is_replaced_is_never_missing(gallery: Gallery) -> None:
    vectors = unit(np.random.default_rng(5), 20)
    gallery.add(names(20), vectors, "model-a")
    stop = threading.Event()
    missing: list[int] = []
    looks = 30 if isinstance(gallery, MilvusGallery) else 3_000

    def replace() -> None:
        while not stop.is_set():
            gallery.add([name(7)], vectors[7:8], "model-a")

    writer = threading.Thread(target=replace)
    writer.start()
    for turn in range(looks):
        found = gallery.search(Template(vectors[7], "model-a"), limit=1, threshold=0.99)
        if [item.identifier for item in found] != [name(7)]:
            missing.append(turn)
    stop.set()
    writer.join()
    assert missing == []


def test_a_search_among_some_compares_no_others(gallery: Gallery) -> None:
    rng = np.random.default_rng(7)
    vectors = unit(rng, 60)
    gallery.add(names(60), vectors, "model-a")
    gallery.remove([name(3)])
    some = [name(row) for row in range(20)]
    held = {name(row): vectors[row] for row in range(20) if row not in (3, 5)}
    for probe in (vectors[4], unit(rng, 1)[0]):
        found = gallery.search(
            Template(probe, "model-a"), limit=30, threshold=-1, excluding={name(5)}, among=[*some, name(99)]
        )
        assert [(item.identifier, item.score) for item in found] == brute_force(held, probe, 30, -1)
    assert gallery.search(Template(vectors[0], "model-a"), limit=3, threshold=-1, among=[]) == ()
