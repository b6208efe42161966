"""Every change of anything authenticated is found: more than 10,000 random ones, and those hypothesis thinks of.

Two things are not authenticated, and C2SP signed-note says that they must not be: in which order the signatures stand,
and signature lines of keys that the verifier does not know.  `authenticated` leaves them out.
"""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizance_verify import VerificationError
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.disclosures import Disclosure
from recognizance_verify.folder import verify_export
from recognizance_verify.notes import SignedNote
from recognizance_verify.receipts import Receipt
from recognizance_verify.tiles import pack_entries, tile_path, unpack_entries
from verify.building import LOG_KEY, TRUST, WITNESS_KEY, Log, entry, make_disclosure, make_log, write_export

SEED = 20_260_731
CASES = {"receipt": 3_000, "checkpoint": 1_500, "consistency": 3_000, "disclosure": 2_000, "export": 1_500}

LOG = make_log(300)
OLD, NEW = 130, 300


def check_receipt(data: bytes) -> None:
    Receipt.parse(data).verify(TRUST)


def check_checkpoint(data: bytes) -> None:
    TRUST.check(SignedNote.parse(data))


def check_growth(data: bytes) -> None:
    growth = ConsistencyProof.parse(data)
    TRUST.check(growth.note)
    growth.verify(LOG.checkpoint(OLD))


def check_disclosure(data: bytes) -> None:
    Disclosure.parse(data).verify(TRUST)


ARTEFACTS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "receipt": (check_receipt, [LOG.receipt(at, size).text().encode() for at, size in [(0, 1), (7, 100), (255, 300)]]),
    "checkpoint": (check_checkpoint, [LOG.note(size).serialize().encode() for size in (0, 1, 300)]),
    "consistency": (check_growth, [LOG.consistency(OLD, size).text().encode() for size in (OLD, 256, NEW)]),
    "disclosure": (check_disclosure, [make_disclosure(lines).text().encode() for lines in [(), (1, 3), (1, 2, 3)]]),
}


def authenticated(data: bytes) -> tuple[bytes, bytes, list[bytes]]:
    """Keep what of a file nobody may change: everything but well-formed signature lines of unknown keys."""
    around = b""
    try:
        receipt = json.loads(data)["receipt"]
    except (ValueError, TypeError, KeyError):
        pass  # not a disclosure
    else:
        around = data.replace(json.dumps(receipt, ensure_ascii=False).encode(errors="replace"), b"")
        data = str(receipt).encode(errors="replace")
    text, _, signatures = data.rpartition(b"\n\n")
    return around, text, sorted(line for line in signatures.splitlines(keepends=True) if not is_foreign(line))


def is_foreign(line: bytes) -> bool:
    known = {(key.name, key.id) for key in (LOG_KEY.verifier_key(), WITNESS_KEY.verifier_key())}
    try:
        [signature] = SignedNote.parse(b"text\n\n" + line).signatures
    except VerificationError:
        return False
    return (signature.name, signature.key_id) not in known


def damage(data: bytes, chance: random.Random) -> bytes:
    """Change some bytes in one of the ways in which bytes come to be changed."""
    at = chance.randrange(len(data))
    to = chance.randrange(at, min(len(data), at + 90)) + 1
    line = data.splitlines(keepends=True)
    ways: list[Callable[[], bytes]] = [
        lambda: data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
        lambda: data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
        lambda: data[:at],
        lambda: data + bytes([chance.choice(b"\n\0 =Ax")]),
        lambda: data[:at] + bytes([chance.randrange(256)]) + data[at:],
        lambda: data[:at] + data[to:],
        lambda: data[:to] + data[at:],
        lambda: b"".join(chance.sample(line, len(line))),
        lambda: b"".join(line[: chance.randrange(len(line))] + line[chance.randrange(len(line)) :]),
        lambda: data.replace(data[at : at + 2], data[at : at + 2].swapcase(), 1),
    ]
    return chance.choice(ways)()


@pytest.mark.parametrize("name", list(ARTEFACTS))
def test_every_random_change_of_a_file_is_found(name: str) -> None:
    check, artefacts = ARTEFACTS[name]
    chance = random.Random(f"{SEED} {name}")
    tried = 0
    while tried < CASES[name]:
        data = chance.choice(artefacts)
        changed = damage(data, chance)
        if authenticated(changed) == authenticated(data):
            continue
        tried += 1
        with pytest.raises(VerificationError):
            check(changed)
    for data in artefacts:
        check(data)


@pytest.mark.parametrize("name", list(ARTEFACTS))
def test_no_single_byte_can_be_changed(name: str) -> None:
    check, artefacts = ARTEFACTS[name]
    for data in artefacts[1:2]:
        for at in range(len(data)):
            with pytest.raises(VerificationError):
                check(data[:at] + bytes([data[at] ^ 1 << at % 7]) + data[at + 1 :])


@given(st.sampled_from(sorted(ARTEFACTS)), st.integers(0, 2), st.data())
def test_no_change_that_hypothesis_finds_goes_unnoticed(name: str, number: int, data: st.DataObject) -> None:
    check, artefacts = ARTEFACTS[name]
    good = artefacts[number]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    put = data.draw(st.one_of(st.binary(max_size=50), st.sampled_from(good.splitlines(keepends=True))))
    changed = good[:start] + put + good[end:]
    if authenticated(changed) == authenticated(good):
        return
    with pytest.raises(VerificationError):
        check(changed)


def other_log() -> Log:
    entries = list(LOG.entries)
    entries[20] = entry(20, operator="mallory")
    return Log(entries)


def test_parts_of_two_good_files_make_no_third() -> None:
    fork = other_log()
    for index in range(0, 300, 7):
        one, two = LOG.receipt(index), fork.receipt(index)
        mixed = [
            Receipt(two.entry, one.index, one.proof, one.note),
            Receipt(one.entry, one.index, two.proof, one.note),
            Receipt(one.entry, one.index, one.proof, two.note),
            Receipt(one.entry, (index + 1) % 300, one.proof, one.note),
            Receipt(one.entry, one.index, one.proof, SignedNote(one.note.text, two.note.signatures)),
        ]
        for receipt in mixed:
            # Beside entry 20 the two logs have entries and some siblings in common: those mixtures are no mixtures.
            if receipt in (one, two):
                continue
            with pytest.raises(VerificationError):
                receipt.verify(TRUST)


# Exports: what an operator who wants to hide something could do to the folder.

Files = dict[str, bytes]
EXPORT_LOG = make_log(520)
EXPORT = EXPORT_LOG.files()


def with_entries(files: Files, index: int, change: Callable[[list[bytes]], None]) -> Files:
    width = min(256, 520 - 256 * index)
    path = tile_path(None, index, width)
    entries = unpack_entries(files[path])
    change(entries)
    return files | {path: pack_entries(entries)}


def mutate_byte(files: Files, chance: random.Random) -> Files:
    path = chance.choice(sorted(files))
    changed = damage(files[path], chance) if chance.random() < 0.3 else flip(files[path], chance)
    if authenticated(changed) == authenticated(files[path]):
        return files
    return files | {path: changed}


def flip(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def reorder(files: Files, chance: random.Random) -> Files:
    index = chance.randrange(3)

    def swap(entries: list[bytes]) -> None:
        one, other = chance.sample(range(len(entries)), 2)
        entries[one], entries[other] = entries[other], entries[one]

    return with_entries(files, index, swap)


def duplicate(files: Files, chance: random.Random) -> Files:
    return with_entries(files, chance.randrange(3), lambda entries: entries.insert(0, chance.choice(entries)))


def remove(files: Files, chance: random.Random) -> Files:
    return with_entries(files, chance.randrange(3), lambda entries: entries.remove(chance.choice(entries)))


def replace_entry(files: Files, chance: random.Random) -> Files:
    index = chance.randrange(3)

    def put(entries: list[bytes]) -> None:
        at = chance.randrange(len(entries))
        entries[at] = entry(256 * index + at, operator="mallory")

    return with_entries(files, index, put)


def swap_tiles(files: Files, chance: random.Random) -> Files:
    one, other = chance.sample(sorted(files), 2)
    return files | {one: files[other], other: files[one]}


def drop_file(files: Files, chance: random.Random) -> Files:
    gone = chance.choice(sorted(files))
    return {path: data for path, data in files.items() if path != gone}


def add_file(files: Files, chance: random.Random) -> Files:
    path = tile_path(chance.choice([None, 0, 1, 2]), chance.randrange(4), chance.choice([1, 8, 100, 256]))
    return files | {path: chance.choice(sorted(files.values()))}


def roll_back(files: Files, chance: random.Random) -> Files:
    """Keep the newest checkpoint, and fewer entries."""
    return make_log(chance.randrange(500, 520)).files() | {"checkpoint": files["checkpoint"]}


def rewrite(files: Files, chance: random.Random) -> Files:
    """Rebuild every tile without one entry's truth, and keep the checkpoint: there is no key to sign another."""
    entries = list(EXPORT_LOG.entries)
    at = chance.randrange(520)
    entries[at] = entry(at, operator="mallory")
    return Log(entries).files() | {"checkpoint": files["checkpoint"]}


WAYS = [mutate_byte] * 12 + [reorder, duplicate, remove, replace_entry, swap_tiles, drop_file, add_file] * 2
WAYS += [roll_back, rewrite]


class Folder:
    """An export on the disk of which only what changed is written."""

    def __init__(self, path: Path) -> None:
        self.path = write_export(path, EXPORT)

    def check(self, files: Mapping[str, bytes]) -> None:
        changed = {path: data for path, data in files.items() if EXPORT.get(path) != data}
        gone = set(EXPORT) - set(files)
        made = set(changed) - set(EXPORT)
        try:
            write_export(self.path, changed)
            for path in gone:
                (self.path / path).unlink()
            verify_export(self.path, TRUST)
        finally:
            write_export(self.path, {path: EXPORT[path] for path in gone | set(changed) & set(EXPORT)})
            for path in made:
                (self.path / path).unlink()
                for folder in (self.path / path).parents:
                    if any(folder.iterdir()):
                        break
                    folder.rmdir()


def test_every_random_change_of_an_export_is_found(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "export")
    chance = random.Random(SEED)
    tried = 0
    while tried < CASES["export"]:
        changed = chance.choice(WAYS)(dict(EXPORT), chance)
        if changed == EXPORT:
            continue
        tried += 1
        with pytest.raises(VerificationError):
            folder.check(changed)
        if tried % 50 == 0:  # so that nothing left behind by one case is what the next ones are refused for
            folder.check(EXPORT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(EXPORT)), st.data())
def test_no_change_of_a_tile_that_hypothesis_finds_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, path: str, data: st.DataObject
) -> None:
    good = EXPORT[path]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 100)))
    changed = good[:start] + data.draw(st.binary(max_size=100)) + good[end:]
    if changed == good:
        return
    folder = write_export(tmp_path_factory.mktemp("export"), EXPORT | {path: changed})
    with pytest.raises(VerificationError):
        verify_export(folder, TRUST)


def test_a_fork_and_a_roll_back_are_found_against_any_older_checkpoint(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    entries = list(EXPORT_LOG.entries)
    at = chance.randrange(300)
    entries[at] = entry(at, operator="mallory")
    fork = write_export(tmp_path / "fork", Log(entries).files())  # signed and cosigned, as if both had been deceived
    verify_export(fork, TRUST)
    for size in range(at + 1, 521, 13):
        with pytest.raises(VerificationError, match="rewritten"):
            verify_export(fork, TRUST, EXPORT_LOG.checkpoint(size))
    short = write_export(tmp_path / "short", make_log(100).files())
    for size in range(101, 521, 13):
        with pytest.raises(VerificationError, match="rolled back"):
            verify_export(short, TRUST, EXPORT_LOG.checkpoint(size))


def test_the_random_cases_are_at_least_ten_thousand() -> None:
    assert sum(CASES.values()) >= 10_000
