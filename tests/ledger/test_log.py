"""The log over a real record: every append, proof and receipt is checked by the verifier's own functions."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recognizance.errors import ErasedError, InvalidRequestError, NotFoundError
from recognizance.ledger import Concealed, ConcealedList, Entry, Ledger
from recognizance.records import RecordStore, Transaction
from recognizance.records.entries import RecordedLog
from recognizance_verify import tree
from recognizance_verify.disclosures import Disclosure
from recognizance_verify.notes import Checkpoint, SignedNote, SigningKey, VerifierKey
from recognizance_verify.trust import Trust
from records.making import open_record

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    with open_record(tmp_path / "home" / "record.db") as opened:
        yield opened


@pytest.fixture
def ledger() -> Ledger[Transaction]:
    return Ledger(RecordedLog(), SigningKey.generate("example.org/log"))


def entry(number: int) -> Entry:
    return Entry("search", NOW + timedelta(seconds=number), "ann", "allowed", ("a/b",), {"number": number})


def test_trees_of_many_sizes_prove_every_sampled_entry(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    leaves: list[bytes] = []
    sizes = [1, 2, 3, 255, 256, 257, 511, 512, 700]
    for size in sizes:
        with store.write() as tx:
            while len(leaves) < size:
                index = ledger.append(tx, entry(len(leaves)))
                leaves.append(tree.leaf_hash(ledger.entry(tx, index)))
        with store.read() as tx:
            root = tree.root_of(leaves)
            assert ledger.root(tx, size) == root
            for index in {0, size // 3, size - 1}:
                proof = ledger.inclusion(tx, index, size)
                tree.verify_inclusion(index, size, leaves[index], proof, root)
    with store.read() as tx:
        for old in sizes:
            for new in (size for size in sizes if size >= old):
                proof = ledger.consistency(tx, old, new)
                tree.verify_consistency(old, new, proof, tree.root_of(leaves[:old]), tree.root_of(leaves[:new]))


@pytest.mark.long
def test_a_second_level_of_tiles(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    count = 65_536 + 300
    hasher = hashlib.sha256
    with store.write() as tx:
        for number in range(count):
            ledger.append(tx, entry(number))
        level_one = ledger.hash_tile(tx, 1, 0, 256)
        assert len(level_one) == 8192
        leaves = [hasher(b"\x00" + ledger.entry(tx, number)).digest() for number in range(0, count, 977)]
        root = ledger.root(tx, count)
        for leaf, number in zip(leaves, range(0, count, 977), strict=True):
            tree.verify_inclusion(number, count, leaf, ledger.inclusion(tx, number, count), root)


def test_an_act_that_is_rolled_back_leaves_the_tree_as_it_was(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    with store.write() as tx:
        for number in range(255):
            ledger.append(tx, entry(number))
        before = ledger.root(tx, 255)
    with suppress(ZeroDivisionError), store.write() as tx:
        ledger.append(tx, entry(255))
        raise ZeroDivisionError
    with store.write() as tx:
        assert ledger.size(tx) == 255
        assert ledger.root(tx, 255) == before
        assert ledger.append(tx, entry(7)) == 255
        assert ledger.root(tx, 256) == tree.root_of(tree.leaf_hash(ledger.entry(tx, n)) for n in range(256))


def test_a_checkpoint_is_signed_by_the_logs_key(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    with store.write() as tx:
        ledger.append(tx, entry(0))
        note = SignedNote.parse(ledger.checkpoint(tx))
        key = VerifierKey.parse(ledger.verifier_key)
        assert note.verify([key]) == [key]
        assert Checkpoint.parse(note.text) == Checkpoint("example.org/log", 1, ledger.root(tx, 1))


def test_what_is_not_there_is_not_given(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    with store.write() as tx:
        ledger.append(tx, entry(0))
        for ask in (
            lambda: ledger.entry(tx, 1),
            lambda: ledger.entry(tx, -1),
            lambda: ledger.hash_tile(tx, 0, 0, 2),
            lambda: ledger.hash_tile(tx, 1, 0, 1),
            lambda: ledger.entry_bundle(tx, 0, 2),
            lambda: ledger.disclosure(tx, 0, ["case"]),
        ):
            with pytest.raises(NotFoundError):
                ask()


def test_an_entry_that_is_too_large_has_no_effect(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    with pytest.raises(InvalidRequestError, match="65535"), store.write() as tx:
        ledger.append(tx, Entry("search", NOW, "ann", "allowed", (), {"text": "x" * 70_000}))
    with store.read() as tx:
        assert ledger.size(tx) == 0


def test_commitments_hide_and_openings_show(store: RecordStore, ledger: Ledger[Transaction]) -> None:
    with store.write() as tx:
        ledger.append(
            tx, entry(0), [Concealed("case", "2026-17 Doe"), ConcealedList("candidates", [("a", None), ("b", None)])]
        )
        ledger.append(tx, entry(1), [Concealed("case", "2026-17 Doe"), ConcealedList("candidates", [])])
        bodies = [json.loads(ledger.entry(tx, index)) for index in (0, 1)]
        assert b"Doe" not in ledger.entry(tx, 0)
        assert bodies[0]["commitments"]["case"] != bodies[1]["commitments"]["case"]
        receipt = ledger.receipt(tx, 0, ledger.checkpoint(tx))
        disclosure = Disclosure(receipt, tuple(ledger.disclosure(tx, 0, ["case", "candidates"])))
    checked = Disclosure.parse(disclosure.text()).verify(Trust(VerifierKey.parse(ledger.verifier_key)))
    assert [(opened.field, opened.value, opened.lines) for opened in checked.opened] == [
        ("case", '"2026-17 Doe"', None),
        ("candidates", None, ('"a"', '"b"')),
    ]
    with store.read() as tx, pytest.raises(NotFoundError, match="candidates, case"):
        ledger.disclosure(tx, 0, ["who"])


def test_what_was_forgotten_stays_committed_to_and_cannot_be_shown(
    store: RecordStore, ledger: Ledger[Transaction]
) -> None:
    with store.write() as tx:
        slot = tx.vault.take()
        lines = [("a", None), ("b", slot)]
        concealed = [Concealed("case", "9"), Concealed("probe", "p", slot), ConcealedList("candidates", lines)]
        ledger.append(tx, entry(0), concealed)
        before = ledger.entry(tx, 0), ledger.disclosure(tx, 0, ["candidates"])[0]["lines"]
        ledger.forget(tx, 0, {"candidates", "probe", "unheard-of"})
        ledger.append(tx, entry(1))
        ledger.forget(tx, 1, {"candidates"})
    with store.read() as tx:
        assert ledger.entry(tx, 0) == before[0]
        receipt = ledger.receipt(tx, 0, ledger.checkpoint(tx))
        disclosure = Disclosure(receipt, tuple(ledger.disclosure(tx, 0, ["case", "candidates"])))
        with pytest.raises(ErasedError):
            ledger.disclosure(tx, 0, ["probe"])
    assert all("value" in line for line in before[1])
    checked = Disclosure.parse(disclosure.text()).verify(Trust(VerifierKey.parse(ledger.verifier_key)))
    assert [(opened.field, opened.value, opened.lines) for opened in checked.opened] == [
        ("case", '"9"', None),
        ("candidates", None, (None, None)),
    ]
