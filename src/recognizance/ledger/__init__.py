"""The log of acts.  Imports nothing of ours but `errors`, so that it verifies anywhere."""

from recognizance.ledger.entry import Entry, canonical

__all__ = ["Entry", "canonical"]
