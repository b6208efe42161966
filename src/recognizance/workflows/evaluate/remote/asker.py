"""Have each question answered once: from what is kept, else by the service."""

import threading
from collections.abc import Iterable
from typing import Any

from recognizance.workflows.evaluate.remote import asks
from recognizance.workflows.evaluate.remote.answers import Answers
from recognizance.workflows.evaluate.remote.asking import Asking, Endpoint
from recognizance.workflows.evaluate.remote.asks import Ask
from recognizance.workflows.evaluate.remote.failures import PhotographRefusedError, about_service, not_rekognition
from recognizance.workflows.evaluate.service import NO_FACE, UNREADABLE


class Asker:
    """Answers that are kept, and a service for the others.  Safe to use from several threads."""

    def __init__(self, endpoint: Endpoint, answers: Answers, asking: Asking) -> None:
        self.identity = asks.digest_json([endpoint.url, endpoint.region, endpoint.caller])
        self._url = endpoint.url
        self._answers = answers
        self._asking = asking
        self._unexplained: dict[str, tuple[Ask, Any, PhotographRefusedError]] = {}
        self._looking = threading.Lock()

    def known(self, ask: Ask) -> Any:
        """Give an answer that is kept; None if there is none."""
        return self._answers.get(ask.key(self.identity))

    def unknown(self, wanted: Iterable[Ask]) -> list[Ask]:
        """Choose those that the service has to be asked; what it has answered before proves its operation."""
        unknown = []
        for ask in wanted:
            answer = self.known(ask)
            if answer is None:
                unknown.append(ask)
            elif answer.keys().isdisjoint({"failure", "failures"}):
                self._asking.prove(ask.operation)
        return unknown

    def ask(self, ask: Ask, **more: Any) -> Any:
        """Ask about one photograph, and keep the answer or the ``failure``; `more` are parameters beside the key's.

        Raises
        ------
        RecognizanceError
            If the service fails.
        """
        try:
            answer = self._call(ask, more)
        except PhotographRefusedError as refused:
            answer = {"failure": refused.reason or UNREADABLE}
            if refused.reason is None and not self._asking.is_proven(ask.operation):
                return self._doubt(ask, answer, refused)
        return self._keep(ask, answer)

    def compare(self, ask: Ask) -> Any:
        """Compare two photographs, and keep the similarity or the two ``failures``.

        Which of the two a refusal is about, the service does not say: it is asked for the faces of each.
        """
        try:
            answer = self._call(ask, {})
        except PhotographRefusedError as refused:
            reasons = [self._look(asks.detection(ask.of, name, attributes=False)) for name in ask.names]
            if any(reasons):
                return self._keep(ask, {"failures": reasons})
            # The API refuses a source without a face, and gives no reason.
            answer = {"failures": [NO_FACE, None]}
            if not self._asking.is_proven(ask.operation):
                return self._doubt(ask, answer, refused)
        return self._keep(ask, answer)

    def settle(self) -> None:
        """Keep what was refused without a reason: the work is done, so it was about those photographs.

        Raises
        ------
        RecognizanceError
            If the service has answered nothing else of the operation: then it may be about anything.
        """
        for ask, answer, refused in self._unexplained.values():
            if not self._asking.is_proven(ask.operation):
                raise about_service(refused.__cause__, ask.operation, self._url) from refused
            self._keep(ask, answer)
        self._unexplained.clear()

    def _look(self, ask: Ask) -> str | None:
        with self._looking:  # two comparisons may ask about one photograph
            _, unexplained, _ = self._unexplained.get(ask.key(self.identity), (ask, None, None))
            kept = self.known(ask) or unexplained or self.ask(ask)
        reason: str | None = kept["failure"] if "failure" in kept else None if kept["faces"] else NO_FACE
        return reason

    def _call(self, ask: Ask, more: dict[str, Any]) -> Any:
        answer = self._asking.call(ask.operation, **ask.request(), **more)
        try:
            return ask.read(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise not_rekognition(ask.operation, self._url) from error

    def _doubt(self, ask: Ask, answer: Any, refused: PhotographRefusedError) -> Any:
        self._asking.doubt(ask.operation, refused)
        self._unexplained[ask.key(self.identity)] = ask, answer, refused
        return answer

    def _keep(self, ask: Ask, answer: Any) -> Any:
        self._answers.keep(ask.key(self.identity), ask.operation, answer)
        return answer
