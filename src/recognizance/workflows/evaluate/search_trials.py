"""Read whom the photographs of a gallery and of its probes show."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from recognizance.errors import TrialListError
from recognizance.workflows.evaluate.service import Photographs
from recognizance.workflows.evaluate.trial_list import NO_LABELS, SUBJECT, Labels, read_labels


@dataclass(frozen=True)
class SearchTrials:
    """Probes to search in a gallery, and what is known of both.

    Attributes
    ----------
    of_gallery, of_probes : Labels
        By name below the folder.
    labels_file, labels_sha256 : str or None
        The file that they are from.
    same_file : mapping of str to frozenset of str
        By name of the probe: the gallery's photographs that are the same file, byte for byte.
    """

    gallery: Photographs
    probes: Photographs
    of_gallery: Labels
    of_probes: Labels
    labels_file: str | None
    labels_sha256: str | None
    same_file: Mapping[str, frozenset[str]]


def read_search_trials(gallery: Photographs, probes: Photographs, labels: Path | None) -> SearchTrials:
    """Match a file of labels with two folders.

    Its column ``file`` has the name below either folder, and holds for both if both have it; ``gallery/NAME`` and
    ``probes/NAME`` hold for one.

    Raises
    ------
    TrialListError
        If the file cannot be used, or names no photograph of the folders.
    """
    known = read_labels(labels) if labels else NO_LABELS
    of_gallery, of_probes = _below("gallery", gallery, known), _below("probes", probes, known)
    if labels and not of_gallery.of and not of_probes.of:
        raise TrialListError(
            f"{labels} names no photograph of {gallery.folder} or {probes.folder}.",
            "Its column file has names as they are below these folders, such as anna/1.jpg.",
        )
    return SearchTrials(
        gallery,
        probes,
        of_gallery,
        of_probes,
        labels.name if labels else None,
        hashlib.sha256(labels.read_bytes()).hexdigest() if labels else None,
        _same_files(gallery, probes),
    )


def subjects(photographs: Photographs, labels: Labels) -> dict[str, str]:
    """Name whom each photograph shows: by the label ``subject`` if there is such a column, else by its first folder.

    Raises
    ------
    TrialListError
        If this is not known of each.
    """
    labelled = SUBJECT in labels.attributes
    found = {}
    for name in photographs.names:
        above = PurePosixPath(name).parts[:-1]
        found[name] = labels.of.get(name, {}).get(SUBJECT, "") if labelled else above[0] if above else ""
    unknown = [name for name, subject in found.items() if not subject]
    if unknown:
        raise TrialListError(
            f"Whom {len(unknown):,} of {len(found):,} photographs in {photographs.folder} show is not known; the first "
            f"is {unknown[0]}.",
            "Name each one's person in the column subject of --labels."
            if labelled
            else "Keep each person's photographs in a folder of their own, or name them in the column subject of "
            "--labels.",
        )
    return found


def _below(side: str, photographs: Photographs, labels: Labels) -> Labels:
    found = {
        name: row
        for name in photographs.names
        if (row := labels.of.get(f"{side}/{name}") or labels.of.get(name)) is not None
    }
    return Labels(labels.attributes, found)


def _same_files(gallery: Photographs, probes: Photographs) -> dict[str, frozenset[str]]:
    """Find files that are in both folders; only those of a size that both have are read."""
    by_size: dict[int, list[str]] = defaultdict(list)
    for name in gallery.names:
        by_size[(gallery.folder / name).stat().st_size].append(name)
    digests: dict[str, bytes] = {}
    found = {}
    for probe in probes.names:
        alike = by_size.get((probes.folder / probe).stat().st_size, [])
        if not alike:
            continue
        wanted = hashlib.sha256(probes.read(probe)).digest()
        for name in alike:
            if name not in digests:
                digests[name] = hashlib.sha256(gallery.read(name)).digest()
        same = frozenset(name for name in alike if digests[name] == wanted)
        if same:
            found[probe] = same
    return found
