"""How much work and how many bytes the server takes on at once."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from recognizance.errors import BusyError

_BUSY = "The server has more requests waiting than it takes on. Try again shortly."

_Result = TypeVar("_Result")


class Lane:
    """A thread pool with a limited queue.

    Parameters
    ----------
    executor : ThreadPoolExecutor
        Where work runs; the caller shuts it down.
    workers : int
        How many threads it has.
    waiting_max : int
        How much work may wait for a thread.
    """

    def __init__(self, executor: ThreadPoolExecutor, workers: int, waiting_max: int) -> None:
        self._executor = executor
        self._capacity = workers + waiting_max
        self._in_hand = 0
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], _Result]) -> Future[_Result]:
        """Take on `work`.

        Raises
        ------
        BusyError
            If too much is waiting.
        """
        with self._lock:
            if self._in_hand >= self._capacity:
                raise BusyError(_BUSY)
            self._in_hand += 1
        try:
            future = self._executor.submit(work)
        except RuntimeError:  # the executor is shut down
            self._release()
            raise BusyError(_BUSY) from None
        future.add_done_callback(lambda _: self._release())
        return future

    def _release(self) -> None:
        with self._lock:
            self._in_hand -= 1


class ByteBudget:
    """The bytes of all request bodies that may be in memory at once; first come, first served.

    Parameters
    ----------
    total_bytes : int
        The budget.  A decoded photograph needs about twice its share besides.
    waiting_max : int
        How many requests may wait for a share.
    """

    def __init__(self, total_bytes: int, waiting_max: int) -> None:
        self._free = total_bytes
        self._total = total_bytes
        self._waiting_max = waiting_max
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def share(self, size_bytes: int, wait_seconds: float) -> AsyncIterator[None]:
        """Hold `size_bytes` of the budget, at most all of it.

        Raises
        ------
        BusyError
            If too many wait already, or nothing came free within `wait_seconds`.
        """
        size = min(size_bytes, self._total)
        try:
            async with asyncio.timeout(wait_seconds):
                await self._take(size)
        except TimeoutError:
            raise BusyError(_BUSY) from None
        try:
            yield
        finally:
            self._give(size)

    async def _take(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        if len(self._waiting) >= self._waiting_max:
            raise BusyError(_BUSY)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give(size)  # the turn came together with the cancellation
            elif (size, turn) in self._waiting:
                self._waiting.remove((size, turn))
                self._give(0)  # whoever stood behind a large share may fit now
            raise

    def _give(self, size: int) -> None:
        self._free += size
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)
