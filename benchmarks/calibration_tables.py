"""Print the tables of docs/method/calibration.md from a shipped calibration.

    python benchmarks/calibration_tables.py [--mirror] [--known] [--json FILE]

``--known`` also counts false matches on the two sets with known identities, London and MEDS-II.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import samples
from recognizance.accuracy.rates import wilson_interval
from recognizance.biometrics import QualityLevel
from recognizance.bootstrap import open_calibration
from recognizance.detection.filter import shortcomings
from recognizance.scoring import Calibration, fmr_of_percent
from recognizance.settings import read_settings

PERCENTS = (50, 60, 70, 80, 90, 95, 99, 100)
GALLERIES = (30_000, 1_000_000)
EXAMPLES = (80, 90, 99)
RATES = (1e-2, 1e-3, 1e-4, 1e-5)


def percents(calibration: Calibration) -> None:
    """Print percent, rate and score."""
    print("Percent, false match rate and score\n")
    samples.table(
        ("percent", "FMR", "one stranger in", "score", "from"),
        [
            (
                percent,
                f"{fmr_of_percent(percent):.2g}",
                f"{round(1 / fmr_of_percent(percent), -len(str(round(1 / fmr_of_percent(percent)))) + 2):,.0f}",
                f"{calibration.score_at_percent(percent):.4f}",
                "measurement"
                if calibration.score_at_percent(percent) <= calibration.overall.measured_to
                else "fitted tail",
            )
            for percent in PERCENTS
        ],
    )


def galleries(calibration: Calibration) -> None:
    """Print the expected false candidates of a search."""
    print("Expected false candidates of one search\n")
    rows = []
    for references in GALLERIES:
        for percent in EXAMPLES:
            score = calibration.score_at_percent(percent)
            name, rate = calibration.worst_group(score)
            rows.append(
                (
                    f"{references:,}",
                    percent,
                    f"{references * calibration.fmr(score):.3g}",
                    f"{references * calibration.same_group.fmr(score):.3g}",
                    f"{references * rate:.3g}",
                    name,
                )
            )
    samples.table(
        ("references", "threshold, percent", "overall", "same group", "worst group (shown)", "worst group is"), rows
    )


def measured(calibration: Calibration) -> None:
    """Print the sample, where measurement ends and the tail begins."""
    provenance = calibration.provenance
    print("Sample\n")
    samples.table(
        ("", ""),
        [
            *((name.replace("_", " "), provenance[name]) for name in _FACTS),
            ("overall: measured up to score", calibration.overall.measured_to),
            ("overall: FMR there", f"{calibration.fmr(calibration.overall.measured_to):.2g}"),
            ("overall: percent there", f"{calibration.percent(calibration.overall.measured_to):.1f}"),
            ("same group: measured up to score", calibration.same_group.measured_to),
            ("same group: FMR there", f"{calibration.same_group.fmr(calibration.same_group.measured_to):.2g}"),
            ("tail: log10 FMR = c + b·s + a·s²", ", ".join(f"{key} {provenance['tail'][key]}" for key in _TAIL)),
            ("tail: residual of the fit, log10", provenance["tail"]["residual_log10"]),
            ("digest of the calibration", calibration.digest),
        ],
    )


_FACTS = (
    "sample",
    "made_at",
    "made_by",
    "photographs",
    "photographs_without_usable_face",
    "faces_failing_quality_filter_auto",
    "same_person_score",
    "faces_compared",
    "comparisons",
    "comparisons_within_groups",
    "photographs_sha256",
)
_TAIL = ("constant", "slope", "curvature")


def sensitivity(calibration: Calibration) -> None:
    """Print score thresholds under other same-person rules, and what the shipped curve calls them."""
    print("Sensitivity to the same-person rule: score at FMR (and the percent that the shipped calibration gives it)\n")
    rows = []
    for row in calibration.provenance["sensitivity_to_same_person_score"]:
        rule = row["same_person_score"]
        cells = []
        for exponent in range(3, 8):
            score = row[f"score_at_fmr_1e-{exponent}"]
            cells.append(f"{score:.3f} ({calibration.percent(score):.0f})")
        chosen = " (chosen)" if rule == calibration.provenance["same_person_score"] else ""
        rows.append(("none" if rule is None else f"{rule:.2f}{chosen}", row["faces"], *cells))
    samples.table(("rule", "faces left", *(f"1e-{exponent}" for exponent in range(3, 8))), rows)


def groups(calibration: Calibration) -> None:
    """Print rates within groups beside the overall one."""
    print("Within one race and gender, beside the overall rate\n")
    rows = []
    for percent in (60, 70, 80, 90):
        score = calibration.score_at_percent(percent)
        overall, same = calibration.fmr(score), calibration.same_group.fmr(score)
        name, worst = calibration.worst_group(score)
        rows.append(
            (
                percent,
                f"{score:.4f}",
                f"{overall:.1e}",
                f"{same:.1e}",
                f"{same / overall:.1f}",
                f"{worst:.1e}",
                f"{worst / overall:.1f}",
                name,
                "yes" if score <= calibration.groups[name].measured_to else "no",
            )
        )
    samples.table(
        ("percent", "score", "overall", "same group", "ratio", "worst group", "ratio", "which", "measured there"), rows
    )
    print("Each group at the overall thresholds for FMR 1e-3 and 1e-4 (false matches; rate; 95 % interval)\n")
    rows = []
    for name, row in sorted(
        calibration.provenance["groups"].items(), key=lambda item: -item[1]["fmr_at_overall_1e-4"]["fmr"]
    ):
        cells = []
        for exponent in (3, 4):
            cell = row[f"fmr_at_overall_1e-{exponent}"]
            low, high = cell["interval_95"]
            cells += [cell["false_matches"], f"{cell['fmr']:.1e}", f"{low:.1e}–{high:.1e}"]
        rows.append((name, f"{row['comparisons']:,}", *cells))
    samples.table(
        ("group", "comparisons", "at 1e-3", "rate", "interval", "at 1e-4", "rate", "interval"),
        rows,
    )


def known(calibration: Calibration, *, mirror: bool) -> dict[str, Any]:
    """Count matches where identities are known, front views that pass QualityFilter AUTO."""
    one = samples.engine(mirror=mirror)
    rule = calibration.provenance["same_person_score"]
    result: dict[str, Any] = {}
    sets = {
        "London, front": samples.london(("front",)),
        "MEDS-II, frontal": [item for item in samples.meds2() if item.pose == "Frontal"],
    }
    for name, listed in sets.items():
        vectors, subjects = [], []
        for item in listed:
            found = samples.largest(one, item.path)
            if found is not None and not shortcomings(found[1], found[0], QualityLevel.AUTO):
                vectors.append(found[2])
                subjects.append(item.subject)
        matrix = samples.unit_matrix(vectors).astype(np.float64)
        first, second = np.triu_indices(len(matrix), 1)
        scores = (matrix @ matrix.T)[first, second]
        people = np.array(subjects)
        same = people[first] == people[second]
        result[name] = {
            "photographs": len(listed),
            "compared": len(matrix),
            "subjects": len(set(subjects)),
            "nonmated": int((~same).sum()),
            "mated": int(same.sum()),
            "highest_nonmated": float(scores[~same].max()),
            "nonmated_at_rule": int((scores[~same] >= rule).sum()),
            "mated_below_rule": int((scores[same] < rule).sum()),
            "false_matches": {
                f"{rate:.0e}": int((scores[~same] >= calibration.overall.score_at(rate)).sum()) for rate in RATES
            },
        }
    print(f"Known identities (front views that pass QualityFilter AUTO); same-person rule {rule}\n")
    rows = []
    for name, row in result.items():
        for rate in RATES:
            errors = row["false_matches"][f"{rate:.0e}"]
            low, high = wilson_interval(errors, row["nonmated"])
            rows.append(
                (
                    name,
                    f"{row['nonmated']:,}",
                    f"{rate:.0e}",
                    f"{rate * row['nonmated']:.1f}",
                    errors,
                    f"{errors / row['nonmated']:.1e}",
                    f"{low:.1e}–{high:.1e}",
                )
            )
    samples.table(("set", "non-mated pairs", "FMR claimed", "expected", "found", "rate", "95 %"), rows)
    samples.table(
        ("set", "photographs", "compared", "subjects", "highest non-mated", "non-mated ≥ rule", "mated < rule"),
        [
            (
                name,
                row["photographs"],
                row["compared"],
                row["subjects"],
                f"{row['highest_nonmated']:.4f}",
                f"{row['nonmated_at_rule']} of {row['nonmated']:,}",
                f"{row['mated_below_rule']} of {row['mated']}",
            )
            for name, row in result.items()
        ],
    )
    return result


def main() -> None:
    """Print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", action="store_true", help="the calibration of mirrored averaging")
    parser.add_argument("--known", action="store_true", help="also check on known identities")
    parser.add_argument("--json", type=Path, help="write what --known found")
    options = parser.parse_args()
    calibration = open_calibration(read_settings(home=samples.HOME, mirror=options.mirror))
    print(f"Calibration of {calibration.model}\n")
    for part in (percents, galleries, measured, sensitivity, groups):
        part(calibration)
    if options.known:
        samples.write_json(options.json, known(calibration, mirror=options.mirror))


if __name__ == "__main__":
    main()
