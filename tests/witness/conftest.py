from collections.abc import Iterator
from pathlib import Path

import pytest

from verify.building import LOG_KEY
from witness.serving import Serving, serving


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Serving]:
    """A new witness that watches the honest log."""
    with serving(tmp_path / "witness", LOG_KEY.verifier_key()) as running:
        yield running
