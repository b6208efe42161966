"""Credentials that are wrong, revoked, expired, replayed or somebody else's: refused, recorded, and never shown."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from rekognition.processes import start_server
from rekognition.raw import Raw
from rekognition.refusals import refusal
from sts.staff import CASE, Staff, hire
from wire.signing import SigningKey

LIST = "ListCollections"


def await_entry(staff: Staff, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        found = [entry for entry in staff.server.entries() if wanted(entry)]
        if found:
            return found[-1]
        assert time.monotonic() < deadline, "no such entry"
        time.sleep(0.05)


def refused_sign_in(staff: Staff, key: SigningKey, code: str) -> Callable[[dict[str, Any]], bool]:
    return lambda entry: (
        entry["kind"] == "sign-in"
        and entry["decision"] == "refused"
        and entry["details"].get("access_key") == key.access_key_id
        and entry["details"].get("code") == code
    )


def code_of(staff: Staff, key: SigningKey, **options: Any) -> str:
    with Raw(staff.server) as raw:
        return raw.code(LIST, {}, key=key, **options)[1]


def test_a_wrong_secret(staff: Staff) -> None:
    wrong = replace(staff.keys["ivy"], secret="not ivy's")
    assert code_of(staff, wrong) == "InvalidSignatureException"
    entry = await_entry(staff, refused_sign_in(staff, wrong, "InvalidSignatureException"))
    assert (entry["operator"], entry["details"]["of"]) == ("-", "ivy")


def test_a_revoked_key_is_refused_with_the_next_request(staff: Staff) -> None:
    key = staff.issue("ivy", by="ivy")
    assert code_of(staff, key) == ""
    staff.native("ada").revoke_access_key(AccessKeyId=key.access_key_id)
    assert code_of(staff, key) == "UnrecognizedClientException"
    await_entry(staff, refused_sign_in(staff, key, "UnrecognizedClientException"))


def test_the_closed_administrator_of_the_first_start(staff: Staff) -> None:
    first = staff.keys["first"]
    assert code_of(staff, first) == "UnrecognizedClientException"
    await_entry(staff, refused_sign_in(staff, first, "UnrecognizedClientException"))


def test_a_deactivated_operator_is_refused_by_name(staff: Staff) -> None:
    ada = staff.native("ada")
    ada.create_operator(Operator="tim", Name="Tim", Roles=["investigator"])
    tim = staff.issue("tim", by="ada")
    assert code_of(staff, tim) == ""
    own = await_entry(staff, lambda entry: entry["operator"] == "tim")["index"]
    native = staff.server.native(tim)
    assert native.get_receipt(Index=own)["Receipt"]
    ada.deactivate_operator(Operator="tim")
    assert code_of(staff, tim) == "AccessDeniedException"
    entry = await_entry(staff, lambda entry: entry["operator"] == "tim" and entry["index"] > own)
    assert (entry["decision"], entry["rules"]) == ("refused", ["standing/active"])
    with pytest.raises(botocore.exceptions.ClientError, match="standing/active"):
        native.get_receipt(Index=own)
    ada.activate_operator(Operator="tim")
    assert code_of(staff, tim) == ""


def test_somebody_else_s_credentials(staff: Staff) -> None:
    """A key of one and the secret of another; a session's key with another session's token."""
    mixed = replace(staff.keys["ivy"], secret=staff.keys["max"].secret)
    assert code_of(staff, mixed) == "InvalidSignatureException"
    one, other = (staff.assume("ivy", staff.session("ivy")) for _ in range(2))
    crossed = replace(one, session_token=other.session_token)
    assert code_of(staff, crossed) == "UnrecognizedClientException"
    await_entry(staff, refused_sign_in(staff, one, "UnrecognizedClientException"))
    for token in (None, "", f"{one.session_token}x"):
        assert code_of(staff, replace(one, session_token=token)) == "UnrecognizedClientException"
    assert code_of(staff, one) == ""


def test_a_closed_session_s_credentials(staff: Staff) -> None:
    session = staff.session("ivy")
    key = staff.assume("ivy", session)
    assert code_of(staff, key) == ""
    staff.native("ivy").close_session(SessionId=session["SessionId"])
    assert code_of(staff, key) == "UnrecognizedClientException"
    await_entry(staff, refused_sign_in(staff, key, "UnrecognizedClientException"))


def test_expired_credentials(staff: Staff) -> None:
    key = staff.assume("ivy", staff.session("ivy"))
    # A quarter of an hour is the least; nobody has looked these up yet.
    with contextlib.closing(sqlite3.connect(staff.server.settings.home / "record.db", timeout=10)) as record, record:
        record.execute("UPDATE session_credentials SET expires_at = 1 WHERE access_key_id = ?", (key.access_key_id,))
    assert code_of(staff, key) == "ExpiredTokenException"
    entry = await_entry(staff, refused_sign_in(staff, key, "ExpiredTokenException"))
    assert entry["details"]["of"] == "ivy"
    sts = staff.client("sts", key)
    assert refusal(sts.get_caller_identity).code == "ExpiredToken"
    sts.close()


def test_a_token_must_be_signed(staff: Staff) -> None:
    key = staff.assume("ivy", staff.session("ivy"))
    with Raw(staff.server) as raw:
        unsigned = raw.signed(LIST, key=replace(key, session_token=None))
        status, answer = raw.send(unsigned.with_header("X-Amz-Security-Token", str(key.session_token)))
    assert (status, answer["Code"]) == (400, "IncompleteSignatureException")
    await_entry(staff, lambda entry: entry["kind"] == "sign-in")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_request_replayed_beyond_the_clock_skew(staff: Staff, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert code_of(staff, staff.keys["max"], at=at) == "InvalidSignatureException"
    entry = await_entry(staff, refused_sign_in(staff, staff.keys["max"], "InvalidSignatureException"))
    assert entry["details"]["of"] == "max"


def test_a_presigned_request_is_used_once(staff: Staff) -> None:
    with Raw(staff.server) as raw:
        signed = raw.signed(LIST, key=staff.keys["sue"], expires=60)
        assert raw.send(signed)[0] == 200
        assert raw.send(signed)[1]["Code"] == "InvalidSignatureException"
    await_entry(staff, refused_sign_in(staff, staff.keys["sue"], "InvalidSignatureException"))


def test_roles_hold_over_the_wire(staff: Staff) -> None:
    client = staff.client("rekognition", staff.keys["ada"])
    assert refusal(client.detect_faces, Image={"Bytes": b"x"}).code == "AccessDeniedException"
    entry = staff.server.entries()[-1]
    assert (entry["kind"], entry["operator"], entry["rules"]) == ("detect", "ada", ["standing/role"])
    client.close()
    client = staff.client("rekognition", staff.keys["ivy"])
    assert refusal(client.create_collection, CollectionId="x").code == "AccessDeniedException"
    client.close()


def test_a_case_in_the_path_is_checked(staff: Staff) -> None:
    for name, number, code in (
        ("ivy", CASE, ""),
        ("max", CASE, "AccessDeniedException"),
        ("ivy", "404", "AccessDeniedException"),
    ):
        assert code_of(staff, staff.keys[name], path=f"/case/{number}") == code


def test_strangers_are_counted_and_the_rest_is_told_when_the_server_stops(tmp_path: Path, model_cache: Path) -> None:
    with start_server(tmp_path / "home", model_cache, operator_requests_per_minute="30") as server:
        staff = hire(server)
        staff.native("ada").update_operator(Operator="ivy", RequestsPerMinute=5)
        codes = [code_of(staff, staff.keys["ivy"]) for _ in range(8)]
        assert codes == [""] * 5 + ["ThrottlingException"] * 3
        assert code_of(staff, staff.keys["max"]) == ""
        nobody = SigningKey("AKIANOBODYNOBODY", "x", "nobody")
        assert [code_of(staff, nobody) for _ in range(3)] == ["UnrecognizedClientException"] * 3
        server.stop()
        entries = staff.server.entries()
    (throttled,) = (entry for entry in entries if entry["kind"] == "throttle")
    assert (throttled["operator"], throttled["details"]["count"]) == ("ivy", 3)
    (strangers,) = (entry for entry in entries if entry["kind"] == "sign-in")
    assert strangers["details"]["codes"] == {"UnrecognizedClientException": 3}
    assert strangers["details"]["count"] == 3


def test_no_secret_is_in_entries_output_or_arguments(staff: Staff) -> None:
    session = staff.session("ivy")
    temporary = staff.assume("ivy", session)
    keys = [*staff.keys.values(), temporary]
    secrets = [key.secret.encode() for key in keys] + [str(temporary.session_token).encode()]
    home = staff.server.settings.home
    for file in (*home.rglob("*"), *staff.server.settings.keys_folder.rglob("*"), staff.server.log):
        if file.is_file():
            data = file.read_bytes()
            assert not any(secret in data for secret in secrets), file
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            data = arguments.read_bytes()
        except OSError:  # it has ended
            continue
        assert not any(secret in data for secret in secrets)
    text = str(staff.server.entries())
    assert "theft" not in text
    assert CASE not in text
