"""The photographs of the flow that every client runs: one person twice, and another one."""

from pathlib import Path
from typing import NamedTuple

import pytest


class Photographs(NamedTuple):
    """Paths, for clients read them on their own."""

    ada: Path
    ada_later: Path
    bob: Path


@pytest.fixture(scope="session")
def photographs(faces: Path) -> Photographs:
    folder = faces / "meds2" / "images"
    return Photographs(folder / "S001-01-t10_01.jpg", folder / "S001-03-t10_01.jpg", folder / "S033-02-t10_01.jpg")
