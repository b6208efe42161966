"""Photographs, each under a key of its own; in a table apart, so that reading anything else never passes over them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, insert, select
from sqlalchemy import delete as delete_from

from recognizance.errors import NotFoundError
from recognizance.records import schema, sealed
from recognizance.records.transaction import Transaction, chunks

PhotographKind = Literal["reference", "probe"]

_PHOTOGRAPHS = schema.photographs
_PUT = insert(_PHOTOGRAPHS)
_GET = select(
    _PHOTOGRAPHS.c.kind,
    _PHOTOGRAPHS.c.media_type,
    _PHOTOGRAPHS.c.created_at,
    _PHOTOGRAPHS.c.key_slot,
    _PHOTOGRAPHS.c.sealed,
).where(_PHOTOGRAPHS.c.identifier == bindparam("wanted"))
_EXISTS = select(_PHOTOGRAPHS.c.id).where(_PHOTOGRAPHS.c.identifier == bindparam("wanted"))
_AMONG = _PHOTOGRAPHS.c.identifier.in_(bindparam("identifiers", expanding=True))
_SLOTS = select(_PHOTOGRAPHS.c.key_slot).where(_AMONG)
_DELETE = delete_from(_PHOTOGRAPHS).where(_AMONG)


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph as it was received."""

    identifier: str
    kind: PhotographKind
    media_type: str
    created_at: datetime
    data: bytes = field(repr=False)


def put(
    tx: Transaction,
    identifier: str,
    kind: PhotographKind,
    data: bytes,
    *,
    media_type: str,
    created_at: datetime,
    slot: int | None = None,
) -> int:
    """Keep a photograph: under the image id if it was enrolled, under an id of its own if it is a probe.

    Returns
    -------
    int
        The slot of the key that it is sealed under: `slot`, or its own.
    """
    if slot is None:
        slot = tx.vault.take()
    values = {
        "identifier": identifier,
        "kind": kind,
        "media_type": media_type,
        "created_at": created_at,
        "key_slot": slot,
        "sealed": sealed.seal_photograph(tx, identifier, kind, slot, data),
    }
    tx.execute(_PUT, values)
    return slot


def exists(tx: Transaction, identifier: str) -> bool:
    """Tell whether a photograph is kept under this identifier."""
    return tx.execute(_EXISTS, {"wanted": identifier}).first() is not None


def get_photograph(tx: Transaction, identifier: str) -> Photograph:
    """Read a photograph and what is known of it.

    Raises
    ------
    NotFoundError
        If it was never kept, or was erased since.
    ErasedError
        If its key is destroyed.
    RecordUnavailableError
        If it was altered in the record.
    """
    row = tx.execute(_GET, {"wanted": identifier}).first()
    if row is None:
        raise NotFoundError(f"The photograph {identifier} is not kept.")
    data = sealed.open_photograph(tx, identifier, row.kind, row.key_slot, row.sealed)
    return Photograph(identifier, row.kind, row.media_type, row.created_at, data)


def get(tx: Transaction, identifier: str) -> bytes:
    """Read the bytes of a photograph; raises as `get_photograph` does."""
    return get_photograph(tx, identifier).data


def delete(tx: Transaction, identifier: str) -> bool:
    """Erase a photograph; says whether there was one."""
    return delete_many(tx, (identifier,)) > 0


def delete_many(tx: Transaction, identifiers: Iterable[str]) -> int:
    """Erase photographs and their keys; returns how many there were."""
    count = 0
    for chunk in chunks(identifiers):
        slots = tx.execute(_SLOTS, {"identifiers": chunk}).scalars().all()
        if slots:
            tx.destroy_slots(slots)
            count += tx.execute(_DELETE, {"identifiers": chunk}).rowcount
    return count
