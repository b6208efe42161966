"""The log of acts.  Imports nothing of ours but `errors`, and the verifier's formats."""

from recognizance.ledger.commitments import Concealed, ConcealedList
from recognizance.ledger.entry import Entry, Value, canonical
from recognizance.ledger.log import Ledger
from recognizance.ledger.storage import LogStorage

__all__ = ["Concealed", "ConcealedList", "Entry", "Ledger", "LogStorage", "Value", "canonical"]
