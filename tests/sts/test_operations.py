"""AssumeRole and GetCallerIdentity, as boto3 reads them and byte by byte."""

import http.client
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from rekognition.refusals import refusal
from sts.staff import Staff
from wire.signing import SigningKey

NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
VERSION = "2011-06-15"


def ask(
    staff: Staff, form: dict[str, str] | bytes, key: SigningKey | None = None, *, service: str = "sts", **headers: str
) -> tuple[int, ElementTree.Element, dict[str, str]]:
    """Send a form, signed for a service; read the XML."""
    body = form if isinstance(form, bytes) else urlencode({"Version": VERSION, **form}).encode()
    own = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **headers}
    request = AWSRequest("POST", f"{staff.server.endpoint}/", headers=own, data=body)
    if key is not None:
        signer = botocore.auth.SigV4Auth(
            Credentials(key.access_key_id, key.secret, key.session_token), service, "us-east-1"
        )
        signer.add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", staff.server.port, timeout=30)
    try:
        connection.request("POST", "/", body, dict(request.headers.items()))
        response = connection.getresponse()
        answer = {name.lower(): value for name, value in response.getheaders()}
        return response.status, ElementTree.fromstring(response.read()), answer  # noqa: S314 - from our own server
    finally:
        connection.close()


def code_of(root: ElementTree.Element) -> str:
    assert root.tag == f"{NAMESPACE}ErrorResponse"
    assert root.findtext(f"{NAMESPACE}RequestId")
    return str(root.findtext(f"{NAMESPACE}Error/{NAMESPACE}Code"))


def test_a_session_is_taken_on_and_works(staff: Staff) -> None:
    session = staff.session("ivy")
    sts = staff.client("sts", staff.keys["ivy"])
    answer = sts.assume_role(RoleArn=session["RoleArn"], RoleSessionName="at.work@desk")
    given = answer["Credentials"]
    assert given["AccessKeyId"].startswith("ASIA")
    assert given["Expiration"] == session["ExpiresAt"].replace(microsecond=0)
    assert answer["AssumedRoleUser"]["Arn"].endswith(f"assumed-role/{session['SessionId']}/at.work@desk")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    entry = staff.server.entries()[int(headers["x-recognizance-entry"])]
    assert (entry["kind"], entry["operator"], entry["details"]["key"]) == ("session", "ivy", given["AccessKeyId"])
    assert answer["ResponseMetadata"]["RequestId"] == headers["x-amzn-requestid"]
    key = SigningKey(given["AccessKeyId"], given["SecretAccessKey"], "ivy", session_token=given["SessionToken"])
    client = staff.client("rekognition", key)
    found = client.list_collections()["ResponseMetadata"]["HTTPHeaders"]["x-recognizance-entry"]
    details = staff.server.entries()[int(found)]["details"]
    assert (details["context"], details["session"]) == ("session", session["SessionId"])
    client.close()
    sts.close()


def test_who_am_i(staff: Staff) -> None:
    sts = staff.client("sts", staff.keys["ivy"])
    found = sts.get_caller_identity()
    assert (found["UserId"], found["Account"], found["Arn"]) == (
        "ivy",
        "000000000000",
        "arn:aws:iam::000000000000:user/ivy",
    )
    sts.close()
    session = staff.session("ivy")
    sts = staff.client("sts", staff.assume("ivy", session))
    assert sts.get_caller_identity()["UserId"] == f"{session['SessionId']}:ivy"
    sts.close()


@pytest.mark.parametrize("who", ["max", "ada"])
def test_only_the_session_s_own_operator(staff: Staff, who: str) -> None:
    session = staff.session("ivy")
    sts = staff.client("sts", staff.keys[who])
    other = refusal(sts.assume_role, RoleArn=session["RoleArn"], RoleSessionName="x1")
    absent = refusal(sts.assume_role, RoleArn=f"{session['RoleArn'][:-4]}0000", RoleSessionName="x1")
    foreign = refusal(sts.assume_role, RoleArn="arn:aws:iam::123456789012:role/admin", RoleSessionName="x1")
    assert {found.code for found in (other, absent, foreign)} == {"AccessDenied"}
    assert len({found.message.rpartition("(entry")[0] for found in (other, absent, foreign)}) == 1
    entry = staff.server.entries()[-1]
    assert (entry["decision"], entry["operator"], entry["rules"]) == ("refused", who, ["standing/session"])
    sts.close()


def test_a_session_opens_no_session(staff: Staff) -> None:
    session = staff.session("ivy")
    key = staff.assume("ivy", session)
    sts = staff.client("sts", key)
    assert refusal(sts.assume_role, RoleArn=session["RoleArn"], RoleSessionName="x1").code == "AccessDenied"
    sts.close()
    with pytest.raises(ClientError, match="standing/session"):
        staff.server.native(key).open_session(Purpose="theft", Case="2026-17")
    with pytest.raises(ClientError, match="standing/session"):
        staff.server.native(key).issue_access_key(Operator="ivy")


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"ExternalId": "abc"}, "ValidationError"),
        ({"Policy": "{}"}, "ValidationError"),
        ({"Tags.member.1.Key": "a", "Tags.member.1.Value": "b"}, "ValidationError"),
        ({"SerialNumber": "arn:aws:iam::000000000000:mfa/x", "TokenCode": "123456"}, "ValidationError"),
        ({"DurationSeconds": "899"}, "ValidationError"),
        ({"DurationSeconds": "43201"}, "ValidationError"),
        ({"DurationSeconds": "1e3"}, "ValidationError"),
        ({"RoleSessionName": "x"}, "ValidationError"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"RoleArn": ""}, "ValidationError"),
        ({"Version": "2010-01-01"}, "ValidationError"),
        ({"Action": "GetSessionToken"}, "InvalidAction"),
        ({"Action": "Fly"}, "InvalidAction"),
        ({"Action": ""}, "InvalidAction"),
    ],
)
def test_what_would_narrow_or_break_a_request_is_refused(staff: Staff, extra: dict[str, str], code: str) -> None:
    form = {"Action": "AssumeRole", "RoleArn": "arn:aws:iam::000000000000:role/recognizance/x", "RoleSessionName": "me"}
    status, root, headers = ask(staff, {**form, **extra}, staff.keys["ivy"])
    assert (status, code_of(root)) == (400, code)
    assert headers["content-type"] == "text/xml"


@pytest.mark.parametrize(
    "body",
    [b"Action", b"\xff=1", b"Action=GetCallerIdentity&Action=GetCallerIdentity&Version=2011-06-15", b"a=1&" * 200],
)
def test_a_form_that_could_be_read_in_two_ways_is_refused(staff: Staff, body: bytes) -> None:
    status, root, _ = ask(staff, body, staff.keys["ivy"])
    assert (status, code_of(root)) == (400, "MalformedInput")


def test_what_proves_nobody_is_answered_in_xml(staff: Staff) -> None:
    form = {"Action": "GetCallerIdentity"}
    ivy = staff.keys["ivy"]
    nobody = SigningKey("AKIANOBODYNOBODY", ivy.secret, "x")
    wrong = SigningKey(ivy.access_key_id, "wrong", "x")
    token = SigningKey(ivy.access_key_id, ivy.secret, "x", session_token="made up")
    cases = [
        (None, "sts", 403, "MissingAuthenticationToken"),
        (nobody, "sts", 403, "InvalidClientTokenId"),
        (token, "sts", 403, "InvalidClientTokenId"),
        (wrong, "sts", 403, "SignatureDoesNotMatch"),
        (ivy, "iam", 400, "IncompleteSignature"),  # which, like the next one,
        (ivy, "rekognition", 400, "IncompleteSignature"),  # needs a signed x-amz-target
    ]
    for key, service, status, code in cases:
        found, root, _ = ask(staff, form, key, service=service)
        assert (found, code_of(root)) == (status, code)


def test_a_target_in_a_header_is_never_sts(staff: Staff) -> None:
    """A request for STS says nothing in x-amz-target; whoever adds one unsigned gets nowhere."""
    ivy = staff.keys["ivy"]
    request = AWSRequest(
        "POST",
        f"{staff.server.endpoint}/",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        data=urlencode({"Version": VERSION, "Action": "GetCallerIdentity"}).encode(),
    )
    botocore.auth.SigV4Auth(Credentials(ivy.access_key_id, ivy.secret), "sts", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", staff.server.port, timeout=30)
    for target in ("RekognitionService.ListCollections", "Recognizance.ListGalleries", "Nothing.AtAll"):
        headers = {**dict(request.headers.items()), "X-Amz-Target": target}
        connection.request("POST", "/", request.data, headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 400
        assert b"IncompleteSignature" in body or b"InvalidSignature" in body
    connection.close()


def test_expired_credentials_say_so(staff: Staff) -> None:
    """The clock of the caller is far behind: what it signs is over, also for STS."""
    ivy = staff.keys["ivy"]
    old = datetime.now(UTC) - timedelta(minutes=6)
    request = AWSRequest(
        "POST",
        f"{staff.server.endpoint}/",
        headers={"Content-Type": "application/x-www-form-urlencoded", "X-Amz-Date": old.strftime("%Y%m%dT%H%M%SZ")},
        data=urlencode({"Version": VERSION, "Action": "GetCallerIdentity"}).encode(),
    )
    signer = botocore.auth.SigV4Auth(Credentials(ivy.access_key_id, ivy.secret), "sts", "us-east-1")
    request.context["timestamp"] = old.strftime("%Y%m%dT%H%M%SZ")
    canonical = signer.canonical_request(request)
    headers = signer.headers_to_sign(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signer.signed_headers(headers)}, "
        f"Signature={signature}"
    )
    connection = http.client.HTTPConnection("127.0.0.1", staff.server.port, timeout=30)
    connection.request("POST", "/", request.data, dict(request.headers.items()))
    response = connection.getresponse()
    body = response.read()
    assert (response.status, b"SignatureDoesNotMatch" in body) == (403, True)
    assert b"expired" in body
    connection.close()
