"""What was found, in sentences for people and in members for machines."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recognizance_verify.consistency import CheckedConsistency
from recognizance_verify.disclosures import CheckedDisclosure, Opened
from recognizance_verify.encoding import encode_base64, shown
from recognizance_verify.entries import Entry
from recognizance_verify.folder import CheckedExport
from recognizance_verify.receipts import CheckedReceipt
from recognizance_verify.trust import CheckedCheckpoint

VALUE_CHARACTERS_SHOWN = 4000
NAMES_SHOWN = 50
CLOCK_SLACK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Report:
    """``lines`` for people, ``members`` for machines; ``authentic`` says whether the log's key was there to check."""

    lines: tuple[str, ...]
    members: dict[str, Any]
    authentic: bool


def report_receipt(receipt: CheckedReceipt) -> Report:
    """Report a receipt that was checked."""
    entry, checked = receipt.entry, receipt.checkpoint
    lines = [_place(entry, checked), *_entry_lines(entry)]
    if entry.commitments:
        lines.append(f"It commits to {_names(sorted(entry.commitments))}, which a disclosure can show.")
    notices = [*_clock_notices(entry.index, entry.time, checked)]
    members = {"entry": dict(entry.members), "notices": notices, "checkpoint": _checkpoint_members(checked)}
    return Report((*lines, *_standing(checked), *_noticed(notices)), members, checked.authentic)


def report_disclosure(disclosure: CheckedDisclosure) -> Report:
    """Report a disclosure that was checked."""
    entry, checked = disclosure.receipt.entry, disclosure.receipt.checkpoint
    lines = [_place(entry, checked), *_entry_lines(entry)]
    for opened in disclosure.opened:
        lines += _opened_lines(opened)
    if disclosure.closed:
        lines.append(f"Not shown: {_names(disclosure.closed)}.")
    notices = [*_clock_notices(entry.index, entry.time, checked)]
    members = {
        "entry": dict(entry.members),
        "opened": [
            {"field": one.field, "value": one.value}
            if one.lines is None
            else {"field": one.field, "lines": list(one.lines)}
            for one in disclosure.opened
        ],
        "closed": list(disclosure.closed),
        "notices": notices,
        "checkpoint": _checkpoint_members(checked),
    }
    return Report((*lines, *_standing(checked), *_noticed(notices)), members, checked.authentic)


def report_export(export: CheckedExport) -> Report:
    """Report a folder that was checked."""
    checked, census = export.checkpoint, export.census
    lines = [
        f"This is the whole log {shown(checked.checkpoint.origin)}: {census.count} entries, no gaps, none changed.",
        f"Its root is {encode_base64(checked.checkpoint.root)}, recomputed from the entries.",
    ]
    if census.count:
        lines.append(f"The first entry is of {census.first_time}, the last of {census.last_time}.")
    for (kind, decision), count in sorted(census.kinds.items()):
        lines.append(f"  {count:>9}  {shown(kind)}, {shown(decision)}")
    notices = []
    if census.backwards:
        notices.append(
            f"{census.backwards} entries are dated before the entry before them; "
            f"the first is entry {census.first_backwards}."
        )
    if census.other_rules:
        notices.append(
            f"{census.other_rules} entries say that the rules in force on record were not those that the log names; "
            f"the first is entry {census.first_other_rules}.  Somebody wrote to the database past the server."
        )
    if census.last_time is not None:
        notices += _clock_notices(census.count - 1, census.last_time, checked)
    members = {
        "count": census.count,
        "first_time": census.first_time,
        "last_time": census.last_time,
        "kinds": [
            {"kind": kind, "decision": decision, "count": count}
            for (kind, decision), count in sorted(census.kinds.items())
        ],
        "backwards": census.backwards,
        "first_backwards": census.first_backwards,
        "other_rules": census.other_rules,
        "first_other_rules": census.first_other_rules,
        "notices": notices,
        "checkpoint": _checkpoint_members(checked),
    }
    return Report((*lines, *_standing(checked), *_noticed(notices)), members, checked.authentic)


def report_consistency(consistency: CheckedConsistency) -> Report:
    """Report that a newer log was checked against an older one."""
    old, new = consistency.old.checkpoint, consistency.new.checkpoint
    lines = (
        f"The log {shown(new.origin)} of {new.size} entries begins with the {old.size} entries of the older "
        "checkpoint, unchanged and in their order.",
        *_standing(consistency.new),
    )
    members = {
        "old": _checkpoint_members(consistency.old),
        "new": _checkpoint_members(consistency.new),
    }
    return Report(lines, members, consistency.old.authentic and consistency.new.authentic)


def _place(entry: Entry, checked: CheckedCheckpoint) -> str:
    checkpoint = checked.checkpoint
    return (
        f"Entry {entry.index} is in the log {shown(checkpoint.origin)}, at its place among {checkpoint.size} entries."
    )


def _entry_lines(entry: Entry) -> Iterator[str]:
    yield f"  kind      {shown(entry.kind)}"
    yield f"  time      {entry.time}"
    yield f"  operator  {shown(entry.operator)}"
    yield f"  decision  {shown(entry.decision)}"
    for name in ("rules", "details"):
        if entry.members.get(name):
            text = json.dumps(entry.members[name], ensure_ascii=False)
            yield f"  {name:<8}  {shown(text, VALUE_CHARACTERS_SHOWN)}"


def _opened_lines(opened: Opened) -> Iterator[str]:
    name = shown(opened.field)
    if opened.lines is None:
        yield f"Shown: {name} is {shown(opened.value or '', VALUE_CHARACTERS_SHOWN)}"
        return
    yield f"Shown: {name} has {len(opened.lines)} lines"
    for number, line in enumerate(opened.lines, 1):
        yield f"  {number:>4}  {'(not shown)' if line is None else shown(line, VALUE_CHARACTERS_SHOWN)}"


def _standing(checked: CheckedCheckpoint) -> Iterator[str]:
    """Say who stands for a checkpoint."""
    if checked.authentic:
        yield "Log: the checkpoint is signed with the key that was given."
    else:
        yield "Log: the checkpoint's signature was not checked, as the log's key was not given."
    for cosignature in checked.cosignatures:
        yield f"Witness: {shown(cosignature.witness)} cosigned this checkpoint at {_moment(cosignature.time)}."
    for name in checked.absent:
        yield f"Witness: {shown(name)} has not cosigned this checkpoint."
    if checked.unchecked:
        yield f"Witness: {checked.unchecked} cosignature(s) by keys that were not given: not checked."
    elif not checked.cosignatures:
        yield "Witness: no witness has cosigned this checkpoint; others may have been shown another log."


def _noticed(notices: Iterable[str]) -> Iterator[str]:
    return (f"Notice: {notice}" for notice in notices)


def _clock_notices(index: int, time: str, checked: CheckedCheckpoint) -> Iterator[str]:
    """Notice that a witness saw an entry before it was written: then somebody's clock is wrong."""
    try:
        written = datetime.fromisoformat(time).timestamp()
    except ValueError:
        yield f"the time of entry {index} is no time that a clock can show."
        return
    for cosignature in checked.cosignatures:
        if written > cosignature.time + CLOCK_SLACK_SECONDS:
            yield f"entry {index} is dated after {shown(cosignature.witness)} saw it."


def _checkpoint_members(checked: CheckedCheckpoint) -> dict[str, Any]:
    checkpoint = checked.checkpoint
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": encode_base64(checkpoint.root),
        "authentic": checked.authentic,
        "cosignatures": [{"witness": one.witness, "time": one.time} for one in checked.cosignatures],
        "witnesses_absent": list(checked.absent),
        "cosignatures_unchecked": checked.unchecked,
    }


def _names(fields: Sequence[str]) -> str:
    more = f" and {len(fields) - NAMES_SHOWN} more" if len(fields) > NAMES_SHOWN else ""
    return ", ".join(shown(field) for field in fields[:NAMES_SHOWN]) + more


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970, which is no date"
