"""Searches made up to be counted: files that are no photographs, and answers that nobody gave."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from recognizance.cli.evaluate.folders import photographs_in
from recognizance.workflows.evaluate.document import Told
from recognizance.workflows.evaluate.search_trials import SearchTrials, read_search_trials
from recognizance.workflows.evaluate.service import NO_FACE, Listed, Searched

TOLD = Told("made up", "none", "0", datetime(2026, 11, 26, tzinfo=UTC), {"engine": "none", "model": "none"})


def trials_of(folder: Path, gallery: Sequence[str], probes: Sequence[str], labels: str = "") -> SearchTrials:
    """Put files of these names, each with its own content, into two folders."""
    for side, names in (("gallery", gallery), ("probes", probes)):
        for name in names:
            path = folder / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{side} {name}")
    if labels:
        (folder / "labels.csv").write_text(labels)
    return read_search_trials(
        photographs_in(folder / "gallery"),
        photographs_in(folder / "probes"),
        folder / "labels.csv" if labels else None,
    )


def found(candidates: Mapping[str, Sequence[tuple[str, float]]], failed: Sequence[str] = ()) -> Searched:
    listed = {probe: tuple(Listed(*one) for one in held) for probe, held in candidates.items()}
    return Searched(listed, {}, dict.fromkeys(failed, NO_FACE), "00")


def two_groups(folder: Path, names: tuple[str, str] = ("g", "h")) -> tuple[SearchTrials, Searched]:
    """Of the first group 60 of 100 probes are taken for somebody, of the second 30; always for one of their own."""
    gallery = [f"{group}{number}.jpg" for group in "gh" for number in range(2)]
    probes = [f"p{group}{number:03}.jpg" for group in "gh" for number in range(100)]
    told = dict(zip("gh", names, strict=True))
    labels = "".join(f'{name},{name},"{told[name.lstrip("p")[0]]}"\n' for name in gallery + probes)
    listed = {
        name: [(f"{name[1]}0.jpg", 90.0 if int(name[2:5]) < (60 if name[1] == "g" else 30) else 10.0)]
        for name in probes
    }
    return trials_of(folder, gallery, probes, f"file,subject,group\n{labels}"), found(listed)
