"""What can be measured: this program's engine, or any service that speaks the same API.

Both give the same values, so that an evaluation does not know which of them it measures.  Of several faces in a
photograph the largest counts.  Nothing that fails is dropped: it is told with its reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

NO_FACE = "no face"
UNREADABLE = "unreadable"

COSINE = "cosine"
PERCENT = "similarity in percent"
"""What a service's scores are, as ``describe()["score_is"]`` tells it."""

DEFAULT_PERCENT = 80.0
"""The threshold that the API applies where a client names none."""

Progress = Callable[[int], object]
"""Told how many photographs (or calls) more are done."""


class Scale(Protocol):
    """What scores mean: higher is more alike."""

    def percent(self, score: float) -> float:
        """Give the similarity, 0..100, that a score is shown as."""

    def score_at_percent(self, percent: float) -> float:
        """Give the lowest score that is shown as `percent` or more."""


@dataclass(frozen=True, slots=True)
class Photographs:
    """Files below a folder, by their names relative to it, each once."""

    folder: Path
    names: tuple[str, ...]

    def read(self, name: str) -> bytes:
        """Read one."""
        return (self.folder / name).read_bytes()


@dataclass(frozen=True)
class Compared:
    """A score for each pair, in the order of the list.

    Attributes
    ----------
    scores : ndarray of shape (n_pairs,), float64
        On the service's scale; -inf where one of the two photographs gave no face to compare.
    failures : mapping of str to str
        By name of the photograph: why it gave none.
    photographs_sha256 : str
        Digest of the photographs' sorted digests, hexadecimal.
    """

    scores: NDArray[np.float64]
    failures: Mapping[str, str]
    photographs_sha256: str


@dataclass(frozen=True, eq=False)
class Templates:
    """A template of each photograph's largest face.

    Attributes
    ----------
    vectors : ndarray of shape (n_photographs, dimension), float32
        Unit length, in the photographs' order; zeros where one failed.
    failures : mapping of str to str
        By name of the photograph: why there is none.
    photographs_sha256 : str
    """

    vectors: NDArray[np.float32]
    failures: Mapping[str, str]
    photographs_sha256: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidate: the photograph it was enrolled from, and its similarity in percent."""

    photograph: str
    similarity: float


@dataclass(frozen=True)
class Searched:
    """What came of searching probes in a gallery.

    Attributes
    ----------
    candidates : mapping of str to tuple of Listed
        By name of the probe, best first; empty if nobody was listed.  Failed probes are not in it.
    gallery_failures, probe_failures : mapping of str to str
        By name of the photograph: why it gave no reference, or could not be searched with.
    photographs_sha256 : str
        Digest of the sorted digests of gallery and probes, hexadecimal.
    """

    candidates: Mapping[str, tuple[Listed, ...]]
    gallery_failures: Mapping[str, str]
    probe_failures: Mapping[str, str]
    photographs_sha256: str


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face as DetectFaces describes it; None where the service did not tell.

    Attributes
    ----------
    left, top, width, height : float
        The box, as fractions of the photograph's width and height.
    confidence : float
        Percent.
    gender : str or None
        "Female" or "Male", with `gender_confidence` in percent.
    age_low, age_high : int or None
        Years.
    pitch, roll, yaw : float or None
        Degrees.
    brightness, sharpness : float or None
        0..100.
    """

    left: float
    top: float
    width: float
    height: float
    confidence: float
    gender: str | None = None
    gender_confidence: float | None = None
    age_low: int | None = None
    age_high: int | None = None
    pitch: float | None = None
    roll: float | None = None
    yaw: float | None = None
    brightness: float | None = None
    sharpness: float | None = None


@dataclass(frozen=True)
class Seen:
    """The faces of photographs.

    Attributes
    ----------
    faces : mapping of str to tuple of SeenFace
        By name of the photograph, largest first; empty if it shows none.  Failed photographs are not in it.
    failures : mapping of str to str
        By name: why it could not be looked at.
    photographs_sha256 : str
        Digest of the photographs' sorted digests, hexadecimal.
    """

    faces: Mapping[str, tuple[SeenFace, ...]]
    failures: Mapping[str, str]
    photographs_sha256: str


class Service(Protocol):
    """A face recognition service under test."""

    @property
    def scale(self) -> Scale:
        """What the scores of `compare` mean."""

    def describe(self) -> dict[str, Any]:
        """Tell what is measured, for a report: its engine or address, model, digests; ready for JSON."""

    def compare(self, photographs: Photographs, pairs: Sequence[tuple[str, str]], progress: Progress) -> Compared:
        """Compare the pairs, without threshold or quality filter."""

    def templates(self, photographs: Photographs, progress: Progress) -> Templates | None:
        """Make templates, so that all photographs can be compared with all; None from a service that gives none out."""

    def search(
        self, gallery: Photographs, probes: Photographs, *, limit: int, percent: float, progress: Progress
    ) -> Searched:
        """Enrol a gallery that nobody else has, search each probe in it, and leave nothing behind.

        Parameters
        ----------
        limit : int
            Candidates a probe at most, 1..4096.
        percent : float
            The threshold, 0..100.
        """

    def detect(self, photographs: Photographs, *, attributes: bool, progress: Progress) -> Seen:
        """Find the faces; with age and gender if `attributes`."""
