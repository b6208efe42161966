"""A real browser and axe-core: found, or missed out loud."""

import os
import shutil
from pathlib import Path

from clients.programs import HERE, missing

CHROMIUM_HOWTO = "Install Chromium (apt-get install chromium), or set RECOGNIZANCE_TEST_CHROMIUM to the program."
AXE_HOWTO = "Install it by `npm install --no-package-lock` in tests/clients/node."


def find_chromium() -> str:
    """Find the browser: the program that RECOGNIZANCE_TEST_CHROMIUM names, or ``chromium``."""
    found = shutil.which(os.environ.get("RECOGNIZANCE_TEST_CHROMIUM", "chromium"))
    return found or missing("Chromium is not installed", CHROMIUM_HOWTO)


def find_axe() -> Path:
    """Find axe-core's one file."""
    modules = Path(os.environ.get("RECOGNIZANCE_TEST_NODE_MODULES", HERE / "node" / "node_modules"))
    found = modules / "axe-core" / "axe.min.js"
    return found if found.is_file() else Path(missing("The npm package axe-core is not installed", AXE_HOWTO))
