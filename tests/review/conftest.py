from collections.abc import Iterator
from pathlib import Path

import pytest

from review.office import Office, reviewed_office


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, faces: Path) -> Iterator[Office]:
    """A server that withholds what searches find; each test works in cases of its own."""
    with reviewed_office(tmp_path_factory.mktemp("reviewed") / "home", model_cache, faces) as made:
        yield made
