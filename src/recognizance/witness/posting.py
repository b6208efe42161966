"""One bounded POST over HTTP: no redirects, no proxies, an end in time, and an answer of no more than fits here."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from recognizance.errors import SettingsError, WitnessError
from recognizance_verify.encoding import shown

TIMEOUT_SECONDS = 10.0
ANSWER_BYTES_MAX = 65_536
_LATER = "It is asked again; see that the witness runs and can be reached from this machine."


@dataclass(frozen=True, slots=True)
class Address:
    """Where a witness is: the parts of its URL."""

    secure: bool
    host: str
    port: int | None
    path: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take a URL apart.

        Raises
        ------
        SettingsError
            If it is none of http or https, or holds a user, a query or a fragment; it is not quoted, for there could
            be a password in it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts = urlsplit("")
            port = None
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
        if not plain or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise SettingsError(
                "The URL of a witness cannot be used.", "Write it as https://witness.example.org or with a path."
            )
        if parts.username is not None or parts.query or parts.fragment or parts.password is not None:
            raise SettingsError("The URL of a witness holds more than a host, a port and a path.", "Leave that away.")
        return cls(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    text: str


def post(address: Address, path: str, body: bytes, name: str) -> Answer:
    """Send `body`, and read the answer.

    Parameters
    ----------
    name : str
        What to call the other side in errors.

    Raises
    ------
    WitnessError
        If there is no whole answer of at most `ANSWER_BYTES_MAX` in time.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    connection = _connection(address)
    try:
        connection.connect()
        with _ending(connection.sock, deadline):
            headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
            connection.request("POST", address.path + path, body, headers)
            response = connection.getresponse()
            content = response.read(ANSWER_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        _require_time(deadline, name)
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise WitnessError(f"The witness {name} could not be asked: {shown(why)}.", _LATER) from error
    finally:
        connection.close()
    _require_time(deadline, name)
    if len(content) > ANSWER_BYTES_MAX or response.length not in (None, 0):
        raise WitnessError(f"The witness {name} gave an answer that is too long, or not whole.", _LATER)
    content_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return Answer(response.status, content_type, content.decode("utf-8", "replace"))


def _connection(address: Address) -> http.client.HTTPConnection:
    if address.secure:
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_SECONDS)


def _require_time(deadline: float, name: str) -> None:
    if time.monotonic() > deadline:
        raise WitnessError(f"The witness {name} did not answer within {TIMEOUT_SECONDS:.0f} seconds.", _LATER)


@contextmanager
def _ending(connected: socket.socket, deadline: float) -> Iterator[None]:
    """Break a connection off when its time is up: a timeout of the socket's begins anew with every byte."""

    def break_off() -> None:
        with contextlib.suppress(OSError):
            # Not TLS's own shutdown, which takes the state away under whoever is reading.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
