"""Replay a log against the record it belongs to: what was answered, what was done and what is written must agree.

Every check returns sentences that say what is wrong; none means that all is well.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from recognizance.biometrics import Reference
from recognizance.errors import NotFoundError
from recognizance.ledger import Ledger
from recognizance.records import (
    KeyVault,
    Sealer,
    Transaction,
    entries,
    galleries,
    load_or_create_key,
    references,
    searches,
)
from recognizance.records import subjects as people
from recognizance.records.database import Database, database_at
from recognizance.records.entries import RecordedLog
from recognizance.records.log_key import KEY_FILE
from recognizance.records.reading import reading
from recognizance.records.subjects import SubjectRow
from recognizance.settings import Settings
from recognizance_verify import VerificationError
from recognizance_verify.entries import parse_entry
from recognizance_verify.notes import Checkpoint, SignedNote, SigningKey
from recognizance_verify.receipts import Receipt
from recognizance_verify.tree import leaf_hash, root_of
from recognizance_verify.trust import Trust

PAGE = 5_000
_UNDESTROYED = text("SELECT slot FROM slots_to_destroy")

Members = dict[str, Any]
Prove = Callable[[int], str]
"""Gives the receipt of an entry."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An answer that a client got: it names its entry."""

    operation: str
    request_id: str
    entry: int
    decision: str


@dataclass
class Told:
    """What clients know for sure, from answers; what was asked for and never answered may be either way.

    ``present`` and ``gone`` are face ids; ``associated`` maps a face id to its user.
    """

    answers: list[Acknowledged] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    associated: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Looking:
    """A record that is looked at, and the log in it."""

    tx: Transaction
    ledger: Ledger[Transaction]
    trust: Trust
    database: Database

    def prove(self, index: int) -> str:
        """Make a receipt."""
        return self.ledger.receipt(self.tx, index, self.ledger.checkpoint(self.tx)).text()


@contextmanager
def looking(settings: Settings) -> Iterator[Looking]:
    """Look at the record of a home folder, whoever owns it."""
    key = SigningKey.parse((settings.keys_folder / KEY_FILE).read_text("utf-8").strip())
    with closing(database_at(settings.record_place)) as database:
        sealer = Sealer(load_or_create_key(settings.keys_folder, record=database))
        with (
            KeyVault.open(settings.keys_folder, sealer=sealer) as vault,
            reading(database, sealer=sealer, vault=vault) as tx,
        ):
            yield Looking(tx, Ledger(RecordedLog(), key), Trust(key.verifier_key()), database)


def check_all(look: Looking, told: Told, gallery: str, older: Collection[str], *, since: int = 0) -> list[str]:
    """Run every check; ``older`` are checkpoints that were seen before, ``since`` is as in `check_searches`."""
    log, problems = read_log(look)
    problems += look.database.find_damage()
    problems += [f"The key {slot} of what was erased is not destroyed." for slot in look.tx.execute(_UNDESTROYED)]
    problems += check_answers(log, told.answers)
    problems += check_growth(look, older)
    problems += check_searches(look, log, since)
    problems += check_gallery(look, log, told, gallery)
    return problems


def read_log(look: Looking) -> tuple[list[Members], list[str]]:
    """Read every entry, and compare the tree over them with the one that is kept."""
    log: list[Members] = []
    problems: list[str] = []
    leaves: list[bytes] = []
    while page := entries.list_page(look.tx, first=len(log), limit=PAGE):
        for row in page:
            if row.index != len(log):
                return log, [*problems, f"After entry {len(log) - 1} comes entry {row.index}."]
            try:
                log.append(dict(parse_entry(row.body, row.index).members))
            except VerificationError as error:
                return log, [*problems, str(error)]
            leaves.append(leaf_hash(row.body))
    if look.ledger.root(look.tx, len(log)) != root_of(leaves):
        problems.append("The tree that is kept is not the tree over the entries.")
    requests = Counter(one["details"]["request"] for one in log if "request" in one["details"])
    problems += [f"Request {name} has {count} entries." for name, count in requests.items() if count > 1]
    return log, problems


def check_answers(log: Sequence[Members], answers: Collection[Acknowledged]) -> list[str]:
    """Find each answer's entry: it has to be of that request."""
    problems = []
    for answer in answers:
        if answer.entry >= len(log):
            problems.append(f"{answer.operation} was answered with entry {answer.entry}; the log ends at {len(log)}.")
            continue
        found, details = log[answer.entry], log[answer.entry]["details"]
        said = details.get("request"), details.get("operation"), found["decision"]
        if said != (answer.request_id, answer.operation, answer.decision):
            problems.append(f"Entry {answer.entry} says {said}; the answer was {answer}.")
    return problems


def check_receipts(prove: Prove, trust: Trust, answers: Collection[Acknowledged]) -> list[str]:
    """Have each answer's entry proved, and check the proof by the log's key."""
    problems = []
    for answer in answers:
        try:
            checked = Receipt.parse(prove(answer.entry)).verify(trust)
        except (VerificationError, NotFoundError) as error:
            problems.append(f"The receipt of entry {answer.entry}: {error}")
            continue
        if checked.entry.members["details"].get("request") != answer.request_id or not checked.checkpoint.authentic:
            problems.append(f"The receipt of entry {answer.entry} is not of request {answer.request_id}.")
    return problems


def check_growth(look: Looking, older: Collection[str]) -> list[str]:
    """Prove that the log begins with what it was at every checkpoint that was seen."""
    problems = []
    now = look.ledger.checkpoint(look.tx)
    for note in older:
        try:
            before = look.trust.check(SignedNote.parse(note)).checkpoint
            if before.size > Checkpoint.parse(SignedNote.parse(now).text).size:
                problems.append(f"The log was rolled back from {before.size} entries.")
                continue
            look.ledger.growth(look.tx, before.size, now).verify(before)
        except VerificationError as error:
            problems.append(f"The log is not that of an earlier checkpoint: {error}")
    return problems


def check_searches(look: Looking, log: Sequence[Members], since: int) -> list[str]:
    """Pair searches that were allowed with their records and probes; from entry ``since`` on, with their candidates."""
    tx = look.tx
    said = {one["index"]: one for one in log if one["kind"] == "search" and one["decision"] == "allowed"}
    rows = {row[0]: row[1:] for row in tx.execute(text("SELECT entry_index, id, probe_photograph FROM searches"))}
    probes = set(tx.execute(text("SELECT identifier FROM photographs WHERE kind = 'probe'")).scalars())
    problems = [f"The search of entry {index} has no record." for index in said.keys() - rows.keys()]
    problems += [f"A record of a search names entry {index}, which is none." for index in rows.keys() - said.keys()]
    for index in said.keys() & rows.keys():
        search, probe = rows[index]
        if said[index]["details"]["search"] != search:
            problems.append(f"Entry {index} and its record name two searches.")
        elif index >= since:
            recorded = [candidate.identifier for candidate in searches.get(tx, search).candidates]
            committed = [value and value["identifier"] for value in _opened(look, index, "candidates")]
            if committed != recorded:
                problems.append(f"Entry {index} commits to other candidates than its record has.")
        if probe is not None and probe not in probes:
            problems.append(f"The probe of the search of entry {index} is missing.")
    strays = probes - {probe for _, probe in rows.values()}
    problems += [f"The probe {probe} belongs to no search." for probe in strays]
    return problems


def _opened(look: Looking, index: int, field: str) -> list[Any]:
    """Open a list that an entry commits to; None stands for a line that was erased."""
    (opening,) = look.ledger.disclosure(look.tx, index, [field])
    lines: Any = opening["lines"]
    return [json.loads(line["value"]) if "value" in line else None for line in lines]


def check_gallery(look: Looking, log: Sequence[Members], told: Told, name: str) -> list[str]:
    """Compare references, photographs and users with what the entries say and what clients were told."""
    tx = look.tx
    gallery = galleries.get(tx, name)
    rows = {row.face_id: row for row in references.list_page(tx, gallery.id, limit=10**9)}
    users = {row.name: row for row in people.list_page(tx, gallery.id, limit=10**9)}
    counts = galleries.counts(tx, gallery.id)
    problems = check_told(told, rows, set(users))
    problems += _enrolments(tx, log, rows)
    problems += _subjects(look, log, rows, {row.identifier: row for row in users.values()})
    if (counts.faces, counts.users) != (len(rows), len(users)):
        problems.append(f"The gallery counts {counts}; there are {len(rows)} references and {len(users)} users.")
    return problems


def check_told(told: Told, rows: dict[str, Reference], users: Collection[str]) -> list[str]:
    """Compare what is there with what clients were told."""
    problems = [f"The face {face} was indexed, and is not there." for face in told.present - rows.keys()]
    problems += [f"The face {face} was deleted, and is still there." for face in told.gone & rows.keys()]
    problems += [f"The user {user} was created, and is not there." for user in told.users - set(users)]
    problems += [
        f"The face {face} was given to {user}, and is not theirs."
        for face, user in told.associated.items()
        if face not in rows or rows[face].subject != user
    ]
    return problems


def _enrolments(tx: Transaction, log: Sequence[Members], rows: dict[str, Reference]) -> list[str]:
    """Replay what was enrolled and erased: exactly these references are there, and their photographs."""
    problems = []
    due: dict[str, str] = {}
    for one in log:
        details = one["details"]
        if one["decision"] == "allowed" and one["kind"] == "enrol":
            if len(details["faces"]) != details["references"]:
                problems.append(f"Entry {one['index']} counts other faces than it names.")
            due |= dict.fromkeys(details["faces"], details["image"])
        if one["decision"] == "allowed" and one["kind"] == "erase":
            absent = [face for face in details["faces"] if due.pop(face, None) is None]
            problems += [f"Entry {one['index']} erased the face {face}, which was not there." for face in absent]
    there = {face: row.image_id for face, row in rows.items()}
    problems += [f"An entry enrolled the face {face}, and it is not there." for face in due.keys() - there.keys()]
    problems += [f"The face {face} is there, and no entry enrolled it." for face in there.keys() - due.keys()]
    problems += [
        f"The face {face} is of another photograph." for face in due if due[face] != there.get(face, due[face])
    ]
    kept = set(tx.execute(text("SELECT identifier FROM photographs WHERE kind = 'reference'")).scalars())
    wanted = set(there.values())
    problems += [f"The photograph {image} of a reference is missing." for image in wanted - kept]
    problems += [f"The photograph {image} belongs to no reference." for image in kept - wanted]
    return problems


def _subjects(
    look: Looking, log: Sequence[Members], rows: dict[str, Reference], users: dict[str, SubjectRow]
) -> list[str]:
    """Replay which users were created and deleted, and which faces they were given."""
    problems = []
    due: dict[str, Counter[str]] = {}
    for one in log:
        if one["decision"] != "allowed" or one["kind"] != "subject":
            continue
        details = one["details"]
        match details.get("change"), details["operation"]:
            case "created", _:
                due[details["subject"]] = Counter()
            case "deleted", _:
                due.pop(details["subject"])
            case _, "AssociateFaces":
                faces = [face for face in _opened(look, one["index"], "faces") if face is not None]
                due[details["subject"]].update(faces)
    problems += [f"An entry created the user {user}, who is not there." for user in due.keys() - users.keys()]
    problems += [f"The user {user} is there, and no entry created them." for user in users.keys() - due.keys()]
    held: dict[str, Counter[str]] = {user: Counter() for user in users}
    names = {row.name: user for user, row in users.items()}
    for face, row in rows.items():
        if row.subject is not None:
            held[names[row.subject]][face] += 1
    for user in due.keys() & users.keys():
        if due[user] != held[user]:
            problems.append(f"The user {user} has other faces than entries gave them.")
        if users[user].faces != held[user].total():
            problems.append(f"The user {user} counts {users[user].faces} faces, and has {held[user].total()}.")
    return problems


def kinds(log: Sequence[Members]) -> Counter[str]:
    """Count the entries by kind and decision."""
    return Counter(f"{one['kind']}, {one['decision']}" for one in log)
