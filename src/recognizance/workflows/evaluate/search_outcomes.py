"""Judge what searches found by whom probes and candidates show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizance.accuracy.identification import MatedSearches, NonmatedSearches
from recognizance.workflows.evaluate.search_trials import SearchTrials, subjects
from recognizance.workflows.evaluate.service import Searched


@dataclass(frozen=True)
class Outcomes:
    """What came of each search, on the scale of percents.

    Attributes
    ----------
    mated_probes, nonmated_probes : tuple of str
        Names of the probes whose subject is, or is not, in the gallery, in the order of `mated` and `nonmated`.
    subjects : dict of str to str
        By name of the probe.
    """

    mated_probes: tuple[str, ...]
    mated: MatedSearches
    nonmated_probes: tuple[str, ...]
    nonmated: NonmatedSearches
    subjects: dict[str, str]

    def of(self, probes: Sequence[str]) -> list[str]:
        """Name whom each of these probes shows."""
        return [self.subjects[probe] for probe in probes]


def outcomes(trials: SearchTrials, searched: Searched, references: dict[str, str]) -> Outcomes:
    """Judge each search by whom its probe and its candidates show.

    Parameters
    ----------
    references : dict of str to str
        Whom each photograph of the gallery shows, by its name.  One that failed still makes its subject's searches
        mated ones.
    """
    probes = subjects(trials.probes, trials.of_probes)
    enrolled = set(references.values())
    mated_probes = tuple(name for name, subject in probes.items() if subject in enrolled)
    nonmated_probes = tuple(name for name, subject in probes.items() if subject not in enrolled)
    ranks, scores = [], []
    for probe in mated_probes:
        listed = searched.candidates.get(probe, ())
        places = (at for at, one in enumerate(listed) if references[one.photograph] == probes[probe])
        place = next(places, None)
        ranks.append(0 if place is None else place + 1)
        scores.append(-np.inf if place is None else listed[place].similarity)
    best = [
        max((one.similarity for one in searched.candidates.get(probe, ())), default=-np.inf)
        for probe in nonmated_probes
    ]
    return Outcomes(
        mated_probes,
        MatedSearches(np.array(ranks, dtype=np.int64), np.array(scores, dtype=np.float64)),
        nonmated_probes,
        NonmatedSearches(np.array(best, dtype=np.float64)),
        probes,
    )


def beyond_limit(trials: SearchTrials, searched: Searched, found: Outcomes, limit: int) -> int:
    """Count the mated searches whose list was full without a mate that is enrolled."""
    of = subjects(trials.gallery, trials.of_gallery)
    enrolled = {subject for name, subject in of.items() if name not in searched.gallery_failures}
    return sum(
        len(searched.candidates.get(probe, ())) >= limit and found.subjects[probe] in enrolled
        for probe, rank in zip(found.mated_probes, found.mated.ranks, strict=True)
        if rank == 0
    )
