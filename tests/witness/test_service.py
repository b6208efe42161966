"""add-checkpoint of C2SP tlog-witness, over a real socket."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizance.witness import server
from recognizance.witness.server import BODY_BYTES_MAX
from recognizance.witness.service import WitnessService
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.keys import LOG, SigningKey
from recognizance_verify.notes import Checkpoint, SignedNote
from recognizance_verify.tree import EMPTY_ROOT
from verify.building import LOG_KEY, STRANGER, TRUST, WITNESS_KEY, Log, make_log
from witness.serving import FORKED, HONEST, Serving, now, serving

SIZE = "text/x.tlog.size"


def cosigned_at(witness: Serving, log: Log, size: int, line: str) -> int:
    """Check a cosignature with the verifier, and give its time."""
    text = log.checkpoint(size).text()
    time_of = SignedNote.parse(f"{text}\n{line}").times([witness.key])[witness.key]
    assert time_of is not None
    return time_of


def test_the_first_checkpoint_growth_and_the_same_size_again_are_cosigned(witness: Serving) -> None:
    for old, new in ((0, 7), (7, 8), (8, 8), (8, 256), (256, 300), (300, 300)):
        told = witness.add(HONEST, old, new)
        assert (told.status, told.content_type) == (200, "text/plain; charset=utf-8"), told.text
        assert abs(cosigned_at(witness, HONEST, new, told.text) - time.time()) < 5
        assert witness.newest_checkpoint() == HONEST.checkpoint(new)


def test_what_was_cosigned_is_shown_with_both_signatures_and_no_others(witness: Serving) -> None:
    assert witness.newest().status == 404
    witness.add(HONEST, 0, 9)  # comes with another witness's cosignature
    note = SignedNote.parse(witness.newest().text)
    assert note.verify([LOG_KEY.verifier_key(), witness.key]) == [LOG_KEY.verifier_key(), witness.key]
    assert len(note.signatures) == 2
    assert TRUST.check(note, cosigned=False).authentic
    assert witness.newest("another.example").status == 404
    assert witness.send("GET", "/zz/checkpoint").status == 404


def test_it_says_who_it_is(witness: Serving) -> None:
    assert witness.send("GET", "/").text == f"{witness.key.name}\n{witness.key}\n"
    assert witness.send("GET", "/add-checkpoint").status == 405
    assert witness.send("POST", "/").status == 405
    assert witness.send("GET", "/witness.db").status == 404


def test_an_empty_log_can_begin_and_grow(witness: Serving) -> None:
    empty = Log([])
    assert empty.checkpoint().root == EMPTY_ROOT
    assert witness.add(empty, 0, 0).status == 200
    assert witness.add(HONEST, 0, 3).status == 200
    assert witness.add(empty, 0, 0) == witness.add(empty, 0, 0)
    assert witness.add(empty, 0, 0).status == 409


def test_an_old_size_that_is_not_the_known_one_is_told_the_known_one(witness: Serving) -> None:
    witness.add(HONEST, 0, 20)
    for old, new in ((0, 30), (19, 30), (21, 30), (0, 20), (0, 5), (5, 10)):
        told = witness.add(HONEST, old, new)
        assert (told.status, told.content_type, told.text) == (409, SIZE, "20\n")
    assert witness.newest_checkpoint() == HONEST.checkpoint(20)


def test_a_rollback_is_refused(witness: Serving) -> None:
    witness.add(HONEST, 0, 20)
    told = witness.post(replace(HONEST.consistency(20, 20), note=HONEST.note(19)).text())
    assert told.status == 400
    assert "larger than the checkpoint's" in told.text
    assert witness.newest_checkpoint() == HONEST.checkpoint(20)


def test_another_log_of_the_same_size_is_refused_and_kept_as_proof(witness: Serving) -> None:
    witness.add(HONEST, 0, 60)
    told = witness.add(FORKED, 60, 60)
    assert (told.status, told.content_type) == (409, "text/plain; charset=utf-8")
    assert "forked" in told.text
    assert witness.newest_checkpoint() == HONEST.checkpoint(60)
    assert witness.folder is not None
    conflict = witness.folder.state.find(LOG_KEY.name).conflict
    assert conflict is not None
    assert SignedNote.parse(conflict).text == FORKED.checkpoint(60).text()
    witness.add(make_log(60), 60, 60)
    assert witness.folder.state.find(LOG_KEY.name).conflict == conflict


def test_a_fork_is_kept_as_proof_also_if_it_does_not_name_the_known_size(witness: Serving) -> None:
    witness.add(HONEST, 0, 60)
    told = witness.add(FORKED, 0, 60)
    assert (told.status, told.content_type, told.text) == (409, SIZE, "60\n")
    assert witness.folder is not None
    assert witness.folder.state.find(LOG_KEY.name).conflict is not None


def test_a_fork_that_is_longer_is_refused(witness: Serving) -> None:
    witness.add(HONEST, 0, 60)
    for new in (61, 64, 300):
        assert witness.add(FORKED, 60, new).status == 422
    assert witness.newest_checkpoint() == HONEST.checkpoint(60)


def test_a_proof_that_is_wrong_is_refused(witness: Serving) -> None:
    proof = HONEST.consistency(60, 200)
    assert witness.post(replace(proof, old_size=0).text()).status == 422  # from nothing, nothing is to be proved
    witness.add(HONEST, 0, 60)
    for wrong in (
        (),
        proof.proof[:-1],
        proof.proof[1:],
        (*proof.proof, proof.proof[0]),
        proof.proof[::-1],
        (bytes(32), *proof.proof[1:]),
    ):
        assert witness.post(replace(proof, proof=wrong).text()).status == 422
    assert witness.post(replace(HONEST.consistency(60, 60), proof=(bytes(32),)).text()).status == 422
    assert witness.newest_checkpoint() == HONEST.checkpoint(60)
    assert witness.post(proof.text()).status == 200


def test_a_log_that_is_not_watched_is_not_found(witness: Serving) -> None:
    stranger = Log(HONEST.entries, "other.example", SigningKey("other.example", bytes(32), LOG))
    assert witness.add(stranger, 0, 5).status == 404


def test_a_signature_by_another_key_is_refused(witness: Serving) -> None:
    other = SigningKey(LOG_KEY.name, bytes(range(9, 41)), LOG)
    assert witness.add(Log(HONEST.entries, key=other), 0, 5).status == 403
    # The log's name and key id over a signature of another text.
    note = HONEST.note(5, cosigners=())
    false = SignedNote(note.text, HONEST.note(6, cosigners=()).signatures)
    assert witness.post(replace(HONEST.consistency(0, 5), note=false).text()).status == 403
    only_a_witness = SignedNote(note.text, HONEST.note(5).signatures[1:])
    assert witness.post(replace(HONEST.consistency(0, 5), note=only_a_witness).text()).status == 403
    assert witness.newest().status == 404


def test_signatures_of_unknown_keys_are_ignored(witness: Serving) -> None:
    note = HONEST.note(5, cosigners=(STRANGER, WITNESS_KEY))
    assert witness.post(replace(HONEST.consistency(0, 5), note=note).text()).status == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda body: "",
        lambda body: "\n",
        lambda body: body.replace("old 0", "old 00"),
        lambda body: body.replace("old 0", "old -1"),
        lambda body: body.replace("old 0", "old +0"),
        lambda body: body.replace("old 0", "old 0 "),
        lambda body: body.replace("old 0", "old ٣"),
        lambda body: body.replace("old 0", "old 9223372036854775808"),
        lambda body: body.replace("old 0", "old " + "9" * 5000),
        lambda body: body.replace("old 0", "OLD 0"),
        lambda body: body.replace("old 0", "old 0\n" + "\n".join(["A" * 43 + "="] * 64)),
        lambda body: body.replace("old 0", "old 0\nAAAA"),
        lambda body: body.replace("\n", "\r\n"),
        lambda body: body + "x",
        lambda body: body[:-1],
        lambda body: body.replace("\n5\n", "\n05\n"),
        lambda body: body.replace("\n5\n", "\n99999999999999999999\n"),
        lambda body: body.replace("\n5\n", "\n5\nextension\n").replace("log.example/acts\n5", "\n5"),
    ],
)
def test_what_is_no_request_is_told_so(service: WitnessService, change: Callable[[str], str]) -> None:
    assert service.add_checkpoint(change(HONEST.consistency(0, 5).text()).encode()).status == 400


# https://c2sp.org/tlog-witness, example (its keys are not published).
SPECIFIED = """\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501 - a golden vector


def test_the_specifications_example_is_a_request(witness: Serving) -> None:
    assert witness.post(SPECIFIED).status == 404
    assert witness.folder is not None
    witness.folder.state.add(SigningKey("example.com/behind-the-sofa", bytes(32), LOG).verifier_key())
    assert witness.post(SPECIFIED).status == 403


def test_the_largest_log_has_a_witness_too(witness: Serving) -> None:
    text = Checkpoint(LOG_KEY.name, 2**63 - 1, bytes(range(32))).text()
    note = SignedNote.parse(f"{text}\n{LOG_KEY.sign(text)}")
    assert witness.post(ConsistencyProof(0, (), note).text()).status == 200
    assert witness.post(ConsistencyProof(2**63 - 1, (), note).text()).status == 200
    assert witness.add(HONEST, 0, 5).text == f"{2**63 - 1}\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> WitnessService:
    """A witness that has cosigned the first 60 entries, without a socket: for very many requests."""
    with serving(tmp_path_factory.mktemp("many") / "witness", LOG_KEY.verifier_key()) as running:
        assert running.add(HONEST, 0, 60).status == 200
        assert running.folder is not None
        return WitnessService(running.folder.state, running.folder.key, now)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_request_that_was_changed_anywhere_gets_no_cosignature(service: WitnessService, data: st.DataObject) -> None:
    body = bytearray(replace(HONEST.consistency(60, 200), note=HONEST.note(200, cosigners=())).text().encode())
    kind = data.draw(st.sampled_from(["change", "cut", "insert", "delete"]))
    at = data.draw(st.integers(0, len(body) - 1))
    if kind == "change":
        body[at] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del body[at:]
    elif kind == "insert":
        body[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    else:
        del body[at : at + data.draw(st.integers(1, 40))]
    assert service.add_checkpoint(bytes(body)).status in (400, 403, 404, 409, 422)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300))
def test_any_bytes_are_answered(service: WitnessService, body: bytes) -> None:
    assert service.add_checkpoint(body).status == 400


def test_a_request_that_is_too_long_is_not_read_to_its_end(witness: Serving) -> None:
    assert witness.post(b"x" * BODY_BYTES_MAX).status == 400
    with socket.create_connection((urlsplit(witness.url).hostname, urlsplit(witness.url).port), timeout=20) as raw:
        raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 99999999999\r\n\r\n")
        raw.sendall(b"x" * (BODY_BYTES_MAX + 1))
        answer = raw.makefile("rb").read()  # to the end: the witness closes
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_head_that_does_not_end_is_dropped(witness: Serving) -> None:
    with socket.create_connection((urlsplit(witness.url).hostname, urlsplit(witness.url).port), timeout=20) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000)
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 400")


def test_who_sends_nothing_is_not_waited_for(witness: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.2)
    where = (urlsplit(witness.url).hostname, urlsplit(witness.url).port)
    with socket.create_connection(where, timeout=20) as silent, socket.create_connection(where, timeout=20) as slow:
        slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\nold")
        assert slow.makefile("rb").read().startswith(b"HTTP/1.1 408")
        with pytest.raises((ConnectionResetError, AssertionError)):
            assert silent.recv(1), "closed"


def dropped(raw: socket.socket) -> bool:
    """Send a head byte by byte; tell whether the other side hangs up within five seconds."""
    began = time.monotonic()
    while time.monotonic() - began < 5:
        try:
            raw.sendall(b"G")
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_who_sends_a_later_head_slowly_is_not_waited_for(witness: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.3)
    with socket.create_connection((urlsplit(witness.url).hostname, urlsplit(witness.url).port), timeout=20) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nhost: w\r\n\r\n")
        assert raw.recv(65_536).startswith(b"HTTP/1.1 200")
        assert dropped(raw)
    connection = http.client.HTTPConnection(urlsplit(witness.url).netloc, timeout=20)
    for _ in range(3):  # a connection that is kept and prompt stays
        connection.request("GET", "/")
        assert connection.getresponse().read()
        time.sleep(0.4)
    connection.close()


def test_who_goes_away_does_no_harm(witness: Serving) -> None:
    where = (urlsplit(witness.url).hostname, urlsplit(witness.url).port)
    with socket.create_connection(where, timeout=20) as raw:
        raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 100\r\n\r\nold")
    assert witness.add(HONEST, 0, 5).status == 200


def test_of_two_forks_at_once_exactly_one_is_cosigned(tmp_path: Path) -> None:
    for turn in range(8):
        with serving(tmp_path / f"{turn}", LOG_KEY.verifier_key()) as witness:
            witness.add(HONEST, 0, 30)
            start = threading.Barrier(8)

            def ask(log: Log, witness: Serving = witness, start: threading.Barrier = start) -> int:
                body = log.consistency(30, 60).text()
                start.wait()
                return witness.post(body).status

            with ThreadPoolExecutor(8) as pool:
                told = list(pool.map(ask, [HONEST, FORKED] * 4))
            # The winner's others know no better than to start from 30 again.
            assert sorted(told) == [200] + [409] * 7
            winner = (HONEST, FORKED)[told.index(200) % 2]
            assert witness.newest_checkpoint() == winner.checkpoint(60)


def test_a_connection_can_be_kept(witness: Serving) -> None:
    connection = http.client.HTTPConnection(urlsplit(witness.url).netloc, timeout=20)
    for old, new in ((0, 3), (3, 9), (9, 12)):
        connection.request("POST", "/add-checkpoint", HONEST.consistency(old, new).text().encode())
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()
