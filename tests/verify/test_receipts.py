import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance_verify import VerificationError
from recognizance_verify.consistency import ConsistencyProof
from recognizance_verify.encoding import encode_base64
from recognizance_verify.keys import WITNESS, SigningKey, VerifierKey
from recognizance_verify.notes import Checkpoint
from recognizance_verify.receipts import Receipt
from recognizance_verify.trust import Trust
from verify.building import LOG_KEY, ORIGIN, STRANGER, TIME, TRUST, WITNESS_KEY, Log, entry, make_log
from verify.test_notes import SPEC_CHECKPOINT

LOG = make_log(300)

# https://c2sp.org/tlog-proof, example; its signatures are abridged there, so the checkpoint of tlog-checkpoint
# stands in for it.
SPEC_PROOF = (
    "c2sp.org/tlog-proof@v1\n"
    "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n"
    "index 73894\n"
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
    "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
    "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n"
    "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n"
    "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n"
    "\n"
) + SPEC_CHECKPOINT

# https://c2sp.org/tlog-witness, example request body.
SPEC_GROWTH = (
    "old 20852014\n"
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    "\n"
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— example.com/behind-the-sofa "
    "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
)


def test_the_forms_are_those_of_the_specifications() -> None:
    receipt = Receipt.parse(SPEC_PROOF.encode())
    assert (receipt.index, len(receipt.proof)) == (73894, 5)
    assert receipt.entry.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    assert receipt.text() == SPEC_PROOF
    growth = ConsistencyProof.parse(SPEC_GROWTH.encode())
    assert (growth.old_size, len(growth.proof)) == (20852014, 4)
    assert growth.text() == SPEC_GROWTH


@given(st.integers(1, 300), st.data())
def test_every_entry_of_every_size_has_a_receipt(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    receipt = LOG.receipt(index, size)
    assert Receipt.parse(receipt.text().encode()) == receipt
    checked = receipt.verify(TRUST)
    assert checked.entry.index == index
    assert checked.checkpoint.authentic
    assert [(one.witness, one.time) for one in checked.checkpoint.cosignatures] == [(WITNESS_KEY.name, TIME)]


@given(st.integers(0, 300), st.integers(0, 300))
def test_every_growth_has_a_proof(one: int, other: int) -> None:
    old, new = min(one, other), max(one, other)
    growth = LOG.consistency(old, new)
    assert ConsistencyProof.parse(growth.text().encode()) == growth
    assert growth.verify(LOG.checkpoint(old)) == LOG.checkpoint(new)
    if old < new:
        with pytest.raises(VerificationError, match="rolled back"):
            LOG.consistency(old, old).verify(LOG.checkpoint(new))


def test_without_the_logs_key_nothing_is_authentic() -> None:
    checked = LOG.receipt(3).verify(Trust())
    assert not checked.checkpoint.authentic
    assert checked.checkpoint.unchecked == 1
    assert checked.checkpoint.cosignatures == ()


def test_witnesses_that_were_not_given_are_counted_and_not_believed() -> None:
    checked = LOG.receipt(3, cosigners=(WITNESS_KEY, STRANGER)).verify(TRUST)
    assert [one.witness for one in checked.checkpoint.cosignatures] == [WITNESS_KEY.name]
    assert checked.checkpoint.unchecked == 1
    both = Trust(LOG_KEY.verifier_key(), (WITNESS_KEY.verifier_key(), STRANGER.verifier_key()))
    checked = LOG.receipt(3, cosigners=(STRANGER,)).verify(both)
    assert checked.checkpoint.absent == (WITNESS_KEY.name,)
    assert checked.checkpoint.unchecked == 0


def test_a_checkpoint_that_no_given_witness_cosigned_is_refused() -> None:
    for cosigners in [(), (STRANGER,)]:
        with pytest.raises(VerificationError, match="None of the witnesses"):
            LOG.receipt(3, cosigners=cosigners).verify(TRUST)


def test_a_log_of_another_key_or_name_is_refused() -> None:
    stranger = SigningKey(ORIGIN, bytes(32))
    with pytest.raises(VerificationError, match="not signed with the key"):
        Log(LOG.entries, key=stranger).receipt(3).verify(TRUST)
    with pytest.raises(VerificationError, match="the log other"):
        Log(LOG.entries, origin="other", key=SigningKey("other", LOG_KEY.seed)).receipt(3).verify(TRUST)
    # The right key under a checkpoint that names another log.
    with pytest.raises(VerificationError, match="the log other"):
        Log(LOG.entries, origin="other").receipt(3).verify(TRUST)
    # Signed by somebody, but not by the log that the checkpoint names.
    with pytest.raises(VerificationError, match="no signature of its log"):
        Log(LOG.entries, origin="other").receipt(3).verify(Trust())


def test_keys_are_of_their_kind_and_each_witness_has_its_own() -> None:
    log, witness = LOG_KEY.verifier_key(), WITNESS_KEY.verifier_key()
    for key, witnesses in [
        (witness, ()),
        (log, (log,)),
        (None, (log,)),
        (log, (witness, witness)),
        (log, (witness, VerifierKey("alias.example", witness.public, WITNESS))),
        (log, (VerifierKey("independent.example", log.public, WITNESS),)),
    ]:
        with pytest.raises(VerificationError):
            Trust(key, witnesses)


@pytest.mark.parametrize(
    "changed",
    [
        {"index": 4},
        {"index": 3.0},
        {"index": "3"},
        {"index": True},
        {"index": None},
        {"kind": 5},
        {"kind": ""},
        {"operator": ["ann"]},
        {"decision": None},
        {"decision": ""},
        {"time": "2026-01-02T03:04:05+00:00"},
        {"time": "2026-01-02T03:04:05.000000Z"},
        {"time": 1_800_000_000},
    ],
)
def test_an_entry_that_the_log_should_never_have_taken_is_refused(changed: dict[str, object]) -> None:
    entries = [entry(0), entry(1), entry(2), entry(3, **changed)]
    with pytest.raises(VerificationError, match="Entry 3"):
        Log(entries).receipt(3).verify(TRUST)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (entry(1)[:-1] + b',"index":1}', "'index' twice"),
        (entry(1).replace(b'"faces":1', b'"faces":1,"faces":2'), "'faces' twice"),
        (entry(1).replace(b'"faces":1', b'"faces":NaN'), "not valid JSON"),
        (entry(1).replace(b'"faces":1', b'"faces":1e999'), "not valid JSON"),
        (entry(1).replace(b'"faces":1', b'"faces":' + b"9" * 50_000), "not valid JSON"),
        (entry(1).replace(b'"faces":1', b'"faces":9007199254740992'), "not valid JSON"),
        (entry(1).replace(b'"faces":1', b'"faces":-9007199254740992'), "not valid JSON"),
        (entry(1).replace(b'"faces":1', b'"faces":' + b"[" * 63 + b"]" * 63), "nested too deeply"),
        (entry(1).replace(b'"faces":1', b'"faces":' + b"[" * 30_000 + b"]" * 30_000), "nested too deeply"),
        (entry(1).replace(b"ann", b"\\ud800"), "UTF-8"),
        (entry(1).replace(b"ann", b"\xff"), "UTF-8"),
        (b"\xef\xbb\xbf" + entry(1), "not valid JSON"),
        (entry(1) + b"{}", "not valid JSON"),
        (b"[1]", "not a JSON object"),
        (b"", "not valid JSON"),
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(VerificationError, match=what):
        Log([entry(0), data]).receipt(1).verify(TRUST)


def test_json_that_everybody_reads_alike_is_accepted() -> None:
    for value in (b"[" * 62 + b"]" * 62, b"9007199254740991", b"-9007199254740991", b'"' + b"[" * 900 + b'"', b"1.5"):
        Log([entry(0).replace(b'"faces":0', b'"faces":' + value)]).receipt(0).verify(TRUST)


GOOD = LOG.receipt(5, 300).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\n\n",
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("index 5", "index 05"),
        GOOD.replace("index 5", "index  5"),
        GOOD.replace("index 5", "index 6"),
        GOOD.replace("index 5", f"index {2**70}"),
        GOOD.replace("index 5", "index " + "9" * 100_000),
        GOOD.replace("extra ", "Extra "),
        GOOD.replace(GOOD.split("\n")[1] + "\n", ""),
        GOOD.replace("index 5\n", "index 5\n" + encode_base64(bytes(32)) + "\n"),
        GOOD.replace("index 5\n", "index 5\n" + (encode_base64(bytes(32)) + "\n") * 64),
        GOOD.replace("index 5\n", "index 5\n" + encode_base64(bytes(31)) + "\n"),
        GOOD.replace("index 5\n", "index 5\n\n"),
        GOOD + "\n",
        GOOD + "x",
        GOOD[:-1],
        "\n" + GOOD,
        "\ufeff" + GOOD,
        "x" * 3_000_000,
    ],
)
def test_malformed_receipts_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        Receipt.parse(text.encode()).verify(TRUST)


def test_a_proof_that_starts_elsewhere_is_refused() -> None:
    with pytest.raises(VerificationError, match="starts at 100 entries"):
        LOG.consistency(100).verify(LOG.checkpoint(101))
    with pytest.raises(VerificationError, match="two logs"):
        LOG.consistency(100).verify(Log(LOG.entries, origin="other").checkpoint(100))


def test_bounds_are_kept_before_anything_is_computed() -> None:
    growth = LOG.consistency(100)
    with pytest.raises(VerificationError, match="64 lines of proof"):
        ConsistencyProof.parse(ConsistencyProof(100, (bytes(32),) * 64, growth.note).text())
    big = entry(0, details={"x": "x" * 66_000})
    with pytest.raises(VerificationError, match="longer than 65535 bytes"):
        Receipt.parse(Log([big]).receipt(0).text())


def test_from_an_empty_log_there_is_nothing_to_prove() -> None:
    growth = LOG.consistency(0)
    assert growth.verify(LOG.checkpoint(0)) == LOG.checkpoint()
    with pytest.raises(VerificationError, match="must be empty"):
        ConsistencyProof(0, (bytes(32),), growth.note).verify(LOG.checkpoint(0))
    with pytest.raises(VerificationError, match="must be empty"):
        growth.verify(Checkpoint(ORIGIN, 0, bytes(32)))


def test_a_fork_is_found() -> None:
    entries = list(LOG.entries)
    entries[40] = entry(40, operator="mallory")
    fork = Log(entries)
    with pytest.raises(VerificationError, match="rewritten"):
        fork.consistency(100).verify(LOG.checkpoint(100))
    with pytest.raises(VerificationError, match="two different logs of 300 entries"):
        fork.consistency(300).verify(LOG.checkpoint(300))
    assert fork.consistency(40).verify(LOG.checkpoint(40)) == fork.checkpoint(300)
