"""Whom photographs show, and to which groups of people they belong: names become numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from recognizance.workflows.evaluate.trial_list import SUBJECT, Labels, Pair


def numbered(names: Sequence[str]) -> NDArray[np.intp]:
    """Give names numbers in order of appearance, equal ones the same."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)


def subjects_of_pairs(photographs: Sequence[str], pairs: Sequence[Pair], labels: Labels) -> NDArray[np.intp]:
    """Tell whom each photograph shows: by its label or that of a mate, else as one person with its mates.

    Returns
    -------
    ndarray of shape (n_photographs,), intp
    """
    leader = {name: name for name in photographs}

    def lead(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for pair in pairs:
        if pair.mated:
            leader[lead(pair.b)] = lead(pair.a)
    known = {name: labels.of.get(name, {}).get(SUBJECT) for name in photographs}
    mates = {lead(name): label for name, label in known.items() if label}
    told = {name: known[name] or mates.get(lead(name)) for name in leader}
    return numbered([f"label {told[name]}" if told[name] else f"photographs with {lead(name)}" for name in leader])


def subjects_of_folder(photographs: Sequence[str], labels: Labels) -> NDArray[np.intp]:
    """Tell whom each photograph shows: by its label, else by the first folder of its name, else nobody else.

    Returns
    -------
    ndarray of shape (n_photographs,), intp
    """

    def subject(name: str) -> str:
        label = labels.of.get(name, {}).get(SUBJECT)
        if label:
            return f"label {label}"
        folders = PurePath(name).parts[:-1]
        return f"folder {folders[0]}" if folders else f"photograph {name}"

    return numbered([subject(name) for name in photographs])


@dataclass(frozen=True, eq=False)
class Grouping:
    """The group of each photograph by some of its labels.

    Attributes
    ----------
    attribute : str
        The labels, for people to read.
    names : tuple of str
        The groups.
    of : ndarray of shape (n_photographs,), intp
        Index into `names`; -1 where a label is not known.
    """

    attribute: str
    names: tuple[str, ...]
    of: NDArray[np.intp]


def grouped(photographs: Sequence[str], labels: Labels, attributes: Sequence[str]) -> Grouping:
    """Group photographs by labels; several make intersections."""
    found = [labels.group(name, attributes) for name in photographs]
    names = tuple(sorted({name for name in found if name is not None}))
    numbers = {name: index for index, name in enumerate(names)}
    of = np.array([-1 if name is None else numbers[name] for name in found], dtype=np.intp)
    return Grouping(" × ".join(attributes), names, of)
