"""The record's tests run on every database: those that take `store` or `place`, unless they look into SQLite's file.

A test that takes `path`, or is marked ``sqlite``, is about SQLite alone; one marked ``postgresql``, about that alone.
"""

import inspect
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from postgresql.cluster import Cluster
from recognizance.records import RecordStore
from recognizance.records.galleries import GalleryRow
from records.making import a_gallery, open_record

DATABASES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    own = inspect.signature(metafunc.function).parameters
    alone = "path" in own or metafunc.definition.get_closest_marker("sqlite") is not None
    metafunc.parametrize("database", DATABASES[:1] if alone else DATABASES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the single cases that are about the other database."""
    for item in list(items):
        database = getattr(item, "callspec", None) and item.callspec.params.get("database")
        if database and any(item.get_closest_marker(other) for other in DATABASES if other != database):
            items.remove(item)


@dataclass(frozen=True)
class Template:
    """An empty record, made once, that each test gets a copy of: making the tables takes a second."""

    cluster: Cluster
    name: str
    keys: Path


@pytest.fixture(scope="session")
def template(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Template:
    keys = tmp_path_factory.mktemp("template") / "keys"
    open_record(cluster.create("template_record"), keys=keys).close()
    return Template(cluster, "template_record", keys)


@pytest.fixture(scope="session")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file, whose keys lie beside its folder."""
    path = tmp_path_factory.mktemp("template") / "home" / "record.sqlite"
    open_record(path).close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "record.sqlite"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "home-keys"


@pytest.fixture
def place(request: pytest.FixtureRequest, database: str, path: Path, keys: Path) -> Iterator[Path | str]:
    """Where the record is, which is empty; for a test that takes `path`, a file that is not there yet."""
    if database == "sqlite":
        if "path" not in inspect.signature(request.function).parameters:
            made: Path = request.getfixturevalue("template_file")
            shutil.copytree(made.parent, path.parent)
            shutil.copytree(made.parent.with_name("home-keys"), keys)
        yield path
        return
    template: Template = request.getfixturevalue("template")
    name = f"test_{uuid.uuid4().hex}"
    shutil.copytree(template.keys, keys)
    yield template.cluster.create(name, template.name)
    template.cluster.drop(name)


@pytest.fixture
def store(place: Path | str, keys: Path) -> Iterator[RecordStore]:
    with open_record(place, keys=keys) as opened:
        yield opened


@pytest.fixture
def gallery(store: RecordStore) -> GalleryRow:
    with store.write() as tx:
        return a_gallery(tx)
