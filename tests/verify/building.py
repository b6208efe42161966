"""Logs to verify, made in memory the way the formats say, without the server."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.disclosures import Disclosure, list_commitment, value_commitment
from recognizance_verify.keys import LOG, WITNESS, SigningKey
from recognizance_verify.notes import Checkpoint, SignedNote
from recognizance_verify.receipts import Receipt
from recognizance_verify.tiles import TILE_WIDTH, pack_entries, tile_path, tiles_of
from recognizance_verify.tree import consistency_proof, inclusion_proof, leaf_hash, root_of
from recognizance_verify.trust import Trust

ORIGIN = "log.example/acts"
LOG_KEY = SigningKey(ORIGIN, bytes(range(32)), LOG)
WITNESS_KEY = SigningKey("witness.example/w1", bytes(range(1, 33)), WITNESS)
STRANGER = SigningKey("stranger.example", bytes(range(2, 34)), WITNESS)
TRUST = Trust(LOG_KEY.verifier_key(), (WITNESS_KEY.verifier_key(),))
TIME = 1_800_000_000

KINDS = ("search", "enrol", "erase", "signin")


def entry(index: int, /, **members: object) -> bytes:
    """Write an entry as the server does."""
    content = {
        "commitments": {},
        "decision": "refused" if index % 7 == 3 else "allowed",
        "details": {"faces": index % 3},
        "index": index,
        "kind": KINDS[index % len(KINDS)],
        "operator": "ann",
        "rules": [],
        "time": f"2026-01-02T{index // 3600 % 24:02}:{index // 60 % 60:02}:{index % 60:02}.000000+00:00",
        "version": 2,
    } | members
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Log:
    """A log with its entries in memory."""

    def __init__(self, entries: Sequence[bytes], origin: str = ORIGIN, key: SigningKey = LOG_KEY) -> None:
        self.entries = list(entries)
        self.origin = origin
        self.key = key
        self._leaves = [leaf_hash(data) for data in self.entries]
        self.hash_at = cache(self._hash_at)

    def _hash_at(self, level: int, index: int) -> bytes:
        return root_of(self._leaves[index << level : (index + 1) << level])

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The statement of the log when it had this size."""
        size = len(self.entries) if size is None else size
        return Checkpoint(self.origin, size, root_of(self._leaves[:size]))

    def note(self, size: int | None = None, cosigners: Sequence[SigningKey] = (WITNESS_KEY,)) -> SignedNote:
        """The signed checkpoint."""
        text = self.checkpoint(size).text()
        lines = [self.key.sign(text), *(cosigner.cosign(text, TIME) for cosigner in cosigners)]
        return SignedNote.parse(text + "\n" + "".join(lines))

    def receipt(self, index: int, size: int | None = None, cosigners: Sequence[SigningKey] = (WITNESS_KEY,)) -> Receipt:
        """The receipt of an entry."""
        size = len(self.entries) if size is None else size
        return Receipt(
            self.entries[index],
            index,
            tuple(inclusion_proof(index, size, self.hash_at)),
            self.note(size, cosigners),
        )

    def consistency(self, old: int, new: int | None = None) -> ConsistencyProof:
        """The proof from one size to a later one."""
        new = len(self.entries) if new is None else new
        return ConsistencyProof(old, tuple(consistency_proof(old, new, self.hash_at)), self.note(new))

    def files(self, cosigners: Sequence[SigningKey] = (WITNESS_KEY,)) -> dict[str, bytes]:
        """An export's files by path."""
        files = {"checkpoint": self.note(cosigners=cosigners).serialize().encode()}
        for level, index, width in tiles_of(len(self.entries)):
            first = index * TILE_WIDTH
            files[tile_path(level, index, width)] = b"".join(
                self.hash_at(8 * level, at) for at in range(first, first + width)
            )
            if level == 0:
                files[tile_path(None, index, width)] = pack_entries(self.entries[first : first + width])
        return files


def write_export(folder: Path, files: dict[str, bytes]) -> Path:
    """Write an export's files into a new folder."""
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def make_log(size: int) -> Log:
    """Make a log of plain entries."""
    return Log([entry(index) for index in range(size)])


def salt(number: int) -> bytes:
    """A salt that is random enough for a test."""
    return bytes([number]) * 32


def make_disclosure(shown_lines: Sequence[int] = (1, 3)) -> Disclosure:
    """Make a log of which entry 2 commits to a value and to a list, and show the value and some lines."""
    values = ['"Jane Doe"', '{"score":912}', "null"]
    commitments = [value_commitment(f"candidates.{at}", salt(at), value) for at, value in enumerate(values, 1)]
    committed = {
        "probe": value_commitment("probe", salt(9), '"case 7/é"').hex(),
        "candidates": list_commitment("candidates", salt(8), commitments).hex(),
        "reason": value_commitment("reason", salt(7), '"kept"').hex(),
    }
    log = Log([entry(0), entry(1), entry(2, commitments=committed), entry(3), entry(4)])
    lines = [
        {"salt": salt(at).hex(), "value": value} if at in shown_lines else {"commitment": commitments[at - 1].hex()}
        for at, value in enumerate(values, 1)
    ]
    openings = (
        {"field": "probe", "salt": salt(9).hex(), "value": '"case 7/é"'},
        {"field": "candidates", "salt": salt(8).hex(), "lines": lines},
    )
    return Disclosure(log.receipt(2), openings)
