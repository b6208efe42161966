"""Probes that share a pass over the rows get what each would get alone."""

import uuid

import numpy as np
import pytest

from recognizance.biometrics import Template
from recognizance.gallery import ExhaustiveGallery
from recognizance.gallery.identifiers import pack, unpack
from recognizance.gallery.kernels import BLOCK_ROWS, prepare
from recognizance.gallery.memory import MemoryStorage
from recognizance.gallery.quantisation import quantise_probe
from recognizance.gallery.segment import Request, Segment

ROWS = 9 * BLOCK_ROWS + 77


@pytest.mark.parametrize("dimension", [128, 37])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 32])
def test_each_gets_its_own_answer(dimension: int, count: int) -> None:
    dice = np.random.default_rng(count)
    rows = dice.standard_normal((ROWS, dimension), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = [str(uuid.UUID(bytes=dice.bytes(16))) for _ in range(ROWS)]
    plain = ExhaustiveGallery("m", dimension)
    plain.add(names, rows, "m")
    segment = Segment(MemoryStorage(pack(names), rows.copy()), prepare(dimension))
    gone = names[:: ROWS // 50]
    segment.erase(segment.hide(gone))
    plain.remove(gone)
    probes = rows[dice.integers(0, ROWS, count)]
    requests = [
        Request(quantise_probe(probe), (1, 10, 100)[turn % 3], (-1.0, 0.2)[turn % 2], names[turn : turn * 2])
        for turn, probe in enumerate(probes)
    ]
    found = segment.search(requests, threads=1, helpers=None)
    for probe, request, own in zip(probes, requests, found, strict=True):
        wanted = plain.search(
            Template(probe, "m"), limit=request.limit, threshold=request.threshold, excluding=request.excluding
        )
        assert unpack(own.keys) == [candidate.identifier for candidate in wanted]
        assert own.scores.tolist() == [candidate.score for candidate in wanted]
