"""Report the error rates of searching a gallery (1:N), overall and group by group."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recognizance.accuracy.identification import (
    cumulative_match,
    false_positives,
    misses,
    threshold_at_fpir,
)
from recognizance.accuracy.verification import Trials, det
from recognizance.workflows.evaluate.curve import thin
from recognizance.workflows.evaluate.document import CAVEATS, Told, opening
from recognizance.workflows.evaluate.search_groups import by_group
from recognizance.workflows.evaluate.search_outcomes import Outcomes, beyond_limit, outcomes
from recognizance.workflows.evaluate.search_sample import count_searches, sample
from recognizance.workflows.evaluate.search_trials import SearchTrials, subjects
from recognizance.workflows.evaluate.service import Searched
from recognizance.workflows.evaluate.written import number, proportion

PERCENTS = (80, 85, 90, 95, 99)
GROUP_PERCENTS = (80, 99)
RANKS = (1, 5, 10, 20)
FPIRS = (0.1, 0.01, 0.001)


def report(
    trials: SearchTrials, searched: Searched, limit: int, group_by: Sequence[Sequence[str]], told: Told
) -> dict[str, Any]:
    """Make the report of searches without threshold, ready for JSON; docs/method/accuracy.md has the definitions.

    Parameters
    ----------
    limit : int
        How many candidates were asked for; a mate further down is a miss.

    Raises
    ------
    TrialListError
        If it is not known of each photograph whom it shows.
    """
    references = subjects(trials.gallery, trials.of_gallery)
    found = outcomes(trials, searched, references)
    ranks = sorted({rank for rank in RANKS if rank <= limit} | {limit})
    mated, nonmated = found.of(found.mated_probes), found.of(found.nonmated_probes)
    described = sample(trials, searched, told)
    described["gallery"]["subjects"] = len(set(references.values()))
    described["probes"] |= {
        "subjects": len(set(found.subjects.values())),
        "mated": len(mated),
        "nonmated": len(nonmated),
        "mated_subjects": len(set(mated)),
        "nonmated_subjects": len(set(nonmated)),
    }
    beyond = beyond_limit(trials, searched, found, limit)

    def missed(rank: int, percent: float) -> dict[str, Any]:
        return {"rank": rank, **proportion(count_searches(misses(found.mated, rank, percent), mated))}

    return {
        **opening("identify", told),
        "sample": described,
        "limit": limit,
        "rates_at_percent": [
            {
                "percent": percent,
                "fpir": proportion(count_searches(false_positives(found.nonmated, percent), nonmated)),
                "fnir": [missed(rank, percent) for rank in ranks],
            }
            for percent in PERCENTS
        ],
        "fnir_at_rank": [missed(rank, -np.inf) for rank in ranks],
        "rank_curve": [number(share) for share in cumulative_match(found.mated, limit)],
        "fnir_at_fpir": [_at_fpir(found, rate, limit) for rate in FPIRS],
        "open_set": _open_set(found),
        "mates_beyond_limit": beyond,
        "groups": [
            by_group(trials, searched, found, attributes, percent, limit)
            for attributes in group_by
            for percent in GROUP_PERCENTS
        ],
        "caveats": [*CAVEATS, *_caveats(trials, searched, found, beyond, limit)],
    }


def _at_fpir(found: Outcomes, rate: float, limit: int) -> dict[str, Any]:
    """Give the misses at the threshold that a rate of false positives takes, or why they cannot be given."""
    threshold = threshold_at_fpir(found.nonmated, rate)
    told: dict[str, Any] = {"fpir": rate, "percent": None, "fnir": None, "reason": None}
    if threshold is None:
        needed = round(30 / rate)
        return told | {
            "reason": f"{len(found.nonmated_probes):,} searches for people who are not in the gallery cannot show it: "
            f"{needed:,} would (rule of 30)."
        }
    if threshold > 100:
        return told | {"reason": "More searches than that list a stranger at 100 %."}
    errors = misses(found.mated, limit, threshold)
    counted = count_searches(errors, found.of(found.mated_probes))
    return told | {"percent": max(0.0, threshold), "fnir": proportion(counted)}


def _open_set(found: Outcomes) -> dict[str, list[float | None]] | None:
    """Trade misses within the limit for false positives; None without mated or without nonmated searches."""
    if not found.mated_probes or not found.nonmated_probes:
        return None
    curve = det(Trials(found.mated.scores, found.nonmated.best_scores))
    kept = thin(curve)
    return {
        "percent": [number(value) for value in curve.thresholds[kept]],
        "fpir": [number(value) for value in curve.fmr[kept]],
        "fnir": [number(value) for value in curve.fnmr[kept]],
    }


def _caveats(trials: SearchTrials, searched: Searched, found: Outcomes, beyond: int, limit: int) -> list[str]:
    used = len(trials.gallery.names) - len(searched.gallery_failures)
    told = [
        f"These are rates of a gallery of {used:,} references.  False positives grow with the gallery, nearly in "
        "proportion while they are rare, and so do misses at a rank.",
    ]
    if beyond:
        told.append(
            f"{beyond:,} searches list no mate among their first {limit:,} candidates although one is enrolled: they "
            "are counted as misses, and whether a longer list would hold the mate was not looked at (--limit)."
        )
    if trials.same_file:
        told.append(
            f"{len(trials.same_file):,} probes are the very file of a photograph in the gallery.  A program finds "
            "those that would fail on another photograph of the same person: the misses are too few."
        )
    references = subjects(trials.gallery, trials.of_gallery)
    contrary = sum(
        any(references[name] != found.subjects[probe] for name in names) for probe, names in trials.same_file.items()
    )
    if contrary:
        told.append(
            f"{contrary:,} of them are said to show another person than the same file in the gallery does: one of the "
            "two is wrong."
        )
    return told
