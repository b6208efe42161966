"""Two accuracy reports side by side as one page; what the numbers do not show, it does not say."""

from collections.abc import Mapping, Sequence
from typing import Any

from recognizance.reports.charts import Curve, det_curves
from recognizance.reports.comparison import (
    DIFFERENT_TRIALS,
    INSUFFICIENT,
    LESS_IN_A,
    NOT_SAME_SAMPLE,
    OVERLAP,
    setting,
)
from recognizance.reports.group_section import figure_of_bars
from recognizance.reports.markup import facts, figure, folded, items, page, part, section, table
from recognizance.reports.wording import count, finite, in_how_many, moment, rate_cell, rate_of, span, text

_PLAIN_PERCENTS = (80, 99)
_SAID = {
    "fmr": "Strangers taken for one person (FMR)",
    "fnmr": "Same person missed (FNMR)",
    "fpir": "Searches for absent people that list someone (FPIR)",
    "fnir": "Searches that miss the person (FNIR)",
}
_NO_CLAIM = {
    NOT_SAME_SAMPLE: "not compared: not the same sample",
    DIFFERENT_TRIALS: "not compared: not the same trials, so labels or failures differ",
    OVERLAP: "intervals overlap: no difference is shown",
}


def comparison_page(compared: Mapping[str, Any]) -> str:
    """Set a comparison as one HTML file without scripts or anything to fetch.

    Where the samples differ, the page says so first and calls nothing more or less frequent.

    Parameters
    ----------
    compared : mapping
        What `comparison.comparison` makes, as read from its JSON; "name" in its "a" and "b" is shown where given.

    Returns
    -------
    str
        HTML that is well-formed XML too; all that came from the reports is escaped.
    """
    same = compared["same_sample"]
    title = "Two measurements of face recognition, side by side"
    header = (
        f'<h1>{title}</h1><p class="lead">{_lead(same)}</p>'
        f"{facts((side.upper(), _measurement(compared[side])) for side in ('a', 'b'))}"
    )
    main = "".join(
        (
            _plain_words(compared) if same else "",
            _sample(compared),
            _changed(compared),
            _rates(compared),
            _det(compared),
            _true_match(compared),
            _groups(compared),
            section("caveats", "What to keep in mind", items(_caveats(compared))),
        )
    )
    footer = f"<p>Format {text(compared['format'])}. Made from compare.json, which has the same numbers.</p>"
    return page(title, header=header, main=main, footer=footer)


def _lead(same: bool) -> str:
    if same:
        return "Both measured the same photographs and the same trials, so their error rates can be compared."
    return (
        '<strong class="insufficient">These are not measurements of the same sample.</strong> Who was photographed, and'
        " how, moves error rates as much as the program does: nothing on this page shows that A or B errs less."
    )


def _measurement(side: Mapping[str, Any]) -> str:
    service = side["service"]
    named = f"<strong>{text(side['name'])}</strong>: " if side.get("name") else ""
    told = [text(service[key]) for key in ("engine", "endpoint", "model") if service.get(key)]
    return f"{named}{', '.join(told)}; Recognizance {text(side.get('version'))}, {moment(side.get('made_at'))}"


def _plain_words(compared: Mapping[str, Any]) -> str:
    rows = [row for row in compared["rates"] if row["percent"] in _PLAIN_PERCENTS]
    told = [
        f"{text(_said(row['rate']))}, at {text(setting(row['percent']))}: {_finding(row)}."
        for row in rows or compared["rates"]
    ]
    told += [
        f"Same person found where 1 stranger in {in_how_many(row['fmr']).removeprefix('1 in ')} is taken for one"
        f" person: {_finding(row)}."
        for row in compared["true_match_at_fmr"]
    ]
    scale = (
        "<p>A percentage is each service's own scale, and a setting. Where one takes fewer strangers for one person and"
        " misses more people at the same percentage, it is stricter there, which is not yet better.</p>\n"
    )
    return section(
        "plain", "In plain words", scale + items(told or ["There is no rate that both reports have."]), kind="plain"
    )


def _sample(compared: Mapping[str, Any]) -> str:
    a, b = compared["a"]["sample"], compared["b"]["sample"]
    sizes = [
        (said, count(a.get(key)), count(b.get(key)))
        for said, key in (
            ("Photographs", "photographs"),
            ("People", "subjects"),
            ("Pairs of one person", "mated"),
            ("Pairs of strangers", "nonmated"),
        )
        if a.get(key) is not None or b.get(key) is not None
    ]
    described = [("Sample", text(a.get("description")), text(b.get("description")))]
    digests = [
        (text(told["name"]), *(f"<code>{text(told[side])}</code>" for side in ("a", "b")))
        for told in compared["sample_digests"]
    ]
    if compared["same_sample"]:
        said = (
            "<p>By their digests, the lists of photographs and of trials are the same. The comparison is paired: each"
            " trial was given to both. That two intervals overlap does not show that A and B are alike: looking at the"
            " trials one by one (trials.csv of both) can show differences that intervals are too wide to show. Where"
            " intervals lie apart, the difference is the surer.</p>\n"
        )
    else:
        changed = [text(told["name"]) for told in compared["sample_digests"] if told["a"] != told["b"]]
        which = f" What differs: {', '.join(changed)}." if changed else " The reports have no digests of their sample."
        said = (
            f'<div class="warning"><p>The samples are not the same.{which} Rates stand side by side for reading only.'
            " For a comparison, measure both on the same photographs with the same list of trials.</p></div>\n"
        )
    return section(
        "sample",
        "Whether this is the same sample",
        said
        + table("Both samples", ("What", "A", "B"), (*described, *sizes))
        + folded("Digests of both samples (SHA-256)", table("Digests", ("What", "A", "B"), digests)),
    )


def _changed(compared: Mapping[str, Any]) -> str:
    rows = [
        (text(told["name"].replace("_", " ")), *(f"<code>{text(told[side])}</code>" for side in ("a", "b")))
        for told in compared["changed"]
    ]
    body = (
        table("What differs between the services measured", ("What", "A", "B"), rows)
        if rows
        else "<p>Nothing: model, calibration and version are the same, by what the reports tell.</p>"
    )
    return section("changed", "What changed", body)


def _rates(compared: Mapping[str, Any]) -> str:
    names = dict.fromkeys(row["rate"] for row in compared["rates"])
    tables = "".join(
        table(
            _said(name),
            ("Setting", "A", "B", "Difference"),
            (
                (text(setting(row["percent"])), rate_cell(row["a"]), rate_cell(row["b"]), _finding(row))
                for row in compared["rates"]
                if row["rate"] == name
            ),
            kind="sides",
        )
        for name in names
    )
    equal = compared["equal_error"]
    if equal:
        tables += (
            f"<p>Where both errors are equally frequent: A {_equal(equal['a'])}, B {_equal(equal['b'])}"
            f" ({_finding(equal)}).</p>\n"
        )
    return section("rates", "Error rates", tables or "<p>There is no rate that both reports have.</p>")


def _equal(told: Mapping[str, Any]) -> str:
    if told.get("measured") is not True:
        return '<span class="insufficient">insufficient</span>'
    bounds = [finite(bound) for bound in told.get("interval") or (None, None)]
    low, high = bounds
    interval = "" if low is None or high is None else f" (95\u00a0% interval {span(low, high)})"
    return f"{in_how_many(float(told['rate']))}{interval}"


def _det(compared: Mapping[str, Any]) -> str:
    sides = (compared["a"], compared["b"])
    if not all(side.get("det") for side in sides):
        return ""
    by_percent: dict[float, dict[str, Mapping[str, Any]]] = {}
    for row in compared["rates"]:
        if row["percent"] in _PLAIN_PERCENTS:
            by_percent.setdefault(row["percent"], {})[row["rate"]] = row
    curves = [
        Curve(
            side.upper(),
            compared[side]["det"],
            [
                (setting(percent), rate_of(rates["fmr"][side]), rate_of(rates["fnmr"][side]))
                for percent, rates in by_percent.items()
                if {"fmr", "fnmr"} <= set(rates)
            ],
        )
        for side in ("a", "b")
    ]
    drawn = det_curves(curves, mated=_least(sides, "mated"), nonmated=_least(sides, "nonmated"))
    claim = (
        "A line that is lower missed fewer people of this sample at the same rate of false matches"
        if compared["same_sample"]
        else "These are different samples: which line is lower says nothing of the services"
    )
    return section(
        "det",
        "One error against the other",
        figure(
            drawn,
            f"Solid line, round marks: A. Dashed line, square marks: B. {claim}. In the tinted"
            " ground fewer than 30 errors were counted, and a hollow mark is not measured: lines say nothing there.",
        ),
    )


def _least(sides: Sequence[Mapping[str, Any]], name: str) -> int | None:
    told = [side["sample"].get(name) for side in sides]
    return min(told) if all(told) else None


def _true_match(compared: Mapping[str, Any]) -> str:
    rows = [
        (in_how_many(float(row["fmr"])), rate_cell(row["a"]), rate_cell(row["b"]), _finding(row))
        for row in compared["true_match_at_fmr"]
    ]
    if not rows:
        return ""
    return section(
        "true-match",
        "How often the same person is found, at the same false match rate",
        "<p>Here both are set so that strangers are taken for one person equally often: scales play no part.</p>\n"
        + table(
            "True match rate at a false match rate",
            ("Strangers taken for one person", "A", "B", "Difference"),
            rows,
            kind="sides",
        ),
    )


def _groups(compared: Mapping[str, Any]) -> str:
    parts = []
    for index, group in enumerate(compared["groups"]):
        at = "" if group["percent"] is None else f", at {setting(group['percent'])}"
        body, known = "", False
        for name in dict.fromkeys(row["rate"] for row in group["rows"]):
            rows = [row for row in group["rows"] if row["rate"] == name]
            measured = any(rate_of(row[side]).measured for row in rows for side in ("a", "b"))
            known = known or measured
            body += _group(f"group{index}-{text(name)}", f"{_said(name)}, by {group['attribute']}{at}", rows, measured)
        parts.append(part(f"By {group['attribute']}{at}", body, insufficient=not known))
    if not parts:
        return section("groups", "Groups of people", "<p>No group is in both reports.</p>")
    return section("groups", "Groups of people", "".join(parts))


def _group(name: str, title: str, rows: Sequence[Mapping[str, Any]], measured: bool) -> str:
    bars = figure_of_bars(
        name,
        title,
        [(f"{row['group']}: {side.upper()}", rate_of(row[side])) for row in rows for side in ("a", "b")],
    )
    rates = table(
        title,
        ("Group", "A", "B", "Difference"),
        ((text(row["group"]), rate_cell(row["a"]), rate_cell(row["b"]), _finding(row)) for row in rows),
        kind="sides",
    )
    if measured:
        return bars + rates
    return (
        f'<p>{text(title)}: <strong class="insufficient">insufficient</strong> in every group, in A and in B.</p>\n'
        f"{bars}{rates}"
    )


def _said(name: str) -> str:
    return _SAID.get(name) or name.replace("_", " ")


def _finding(row: Mapping[str, Any]) -> str:
    finding = row["finding"]
    if finding == INSUFFICIENT:
        return '<span class="insufficient">insufficient</span>: not known'
    if finding in _NO_CLAIM:
        return _NO_CLAIM[finding]
    less, more = ("A", "B") if finding == LESS_IN_A else ("B", "A")
    ratio = finite(row.get("ratio"))
    if ratio is None:
        return f"<strong>less in {less}</strong>"
    times = ratio if finding == LESS_IN_A else 1 / ratio
    return f"<strong>less often in {less}</strong>; in {more} {times:.3g} times as often"


def _caveats(compared: Mapping[str, Any]) -> list[str]:
    told = [
        "A rate is called less frequent in one of the two only where both are measured (30 errors and as many without)"
        " and their 95\u00a0% intervals lie apart. Everything else is not known from these reports.",
        "Of very many rates compared, some can lie apart by chance.",
        "These rates are those of these samples. Other cameras, light, ages or people give other rates.",
    ]
    if not all(compared[side].get("intervals") == "subjects" for side in ("a", "b")):
        told.insert(
            1,
            "At least one report's intervals take trials for independent. Those of one person are not, so intervals"
            " that lie apart only just may show nothing.",
        )
    if compared["only_in_one"]:
        told.append(f"Only one of the two reports has: {text(', '.join(compared['only_in_one']))}.")
    return told
