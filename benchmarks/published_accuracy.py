"""Make the report on the shipped model that servers publish, from photographs that it was not calibrated on.

Two samples, told apart in the report:

- People of known identity: London (front and three-quarter views) and MEDS-II.  No photograph of theirs is in the
  shipped calibration.  Photographs are compared within each set.
- FairFace, which has no identities, for false matches by race and gender.  The shipped calibration is made of all of
  it, so it is parted by cluster into halves, of each person one photograph: what a percent means in one half is fitted
  on the other, as the shipped calibration is fitted on both.

    python benchmarks/published_accuracy.py [--templates FILE.npz] [--page]

Writes src/recognizance/publication/accuracy/report.html and report.json; --templates keeps FairFace's between runs.
With --page nothing is measured: the page alone is made anew, of report.json.
"""

import argparse
import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import samples
from recognizance import __version__
from recognizance.accuracy.comparisons import Listed
from recognizance.accuracy.fitting import fit_curve
from recognizance.accuracy.nonmated import count_nonmated, keep_one_of_each
from recognizance.bootstrap import digests, open_calibration, open_engine, thread_count
from recognizance.reports.verification import verification_page
from recognizance.scoring import Curve
from recognizance.settings import read_settings
from recognizance.workflows.calibrate import SAME_PERSON_SCORE, TRUNCATION_MARGIN
from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.groups import by_group
from recognizance.workflows.evaluate.local import Local
from recognizance.workflows.evaluate.people import Grouping, grouped
from recognizance.workflows.evaluate.service import COSINE, PERCENT, Photographs
from recognizance.workflows.evaluate.trial_list import Labels, Pair
from recognizance.workflows.evaluate.verify import PERCENT_EDGES, report
from recognizance.workflows.evaluate.verifying import verify_listed

OUT = samples.PROJECT / "src" / "recognizance" / "publication" / "accuracy"
POSES = ("front", "left_3quarter", "right_3quarter")
FAIRFACE_PERCENTS = (60, 80)
SAMPLE = (
    "Overall: 102 consenting adults of the Face Research Lab London Set (front and three-quarter views, neutral and "
    "smiling) and 50 people of NIST MEDS-II (mugshots), compared within each set.  By race and gender: FairFace, one "
    "photograph of each person, in halves; there are no identities, so nothing is said of missed mates."
)
LICENCE = "London Set CC BY 4.0 (DeBruine and Jones); MEDS-II public domain (NIST SD 32); FairFace CC BY 4.0"


def known_identities() -> tuple[Photographs, list[Pair], Labels]:
    """List the photographs of known people, the pairs within each set, and their labels."""
    labels: dict[str, dict[str, str]] = {}
    with (samples.folder("london") / "people.csv").open(newline="", encoding="utf-8") as file:
        people = {row["id"]: row for row in csv.DictReader(file)}
    for photograph in samples.london(POSES):
        person = people[photograph.subject]
        labels[photograph.path.relative_to(samples.FACES).as_posix()] = {
            "subject": f"london {photograph.subject}",
            "set": "London Set",
            "gender": person["gender"],
            "ethnicity, London Set": person["ethnicity"],
        }
    with (samples.folder("meds2") / "labels" / "truth" / "subject_metadata.csv").open(newline="") as file:
        records = {row["img_name"]: row for row in csv.DictReader(file)}
    for photograph in samples.meds2():
        record = records[photograph.path.name]
        labels[photograph.path.relative_to(samples.FACES).as_posix()] = {
            "subject": f"meds2 {photograph.subject}",
            "set": "MEDS-II",
            "gender": {"F": "female", "M": "male"}[record["sex"]],
            "race of the record, MEDS-II": record["rac"],
        }
    pairs = [
        Pair(a, b, labels[a]["subject"] == labels[b]["subject"])
        for a, b in combinations(labels, 2)
        if labels[a]["set"] == labels[b]["set"]
    ]
    names = tuple(dict.fromkeys(name for row in labels.values() for name in row))
    return Photographs(samples.FACES, tuple(labels)), pairs, Labels(names, labels)


def fairface(service: Local, kept: Path | None) -> tuple[NDArray[np.float32], list[dict[str, str]], int]:
    """Give a template and the labels of each photograph that has a face, and how many have none."""
    with (samples.folder("fairface") / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if kept is not None and kept.is_file():
        vectors = np.load(kept)["vectors"]
    else:
        made = service.templates(
            Photographs(samples.folder("fairface") / "images", tuple(row["file"] for row in rows)), lambda done: None
        )
        vectors = made.vectors
        if kept is not None:
            np.savez(kept, vectors=vectors)
    found = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)
    return vectors[found], [rows[row] for row in found], len(rows) - len(found)


def percents(curve: Curve, scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the percents of scores by a fitted curve, as `Calibration.percent` does, many at once."""
    anchor = curve.score_at(1e-2)
    fitted = 30 - 10 * np.interp(scores, curve.scores, curve.log10_fmr)
    return np.where(scores >= anchor, fitted.clip(50, 100), 50 * np.maximum(scores, 0) / anchor)


def halves(
    vectors: NDArray[np.float32], rows: Sequence[dict[str, str]]
) -> tuple[Listed, list[dict[str, str]], list[list[int]]]:
    """Compare within each half of the people, in percent by the other half's curve.

    Returns
    -------
    Listed
        Nonmated comparisons alone.
    list of dict
        Labels of its photographs.
    list of list of int
        The rows of `vectors` in each half.
    """
    chosen = keep_one_of_each(vectors, np.arange(len(vectors)), SAME_PERSON_SCORE)
    shuffled = np.random.default_rng(0).permutation(chosen)
    # Dealt in turn within each group, so that halves are alike.
    order = sorted(shuffled, key=lambda row: (rows[row]["race"], rows[row]["gender"]))
    parts = [np.array(order[0::2]), np.array(order[1::2])]
    one_group = [np.zeros(len(part), dtype=np.intp) for part in parts]
    curves = [
        fit_curve(
            count_nonmated(vectors[part], group, 1)[0], counted_to=round(SAME_PERSON_SCORE - TRUNCATION_MARGIN, 6)
        )[0]
        for part, group in zip(parts, one_group, strict=True)
    ]
    first, second, scores = [], [], []
    begin = 0
    for part, curve in zip(parts, reversed(curves), strict=True):
        a, b = np.triu_indices(len(part), 1)
        first.append((a + begin).astype(np.uint16))
        second.append((b + begin).astype(np.uint16))
        scores.append(percents(curve, (vectors[part] @ vectors[part].T)[a, b]).astype(np.float32))
        begin += len(part)
    everybody = np.concatenate(parts)
    count = sum(map(len, scores))
    listed = Listed(
        np.arange(len(everybody)),
        np.concatenate(first),
        np.concatenate(second),
        np.zeros(count, dtype=bool),
        np.concatenate(scores),
    )
    return listed, [rows[row] for row in everybody], [part.tolist() for part in parts]


def fairface_groups(listed: Listed, rows: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Count false matches by group."""
    names = [str(index) for index in range(len(rows))]
    labels = Labels(("race", "gender"), dict(zip(names, rows, strict=True)))
    tables = []
    for attributes in (("race", "gender"), ("race",), ("gender",)):
        grouping = grouped(names, labels, attributes)
        grouping = Grouping(f"{grouping.attribute} (FairFace)", grouping.names, grouping.of)
        tables += by_group(
            listed, grouping, dict(zip(FAIRFACE_PERCENTS, FAIRFACE_PERCENTS, strict=True)), PERCENT_EDGES
        )
    # Everybody else's scores are cosines.
    return [{**table, "score_is": PERCENT} for table in tables]


def main() -> None:
    """Make both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=Path)
    parser.add_argument("--page", action="store_true")
    wanted = parser.parse_args()
    if wanted.page:
        measured = json.loads((OUT / "report.json").read_text(encoding="utf-8"))
        (OUT / "report.html").write_text(verification_page(measured), encoding="utf-8")
        return
    kept = wanted.templates
    settings = read_settings(home=samples.HOME)
    engine, calibration = open_engine(settings), open_calibration(settings)
    description = {
        "engine": "in process",
        "score_is": COSINE,
        "model": engine.model,
        "model_sha256": digests(settings),
        "calibration": calibration.digest,
    }
    service = Local(engine, calibration, description, thread_count(settings))
    photographs, pairs, labels = known_identities()
    verification = verify_listed(service, pairs, photographs, labels, lambda done: None)
    groupings = [
        grouped(photographs.names, labels, (name,))
        for name in ("set", "gender", "ethnicity, London Set", "race of the record, MEDS-II")
    ]
    told = Told(SAMPLE, LICENCE, __version__, datetime.now(UTC), service.describe())
    document = report(verification, groupings, calibration, told)
    listed, rows, parts = halves(*(found := fairface(service, kept))[:2])
    document["groups"] = fairface_groups(listed, rows) + document["groups"]
    document["sample"]["fairface"] = {
        "photographs_compared": len(rows),
        "halves": [len(part) for part in parts],
        "without_a_face": found[2],
        "comparisons": len(listed.scores),
    }
    document["caveats"] += [
        "The tables of FairFace are of comparisons within halves of it, in percent by a curve that was fitted on the "
        "other half; the shipped curve is fitted on both.  Photographs that score above 0.55 were taken for one person "
        "there, so false matches above that score (83 % and more) are not in these tables.",
        "FairFace's races and genders are annotators' judgements of faces.  Nothing here is about skin tone.",
    ]
    OUT.mkdir(exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (OUT / "report.json").write_text(text, encoding="utf-8")
    (OUT / "report.html").write_text(verification_page(document), encoding="utf-8")


if __name__ == "__main__":
    main()
