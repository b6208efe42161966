"""Read which photographs are compared, what is true of them, and whom they show."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recognizance.errors import TrialListError

SUBJECT = "subject"
"""The column of the labels that names the person; the others make groups."""

_TRUE = {"1", "true", "yes", "same", "mated"}
_FALSE = {"0", "false", "no", "different", "nonmated"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photographs by the names that the list gives them, and whether they show one person."""

    a: str
    b: str
    mated: bool


@dataclass(frozen=True)
class TrialList:
    """Comparisons to make; ``photographs`` are their names, each once, in order of appearance."""

    path: Path
    sha256: str
    photographs: tuple[str, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Labels:
    """What is known of photographs, by name: one value for each attribute."""

    attributes: tuple[str, ...]
    of: Mapping[str, Mapping[str, str]]

    def group(self, photograph: str, attributes: Sequence[str]) -> str | None:
        """Join a photograph's labels; None where one of them is not known."""
        known = self.of.get(photograph, {})
        values = [known.get(attribute, "") for attribute in attributes]
        return " / ".join(values) if all(values) else None


NO_LABELS = Labels((), {})


def read_pairs(path: Path, photos: Path) -> TrialList:
    """Read a CSV file with the columns a, b and mated; names are relative to the folder `photos`.

    Raises
    ------
    TrialListError
        Naming the line that cannot be used, or the first photograph that is missing.
    """
    rows, sha256 = read_rows(path, {"a", "b", "mated"})
    pairs = []
    for number, row in rows:
        said = row["mated"].lower()
        if said not in _TRUE | _FALSE:
            raise TrialListError(f"{path}, line {number}: mated is {row['mated']!r}.", "Write yes or no.")
        if not row["a"] or not row["b"]:
            raise TrialListError(f"{path}, line {number}: a pair names two photographs.")
        pairs.append(Pair(row["a"], row["b"], said in _TRUE))
    if not pairs:
        raise TrialListError(f"{path} lists no pair.", "It has the columns a, b and mated, and one line a pair.")
    names = tuple(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    absent = [name for name in names if not (photos / name).is_file()]
    if absent:
        raise TrialListError(
            f"{len(absent)} photographs of {path} are not in {photos}; the first is {absent[0]}.",
            "Name the folder that they are in with --photos.",
        )
    return TrialList(path, sha256, names, tuple(pairs))


def read_labels(path: Path) -> Labels:
    """Read a CSV file with a column file and one for each attribute.

    Raises
    ------
    TrialListError
    """
    rows, _ = read_rows(path, {"file"})
    attributes = tuple(name for name in (rows[0][1] if rows else ()) if name != "file")
    found: dict[str, Mapping[str, str]] = {}
    for number, row in rows:
        if found.setdefault(row["file"], row) is not row:
            raise TrialListError(f"{path}, line {number}: {row['file']} is labelled a second time.")
    return Labels(attributes, found)


def labelled_photographs(folder: Path, labels: Labels) -> tuple[str, ...]:
    """List the photographs that are labelled, by their names from the folder on.

    Raises
    ------
    TrialListError
        If one is not there.
    """
    absent = [name for name in labels.of if not (folder / name).is_file()]
    if absent:
        raise TrialListError(
            f"{len(absent)} labelled photographs are not in {folder}; the first is {absent[0]}.",
            "The column file has names that start from the folder of --photos.",
        )
    return tuple(labels.of)


def read_rows(path: Path, needed: set[str]) -> tuple[list[tuple[int, dict[str, str]]], str]:
    """Read the rows of a CSV file, each with its line, and the file's SHA-256."""
    try:
        data = path.read_bytes()
        reader = csv.DictReader(data.decode("utf-8-sig").splitlines(), strict=True)
        missing = needed - set(reader.fieldnames or ())
        if missing:
            raise TrialListError(
                f"{path} has no column {', '.join(sorted(missing))}.",
                f"Its first line names the columns: {', '.join(sorted(needed))}.",
            )
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise TrialListError(f"{path}, line {reader.line_num}: it has not as many fields as the first line.")
            rows.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrialListError(f"{path} cannot be read: {error}.") from error
    return rows, hashlib.sha256(data).hexdigest()
