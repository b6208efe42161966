"""Run the program with ``python -m recognizance_verify``."""

import sys

from recognizance_verify.command import main

sys.exit(main())
