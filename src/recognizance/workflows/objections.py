"""Rules that can be judged only beside the change itself: raised inside a transaction, made refusals outside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from recognizance.policy import Reason
from recognizance.records import Transaction
from recognizance.workflows.place import Permit, Workplace, refusal


class Objection(Exception):  # noqa: N818 - no error: what a rule says
    """A rule speaks against a change; what was written of it is undone."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.explanation)
        self.reason = reason


@contextmanager
def objections_refused(place: Workplace, permitted: Permit) -> Iterator[None]:
    """Make an `Objection` in the block a recorded refusal of the act.

    Raises
    ------
    RefusedError
    """
    try:
        yield
    except Objection as objection:
        reason = objection.reason
    else:
        return
    raise refusal(place, permitted, (reason,))


def about(permitted: Permit, operator: str) -> Permit:
    """Let the entry say which operator the act is about, also if it is refused."""
    notes = {**permitted.act.notes, "of": operator}
    return replace(permitted, act=replace(permitted.act, notes=notes))


@contextmanager
def changing_authority(place: Workplace, permitted: Permit) -> Iterator[Transaction]:
    """Write in one transaction what the roster keeps; it looks everything up anew afterwards, however the block ends.

    Raises
    ------
    RefusedError
        For an `Objection` in the block.
    """
    with objections_refused(place, permitted):
        try:
            with place.store.write() as tx:
                yield tx
        finally:
            place.roster.forget()
