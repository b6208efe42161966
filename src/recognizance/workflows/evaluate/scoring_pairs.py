"""Compare the photographs of a list of trials with the engine of this process."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import Template
from recognizance.errors import ImageError, NoFaceError
from recognizance.workflows.engine import Engine, require_face
from recognizance.workflows.evaluate.trial_list import TrialList

_BYTES_MAX = 1 << 30

NO_FACE = "no face"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Scored:
    """A score for each pair, in the order of the list.

    Attributes
    ----------
    scores : ndarray of shape (n_pairs,), float64
        Cosines; -inf where one of the two photographs gave no template.
    failures : dict of str to str
        By name of the photograph: why it gave none.
    photographs_sha256 : str
        Digest of the photographs' sorted digests, hexadecimal.
    """

    scores: NDArray[np.float64]
    failures: dict[str, str]
    photographs_sha256: str


def score_pairs(
    engine: Engine, trials: TrialList, photos: Path, *, threads: int, progress: Callable[[int], object]
) -> Scored:
    """Make a template of each photograph's largest face, and compare those that the list names.

    As CompareFaces without a quality filter does, except that only the largest face of either photograph counts.
    """

    def one(name: str) -> tuple[bytes, Template | str]:
        data = (photos / name).read_bytes()
        digest = hashlib.sha256(data).digest()
        try:
            image, faces = engine.look(data, _BYTES_MAX)
            face, _ = require_face(faces)
        except NoFaceError:
            return digest, NO_FACE
        except ImageError:
            return digest, UNREADABLE
        (template,) = engine.templates(image, [face])
        return digest, template

    digests, vectors, failures = [], {}, {}
    with ThreadPoolExecutor(threads) as pool:
        for name, (digest, made) in zip(trials.photographs, pool.map(one, trials.photographs), strict=True):
            digests.append(digest)
            if isinstance(made, str):
                failures[name] = made
            else:
                vectors[name] = made.vector.astype(np.float64)
            progress(1)
    scores = [
        float(np.dot(vectors[pair.a], vectors[pair.b])) if pair.a in vectors and pair.b in vectors else -np.inf
        for pair in trials.pairs
    ]
    return Scored(np.array(scores), failures, hashlib.sha256(b"".join(sorted(digests))).hexdigest())
