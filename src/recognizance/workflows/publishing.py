"""Sign the log as it grows, remember outside the home folder what was signed, and have witnesses cosign it."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from recognizance.errors import RecognizanceError, WitnessError, WitnessRefusedError
from recognizance.ledger import Entry, Ledger
from recognizance.records import RecordStore, Transaction, checkpoints
from recognizance_verify.notes import Checkpoint, SignedNote

_log = logging.getLogger(__name__)


class Witness(Protocol):
    """Somebody else who cosigns the log's checkpoints, and remembers them."""

    @property
    def name(self) -> str:
        """The witness's name, as in its key."""

    def cosign(self, note: str, proof: Callable[[int], list[bytes]]) -> str:
        """Ask for a cosignature of a signed checkpoint.

        Parameters
        ----------
        proof : callable
            Proves that the checkpoint's tree begins with that of an earlier size.

        Returns
        -------
        str
            The signature line, checked.

        Raises
        ------
        WitnessError
            If there is no answer that can be used.
        WitnessRefusedError
            If the witness has seen another log than this.
        """


@dataclass(frozen=True, slots=True)
class Published:
    """A signed checkpoint, with the cosignatures that it has."""

    note: str
    size: int
    cosigned_at: datetime | None


class Publisher:
    """Publishes checkpoints; any number of threads may ask.

    Parameters
    ----------
    remember : callable
        Keeps a signed checkpoint where a copy of the home folder does not take it along.
    alone : callable
        Keeps other processes that publish the same log waiting while its block runs.
    """

    def __init__(
        self,
        store: RecordStore,
        ledger: Ledger[Transaction],
        witnesses: Sequence[Witness],
        remember: Callable[[str], None],
        clock: Callable[[], datetime],
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._witnesses = tuple(witnesses)
        self._remember = remember
        self._clock = clock
        self._alone = alone
        self._publishing = threading.Lock()
        self._last: Published | None = None
        self._keeping = threading.Lock()
        self._remembered = -1
        self._failing: dict[str, str] = {}
        self._decisions: dict[str, str] = {}

    @property
    def failing(self) -> dict[str, str]:
        """By witness: why its last cosignature was not had."""
        return dict(self._failing)

    @property
    def witness_names(self) -> list[str]:
        """The witnesses that are asked."""
        return [witness.name for witness in self._witnesses]

    def current(self) -> str:
        """Sign the log as it is; with the cosignatures, if it was published at this size."""
        with self._store.read() as tx:
            size = self._ledger.size(tx)
            last = self._last
            if last is not None and last.size == size:
                return last.note
            cosigned = checkpoints.newest(tx)
            if cosigned is not None and cosigned.size == size:
                return cosigned.note
            note = self._ledger.checkpoint(tx, size)
        # Before anybody sees it: a signature on a log that is not remembered could be denied later.
        self._keep(note, size)
        return note

    def cosigned(self) -> Published | None:
        """Give the newest checkpoint that a witness has cosigned."""
        with self._store.read() as tx:
            found = checkpoints.newest(tx)
        return None if found is None else Published(found.note, found.size, found.cosigned_at)

    def covering(self, index: int) -> Published:
        """Give a checkpoint that covers entry `index`: a cosigned one, if witnesses answer."""
        cosigned = self.cosigned()
        if cosigned is not None and cosigned.size > index:
            return cosigned
        return self.newest()

    def newest(self) -> Published:
        """Give a checkpoint of the log as it is: cosigned, if witnesses answer.

        Witnesses that have just failed are not waited for again here: each caller would hold a worker meanwhile.
        `run` goes on asking them.
        """
        if self._failing:
            note = self.current()
            return Published(note, Checkpoint.parse(SignedNote.parse(note).text).size, None)
        return self.publish()

    def publish(self) -> Published:
        """Sign the log as it is, remember that, and ask the witnesses for what they have not cosigned yet."""
        with self._publishing, self._alone():
            with self._store.read() as tx:
                size = self._ledger.size(tx)
                last = self._cosigned_by_another(tx, size) or self._last
                if last is not None and last.size == size and (last.cosigned_at or not self._witnesses):
                    return last
                note = self._ledger.checkpoint(tx, size)
            self._keep(note, size)
            lines = [line for witness in self._witnesses if (line := self._ask(witness, note)) is not None]
            published = Published(note + "".join(lines), size, self._clock() if lines else None)
            if published.cosigned_at is not None:
                with self._store.write() as tx:
                    checkpoints.put(tx, size, published.note, published.cosigned_at)
            self._last = published
            return published

    def _cosigned_by_another(self, tx: Transaction, size: int) -> Published | None:
        """Give what another server had cosigned of the log as it is: witnesses are not asked for it again."""
        found = checkpoints.newest(tx) if self._store.shared else None
        return Published(found.note, size, found.cosigned_at) if found is not None and found.size == size else None

    def run(self, stop: threading.Event, seconds: float) -> None:
        """Publish whenever the log has grown, until `stop`; once more then."""
        while not stop.wait(seconds):
            self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.publish()
        except RecognizanceError as error:
            _log.error("The log could not be published: %s %s", error.message, error.remedy)
        except Exception:  # noqa: BLE001 - the thread's edge: a log that nobody publishes any more looks like any other
            _log.exception("The log could not be published; it is tried again.")

    def _keep(self, note: str, size: int) -> None:
        """Remember a checkpoint, unless a newer one is remembered."""
        with self._keeping:
            if size <= self._remembered:
                return
            try:
                self._remember(note)
            except OSError as error:
                _log.error("The log's newest checkpoint could not be remembered: %s", error)
            else:
                self._remembered = size

    def _ask(self, witness: Witness, note: str) -> str | None:
        def proof(old: int) -> list[bytes]:
            with self._store.read() as tx:
                return self._ledger.consistency(tx, old, Checkpoint.parse(SignedNote.parse(note).text).size)

        try:
            line = witness.cosign(note, proof)
        except WitnessError as error:
            decision = "refused" if isinstance(error, WitnessRefusedError) else "failed"
            if self._failing.get(witness.name) != error.message:
                _log.error("The witness %s did not cosign: %s", witness.name, error.message)
            self._failing[witness.name] = error.message
            self._record(witness.name, decision)
            return None
        self._failing.pop(witness.name, None)
        self._record(witness.name, "allowed")
        return line

    def _record(self, witness: str, decision: str) -> None:
        """Note when a witness stops or begins again to cosign: an auditor asks for the reason.

        Only the kind of an answer counts.  Its words may be new each time, and each entry is a reason to ask again.
        """
        if self._decisions.get(witness, "allowed") == decision:
            return
        self._decisions[witness] = decision
        entry = Entry("witness", self._clock().astimezone(UTC), "server", decision, (), {"witness": witness})
        with self._store.write() as tx:
            self._ledger.append(tx, entry)
