"""Which rules the log says are in force: nobody can take an entry back, as they could a row of the record."""

import hashlib
import json
from dataclasses import asdict, dataclass

from recognizance.errors import RecordUnavailableError
from recognizance.records import Transaction, entries, meta

_KINDS = ("policy", "restore")
"""Entries that say it by ``policy`` in their details: whoever changes rules, and a restore that keeps them in force."""

_SEEN = "rules_as_logged"
_WRITTEN = tuple(f'"kind":"{kind}"'.encode() for kind in _KINDS)


@dataclass(frozen=True, slots=True)
class Logged:
    """What the first entries of the log say.

    Attributes
    ----------
    size : int
        How many entries.
    last : str
        SHA-256 of the last of them, by which another log is known.
    rules : str or None
        The digest of the rules that were put in force last; None if nothing was ever switched on.
    """

    size: int
    last: str
    rules: str | None


def rules_by_log(tx: Transaction) -> str | None:
    """Find the digest of the rules that the log says were put in force last; None if nothing was ever switched on.

    The log is read backwards, as far as the entries that `remember` has seen.
    """
    seen = _seen(tx)
    for row in entries.backwards(tx, down_to=seen.size if seen else 0):
        if any(written in row.body for written in _WRITTEN):
            body = json.loads(row.body)
            rules = body["details"].get("policy")
            if body["kind"] in _KINDS and isinstance(rules, str):
                return rules
    return seen.rules if seen else None


def remember(tx: Transaction, rules: str | None) -> None:
    """Keep what the log says by now, sealed: an older one that is put back only lets more be read."""
    size = entries.count(tx)
    seen = Logged(size, _digest(tx, size), rules)
    meta.put(tx, _SEEN, tx.sealer.seal(json.dumps(asdict(seen)).encode(), _SEEN).hex())


def _seen(tx: Transaction) -> Logged | None:
    """Read what is kept; None if there is nothing, or it is not of this log."""
    try:
        text = tx.sealer.open(bytes.fromhex(meta.get(tx, _SEEN) or ""), _SEEN)
    except (RecordUnavailableError, ValueError):
        return None
    seen = Logged(**json.loads(text))
    return seen if seen.last == _digest(tx, seen.size) else None


def _digest(tx: Transaction, size: int) -> str:
    last = entries.get(tx, size - 1)
    return "" if last is None else hashlib.sha256(last.body).hexdigest()
