"""The candidates of searches for people who should not be found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizance.workflows.evaluate.adjudication import Adjudication, Truth
from recognizance.workflows.evaluate.search_trials import SearchTrials
from recognizance.workflows.evaluate.service import Searched
from recognizance.workflows.evaluate.trial_list import SUBJECT


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate that a search listed, and what is known of it."""

    probe: str
    rank: int
    candidate: str
    similarity: float
    truth: Truth


@dataclass(frozen=True)
class Hits:
    """All candidates, in the order of the probes.

    Attributes
    ----------
    probes, subjects : tuple of str
        Each probe, and whom it shows: itself where that is not labelled.
    """

    probes: tuple[str, ...]
    subjects: tuple[str, ...]
    all: tuple[Hit, ...]

    def at(self, percent: float) -> list[Hit]:
        """List those at or above a threshold."""
        return [hit for hit in self.all if hit.similarity >= percent]

    def with_any(self, percent: float, verdicts: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which probes have a candidate at or above a threshold of which one of the verdicts holds."""
        found = {hit.probe for hit in self.at(percent) if hit.truth.verdict in verdicts}
        return np.array([probe in found for probe in self.probes], dtype=bool)


def judged(trials: SearchTrials, searched: Searched, adjudication: Adjudication) -> Hits:
    """Judge every candidate."""
    probes = trials.probes.names
    return Hits(
        probes,
        tuple(trials.of_probes.of.get(probe, {}).get(SUBJECT) or f"photograph {probe}" for probe in probes),
        tuple(
            Hit(probe, rank, one.photograph, one.similarity, adjudication.judge(probe, one.photograph))
            for probe in probes
            for rank, one in enumerate(searched.candidates.get(probe, ()), 1)
        ),
    )
