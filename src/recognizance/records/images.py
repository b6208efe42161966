"""Enrolled photographs by digest, so that enrolling one twice adds nothing."""

from collections.abc import Iterable

from sqlalchemy import BindParameter, bindparam, delete, insert, select

from recognizance.records import photographs, schema
from recognizance.records.transaction import Transaction, chunks

_IMAGES = schema.images
_FIND = select(_IMAGES.c.image_id).where(
    _IMAGES.c.gallery_id == bindparam("gallery"),
    _IMAGES.c.sha256 == bindparam("sha256"),
    _IMAGES.c.external_id == bindparam("external_id"),
)
_SHA256 = select(_IMAGES.c.sha256).where(_IMAGES.c.image_id == bindparam("image_id"))
_AMONG: BindParameter[str] = bindparam("image_ids", expanding=True)
_STILL_REFERENCED = select(schema.references.c.image_id).where(schema.references.c.image_id.in_(_AMONG)).distinct()
_DELETE = delete(_IMAGES).where(_IMAGES.c.image_id.in_(_AMONG))


def find(tx: Transaction, gallery: int, sha256: bytes, external_id: str | None) -> str | None:
    """Find the image id under which this photograph was enrolled with this external id."""
    found: str | None = tx.execute(
        _FIND, {"gallery": gallery, "sha256": sha256, "external_id": external_id or ""}
    ).scalar()
    return found


def sha256_of(tx: Transaction, image_id: str) -> bytes | None:
    """Give the digest of the photograph that was enrolled under an image id; None if none was remembered."""
    found: bytes | None = tx.execute(_SHA256, {"image_id": image_id}).scalar()
    return found


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
        "sha256": sha256,
        "external_id": external_id or "",
    }
    tx.execute(insert(_IMAGES), values)


def forget_unreferenced(tx: Transaction, image_ids: Iterable[str]) -> None:
    """Erase the digests and photographs of those images that no reference comes from any more."""
    for chunk in chunks(image_ids):
        unused = set(chunk).difference(tx.execute(_STILL_REFERENCED, {"image_ids": chunk}).scalars())
        if unused:
            tx.execute(_DELETE, {"image_ids": list(unused)})
            photographs.delete_many(tx, unused)
