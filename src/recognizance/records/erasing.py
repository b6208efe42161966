"""What makes an erasure final: the keys of what was erased are destroyed, in this record and in every copy of it."""

from sqlalchemy import Engine, delete, select

from recognizance.records import schema
from recognizance.records.vault import KeyVault

_SLOTS = schema.slots_to_destroy
_ANY = select(_SLOTS.c.slot).limit(1)


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
