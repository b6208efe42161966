"""The public RFC 6962 test vectors."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]


def find_vectors() -> Path:
    """Find the folder of test vectors."""
    folder = Path(os.environ.get("RECOGNIZANCE_TEST_VECTORS", PROJECT.parent / "shared" / "vectors"))
    if not (folder / "rfc6962" / "inclusion").is_dir():
        told = f"There are no vectors in {folder}. Set RECOGNIZANCE_TEST_VECTORS to the folder that holds rfc6962."
        if os.environ.get("CI") or "RECOGNIZANCE_TEST_VECTORS" in os.environ:
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    return folder


def read_vectors(kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Read all vectors of a kind: ``inclusion`` or ``consistency``."""
    for file in sorted((find_vectors() / "rfc6962" / kind).rglob("*.json")):
        yield file, json.loads(file.read_text())
