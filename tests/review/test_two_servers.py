"""Reviews where two servers share a PostgreSQL record."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from postgresql.cluster import Cluster
from rekognition.processes import start_server
from review.office import Answered, Office, asking, staffed, write_packs


@pytest.fixture(scope="module")
def offices(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, model_cache: Path, faces: Path
) -> Iterator[tuple[Office, Office]]:
    """One office, asked through either of two servers."""
    folder = tmp_path_factory.mktemp("reviewed-pair")
    shared = {
        "record": cluster.create(f"reviewed_{uuid.uuid4().hex}"),
        "keys": str(folder / "keys"),
        "packs": str(write_packs(folder / "packs")),
    }
    with ExitStack() as stack:
        one, other = (stack.enter_context(start_server(folder / name, model_cache, **shared)) for name in ("a", "b"))
        office = staffed(one, faces, people=3)
        yield office, replace(office, server=other)


def test_the_same_request_to_both_is_one_lead(offices: tuple[Office, Office]) -> None:
    case, person = offices[0].case("ivy"), next(iter(offices[0].people))
    for threshold in (80, 81, 82):
        with ThreadPoolExecutor(4) as pool:
            asked = pool.map(
                lambda number, threshold=threshold: offices[number % 2].lead(
                    case, offices[0].probe(person), FaceMatchThreshold=threshold
                ),
                range(4),
            )
            assert len(set(asked)) == 1


def test_examiners_at_both_are_two_and_what_is_released_at_one_is_answered_by_the_other(
    offices: tuple[Office, Office],
) -> None:
    case, person = offices[0].case("ivy"), next(iter(offices[0].people))
    review = offices[0].lead(case, offices[0].probe(person))
    examiners = ("eve", "eli", "ela")
    with ThreadPoolExecutor(3) as pool:
        done = list(
            pool.map(
                lambda number: asking(lambda: offices[number % 2].examine(review, examiners[number], "support-same")),
                range(3),
            )
        )
    assert sum(isinstance(each, Answered) for each in done) == 1
    offices[1].release(review, offices[1].positions(review, "sue"))
    found = offices[0].search(case, offices[0].probe(person))
    assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == [person]
