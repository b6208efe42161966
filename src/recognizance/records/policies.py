"""The rules in force, now and ever before: which packs are on, what they say, and whether they bind."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from recognizance.errors import NotFoundError
from recognizance.records import schema
from recognizance.records.transaction import Transaction

OBSERVE = "observe"
ENFORCE = "enforce"

_POLICIES = schema.policies
_TEXTS = schema.pack_texts
_COLUMNS = (
    _POLICIES.c.number,
    _POLICIES.c.digest,
    _POLICIES.c.mode,
    _POLICIES.c.packs,
    _POLICIES.c.since,
    _POLICIES.c.set_by,
)
_NEWEST = select(_POLICIES.c.number, _POLICIES.c.digest).order_by(_POLICIES.c.number.desc()).limit(1)
_GET = select(*_COLUMNS).where(_POLICIES.c.number == bindparam("wanted"))
_BY_DIGEST = (
    select(*_COLUMNS).where(_POLICIES.c.digest == bindparam("wanted")).order_by(_POLICIES.c.number.desc()).limit(1)
)
_LIST = select(*_COLUMNS).order_by(_POLICIES.c.number)
_TEXT = select(_TEXTS.c.description, _TEXTS.c.rules).where(_TEXTS.c.digest == bindparam("wanted"))
_TEXTS_ALL = select(_TEXTS)


@dataclass(frozen=True, slots=True)
class EnabledPack:
    """A pack that is on: its id and the digest of its texts, since when and by whom."""

    id: str
    digest: str
    since: datetime
    by: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A set of rules in force.

    Attributes
    ----------
    number : int
        Counts changes; 0 is a record in which nothing was ever switched on.
    digest : str
        Of the mode and the packs with their texts; what searches and entries name.
    mode : str
        ``observe`` or ``enforce``.
    """

    number: int
    digest: str
    mode: str
    packs: tuple[EnabledPack, ...]
    since: datetime | None
    set_by: str | None

    def pack(self, identifier: str) -> EnabledPack | None:
        """Find a pack that is on."""
        return next((pack for pack in self.packs if pack.id == identifier), None)


@dataclass(frozen=True, slots=True)
class PackTextRow:
    """What a pack says."""

    description: str
    rules: str


def newest(tx: Transaction) -> tuple[int, str] | None:
    """Give the number and the digest of the rules in force; None if nothing was ever switched on.

    Keep what is read of rules by both: a number counts again if the transaction that gave it is undone.
    """
    row = tx.execute(_NEWEST).first()
    return None if row is None else (row.number, row.digest)


def in_force(tx: Transaction) -> PolicyRow | None:
    """Give the rules in force; None if nothing was ever switched on."""
    found = newest(tx)
    return None if found is None else get(tx, found[0])


def get(tx: Transaction, number: int) -> PolicyRow:
    """Look rules up by their number.

    Raises
    ------
    NotFoundError
    """
    return _found(tx.execute(_GET, {"wanted": number}).first(), str(number))


def by_digest(tx: Transaction, digest: str) -> PolicyRow:
    """Look rules up by their digest.

    Raises
    ------
    NotFoundError
    """
    return _found(tx.execute(_BY_DIGEST, {"wanted": digest}).first(), digest)


def list_all(tx: Transaction) -> list[PolicyRow]:
    """List the rules that ever were in force, oldest first."""
    return [_row(row) for row in tx.execute(_LIST)]


def put(
    tx: Transaction, *, digest: str, mode: str, packs: Sequence[EnabledPack], since: datetime, set_by: str
) -> PolicyRow:
    """Put rules in force, in place of those that are."""
    values = {"digest": digest, "mode": mode, "packs": _spelt(packs), "since": since, "set_by": set_by}
    number = tx.execute(insert(_POLICIES), values).inserted_primary_key
    if number is None:
        raise AssertionError("a row has a number")
    return get(tx, number[0])


def keep_text(tx: Transaction, digest: str, pack: str, description: str, rules: str) -> None:
    """Keep what a pack says, unless it is kept already."""
    if tx.execute(_TEXT, {"wanted": digest}).first() is None:
        tx.execute(insert(_TEXTS), {"digest": digest, "pack": pack, "description": description, "rules": rules})


def text_of(tx: Transaction, digest: str) -> PackTextRow | None:
    """Read what a pack said; None if the record has lost it."""
    row = tx.execute(_TEXT, {"wanted": digest}).first()
    return None if row is None else PackTextRow(row.description, row.rules)


def list_texts(tx: Transaction) -> dict[str, tuple[str, PackTextRow]]:
    """List what every pack that was ever on said, by digest, with its id."""
    return {row.digest: (row.pack, PackTextRow(row.description, row.rules)) for row in tx.execute(_TEXTS_ALL)}


def _found(row: Any, wanted: str) -> PolicyRow:
    if row is None:
        raise NotFoundError(f"There is no record of the rules {wanted}.")
    return _row(row)


def _spelt(packs: Sequence[EnabledPack]) -> str:
    return json.dumps(
        [{"id": pack.id, "digest": pack.digest, "since": pack.since.isoformat(), "by": pack.by} for pack in packs]
    )


def _row(row: Any) -> PolicyRow:
    packs = tuple(
        EnabledPack(each["id"], each["digest"], datetime.fromisoformat(each["since"]), each["by"])
        for each in json.loads(row.packs)
    )
    return PolicyRow(row.number, row.digest, row.mode, packs, row.since, row.set_by)
