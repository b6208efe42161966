"""Taking turns at the one transaction that may write."""

import threading
from collections import deque


class _Ticket:
    """A place in the line; its lock is released when the turn comes."""

    __slots__ = ("alone", "called")

    def __init__(self, *, alone: bool) -> None:
        self.alone = alone
        self.called = threading.Lock()
        self.called.acquire()


class Turns:
    """A lock that goes to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: deque[_Ticket] = deque()
        self._taken = False
        self._holder: int | None = None

    def is_mine(self) -> bool:
        """Whether the thread that asks has the turn."""
        return self._holder == threading.get_ident()

    def __len__(self) -> int:
        """Count those who wait."""
        return len(self._line)

    def take(self, *, alone: bool = False) -> None:
        """Wait for the turn.

        If the wait is interrupted just when the turn comes, the caller has it all the same: `is_mine` tells.
        """
        with self._guard:
            if not self._taken:
                self._taken = True
                self._holder = threading.get_ident()
                return
            ticket = _Ticket(alone=alone)
            self._line.append(ticket)
        try:
            ticket.called.acquire()
        except BaseException:
            with self._guard:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise
            self._holder = threading.get_ident()
            raise
        self._holder = threading.get_ident()

    def hand_to_sharer(self) -> bool:
        """End the turn if whoever has waited longest may go on with what the holder began; say whether it ended."""
        with self._guard:
            if not self._line or self._line[0].alone:
                return False
            self._holder = None
            self._line.popleft().called.release()
            return True

    def hand_on(self) -> None:
        """End the turn; whoever has waited longest is next."""
        with self._guard:
            self._holder = None
            if self._line:
                self._line.popleft().called.release()
            else:
                self._taken = False
