"""Signatures by botocore's own signers verify; nothing altered, stale, replayed or half-signed does."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recognizance.wire import AccessKey, Actor, Fault, Verifier
from recognizance.wire.request import read_request
from wire.signing import IDLE, KEY, SESSION, Once, Ring, Signed, SigningKey, sign

NOW = datetime(2026, 5, 17, 12, 0, 0, tzinfo=UTC)
BODY = b'{"CollectionId": "staff"}'


def clock() -> datetime:
    return NOW


class Door:
    """A verifier whose clock can be moved."""

    def __init__(self, *keys: AccessKey) -> None:
        self.now = NOW
        self.verifier = Verifier(Ring(*(keys or (KEY, SESSION, IDLE))), lambda: self.now, Once())

    def enter(self, signed: Signed, names: tuple[str, ...] = ("rekognition",)) -> Actor:
        request = read_request(signed.method, signed.path, signed.query, signed.raw_headers)
        return self.verifier.verify(request, self.verifier.read(request, names), signed.body)


def refusal(signed: Signed, door: Door | None = None) -> str:
    with pytest.raises(Fault) as caught:
        (door or Door()).enter(signed)
    return caught.value.code


@pytest.mark.parametrize("form", [None, 60], ids=["header", "query"])
@pytest.mark.parametrize("key", [KEY, SESSION], ids=["key", "session"])
@pytest.mark.parametrize("path", ["", "/", "/purpose/theft/case/2024-17", "/case/~a_b.c-d/"])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_botocores_signatures_verify(form: int | None, key: AccessKey, path: str, region: str) -> None:
    signed = sign(BODY, key=key, at=NOW, expires=form, url=f"http://localhost:8750{path}", region=region)
    assert Door().enter(signed) == Actor(key.operator, key.access_key_id, key.session)


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "set by the signer"},
        {"X-Custom": "  several   blanks  between "},
        {"X-Amz-Content-Sha256": ""},
        {"Content-Type": ""},
        {"X-Custom": "grün"},
    ],
)
def test_other_headers_verify(headers: dict[str, str]) -> None:
    signed = sign(BODY, at=NOW, headers=headers)
    if headers.get("X-Custom") == "grün":
        # botocore signs the UTF-8 spelling of what is sent as bytes.
        raw = [(n, "grün".encode() if n == b"x-custom" else v) for n, v in signed.raw_headers]
        request = read_request("POST", b"/", b"", raw)
        verifier = Door().verifier
        assert verifier.verify(request, verifier.read(request, ["rekognition"]), BODY).operator == "ada"
    else:
        assert Door().enter(signed).operator == "ada"


def test_a_declared_digest_must_be_of_the_body() -> None:
    from hashlib import sha256

    assert Door().enter(sign(BODY, at=NOW, headers={"X-Amz-Content-SHA256": sha256(BODY).hexdigest()}))
    for declared in ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", sha256(b"").hexdigest(), "x"):
        for expires in (None, 60):
            signed = sign(BODY, at=NOW, expires=expires, headers={"X-Amz-Content-SHA256": declared})
            assert refusal(signed) == "InvalidSignatureException"


@pytest.mark.parametrize("expires", [None, 60], ids=["header", "query"])
def test_every_altered_signed_header_is_refused(expires: int | None) -> None:
    original = sign(BODY, key=SESSION, at=NOW, expires=expires, headers={"X-Custom": "a"})
    altered = [name for name, _ in original.headers]
    assert len(altered) >= 4
    for name in altered:
        for value in (original.header(name) + "x", "x" + original.header(name), None):
            door = Door()
            assert refusal(original.with_header(name, value), door) in {
                "InvalidSignatureException",
                "IncompleteSignatureException",
                "MissingAuthenticationTokenException",
                "UnrecognizedClientException",
            }, (name, value)


@pytest.mark.parametrize("expires", [None, 60], ids=["header", "query"])
def test_every_altered_digit_of_the_signature_is_refused(expires: int | None) -> None:
    original = sign(BODY, at=NOW, expires=expires)
    found = re.search("Signature=([0-9a-f]{64})", original.target if expires else original.header("Authorization"))
    assert found
    signature = found[1]
    for position in range(64):
        digit = "0" if signature[position] != "0" else "1"
        forged = signature[:position] + digit + signature[position + 1 :]
        changed = (
            replace(original, target=original.target.replace(signature, forged))
            if expires
            else original.with_authorization(signature, forged)
        )
        assert refusal(changed) == "InvalidSignatureException"


@pytest.mark.parametrize("expires", [None, 60], ids=["header", "query"])
@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"CollectionId": "other"}'},
        {"body": b""},
        {"body": BODY + b" "},
        {"method": "PUT"},
    ],
)
def test_altered_body_and_method_are_refused(expires: int | None, change: dict[str, bytes]) -> None:
    assert refusal(replace(sign(BODY, at=NOW, expires=expires), **change)) == "InvalidSignatureException"


def test_another_path_is_refused() -> None:
    signed = sign(BODY, at=NOW, url="http://127.0.0.1:8750/case/1")
    for path in ("/case/2", "/case/1/", "/", "/case/1/purpose/x"):
        assert refusal(replace(signed, target=path)) == "InvalidSignatureException"


def test_wrong_unknown_and_inactive_keys() -> None:
    assert refusal(sign(at=NOW, key=replace(KEY, secret="wrong"))) == "InvalidSignatureException"
    assert refusal(sign(at=NOW, key=replace(KEY, access_key_id="NOBODY"))) == "UnrecognizedClientException"
    assert refusal(sign(at=NOW, key=IDLE)) == "UnrecognizedClientException"
    stand_in = SigningKey("NOBODY", "no key has this secret", "nobody")
    assert refusal(sign(at=NOW, key=stand_in)) == "UnrecognizedClientException"


def test_session_tokens_belong_to_their_key() -> None:
    assert refusal(sign(at=NOW, key=replace(SESSION, session_token="other"))) == "UnrecognizedClientException"
    assert refusal(sign(at=NOW, key=replace(SESSION, session_token=None))) == "UnrecognizedClientException"
    assert refusal(sign(at=NOW, key=replace(KEY, session_token="any"))) == "UnrecognizedClientException"


def test_an_unsigned_token_is_refused() -> None:
    signed = sign(at=NOW, key=replace(SESSION, session_token=None))
    assert refusal(signed.with_header("X-Amz-Security-Token", "a/token+of=one")) == "IncompleteSignatureException"


def test_a_session_that_is_over_is_told_so_to_its_holder_alone() -> None:
    over = replace(SESSION, expires_at=NOW)
    assert refusal(sign(at=NOW, key=over), Door(over)) == "ExpiredTokenException"
    assert refusal(sign(at=NOW, key=replace(over, secret="wrong")), Door(over)) == "InvalidSignatureException"


@pytest.mark.parametrize(("minutes", "accepted"), [(-5, True), (5, True), (-5.1, False), (5.1, False), (-1e4, False)])
def test_clocks_may_differ_by_five_minutes(minutes: float, accepted: bool) -> None:
    signed = sign(at=NOW + timedelta(minutes=minutes))
    if accepted:
        assert Door().enter(signed)
    else:
        word = "expired" if minutes < 0 else "not yet current"
        with pytest.raises(Fault, match=f"InvalidSignatureException: Signature {word}: 2026"):
            Door().enter(signed)


def test_a_presigned_request_is_used_once() -> None:
    door = Door()
    signed = sign(BODY, at=NOW, expires=300)
    assert door.enter(signed)
    assert refusal(signed, door) == "InvalidSignatureException"
    door.now += timedelta(seconds=299)
    assert refusal(signed, door) == "InvalidSignatureException"
    door.now += timedelta(seconds=1)
    with pytest.raises(Fault, match="Signature expired"):
        door.enter(signed)


def test_only_a_genuine_use_uses_up_a_presigned_request() -> None:
    door = Door()
    signed = sign(BODY, at=NOW, expires=300)
    assert refusal(replace(signed, body=b"{}"), door) == "InvalidSignatureException"
    assert door.enter(signed)


@pytest.mark.parametrize("expires", [0, 301, 3600, -1])
def test_presigned_requests_live_five_minutes_at_most(expires: int) -> None:
    assert refusal(sign(at=NOW, expires=expires)) == "IncompleteSignatureException"


def test_a_presigned_request_of_the_future_is_refused() -> None:
    assert refusal(sign(at=NOW + timedelta(minutes=6), expires=60)) == "InvalidSignatureException"


@pytest.mark.parametrize("part", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"])
def test_truncated_and_repeated_query_parts_are_refused(part: str) -> None:
    signed = sign(at=NOW, expires=60)
    found = re.search(f"&?X-Amz-{part}=[^&]*", signed.target)
    assert found
    text = found[0].lstrip("&")
    assert refusal(replace(signed, target=signed.target.replace(found[0], "").replace("?&", "?"))) in {
        "IncompleteSignatureException",
    }
    assert refusal(replace(signed, target=f"{signed.target}&{text}")) == "IncompleteSignatureException"


def test_parameters_beside_the_signature_are_refused() -> None:
    for signed in (sign(at=NOW, url="http://h/?CollectionId=x"), sign(at=NOW, expires=60, url="http://h/?a=b")):
        assert refusal(signed) == "InvalidParameterException"
    both = sign(at=NOW)
    assert refusal(replace(both, target="/?" + sign(at=NOW, expires=60).query.decode())) == (
        "IncompleteSignatureException"
    )


@pytest.mark.parametrize("part", ["Credential", "SignedHeaders", "Signature"])
def test_truncated_authorization_is_refused(part: str) -> None:
    signed = sign(at=NOW)
    for pattern, replacement in ((f"{part}=[^,]*", f"{part}="), (f"{part}=[^,]*,? ?", ""), (f"{part}=", "Other=")):
        assert refusal(signed.with_authorization(pattern, replacement)) == "IncompleteSignatureException"
    whole = signed.header("Authorization")
    assert refusal(signed.with_header("Authorization", f"{whole}, {part}=x")) == "IncompleteSignatureException"


def test_every_truncation_of_authorization_is_refused() -> None:
    signed = sign(at=NOW)
    whole = signed.header("Authorization")
    for length in range(len(whole)):
        assert refusal(signed.with_header("Authorization", whole[:length])) == "IncompleteSignatureException"


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-target"])
def test_what_must_be_signed_must_be_signed(name: str) -> None:
    signed = sign(at=NOW)
    assert refusal(signed.with_authorization(rf"{name};|;{name}(?=,)", "")) == "IncompleteSignatureException"


def test_an_unsigned_target_is_refused_in_a_presigned_request() -> None:
    signed = sign(at=NOW, expires=60, headers={"X-Amz-Target": ""})
    changed = signed.with_header("X-Amz-Target", "RekognitionService.DeleteCollection")
    assert refusal(changed) == "IncompleteSignatureException"


@pytest.mark.parametrize(
    "name", ["Authorization", "Host", "X-Amz-Date", "X-Amz-Target", "X-Amz-Security-Token", "Content-Type"]
)
def test_repeated_headers_are_refused(name: str) -> None:
    signed = sign(at=NOW, key=SESSION)
    for value in (signed.header(name), "other"):
        assert refusal(replace(signed, headers=(*signed.headers, (name.lower(), value)))) == (
            "IncompleteSignatureException"
        )


def test_the_scope_must_agree_with_date_and_service() -> None:
    signed = sign(at=NOW)
    assert refusal(signed.with_authorization("/20260517/", "/20260516/")) == "IncompleteSignatureException"
    assert refusal(sign(at=NOW, service="s3")) == "InvalidSignatureException"
    assert refusal(signed.with_authorization("us-east-1", "us-east-2")) == "InvalidSignatureException"
    assert refusal(signed.with_authorization("aws4_request", "aws5_request")) == "IncompleteSignatureException"


def test_no_signature_and_other_schemes() -> None:
    signed = sign(at=NOW)
    assert refusal(signed.with_header("Authorization", None)) == "MissingAuthenticationTokenException"
    for other in ("Basic YWRhOnB3", "Bearer x", "", "AWS4-ECDSA-P256-SHA256 Credential=x"):
        assert refusal(signed.with_header("Authorization", other)) == "IncompleteSignatureException"


@pytest.mark.parametrize("date", ["", "yesterday", "20261340T000000Z", "Mon, 99 Xyz 2026", "0001-01-01", "٢٠٢٦٠٥١٧"])
def test_unreadable_dates_are_refused(date: str) -> None:
    signed = sign(at=NOW)
    changed = replace(signed, headers=(*signed.with_header("X-Amz-Date", None).headers,))
    raw = [*changed.raw_headers, (b"x-amz-date", date.encode())]
    with pytest.raises(Fault, match="IncompleteSignatureException"):
        Door().verifier.read(read_request("POST", b"/", b"", raw), ["rekognition"])


def test_secrets_are_not_in_the_repr() -> None:
    assert KEY.secret not in repr(KEY)
    assert SESSION.session_token not in repr(SESSION)
