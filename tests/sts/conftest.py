from collections.abc import Iterator
from pathlib import Path

import pytest

from rekognition.processes import start_server
from sts.staff import Staff, hire


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Staff]:
    """A server with named operators."""
    with start_server(tmp_path_factory.mktemp("staffed") / "home", model_cache) as server:
        yield hire(server)
