"""What an independent implementation says: run by an interpreter that has aics-tlog and nothing of ours.

``judge FOLDER`` reads ``keys.json``, ``log/`` (an export) and ``proofs.json`` and prints, check by check, whether
aics-tlog accepts them.  ``write FOLDER`` has aics-tlog make a log, its checkpoints and its proofs.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from aics_tlog import (
    Checkpoint,
    FileSystemTileReader,
    MerkleTree,
    Note,
    audit_tiles,
    consistency_proof_from_tiles,
    cosignature_vkey,
    format_vkey,
    inclusion_proof_from_tiles,
    leaf_hash,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    sign_cosignature,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
    verify_note,
    vkey_from_ed25519,
)
from aics_tlog.tiles import write_tiles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "second.example/log"
WITNESS = "second.example/witness"
SIZES = (0, 1, 2, 255, 256, 257, 600)
TIME = 1_800_000_123


def judge(folder: Path) -> dict[str, bool]:
    """Judge what we made."""
    keys = json.loads((folder / "keys.json").read_text())
    proofs = json.loads((folder / "proofs.json").read_text())
    note = parse_note((folder / "log" / "checkpoint").read_bytes())
    checkpoint = parse_checkpoint(note.text)
    log_key, witness_key = parse_vkey(keys["log"]), parse_vkey(keys["witness"])
    reader = FileSystemTileReader(folder / "log")

    def inclusion() -> bool:
        return all(
            verify_inclusion(leaf_hash(bytes.fromhex(one["entry"])), one["index"], one["size"], *read(one, "root"))
            for one in proofs["inclusion"]
        )

    def consistency() -> bool:
        return all(
            verify_consistency(
                one["old"],
                one["new"],
                bytes.fromhex(one["old_root"]),
                bytes.fromhex(one["root"]),
                read(one, "root")[0],
            )
            for one in proofs["consistency"]
        )

    return {
        "note": holds(lambda: verify_note(note, [log_key])),
        "cosignature": holds(lambda: verify_checkpoint(note, log_key, [witness_key], 1).ok),
        "tiles": holds(lambda: audit_tiles(reader, checkpoint.size, checkpoint.root) is not None),
        "inclusion": holds(inclusion),
        "consistency": holds(consistency),
        "proofs are those it makes": holds(
            lambda: (
                all(
                    read(one, "root")[0]
                    == inclusion_proof_from_tiles(reader, one["index"], one["size"], checkpoint.size)
                    for one in proofs["inclusion"]
                )
                and all(
                    read(one, "root")[0]
                    == consistency_proof_from_tiles(reader, one["old"], one["new"], checkpoint.size)
                    for one in proofs["consistency"]
                )
            )
        ),
    }


def read(one: dict[str, str], root: str) -> tuple[list[bytes], bytes]:
    """Read a proof and its root."""
    return [bytes.fromhex(hash_) for hash_ in one["proof"]], bytes.fromhex(one[root])


def holds(check: Callable[[], object]) -> bool:
    """Say whether a check says yes; to raise is to say no."""
    try:
        return bool(check())
    except (ValueError, OSError):
        return False


def write(folder: Path) -> dict[str, object]:
    """Make logs of several sizes with all that belongs to them."""
    log, witness = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    # The entries are ours in form, so that our verifier has something to read.
    time = "2026-01-02T03:04:05.000000+00:00"
    entries = [
        json.dumps(
            {"decision": "allowed", "index": at, "kind": "search", "operator": "bob", "time": time, "version": 2}
        ).encode()
        for at in range(SIZES[-1])
    ]
    tree = MerkleTree(entries)
    for size in SIZES:
        export = folder / str(size)
        export.mkdir()
        write_tiles(entries[:size], export)
        checkpoint = Checkpoint(ORIGIN, size, tree.root(size))
        signed = sign_checkpoint(checkpoint, log, ORIGIN)
        _, cosignature = sign_cosignature(witness, WITNESS, TIME, ORIGIN, size, tree.root(size))
        note = Note(text=signed.text, signatures=(*signed.signatures, cosignature))
        (export / "checkpoint").write_bytes(note.to_bytes())
    return {
        "log": format_vkey(vkey_from_ed25519(ORIGIN, log.public_key())),
        "witness": format_vkey(cosignature_vkey(WITNESS, witness.public_key())),
        "entries": [entry.hex() for entry in entries],
        "inclusion": [
            {"index": at, "size": size, "proof": [one.hex() for one in tree.inclusion_proof(at, size)]}
            for size in SIZES[1:]
            for at in sorted({0, size // 2, size - 1})
        ],
        "consistency": [
            {"old": old, "new": new, "proof": [one.hex() for one in tree.consistency_proof(old, new)]}
            for old in SIZES
            for new in SIZES
            if old <= new
        ],
    }


if __name__ == "__main__":
    action, path = sys.argv[1:]
    json.dump({"judge": judge, "write": write}[action](Path(path)), sys.stdout)
