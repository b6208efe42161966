"""What a report says of groups of people, in plain words: what their samples show, and what they do not."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.accuracy.differentials import lie_apart
from recognizance.accuracy.rates import Proportion
from recognizance.reports.wording import Rate, finite, in_how_many, number, rate_of, text

_PAIR_ERRORS = (("fmr", "strangers are taken for one person"), ("fnmr", "the same person is missed"))


def shown_differences(
    groups: Sequence[Mapping[str, Any]], errors: Sequence[tuple[str, str]] = _PAIR_ERRORS
) -> list[str]:
    """Say how far the groups of the highest and the lowest rate lie apart, where the sample shows that they do.

    A sample shows it if every group's rate is measured and the two groups lie apart, as verdicts have it.

    Parameters
    ----------
    errors : sequence of (str, str)
        The rates that are looked at: their key, and what happens, before "among".
    """
    told = []
    for group in groups:
        rows = {str(row["group"]): row for row in group.get("rows") or ()}
        for key, said in errors:
            measures = (group.get("differentials") or {}).get(key) or {}
            worst, best, ratio = measures.get("worst"), measures.get("best"), finite(measures.get("max_over_min"))
            if worst not in rows or best not in rows or ratio is None:
                continue
            high, low = rate_of(rows[worst][key]), rate_of(rows[best][key])
            if high.rate is None or low.rate is None or not lie_apart(_counted(high), _counted(low), len(rows)):
                continue
            bounds = (measures.get("intervals") or {}).get("max_over_min")
            within = ""
            if bounds:
                lowest, highest = number(bounds[0], 1), number(bounds[1], 1)
                span = f"from {lowest}" if bounds[1] is None else f"{lowest} to {highest}"
                within = f"; 95\u00a0% interval {span} times"
            where = f"At {number(group['percent'], 0)}\u00a0%, by {text(group['attribute'])}"
            told.append(
                f"{where}: {said} <strong>{number(ratio, 1)} times</strong> as often among {text(worst)} as among"
                f" {text(best)} ({in_how_many(high.rate)} against {in_how_many(low.rate)}{within})."
            )
    return told


def _counted(rate: Rate) -> Proportion:
    return Proportion(rate.errors, rate.trials, (rate.low, rate.high))


def unknown_rates(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the groups whose rates the sample is too small for; what was not compared at all is not told here."""
    settings_of: dict[tuple[str, str, str], list[str]] = {}
    for group in groups:
        for key, said in _PAIR_ERRORS:
            rates = [(text(row["group"]), rate_of(row[key])) for row in group.get("rows") or ()]
            short = [name for name, rate in rates if not rate.measured]
            if short and any(rate.trials for _, rate in rates):
                about = (said, text(group["attribute"]), listed(short))
                settings_of.setdefault(about, []).append(f"{number(group['percent'], 0)}\u00a0%")
    return [
        f"How often {said} among these groups at {listed(settings)} ({attribute}): {names}."
        ' Their samples are <strong class="insufficient">insufficient</strong>.'
        for (said, attribute, names), settings in settings_of.items()
    ]


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
