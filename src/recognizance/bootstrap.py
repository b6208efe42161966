"""The only place that picks implementations."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

from recognizance.attributes import AttributeEstimator
from recognizance.attributes.age_gender import AgeAndGender, Network
from recognizance.attributes.calibration import AttributeCalibration, read_attribute_calibration
from recognizance.authority.access_keys import KeyPair
from recognizance.authority.roster import Roster
from recognizance.detection.yunet import OUTPUTS, YuNet
from recognizance.embedding.arcface import ArcFaceEmbedder, model_identifier
from recognizance.errors import CalibrationError
from recognizance.gallery import Machine, MilvusAddress, MilvusEngine
from recognizance.gallery.scan import TAIL_ROWS
from recognizance.inference.manifest import ModelEntry, find_entry, read_manifest
from recognizance.inference.preparation import prepared_file
from recognizance.inference.sessions import DeferredSession, Session, open_session
from recognizance.inference.weights import read_weights
from recognizance.ledger import Ledger
from recognizance.policy import StandingPolicy
from recognizance.records import KeyVault, RecordStore, Sealer, Transaction, load_or_create_key, meta
from recognizance.records.database import database_at
from recognizance.records.entries import RecordedLog
from recognizance.records.log_key import advance_head, load_or_create_log_key, publishing_alone, read_head
from recognizance.records.reading import reading
from recognizance.records.vault import SCAN_VAULT_FILE
from recognizance.rekognition.s3 import S3Source
from recognizance.scoring import Calibration, read_calibration
from recognizance.settings import Settings
from recognizance.witness.client import parse_witnesses
from recognizance.workflows import first_start
from recognizance.workflows.copied import MilvusCopies
from recognizance.workflows.engine import Engine
from recognizance.workflows.heads import require_grown
from recognizance.workflows.pack_folders import PackFolders
from recognizance.workflows.place import Workplace
from recognizance.workflows.publishing import Publisher
from recognizance.workflows.rulebook import Rulebook
from recognizance.workflows.scans import EmbeddedScans
from recognizance.workflows.shelf import Shelf
from recognizance.workflows.vectors import VectorEngine

_LOG_KEY = "log_verifier_key"
_INSTALLATION = "installation"


def thread_count(settings: Settings) -> int:
    """Count the photographs to process at once: one a usable core, unless set."""
    return settings.threads or len(os.sched_getaffinity(0))


def template_dimension(settings: Settings) -> int:
    """Give the length of the templates that the settings' model makes, without loading it.

    Raises
    ------
    SettingsError
    """
    return find_entry(read_manifest(settings.manifest), settings.embedder, "embedding").dimension


def open_engine(settings: Settings) -> Engine:
    """Load the models.

    Raises
    ------
    ModelUnavailableError, ModelDigestError, SettingsError
    """
    entries = read_manifest(settings.manifest)
    detector, embedder, age, gender = (find_entry(entries, name, task) for name, task in _running(settings))
    threads = thread_count(settings)
    # Cores are shared out by request.  OpenCV's own threads would only be in one another's way, and OpenBLAS's wait for
    # one another in a loop: where several requests multiply at once, each takes fifty times as long.
    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")
    return Engine(
        detector=YuNet(_session(settings, detector, OUTPUTS, {2: "height", 3: "width"}, threads)),
        embedder=ArcFaceEmbedder(
            _session(settings, embedder, (embedder.input.output,), {0: "faces"}, threads),
            embedder,
            mirror=settings.mirror,
        ),
        estimator=_estimator(settings, age, gender, threads),
        pixels_max=settings.image_pixels_max,
    )


def _estimator(settings: Settings, age: ModelEntry, gender: ModelEntry, threads: int) -> AttributeEstimator:
    """Make sure that the weights are there and the right ones; they are loaded when somebody asks for attributes."""

    def network(entry: ModelEntry) -> Network:
        read_weights(entry, settings.models)
        opening = partial(_session, settings, entry, (entry.input.output,), {0: "faces"}, threads)
        return Network(DeferredSession(opening), entry.input)

    return AgeAndGender(network(age), network(gender), open_attribute_calibration(age, gender))


def open_attribute_calibration(age: ModelEntry, gender: ModelEntry) -> AttributeCalibration:
    """Read the shipped calibration of two networks.

    Raises
    ------
    CalibrationError
        If it was made for others.
    """
    text = resources.files("recognizance.attributes").joinpath("calibration.json").read_text(encoding="utf-8")
    calibration = read_attribute_calibration(text)
    if calibration.models != {"age": age.sha256, "gender": gender.sha256}:
        raise CalibrationError(f"The attributes' calibration was not made for {age.name} and {gender.name}.")
    return calibration


def _session(
    settings: Settings, entry: ModelEntry, outputs: tuple[str, ...], free_axes: dict[int, str], threads: int
) -> Session:
    path = prepared_file(
        read_weights(entry, settings.models),
        digest=entry.sha256,
        cache=settings.cache_folder,
        input_name=entry.input.name,
        free_axes=free_axes,
    )
    return open_session(entry.runtime, path, outputs=outputs, threads=threads)


def open_s3(settings: Settings, *, bytes_max: int) -> S3Source | None:
    """Reach the S3 endpoint that the settings name; None if they name none.  Close it after use."""
    if not settings.s3_endpoint:
        return None
    credentials = None
    if settings.s3_access_key_id and settings.s3_secret_access_key:
        credentials = (settings.s3_access_key_id, settings.s3_secret_access_key)
    return S3Source(settings.s3_endpoint, settings.s3_buckets, credentials, settings.s3_region, bytes_max)


def open_calibration(settings: Settings) -> Calibration:
    """Read the calibration of the embedding model that the settings name.

    Raises
    ------
    CalibrationError
        If there is none.
    """
    entry = find_entry(read_manifest(settings.manifest), settings.embedder, "embedding")
    model = model_identifier(entry, mirror=settings.mirror)
    name = f"{model}.json"
    own = settings.calibrations / name if settings.calibrations else None
    shipped = resources.files("recognizance.scoring").joinpath("calibrations", name)
    if own is not None and own.is_file():
        text = own.read_text(encoding="utf-8")
    elif shipped.is_file():
        text = shipped.read_text(encoding="utf-8")
    else:
        raise CalibrationError(
            f"There is no calibration for the model {model}.",
            "Make one with `recognizance calibrate` and put it into the folder that RECOGNIZANCE_CALIBRATIONS "
            "names: without it a score means nothing.",
        )
    calibration = read_calibration(text)
    if calibration.model != model:
        raise CalibrationError(f"The calibration {Path(name)} was made for {calibration.model}, not for {model}.")
    return calibration


@dataclass(frozen=True, slots=True)
class Record:
    """The open record, with who may ask and the log of what they did."""

    store: RecordStore
    roster: Roster
    ledger: Ledger[Transaction]


@contextmanager
def open_record(settings: Settings) -> Iterator[Record]:
    """Open the record, making what it needs on first use: folders, keys, schema, administrator.

    Raises
    ------
    KeyFileError, SchemaVersionError, RecordUnavailableError, LogRolledBackError
    """
    with closing(database_at(settings.record_place)) as database:
        sealer = Sealer(load_or_create_key(settings.keys_folder, record=database))
        vault = KeyVault.open(settings.keys_folder, sealer=sealer)
        with RecordStore.open(database, sealer=sealer, vault=vault) as store:
            ledger = join_ledger(settings, store)
            require_grown(store, ledger, read_head(settings.keys_folder))
            first_start.found(store, ledger, now)
            yield Record(store, Roster(store), ledger)


def record_exists(settings: Settings) -> bool:
    """Whether there is a record where the settings say.

    Raises
    ------
    RecordUnavailableError, SettingsError
        If the database's server cannot be asked.
    """
    with closing(database_at(settings.record_place)) as database:
        return database.exists()


def join_ledger(settings: Settings, store: RecordStore) -> Ledger[Transaction]:
    """Join the record to the key that signs its log, made for a new one.

    Raises
    ------
    KeyFileError
    """
    with store.write() as tx:
        known = meta.get(tx, _LOG_KEY)
        key = load_or_create_log_key(settings.keys_folder, origin=settings.log_origin, verifier_key=known)
        ledger = Ledger(RecordedLog(), key, shared=store.shared)
        if known is None:
            meta.put(tx, _LOG_KEY, ledger.verifier_key)
    return ledger


def administrator_key(settings: Settings) -> KeyPair | None:
    """Read the access key of the administrator of the first start; None if it is closed, or there is no record.

    Only reads: a server may own the record.

    Raises
    ------
    KeyFileError, RecordUnavailableError
    """
    with closing(database_at(settings.record_place)) as database:
        if not database.exists():
            return None
        sealer = Sealer(load_or_create_key(settings.keys_folder, record=database))
        with (
            KeyVault.open(settings.keys_folder, sealer=sealer) as vault,
            reading(database, sealer=sealer, vault=vault) as tx,
        ):
            return first_start.administrator_key(tx)


@contextmanager
def open_place(
    settings: Settings,
    *,
    engine: Engine | None = None,
    tail_rows: int = TAIL_ROWS,
    clock: Callable[[], datetime] | None = None,
) -> Iterator[Workplace]:
    """Put a workplace together.  The caller holds the home folder (`home.hold`).

    Parameters
    ----------
    engine : Engine, optional
        The models, if they are loaded already (`open_engine` of the same settings).
    tail_rows : int
        After how many references a gallery's scan files are written; see `gallery.scan.TAIL_ROWS`.
    clock : callable, optional
        Tells the time by which acts are judged and recorded, if it is not the machine's.
    """
    clock = clock or now
    engine = engine or open_engine(settings)
    calibration = open_calibration(settings)
    with (
        open_record(settings) as record,
        ThreadPoolExecutor(thread_count(settings), thread_name_prefix="scan") as helpers,
        KeyVault.open(settings.keys_folder, sealer=record.store.sealer, name=SCAN_VAULT_FILE) as vault,
        open_vector_engine(settings, record.store, vault, engine, helpers, tail_rows) as vectors,
        Shelf(record.store, vectors, model=engine.model, shared=record.store.shared) as shelf,
    ):
        yield Workplace(
            store=record.store,
            engine=engine,
            calibration=calibration,
            shelf=shelf,
            policy=StandingPolicy(),
            rulebook=Rulebook(record.store),
            packs=pack_folders(settings),
            roster=record.roster,
            ledger=record.ledger,
            publisher=Publisher(
                record.store,
                record.ledger,
                witnesses=parse_witnesses(settings.witnesses, clock),
                remember=partial(advance_head, settings.keys_folder),
                clock=clock,
                alone=partial(publishing_alone, settings.keys_folder) if record.store.shared else nullcontext,
            ),
            clock=clock,
            emergency_hours=settings.emergency_hours,
            testing_hours=settings.testing_hours,
        )


def accuracy_report(settings: Settings) -> Traversable:
    """Find the folder of the report that the server publishes on its accuracy; it may hold none."""
    return settings.accuracy_report or resources.files("recognizance.publication").joinpath("accuracy")


def pack_folders(settings: Settings) -> PackFolders:
    """Find the rule packs: those that are shipped, and the operator's own."""
    return PackFolders(resources.files("recognizance.policy").joinpath("packs"), settings.packs)


@contextmanager
def open_vector_engine(
    settings: Settings,
    store: RecordStore,
    vault: KeyVault,
    engine: Engine,
    helpers: ThreadPoolExecutor,
    tail_rows: int,
) -> Iterator[VectorEngine]:
    """Pick where templates are searched: in this server, or in Milvus.

    Raises
    ------
    SettingsError
        If the Milvus server is not named as it has to be.  One that is away is no failure of the start.
    """
    scans = EmbeddedScans(
        store,
        settings.home / "galleries",
        vault,
        model=engine.model,
        dimension=engine.dimension,
        machine=Machine(thread_count(settings), helpers),
        tail_rows=tail_rows,
    )
    if settings.vector_engine is None:
        yield scans
        return
    address = MilvusAddress(
        settings.vector_engine,
        settings.vector_engine_token or "",
        settings.vector_engine_authority,
        settings.vector_engine_seconds,
    )
    with MilvusEngine(address, _installation(store)) as milvus:
        yield MilvusCopies(store, milvus, model=engine.model, dimension=engine.dimension, hold=scans.hold)


def _installation(store: RecordStore) -> str:
    """Name this installation where it shares a server with others; made once."""
    with store.write() as tx:
        known = meta.get(tx, _INSTALLATION)
        if known is None:
            known = secrets.token_hex(8)
            meta.put(tx, _INSTALLATION, known)
    return known


def digests(settings: Settings) -> dict[str, str]:
    """Give the SHA-256 of the models that run, and of this program's own code."""
    entries = read_manifest(settings.manifest)
    found = {name: find_entry(entries, name, task).sha256 for name, task in _running(settings)}
    code = hashlib.sha256()
    package = Path(__file__).parent
    for file in sorted(package.rglob("*.py")):
        code.update(f"{file.relative_to(package).as_posix()}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return {**found, "code": code.hexdigest()}


def _running(settings: Settings) -> tuple[tuple[str, str], ...]:
    return ("yunet", "detection"), (settings.embedder, "embedding"), ("dlib_age", "age"), ("dlib_gender", "gender")


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)
