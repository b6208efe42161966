"""What the tests of the record put into it."""

import contextlib
import os
import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recognizance.biometrics import Pose, Quality, RelativeBox
from recognizance.records import KeyVault, RecordStore, Sealer, Transaction, galleries
from recognizance.records.galleries import GalleryRow
from recognizance.records.references import NewReference
from recognizance.records.searches import ProbeDigest, SearchCandidate, SearchRecord

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_123, tzinfo=UTC)
KEY = bytes(range(32))
_FOLDERS = [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
RUN_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(_FOLDERS)}
"""For programs that tests run and that use this module."""


def open_record(place: Path | str, *, key: bytes = KEY, keys: Path | None = None) -> RecordStore:
    """Open a record; a file's vault lies beside its home folder, as the settings have it by default."""
    sealer = Sealer(key)
    if keys is None:
        assert isinstance(place, Path)
        keys = place.parent.with_name(place.parent.name + "-keys")
    return RecordStore.open(place, sealer=sealer, vault=KeyVault.open(keys, sealer=sealer))


def an_old_record(path: Path) -> None:
    """Put a record that version 0.1.0 made into place; see `home-0001.sql`."""
    path.parent.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(Path(__file__).with_name("home-0001.sql").read_text(encoding="utf-8"))


def everything(path: Path) -> bytes:
    """Read every byte that lies in a home folder."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.rglob("*")) if file.is_file())


def identifier() -> str:
    return str(uuid.uuid4())


def a_gallery(tx: Transaction, name: str = "staff") -> GalleryRow:
    return galleries.create(tx, name, model="m/1", calibration="c/1", keep_photographs=True, created_at=NOW)


def a_reference(*, image_id: str | None = None, external_id: str | None = None, dimension: int = 128) -> NewReference:
    vector = np.random.default_rng().standard_normal(dimension).astype(np.float32)
    return NewReference(
        face_id=identifier(),
        image_id=image_id or identifier(),
        external_id=external_id,
        template=vector / np.linalg.norm(vector),
        box=RelativeBox(0.1, 0.2, 1 / 3, 0.4),
        landmarks=[(0.1, 0.2), (0.3, 0.4), (0.5, 0.6), (0.7, 0.8), (0.9, 1 / 7)],
        confidence=0.987654321,
        pose=Pose(1.5, -2.5, 3.5),
        quality=Quality(70.1, 80.2),
        enrolled_at=NOW,
    )


def a_search(entry_index: int, gallery: GalleryRow, **other: object) -> SearchRecord:
    values: dict[str, object] = {
        "id": identifier(),
        "entry_index": entry_index,
        "gallery_id": gallery.id,
        "gallery": gallery.name,
        "operator": "ada",
        "operation": "SearchFacesByImage",
        "searched": "reference",
        "probe": ProbeDigest.of(b"\x01" * 32),
        "probe_slot": None,
        "threshold_requested_percent": 80.0,
        "threshold_requested_score": 0.41,
        "threshold_applied_percent": 90.0,
        "threshold_applied_score": 0.47,
        "candidates_max": 20,
        "candidates_requested": 50,
        "policy": "ab" * 32,
        "decision": "allowed",
        "rules": ("county/least",),
        "facts": {"roles": ["investigator"], "time": "2026-03-04T05:06:07+00:00"},
        "references_searched": 1_000_000,
        "gallery_version": 7,
        "model": gallery.model,
        "calibration": gallery.calibration,
        "purpose": "missing person",
        "case": "2026/17",
        "at": NOW,
        "candidates": (
            SearchCandidate(10**9, None, 1, 0.71, 99.5, 1e-7),
            SearchCandidate(10**9 + 1, None, 2, 0.5, 91.0, 7.9e-7),
        ),
    }
    return SearchRecord(**{**values, **other})  # type: ignore[arg-type]
