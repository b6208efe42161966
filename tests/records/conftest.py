from collections.abc import Iterator
from pathlib import Path

import pytest

from recognizance.records import RecordStore
from recognizance.records.galleries import GalleryRow
from records.making import a_gallery, open_record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "record.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[RecordStore]:
    with open_record(path) as opened:
        yield opened


@pytest.fixture
def gallery(store: RecordStore) -> GalleryRow:
    with store.write() as tx:
        return a_gallery(tx)
