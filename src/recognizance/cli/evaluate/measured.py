"""The service that a command of `recognizance evaluate` measures."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recognizance.cli.invocation import Invocation

if TYPE_CHECKING:
    from recognizance.workflows.evaluate.service import Service


@contextmanager
def opened(invocation: Invocation) -> Iterator["Service"]:
    """Open the service: this program's engine, with the models of its settings."""
    from recognizance.bootstrap import digests, open_calibration, open_engine, thread_count
    from recognizance.workflows.evaluate.local import Local
    from recognizance.workflows.evaluate.service import COSINE

    settings = invocation.settings()
    engine, calibration = open_engine(settings), open_calibration(settings)
    description = {
        "engine": "in process",
        "score_is": COSINE,
        "model": engine.model,
        "model_sha256": digests(settings),
        "calibration": calibration.digest,
    }
    yield Local(engine, calibration, description, thread_count(settings))
