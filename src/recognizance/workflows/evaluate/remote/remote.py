"""A service with Rekognition's API as the service that is measured."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import botocore
import numpy as np

from recognizance.workflows.evaluate.remote import asks
from recognizance.workflows.evaluate.remote.answers import Answers, Collection
from recognizance.workflows.evaluate.remote.asker import Asker
from recognizance.workflows.evaluate.remote.asking import Asking, Endpoint
from recognizance.workflows.evaluate.remote.asks import Ask, Sample, sample_of
from recognizance.workflows.evaluate.remote.estimate import Estimate
from recognizance.workflows.evaluate.remote.readings import candidates, seen
from recognizance.workflows.evaluate.remote.throwaway import ThrowAway
from recognizance.workflows.evaluate.service import (
    PERCENT,
    UNREADABLE,
    Compared,
    Photographs,
    Progress,
    Searched,
    Seen,
    digest_of,
)


class Similarity:
    """The scale of the API: a score is the similarity in percent."""

    def percent(self, score: float) -> float:
        """See `Scale.percent`."""
        return score

    def score_at_percent(self, percent: float) -> float:
        """See `Scale.score_at_percent`."""
        return percent


class Remote:
    """A service that is asked over the network.  See `Service` for the methods.

    What is kept is not asked again.  A photograph that the API cannot take is not sent, and counts as unreadable.

    Parameters
    ----------
    endpoint : Endpoint
        The service.
    answers : Answers
        Open; keeps the answers, and which collections were made.
    agree : callable
        Shown what calls will take before the first of them is made, also if there are none; raises to have none made.
    """

    def __init__(self, endpoint: Endpoint, answers: Answers, agree: Callable[[Estimate], None]) -> None:
        self._endpoint = endpoint
        self._agree = agree
        self._asking = Asking(endpoint)
        self._asker = Asker(endpoint, answers, self._asking)
        self._collections = ThrowAway(endpoint, self._asker.identity, answers, self._asking)
        self._model: str | None = None
        self._unsendable: set[str] = set()

    @property
    def scale(self) -> Similarity:
        """See `Service.scale`: scores are similarities in percent."""
        return Similarity()

    def describe(self) -> dict[str, Any]:
        """See `Service.describe`."""
        unsendable = len(self._unsendable)
        not_sent = f"; not sent to it, for their size, and so not readable: {unsendable} photographs"
        return {
            "engine": f"the service at {self._endpoint.url}, region {self._endpoint.region}"
            f"{not_sent if unsendable else ''}",
            "model": f"FaceModelVersion {self._model}" if self._model else "not told by the service",
            "endpoint": self._endpoint.url,
            "region": self._endpoint.region,
            "score_is": PERCENT,
            "client": f"botocore {botocore.__version__}",
            "not_sent_for_their_size": unsendable,
        }

    def compare(self, photographs: Photographs, pairs: Sequence[tuple[str, str]], progress: Progress) -> Compared:
        """See `Service.compare`; progress counts pairs.

        Where a photograph turns out to be of no use, no other pair with it is asked about.
        """
        sample, failures = self._sample(photographs)
        wanted = [asks.comparison(sample, a, b) for a, b in pairs]
        scores: dict[tuple[str, ...], float] = {}

        def take(ask: Ask, answer: Mapping[str, Any]) -> None:
            if "similarity" in answer:
                scores[ask.names] = answer["similarity"]
            for name, reason in zip(ask.names, answer.get("failures", ()), strict=False):
                if reason is not None:
                    failures.setdefault(name, reason)

        # All that is known first: what is passed over must not depend on which answer comes when.
        for ask in wanted:
            take(ask, self._asker.known(ask) or {})
        missing = [ask for ask in self._asker.unknown(wanted) if failures.keys().isdisjoint(ask.names)]
        sendable = sum(sample.unsendable.isdisjoint(ask.names) for ask in wanted)
        self._estimate({"CompareFaces": len(missing)}, sendable - len(missing))
        progress(len(wanted) - len(missing))

        def compare(ask: Ask) -> None:
            if failures.keys().isdisjoint(ask.names):
                take(ask, self._asker.compare(ask))

        self._each(missing, compare, progress)
        return Compared(
            np.array([scores.get(pair, -np.inf) for pair in pairs], dtype=np.float64),
            failures,
            digest_of(list(sample.digests.values())),
        )

    def templates(self, photographs: Photographs, progress: Progress) -> None:
        """See `Service.templates`: the API gives none out."""

    def search(
        self, gallery: Photographs, probes: Photographs, *, limit: int, percent: float, progress: Progress
    ) -> Searched:
        """See `Service.search`.

        The collection is made, filled and searched, and deleted when everything is answered.  If that does not come
        to its end, it stays, and is noted: the next run goes on with it.
        """
        enrolled, gallery_failures = self._sample(gallery)
        asked, probe_failures = self._sample(probes)
        held = asks.digest_json([self._asker.identity, [enrolled.digests[name].hex() for name in gallery.names]])
        numbers = range(len(gallery.names))
        searches = [asks.search(asked, name, held, numbers, limit=limit, percent=percent) for name in asked.names]
        missing = self._asker.unknown(searches)
        number_of = dict(zip(gallery.names, numbers, strict=True))

        def enrolments_in(collection: Collection) -> list[Ask]:
            return [asks.enrolment(enrolled, name, number_of[name], collection.name) for name in enrolled.names]

        def is_done_with(collection: Collection) -> bool:
            return not missing and not self._asker.unknown(enrolments_in(collection))

        collection = self._collections.of(held, is_done_with)
        enrolments = enrolments_in(collection)
        absent = self._asker.unknown(enrolments)
        every = len(gallery.names) + len(probes.names)
        answered = len(enrolments) + len(searches) - len(absent) - len(missing)
        if collection.state == "deleted":
            self._estimate({}, answered)
            progress(every)
        else:
            calls = {"CreateCollection": int(collection.state != "made"), "IndexFaces": len(absent)}
            calls |= {"SearchFacesByImage": len(missing), "DeleteCollection": 1}
            self._estimate(calls, answered)
            progress(every - len(absent) - len(missing))
            with self._collections.kept(collection) as collection:
                for some in (absent, missing):
                    self._each(some, lambda ask: self._asker.ask(ask, CollectionId=collection.name), progress)
        self._model = collection.model
        gallery_failures |= self._failures(enrolments)
        probe_failures |= self._failures(searches)
        found = {
            ask.names[0]: candidates(self._asker.known(ask), gallery.names)
            for ask in searches
            if ask.names[0] not in probe_failures
        }
        digests = [*enrolled.digests.values(), *asked.digests.values()]
        return Searched(found, gallery_failures, probe_failures, digest_of(digests))

    def detect(self, photographs: Photographs, *, attributes: bool, progress: Progress) -> Seen:
        """See `Service.detect`."""
        sample, failures = self._sample(photographs)
        wanted = [asks.detection(sample, name, attributes=attributes) for name in sample.names]
        missing = self._asker.unknown(wanted)
        self._estimate({"DetectFaces": len(missing)}, len(wanted) - len(missing))
        progress(len(photographs.names) - len(missing))
        self._each(missing, self._asker.ask, progress)
        failures |= self._failures(wanted)
        faces = {ask.names[0]: seen(self._asker.known(ask)) for ask in wanted if ask.names[0] not in failures}
        return Seen(faces, failures, digest_of(list(sample.digests.values())))

    def forget(self) -> int:
        """Delete the collections that interrupted runs have left at this endpoint; tell how many."""
        return self._collections.delete_left()

    def _sample(self, photographs: Photographs) -> tuple[Sample, dict[str, str]]:
        sample = sample_of(photographs)
        self._unsendable |= sample.unsendable
        return sample, dict.fromkeys(sample.unsendable, UNREADABLE)

    def _failures(self, answered: Sequence[Ask]) -> dict[str, str]:
        answers = {ask.names[0]: self._asker.known(ask) for ask in answered}
        return {name: answer["failure"] for name, answer in answers.items() if "failure" in answer}

    def _estimate(self, calls: Mapping[str, int], kept: int) -> None:
        wanted = {operation: number for operation, number in calls.items() if number}
        self._agree(Estimate(wanted, kept, self._endpoint.rate, self._endpoint.price))

    def _each(self, wanted: Sequence[Ask], work: Callable[[Ask], object], progress: Progress) -> None:
        self._asking.each(wanted, work, progress)
        self._asker.settle()
