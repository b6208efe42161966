"""The engine of this program as the service that is measured: no server, no gallery of anybody's, no record."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recognizance.biometrics import DetectedFace, Image
from recognizance.errors import ImageError
from recognizance.scoring import Calibration
from recognizance.workflows.engine import Engine
from recognizance.workflows.evaluate.service import (
    NO_FACE,
    UNREADABLE,
    Compared,
    Listed,
    Photographs,
    Progress,
    Searched,
    Seen,
    SeenFace,
    Templates,
)

_BYTES_MAX = 1 << 30
Found = TypeVar("Found")


@dataclass(frozen=True)
class Local:
    """The engine in this process; `description` is what `describe` gives.  See `Service` for the methods."""

    engine: Engine
    calibration: Calibration
    description: dict[str, Any]
    threads: int

    @property
    def scale(self) -> Calibration:
        """See `Service.scale`: scores are cosines."""
        return self.calibration

    def describe(self) -> dict[str, Any]:
        """See `Service.describe`."""
        return self.description

    def compare(self, photographs: Photographs, pairs: Sequence[tuple[str, str]], progress: Progress) -> Compared:
        """See `Service.compare`."""
        vectors, failures, digests = self._vectors(photographs, progress)
        scores = [float(np.dot(vectors[a], vectors[b])) if a in vectors and b in vectors else -np.inf for a, b in pairs]
        return Compared(np.array(scores), failures, digest_of(digests))

    def templates(self, photographs: Photographs, progress: Progress) -> Templates:
        """See `Service.templates`."""
        vectors, failures, digests = self._vectors(photographs, progress)
        made = np.zeros((len(photographs.names), self.engine.dimension), dtype=np.float32)
        for row, name in enumerate(photographs.names):
            if name in vectors:
                made[row] = vectors[name]
        return Templates(made, failures, digest_of(digests))

    def search(
        self, gallery: Photographs, probes: Photographs, *, limit: int, percent: float, progress: Progress
    ) -> Searched:
        """See `Service.search`."""
        enrolled, gallery_failures, digests = self._vectors(gallery, progress)
        asked, probe_failures, probe_digests = self._vectors(probes, progress)
        names = tuple(enrolled)
        matrix = np.array(list(enrolled.values())).reshape(len(names), self.engine.dimension)
        floor = self.calibration.score_at_percent(percent) if percent else -np.inf
        found = {name: self._candidates(names, matrix @ vector, limit, floor) for name, vector in asked.items()}
        return Searched(found, gallery_failures, probe_failures, digest_of([*digests, *probe_digests]))

    def _candidates(
        self, names: Sequence[str], scores: NDArray[np.float64], limit: int, floor: float
    ) -> tuple[Listed, ...]:
        best = np.argsort(-scores, kind="stable")[:limit]
        return tuple(
            Listed(names[row], self.calibration.percent(float(scores[row]))) for row in best if scores[row] >= floor
        )

    def detect(self, photographs: Photographs, *, attributes: bool, progress: Progress) -> Seen:
        """See `Service.detect`."""

        def seen(image: Image, faces: list[DetectedFace]) -> tuple[SeenFace, ...]:
            told = self.engine.with_attributes(image, faces) if attributes else faces
            return tuple(_seen(image, face) for face in told)

        faces, failures, digests = {}, {}, []
        for name, (digest, found) in self._each(photographs, seen, progress).items():
            digests.append(digest)
            if isinstance(found, str):
                failures[name] = found
            else:
                faces[name] = found
        return Seen(faces, failures, digest_of(digests))

    def _vectors(
        self, photographs: Photographs, progress: Progress
    ) -> tuple[dict[str, NDArray[np.float64]], dict[str, str], list[bytes]]:
        """Make a template of each photograph's largest face."""

        def template(image: Image, faces: list[DetectedFace]) -> NDArray[np.float64] | str:
            if not faces:
                return NO_FACE
            (made,) = self.engine.templates(image, faces[:1])
            return made.vector.astype(np.float64)

        vectors, failures, digests = {}, {}, []
        for name, (digest, found) in self._each(photographs, template, progress).items():
            digests.append(digest)
            if isinstance(found, str):
                failures[name] = found
            else:
                vectors[name] = found
        return vectors, failures, digests

    def _each(
        self,
        photographs: Photographs,
        take: Callable[[Image, list[DetectedFace]], Found | str],
        progress: Progress,
    ) -> dict[str, tuple[bytes, Found | str]]:
        """Look at each photograph: its digest, and what `take` makes of its faces, or why there is nothing."""

        def one(name: str) -> tuple[bytes, Found | str]:
            data = photographs.read(name)
            digest = hashlib.sha256(data).digest()
            try:
                return digest, take(*self.engine.look(data, _BYTES_MAX))
            except ImageError:
                return digest, UNREADABLE

        done = {}
        with ThreadPoolExecutor(self.threads) as pool:
            for name, found in zip(photographs.names, pool.map(one, photographs.names), strict=True):
                done[name] = found
                progress(1)
        return done


def _seen(image: Image, face: DetectedFace) -> SeenFace:
    seen = SeenFace(
        left=face.box.left_px / image.width_px,
        top=face.box.top_px / image.height_px,
        width=face.box.width_px / image.width_px,
        height=face.box.height_px / image.height_px,
        confidence=face.confidence * 100,
        pitch=face.pose.pitch_degrees,
        roll=face.pose.roll_degrees,
        yaw=face.pose.yaw_degrees,
        brightness=face.quality.brightness,
        sharpness=face.quality.sharpness,
    )
    told = face.attributes
    if told is None:
        return seen
    return replace(
        seen,
        gender=told.gender,
        gender_confidence=told.gender_confidence,
        age_low=told.age_low,
        age_high=told.age_high,
    )


def digest_of(digests: Sequence[bytes]) -> str:
    """Give one digest for a set of photographs: of their sorted SHA-256, hexadecimal."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
