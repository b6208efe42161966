"""The Merkle tree of RFC 6962: roots, and the two proofs.

Everywhere, ``leaf`` and ``leaves`` are leaf *hashes*; `leaf_hash` makes them of entries.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from recognizance_verify.encoding import HASH_BYTES
from recognizance_verify.errors import VerificationError

EMPTY_ROOT = hashlib.sha256(b"").digest()

HashAt = Callable[[int, int], bytes]
"""(level, index) to the hash of the complete subtree of ``2**level`` leaves from leaf ``index * 2**level`` on."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node of its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Compute the root over leaf hashes, in O(log n) memory."""
    complete: list[bytes] = []  # roots of the complete subtrees so far, largest first
    for size, leaf in enumerate(leaves):
        node = leaf
        while size & 1:
            node = node_hash(complete.pop(), node)
            size >>= 1
        complete.append(node)
    return _fold(complete)


def tree_root(size: int, hash_at: HashAt) -> bytes:
    """Compute the root of a tree whose complete subtrees are known."""
    return _range_root(0, size, hash_at)


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Prove that a leaf is in a tree: its siblings from the leaf upwards (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise VerificationError(f"Entry {index} is not in a log of {size} entries.")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_root(middle, high, hash_at))
            high = middle
        else:
            path.append(_range_root(low, middle, hash_at))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, hash_at: HashAt) -> list[bytes]:
    """Prove that the first ``old`` leaves of a tree of ``new`` are those of the older tree (RFC 6962, 2.1.2).

    From an empty tree and between equal sizes the proof is empty.
    """
    if not 0 <= old <= new:
        raise VerificationError(f"A log of {old} entries cannot have grown to {new}.")
    path: list[bytes] = []
    low, high = 0, new
    if old == 0:
        return path
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range_root(middle, high, hash_at))
            high = middle
        else:
            path.append(_range_root(low, middle, hash_at))
            low = middle
    if low:  # else the older tree is this very subtree, whose root the verifier has
        path.append(_range_root(low, high, hash_at))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` is at place ``index`` of the tree with ``size`` leaves and this root.

    Raises
    ------
    VerificationError
        If it is not proved.

    References
    ----------
    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        raise VerificationError(f"Entry {index} is not in a log of {size} entries.")
    _require_hashes([leaf, *proof])
    place, last = index, size - 1
    node = leaf
    for sibling in proof:
        if last == 0:
            raise VerificationError("The inclusion proof is longer than this place in the log allows.")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        place >>= 1
        last >>= 1
    if last:
        raise VerificationError("The inclusion proof is shorter than this place in the log requires.")
    if node != root:
        raise VerificationError(f"The inclusion proof does not lead from entry {index} to the checkpoint's root.")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree with ``new`` leaves only adds to the tree with ``old`` leaves.

    An empty old tree is refused: everything extends it, so nothing would be proved.

    Raises
    ------
    VerificationError
        If it is not proved.

    References
    ----------
    RFC 9162, 2.1.4.2.
    """
    if old < 1:
        raise VerificationError("The older log is empty, so there is nothing that the newer one could have kept.")
    if old > new:
        raise VerificationError(f"The log was rolled back: it had {old} entries and has {new} now.")
    _require_hashes(proof)
    if old == new:
        if proof:
            raise VerificationError("The consistency proof between logs of one size must be empty.")
        if old_root != new_root:
            raise VerificationError(f"The log was rewritten: there are two different logs of {old} entries.")
        return
    path = list(proof)
    if old & (old - 1) == 0:  # a power of two: the old root is itself a node of the new tree
        path.insert(0, old_root)
    if not path:
        raise VerificationError("The consistency proof is shorter than these sizes require.")
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationError("The consistency proof is longer than these sizes allow.")
        if place & 1 or place == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            new_node = node_hash(new_node, sibling)
        place >>= 1
        last >>= 1
    if last:
        raise VerificationError("The consistency proof is shorter than these sizes require.")
    if old_node != old_root or new_node != new_root:
        raise VerificationError(
            f"The log was rewritten: it is not proved that the log of {new} entries begins with the {old} older ones."
        )


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise VerificationError("A hash in the proof does not have 32 bytes.")


def _split(size: int) -> int:
    """Find the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_root(low: int, high: int, hash_at: HashAt) -> bytes:
    """Compute the root over leaves ``low`` to ``high``, as they are divided in the tree."""
    complete = []
    while low < high:
        level = (high - low).bit_length() - 1
        complete.append(hash_at(level, low >> level))
        low += 1 << level
    return _fold(complete)


def _fold(complete: Sequence[bytes]) -> bytes:
    if not complete:
        return EMPTY_ROOT
    root = complete[-1]
    for left in reversed(complete[:-1]):
        root = node_hash(left, root)
    return root
