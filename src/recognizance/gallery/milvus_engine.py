"""The connection to a Milvus server, and the collections that galleries are held in."""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from recognizance.errors import SettingsError, VectorEngineError, VectorEngineUnavailableError

KEY = "id"
VECTOR = "template"

KEY_BYTES_MAX = 4_096  # 255 characters of four bytes each, percent-encoded, are 3,060

_POLL_S = 0.2
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_COLLECTION_NOT_FOUND = 100
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """Where a Milvus server is, and how to talk to it.

    Parameters
    ----------
    url : str
        ``milvus://host:port`` (loopback only), ``milvus+tls://host:port`` or ``milvus+unsafe-plain://host:port``;
        a path names the database.
    token : str
        ``user:password`` or an API key; empty if the server asks for none.
    authority : Path, optional
        The certificate authority (PEM) that vouches for the server, if none of the system's does.
    timeout_s : float
        How long one request to it may take, with repetitions.
    """

    url: str
    token: str = field(default="", repr=False)
    authority: Path | None = None
    timeout_s: float = 30.0

    def options(self) -> dict[str, Any]:
        """Put it into pymilvus's words.

        Raises
        ------
        SettingsError
            If the URL cannot be used as it is.
        """
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in ("milvus", "milvus+tls", "milvus+unsafe-plain") or not host or not port:
            raise SettingsError(
                f"vector_engine does not name a Milvus server: {self.url}.",
                "Write it as milvus://127.0.0.1:19530 or milvus+tls://host:19530; docs/milvus.md says more.",
            )
        if parts.scheme == "milvus" and host not in _LOOPBACK:
            raise SettingsError(
                f"milvus://{host} would send templates over the network in plain.",
                "Use milvus+tls://, or milvus+unsafe-plain:// on a network that nobody else can read.",
            )
        secure = parts.scheme == "milvus+tls"
        bracketed = f"[{host}]" if ":" in host else host
        options = {
            "uri": f"{'https' if secure else 'http'}://{bracketed}:{port}",
            "token": self.token,
            "db_name": parts.path.strip("/"),
            "timeout": self.timeout_s,
        }
        if secure:
            options |= {"secure": True, "server_name": host}
            if self.authority is not None:
                options["server_pem_path"] = str(self.authority)
        return options


class MilvusEngine:
    """One connection, shared by all threads, made when it is first needed and again after the server was away.

    Parameters
    ----------
    installation : str
        Begins the names of this installation's collections, so that several can share a server: letters and digits.
    """

    def __init__(self, address: MilvusAddress, installation: str) -> None:
        address.options()  # a wrong setting is told at the start
        if not re.fullmatch(r"[A-Za-z0-9]{1,64}", installation):
            raise ValueError("an installation is named by letters and digits")
        self._address = address
        self._prefix = f"recognizance_{installation}_"
        self._lock = threading.Lock()
        self._client_class = _client_class()
        self._client: Any = None
        self._failed_at = 0.0

    def collection(self, gallery: int, model: str) -> str:
        """Name the collection of a gallery: by numbers and digests, never by what people call it."""
        return f"{self._prefix}{gallery}_{hashlib.sha256(model.encode()).hexdigest()[:16]}"

    def collections(self) -> dict[str, int]:
        """List the collections of this installation, with the numbers of their galleries."""
        found = {}
        for name in self.ask("list_collections"):
            if match := re.fullmatch(re.escape(self._prefix) + r"(\d+)_[0-9a-f]{16}", name):
                found[name] = int(match[1])
        return found

    def prepare(self, collection: str, dimension: int) -> bool:
        """Have a collection ready to be searched, made if there is none; returns whether it was made.

        Raises
        ------
        VectorEngineError
            If there is one of another form, with which a search would not be exact.
        """
        made = not self.ask("has_collection", collection)
        if made:
            self._create(collection, dimension)
        else:
            self._require_fit(collection, dimension)
        self.ask("load_collection", collection)
        return made

    def drop(self, collection: str) -> None:
        """Drop a collection, if it is there."""
        self.ask("drop_collection", collection)

    def pages(
        self, collection: str, condition: str, rows: int, fields: Sequence[str]
    ) -> Iterator[list[dict[str, Any]]]:
        """Read a collection in the order of its keys."""
        # Not by pymilvus's own iterator: where the server tells it no time it takes this machine's, and would
        # pass over what was written later than that by the server's clock.
        after = condition
        while True:
            page = self.ask(
                "query",
                collection,
                filter=after,
                output_fields=list(fields),
                limit=rows,
                consistency_level="Strong",
                iterator="True",
                reduce_stop_for_best="True",
            )
            if not page:  # a shorter one is not the last: a page ends where the first of the segments has no more
                return
            page = sorted(page, key=lambda row: row[KEY])
            yield page
            last = f'{KEY} > "{page[-1][KEY]}"'
            after = f"({condition}) and {last}" if condition else last

    def compacted(self, job: int) -> bool:
        """Wait for a compaction; returns whether it wrote anything anew."""
        deadline = time.monotonic() + self._address.timeout_s
        while self.ask("get_compaction_state", job) != "Completed":
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return bool(self.ask("get_compaction_plans", job).plans)

    def ask(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """Have the server do something.

        Raises
        ------
        VectorEngineUnavailableError
            If it gave no answer in time, or cannot at the moment.
        VectorEngineError
            If it refuses, and will again.
        """
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException, ParamError

        try:
            return getattr(self._connected(), operation)(*args, timeout=self._address.timeout_s, **kwargs)
        except ParamError as error:
            raise VectorEngineError(f"Milvus cannot be asked this ({operation}): {error.message}.") from error
        except MilvusException as error:
            if error.code == _COLLECTION_NOT_FOUND:
                raise VectorEngineError(
                    "Milvus does not hold this gallery's collection any more.",
                    "`recognizance reconcile` makes it anew from the record.",
                ) from error
            raise self._unavailable(operation, error) from error
        except (RpcError, OSError, TimeoutError, ValueError) as error:  # gRPC raises ValueError on a closed channel
            raise self._unavailable(operation, error) from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> Any:
        arrived = time.monotonic()
        with self._lock:
            if self._client is None:
                if arrived < self._failed_at:  # whoever stood in line does not try all over again
                    raise TimeoutError("it could not be connected to while this request waited")
                try:
                    self._client = self._client_class(**self._address.options(), dedicated=True)
                finally:
                    self._failed_at = time.monotonic()
            return self._client

    def _unavailable(self, operation: str, error: Exception) -> VectorEngineUnavailableError:
        # What Milvus says names hosts and collections: for the operator's log, not for clients.
        _LOG.warning("Milvus at %s did not do %s: %s", urlsplit(self._address.url).netloc, operation, error)
        return VectorEngineUnavailableError(
            "The vector engine, which holds the templates for searching, gave no whole answer.",
            "Try again shortly. If it lasts, see the server's log.",
        )

    def _create(self, collection: str, dimension: int) -> None:
        from pymilvus import DataType
        from pymilvus.milvus_client import IndexParams

        schema = self._client_class.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(KEY, DataType.VARCHAR, is_primary=True, max_length=KEY_BYTES_MAX)
        schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
        index = IndexParams()
        index.add_index(field_name=VECTOR, index_type="FLAT", metric_type="IP")
        self.ask("create_collection", collection, schema=schema, index_params=index, consistency_level="Strong")

    def _require_fit(self, collection: str, dimension: int) -> None:
        fields = {item["name"]: item for item in self.ask("describe_collection", collection)["fields"]}
        index = next(iter(self.ask("list_indexes", collection, field_name=VECTOR)), None)
        found = self.ask("describe_index", collection, index) if index else {}
        form = (
            bool(fields.get(KEY, {}).get("is_primary")),
            int(fields.get(VECTOR, {}).get("params", {}).get("dim", 0)),
            found.get("index_type"),
            found.get("metric_type"),
        )
        if form != (True, dimension, "FLAT", "IP"):
            raise VectorEngineError(
                f"The collection {collection} has the dimension {form[1]}, the index {form[2]} and the metric "
                f"{form[3]}; only {dimension}, FLAT and IP are searched exactly.",
                "Drop it in Milvus; `recognizance reconcile` makes it anew from the record.",
            )


def _client_class() -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise SettingsError(
            "vector_engine names a Milvus server, and the package pymilvus is not installed.",
            "Install it: pip install 'recognizance[milvus]'.",
        ) from error
    return MilvusClient
