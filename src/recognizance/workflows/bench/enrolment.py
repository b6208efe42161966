"""How many photographs a second the machine turns into templates."""

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from recognizance.errors import ImageError, NoFaceError
from recognizance.workflows.engine import Engine

SECONDS = 8.0
_BYTES_MAX = 1 << 30


@dataclass(frozen=True)
class Enrolment:
    """What was measured.

    Attributes
    ----------
    photographs_per_second, faces_per_second : float
        Decoded, searched for faces, and templates made of all of them; with all threads.
    """

    photographs_per_second: float
    faces_per_second: float


def measure(engine: Engine, photographs: Sequence[bytes], *, threads: int) -> Enrolment:
    """Work on photographs, over and over, for `SECONDS`; those that cannot be used count as they would in an enrolment.

    Raises
    ------
    NoFaceError
        If there is a face in none of them.
    """
    numbers = itertools.count()
    lock = threading.Lock()

    def work(until: float) -> tuple[int, int]:
        done = faces = 0
        while not done or time.perf_counter() < until:
            with lock:
                number = next(numbers)
            faces += _templates(engine, photographs[number % len(photographs)])
            done += 1
        return done, faces

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, [0.0] * threads))  # the first ones bring models into memory
        began = time.perf_counter()
        counted = list(pool.map(work, [began + SECONDS] * threads))
        took = time.perf_counter() - began
    done, faces = (sum(column) for column in zip(*counted, strict=True))
    if not faces:
        raise NoFaceError("There is no face in these photographs.", "Name others with --photographs.")
    return Enrolment(done / took, faces / took)


def _templates(engine: Engine, data: bytes) -> int:
    try:
        image = engine.decode(data, _BYTES_MAX)
    except ImageError:
        return 0
    return len(engine.templates(image, engine.faces(image)))
