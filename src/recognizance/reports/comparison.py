"""Two accuracy reports of one kind, side by side, and what their difference can and cannot show."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recognizance.reports.wording import finite, rate_of

FORMAT = "recognizance-accuracy-comparison-1"

NOT_SAME_SAMPLE = "not_same_sample"
DIFFERENT_TRIALS = "different_trials"
INSUFFICIENT = "insufficient"
OVERLAP = "intervals_overlap"
LESS_IN_A = "less_in_a"
LESS_IN_B = "less_in_b"

_DIGEST = "sha256"


def comparison(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """Set two reports side by side, ready for JSON.

    A rate is called less frequent in one of them only if both measured the same sample, both rates are measured (rule
    of 30) and their 95 % intervals do not overlap.  Both saw the same trials, so that this is conservative: intervals
    can overlap where a test of the pairs would tell the two apart.

    Parameters
    ----------
    a, b : mapping
        Reports of format "recognizance-accuracy-report-1" and of the same kind.

    Returns
    -------
    dict
        `FORMAT`: docs/cli.md has its members.
    """
    # Without a list of pairs all photographs were compared with all, and there is no digest of one.
    digests = [
        {"name": name, "a": first, "b": second}
        for name, first, second in _side_by_side(dict(_flat(a["sample"])), dict(_flat(b["sample"])))
        if name.endswith(_DIGEST) and (first, second) != (None, None)
    ]
    same = bool(digests) and all(told["a"] == told["b"] for told in digests)
    return {
        "format": FORMAT,
        "kind": a["kind"],
        "a": _measured(a),
        "b": _measured(b),
        "same_sample": same,
        "sample_digests": digests,
        "changed": [
            {"name": name, "a": first, "b": second}
            for name, first, second in _side_by_side(dict(_facts(a)), dict(_facts(b)))
            if first != second
        ],
        "rates": _rates(a, b, same),
        "true_match_at_fmr": _true_match(a, b, same),
        "equal_error": _equal_error(a, b, same),
        "groups": _groups(a, b, same),
        "only_in_one": _only_in_one(a, b),
    }


def setting(percent: object) -> str:
    """Name a row's setting: a percent, or what else the report calls it."""
    held = finite(percent)
    return str(percent) if held is None else f"{held:g}\u00a0%"


def _measured(report: Mapping[str, Any]) -> dict[str, Any]:
    return {name: report.get(name) for name in ("made_at", "version", "service", "sample", "det", "intervals")}


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "version", report.get("version")
    yield from _flat(report["service"])
    yield "intervals", report.get("intervals")


def _flat(told: Mapping[str, Any], of: str = "") -> Iterator[tuple[str, Any]]:
    for name, held in told.items():
        if isinstance(held, Mapping):
            yield from _flat(held, f"{of}{name}: ")
        else:
            yield f"{of}{name}", held


def _side_by_side(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    return ((name, a.get(name), b.get(name)) for name in dict.fromkeys((*a, *b)))


def _proportions(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Find what is a proportion in a row of any kind of report; some are lists by rank."""
    found = {}
    for name, told in row.items():
        if isinstance(told, Mapping) and {"errors", "trials"} <= set(told):
            found[name] = told
        elif isinstance(told, Mapping):
            found |= _proportions(told)
        elif isinstance(told, list):
            found |= {
                f"{name} at rank {held['rank']}": held for held in told if isinstance(held, Mapping) and "rank" in held
            }
    return found


def _both(a: Mapping[str, Any], b: Mapping[str, Any], same: bool) -> dict[str, Any]:
    first, second = rate_of(a), rate_of(b)
    told: dict[str, Any] = {"a": a, "b": b, "difference": None, "ratio": None, "intervals_overlap": None}
    if not same:
        return {**told, "finding": NOT_SAME_SAMPLE}
    if first.trials != second.trials:
        return {**told, "finding": DIFFERENT_TRIALS}
    if not (first.measured and second.measured and first.rate and second.rate):
        return {**told, "finding": INSUFFICIENT}
    finding = _finding((first.low, first.high), (second.low, second.high))
    return {
        **told,
        "difference": second.rate - first.rate,
        "ratio": second.rate / first.rate,
        "intervals_overlap": finding == OVERLAP,
        "finding": finding,
    }


def _finding(first: tuple[float, float], second: tuple[float, float]) -> str:
    if first[1] < second[0]:
        return LESS_IN_A
    return LESS_IN_B if second[1] < first[0] else OVERLAP


def _rates(a: Mapping[str, Any], b: Mapping[str, Any], same: bool) -> list[dict[str, Any]]:
    rows = [{row["percent"]: _proportions(row) for row in report.get("rates_at_percent") or ()} for report in (a, b)]
    return [
        {"percent": percent, "rate": name, **_both(told, rows[1][percent][name], same)}
        for percent, rates in rows[0].items()
        for name, told in rates.items()
        if name in rows[1].get(percent, {})
    ]


def _true_match(a: Mapping[str, Any], b: Mapping[str, Any], same: bool) -> list[dict[str, Any]]:
    rows = [
        {row["fmr"]: row["tmr"] for row in report.get("true_match_at_fmr") or () if row.get("tmr")} for report in (a, b)
    ]
    return [{"fmr": fmr, **_both(told, rows[1][fmr], same)} for fmr, told in rows[0].items() if fmr in rows[1]]


def _equal_error(first: Mapping[str, Any], second: Mapping[str, Any], same: bool) -> dict[str, Any] | None:
    a, b = first.get("equal_error") or {}, second.get("equal_error") or {}
    if finite(a.get("rate")) is None or finite(b.get("rate")) is None:
        return None
    bounds = [
        [finite(bound) for bound in (told.get("measured") is True and told.get("interval")) or (None, None)]
        for told in (a, b)
    ]
    (a_low, a_high), (b_low, b_high) = bounds
    if not same:
        finding = NOT_SAME_SAMPLE
    elif any(first["sample"].get(kind) != second["sample"].get(kind) for kind in ("mated", "nonmated")):
        finding = DIFFERENT_TRIALS
    elif a_low is None or a_high is None or b_low is None or b_high is None:
        finding = INSUFFICIENT
    else:
        finding = _finding((a_low, a_high), (b_low, b_high))
    return {"a": dict(a), "b": dict(b), "finding": finding}


def _groups_of(report: Mapping[str, Any]) -> dict[tuple[Any, Any], dict[str, dict[str, Mapping[str, Any]]]]:
    return {
        (group["attribute"], group.get("percent")): {
            str(row["group"]): _proportions(row) for row in group.get("rows") or ()
        }
        for group in report.get("groups") or ()
    }


def _groups(a: Mapping[str, Any], b: Mapping[str, Any], same: bool) -> list[dict[str, Any]]:
    others = _groups_of(b)
    return [
        {
            "attribute": attribute,
            "percent": percent,
            "rows": [
                {"group": group, "rate": name, **_both(told, others[attribute, percent][group][name], same)}
                for group, rates in groups.items()
                for name, told in rates.items()
                if name in others[attribute, percent].get(group, {})
            ],
        }
        for (attribute, percent), groups in _groups_of(a).items()
        if (attribute, percent) in others
    ]


def _only_in_one(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Name the settings and groups that only one report has."""
    names = [set(_names(report)) for report in (a, b)]
    return sorted(names[0] ^ names[1])


def _names(report: Mapping[str, Any]) -> Iterator[str]:
    rows: Sequence[Mapping[str, Any]] = report.get("rates_at_percent") or ()
    yield from (setting(row["percent"]) for row in rows)
    for (attribute, percent), groups in _groups_of(report).items():
        at = "" if percent is None else f" at {setting(percent)}"
        yield from (f"{attribute}: {group}{at}" for group in groups)
