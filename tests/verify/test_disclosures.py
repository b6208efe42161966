import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from recognizance_verify import VerificationError
from recognizance_verify.disclosures import Disclosure
from verify.building import TRUST, Log, entry, make_disclosure, salt

GOOD = make_disclosure()


def test_what_was_committed_to_is_shown() -> None:
    checked = Disclosure.parse(GOOD.text().encode()).verify(TRUST)
    probe, candidates = checked.opened
    assert (probe.field, probe.value, probe.lines) == ("probe", '"case 7/é"', None)
    assert (candidates.field, candidates.value, candidates.lines) == ("candidates", None, ('"Jane Doe"', None, "null"))
    assert checked.closed == ("reason",)


@pytest.mark.parametrize("lines", [(), (1,), (2,), (1, 2, 3)])
def test_any_lines_of_a_list_can_be_kept(lines: tuple[int, ...]) -> None:
    checked = make_disclosure(lines).verify(TRUST)
    shown = checked.opened[1].lines
    assert shown is not None
    assert [at for at, line in enumerate(shown, 1) if line is not None] == list(lines)


def test_commitments_are_made_as_the_format_says() -> None:
    # Written out once more from the format's description, without the package.
    text = b"probe\x00" + '"case 7/é"'.encode()
    lines = [
        hmac.new(salt(at), b"candidates.%d\x00%s" % (at, value), hashlib.sha256).digest()
        for at, value in enumerate([b'"Jane Doe"', b'{"score":912}', b"null"], 1)
    ]
    commitments = GOOD.verify(TRUST).receipt.entry.commitments
    assert commitments["probe"] == hmac.new(salt(9), text, hashlib.sha256).hexdigest()
    assert (
        commitments["candidates"] == hmac.new(salt(8), b"candidates\x01" + b"".join(lines), hashlib.sha256).hexdigest()
    )


def changed(number: int, **members: Any) -> Disclosure:
    openings = [dict(opening) for opening in GOOD.openings]
    openings[number] |= members
    return replace(GOOD, openings=tuple(openings))


def with_lines(lines: list[dict[str, str]]) -> Disclosure:
    return changed(1, lines=lines)


LINES = GOOD.openings[1]["lines"]


@pytest.mark.parametrize(
    "disclosure",
    [
        changed(0, value='"case 8"'),
        changed(0, value='"case 7/\\u00e9"'),
        changed(0, salt=salt(1).hex()),
        changed(0, field="reason"),
        changed(0, field="absent"),
        changed(0, field="candidates"),
        changed(1, field="probe"),
        changed(1, salt=salt(1).hex()),
        with_lines(LINES[:2]),
        with_lines([*LINES, LINES[0]]),
        with_lines([LINES[2], LINES[1], LINES[0]]),
        with_lines([LINES[0] | {"value": '"John Doe"'}, *LINES[1:]]),
        with_lines([]),
        replace(GOOD, openings=()),
        replace(GOOD, openings=(GOOD.openings[0], GOOD.openings[0])),
    ],
)
def test_what_was_not_committed_to_is_refused(disclosure: Disclosure) -> None:
    with pytest.raises(VerificationError):
        Disclosure.parse(disclosure.text().encode()).verify(TRUST)


def test_a_value_that_is_not_json_is_refused_even_if_it_was_committed_to() -> None:
    value = '{"a":1,"a":2}'
    digest = hmac.digest(salt(1), b"field\x00" + value.encode(), "sha256").hex()
    log = Log([entry(0, commitments={"field": digest})])
    openings = ({"field": "field", "salt": salt(1).hex(), "value": value},)
    with pytest.raises(VerificationError, match="The value of field has the name 'a' twice"):
        Disclosure.parse(Disclosure(log.receipt(0), openings).text()).verify(TRUST)


def test_the_name_cannot_run_into_the_value() -> None:
    # "probe" and a value with a zero byte would have the same commitment as a field of another name.
    with pytest.raises(VerificationError, match="does not name a field"):
        Disclosure.parse(changed(0, field="probe\x00x").text())


MEMBERS = json.loads(GOOD.text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        GOOD.text() + "\n",
        GOOD.text()[:-1],
        " " + GOOD.text(),
        json.dumps(MEMBERS, indent=1) + "\n",
        GOOD.text().replace("é", "\\u00e9"),
        GOOD.text().replace("disclosure-1", "disclosure-2"),
        GOOD.text().replace('{"format"', '{"format":"recognizance-disclosure-1","format"'),
        GOOD.text().replace('{"format"', '{"extra":1,"format"'),
        GOOD.text().replace('"salt"', '"sugar"'),
        GOOD.text().replace(salt(9).hex(), salt(9).hex().upper() + "0" * 2),
        GOOD.text().replace(salt(9).hex(), salt(9).hex()[:-2]),
        GOOD.text().replace('"null"', "null"),
        GOOD.text().replace('"null"', '"nul"'),
        GOOD.text().replace('"null"', '"{\\"a\\":1,\\"a\\":1}"'),
        "[" * 100_000,
        '{"format":' + "9" * 100_000 + "}",
    ],
)
def test_malformed_disclosures_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Disclosure.parse(text.encode()).verify(TRUST)


@pytest.mark.parametrize("members", [{"receipt": 7}, {"openings": {}}, {"openings": [7]}, {"openings": [{}]}])
def test_members_of_another_type_are_refused(members: dict[str, object]) -> None:
    with pytest.raises(VerificationError):
        Disclosure.parse(json.dumps(MEMBERS | members))
