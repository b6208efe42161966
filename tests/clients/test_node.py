"""The npm package @aws-sdk/client-rekognition, unmodified, run by Node.js."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from clients.conftest import Photographs
from clients.programs import HERE, find_node
from rekognition.processes import Server


@pytest.mark.parametrize("path", ["", "/source/still/edits/cropped+pose-corrected"])
def test_flow(live_server: Server, photographs: Photographs, tmp_path: Path, path: str) -> None:
    node, modules = find_node()
    # Node looks for packages beside the program.
    (tmp_path / "node_modules").symlink_to(modules.resolve())
    program = tmp_path / "flow.mjs"
    program.write_bytes((HERE / "node" / "flow.mjs").read_bytes())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= live_server.environment()
    environment["AWS_ENDPOINT_URL_REKOGNITION"] += path
    done = subprocess.run(
        [node, "--preserve-symlinks", str(program), *map(str, photographs)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["described"] == {"FaceCount": 0, "isDate": True}
    assert told["listed"] == told["indexed"]
    assert told["searched"] == [told["indexed"][1]]
    assert told["found"] == ["ada"]
    assert told["similarity"] >= 80
    assert told["compared"] == {"matches": 1, "unmatched": 1}
    assert told["deleted"] == [told["indexed"][1]]
    assert told["statusCode"] == 200
    assert told["error"] == {
        "name": "ResourceNotFoundException",
        "isClass": True,
        "message": "The collection id: node-flow does not exist",
        "attempts": 1,
    }
