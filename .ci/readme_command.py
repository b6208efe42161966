"""Print a command of the README, so that CI runs what a newcomer reads.

Usage: readme_command.py install|test
"""

import re
import sys
from pathlib import Path


def main(name: str) -> int:
    """Print the code block that follows ``<!-- command: NAME -->``."""
    readme = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- command: {re.escape(name)} -->\n+```[a-z]*\n(.*?)```", readme, re.DOTALL)
    if found is None:
        sys.stderr.write(f"README.md has no command named {name}\n")
        return 1
    sys.stdout.write(found[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
