"""What makes an erasure final: the keys of what was erased are destroyed, in this record and in every copy of it."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, Select, bindparam, delete, select, update

from recognizance.records import photographs, references, schema, subjects
from recognizance.records.transaction import Transaction, chunks
from recognizance.records.vault import KeyVault

if TYPE_CHECKING:
    from recognizance.records.store import RecordStore

_SLOTS = schema.slots_to_destroy
_ANY = select(_SLOTS.c.slot).limit(1)
_REFERENCES = select(
    schema.references.c.key_slot, schema.references.c.gallery_id, schema.references.c.face_id
).order_by(schema.references.c.gallery_id)
_SUBJECTS = select(schema.subjects.c.key_slot, schema.subjects.c.gallery_id, schema.subjects.c.id)
_PHOTOGRAPHS = select(schema.photographs.c.key_slot, schema.photographs.c.identifier)
_PROBES = select(schema.searches.c.probe_slot, schema.searches.c.entry_index).where(
    schema.searches.c.probe_slot.is_not(None)
)
_FORGET_PROBES = (
    update(schema.searches)
    .where(schema.searches.c.entry_index.in_(bindparam("wanted", expanding=True)))
    .values(probe_slot=None, sealed_probe=None)
)
_ROWS_AT_ONCE = 8_192


def destroy_keys(writer: Engine, vault: KeyVault) -> int:
    """Destroy the keys that committed erasures have left over, then forget their numbers; returns how many.

    Raises
    ------
    RecordUnavailableError, KeyFileError
        If a disk fails: they are still on the list then.
    """
    with writer.connect() as connection, connection.begin():
        if connection.execute(_ANY).first() is None:
            return 0
        slots = connection.execute(select(_SLOTS.c.slot)).scalars().all()
        vault.destroy(slots)
        connection.execute(delete(_SLOTS))
        return len(slots)


def reapply(store: "RecordStore") -> int:
    """Erase everything whose key is destroyed; returns how many rows that were.

    For a copy of the record that is older than the vault: what was erased since cannot be opened in it, and goes.
    Call it before anything else is read from the copy.
    """
    with store.write(alone=True) as tx:
        faces = [(gallery, face_id) for gallery, face_id in _destroyed(tx, _REFERENCES)]
        for gallery, group in groupby(faces, key=lambda row: row[0]):
            references.delete_many(tx, gallery, [face_id for _, face_id in group])
        people = list(_destroyed_with_slot(tx, _SUBJECTS))
        for slot, gallery, subject_id in people:
            subjects.delete_row(tx, gallery, subject_id, slot)
        shown = [identifier for (identifier,) in _destroyed(tx, _PHOTOGRAPHS)]
        photographs.delete_many(tx, shown)
        probes = [entry for (entry,) in _destroyed(tx, _PROBES)]
        for chunk in chunks(probes):
            tx.execute(_FORGET_PROBES, {"wanted": chunk})
    return len(faces) + len(people) + len(shown) + len(probes)


def _destroyed(tx: Transaction, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """Find the rows whose slot, which the query names first, is destroyed; yields the rest of them."""
    return (row[1:] for row in _destroyed_with_slot(tx, query))


def _destroyed_with_slot(tx: Transaction, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    for batch in tx.stream(query, {}, _ROWS_AT_ONCE):
        yield from (tuple(row) for row in batch if tx.vault.is_destroyed(row[0]))
