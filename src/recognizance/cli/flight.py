"""Many requests in flight: bounded, patient with a busy server, and stopped by Ctrl-C without losing answers."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from recognizance.cli.errors import answered
from recognizance.cli.terminal import messages
from recognizance.errors import ServerUnreachableError

Item = TypeVar("Item")
Result = TypeVar("Result")

_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C or SIGTERM of the block into a set event; the second one interrupts at once."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        messages().print("Finishing what is under way …")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_flight(
    items: Iterable[Item], work: Callable[[Item], Result], *, jobs: int, stop: threading.Event
) -> Iterator[tuple[Item, Result]]:
    """Give each item with what `work` made of it, as they are finished; `jobs` are worked on at a time.

    After `stop`, nothing more is begun, and what was begun is still given.  What `work` raises ends it.
    """
    source = iter(items)
    with ThreadPoolExecutor(jobs, thread_name_prefix="flight") as pool:
        waiting: dict[Future[Result], Item] = {}
        try:
            while True:
                # One more than work at a time: a thread that is done finds the next one waiting.
                while not stop.is_set() and len(waiting) <= jobs:
                    for item in source:
                        waiting[pool.submit(work, item)] = item
                        break
                    else:
                        break
                if not waiting:
                    return
                # Signals are handled between the waits.
                for future in wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def patiently(call: Callable[[], Result], stop: threading.Event) -> Result:
    """Make a call again while the server is busy or restarts.

    Raises
    ------
    ServerUnreachableError
        If it does not answer for about half a minute, or not before `stop`.
    """
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    for pause in _PAUSES_SECONDS:
        try:
            return call()
        except ClientError as error:
            if answered(error)[0] != "ThrottlingException":
                raise
        except (ConnectionError, HTTPClientError):
            pass
        if stop.wait(pause):
            break
    try:
        return call()
    except (ConnectionError, HTTPClientError) as error:
        raise ServerUnreachableError(
            f"The server does not answer any more ({error}).", "Run the command again: it goes on where it was."
        ) from error
