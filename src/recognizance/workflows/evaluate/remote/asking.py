"""Ask a service: at a rate, patiently, and no longer than it makes sense."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, SSLError

from recognizance.workflows.evaluate.remote.failures import (
    PhotographRefusedError,
    about_photograph,
    about_service,
    about_way,
    not_rekognition,
    passes,
    threshold_raised,
)
from recognizance.workflows.evaluate.service import Progress

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0)
_IN_FLIGHT_MAX = 16
_REFUSALS_MAX = 10
_ROUNDING_PERCENT = 1e-3

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The service that is asked.

    Attributes
    ----------
    client : botocore client of Rekognition
        Signs, and repeats nothing by itself.
    url, region : str
        Where it is, without credentials.
    caller : str
        Who asks: answers that were given to another are not reused.
    rate : float
        Calls a second at most.
    price : float
        USD a call.
    """

    client: Any
    url: str
    region: str
    caller: str
    rate: float
    price: float


class Asking:
    """Makes calls, from several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._next = 0.0
        self._reached = False
        self._proven: set[str] = set()
        self._refusals = 0

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make a call, and again where it failed for something that passes.

        Raises
        ------
        PhotographRefusedError
            If the service cannot use a photograph of the call.
        RecognizanceError
            If the service fails, or does not let through what was asked for.
        """
        made = getattr(self._endpoint.client, xform_name(operation))
        for pause in (*PAUSES_SECONDS, None):
            self._wait_for_turn()
            try:
                answer: dict[str, Any] = made(**parameters)
            except ClientError as error:
                self._reached = True
                if pause is None or not passes(error):
                    raise self._read(error, operation) from error
            except BotoCoreError as error:
                lasting = not isinstance(error, HTTPClientError | ConnectionError) or isinstance(error, SSLError)
                if pause is None or lasting or not self._reached:
                    raise about_way(error, self._endpoint.url, reached=self._reached) from error
            except (AttributeError, TypeError, ValueError, RecursionError) as error:
                # botocore's parser meets something else than the JSON object that it expects.
                raise not_rekognition(operation, self._endpoint.url) from error
            else:
                self._reached = True
                self._check_threshold(answer, parameters)
                self.prove(operation)
                return answer
            self._pause(pause * random.uniform(0.75, 1.25))  # noqa: S311 - spreads repeats, guards nothing
        raise AssertionError("the last turn answers or raises")

    def prove(self, operation: str) -> None:
        """Note that the service has answered an operation."""
        self._proven.add(operation)

    def is_proven(self, operation: str) -> bool:
        """Tell whether the service has answered this operation, so that a refusal must be about the photograph."""
        return operation in self._proven

    def doubt(self, operation: str, refused: PhotographRefusedError) -> None:
        """Count a refusal that nothing explains, of an operation that the service has never answered.

        Raises
        ------
        RecognizanceError
            At the tenth: it is not the photographs.
        """
        with self._lock:
            self._refusals += 1
            if self._refusals < _REFUSALS_MAX:
                return
        raise about_service(refused.__cause__, operation, self._endpoint.url) from refused

    def each(self, items: Sequence[Item], work: Callable[[Item], object], progress: Progress) -> None:
        """Do some work on each item, a few at a time; progress is told in this thread.

        What is raised, and Ctrl-C, ends it: calls under way are still answered, and nothing more is begun.
        """
        jobs = max(1, min(_IN_FLIGHT_MAX, round(self._endpoint.rate)))
        with ThreadPoolExecutor(jobs, thread_name_prefix="asking") as pool:
            try:
                for future in as_completed([pool.submit(work, item) for item in items]):
                    future.result()
                    progress(1)
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _read(self, error: ClientError, operation: str) -> Exception:
        refused = about_photograph(error)
        return refused or about_service(error, operation, self._endpoint.url)

    def _check_threshold(self, answer: dict[str, Any], parameters: dict[str, Any]) -> None:
        asked = parameters.get("SimilarityThreshold", parameters.get("FaceMatchThreshold"))
        applied = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("x-recognizance-threshold-applied")
        if asked is not None and applied is not None and float(applied) > asked + _ROUNDING_PERCENT:
            raise threshold_raised(applied, asked, self._endpoint.url)

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / self._endpoint.rate
        self._pause(turn - now)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise CancelledError
