"""The collection that a search is measured in: made for it, and deleted after it."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from recognizance.errors import (
    GalleryExistsError,
    GalleryNotFoundError,
    NoCredentialsError,
    RecognizanceError,
    RefusedError,
)
from recognizance.workflows.evaluate.remote.answers import Answers, Collection
from recognizance.workflows.evaluate.remote.asking import Asking, Endpoint

PREFIX = "recognizance-evaluation-"


class ThrowAway:
    """Makes and deletes collections; what becomes of each is noted before and after."""

    def __init__(self, endpoint: Endpoint, asker: str, answers: Answers, asking: Asking) -> None:
        self._url = endpoint.url
        self._asker = asker
        self._answers = answers
        self._asking = asking

    def of(self, gallery: str, is_done_with: Callable[[Collection], bool]) -> Collection:
        """Give the gallery's collection: one that an interrupted run left, or that is done with, or a new one."""
        for collection in self._answers.collections(gallery):
            if collection.state != "deleted" or is_done_with(collection):
                return collection
        return Collection(f"{PREFIX}{secrets.token_hex(8)}", gallery, self._url, self._asker, "new")

    @contextmanager
    def kept(self, collection: Collection) -> Iterator[Collection]:
        """Make the collection unless it is there, and delete it after the block; not if the block fails.

        That it cannot be deleted is no reason to lose what was measured: it is noted as left.

        Raises
        ------
        GalleryNotFoundError
            If it is gone.  That is noted, so that the next run makes a new one.
        """
        if collection.state != "made":
            collection = self._make(collection)
        try:
            yield collection
        except GalleryNotFoundError:
            self._answers.note(collection, "deleted")
            raise
        with suppress(RecognizanceError):
            self.delete(collection)

    def delete(self, collection: Collection) -> None:
        """Delete a collection; it may be gone already.

        Raises
        ------
        GalleryNotFoundError
            If it is another's: who does not see it cannot tell that it is gone.
        """
        try:
            self._asking.call("DeleteCollection", CollectionId=collection.name)
        except GalleryNotFoundError:
            if collection.asker != self._asker:
                raise
        self._answers.note(collection, "deleted")

    def delete_left(self) -> int:
        """Delete those that interrupted runs have left here, and tell how many.

        Raises
        ------
        GalleryNotFoundError
            If some were made by another, and are not seen; all others are deleted.
        """
        left = [collection for collection in self._answers.left if collection.endpoint == self._url]
        unseen = []
        for collection in left:
            try:
                self.delete(collection)
            except GalleryNotFoundError:
                unseen.append(collection.name)
        if unseen:
            raise GalleryNotFoundError(
                f"Not seen at {self._url} by who asks now, and so perhaps still there: {', '.join(unseen)}.",
                "Name the --profile and the --region that the interrupted command had.",
            )
        return len(left)

    def _make(self, collection: Collection) -> Collection:
        noted = self._answers.note(collection, "named")
        model = None
        # Nobody else has the name: if it exists, the answer to its making was lost, or the run killed.
        with suppress(GalleryExistsError):
            try:
                model = self._asking.call("CreateCollection", CollectionId=noted.name).get("FaceModelVersion")
            except (NoCredentialsError, RefusedError):
                self._answers.note(noted, "deleted")
                raise
        return self._answers.note(noted, "made", model)
