"""What is sealed under people's own keys, each bound to its place: nothing opens anywhere else."""

from recognizance.records.transaction import Transaction

_PROBE_SALT_BYTES = 32


def seal_template(tx: Transaction, gallery: int, face_id: str, slot: int, template: bytes) -> bytes:
    """Seal a packed template."""
    return tx.vault.seal(slot, template, f"template:{gallery}:{face_id}")


def open_template(tx: Transaction, gallery: int, face_id: str, slot: int, sealed: bytes) -> bytes:
    """Open a template."""
    return tx.vault.open_sealed(slot, sealed, f"template:{gallery}:{face_id}")


def seal_facts(tx: Transaction, gallery: int, face_id: str, slot: int, face: bytes, external_id: str | None) -> bytes:
    """Seal a packed face with the client's own name for its photograph."""
    facts = len(face).to_bytes(2) + face + (b"" if external_id is None else b"\x01" + external_id.encode())
    return tx.vault.seal(slot, facts, f"facts:{gallery}:{face_id}")


def open_facts(tx: Transaction, gallery: int, face_id: str, slot: int, sealed: bytes) -> tuple[bytes, str | None]:
    """Open a packed face and the client's own name for its photograph."""
    facts = tx.vault.open_sealed(slot, sealed, f"facts:{gallery}:{face_id}")
    end = 2 + int.from_bytes(facts[:2])
    return facts[2:end], facts[end + 1 :].decode() if len(facts) > end else None


def seal_name(tx: Transaction, gallery: int, identifier: str, slot: int, name: str) -> bytes:
    """Seal a subject's name."""
    return tx.vault.seal(slot, name.encode(), f"subject:{gallery}:{identifier}")


def open_name(tx: Transaction, gallery: int, identifier: str, slot: int, sealed: bytes) -> str:
    """Open a subject's name."""
    return tx.vault.open_sealed(slot, sealed, f"subject:{gallery}:{identifier}").decode()


def name_digest(tx: Transaction, gallery: int, name: str) -> bytes:
    """Make what a subject is found by: equal names of one gallery have equal digests."""
    return tx.sealer.digest("subject name", gallery.to_bytes(8), name.encode())


def seal_photograph(tx: Transaction, identifier: str, kind: str, slot: int, data: bytes) -> bytes:
    """Seal a photograph."""
    return tx.vault.seal(slot, data, f"photograph:{kind}:{identifier}")


def open_photograph(tx: Transaction, identifier: str, kind: str, slot: int, sealed: bytes) -> bytes:
    """Open a photograph."""
    return tx.vault.open_sealed(slot, sealed, f"photograph:{kind}:{identifier}")


def image_digest(tx: Transaction, gallery: int, sha256: bytes, external_id: str | None) -> bytes:
    """Make what an enrolled photograph is found by."""
    name = () if external_id is None else (external_id.encode(),)
    return tx.sealer.digest("enrolled photograph", gallery.to_bytes(8), sha256, *name)


def photograph_digest(tx: Transaction, image_id: str, sha256: bytes) -> bytes:
    """Make what binds an image id to its photograph; it says nothing of other image ids."""
    return tx.sealer.digest("photograph of an image id", image_id.encode(), sha256)


def seal_probe(tx: Transaction, search: str, slot: int, salt: bytes, digest: bytes) -> bytes:
    """Seal the salted digest of the photograph that was searched for."""
    return tx.vault.seal(slot, salt + digest, f"probe:{search}")


def open_probe(tx: Transaction, search: str, slot: int, sealed: bytes) -> tuple[bytes, bytes]:
    """Open the salt and the digest of the photograph that was searched for."""
    opened = tx.vault.open_sealed(slot, sealed, f"probe:{search}")
    return opened[:_PROBE_SALT_BYTES], opened[_PROBE_SALT_BYTES:]
