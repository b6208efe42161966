"""Where a Milvus server is, and what may be sent there in plain."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recognizance.errors import SettingsError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


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
