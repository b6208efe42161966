"""Two servers that publish one log to one real witness."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from postgresql.cluster import Cluster
from recognizance.ledger import Entry, Ledger
from recognizance.records import RecordStore, Transaction
from recognizance.records.entries import RecordedLog
from recognizance.records.log_key import advance_head, publishing_alone
from recognizance.workflows.publishing import Publisher
from records.making import open_record
from verify.building import LOG_KEY
from witness.serving import NAME, Serving, now, serving


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path / "witness", LOG_KEY.verifier_key()) as running:
        yield running


@pytest.fixture
def stores(cluster: Cluster, tmp_path: Path) -> Iterator[list[RecordStore]]:
    name = f"publishing_{uuid.uuid4().hex}"
    place = cluster.create(name)
    with open_record(place, keys=tmp_path / "keys") as one, open_record(place, keys=tmp_path / "keys") as other:
        yield [one, other]
    cluster.drop(name)


def test_a_witness_is_shown_one_log_that_only_grows(
    stores: list[RecordStore], witness: Serving, tmp_path: Path
) -> None:
    folder = tmp_path / "keys"
    ledger: Ledger[Transaction] = Ledger(RecordedLog(), LOG_KEY, shared=True)
    publishers = [
        Publisher(
            store,
            ledger,
            [witness.client()],
            remember=partial(advance_head, folder),
            clock=now,
            alone=partial(publishing_alone, folder),
        )
        for store in stores
    ]

    def work(number: int) -> None:
        for _ in range(15):
            with stores[number].write() as tx:
                ledger.append(tx, Entry("search", now(), "ann", "allowed", (), {}))
            published = publishers[number].publish()
            assert published.cosigned_at is not None, publishers[number].failing

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert [publisher.failing for publisher in publishers] == [{}, {}]
    with stores[0].read() as tx:
        kinds = [json.loads(ledger.entry(tx, index))["kind"] for index in range(ledger.size(tx))]
    assert kinds == ["search"] * 30
    notes = {publisher.publish().note for publisher in publishers}
    assert len(notes) == 1, "what one had cosigned, the other hands out"
    assert NAME in notes.pop()
    assert witness.newest_checkpoint().size == 30
