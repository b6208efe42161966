"""Sharing a pass: whoever asks while a pass is under way is answered by the next one, together with all who wait."""

import copy
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

SHARED_MAX = 32
"""Who waits behind so many others waits for the pass after the next."""


class _Place(Generic[Asked, Answer]):
    """A place in the line; its lock is released when its answer is there, or when its turn to lead comes."""

    __slots__ = ("answer", "asked", "called", "error", "over")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.over = False
        self.called = threading.Lock()
        self.called.acquire()


class SharedPasses(Generic[Asked, Answer]):
    """Passes that go one after another, each for all who have asked by its beginning.

    A pass begins at once where none is under way, so nobody waits for others to come.

    Parameters
    ----------
    answer : callable
        Makes a pass for up to `SHARED_MAX` questions and gives their answers in order.
    """

    def __init__(self, answer: Callable[[Sequence[Asked]], Sequence[Answer]]) -> None:
        self._answer = answer
        self._guard = threading.Lock()
        self._line: deque[_Place[Asked, Answer]] = deque()
        self._under_way = False

    def ask(self, asked: Asked) -> Answer:
        """Wait for the answer; an error of the pass is raised to everybody in it."""
        place: _Place[Asked, Answer] = _Place(asked)
        with self._guard:
            self._line.append(place)
            leads = not self._under_way
            self._under_way = True
        if not leads:
            place.called.acquire()
        if not place.over:
            self._lead(place)
        if place.error is not None:
            # An error for each thread: those that raise the same one write into its traceback together.
            raise copy.copy(place.error) from place.error
        return place.answer  # type: ignore[return-value]

    def _lead(self, leader: _Place[Asked, Answer]) -> None:
        with self._guard:
            company = [self._line.popleft() for _ in range(min(len(self._line), SHARED_MAX))]
        try:
            answers = self._answer([place.asked for place in company])
            for place, answer in zip(company, answers, strict=True):
                place.answer = answer
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            for place in company:
                place.error = error
        for place in company:
            place.over = True
        with self._guard:
            if self._line:
                self._line[0].called.release()  # leads the next pass
            else:
                self._under_way = False
        for place in company:
            if place is not leader:
                place.called.release()
