"""Other people's client programs: found, or missed out loud."""

import os
import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent

AWS_HOWTO = "Install the AWS CLI (`pip install awscli` into an environment of its own) and set RECOGNIZANCE_TEST_AWS."
NODE_HOWTO = "Install Node.js, and the client by `npm install --no-package-lock` in tests/clients/node."


def find_aws() -> str:
    """Find the AWS CLI: the program that RECOGNIZANCE_TEST_AWS names, or ``aws``."""
    found = shutil.which(os.environ.get("RECOGNIZANCE_TEST_AWS", "aws"))
    return found or missing("The AWS CLI is not installed", AWS_HOWTO)


def find_node() -> tuple[str, Path]:
    """Find Node.js, and the folder of packages that holds ``@aws-sdk/client-rekognition``."""
    modules = Path(os.environ.get("RECOGNIZANCE_TEST_NODE_MODULES", HERE / "node" / "node_modules"))
    node = shutil.which("node")
    if node is None or not (modules / "@aws-sdk" / "client-rekognition").is_dir():
        missing("Node.js or its package @aws-sdk/client-rekognition is not installed", NODE_HOWTO)
    return str(node), modules


def missing(what: str, howto: str) -> str:
    """Fail where everything must be there (CI=true); elsewhere skip, saying what was not tested."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"{what}. {howto}", pytrace=False)
    pytest.skip(f"{what}: what needs it was not tested. {howto}")
