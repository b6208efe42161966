"""Report which groups of people are falsely matched, beside their share of those searched."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.differentials import verdict
from recognizance.accuracy.rates import Proportion
from recognizance.workflows.evaluate.adjudication import DIFFERENT, OPEN
from recognizance.workflows.evaluate.hits import Hits
from recognizance.workflows.evaluate.search_groups import differentials_of, groups_of
from recognizance.workflows.evaluate.search_sample import count_searches
from recognizance.workflows.evaluate.search_trials import SearchTrials
from recognizance.workflows.evaluate.service import Searched
from recognizance.workflows.evaluate.written import number, proportion


def by_group(
    trials: SearchTrials, searched: Searched, found: Hits, attributes: Sequence[str], percent: float
) -> dict[str, Any]:
    """Count falsely matched probes of each group at one threshold; ready for JSON.

    Shares are of the probes of known group.  ``candidates_of_own_group`` counts, among the candidates that are known
    to be false or are not adjudicated, those of the probe's own group.  Differentials and verdict are given only where
    no candidate is left to adjudicate.
    """
    probes = groups_of(trials.probes, trials.of_probes, attributes)
    gallery = groups_of(trials.gallery, trials.of_gallery, attributes)
    enrolled = [group for name, group in gallery.items() if name not in searched.gallery_failures]
    false = found.with_any(percent, (DIFFERENT,))
    possible = found.with_any(percent, (DIFFERENT, OPEN))
    wrong = [hit for hit in found.at(percent) if hit.truth.verdict in (DIFFERENT, OPEN)]
    names = np.array([probes.get(probe, "") for probe in found.probes], dtype=str)
    subjects = np.array(found.subjects, dtype=str)
    known = names != ""
    rows, rates = [], {}
    for name in sorted(set(probes.values())):
        chosen = names == name
        rates[name] = count_searches(false[chosen], subjects[chosen])
        of_group = [hit for hit in wrong if probes.get(hit.probe) == name]
        listed = [gallery[hit.candidate] for hit in of_group if hit.candidate in gallery]
        rows.append(
            {
                "group": name,
                "probes": int(chosen.sum()),
                "share_of_probes": number(float(chosen.sum() / known.sum())),
                "known_false": proportion(rates[name]),
                "at_most": proportion(count_searches(possible[chosen], subjects[chosen])),
                "share_of_known_false": proportion(_share(chosen, false & known, subjects)),
                "share_of_at_most": proportion(_share(chosen, possible & known, subjects)),
                "candidates": {
                    "different": sum(hit.truth.verdict == DIFFERENT for hit in of_group),
                    "not_adjudicated": sum(hit.truth.verdict == OPEN for hit in of_group),
                },
                "candidates_of_own_group": {"own": listed.count(name), "of": len(listed)},
                "share_of_gallery": number(enrolled.count(name) / len(enrolled)) if enrolled else None,
            }
        )
    left = sum(hit.truth.verdict == OPEN for hit in wrong)
    return {
        "attribute": " × ".join(attributes),
        "percent": percent,
        "rows": rows,
        "probes_without_group": int((~known).sum()),
        "differentials": None if left else differentials_of(rates),
        "verdict": f"insufficient: {left:,} candidates are not adjudicated." if left else verdict(rates),
    }


def _share(group: NDArray[np.bool_], matched: NDArray[np.bool_], subjects: NDArray[np.str_]) -> Proportion:
    """Count a group's among the probes that are matched."""
    return count_searches(group[matched], subjects[matched])
