"""Put a backup in the record's place, without losing what came after it unnoticed."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recognizance.authority.administrators import usable_administrators
from recognizance.authority.revocations import Ended, end_again
from recognizance.errors import LogRolledBackError
from recognizance.ledger import Entry, Ledger, Value
from recognizance.records import (
    RecordStore,
    Transaction,
    changes,
    engine_positions,
    erasures,
    holds,
    operators,
    policies,
)
from recognizance.records.holds import Hold
from recognizance.records.key_files import fsync_folder
from recognizance.records.policies import PackTextRow, PolicyRow
from recognizance.workflows.presence import OPERATOR
from recognizance.workflows.rules_logged import rules_by_log
from recognizance_verify.notes import Checkpoint


@dataclass(frozen=True, slots=True)
class OpenLog:
    """A record that is open, and its log."""

    store: RecordStore
    ledger: Ledger[Transaction]


@dataclass(frozen=True, slots=True)
class KnownRules:
    """The rules in force in a record, and what their packs say."""

    row: PolicyRow
    texts: Mapping[str, tuple[str, PackTextRow]]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes
    ----------
    entries : int
        How many entries the backup held; ``entry`` is the index of the one that records the restore.
    erased_again : int
        Rows of people whose keys were destroyed after the backup was made.
    rolled_back_from : int or None
        How many entries the log had, if some of them are lost.
    kept : Path or None
        Where the record from before is.
    ended_again : int or None
        How many keys, operators, roles, sessions, cases and memberships of cases ended again; None if the record in
        place could not be read.
    administered : bool
        Whether an administrator can sign.
    """

    entries: int
    entry: int
    erased_again: int
    rolled_back_from: int | None
    kept: Path | None
    ended_again: int | None
    administered: bool


def restore(
    backup: OpenLog,
    known: Checkpoint | None,
    *,
    roll_back_log: bool,
    account: str,
    clock: Callable[[], datetime],
    ended: Ended | None = None,
    standing: Sequence[Hold] = (),
    rules: KnownRules | None = None,
) -> Restored:
    """Make a record of an opened copy of a backup, and record the restore.

    Erasures of after it are done again, what had ended of authority ends again, legal holds stand on, and the rules
    that were in force stay in force.

    Parameters
    ----------
    known : Checkpoint or None
        The newest checkpoint that is known of this log.
    account : str
        The machine's account that restores.
    ended : Ended, optional
        Keys, operators, sessions and cases that the record in place knows to be over; None if it cannot be read.
    standing : sequence of Hold
        Legal holds that stand in the record in place.
    rules : KnownRules, optional
        Those in force in the record in place; None if nothing was ever switched on, or it cannot be read.

    Raises
    ------
    LogRolledBackError
        If `known` is not a beginning of the backup's log, and `roll_back_log` does not allow that.
    """
    store, ledger = backup.store, backup.ledger
    with store.read() as tx:
        entries = ledger.size(tx)
        holds_known = known is None or (entries >= known.size and ledger.root(tx, known.size) == known.root)
    if not holds_known and not roll_back_log:
        size = known.size if known else 0
        raise LogRolledBackError(
            f"The backup's log has {entries} entries; the log is known to have had {size}: restoring it would roll the "
            f"log back.",
            "Restore a newer backup. If there is none, --roll-back-log goes on from this one, and the log will say so "
            "for good.",
        )
    erased = erasures.reapply(store)
    with store.write() as tx:
        changes.begin_anew(tx)
    details: dict[str, Value] = {"account": account, "backup_entries": entries, "erased_again": erased}
    rolled_back = None if holds_known or known is None else known.size
    if rolled_back is not None and known is not None:
        details["rolled_back_from"] = {"root": known.root.hex(), "size": known.size}
    with store.write() as tx:
        engine_positions.mistrust(tx)
        ended_again = None if ended is None else end_again(tx, ended, now=clock())
        details |= {"ended_again": ended_again, "held_again": hold_again(tx, standing)}
        if rules is not None and put_in_force_again(tx, rules):
            details["policy"] = rules.row.digest
        index = ledger.append(tx, Entry("restore", clock().astimezone(UTC), OPERATOR, "allowed", (), details))
        administered = bool(usable_administrators(tx))
    return Restored(entries, index, erased, rolled_back, None, ended_again, administered)


def hold_again(tx: Transaction, standing: Sequence[Hold]) -> int:
    """Place legal holds that are not in this record on what is there of them; return how many."""
    known = {hold.id for hold in holds.list_all(tx, released=True)}
    count = 0
    for hold in standing:
        if hold.id in known or not holds.target_exists(tx, hold):
            continue
        if operators.find(tx, hold.placed_by) is None:
            # Somebody who came after the backup: the name stays on the hold, and nobody can act by it.
            operators.create(tx, hold.placed_by, name="", roles=(), created_at=hold.placed_at, active=False)
        holds.place(tx, hold)
        count += 1
    return count


def rules_in_force(tx: Transaction) -> KnownRules | None:
    """Read the rules in force; None if nothing was ever switched on, or the log names others."""
    row = policies.in_force(tx)
    return None if row is None or row.digest != rules_by_log(tx) else KnownRules(row, policies.list_texts(tx))


def put_in_force_again(tx: Transaction, rules: KnownRules) -> bool:
    """Put rules in force unless they are; return whether they were not.

    Otherwise who restores a backup of before could loosen, alone, what takes two persons.
    """
    present = policies.in_force(tx)
    if present is not None and present.digest == rules.row.digest:
        return False
    for digest, (pack, text) in rules.texts.items():
        policies.keep_text(tx, digest, pack, text.description, text.rules)
    row = rules.row
    since, by = row.since, row.set_by
    if since is None or by is None:
        raise AssertionError("rules that were put in force have a date")
    policies.put(tx, digest=row.digest, mode=row.mode, packs=row.packs, since=since, set_by=by)
    return True


def newest_known(present: OpenLog | None, head: Checkpoint | None) -> Checkpoint | None:
    """Find the newest checkpoint of a log: as the record in place has it, or as this machine last signed it."""
    if present is None:
        return head
    with present.store.read() as tx:
        size = present.ledger.size(tx)
        here = Checkpoint(present.ledger.origin, size, present.ledger.root(tx, size))
    return here if head is None or here.size >= head.size else head


def exchange(draft: Path, path: Path, kept: Path) -> Path | None:
    """Let `draft` take the place of `path`, which stays as `kept`; at every moment there is a whole record there."""
    there = path.exists()
    # Before the exchange: SQLite would take the old record's write-ahead log for the new one's.
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            os.link(file, kept.with_name(kept.name + suffix))
            if suffix:
                file.unlink()
    fsync_folder(path.parent)
    draft.replace(path)
    fsync_folder(path.parent)
    return kept if there else None
