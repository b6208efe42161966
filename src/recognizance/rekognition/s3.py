"""Photographs that a request names by their place in S3."""

import os
import posixpath
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from recognizance.errors import ImageSourceError, ImageTooLargeError, SettingsError

_UNAVAILABLE = "Unable to get object metadata from S3. Check object key, region and/or access permissions."
_PIECE_BYTES = 256 * 1024
_FETCH_SECONDS = 30.0

# Nothing of the server's surroundings (profiles, configuration and credential files) may decide where it
# fetches from: the settings alone do.
_SEALED_SESSION = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An object of a bucket; ``etag`` changes whenever its bytes do."""

    key: str
    size: int
    etag: str


class S3Source:
    """Fetches photographs from the buckets that the settings allow, and from nowhere else.

    Parameters
    ----------
    endpoint : str
        URL of the S3 service; no other address is ever contacted.
    buckets : collection of str
        Buckets that may be read.
    credentials : tuple of (str, str) or None
        Access key id and secret; None reads without signing.
    region : str
        Region of the endpoint.
    max_bytes : int
        Largest photograph.
    """

    def __init__(
        self,
        endpoint: str,
        buckets: Collection[str],
        credentials: tuple[str, str] | None,
        region: str,
        max_bytes: int,
    ) -> None:
        self._address = _address(endpoint)
        self._buckets = frozenset(buckets)
        self._max_bytes = max_bytes
        key_id, secret = credentials or (None, None)
        config = Config(
            s3={"addressing_style": "path"},
            signature_version=UNSIGNED if credentials is None else "s3v4",
            retries={"total_max_attempts": 2, "mode": "standard"},
            connect_timeout=2,
            read_timeout=10,
            proxies={},
            ignore_configured_endpoint_urls=True,
        )
        self._client: Any = botocore.session.Session(session_vars=_SEALED_SESSION).create_client(
            "s3",
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=config,
        )
        events = self._client.meta.events
        events.register("before-call.s3", _pretend_redirected)
        events.register("before-send.s3", self._refuse_elsewhere)

    def fetch(self, bucket: str, name: str, version: str | None = None, *, etag: str | None = None) -> bytes:
        """Fetch one photograph; with `etag`, only as it was when it had that one.

        Raises
        ------
        ImageSourceError
            If it cannot be had.  Absent, forbidden, unreachable and not allowed read alike, so that nobody
            can use the server to find out what is in a bucket, or what is on its network.
        ImageTooLargeError
            If it is larger than allowed; no more than that is ever read.
        """
        # "allowed/../other/photo" would be another bucket to a server that resolves dots.
        if bucket not in self._buckets or posixpath.normpath(f"/{name}") != f"/{name}".rstrip("/"):
            raise ImageSourceError(_UNAVAILABLE)
        wanted = {"Bucket": bucket, "Key": name} | ({"VersionId": version} if version else {})
        wanted |= {"IfMatch": etag} if etag else {}
        deadline = time.monotonic() + _FETCH_SECONDS
        try:
            response = self._client.get_object(**wanted)
            # `closing`: the stream's own `with` hands out the raw one, which checks neither length nor checksum.
            with closing(response["Body"]) as stream:
                return self._read(stream, response.get("ContentLength", 0), deadline)
        except (BotoCoreError, ClientError, _ElsewhereError, OSError):
            raise ImageSourceError(_UNAVAILABLE) from None

    def list(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """List the objects whose keys begin with `prefix`, in the order of their keys.

        For the person who administers the server: errors say what is wrong.

        Raises
        ------
        SettingsError
            If the bucket is not one that may be read, or cannot be listed.
        """
        if bucket not in self._buckets:
            raise SettingsError(f"The bucket {bucket} may not be read.", "Add it to RECOGNIZANCE_S3_BUCKETS.")
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield Listed(item["Key"], item["Size"], item["ETag"])
        except (BotoCoreError, ClientError, _ElsewhereError, OSError) as error:
            raise SettingsError(
                f"The bucket {bucket} cannot be listed: {error}.",
                "Check the endpoint and the credentials (RECOGNIZANCE_S3_*): they need ListBucket and GetObject.",
            ) from error

    def close(self) -> None:
        """Close the connections that are kept for the next photograph."""
        self._client.close()

    def _read(self, stream: Any, declared_bytes: int, deadline: float) -> bytes:
        content = bytearray()
        while len(content) <= self._max_bytes and declared_bytes <= self._max_bytes:
            piece = stream.read(_PIECE_BYTES)
            if not piece:
                return bytes(content)
            content += piece
            if time.monotonic() > deadline:  # a server that sends a byte at a time stays under every timeout
                raise ImageSourceError(_UNAVAILABLE)
        raise ImageTooLargeError("Image size is too large")

    def _refuse_elsewhere(self, request: Any, **_: Any) -> None:
        if _address(request.url) != self._address:
            raise _ElsewhereError


class _ElsewhereError(Exception):
    """Something wanted to send a request to another address than the endpoint."""


def _address(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _pretend_redirected(context: dict[str, Any], **_: Any) -> None:
    # botocore follows an S3 redirect once, to wherever the answer says; this says it has done so.
    context.setdefault("s3_redirect", {})["redirected"] = True
