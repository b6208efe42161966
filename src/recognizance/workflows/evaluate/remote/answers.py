"""The answers that a service has given, so that no run asks for them again.

One JSON object a line, appended and flushed as each answer comes.  A line that a crash cut short is dropped.  Nothing
in it names a photograph or a person, or could sign a request.
"""

import fcntl
import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from recognizance.errors import HomeInUseError, TrialListError

FILE = "answers.jsonl"


@dataclass(frozen=True, slots=True)
class Collection:
    """A throw-away collection at a service.

    Attributes
    ----------
    name : str
        Its CollectionId.
    gallery : str
        Digest of the photographs that it holds, of the endpoint and of who asks.
    endpoint : str
        Where it is.
    asker : str
        Digest of the endpoint and of who made it: another may not see it.
    state : str
        "named" (perhaps there), "made" or "deleted".
    model : str or None
        The FaceModelVersion.
    """

    name: str
    gallery: str
    endpoint: str
    asker: str
    state: str
    model: str | None = None


class Answers:
    """The answers in a folder; a context manager that keeps the file open.  Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._kept: dict[str, Any] = {}
        self._collections: dict[str, Collection] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Read what is there, drop what a crash cut short, and open the file for more.

        Raises
        ------
        HomeInUseError
            If another command uses it: two would enrol into, and delete, one collection.
        TrialListError
            If a line in it is damaged.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.truncate(self._read())
        except BlockingIOError as error:
            self._file.close()
            raise HomeInUseError(
                f"Another command uses {self.path}.", "Wait until it has ended, or name another folder with --out."
            ) from error
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def get(self, key: str) -> Any | None:
        """Look an answer up."""
        return self._kept.get(key)

    def keep(self, key: str, operation: str, answer: Any) -> None:
        """Keep an answer."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._write({"key": key, "operation": operation, "at": at, "answer": answer})

    def collections(self, gallery: str) -> list[Collection]:
        """List the collections that were made of a gallery, latest first."""
        return [row for row in reversed(self._collections.values()) if row.gallery == gallery]

    def note(self, collection: Collection, state: str, model: str | None = None) -> Collection:
        """Write down what has become of a collection."""
        changed = replace(collection, state=state, model=model or collection.model)
        self._write({"collection": asdict(changed)})
        return changed

    @property
    def left(self) -> list[Collection]:
        """The collections that are, or may be, still there."""
        return [row for row in self._collections.values() if row.state != "deleted"]

    def _read(self) -> int:
        """Take what is there, and count the bytes of its whole lines."""
        whole = 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    self._take(json.loads(line.decode("ascii")))
                except (KeyError, TypeError, ValueError) as error:
                    raise TrialListError(
                        f"{self.path}, line {number} is damaged.",
                        "Remove that line: the answer is asked for again.  If it was about a collection, look whether "
                        "one called recognizance-evaluation-… is left at the service.",
                    ) from error
        return whole

    def _write(self, row: dict[str, Any]) -> None:
        line = json.dumps(row, allow_nan=False).encode("ascii") + b"\n"
        with self._lock:
            before = self._file.seek(0, os.SEEK_END)
            try:
                written = 0
                while written < len(line):  # less than a line fits on a disk that is nearly full
                    written += self._file.write(line[written:])
            except OSError as error:
                self._file.truncate(before)  # or the next answer would end the half line
                error.filename = str(self.path)
                raise
            self._take(row)

    def _take(self, row: dict[str, Any]) -> None:
        if "collection" in row:
            collection = Collection(**row["collection"])
            self._collections[collection.name] = collection
        else:
            self._kept[row["key"]] = row["answer"]
