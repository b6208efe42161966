"""Virtual environments that hold nothing but what a test puts into them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest


def make_environment(folder: Path, python: str, *requirements: str) -> Path:
    """Make an environment and install into it; its interpreter.

    Without a way to the packages the test fails in CI and is skipped, with the reason, elsewhere.
    """
    subprocess.run([python, "-I", "-m", "venv", folder], check=True)
    interpreter = folder / "bin" / "python"
    done = subprocess.run(
        [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        give_up(f"pip could not install {' '.join(requirements)}: {done.stderr.strip()}")
    return interpreter


def find_newer_python() -> str:
    """Find a Python of version 3.12 or newer."""
    named = os.environ.get("RECOGNIZANCE_TEST_PYTHON312")
    candidates = [named] if named else []
    candidates += [found for name in ("python3.14", "python3.13", "python3.12") if (found := shutil.which(name))]
    candidates += map(str, sorted((Path.home() / ".pyenv" / "versions").glob("3.1[2-9]*/bin/python"), reverse=True))
    newer = [candidate for candidate in candidates if is_newer(candidate)]
    if not newer:
        give_up("There is no Python 3.12 or newer. Set RECOGNIZANCE_TEST_PYTHON312 to one.")
    return newer[0]


def is_newer(python: str) -> bool:
    """Ask an interpreter for its version; the stand-in of a version manager may have none behind it."""
    ask = "import sys; sys.exit(sys.version_info < (3, 12))"
    try:
        return subprocess.run([python, "-I", "-c", ask], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def give_up(why: str) -> NoReturn:
    """Fail where everything must be there, and skip elsewhere."""
    if os.environ.get("CI") or "RECOGNIZANCE_TEST_PYTHON312" in os.environ:
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
