"""Golden vectors: each comes from a specification or from an implementation that is not ours."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance_verify import VerificationError
from recognizance_verify.notes import (
    WITNESS,
    Checkpoint,
    SignedNote,
    SigningKey,
    VerifierKey,
    cosign,
    key_id,
)
from recognizance_verify.tree import EMPTY_ROOT
from verify.building import LOG_KEY, STRANGER, WITNESS_KEY, make_log

# https://c2sp.org/signed-note, "Verifier keys", example.
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

# golang.org/x/mod/sumdb/note, package documentation and example_test.go; the second key is made from 32 zero bytes.
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_ZERO_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
GO_ZERO_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

# The Go checksum database's key (cmd/go/internal/modfetch/key.go) and a tree that it signed.
SUMDB_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_NOTE = (
    "go.sum database tree\n"
    "65209736\n"
    "5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=\n"
    "\n"
    "— sum.golang.org Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=\n"
)

# https://c2sp.org/tlog-checkpoint and https://c2sp.org/tlog-cosignature, examples (their keys are not published).
SPEC_CHECKPOINT = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)

# A checkpoint of the public staging log arche2025h1 with cosignatures of public witnesses, made by three independent
# implementations, and the keys that their operators publish.
PUBLIC_CHECKPOINT = (
    "arche2025h1.staging.ct.transparency.dev\n"
    "1432088532\n"
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
    "\n"
    "— arche2025h1.staging.ct.transparency.dev "
    "zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIg"
    "IpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    "— arche2025h1.staging.ct.transparency.dev "
    "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "— transparency.dev/DEV:witness-little-garden "
    "2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1 "
    "pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de "
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
    "— witness.stagemole.eu "
    "Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n"
)
PUBLIC_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
PUBLIC_WITNESSES = [
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
]


@pytest.mark.parametrize(
    ("vkey", "note"),
    [
        (SPEC_VKEY, SPEC_NOTE),
        (GO_VKEY, f"{GO_TEXT}\n{GO_LINE}"),
        (GO_ZERO_VKEY, f"{GO_TEXT}\n{GO_LINE}{GO_ZERO_LINE}"),
        (SUMDB_VKEY, SUMDB_NOTE),
        (PUBLIC_LOG, PUBLIC_CHECKPOINT),
    ],
)
def test_notes_that_others_signed_are_verified_and_written_back(vkey: str, note: str) -> None:
    key = VerifierKey.parse(vkey)
    assert str(key) == vkey
    parsed = SignedNote.parse(note.encode())
    assert parsed.serialize() == note
    assert parsed.verify([key]) == [key]
    with pytest.raises(VerificationError, match="false"):
        SignedNote("x" + parsed.text, parsed.signatures).verify([key])


def test_cosignatures_that_others_made_are_verified() -> None:
    note = SignedNote.parse(PUBLIC_CHECKPOINT)
    witnesses = [VerifierKey.parse(witness) for witness in PUBLIC_WITNESSES]
    assert {witness.kind for witness in witnesses} == {WITNESS}
    assert note.times(witnesses) == dict.fromkeys(witnesses, 0x6A122120)
    assert note.verify(witnesses) == witnesses
    changed = SignedNote(note.text.replace("1432088532", "1432088533"), note.signatures)
    for witness in witnesses:
        with pytest.raises(VerificationError, match="false"):
            changed.verify([witness])


def test_the_example_checkpoint_is_read_and_written_back() -> None:
    note = SignedNote.parse(SPEC_CHECKPOINT)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == note.text
    assert note.serialize() == SPEC_CHECKPOINT
    # tlog-cosignature gives the message that the witness signed: its time is 1679315147.
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1679315147


def test_a_key_signs_what_go_signs_with_it() -> None:
    key = SigningKey.parse(GO_SKEY)
    assert key.text() == GO_SKEY
    assert str(key.verifier_key()) == GO_VKEY
    assert key.sign(GO_TEXT) == GO_LINE
    assert repr(key.seed) not in repr(key)
    zero = SigningKey("EnochRoot", bytes(32))
    assert str(zero.verifier_key()) == GO_ZERO_VKEY
    assert zero.sign(GO_TEXT) == GO_ZERO_LINE


def test_new_keys_are_written_and_read() -> None:
    for kind in (1, 4):
        key = SigningKey.generate("log.example", kind)
        assert SigningKey.parse(key.text()) == key
        assert VerifierKey.parse(str(key.verifier_key())) == key.verifier_key()
        assert key.verifier_key().id == key_id("log.example", kind, key.verifier_key().public)


def test_a_cosignature_is_of_its_time() -> None:
    text = make_log(3).checkpoint().text()
    line = cosign(text, WITNESS_KEY, 1_700_000_000)
    note = SignedNote.parse(f"{text}\n{line}")
    assert note.times([WITNESS_KEY.verifier_key()]) == {WITNESS_KEY.verifier_key(): 1_700_000_000}
    [signature] = note.signatures
    later = (1_700_000_001).to_bytes(8, "big") + signature.signature[8:]
    with pytest.raises(VerificationError, match="false"):
        WITNESS_KEY.verifier_key().check(text, later)


def test_a_time_that_no_clock_has_is_refused() -> None:
    text = make_log(3).checkpoint().text()
    key = WITNESS_KEY.verifier_key()
    for time, message in [(2**63 - 1, None), (2**63, "false"), (2**64 - 1, "false")]:
        note = SignedNote.parse(f"{text}\n{cosign(text, WITNESS_KEY, time)}")
        if message is None:
            assert note.times([key]) == {key: time}
            continue
        with pytest.raises(VerificationError, match=message):
            note.times([key])


def test_signatures_of_another_length_are_false() -> None:
    note = make_log(3).note()
    for signature, key in zip(note.signatures, [LOG_KEY.verifier_key(), WITNESS_KEY.verifier_key()], strict=True):
        for changed in (signature.signature[:-1], signature.signature + b"\0", signature.signature[:7], b"\0"):
            with pytest.raises(VerificationError, match="false"):
                key.check(note.text, changed)


def test_keys_are_not_used_for_the_other_purpose() -> None:
    with pytest.raises(VerificationError, match="signs no notes"):
        WITNESS_KEY.sign("text\n")
    with pytest.raises(VerificationError, match="cosigns no checkpoints"):
        LOG_KEY.cosign("text\n", 1)


def test_signatures_of_unknown_keys_are_ignored() -> None:
    note = make_log(3).note()
    assert note.verify([STRANGER.verifier_key()]) == []
    same_name = SigningKey(LOG_KEY.name, bytes(32))
    assert note.verify([same_name.verifier_key()]) == []
    assert note.verify([]) == []


def test_a_key_signs_a_note_once() -> None:
    note = make_log(3).note()
    twice = SignedNote.parse(note.serialize() + note.signatures[0].line())
    with pytest.raises(VerificationError, match=r"signed twice by log\.example/acts"):
        twice.verify([LOG_KEY.verifier_key()])


NOTE = make_log(3).note().serialize()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE + " ",
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "—  "),
        NOTE.replace("— ", "— \u00a0"),
        NOTE.replace("=\n", "\n"),
        NOTE.replace("=\n", "==\n"),
        NOTE.replace("=\n", "= \n"),
        NOTE.split("\n\n")[0] + "\n\n",
        NOTE.split("\n\n")[0] + "\n\n— log.example AAAA\n",
        NOTE.split("\n\n")[0] + "\n\n— log+example AAAAAAAA\n",
        "\t" + NOTE,
        "\0" + NOTE,
        NOTE + make_log(3).note().signatures[0].line() * 64,
        "x" * 300_000 + NOTE,
        "\ud800" + NOTE,
    ],
)
def test_malformed_notes_are_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        SignedNote.parse(note)


def test_bytes_that_are_no_text_are_refused() -> None:
    for junk in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80"):
        with pytest.raises(VerificationError, match="UTF-8"):
            SignedNote.parse(junk + NOTE.encode())


def test_unused_bits_of_base64_cannot_be_set() -> None:
    # …Q== and …R== decode alike; only one of them may be accepted.
    line = NOTE.split("\n")[-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    padding = line.count("=")
    last = line[-padding - 1]
    other = line[: -padding - 1] + alphabet[alphabet.index(last) ^ 1] + "=" * padding
    assert base64.b64decode(other.split(" ")[2]) == base64.b64decode(line.split(" ")[2])
    with pytest.raises(VerificationError, match="canonical"):
        SignedNote.parse(NOTE.replace(line, other))


TEXT = make_log(3).checkpoint().text()
ROOT = TEXT.split("\n")[2]


@pytest.mark.parametrize(
    "text",
    [
        TEXT + "extension\n",
        TEXT + "extension",
        TEXT.removesuffix("\n"),
        f"\n3\n{ROOT}\n",
        f"log\n03\n{ROOT}\n",
        f"log\n+3\n{ROOT}\n",
        f"log\n-3\n{ROOT}\n",
        f"log\n 3\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        f"log\n3.0\n{ROOT}\n",
        f"log\n1_0\n{ROOT}\n",
        f"log\n٣\n{ROOT}\n",
        f"log\n{2**63}\n{ROOT}\n",
        f"log\n{2**70}\n{ROOT}\n",
        "log\n" + "9" * 200_000 + f"\n{ROOT}\n",
        f"log\n3\n{ROOT[:-4]}\n",
        f"log\n3\n{ROOT}AAAA\n",
        f"log\n0\n{ROOT}\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Checkpoint.parse(text)


def test_an_empty_log_has_a_checkpoint() -> None:
    assert Checkpoint.parse(make_log(0).checkpoint().text()).root == EMPTY_ROOT


@given(
    st.text(st.characters(exclude_characters="+", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=40),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_checkpoints_are_written_and_read(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    key = SigningKey(origin, bytes(range(32)))
    note = SignedNote.parse(f"{checkpoint.text()}\n{key.sign(checkpoint.text())}".encode())
    assert Checkpoint.parse(note.text) == checkpoint
    assert note.verify([key.verifier_key()]) == [key.verifier_key()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        SPEC_VKEY + "\n",
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("530d903a", "530D903A"),
        SPEC_VKEY.replace("foo", "bar"),
        SPEC_VKEY.replace("example", "exa mple"),
        SPEC_VKEY.replace("530d903a+A", "530d903a+"),
        SPEC_VKEY[:-4],
        "+" + SPEC_VKEY.split("+", 1)[1],
        "\ud800" + SPEC_VKEY,
        "x" * 10_000_000,
    ],
)
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        VerifierKey.parse(text)


@pytest.mark.parametrize("height", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_points_for_which_anybody_can_sign_are_no_keys(height: int, sign: int) -> None:
    with pytest.raises(VerificationError, match="trusted"):
        VerifierKey("weak.example", (height | sign << 255).to_bytes(32, "little"))


def test_kinds_that_are_not_known_are_refused() -> None:
    with pytest.raises(VerificationError, match="kind 6"):
        VerifierKey("log.example", LOG_KEY.verifier_key().public, 6)


def test_a_damaged_signing_key_is_refused_without_being_told() -> None:
    for damaged in (GO_SKEY[:-1] + "A", GO_SKEY.replace("PRIVATE", "PUBLIC"), GO_SKEY.replace("Peter", "Petra")):
        with pytest.raises(VerificationError) as refusal:
            SigningKey.parse(damaged)
        assert "EKFALVFGy" not in str(refusal.value)
