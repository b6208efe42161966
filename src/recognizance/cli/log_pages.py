"""Read the pages of a log over HTTP, signing where entries are asked for."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recognizance.cli.connection import Connection
from recognizance.errors import ServerUnreachableError

_TOGETHER = 8
_PAGES_AHEAD = 64
_WAITS = (0.5, 1, 2, 4, 8, 15, 15, 15)
"""Seconds between questions for a page that the server has no time for; signatures are good for five minutes."""


class LogPages:
    """The pages below ``/log/`` of one server."""

    def __init__(self, connection: Connection) -> None:
        from botocore.httpsession import URLLib3Session

        self._connection = connection
        self._session = URLLib3Session(max_pool_connections=_TOGETHER, proxies={})

    def read(self, path: str) -> bytes:
        """Read one page.

        Raises
        ------
        ServerUnreachableError
            If the server does not answer, or not with the page.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import HTTPClientError

        request = AWSRequest("GET", f"{self._connection.endpoint}/log/{path}")
        SigV4Auth(self._connection.credentials, "recognizance", self._connection.settings.region).add_auth(request)
        try:
            answer = self._session.send(request.prepare())
            for seconds in _WAITS:
                if answer.status_code != 503:  # busy, or more pages than the operator's rate allows
                    break
                time.sleep(seconds)
                answer = self._session.send(request.prepare())
        except HTTPClientError as error:
            raise ServerUnreachableError(
                f"The page {path} of the log could not be read: {error}.", "Run the command again."
            ) from error
        if answer.status_code != 200:
            raise ServerUnreachableError(
                f"The server did not give the page {path} of the log: {answer.text.strip()}",
                "Entries are given to auditors and administrators.",
            )
        content: bytes = answer.content
        return content

    def save(self, folder: Path, paths: Iterator[str]) -> Iterator[int]:
        """Save pages as files of a folder; yields how many more are there, as it goes."""
        with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="pages") as pool:
            while batch := [path for _, path in zip(range(_PAGES_AHEAD), paths, strict=False)]:
                for path, page in zip(batch, pool.map(self.read, batch), strict=True):
                    file = folder / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(page)
                yield len(batch)
