"""Report whom a search takes for somebody in a gallery that they are not in: the congress test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.scoring import Calibration
from recognizance.workflows.evaluate.adjudication import DIFFERENT, OPEN, SAME, Adjudication, PairFile
from recognizance.workflows.evaluate.document import CAVEATS, Told, opening
from recognizance.workflows.evaluate.false_match_groups import by_group
from recognizance.workflows.evaluate.hits import Hit, Hits
from recognizance.workflows.evaluate.search_sample import count_searches, sample
from recognizance.workflows.evaluate.search_trials import SearchTrials
from recognizance.workflows.evaluate.service import DEFAULT_PERCENT, Scale, Searched
from recognizance.workflows.evaluate.trial_list import SUBJECT
from recognizance.workflows.evaluate.written import proportion

PERCENTS = (80, 85, 90, 95, 99)
LIMIT = 4096
"""Candidates asked for: the most that the API gives."""


def report(
    trials: SearchTrials,
    searched: Searched,
    found: Hits,
    adjudication: Adjudication,
    scale: Scale,
    group_by: Sequence[Sequence[str]],
    told: Told,
) -> dict[str, Any]:
    """Make the report of searches at the lowest of `PERCENTS`, ready for JSON; docs/method/accuracy.md has the terms.

    Candidates that nobody has judged are counted apart: the errors are at least those known, and at most all of both.
    """
    described = sample(trials, searched, told)
    labelled = SUBJECT in trials.of_probes.attributes
    if labelled:
        described["probes"]["subjects"] = len(set(found.subjects))
    described["known_mates"] = _file(adjudication.known_mates)
    described["adjudication"] = _file(adjudication.adjudicated)
    full = sum(len(listed) >= LIMIT for listed in searched.candidates.values())
    return {
        **opening("false-matches", told),
        "sample": described,
        "default_percent": DEFAULT_PERCENT,
        "rates_at_percent": [
            {
                "percent": percent,
                "is_default": percent == DEFAULT_PERCENT,
                "candidates": _verdicts(found.at(percent)),
                "probes_with_mates": int(found.with_any(percent, (SAME,)).sum()),
                "known_false": proportion(count_searches(found.with_any(percent, (DIFFERENT,)), found.subjects)),
                "at_most": proportion(count_searches(found.with_any(percent, (DIFFERENT, OPEN)), found.subjects)),
                "expected": _expected(described, scale, percent),
            }
            for percent in PERCENTS
        ],
        "known_by": dict(Counter(hit.truth.source for hit in found.at(PERCENTS[0]) if hit.truth.source)),
        "groups": [
            by_group(trials, searched, found, attributes, percent) for attributes in group_by for percent in PERCENTS
        ],
        "caveats": [*CAVEATS, *_caveats(trials, adjudication, described, labelled, full)],
    }


def _verdicts(listed: Sequence[Hit]) -> dict[str, int]:
    counted = Counter(hit.truth.verdict for hit in listed)
    return {"same": counted[SAME], "different": counted[DIFFERENT], "not_adjudicated": counted[OPEN]}


def _file(held: PairFile | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {"file": held.name, "sha256": held.sha256, "pairs": len(held.verdicts), "pairs_elsewhere": held.elsewhere}


def _expected(described: Mapping[str, Any], scale: Scale, percent: float) -> dict[str, Any] | None:
    """Foretell the false candidates by the calibration; None of a service that has none to show."""
    if not isinstance(scale, Calibration):
        return None
    comparisons = described["gallery"]["used"] * described["probes"]["used"]
    score = scale.score_at_percent(percent)
    group, worst = scale.worst_group(score)
    return {"candidates": comparisons * scale.fmr(score), "if_all_of_worst_group": comparisons * worst, "group": group}


def _caveats(
    trials: SearchTrials, adjudication: Adjudication, described: Mapping[str, Any], labelled: bool, full: int
) -> list[str]:
    told = [
        f"These are counts of a gallery of {described['gallery']['used']:,} references.  In a larger one more people "
        "are falsely matched, nearly in proportion while that is rare.",
        "Nobody who is searched is taken to be in the gallery: searches that find the person all the same (the counts "
        "of the same person) stay among the searches, and what they found is not counted as an error.",
    ]
    if not labelled:
        told.append("Each probe is taken for a person of its own, as no label says whom it shows.")
    if trials.same_file:
        told.append(
            f"{len(trials.same_file):,} probes are the very file of a photograph in the gallery, which is counted as "
            "the same person."
        )
    for held in (adjudication.known_mates, adjudication.adjudicated):
        if held and held.elsewhere:
            told.append(
                f"{held.elsewhere:,} of {len(held.verdicts):,} pairs of {held.name} are of photographs that are not in "
                "these folders, and say nothing here."
            )
    if full:
        told.append(f"{full:,} searches list {LIMIT:,} candidates, the most that can be had: there may be more.")
    return told
