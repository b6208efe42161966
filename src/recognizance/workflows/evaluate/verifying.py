"""Compare photographs for a verification: those of a list of pairs, or all with all."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recognizance.accuracy.all_with_all import AllWithAll, choose_floor
from recognizance.accuracy.comparisons import Listed
from recognizance.errors import InsufficientTrialsError, TrialListError
from recognizance.workflows.evaluate.people import subjects_of_folder, subjects_of_pairs
from recognizance.workflows.evaluate.service import Photographs, Progress, Service
from recognizance.workflows.evaluate.trial_list import SUBJECT, Labels, Pair, TrialList
from recognizance.workflows.evaluate.verify import LOWEST_PERCENT, Verification

LISTED_PAIRS_MAX = 2_000_000
"""More are compared with all only by a service that gives templates out."""


def verify_pairs(
    service: Service, trials: TrialList, photographs: Photographs, labels: Labels, progress: Progress
) -> Verification:
    """Compare the pairs of a list.

    Raises
    ------
    TrialListError
        If the list and the label ``subject`` do not agree on whether two photographs show one person.
    InsufficientTrialsError
        As `report` does, before anything is compared.
    """
    verification = verify_listed(service, trials.pairs, photographs, labels, progress)
    return replace(verification, pairs_file=trials.path.name, pairs_sha256=trials.sha256)


def verify_listed(
    service: Service, pairs: Sequence[Pair], photographs: Photographs, labels: Labels, progress: Progress
) -> Verification:
    """Compare pairs that no file lists.

    Raises
    ------
    TrialListError, InsufficientTrialsError
        As `verify_pairs`.
    """
    _refuse_contradictions(pairs, labels)
    subjects = subjects_of_pairs(photographs.names, pairs, labels)
    return _described(_compare(service, pairs, photographs, subjects, progress), photographs, labels)


def verify_all(service: Service, photographs: Photographs, labels: Labels, progress: Progress) -> Verification:
    """Compare every photograph with every other; who is who is read from labels, or from folders.

    Raises
    ------
    TrialListError
        If that makes too many pairs for a service that gives no templates out, or the label ``subject`` is empty for
        some: they would be taken for strangers of everybody.
    InsufficientTrialsError
        As `report` does, before anything is compared.
    """
    unknown = [name for name in photographs.names if not labels.of.get(name, {}).get(SUBJECT)]
    if SUBJECT in labels.attributes and unknown:
        raise TrialListError(
            f"Whom {len(unknown):,} of {len(photographs.names):,} photographs show is not labelled; the first is "
            f"{unknown[0]}.",
            "Name each one's person in the column subject of --labels, or leave the photograph out.",
        )
    subjects = subjects_of_folder(photographs.names, labels)
    if len(np.unique(subjects)) in (1, len(subjects)):
        raise InsufficientTrialsError(
            "All photographs are taken for one person's, or each for another's: nothing can be measured.",
            "Name each one's person in the column subject of --labels, or keep each person's in a folder of their own.",
        )
    made = service.templates(photographs, progress)
    if made is not None:
        failed = np.array([name in made.failures for name in photographs.names])
        floor = choose_floor(made.vectors, failed, service.scale.score_at_percent(LOWEST_PERCENT))
        comparisons = AllWithAll(subjects, made.vectors, failed, floor)
        return _described(Verification(comparisons, made.failures, made.photographs_sha256), photographs, labels)
    count = len(photographs.names)
    if count * (count - 1) // 2 > LISTED_PAIRS_MAX:
        raise TrialListError(
            f"{count:,} photographs make {count * (count - 1) // 2:,} pairs, a call each: too many.",
            "Take a part of them, or list the pairs to compare with --pairs.",
        )
    first, second = np.triu_indices(count, 1)
    pairs = [
        Pair(photographs.names[a], photographs.names[b], bool(subjects[a] == subjects[b]))
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return _described(_compare(service, pairs, photographs, subjects, progress), photographs, labels)


def _refuse_contradictions(pairs: Sequence[Pair], labels: Labels) -> None:
    for pair in pairs:
        one, other = (labels.of.get(name, {}).get(SUBJECT) for name in (pair.a, pair.b))
        if pair.mated and one and other and one != other:
            raise TrialListError(
                f"{pair.a} and {pair.b} are listed as of one person, but are labelled as {one} and {other}.",
                "Mend the list or the labels.",
            )


def _described(verification: Verification, photographs: Photographs, labels: Labels) -> Verification:
    return replace(
        verification,
        labels_file=labels.file,
        labels_sha256=labels.sha256,
        repeated=count_repeated(photographs),
    )


def count_repeated(photographs: Photographs) -> int:
    """Count the photographs that are the very file of an earlier one, reading those of equal size."""
    by_size: dict[int, list[str]] = defaultdict(list)
    for name in photographs.names:
        by_size[(photographs.folder / name).stat().st_size].append(name)
    alike = (names for names in by_size.values() if len(names) > 1)
    return sum(len(names) - len({hashlib.sha256(photographs.read(name)).digest() for name in names}) for names in alike)


def _compare(
    service: Service, pairs: Sequence[Pair], photographs: Photographs, subjects: NDArray[np.intp], progress: Progress
) -> Verification:
    row = {name: index for index, name in enumerate(photographs.names)}
    first = np.array([row[pair.a] for pair in pairs], dtype=np.intp)
    second = np.array([row[pair.b] for pair in pairs], dtype=np.intp)
    is_mated = np.array([pair.mated for pair in pairs])
    contradicted = np.flatnonzero(~is_mated & (subjects[first] == subjects[second]))
    if len(contradicted):
        pair = pairs[contradicted[0]]
        raise TrialListError(
            f"{pair.a} and {pair.b} are listed as of different people, but are of one by the labels or by other pairs.",
            "Mend the list or the labels.",
        )
    if is_mated.all() or not is_mated.any():
        raise InsufficientTrialsError(
            "All pairs are of one person, or all of different people: nothing can be measured.",
            "List pairs of both kinds.",
        )
    found = service.compare(photographs, [(pair.a, pair.b) for pair in pairs], progress)
    comparisons = Listed(subjects, first, second, is_mated, found.scores)
    return Verification(comparisons, found.failures, found.photographs_sha256)
