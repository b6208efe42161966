"""What is particular to a gallery in Milvus: its limits, its absence, its crashes, and what it forgets."""

import gc
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from numpy.typing import NDArray

from milvus_server.listening import interfaces, listeners
from milvus_server.serving import MilvusProcess, start_milvus
from recognizance.biometrics import Template
from recognizance.errors import SettingsError, VectorEngineError, VectorEngineUnavailableError
from recognizance.gallery import ExhaustiveGallery, Gallery, MilvusAddress, MilvusEngine, MilvusGallery

DIMENSION = 16


def unit(seed: int, count: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def names(count: int) -> list[str]:
    return [f"{number:06d}" for number in range(count)]


def open_gallery(engine: MilvusEngine, number: int) -> MilvusGallery:
    collection = engine.collection(number, "model-a")
    engine.prepare(collection, DIMENSION)
    return MilvusGallery(engine, collection, "model-a", DIMENSION)


def oracle(identifiers: list[str], vectors: NDArray[np.float32]) -> Gallery:
    gallery = ExhaustiveGallery("model-a", DIMENSION)
    gallery.add(identifiers, vectors, "model-a")
    return gallery


@pytest.fixture
def own_milvus(tmp_path: Path) -> Iterator[MilvusProcess]:
    """A server that the test may kill."""
    with start_milvus(tmp_path / "milvus") as milvus:
        yield milvus


def test_every_listener_of_the_server_is_reachable_from_loopback_only(milvus_server: MilvusProcess) -> None:
    # Milvus itself: on whatever it listens, there is no interface but a loopback that nobody else is on.
    assert interfaces(milvus_server.pid) == {"lo"}
    assert any(address.is_unspecified for address in listeners(milvus_server.pid))
    # What carries its bytes, and this process, which opened the door.
    assert milvus_server.porter is not None
    for address in listeners(milvus_server.porter.pid, namespace_of="self") | listeners("self"):
        assert address.is_loopback


@pytest.mark.parametrize("factor", [0.0, 1e-7])
def test_more_equals_and_near_ties_than_milvus_returns_at_once(
    emptied_milvus_gallery: Callable[[], Gallery], milvus_gallery: MilvusGallery, factor: float
) -> None:
    emptied_milvus_gallery()
    count = 17_000
    wobble = 1 + factor * np.random.default_rng(9).integers(-1, 2, size=(count, 1))
    vectors = (np.repeat(unit(1, 1), count, axis=0) * wobble).astype(np.float32)
    milvus_gallery.add(names(count), vectors, "model-a")
    probe = Template(vectors[0], "model-a")
    expected = oracle(names(count), vectors)
    for limit, threshold in [(3, -1.0), (40, 0.9), (count + 1, 0.0), (5, 1.1)]:
        found = milvus_gallery.search(probe, limit=limit, threshold=threshold)
        assert found == expected.search(probe, limit=limit, threshold=threshold)
    among = names(count)[::2]
    assert milvus_gallery.search(probe, limit=7, threshold=0, among=among) == expected.search(
        probe, limit=7, threshold=0, among=among
    )


@pytest.mark.parametrize(
    "identifier",
    ["a b", "it's", 'say "x"', "\\", "\\n", "\n\t", "%", "%41", "{x}", "é", "🙂", "x\u200b", "A" * 255, "名" * 255],
)
def test_identifiers_are_any_text(
    emptied_milvus_gallery: Callable[[], Gallery], milvus_gallery: MilvusGallery, identifier: str
) -> None:
    emptied_milvus_gallery()
    vectors = unit(2, 2)
    milvus_gallery.add([identifier, "other"], vectors, "model-a")
    probe = Template(vectors[0], "model-a")
    (found,) = milvus_gallery.search(probe, limit=1, threshold=-1, among=[identifier])
    assert found.identifier == identifier
    milvus_gallery.remove([identifier])
    assert [item.identifier for item in milvus_gallery.search(probe, limit=2, threshold=-1)] == ["other"]


def test_erased_templates_leave_the_segments(milvus_engine: MilvusEngine, milvus_server: MilvusProcess) -> None:
    gallery = open_gallery(milvus_engine, 6)
    vectors = unit(7, 2_000)
    gallery.add(names(2_000), vectors, "model-a")
    gallery.forget()
    gone, kept = vectors[77].tobytes(), vectors[78].tobytes()
    assert in_segments(milvus_server, gone)
    gallery.remove(names(2_000)[77:78])
    assert gallery.forget()
    for _ in range(120):
        if not in_segments(milvus_server, gone):
            break
        time.sleep(1)
    assert not in_segments(milvus_server, gone)
    assert in_segments(milvus_server, kept)
    assert len(gallery) == 1_999


def in_segments(milvus: MilvusProcess, piece: bytes) -> bool:
    for file in (milvus.folder / "data" / "insert_log").rglob("*"):
        try:
            if file.is_file() and piece in file.read_bytes():
                return True
        except FileNotFoundError:
            continue  # collected meanwhile
    return False


def test_sealed_segments_are_searched_exactly_too(milvus_engine: MilvusEngine) -> None:
    gallery = open_gallery(milvus_engine, 2)
    vectors = unit(2, 3_000)
    vectors[1_000:1_100] = vectors[:100] * np.float32(1 + 1e-7)
    gallery.add(names(3_000), vectors, "model-a")
    gallery.forget()
    gallery.remove(names(3_000)[::3])
    gallery.add(names(3_000)[:200], vectors[200:400], "model-a")
    held = {name: vectors[row] for row, name in enumerate(names(3_000)) if row % 3}
    held |= dict(zip(names(200), vectors[200:400], strict=True))
    expected = oracle(list(held), np.stack(list(held.values())))
    assert len(gallery) == len(held)
    for turn in range(2):
        for row in range(0, 400, 16):
            probe = Template(vectors[row], "model-a")
            found = gallery.search(probe, limit=10, threshold=-1)
            assert found == expected.search(probe, limit=10, threshold=-1)
        if turn == 0:
            gallery.forget()
    assert {name for batch, _ in gallery.templates() for name in batch} == set(held)


def test_collections_of_several_installations_share_a_server(
    milvus_engine: MilvusEngine, milvus_server: MilvusProcess
) -> None:
    with MilvusEngine(MilvusAddress(milvus_server.url), "another") as other:
        mine, theirs = open_gallery(milvus_engine, 3), open_gallery(other, 3)
        mine.add(["a"], unit(3, 1), "model-a")
        assert (len(mine), len(theirs)) == (1, 0)
        assert set(other.collections().values()) == {3}
        other.drop(other.collection(3, "model-a"))
        assert other.collections() == {}
        assert len(mine) == 1


def test_a_collection_that_is_not_searched_exactly_is_refused(milvus_engine: MilvusEngine) -> None:
    collection = milvus_engine.collection(4, "model-a")
    milvus_engine.ask(
        "create_collection",
        collection,
        dimension=DIMENSION,
        id_type="string",
        max_length=100,
        vector_field_name="template",
        metric_type="COSINE",
    )
    with pytest.raises(VectorEngineError, match="only 16, FLAT and IP"):
        milvus_engine.prepare(collection, DIMENSION)
    milvus_engine.drop(collection)
    milvus_engine.prepare(collection, DIMENSION)
    with pytest.raises(VectorEngineError, match="only 32, FLAT and IP"):
        milvus_engine.prepare(collection, 2 * DIMENSION)


def test_a_collection_that_somebody_dropped_is_an_error_and_no_empty_list(milvus_engine: MilvusEngine) -> None:
    gallery = open_gallery(milvus_engine, 5)
    gallery.add(["a"], unit(5, 1), "model-a")
    milvus_engine.drop(milvus_engine.collection(5, "model-a"))
    for act in (
        lambda: gallery.search(Template(unit(5, 1)[0], "model-a"), limit=1, threshold=-1),
        lambda: gallery.add(["b"], unit(5, 1), "model-a"),
        lambda: len(gallery),
    ):
        with pytest.raises(VectorEngineError):
            act()


@pytest.mark.long
def test_what_was_acknowledged_outlives_a_kill_and_an_absent_engine_is_an_error(own_milvus: MilvusProcess) -> None:
    with MilvusEngine(MilvusAddress(own_milvus.url, timeout_s=5), "killed") as engine:
        gallery = open_gallery(engine, 1)
        vectors = unit(6, 50)
        gallery.add(names(50), vectors, "model-a")
        gallery.remove(names(50)[:5])
        probe = Template(vectors[7], "model-a")
        before = gallery.search(probe, limit=50, threshold=-1)
        own_milvus.kill()
        for act in (
            lambda: gallery.search(probe, limit=1, threshold=-1),
            lambda: gallery.add(["x"], vectors[:1], "model-a"),
            lambda: gallery.remove(["000009"]),
            lambda: len(gallery),
        ):
            with pytest.raises(VectorEngineUnavailableError):
                act()
    own_milvus.start()
    with MilvusEngine(MilvusAddress(own_milvus.url), "killed") as engine:
        gallery = open_gallery(engine, 1)
        assert len(before) == 45
        assert gallery.search(probe, limit=50, threshold=-1) == before
    gc.collect()


def test_those_who_stand_in_line_for_an_absent_engine_are_told_together() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,  # takes connections and says nothing
        MilvusEngine(MilvusAddress(f"milvus://127.0.0.1:{silent.getsockname()[1]}", timeout_s=2), "absent") as engine,
    ):

        def ask(_: int) -> None:
            with pytest.raises(VectorEngineUnavailableError):
                engine.collections()

        began = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(ask, range(20)))
        assert time.monotonic() - began < 20  # one after the other would take 40 s


def test_an_engine_that_was_never_there_is_an_error(milvus_server: MilvusProcess) -> None:
    with MilvusEngine(MilvusAddress("milvus://127.0.0.1:9", timeout_s=1), "absent") as engine:
        with pytest.raises(VectorEngineUnavailableError):
            engine.prepare("x", DIMENSION)
        with pytest.raises(VectorEngineUnavailableError):
            engine.prepare("x", DIMENSION)


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:19530", "http://127.0.0.1:19530", "milvus://127.0.0.1", "milvus://:19530", "milvus://[::1:5",
     "milvus://127.0.0.1:port", "milvus://10.0.0.5:19530"],
)  # fmt: skip
def test_addresses_that_are_wrong_or_unsafe_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        MilvusAddress(url).options()


def test_addresses() -> None:
    assert MilvusAddress("milvus://127.0.0.1:19530/faces", "root:x").options() == {
        "uri": "http://127.0.0.1:19530", "token": "root:x", "db_name": "faces", "timeout": 30.0
    }  # fmt: skip
    secure = MilvusAddress("milvus+tls://engine.example:443", authority=Path("ca.pem")).options()
    assert (secure["uri"], secure["secure"]) == ("https://engine.example:443", True)
    assert MilvusAddress("milvus+unsafe-plain://10.0.0.5:19530").options()["uri"] == "http://10.0.0.5:19530"
    assert "secret" not in repr(MilvusAddress("milvus://127.0.0.1:1", token="secret"))


def test_a_server_with_tls_and_a_token(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    secured = {
        "tls_mode": 1,
        "server_pem_path": str(certificate),
        "server_key_path": str(key),
        "authorization_enabled": True,
    }
    with start_milvus(tmp_path / "milvus", secured) as milvus:
        url = f"milvus+tls://localhost:{milvus.port}"
        with MilvusEngine(MilvusAddress(url, "root:Milvus", certificate), "tls") as engine:
            gallery = open_gallery(engine, 1)
            gallery.add(names(1), unit(1, 1), "model-a")
            assert len(gallery) == 1
        for address in (
            MilvusAddress(url, "root:another", certificate, timeout_s=3),
            MilvusAddress(url, "", certificate, timeout_s=3),
            MilvusAddress(url, "root:Milvus", timeout_s=3),  # nobody vouches for it
            MilvusAddress(milvus.url, "root:Milvus", timeout_s=3),
        ):
            with MilvusEngine(address, "tls") as engine, pytest.raises(VectorEngineError):
                engine.collections()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of localhost's and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
