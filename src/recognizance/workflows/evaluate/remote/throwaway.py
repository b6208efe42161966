"""The collection that a search is measured in: made for it, and deleted after it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from recognizance.errors import GalleryExistsError, GalleryNotFoundError
from recognizance.workflows.evaluate.remote.answers import Answers, Collection
from recognizance.workflows.evaluate.remote.asking import Asking, Endpoint

PREFIX = "recognizance-evaluation-"


class ThrowAway:
    """Makes and deletes collections; what becomes of each is noted before and after."""

    def __init__(self, endpoint: Endpoint, answers: Answers, asking: Asking) -> None:
        self._url = endpoint.url
        self._answers = answers
        self._asking = asking

    def of(self, gallery: str, *, needed: bool) -> Collection:
        """Give the gallery's collection: the one that an interrupted run left, or a new one if it is needed."""
        latest = self._answers.collection(gallery)
        if latest is None or (latest.state == "deleted" and needed):
            return Collection(f"{PREFIX}{secrets.token_hex(8)}", gallery, self._url, "new")
        return latest

    @contextmanager
    def kept(self, collection: Collection) -> Iterator[Collection]:
        """Make the collection unless it is there, and delete it after the block; not if the block fails.

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
        self.delete(collection)

    def delete(self, collection: Collection) -> None:
        """Delete a collection; it may be gone already."""
        with suppress(GalleryNotFoundError):
            self._asking.call("DeleteCollection", CollectionId=collection.name)
        self._answers.note(collection, "deleted")

    def delete_left(self) -> int:
        """Delete those that interrupted runs have left here, and tell how many."""
        left = [collection for collection in self._answers.left if collection.endpoint == self._url]
        for collection in left:
            self.delete(collection)
        return len(left)

    def _make(self, collection: Collection) -> Collection:
        noted = self._answers.note(collection, "named")
        model = None
        try:
            model = self._asking.call("CreateCollection", CollectionId=noted.name).get("FaceModelVersion")
        except GalleryExistsError:
            if collection.state != "named":  # not what a killed run was about to note
                raise
        return self._answers.note(noted, "made", model)
