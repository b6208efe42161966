"""The certified scan against float64, over cases that are made to be hard for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.making import brute_force, compacted, name, names, unit
from recognizance.biometrics import Template
from recognizance.bootstrap import open_engine
from recognizance.gallery import ScanGallery, segment
from recognizance.settings import read_settings

Vectors = NDArray[np.float32]
Kind = Callable[[np.random.Generator, Vectors], Vectors]


def _spread(rng: np.random.Generator, rows: Vectors) -> Vectors:
    return rows


def _duplicates(rng: np.random.Generator, rows: Vectors) -> Vectors:
    return rows[rng.integers(0, max(1, len(rows) // 8), len(rows))]


def _near_ties(rng: np.random.Generator, rows: Vectors) -> Vectors:
    factors = 1 + rng.choice([0.0, 1e-7, -1e-7, 6e-8], (len(rows), 1))
    return (_duplicates(rng, rows) * factors).astype(np.float32)


def _last_bits(rng: np.random.Generator, rows: Vectors) -> Vectors:
    """Copies of one template that differ by one unit in the last place of some numbers."""
    copies = np.repeat(rows[:1], len(rows), axis=0)
    up = rng.random(copies.shape) < 0.1
    return np.where(up, np.nextafter(copies, np.float32(2)), copies)


def _zero_margin(rng: np.random.Generator, rows: Vectors) -> Vectors:
    """Rows that one byte a number holds without any error: the margin is next to nothing."""
    axis = np.zeros_like(rows)
    axis[np.arange(len(rows)), rng.integers(0, rows.shape[1], len(rows))] = rng.choice([1, -1], len(rows))
    return axis


def _denormals(rng: np.random.Generator, rows: Vectors) -> Vectors:
    scales = rng.choice([1.0, 1e-20, 1e-38, 1e-41, 1e-44, 0.0], (len(rows), 1))
    return (rows * scales).astype(np.float32)


def _one_large_number(rng: np.random.Generator, rows: Vectors) -> Vectors:
    """One number takes the whole range of a byte, and the rest is rounded to nothing."""
    spiked = rows * np.float32(1e-3)
    spiked[:, 0] = rng.choice([1, -1, 0.5], len(rows))
    return spiked


KINDS: list[Kind] = [
    *(_spread, _duplicates, _near_ties, _last_bits),
    *(_zero_margin, _denormals, _one_large_number),
]
GALLERIES_PER_KIND = 150
PROBES_PER_GALLERY = 10
"""10,500 cases in all."""


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_order_equal_those_of_float64(kind: Kind) -> None:
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(GALLERIES_PER_KIND):
        dimension = int(rng.choice([4, 10, 128]))
        count = int(rng.integers(1, 250))
        vectors = kind(rng, unit(rng, count, dimension))
        gallery = ScanGallery("m", dimension, tail_rows=1)
        held = dict(zip(names(count), vectors, strict=True))
        cut = int(rng.integers(0, count + 1))  # some in a segment, the rest in the tail or in another segment
        for part in (slice(0, cut), slice(cut, count)):
            gallery.add(names(count)[part], vectors[part], "m")
            if rng.random() < 0.7:
                compacted(gallery)
        for row in np.flatnonzero(rng.random(count) < rng.choice([0, 0.1, 0.9])).tolist():
            gallery.remove([name(row)])
            del held[name(row)]
        for _ in range(PROBES_PER_GALLERY):
            probe = vectors[rng.integers(count)] if rng.random() < 0.5 else unit(rng, 1, dimension)[0]
            limit = int(rng.choice([1, 2, 7, count + 3]))
            scores = [score for _, score in brute_force(held, probe, count, -9)]
            threshold = float(rng.choice([-1.5, 0, 0.5, *scores[:2], *scores[-1:]]))
            found = gallery.search(Template(probe, "m"), limit=limit, threshold=threshold)
            assert [(item.identifier, item.score) for item in found] == brute_force(held, probe, limit, threshold)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("room", [0, 700])
def test_what_does_not_fit_is_pruned_or_scored_whole(monkeypatch: pytest.MonkeyPatch, kind: Kind, room: int) -> None:
    monkeypatch.setattr(segment, "_ROOM_MIN", room)
    monkeypatch.setattr(segment, "_ROOM_SHARE", 1)
    rng = np.random.default_rng(100 + KINDS.index(kind))
    vectors = kind(rng, unit(rng, 3_000))
    gallery = ScanGallery("m", vectors.shape[1], tail_rows=1)
    gallery.add(names(3_000), vectors, "m")
    compacted(gallery)
    others = {name(row): vector for row, vector in enumerate(vectors) if row != 17}
    for probe in (vectors[17], unit(rng, 1)[0]):
        for limit, threshold in ((1, -2.0), (40, -2.0), (40, 0.1), (2_000, -2.0), (4_000, -2.0)):
            found = gallery.search(Template(probe, "m"), limit=limit, threshold=threshold, excluding=[name(17)])
            assert [(item.identifier, item.score) for item in found] == brute_force(others, probe, limit, threshold)


def test_real_templates(faces: Path, model_cache: Path, tmp_path: Path) -> None:
    engine = open_engine(read_settings(home=tmp_path, cache=model_cache))
    templates = []
    for path in sorted((faces / "meds2" / "images").glob("*.jpg"))[:60]:
        image = engine.decode(path.read_bytes(), 10**8)
        templates += [template.vector for template in engine.templates(image, engine.faces(image)[:1])]
    assert len(templates) > 50
    vectors = np.stack(templates)
    gallery = ScanGallery(engine.model, engine.dimension, tail_rows=1)
    gallery.add(names(len(vectors)), vectors, engine.model)
    compacted(gallery)
    held = dict(zip(names(len(vectors)), vectors, strict=True))
    for probe in vectors:
        for limit, threshold in ((5, -1.0), (100, 0.2)):
            found = gallery.search(Template(probe, engine.model), limit=limit, threshold=threshold)
            assert [(item.identifier, item.score) for item in found] == brute_force(held, probe, limit, threshold)
