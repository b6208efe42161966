"""Tags of a gallery: the client's own keys and values."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, delete, insert, select

from recognizance.errors import InvalidRequestError
from recognizance.records import schema
from recognizance.records.transaction import Transaction, chunks

TAGS_MAX = 200

_TAGS = schema.tags
_HERE = _TAGS.c.gallery_id == bindparam("gallery")
_LIST = select(_TAGS.c.key, _TAGS.c.value).where(_HERE).order_by(_TAGS.c.key)
_DELETE = delete(_TAGS).where(_HERE, _TAGS.c.key.in_(bindparam("keys", expanding=True)))


def set_tags(tx: Transaction, gallery: int, tags: Mapping[str, str]) -> None:
    """Add tags; a key that is there takes the new value.

    Raises
    ------
    InvalidRequestError
        If the gallery would have more than 200; nothing is changed then.
    """
    if not tags:
        return
    if len(list_tags(tx, gallery).keys() | tags.keys()) > TAGS_MAX:
        raise InvalidRequestError(f"A resource can have {TAGS_MAX} tags.", "Remove tags first.")
    remove(tx, gallery, tags)
    tx.execute(insert(_TAGS), [{"gallery_id": gallery, "key": key, "value": value} for key, value in tags.items()])


def remove(tx: Transaction, gallery: int, keys: Iterable[str]) -> None:
    """Remove tags; keys that are not there are passed over."""
    for chunk in chunks(keys):
        tx.execute(_DELETE, {"gallery": gallery, "keys": chunk})


def list_tags(tx: Transaction, gallery: int) -> dict[str, str]:
    """List the tags of a gallery by key."""
    return {row.key: row.value for row in tx.execute(_LIST, {"gallery": gallery})}
