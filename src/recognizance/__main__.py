"""`python -m recognizance` is `recognizance`."""

from recognizance.cli import main

main()
