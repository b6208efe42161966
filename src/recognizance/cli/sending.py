"""Send photographs to be enrolled, several in a request, and read what the server says of each."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recognizance.cli.connection import Connection
from recognizance.cli.errors import answered
from recognizance.cli.flight import patiently
from recognizance.cli.items import Item, State
from recognizance.cli.journal import Outcome
from recognizance.errors import ImageError, NotFoundError, RecordUnavailableError

NO_FACE = "NO_FACE"
UNREADABLE = "UNREADABLE"

_ABOUT_ONE_PHOTOGRAPH = frozenset(
    {
        "InvalidImageFormatException",
        "ImageTooLargeException",
        "InvalidParameterException",
        "RequestEntityTooLargeException",
        "InternalServerError",
    }
)
"""Answers that say something about one photograph; any other would be given to the next one too."""

_INTERNAL_ERRORS_MAX = 10

BATCH_MAX = 8
"""Photographs in a request.  More would save little, and let searches of others wait for a core."""

BATCH_BYTES_MAX = 4 * 1024 * 1024
"""Bytes of photographs in a request that holds several: large ones, which take long, go alone."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to enrol of each photograph."""

    gallery: str
    quality: str = "AUTO"
    faces_max: int | None = None

    @property
    def options(self) -> str:
        """The options that change what is enrolled, for the journal."""
        return f"quality={self.quality} faces_max={self.faces_max}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one photograph."""

    outcome: Outcome
    stored: int = 0
    error: str = ""
    state: State | None = None
    """The photograph's from before it was read; None where there was nothing to acknowledge."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A photograph that was read; ``state`` is its state from before."""

    data: bytes
    external_id: str | None
    state: State

    @property
    def request(self) -> dict[str, Any]:
        """Spell a PhotographToEnrol."""
        named = {} if self.external_id is None else {"ExternalId": self.external_id}
        return {"Photograph": self.data, **named}


class Enroller:
    """Sends photographs, from several threads."""

    def __init__(self, connection: Connection, choice: Choice, stop: threading.Event) -> None:
        self._client = connection.native
        self._settings = connection.settings
        self._choice = choice
        self._stop = stop
        self._internal_errors = 0
        # What the server takes grows with its largest photograph.
        self._bytes_together = min(BATCH_BYTES_MAX, self._settings.photograph_bytes_max)

    def enrol(self, batch: Sequence[Item]) -> list[Answer]:
        """Read photographs and send them, as many in one request as fit into it; give an answer for each."""
        answers: list[Answer] = []
        ready: list[Ready] = []
        for item in batch:
            read = self._read(item)
            size = len(read.data) if isinstance(read, Ready) else 0
            if ready and (not size or sum(len(each.data) for each in ready) + size > self._bytes_together):
                answers += self._send(ready)
                ready = []
            if isinstance(read, Ready):
                ready.append(read)
            else:
                answers.append(read)
        return answers + self._send(ready) if ready else answers

    def _read(self, item: Item) -> Ready | Answer:
        try:
            state = item.place.state()
            return Ready(item.place.read(self._settings.photograph_bytes_max), item.external_id, state)
        except (ImageError, NotFoundError) as error:
            return Answer(Outcome(0, (UNREADABLE,)), error=error.message)
        except (OSError, ValueError) as error:
            return Answer(Outcome(0, (UNREADABLE,)), error=str(error))

    def _send(self, ready: Sequence[Ready]) -> list[Answer]:
        from botocore.exceptions import ClientError

        request: dict[str, Any] = {
            "Gallery": self._choice.gallery,
            "Photographs": [each.request for each in ready],
            "Quality": self._choice.quality,
        }
        if self._choice.faces_max is not None:
            request["FacesMax"] = self._choice.faces_max
        try:
            answer = patiently(lambda: self._client.enrol_photographs(**request), self._stop)
        except ClientError as error:
            if len(ready) > 1 and answered(error)[0] in _ABOUT_ONE_PHOTOGRAPH:
                return [answer for each in ready for answer in self._send([each])]
            return [self._refused(error)]
        self._internal_errors = 0
        return [_made_of(outcome, each.state) for outcome, each in zip(answer["Outcomes"], ready, strict=True)]

    def _refused(self, error: Exception) -> Answer:
        code, message = answered(error)
        if code not in _ABOUT_ONE_PHOTOGRAPH:
            raise error
        if code == "InternalServerError":
            self._internal_errors += 1
            if self._internal_errors >= _INTERNAL_ERRORS_MAX:
                raise RecordUnavailableError(
                    f"The server failed {_INTERNAL_ERRORS_MAX} times in a row: {message}",
                    "See the server's log; then run the command again: it goes on where it was.",
                ) from error
        return Answer(Outcome(0, (code.removesuffix("Exception"),)), error=message)


def _made_of(outcome: Mapping[str, Any], state: State) -> Answer:
    """Read what the server says of one photograph."""
    if outcome.get("ErrorCode"):
        return Answer(
            Outcome(0, (outcome["ErrorCode"].removesuffix("Exception"),)), error=outcome.get("ErrorMessage", "")
        )
    reasons = tuple("+".join(face["Reasons"]) for face in outcome["LeftOut"])
    if not outcome["References"] and not reasons:
        reasons = (NO_FACE,)
    return Answer(Outcome(len(outcome["References"]), reasons), outcome["Stored"], state=state)
