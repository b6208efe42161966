"""What an earlier run of `enrol` got acknowledged, so that the next one need not send it again.

The server knows it too (the same bytes with the same external id are not stored twice); the journal saves the way
there.  It belongs to one gallery as created at one time and to one choice of options: a gallery of the same name that
is made later begins with none.

Names of files often are names of people, so a line holds salted digests in their place; and whenever somebody is
erased from a gallery, its journals are deleted.
"""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from recognizance.cli.items import Item, State

FOLDER = "enrolments"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the server acknowledged of a photograph.

    ``references`` counts faces that are in the gallery; ``reasons`` says why others are not, one entry a face.
    """

    references: int
    reasons: tuple[str, ...]


class Journal:
    """The journal of one gallery; a context manager that keeps the file open for notes."""

    def __init__(self, home: Path, gallery: Mapping[str, Any], options: str) -> None:
        key = json.dumps([gallery["Name"], gallery["CreatedAt"].isoformat(), options])
        self.path = home / FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.jsonl"
        self._head = {
            "gallery": gallery["Name"],
            "created_at": gallery["CreatedAt"].isoformat(),
            "options": options,
            "salt": secrets.token_hex(16),
        }
        self._known: dict[str, list[Any]] = {}

    def read(self) -> None:
        """Read what was acknowledged; a line that a crash cut short is passed over."""
        named = False
        with contextlib.suppress(FileNotFoundError), self.path.open(encoding="ascii", errors="replace") as file:
            for line in file:
                with contextlib.suppress(ValueError, IndexError, TypeError):
                    row = json.loads(line)
                    if isinstance(row, dict):
                        named = "salt" not in row  # of an earlier version, which wrote names
                        self._head["salt"] = str(row.get("salt", self._head["salt"]))
                    elif isinstance(row, list) and len(row) == 4:
                        self._known[row[0]] = row
        if named:
            self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._known.clear()
        self.path.unlink(missing_ok=True)

    def find(self, item: Item) -> Outcome | None:
        """Look up a photograph that has not changed since it was acknowledged."""
        row = self._known.get(self._digest(item.place.identity))
        if row is None:
            return None
        try:
            state = item.place.state()
        except (OSError, ValueError):
            return None
        if row[1] != self._state(item, state):
            return None
        return Outcome(int(row[2]), tuple(map(str, row[3])))

    def __enter__(self) -> Self:
        """Open the file for notes."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "a", encoding="ascii")
        if self.path.stat().st_size == 0:
            self._write(self._head)
        else:
            self._file.write("\n")  # ends a line that a crash cut short
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def note(self, item: Item, state: State, outcome: Outcome) -> None:
        """Write down what the server has acknowledged; `state` is the photograph's from before it was read."""
        self._write(
            [self._digest(item.place.identity), self._state(item, state), outcome.references, list(outcome.reasons)]
        )

    def _state(self, item: Item, state: State) -> str:
        return self._digest(json.dumps([item.place.identity, *state, item.external_id]))

    def _digest(self, text: str) -> str:
        return digest(self._head["salt"], text)

    def _write(self, row: Any) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()


def digest(salt: str, text: str) -> str:
    """Stand for a name that is not to be written down."""
    return hashlib.sha256(f"{salt}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def forget_others(home: Path, galleries: list[dict[str, Any]]) -> None:
    """Delete the journals of galleries that are no more: they name photographs of people who were erased."""
    alive = {(row["Name"], row["CreatedAt"].isoformat()) for row in galleries}
    for path in (home / FOLDER).glob("*.jsonl"):
        try:
            with path.open(encoding="ascii", errors="replace") as file:
                head = json.loads(file.readline())
            stale = (head["gallery"], head["created_at"]) not in alive
        except (OSError, ValueError, KeyError, TypeError):
            stale = True
        if stale:
            path.unlink(missing_ok=True)


def forget(home: Path, gallery: str) -> None:
    """Delete the journals of a gallery: somebody was erased from it."""
    for path in (home / FOLDER).glob("*.jsonl"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            with path.open(encoding="ascii", errors="replace") as file:
                named = json.loads(file.readline())["gallery"] == gallery
            if named:
                path.unlink(missing_ok=True)
