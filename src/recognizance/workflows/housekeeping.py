"""What a server does when nobody asks: galleries follow other processes and are tidied up, emergencies lapse."""

import logging
import threading
import time
from collections.abc import Callable

from recognizance.errors import RecognizanceError
from recognizance.workflows.shelf import Shelf

_STEP_SECONDS = 1.0
"""How long what another process erased may stay in this one's memory and files."""

_PATIENCE_SECONDS = 60.0
"""After which what could not be tidied up is tried again."""

_log = logging.getLogger(__name__)


class Housekeeping:
    """Runs in a thread of its own.

    Parameters
    ----------
    idle_seconds : float
        Galleries that nobody has used for so long are let go.
    lapse : callable
        Does what follows when emergencies are not ratified in time; see `lapsing.look`.
    end_tests : callable
        Deletes what testers left; see `testing.end_galleries`.
    """

    def __init__(
        self, shelf: Shelf, *, idle_seconds: float, lapse: Callable[[], None], end_tests: Callable[[], None]
    ) -> None:
        self._shelf = shelf
        self._lapse = lapse
        self._end_tests = end_tests
        self._idle_seconds = idle_seconds

    def run(self, stop: threading.Event) -> None:
        """Begin with what an earlier process may have left; go on until `stop`."""
        clean, again_at = False, 0.0
        while True:
            if not clean and time.monotonic() >= again_at:
                clean, again_at = self._try_to_clean_up(), time.monotonic() + _PATIENCE_SECONDS
            if stop.wait(_STEP_SECONDS):
                return
            self._try_to_keep_step()
            self._try_to_lapse()
            self._try_to_end_tests()

    def _try_to_clean_up(self) -> bool:
        try:
            return self._shelf.clean_up()
        except RecognizanceError as error:
            _log.error("Galleries could not be brought in step with the record: %s %s", error.message, error.remedy)
        except Exception:  # noqa: BLE001 - the thread's edge: searches bring a gallery in step by themselves
            _log.exception("Galleries could not be brought in step with the record.")
        return False

    def _try_to_keep_step(self) -> None:
        try:
            self._shelf.keep_step()
            self._shelf.let_go(self._idle_seconds)
        except RecognizanceError as error:
            _log.error("Galleries could not be kept in step with the record: %s %s", error.message, error.remedy)
        except Exception:  # noqa: BLE001 - the thread's edge: it is tried again
            _log.exception("Galleries could not be kept in step with the record; it is tried again.")

    def _try_to_lapse(self) -> None:
        try:
            self._lapse()
        except RecognizanceError as error:
            _log.error("What follows from emergencies could not be done: %s %s", error.message, error.remedy)
        except Exception:  # noqa: BLE001 - the thread's edge: it is tried again
            _log.exception("What follows from emergencies could not be done; it is tried again.")

    def _try_to_end_tests(self) -> None:
        try:
            self._end_tests()
        except RecognizanceError as error:
            _log.error("Galleries of testers could not be deleted: %s %s", error.message, error.remedy)
        except Exception:  # noqa: BLE001 - the thread's edge: it is tried again
            _log.exception("Galleries of testers could not be deleted; it is tried again.")
