"""S3 input against a real S3 server (moto) and against servers that misbehave."""

import gc
import http.server
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from recognizance.errors import ImageSourceError, ImageTooLargeError
from recognizance.rekognition.s3 import S3Source

KEYS = ("RKS3", "secret of a throw-away server")
UNAVAILABLE = "Unable to get object metadata from S3. Check object key, region and/or access permissions."


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    for bucket in ("wire-photos", "wire-private"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=bucket, Key="a/portrait of ada +1.jpg", Body=b"first")
        s3.put_object(Bucket=bucket, Key="a/portrait of ada +1.jpg", Body=b"second", ACL="public-read")
        s3.put_object(Bucket=bucket, Key="large.jpg", Body=b"x" * 1_000_001)
        s3.put_object(Bucket=bucket, Key="exact.jpg", Body=b"x" * 1_000_000)
    s3.close()
    yield endpoint
    server.stop()


@contextmanager
def source(endpoint: str, max_bytes: int = 1_000_000, credentials: tuple[str, str] | None = KEYS) -> Iterator[S3Source]:
    with closing(S3Source(endpoint, ("wire-photos",), credentials, "us-east-1", max_bytes)) as it:
        yield it


def fetch(endpoint: str, bucket: str = "wire-photos", name: str = "exact.jpg", version: str | None = None) -> bytes:
    with source(endpoint) as it:
        return it.fetch(bucket, name, version)


def test_objects_are_fetched_whole(moto: str) -> None:
    assert fetch(moto, "wire-photos", "a/portrait of ada +1.jpg") == b"second"
    assert len(fetch(moto)) == 1_000_000
    with source(moto, credentials=None) as anonymous:
        assert anonymous.fetch("wire-photos", "a/portrait of ada +1.jpg") == b"second"


def test_versions(moto: str) -> None:
    s3 = boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    with closing(s3):
        versions = s3.list_object_versions(Bucket="wire-photos", Prefix="a/")["Versions"]
    found = {fetch(moto, "wire-photos", each["Key"], each["VersionId"]) for each in versions}
    assert found == {b"first", b"second"}


def test_large_objects_are_refused(moto: str) -> None:
    with pytest.raises(ImageTooLargeError, match="Image size is too large"):
        fetch(moto, "wire-photos", "large.jpg")


@pytest.mark.parametrize(
    ("bucket", "name", "version"),
    [
        ("wire-photos", "absent.jpg", None),
        ("wire-photos", "exact.jpg", "no-such-version"),
        ("wire-private", "exact.jpg", None),
        ("absent", "exact.jpg", None),
        ("wire-photos", "../private/exact.jpg", None),
        ("wire-photos", "a/../../private/exact.jpg", None),
        ("wire-photos", "./exact.jpg", None),
        ("wire-photos", "/exact.jpg", None),
        ("wire-photos", "..", None),
        ("wire-photos", "", None),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/photos", "exact.jpg", None),
        ("photos/../private", "exact.jpg", None),
    ],
)
def test_everything_that_cannot_be_had_reads_alike(moto: str, bucket: str, name: str, version: str | None) -> None:
    with pytest.raises(ImageSourceError) as caught:
        fetch(moto, bucket, name, version)
    assert caught.value.message == UNAVAILABLE


def test_an_unreachable_endpoint_reads_alike() -> None:
    with serving(Plain) as (endpoint, _):
        pass  # nobody listens there any more
    with pytest.raises(ImageSourceError, match=UNAVAILABLE):
        fetch(endpoint)


def test_the_surroundings_do_not_decide(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile x]\nendpoint_url = http://127.0.0.1:1\n[default]\nuse_fips_endpoint = true\n")
    for name, value in {
        "AWS_PROFILE": "of-nobody",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setitem(os.environ, name, value)
    assert fetch(moto, "wire-photos", "a/portrait of ada +1.jpg") == b"second"


# --- servers that misbehave -------------------------------------------------------------------------


class Plain(http.server.BaseHTTPRequestHandler):
    """Answers every GET with a photograph, and counts."""

    status = 200
    headers_sent: tuple[tuple[str, str], ...] = ()
    content = b"stolen"

    def do_GET(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.status)
        for name, value in self.headers_sent:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in self.headers_sent):
            self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(self.content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = False  # joined, so that each closes its socket


@contextmanager
def serving(handler: type[Plain], **attributes: Any) -> Iterator[tuple[str, list[str]]]:
    kind = type("Handler", (handler,), attributes)
    with _Server(("127.0.0.1", 0), kind) as server:
        seen: list[str] = []
        server.seen = seen  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


# urllib3 stumbles over the headers of a 303 that botocore gave it: botocore then tries once more, at the same address,
# and leaves the first answer's socket to the collector.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with serving(Plain) as (elsewhere, seen):
        content = (
            f"<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>{elsewhere}</Endpoint>"
            "<Bucket>photos</Bucket></Error>"
        ).encode()
        headers = (("Location", f"{elsewhere}/photos/exact.jpg"), ("x-amz-bucket-region", "eu-west-1"))
        with (
            serving(Plain, status=status, headers_sent=headers, content=content) as (endpoint, asked),
            pytest.raises(ImageSourceError, match=UNAVAILABLE),
        ):
            fetch(endpoint)
        assert seen == []
        assert set(asked) == {"/wire-photos/exact.jpg"}
        assert len(asked) == (2 if status == 303 else 1)
    gc.collect()


@pytest.mark.parametrize("status", [400, 403, 404, 416])
def test_refusals_are_asked_once(status: int) -> None:
    content = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"
    with (
        serving(Plain, status=status, content=content) as (endpoint, asked),
        pytest.raises(ImageSourceError, match=UNAVAILABLE),
    ):
        fetch(endpoint)
    assert asked == ["/wire-photos/exact.jpg"]


def test_failures_are_retried_once() -> None:
    with serving(Plain, status=503) as (endpoint, asked), pytest.raises(ImageSourceError, match=UNAVAILABLE):
        fetch(endpoint)
    assert len(asked) == 2


def test_an_answer_cut_short_is_not_a_photograph() -> None:
    with (
        serving(Plain, headers_sent=(("Content-Length", "100"),)) as (endpoint, _),
        pytest.raises(ImageSourceError, match=UNAVAILABLE),
    ):
        fetch(endpoint)


def test_what_is_not_an_s3_answer() -> None:
    with (
        serving(Plain, status=200, headers_sent=(("x-amz-checksum-crc32", "AAAAAA=="),)) as (endpoint, _),
        pytest.raises(ImageSourceError, match=UNAVAILABLE),
    ):
        fetch(endpoint)


def test_a_large_object_is_refused_before_it_is_read() -> None:
    with (
        serving(Plain, headers_sent=(("Content-Length", "99999999999"),)) as (endpoint, _),
        pytest.raises(ImageTooLargeError),
    ):
        fetch(endpoint)


def test_an_object_without_a_length_is_read_up_to_the_limit() -> None:
    class Endless(Plain):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            except OSError:
                self.close_connection = True

    with serving(Endless) as (endpoint, _), pytest.raises(ImageTooLargeError):
        fetch(endpoint)
