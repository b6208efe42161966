"""Read which photographs are compared, what is true of them, and whom they show."""

import csv
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath

from recognizance.errors import TrialListError
from recognizance.workflows.evaluate.spreadsheet import unguarded

SUBJECT = "subject"
"""The column of the labels that names the person; the others make groups."""

_SEPARATORS = {";": "semicolons", "\t": "tabs"}

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
    """What is known of photographs, by name: one value for each attribute; and the file's name and SHA-256."""

    attributes: tuple[str, ...]
    of: Mapping[str, Mapping[str, str]]
    file: str | None = None
    sha256: str | None = None

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
    lines: dict[frozenset[str], int] = {}
    for number, row in rows:
        said = row["mated"].lower()
        if said not in _TRUE | _FALSE:
            raise TrialListError(f"{path}, line {number}: mated is {row['mated']!r}.", "Write yes or no.")
        if not row["a"] or not row["b"]:
            raise TrialListError(f"{path}, line {number}: a pair names two photographs.")
        if row["a"] == row["b"]:
            raise TrialListError(
                f"{path}, line {number}: {row['a']} is compared with itself, which no program gets wrong.",
                "Leave the line out.",
            )
        earlier = lines.setdefault(frozenset((row["a"], row["b"])), number)
        if earlier != number:
            raise TrialListError(
                f"{path}, line {number}: {row['a']} and {row['b']} are listed already, in line {earlier}.",
                "List each pair once, in either order: a second time it would be no further evidence.",
            )
        pairs.append(Pair(row["a"], row["b"], said in _TRUE))
    if not pairs:
        raise TrialListError(f"{path} lists no pair.", "It has the columns a, b and mated, and one line a pair.")
    names = tuple(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    require_photographs(path, photos, names)
    return TrialList(path, sha256, names, tuple(pairs))


def read_labels(path: Path) -> Labels:
    """Read a CSV file with a column file and one for each attribute.

    Raises
    ------
    TrialListError
    """
    rows, sha256 = read_rows(path, {"file"})
    attributes = tuple(name for name in (rows[0][1] if rows else ()) if name != "file")
    found: dict[str, Mapping[str, str]] = {}
    for number, row in rows:
        if not row["file"]:
            raise TrialListError(f"{path}, line {number}: it names no photograph in the column file.")
        if found.setdefault(row["file"], row) is not row:
            raise TrialListError(f"{path}, line {number}: {row['file']} is labelled a second time.")
    return Labels(attributes, found, path.name, sha256)


def read_labels_of(path: Path, photographs: Collection[str]) -> Labels:
    """Read the labels of photographs that are known already; the file may have those of others too.

    Raises
    ------
    TrialListError
        Also if it has those of none.
    """
    labels = read_labels(path)
    if labels.of.keys().isdisjoint(photographs):
        raise TrialListError(
            f"{path} labels none of the photographs that are compared.",
            "Its column file has the names that the list of pairs has.",
        )
    return labels


def require_photographs(path: Path, folder: Path, names: Iterable[str]) -> None:
    """Refuse names of a file that are no photographs below a folder, or more than one name of the same.

    Raises
    ------
    TrialListError
        Naming the first.
    """
    absent = []
    for name in names:
        plain = PurePosixPath(name)
        if plain.is_absolute() or ".." in plain.parts or str(plain) != name:
            raise TrialListError(
                f"{path}: the name {name} does not lead from the folder straight to a photograph.",
                "Write names as they are below the folder of --photos, such as anna/1.jpg.",
            )
        if not (folder / name).is_file():
            absent.append(name)
    if absent:
        raise TrialListError(
            f"{len(absent):,} photographs of {path} are not in {folder}; the first is {absent[0]}.",
            "Name the folder that they are in with --photos; names in the file start from it.",
        )


def read_rows(path: Path, needed: set[str]) -> tuple[list[tuple[int, dict[str, str]]], str]:
    """Read the rows of a CSV file, each with its line, and the file's SHA-256."""
    try:
        data = path.read_bytes()
        reader = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        reader.fieldnames = _columns(path, [name.strip() for name in reader.fieldnames or ()], needed)
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise TrialListError(f"{path}, line {reader.line_num}: it has not as many fields as the first line.")
            rows.append((reader.line_num, {name: unguarded(value.strip()) for name, value in row.items()}))
    except UnicodeDecodeError as error:
        raise TrialListError(f"{path} cannot be read: it is not in UTF-8.", 'Save it as "CSV UTF-8".') from error
    except (OSError, csv.Error) as error:
        raise TrialListError(f"{path} cannot be read: {error}.") from error
    return rows, hashlib.sha256(data).hexdigest()


def _columns(path: Path, names: list[str], needed: set[str]) -> list[str]:
    """Check the names of columns.

    Raises
    ------
    TrialListError
    """
    missing = needed - set(names)
    if missing:
        other = next((said for mark, said in _SEPARATORS.items() if mark in "".join(names)), None)
        raise TrialListError(
            f"{path} has no column {', '.join(sorted(missing))}.",
            f"Its fields seem to be separated by {other}: save it with commas."
            if other
            else f"Its first line names the columns: {', '.join(sorted(needed))}.",
        )
    if "" in names or len(set(names)) < len(names):
        raise TrialListError(f"{path} has a column without a name, or two of one name.", "Mend its first line.")
    return names
