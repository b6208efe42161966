from collections.abc import Iterator

import pytest

from recognizance.wire import Limits
from wire.serving import Running, running


@pytest.fixture
def server() -> Iterator[Running]:
    with running() as it:
        yield it


@pytest.fixture
def small_server() -> Iterator[Running]:
    """A server with little room and little patience."""
    limits = Limits(body_bytes_max=200_000, bytes_in_flight_max=200_000, read_seconds=1.0, bodies_waiting_max=2)
    with running(limits, waiting_max=1) as it:
        yield it
