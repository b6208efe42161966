"""What the record's functions work on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable

from recognizance.records.sealing import Sealer
from recognizance.records.vault import KeyVault

T = TypeVar("T")

# SQLite takes 32,766 variables a statement; one size for nearly all chunks keeps its statement cache useful.
IDENTIFIERS_PER_STATEMENT = 2_000


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of the record, and the keys for what it keeps sealed.

    Hand it on, never keep it: it ends with the ``with`` block that made it.
    """

    connection: Connection
    sealer: Sealer
    vault: KeyVault

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> "CursorResult[*tuple[Any, ...]]":
        """Run one statement, or one statement for each of several sets of parameters."""
        return self.connection.execute(statement, parameters)

    def stream(
        self, statement: Executable, parameters: Mapping[str, Any], rows_per_batch: int
    ) -> Iterator[Sequence[Any]]:
        """Run a query whose answer need not fit in memory; yields batches of rows."""
        options = {"yield_per": rows_per_batch}
        with self.connection.execute(statement, parameters, execution_options=options) as result:
            yield from result.partitions()


def chunks(items: Iterable[T], size: int = IDENTIFIERS_PER_STATEMENT) -> Iterator[list[T]]:
    """Cut `items` into lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
