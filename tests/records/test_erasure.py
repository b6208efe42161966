"""What is sealed or erased is looked for in the files themselves."""

import os
import random
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update

from recognizance.errors import ErasedError, NotFoundError, RecordUnavailableError
from recognizance.records import (
    RecordStore,
    access_keys,
    entries,
    galleries,
    idempotency,
    images,
    operators,
    photographs,
    references,
    schema,
    searches,
    subjects,
)
from recognizance.records.galleries import GalleryRow
from recognizance.records.idempotency import RequestKey
from recognizance.records.packing import pack_face
from recognizance.records.references import NewReference
from recognizance.records.searches import ProbeDigest, SearchCandidate
from records.making import (
    NOW,
    RUN_ENVIRONMENT,
    a_gallery,
    a_reference,
    a_search,
    everything,
    identifier,
    open_record,
)


def test_sealed_data_cannot_be_found(store: RecordStore, path: Path) -> None:
    picture = np.random.default_rng(1).bytes(20_000)
    secret = "a secret that nobody may find in the file"
    with store.write() as tx:
        photographs.put(tx, "p", "probe", picture, media_type="image/jpeg", created_at=NOW)
        operators.create(tx, "ada", name="Ada", roles={"investigator"}, created_at=NOW)
        access_keys.create(tx, "AKID", operator="ada", secret=secret, created_at=NOW)
    for moment in ("in the log", "in the file"):
        files = everything(path)
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


def test_nothing_of_people_lies_in_plain(store: RecordStore, path: Path, gallery: GalleryRow) -> None:
    image, probe = identifier(), identifier()
    new = a_reference(image_id=image, external_id="an external id")
    picture, digest = np.random.default_rng(3).bytes(9_000), b"the digest of one photograph : )"
    with store.write() as tx:
        (number,) = references.add_many(tx, gallery.id, [new])
        images.remember(tx, gallery.id, digest, "an external id", image)
        photographs.put(tx, image, "reference", picture, media_type="image/png", created_at=NOW)
        slot = photographs.put(tx, probe, "probe", picture, media_type="image/png", created_at=NOW)
        subjects.create(tx, gallery.id, "Ada Lovelace", created_at=NOW)
        subjects.associate(tx, gallery.id, "Ada Lovelace", [new.face_id])
        key = RequestKey("op", "CreateUser", gallery.id, "a client's token")
        idempotency.remember(tx, key, request=b"Ada Lovelace", answer=b"an answer", at=NOW)
        search = a_search(
            entries.append(tx, lambda index: b"{}", at=NOW).index,
            gallery,
            probe=ProbeDigest.of(digest),
            probe_slot=slot,
            candidates=(SearchCandidate(number, new.face_id, 1, 0.7, 99.0, 1e-6),),
        )
        searches.add(tx, search)
    assert search.probe is not None
    face = pack_face(new.box, new.landmarks, new.confidence, new.pose, new.quality)
    plain = [
        *(new.template.tobytes()[place : place + 16] for place in range(0, 512, 16)),
        *(face[place : place + 16] for place in range(0, 160, 16)),
        *(picture[place : place + 32] for place in range(0, 9_000, 900)),
        *(b"an external id", digest, sha256(b"Ada Lovelace").digest(), b"a client's token", b"an answer"),
        *("Ada Lovelace".encode(encoding) for encoding in ("utf-8", "utf-16-le")),
        *(search.probe.salt, search.probe.digest),
    ]
    for moment in ("in the log", "in the file"):
        files = everything(path)
        assert new.face_id.encode() in files, moment
        assert not [piece for piece in plain if piece in files], moment
        assert files.count(new.face_id.encode()) <= 2 * 2, "in the references, and their index, alone"
        assert store.scrub()


def _enrol_people(store: RecordStore, gallery: GalleryRow, count: int) -> list[NewReference]:
    """Enrol people, one reference each, with photograph and name."""
    news = [a_reference(external_id=f"external {identifier()}") for _ in range(count)]
    with store.write() as tx:
        references.add_many(tx, gallery.id, news)
        for new in news:
            photographs.put(tx, new.image_id, "reference", b"p" * 2_000, media_type="image/png", created_at=NOW)
            subjects.create(tx, gallery.id, f"name of {new.face_id}", created_at=NOW)
            subjects.associate(tx, gallery.id, f"name of {new.face_id}", [new.face_id])
    return news


def _sealed_of(store: RecordStore, new: NewReference) -> list[bytes]:
    """Read everything that is sealed of a person."""
    table = schema.references
    with store.read() as tx:
        row = tx.execute(table.select().where(table.c.face_id == new.face_id)).one()
        owner = tx.execute(schema.subjects.select().where(schema.subjects.c.id == row.subject_id)).one()
        kept = tx.execute(schema.photographs.select().where(schema.photographs.c.identifier == new.image_id)).one()
    return [row.sealed_facts, row.sealed_template, owner.sealed_name, owner.name_digest, kept.sealed]


def _erase(store: RecordStore, gallery: GalleryRow, news: list[NewReference]) -> None:
    with store.write() as tx:
        references.delete_many(tx, gallery.id, [new.face_id for new in news])
        for new in news:
            subjects.delete(tx, gallery.id, f"name of {new.face_id}")


def test_what_is_erased_is_gone_from_every_file_when_the_block_ends(
    store: RecordStore, path: Path, gallery: GalleryRow
) -> None:
    choose = random.Random(2)
    live: list[NewReference] = []
    gone: list[bytes] = []
    for _ in range(12):
        live += _enrol_people(store, gallery, choose.randrange(1, 30))
        choose.shuffle(live)
        erased = [live.pop() for _ in range(choose.randrange(len(live)))]
        gone += [piece for new in erased for piece in _sealed_of(store, new)]
        _erase(store, gallery, erased)
    files = everything(path)
    assert len(gone) > 100
    assert not [piece for piece in gone if piece[-64:] in files]
    assert all(piece[-64:] in files for new in live for piece in _sealed_of(store, new))
    with store.read() as tx:
        assert references.get_many(tx, gallery.id, [new.face_id for new in live]).keys() == {
            new.face_id for new in live
        }


def test_a_reader_keeps_the_log_and_nothing_else(store: RecordStore, path: Path, gallery: GalleryRow) -> None:
    (new,) = _enrol_people(store, gallery, 1)
    sealed = _sealed_of(store, new)
    with store.read() as tx:
        reference = references.get_many(tx, gallery.id, [new.face_id])[new.face_id]
        _erase(store, gallery, [new])
        with pytest.raises(ErasedError):  # its rows are seen still, and cannot be opened any more
            references.template_of(tx, gallery.id, new.face_id)
        assert store.vault.is_destroyed(reference.key_slot)
        assert sealed[0] in everything(path)
    with store.write():
        pass
    with store.write() as tx:
        a_gallery(tx, "other")
    assert sealed[0] not in everything(path)


def test_a_copy_of_the_record_opens_only_what_was_not_erased(
    store: RecordStore, path: Path, gallery: GalleryRow, tmp_path: Path
) -> None:
    news = _enrol_people(store, gallery, 6)
    store.scrub()
    copy = tmp_path / "copy" / path.name
    copy.parent.mkdir(mode=0o700)
    shutil.copy(path, copy)
    gone, kept = news[::2], news[1::2]
    _erase(store, gallery, gone)
    keys = path.parent.with_name(path.parent.name + "-keys")
    with open_record(copy, keys=keys) as restored, restored.read() as tx:
        for new in gone:
            for read in (
                lambda new: references.get_many(tx, gallery.id, [new.face_id]),
                lambda new: references.template_of(tx, gallery.id, new.face_id),
                lambda new: photographs.get(tx, new.image_id),
                lambda new: subjects.get(tx, gallery.id, f"name of {new.face_id}"),
            ):
                with pytest.raises(ErasedError):
                    read(new)
        for new in kept:
            found = references.get_many(tx, gallery.id, [new.face_id])[new.face_id]
            assert (found.subject, found.external_id) == (f"name of {new.face_id}", new.external_id)
            np.testing.assert_array_equal(references.template_of(tx, gallery.id, new.face_id), new.template)
            assert photographs.get(tx, new.image_id) == b"p" * 2_000


def test_a_deleted_gallery_is_gone_from_every_file(store: RecordStore, path: Path, gallery: GalleryRow) -> None:
    news = _enrol_people(store, gallery, 300)
    with store.write() as tx:
        probe = identifier()
        slots = [photographs.put(tx, probe, "probe", b"a probe", media_type="image/png", created_at=NOW)]
        for other in (slots[0], None):
            index = entries.append(tx, lambda index: b"{}", at=NOW).index
            search = a_search(index, gallery, probe_photograph=probe if other else None, probe_slot=other)
            searches.add(tx, search)
        slots.append(searches.get(tx, search.id).probe_slot or 0)
        stays = a_reference()
        references.add_many(tx, a_gallery(tx, "other").id, [stays])
    sealed = [piece for new in news for piece in _sealed_of(store, new)]
    with store.read() as tx:
        for table in (schema.references, schema.subjects, schema.photographs):
            slots += tx.execute(select(table.c.key_slot)).scalars()
        (kept,) = tx.execute(select(schema.references.c.key_slot).where(schema.references.c.face_id == stays.face_id))
    with store.write(alone=True) as tx:
        galleries.delete_gallery(tx, gallery.name)
    files = everything(path)
    assert not [piece for piece in sealed if piece[-64:] in files]
    assert not [new for new in news if new.face_id.encode() in files]
    assert {slot for slot in slots if not store.vault.is_destroyed(slot)} == {kept[0]}


def test_a_block_that_raises_destroys_no_key(store: RecordStore, gallery: GalleryRow) -> None:
    (new,) = _enrol_people(store, gallery, 1)

    def fail() -> None:
        with store.write() as tx:
            references.delete_many(tx, gallery.id, [new.face_id])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.write() as tx:
        np.testing.assert_array_equal(references.template_of(tx, gallery.id, new.face_id), new.template)


_DIE = """
import os, signal, sys
from pathlib import Path
from recognizance.records import KeyVault, galleries, references
from records.making import open_record
KeyVault.destroy = lambda self, slots: os.kill(os.getpid(), signal.SIGKILL)
store = open_record(Path(sys.argv[1]))
with store.write() as tx:
    gallery = galleries.get(tx, "staff")
    references.delete_many(tx, gallery.id, sys.argv[2:])
"""


def test_keys_that_a_crash_left_over_are_destroyed_when_the_record_is_opened(path: Path) -> None:
    with open_record(path) as store:
        with store.write() as tx:
            gallery = a_gallery(tx)
        news = _enrol_people(store, gallery, 3)
        with store.read() as tx:
            slots = [references.get_many(tx, gallery.id, [new.face_id])[new.face_id].key_slot for new in news]
    command = [sys.executable, "-c", _DIE, str(path), news[0].face_id, news[1].face_id]
    assert subprocess.run(command, env=RUN_ENVIRONMENT, check=False, timeout=60).returncode == -signal.SIGKILL
    with open_record(path) as store:
        assert [store.vault.is_destroyed(slot) for slot in slots] == [True, True, False]
        # Their ids are listed for copies of the gallery (`records.changes`), and nowhere else.
        assert [everything(path).count(new.face_id.encode()) for new in news[:2]] == [1, 1]
        with store.read() as tx:
            assert tx.execute(schema.slots_to_destroy.select()).all() == []


def test_a_vault_that_cannot_be_written_is_named_and_tried_again(store: RecordStore, gallery: GalleryRow) -> None:
    first, second = _enrol_people(store, gallery, 2)
    with store.read() as tx:
        known = references.get_many(tx, gallery.id, [first.face_id, second.face_id])
    descriptor = store.vault._slots._descriptor
    writable = os.dup(descriptor)
    os.dup2(os.open(store.vault.path, os.O_RDONLY), descriptor)
    with pytest.raises(RecordUnavailableError, match="not be destroyed yet") as caught:
        _erase(store, gallery, [first])
    assert "again" in caught.value.remedy
    with store.read() as tx:  # the erasure stands
        assert references.get_many(tx, gallery.id, [first.face_id]) == {}
    assert not store.vault.is_destroyed(known[first.face_id].key_slot)
    with store.write() as tx:  # others are not disturbed
        a_gallery(tx, "other")
    os.dup2(writable, descriptor)
    os.close(writable)
    with store.write() as tx:
        a_gallery(tx, "another")
    assert store.vault.is_destroyed(known[first.face_id].key_slot)
    assert not store.vault.is_destroyed(known[second.face_id].key_slot)


def test_a_person_is_erased_from_a_group_photograph(store: RecordStore, gallery: GalleryRow) -> None:
    image = identifier()
    leaves, stays = a_reference(image_id=image), a_reference(image_id=image)
    alone = a_reference()
    with store.write() as tx:
        references.add_many(tx, gallery.id, [leaves, stays, alone])
        images.remember(tx, gallery.id, b"\x05" * 32, None, image)
        photographs.put(tx, image, "reference", b"both", media_type="image/jpeg", created_at=NOW)
        faces = [leaves.face_id, stays.face_id, alone.face_id]
        assert references.photographs_showing(tx, gallery.id, faces) == [image]
        assert references.photographs_showing(tx, gallery.id, [alone.face_id]) == []
        assert references.photographs_showing(tx, a_gallery(tx, "other").id, faces) == []
        references.delete_many(tx, gallery.id, [leaves.face_id], with_photographs=True)
        with pytest.raises(NotFoundError):
            photographs.get(tx, image)
        np.testing.assert_array_equal(references.template_of(tx, gallery.id, stays.face_id), stays.template)
        assert images.find(tx, gallery.id, b"\x05" * 32, None) == image
