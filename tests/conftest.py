"""Real photographs, and real servers as processes of their own behind real sockets.

Every answer that a client of these fixtures gets is checked against botocore's model (`answers.check_answers`).
"""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from milvus_server.serving import MilvusProcess, start_milvus
from postgresql.cluster import Cluster, find_programs, running_cluster
from rekognition.answers import check_answers
from rekognition.processes import Server, find_faces, start_server
from sts.staff import Staff, hire

StartServer = Callable[..., Server]


# How long an example takes says nothing on machines that other work is done on.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for the whole run; each test makes databases of its own."""
    programs = find_programs()
    if programs is None:
        told = "PostgreSQL is not installed (apt-get install postgresql): what is tested on it is left out."
        if os.environ.get("CI"):
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    with running_cluster(programs) as running:
        yield running


@pytest.fixture(scope="session")
def faces() -> Path:
    """The folder of real photographs."""
    return find_faces()


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared models, made once for all servers of the run."""
    return tmp_path_factory.mktemp("models")


# Of a module and not of the session: an idle one takes a quarter of a core.
@pytest.fixture(scope="module")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """One Milvus server that a module's tests share, each in its own collections; who kills it starts it again."""
    with start_milvus(tmp_path_factory.mktemp("milvus")) as milvus:
        yield milvus


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Server]:
    """One server that most tests share; each works in its own collections."""
    with start_server(tmp_path_factory.mktemp("server") / "home", model_cache) as server:
        yield server


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Staff]:
    """A server with named operators, whose administrator of the first start is closed."""
    folder = tmp_path_factory.mktemp("staffed")
    folders = {"packs": str(folder / "packs"), "accuracy_report": str(folder / "accuracy")}
    with start_server(folder / "home", model_cache, **folders) as server:
        yield hire(server)


@pytest.fixture
def new_server(tmp_path: Path, model_cache: Path) -> Iterator[StartServer]:
    """Start servers of the test's own: one home folder, unless ``home`` names another; the rest are settings."""
    with ExitStack() as stack:

        def start(home: Path = tmp_path / "home", **settings: str) -> Server:
            return stack.enter_context(start_server(home, model_cache, **settings))

        yield start


@pytest.fixture(scope="session")
def rekognition(live_server: Server) -> Iterator[Any]:
    """An unmodified boto3 client of the shared server."""
    client = live_server.client()
    check_answers(client)
    yield client
    client.close()


@pytest.fixture
def collection(rekognition: Any) -> Iterator[str]:
    """A collection of the test's own."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    rekognition.create_collection(CollectionId=name)
    yield name
    rekognition.delete_collection(CollectionId=name)
