"""Report what one threshold of a search means for each group of people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.differentials import differentials, verdict
from recognizance.accuracy.identification import false_positives, misses
from recognizance.accuracy.rates import Proportion
from recognizance.workflows.evaluate.search_outcomes import Outcomes
from recognizance.workflows.evaluate.search_sample import count_searches
from recognizance.workflows.evaluate.search_trials import SearchTrials
from recognizance.workflows.evaluate.service import Photographs, Searched
from recognizance.workflows.evaluate.trial_list import Labels
from recognizance.workflows.evaluate.written import number, proportion


def by_group(
    trials: SearchTrials,
    searched: Searched,
    found: Outcomes,
    attributes: Sequence[str],
    percent: float,
    limit: int,
) -> dict[str, Any]:
    """Count errors at one threshold by the group of the probe; ready for JSON.

    For the false positives it is told too how often the first candidate is of the probe's own group, beside that
    group's share of the gallery.  Searches with a probe of unknown group are counted, and are in no row.
    """
    probes = groups_of(trials.probes, trials.of_probes, attributes)
    gallery = groups_of(trials.gallery, trials.of_gallery, attributes)
    false = false_positives(found.nonmated, percent)
    missed = misses(found.mated, limit, percent)
    first = {
        probe: gallery.get(searched.candidates[probe][0].photograph)
        for probe, wrong in zip(found.nonmated_probes, false, strict=True)
        if wrong
    }
    references = Counter(group for name, group in gallery.items() if name not in searched.gallery_failures)
    rows, fpir, fnir = [], {}, {}
    for name in sorted(set(probes.values())):
        nonmated = np.array([probes.get(probe) == name for probe in found.nonmated_probes], dtype=bool)
        mated = np.array([probes.get(probe) == name for probe in found.mated_probes], dtype=bool)
        fpir[name] = _count(false, nonmated, found.of(found.nonmated_probes))
        fnir[name] = _count(missed, mated, found.of(found.mated_probes))
        listed = [group for probe, group in first.items() if probes.get(probe) == name and group is not None]
        rows.append(
            {
                "group": name,
                "mated": int(mated.sum()),
                "nonmated": int(nonmated.sum()),
                "fpir": proportion(fpir[name]),
                "fnir": proportion(fnir[name]),
                "first_candidate_of_own_group": {"own": listed.count(name), "of": len(listed)},
                "share_of_gallery": number(references[name] / references.total()) if references else None,
            }
        )
    return {
        "attribute": " × ".join(attributes),
        "percent": percent,
        "rank": limit,
        "rows": rows,
        "searches_without_group": len(trials.probes.names) - len(probes),
        "differentials": {"fpir": differentials_of(fpir), "fnir": differentials_of(fnir)},
        "verdict": f"False positives: {verdict(fpir)} Misses: {verdict(fnir)}",
    }


def groups_of(photographs: Photographs, labels: Labels, attributes: Sequence[str]) -> dict[str, str]:
    """Tell the group of each photograph of which it is known."""
    of = {name: labels.group(name, attributes) for name in photographs.names}
    return {name: group for name, group in of.items() if group is not None}


def differentials_of(rates: Mapping[str, Proportion]) -> dict[str, Any] | None:
    """Write the measures of difference; None unless every group's rate is measured."""
    if len(rates) < 2 or not all(rate.is_measured for rate in rates.values()):
        return None
    return asdict(differentials(rates))


def _count(errors: NDArray[np.bool_], chosen: NDArray[np.bool_], subjects: Sequence[str]) -> Proportion:
    return count_searches(errors[chosen], [subject for subject, one in zip(subjects, chosen, strict=True) if one])
