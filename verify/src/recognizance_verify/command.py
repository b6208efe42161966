"""The program `recognizance-verify`."""

import sys


def main() -> int:
    """Run the program."""
    sys.stderr.write("Not yet.\n")
    return 2
