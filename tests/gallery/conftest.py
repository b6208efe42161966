"""A gallery in a real Milvus server."""

from collections.abc import Callable, Iterator

import pytest

from milvus_server.serving import MilvusProcess
from recognizance.gallery import Gallery, MilvusAddress, MilvusEngine, MilvusGallery

DIMENSION = 16


@pytest.fixture(scope="module")
def milvus_engine(milvus_server: MilvusProcess) -> Iterator[MilvusEngine]:
    with MilvusEngine(MilvusAddress(milvus_server.url), "contract") as engine:
        yield engine


@pytest.fixture(scope="module")
def milvus_gallery(milvus_engine: MilvusEngine) -> MilvusGallery:
    collection = milvus_engine.collection(1, "model-a")
    milvus_engine.prepare(collection, DIMENSION)
    return MilvusGallery(milvus_engine, collection, "model-a", DIMENSION)


@pytest.fixture
def emptied_milvus_gallery(milvus_gallery: MilvusGallery) -> Callable[[], Gallery]:
    def empty() -> Gallery:
        for identifiers, _ in milvus_gallery.templates():
            milvus_gallery.remove(identifiers)
        return milvus_gallery

    return empty
