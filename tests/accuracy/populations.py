"""People drawn with their photographs' templates, for tests of comparisons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.all_with_all import AllWithAll
from recognizance.accuracy.comparisons import Listed


@dataclass(frozen=True)
class Population:
    """Photographs of people: whom they show, their templates, which failed, and a group each (-1: not known)."""

    subjects: NDArray[np.intp]
    templates: NDArray[np.float32]
    failed: NDArray[np.bool_]
    groups: NDArray[np.intp]

    def all_with_all(self, floor: float) -> AllWithAll:
        return AllWithAll(self.subjects, self.templates, self.failed, floor)

    def listed(self) -> Listed:
        first, second = np.triu_indices(len(self.subjects), 1)
        scores = np.einsum("ij,ij->i", self.templates[first], self.templates[second]).astype(np.float64)
        scores[self.failed[first] | self.failed[second]] = -np.inf
        return Listed(self.subjects, first, second, self.subjects[first] == self.subjects[second], scores)


def draw_population(photographs: int, people: int, seed: int) -> Population:
    random = np.random.default_rng(seed)
    subjects = random.integers(0, people, photographs)
    templates = random.normal(0, 1, (people, 32))[subjects] + random.normal(0, 0.9, (photographs, 32))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    return Population(
        np.unique(subjects, return_inverse=True)[1].astype(np.intp),
        templates.astype(np.float32),
        random.random(photographs) < 0.03,
        random.integers(-1, 3, photographs),
    )
