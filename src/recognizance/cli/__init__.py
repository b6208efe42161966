"""The command line: an authenticated operator's client of the server (docs/cli.md)."""

import sys

from recognizance.cli.app import run


def main() -> None:
    """Run the command that the process was started with."""
    sys.exit(run(sys.argv[1:]))
