"""What is sealed or erased is looked for in the files themselves."""

import random
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from recognizance.errors import NotFoundError, RecordUnavailableError
from recognizance.records import RecordStore, access_keys, galleries, operators, photographs, references, schema
from recognizance.records.galleries import GalleryRow
from records.making import NOW, a_reference, identifier


def _everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_sealed_data_cannot_be_found(store: RecordStore, path: Path) -> None:
    picture = np.random.default_rng(1).bytes(20_000)
    secret = "a secret that nobody may find in the file"
    with store.write() as tx:
        photographs.put(tx, "p", "probe", picture, media_type="image/jpeg", created_at=NOW)
        operators.create(tx, "ada", name="Ada", roles={"investigator"}, created_at=NOW)
        access_keys.create(tx, "AKID", operator="ada", secret=secret, created_at=NOW)
    for moment in ("in the log", "in the file"):
        files = _everything(path)
        assert b"AKID" in files, moment
        assert secret.encode() not in files
        assert not any(picture[place : place + 32] in files for place in range(0, 20_000, 1_000))
        assert store.scrub()
    with store.read() as tx:
        found = photographs.get_photograph(tx, "p")
        assert (found.data, found.kind, found.media_type, found.created_at) == (picture, "probe", "image/jpeg", NOW)


def test_photographs_cannot_trade_places(store: RecordStore) -> None:
    table = schema.photographs
    with store.write() as tx:
        for name in ("a", "b"):
            photographs.put(tx, name, "probe", name.encode(), media_type="image/png", created_at=NOW)
        tx.execute(update(table).where(table.c.identifier == "a").values(identifier="c"))
        with pytest.raises(RecordUnavailableError):
            photographs.get(tx, "c")
        tx.execute(update(table).where(table.c.identifier == "b").values(kind="reference"))
        with pytest.raises(RecordUnavailableError):
            photographs.get(tx, "b")
        assert photographs.delete(tx, "c")
        assert not photographs.delete(tx, "c")
        with pytest.raises(NotFoundError):
            photographs.get(tx, "c")


def test_erased_templates_and_photographs_are_gone_from_every_file(
    store: RecordStore, path: Path, gallery: GalleryRow
) -> None:
    choose = random.Random(2)  # noqa: S311 - which rows to erase is no secret
    live: dict[str, bytes] = {}
    gone: list[bytes] = []
    for _ in range(25):
        news = [a_reference() for _ in range(choose.randrange(1, 60))]
        with store.write() as tx:
            references.add_many(tx, gallery.id, news)
            for new in news[:2]:
                data = choose.randbytes(9_000)
                photographs.put(tx, new.image_id, "reference", data, media_type="image/png", created_at=NOW)
                sealed = tx.execute(
                    schema.photographs.select().where(schema.photographs.c.identifier == new.image_id)
                ).one()
                live[new.face_id] = new.template.tobytes() + sealed.sealed
            live.update({new.face_id: new.template.tobytes() for new in news[2:]})
        erased = choose.sample(sorted(live), choose.randrange(len(live)))
        with store.write() as tx:
            references.delete_many(tx, gallery.id, erased)
        gone += [live.pop(face_id) for face_id in erased]
    assert gone
    assert live
    assert any(data[:64] in _everything(path) for data in gone), "the log keeps them until it is scrubbed"
    assert store.scrub()
    files = _everything(path)
    # 512 bytes of template, then the sealed photograph of those that had one.
    assert all(data[:512] in files for data in live.values())
    pieces = [data[place : place + 64] for data in gone for place in (0, 448, 512, 3_000, 8_000)]
    assert not [piece for piece in pieces if piece and piece in files]


def test_a_deleted_gallery_is_gone_from_every_file(store: RecordStore, path: Path, gallery: GalleryRow) -> None:
    news = [a_reference(external_id=f"external {identifier()}") for _ in range(300)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
    with store.write() as tx:
        galleries.delete_gallery(tx, gallery.name)
    assert store.scrub()
    files = _everything(path)
    for new in news:
        assert new.template.tobytes()[:64] not in files
        assert str(new.external_id).encode() not in files
        assert new.face_id.encode() not in files
