"""Enrolled photographs by keyed digest, so that enrolling one twice adds nothing."""

import hmac
from collections.abc import Iterable

from sqlalchemy import BindParameter, bindparam, delete, insert, select

from recognizance.records import photographs, schema, sealed
from recognizance.records.transaction import Transaction, chunks

_IMAGES = schema.images
_FIND = select(_IMAGES.c.image_id).where(
    _IMAGES.c.gallery_id == bindparam("gallery"),
    _IMAGES.c.digest == bindparam("digest"),
)
_REMEMBER = insert(_IMAGES)
_PHOTOGRAPH = select(_IMAGES.c.photograph_digest).where(_IMAGES.c.image_id == bindparam("image_id"))
_AMONG: BindParameter[str] = bindparam("image_ids", expanding=True)
_STILL_REFERENCED = select(schema.references.c.image_id).where(schema.references.c.image_id.in_(_AMONG)).distinct()
_DELETE = delete(_IMAGES).where(_IMAGES.c.image_id.in_(_AMONG))


def find(tx: Transaction, gallery: int, sha256: bytes, external_id: str | None) -> str | None:
    """Find the image id under which this photograph was enrolled with this external id."""
    digest = sealed.image_digest(tx, gallery, sha256, external_id)
    found: str | None = tx.execute(_FIND, {"gallery": gallery, "digest": digest}).scalar()
    return found


def is_of(tx: Transaction, image_id: str, sha256: bytes) -> bool | None:
    """Tell whether an image id belongs to this photograph; None if no photograph was remembered for it."""
    found: bytes | None = tx.execute(_PHOTOGRAPH, {"image_id": image_id}).scalar()
    return None if found is None else hmac.compare_digest(found, sealed.photograph_digest(tx, image_id, sha256))


def remember(tx: Transaction, gallery: int, sha256: bytes, external_id: str | None, image_id: str) -> None:
    """Take note that a photograph was enrolled.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If it was already: ask `find` in the same transaction first.
    """
    values = {
        "image_id": image_id,
        "gallery_id": gallery,
        "digest": sealed.image_digest(tx, gallery, sha256, external_id),
        "photograph_digest": sealed.photograph_digest(tx, image_id, sha256),
    }
    tx.execute(_REMEMBER, values)


def forget_unreferenced(tx: Transaction, image_ids: Iterable[str]) -> None:
    """Erase the digests and photographs of those images that no reference comes from any more."""
    for chunk in chunks(image_ids):
        unused = set(chunk).difference(tx.execute(_STILL_REFERENCED, {"image_ids": chunk}).scalars())
        if unused:
            tx.execute(_DELETE, {"image_ids": list(unused)})
            photographs.delete_many(tx, unused)
