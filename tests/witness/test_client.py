"""The server's side, against a real witness and against ones that lie."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recognizance.errors import SettingsError, WitnessError, WitnessRefusedError
from recognizance.witness import posting
from recognizance.witness.client import RemoteWitness, parse_witness, parse_witnesses
from recognizance_verify.keys import LOG, WITNESS, SigningKey
from recognizance_verify.notes import SignedNote, cosign
from recognizance_verify.tree import consistency_proof
from recognizance_verify.trust import Trust
from verify.building import LOG_KEY, STRANGER, WITNESS_KEY, Log
from witness.serving import FORKED, HONEST, NAME, Serving, bare, now, serving


def proof_of(log: Log, size: int, asked: list[int] | None = None) -> Callable[[int], list[bytes]]:
    def prove(old: int) -> list[bytes]:
        if asked is not None:
            asked.append(old)
        return consistency_proof(old, size, log.hash_at)

    return prove


def ask(client: RemoteWitness, log: Log, size: int) -> str:
    return client.cosign(bare(log, size), proof_of(log, size))


def test_a_growing_log_is_cosigned_and_the_verifier_accepts_it(witness: Serving) -> None:
    client = witness.client()
    assert client.name == NAME
    trust = Trust(LOG_KEY.verifier_key(), (witness.key,))
    for size in (0, 1, 1, 30, 300):
        checked = trust.check(SignedNote.parse(bare(HONEST, size) + ask(client, HONEST, size)))
        assert checked.checkpoint == HONEST.checkpoint(size)
        assert [one.witness for one in checked.cosignatures] == [NAME]


def test_it_starts_from_what_was_cosigned_last(witness: Serving) -> None:
    client = witness.client()
    ask(client, HONEST, 30)
    asked: list[int] = []
    client.cosign(bare(HONEST, 60), proof_of(HONEST, 60, asked))
    assert asked == [30]


def test_after_a_restart_it_starts_from_what_the_witness_knows(witness: Serving) -> None:
    ask(witness.client(), HONEST, 30)
    asked: list[int] = []
    witness.client().cosign(bare(HONEST, 60), proof_of(HONEST, 60, asked))
    assert asked == [30]
    ask(witness.client(), HONEST, 60)


def test_a_witness_that_was_made_to_forget_begins_anew(witness: Serving) -> None:
    client = witness.client()
    ask(client, HONEST, 30)
    assert witness.folder is not None
    witness.folder.state.forget(LOG_KEY.name)
    with pytest.raises(WitnessError, match="does not know the log") as raised:
        ask(client, FORKED, 50)
    assert not isinstance(raised.value, WitnessRefusedError)
    witness.folder.state.add(LOG_KEY.verifier_key())
    ask(client, FORKED, 50)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_log_that_was_rolled_back_is_refused_in_words(witness: Serving, restarted: bool) -> None:
    client = witness.client()
    ask(client, HONEST, 60)
    with pytest.raises(WitnessRefusedError, match=r"longer log, of 60 entries: this log was rolled back"):
        ask(witness.client() if restarted else client, HONEST, 59)
    ask(client, HONEST, 61)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("size", [60, 61, 300])
def test_another_log_is_refused_in_words(witness: Serving, size: int, restarted: bool) -> None:
    client = witness.client()
    ask(client, HONEST, 60)
    with pytest.raises(WitnessRefusedError, match="has seen another log than this"):
        ask(witness.client() if restarted else client, FORKED, size)
    ask(client, HONEST, 300)


def test_a_log_known_by_another_key_is_told(tmp_path: Path) -> None:
    other = SigningKey(LOG_KEY.name, bytes(range(9, 41)), LOG)
    with (
        serving(tmp_path / "witness", other.verifier_key()) as witness,
        pytest.raises(WitnessError, match="by another key"),
    ):
        ask(witness.client(), HONEST, 5)


def test_a_witness_with_another_key_than_the_settings_is_not_believed(witness: Serving) -> None:
    client = RemoteWitness(witness.url, SigningKey(NAME, bytes(32), WITNESS).verifier_key(), now)
    with pytest.raises(WitnessError, match="did not cosign with the key that the settings name"):
        ask(client, HONEST, 5)


@pytest.mark.parametrize("minutes", [-11, 11])
def test_a_cosignature_of_another_time_is_not_believed(witness: Serving, minutes: int) -> None:
    ask(witness.client(), HONEST, 4)
    client = RemoteWitness(witness.url, witness.key, lambda: now() + timedelta(minutes=minutes))
    with pytest.raises(WitnessError, match="over 10 minutes from"):
        ask(client, HONEST, 5)


@contextmanager
def answering(*answers: bytes, pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Answer each connection with these bytes, one by one if there is a pause."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for answer in answers:
                accepted, _ = listener.accept()
                with accepted, suppress(OSError), tls.wrap_socket(accepted, True) if tls else accepted as connection:
                    received = b""
                    while not received.endswith(b"=\n"):
                        received += connection.recv(65_536)
                    step = 1 if pause else 65_536
                    for at in range(0, len(answer), step):
                        connection.sendall(answer[at : at + step])
                        time.sleep(pause)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()


def reply(status: int, body: str, content_type: str = "text/plain", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Told\r\ncontent-type: {content_type}\r\ncontent-length: {len(body.encode())}\r\n{more}"
    return f"{head}\r\n{body}".encode()


def size(number: str) -> bytes:
    return reply(409, number, "text/x.tlog.size")


def asked_of(*answers: bytes, pause: float = 0.0, tls: ssl.SSLContext | None = None) -> str:
    with answering(*answers, pause=pause, tls=tls) as url:
        return ask(RemoteWitness(url, WITNESS_KEY.verifier_key(), now), HONEST, 60)


def line(of: int = 60, key: SigningKey = WITNESS_KEY) -> str:
    return cosign(HONEST.checkpoint(of).text(), key, int(time.time()))


def test_cosignatures_of_unknown_keys_are_not_taken_along() -> None:
    own = line()
    assert asked_of(reply(200, line(key=STRANGER) + own)) == own


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([reply(200, line(59))], "is false"),
        ([reply(200, line() + line())], "signed twice"),
        ([reply(200, line(key=STRANGER))], "did not cosign"),
        ([reply(200, "")], "cannot be used"),
        ([reply(200, "<html>")], "cannot be used"),
        ([reply(200, "\n\n— x AAAA\n")], "cannot be used"),
        ([reply(204, "")], "answered 204"),
        ([reply(301, "", more="location: http://127.0.0.1:1/\r\n")], "answered 301"),
        ([reply(500, "a\x1b[31mb\nc" + "d" * 5000)], r"answered 500: a\\x1b\[31mb\\ncd+…$"),
        ([reply(503, "busy")], "answered 503: busy"),
        ([size("x")], "not a decimal number"),
        ([size("0\n")], "contradicts itself"),
        ([size("7\n"), size("9\n")], "asked by somebody else"),
        ([size("7\n"), size("7\n")], "contradicts itself"),
        ([size("9" * 60_000)], "larger than any log"),
        ([reply(200, line() * 2000)], "too long"),
        ([reply(200, line()).replace(b"content-length: ", b"content-length: 9")], "not whole"),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc"], "could not be asked"),
        ([b"SSH-2.0-x\r\n"], "could not be asked"),
        ([b""], "could not be asked"),
        ([b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n"], "could not be asked"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told(answers: list[bytes], told: str) -> None:
    with pytest.raises(WitnessError, match=told) as raised:
        asked_of(*answers)
    assert not isinstance(raised.value, WitnessRefusedError)
    assert len(raised.value.message) < 500


@pytest.mark.parametrize(
    "answers",
    [
        [size("61\n")],
        [size("61")],
        [size("9223372036854775807\n")],
        [size("60\n"), size("60\n")],
        [size("60\n"), reply(409, "another root")],
        [size("7\n"), size("61\n")],
        [reply(422, "")],
        [size("7\n"), reply(422, "no proof")],
    ],
)
def test_a_refusal_is_told_from_a_failure(answers: list[bytes]) -> None:
    with pytest.raises(WitnessRefusedError, match=r"has seen (another|a longer) log"):
        asked_of(*answers)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that it made itself: `tmp_path / "certificate"`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "witness")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = (
        builder.not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "certificate").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    return context


def test_a_certificate_must_be_one_that_is_trusted(
    tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WitnessError, match=r"could not be asked: .*certificate"):
        asked_of(reply(200, line()), tls=tls)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    own = line()
    assert asked_of(reply(200, own), tls=tls) == own


@pytest.mark.parametrize("secure", [False, True])
def test_a_witness_that_drips_is_left(
    tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secure: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 1.0)
    began = time.monotonic()
    with pytest.raises(WitnessError, match="did not answer within 1 seconds"):
        asked_of(reply(200, line()), pause=0.05, tls=tls if secure else None)
    assert time.monotonic() - began < 5


def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(WitnessError, match="could not be asked: Connection refused"):
        ask(RemoteWitness(url, WITNESS_KEY.verifier_key(), now), HONEST, 5)


def test_no_proxy_of_the_environment_is_asked(witness: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    ask(witness.client(), HONEST, 5)


def test_a_path_before_the_specified_one_is_kept() -> None:
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65_536))

        thread = threading.Thread(target=run)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/board/w1/"
        with pytest.raises(WitnessError):
            ask(RemoteWitness(url, WITNESS_KEY.verifier_key(), now), HONEST, 5)
        thread.join()
    assert received[0].startswith(b"POST /board/w1/add-checkpoint HTTP/1.1\r\n")


# --- the setting ------------------------------------------------------------------------------------


def test_a_setting_is_read() -> None:
    key = WITNESS_KEY.verifier_key()
    found = parse_witness(f"https://witness.example.org/w1 {key}", now)
    assert (found.name, found.key) == (key.name, key)
    parse_witness(f" http://[::1]:8751  {key} ", now)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://witness.example.org",
        str(WITNESS_KEY.verifier_key()),
        f"https://witness.example.org {LOG_KEY.verifier_key()}",
        f"https://witness.example.org {WITNESS_KEY.verifier_key()}x",
        f"https://witness.example.org {WITNESS_KEY.verifier_key()} more",
        f"ftp://witness.example.org {WITNESS_KEY.verifier_key()}",
        f"file:///etc/passwd {WITNESS_KEY.verifier_key()}",
        f"witness.example.org {WITNESS_KEY.verifier_key()}",
        f"https:// {WITNESS_KEY.verifier_key()}",
        f"https://witness.example.org:x {WITNESS_KEY.verifier_key()}",
        f"https://witness.example.org:70000 {WITNESS_KEY.verifier_key()}",
        f"https://[::1 {WITNESS_KEY.verifier_key()}",
        f"https://witness.example.org/?a=hunter2 {WITNESS_KEY.verifier_key()}",
        f"https://witness.example.org/#hunter2 {WITNESS_KEY.verifier_key()}",
        f"https://ann:hunter2@witness.example.org {WITNESS_KEY.verifier_key()}",
        f"https://witneß.example.org {WITNESS_KEY.verifier_key()}",
        f"https://witness.example.org/\x7f {WITNESS_KEY.verifier_key()}",
    ],
)
def test_a_setting_that_cannot_be_used_is_told_without_a_password(text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_witness(text, now)
    assert raised.value.message.endswith(".")
    assert "hunter2" not in raised.value.message + raised.value.remedy


def test_a_witness_is_named_once() -> None:
    one = f"https://one.example {WITNESS_KEY.verifier_key()}"
    other = f"https://two.example {STRANGER.verifier_key()}"
    assert [found.name for found in parse_witnesses([one, other], now)] == [WITNESS_KEY.name, STRANGER.name]
    renamed = SigningKey("another.name", WITNESS_KEY.seed, WITNESS).verifier_key()
    for twice in (one, f"https://three.example {renamed}"):
        with pytest.raises(SettingsError, match="twice"):
            parse_witnesses([one, other, twice], now)
