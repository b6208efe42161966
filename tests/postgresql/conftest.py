"""Two servers on one database."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from postgresql.cluster import Cluster
from rekognition.processes import Server, start_server


class Pair(NamedTuple):
    """Two servers with homes of their own, one folder of keys and one database."""

    one: Server
    other: Server


@pytest.fixture(scope="session")
def pair(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    shared = {"record": cluster.create(f"pair_{uuid.uuid4().hex}"), "keys": str(folder / "keys")}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(start_server(folder / name, model_cache, **shared, checkpoint_seconds="1"))
            for name in ("one", "other")
        ]
        yield Pair(*servers)
