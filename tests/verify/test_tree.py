import base64
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance_verify import VerificationError
from recognizance_verify.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from verify.vectors import read_vectors

sizes = st.integers(1, 700)


def decode(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_the_public_inclusion_vectors() -> None:
    seen = 0
    for file, vector in read_vectors("inclusion"):
        seen += 1
        try:
            verify_inclusion(
                vector["leafIdx"],
                vector["treeSize"],
                decode(vector["leafHash"]),
                [decode(one) for one in vector["proof"] or []],
                decode(vector["root"]),
            )
        except VerificationError:
            assert vector["wantErr"], file
        else:
            assert not vector["wantErr"], file
    assert seen == 98


def test_the_public_consistency_vectors() -> None:
    seen = 0
    for file, vector in read_vectors("consistency"):
        seen += 1
        try:
            verify_consistency(
                vector["size1"],
                vector["size2"],
                [decode(one) for one in vector["proof"] or []],
                decode(vector["root1"]),
                decode(vector["root2"]),
            )
        except VerificationError:
            assert vector["wantErr"], file
        else:
            assert not vector["wantErr"], file
    assert seen == 98


def test_the_empty_tree() -> None:
    # RFC 6962, 2.1: the hash of an empty list is the hash of an empty string.
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of([]) == EMPTY_ROOT
    assert tree_root(0, hash_at) == EMPTY_ROOT


@given(sizes, st.data())
def test_every_leaf_is_proved_by_the_definition_of_the_path(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, hash_at)
    assert proof == path(index, leaves(size))
    verify_inclusion(index, size, leaves(size)[index], proof, root(size))


@given(sizes, sizes)
def test_every_growth_is_proved_by_the_definition_of_the_proof(one: int, other: int) -> None:
    old, new = min(one, other), max(one, other)
    proof = consistency_proof(old, new, hash_at)
    assert proof == subproof(old, leaves(new), True)
    verify_consistency(old, new, proof, root(old), root(new))


@given(sizes)
def test_roots_by_every_way_are_one(size: int) -> None:
    assert root_of(leaves(size)) == tree_root(size, hash_at) == root(size)


@given(sizes, st.data())
def test_a_proof_holds_for_no_other_place_size_or_leaf(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, hash_at)
    wrong_index = data.draw(st.integers(0, size + 3).filter(lambda at: at != index))
    with pytest.raises(VerificationError):
        verify_inclusion(wrong_index, size, leaves(size)[index], proof, root(size))
    wrong_leaf = leaf_hash(b"another")
    with pytest.raises(VerificationError):
        verify_inclusion(index, size, wrong_leaf, proof, root(size))


def test_an_inner_node_is_no_leaf() -> None:
    # Without the two different prefixes, the left half could be passed off as an entry.
    left, right = root_of(leaves(2)), root_of(leaves(4)[2:])
    assert leaf_hash(leaves(4)[0] + leaves(4)[1]) != left
    with pytest.raises(VerificationError):
        verify_inclusion(0, 4, left, [right], root(4))


def test_hashes_of_another_length_cannot_shift_the_boundary_between_children() -> None:
    left, right = leaves(2)
    with pytest.raises(VerificationError):
        verify_inclusion(0, 2, left + right[:1], [right[1:]], node_hash(left, right))

    with pytest.raises(VerificationError, match="32 bytes"):
        verify_consistency(1, 2, [b"x"], left, node_hash(left, b"x"))


def test_a_proof_too_long_is_refused_even_if_it_leads_to_the_root() -> None:
    one, other = leaves(2)
    with pytest.raises(VerificationError, match="longer"):
        verify_inclusion(0, 1, other, [one], root(2))
    extra = leaf_hash(b"extra")
    proof = [*consistency_proof(3, 4, hash_at), extra]
    with pytest.raises(VerificationError, match="longer"):
        verify_consistency(3, 4, proof, node_hash(extra, root(3)), node_hash(extra, root(4)))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (2**70, 2**70), (5, -1)])
def test_no_proof_is_made_outside_the_log(index: int, size: int) -> None:
    with pytest.raises(VerificationError):
        inclusion_proof(index, size, hash_at)


def test_absurd_sizes_are_refused_at_once() -> None:
    with pytest.raises(VerificationError, match="shorter"):
        verify_inclusion(2**69, 2**70, leaves(1)[0], [], root(1))
    with pytest.raises(VerificationError, match="shorter"):
        verify_consistency(2**69 - 1, 2**70, [root(1)], root(1), root(1))
    with pytest.raises(VerificationError, match="rolled back"):
        verify_consistency(2**70, 5, [], root(1), root(1))


# The definitions of RFC 6962, 2.1, as literally as they can be written.


@cache
def leaves(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % at) for at in range(size)]


def head(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node_hash(head(hashes[:k]), head(hashes[k:]))


def path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return [*path(index, hashes[:k]), head(hashes[k:])]
    return [*path(index - k, hashes[k:]), head(hashes[:k])]


def subproof(old: int, hashes: Sequence[bytes], known: bool) -> list[bytes]:
    if old == len(hashes):
        return [] if known else [head(hashes)]
    k = split(len(hashes))
    if old <= k:
        return [*subproof(old, hashes[:k], known), head(hashes[k:])]
    return [*subproof(old - k, hashes[k:], False), head(hashes[:k])]


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


@cache
def root(size: int) -> bytes:
    return head(leaves(size))


@cache
def hash_at(level: int, index: int) -> bytes:
    return head(leaves(1024)[index << level : (index + 1) << level])
