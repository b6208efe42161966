"""What the record's functions work on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Select, bindparam, insert, select

from recognizance.records import schema
from recognizance.records.sealing import Sealer
from recognizance.records.vault import KeyVault

T = TypeVar("T")

# SQLite takes 32,766 variables a statement; one size for nearly all chunks keeps its statement cache useful.
IDENTIFIERS_PER_STATEMENT = 2_000

_DESTROY = insert(schema.slots_to_destroy)
_ALREADY = select(schema.slots_to_destroy.c.slot).where(
    schema.slots_to_destroy.c.slot.in_(bindparam("slots", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of the record, and the keys for what it keeps sealed.

    Hand it on, never keep it: it ends with the ``with`` block that made it.
    """

    connection: Connection
    sealer: Sealer
    vault: KeyVault
    _erasing: list[bool] = field(default_factory=list)

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> "CursorResult[*tuple[Any, ...]]":
        """Run one statement, or one statement for each of several sets of parameters."""
        return self.connection.execute(statement, parameters)

    def destroy_slots(self, slots: "Iterable[int] | Select[tuple[int]]") -> None:
        """Have keys destroyed, by number or by a query that finds them, once the transaction has committed.

        They are destroyed before the block of `RecordStore.write` returns; after a crash between the commit and that,
        when the record is opened again.
        """
        self._erasing.append(True)
        table = schema.slots_to_destroy
        if isinstance(slots, Select):
            wanted = slots.subquery()
            number = wanted.c[0]
            fresh = select(number).distinct().where(number.is_not(None), number.not_in(select(table.c.slot)))
            self.execute(insert(table).from_select(["slot"], fresh))
        else:
            numbers = set(slots)
            for chunk in chunks(numbers):
                numbers.difference_update(self.execute(_ALREADY, {"slots": chunk}).scalars())
            if numbers:
                self.execute(_DESTROY, [{"slot": slot} for slot in numbers])

    @property
    def erases(self) -> bool:
        """Whether there are keys to destroy after the commit."""
        return bool(self._erasing)

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
