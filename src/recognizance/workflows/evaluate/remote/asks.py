"""A call about photographs, and the key that its answer is kept under."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from recognizance.errors import TrialListError
from recognizance.workflows.evaluate.remote import readings
from recognizance.workflows.evaluate.service import Photographs

BYTES_MAX = 5 * 1024 * 1024
"""The largest photograph that the API takes in a request."""

_IMAGES: Mapping[str, tuple[str, ...]] = {
    "CompareFaces": ("SourceImage", "TargetImage"),
    "IndexFaces": ("Image",),
    "SearchFacesByImage": ("Image",),
    "DetectFaces": ("Image",),
}


@dataclass(frozen=True)
class Sample:
    """Photographs with their SHA-256; `unsendable` are empty ones and those over `BYTES_MAX`."""

    photographs: Photographs
    digests: Mapping[str, bytes]
    unsendable: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that can be sent."""
        return tuple(name for name in self.photographs.names if name not in self.unsendable)

    def read(self, name: str) -> bytes:
        """Read a photograph again.

        Raises
        ------
        TrialListError
            If it is another by now: its answer would be kept as that of the one whose digest is reported.
        """
        data = self.photographs.read(name)
        if hashlib.sha256(data).digest() != self.digests[name]:
            raise TrialListError(
                f"{name} in {self.photographs.folder} has changed while it was measured.",
                "Run the same command again, and leave the photographs as they are meanwhile.",
            )
        return data


def sample_of(photographs: Photographs) -> Sample:
    """Read each photograph once."""
    digests, unsendable = {}, set()
    for name in photographs.names:
        data = photographs.read(name)
        digests[name] = hashlib.sha256(data).digest()
        if not 1 <= len(data) <= BYTES_MAX:
            unsendable.add(name)
    return Sample(photographs, digests, frozenset(unsendable))


@dataclass(frozen=True)
class Ask:
    """A call that is to be made, or whose answer is kept.

    Attributes
    ----------
    operation : str
        Rekognition's name for it.
    of : Sample
        Where the photographs are.
    names : tuple of str
        The photographs, in the order of the operation's parameters.
    read : callable
        Reads what is kept of an answer; raises KeyError, TypeError or ValueError if it is not what the operation
        answers.
    parameters : mapping
        All others, but the collection's name.
    within : str
        Stands for the collection in the key.
    """

    operation: str
    of: Sample
    names: tuple[str, ...]
    read: Callable[[Mapping[str, Any]], dict[str, Any]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    within: str = ""

    def key(self, asker: str) -> str:
        """Give the key: a digest of all that decides the answer."""
        photographs = [self.of.digests[name].hex() for name in self.names]
        return digest_json([asker, self.operation, dict(self.parameters), self.within, photographs])

    def request(self) -> dict[str, Any]:
        """Give the parameters with the photographs."""
        images = zip(_IMAGES[self.operation], self.names, strict=True)
        return {**self.parameters, **{place: {"Bytes": self.of.read(name)} for place, name in images}}


def comparison(of: Sample, source: str, target: str) -> Ask:
    """Compare two photographs, without threshold or filter."""
    parameters = {"SimilarityThreshold": 0, "QualityFilter": "NONE"}
    return Ask("CompareFaces", of, (source, target), readings.compared, parameters)


def detection(of: Sample, name: str, *, attributes: bool) -> Ask:
    """Detect the faces of a photograph."""
    return Ask("DetectFaces", of, (name,), readings.detected, {"Attributes": ["ALL" if attributes else "DEFAULT"]})


def enrolment(of: Sample, name: str, number: int, collection: str) -> Ask:
    """Index a photograph's largest face, under a number: a file's name may be a person's."""
    parameters = {"MaxFaces": 1, "QualityFilter": "NONE", "ExternalImageId": str(number)}
    return Ask("IndexFaces", of, (name,), readings.indexed, parameters, within=collection)


def search(of: Sample, name: str, gallery: str, numbers: range, *, limit: int, percent: float) -> Ask:
    """Search with a photograph's largest face; the answer is the same in any collection of the same gallery."""
    read = partial(readings.searched, numbers=numbers, limit=limit)
    parameters = {"MaxFaces": limit, "FaceMatchThreshold": percent, "QualityFilter": "NONE"}
    return Ask("SearchFacesByImage", of, (name,), read, parameters, within=gallery)


def digest_json(value: Any) -> str:
    """Give the SHA-256 of a value's JSON, hexadecimal."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()
