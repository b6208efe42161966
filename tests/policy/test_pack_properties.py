"""What holds of every pack that is shipped, whatever is asked."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.situations import facts_of
from policy.test_shipped_packs import PACKS, VECTORS
from recognizance.policy import BIOMETRIC, Allowed, Pack, Referred, Refused, RequestFacts, judge

EACH = st.sampled_from([PACKS[name] for name in sorted(PACKS)])
BANS = ("us-ma-moratorium", "us-sf-ban", "us-portland-ban")

# What vectors name, so that what packs look for comes up often.
SEEN = [vector for vectors in VECTORS.values() for vector in vectors]
PURPOSES = sorted({vector.purpose for vector in SEEN if vector.purpose})
OFFENCES = sorted({vector.offence for vector in SEEN if vector.offence})

FACTS = st.builds(
    RequestFacts,
    operator=st.just("ivy"),
    roles=st.frozensets(st.sampled_from(["investigator", "examiner", "supervisor"]), min_size=1),
    active=st.just(True),
    operation=st.sampled_from(sorted(BIOMETRIC)),
    time=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),
    training=st.sampled_from(["current", "expired", "none"]),
    in_session=st.booleans(),
    gallery=st.none() | st.text(),
    threshold_percent=st.none() | st.floats(0, 100),
    purpose=st.none() | st.sampled_from(PURPOSES) | st.text(),
    purpose_basis=st.none() | st.just("a law"),
    case=st.none() | st.just("2026-17"),
    offence=st.none() | st.sampled_from(OFFENCES) | st.text(),
    authority_kind=st.sampled_from(
        ["warrant", "court-order", "emergency", "missing-person", "deceased-person", "consent"]
    ),
    authority_state=st.sampled_from(["none", "valid"]),
    source=st.sampled_from(["still", "stored-video", "live", "unstated"]),
    edits=st.none() | st.frozensets(st.sampled_from(["cropped", "rotated", "lightened", "sketch"])),
    candidates_max=st.none() | st.integers(1, 4096),
    targets=st.integers(0, 100),
)
SAYING_LESS = {
    "no training": {"training": "none"},
    "no registered purpose": {"purpose_basis": None},
    "no purpose": {"purpose": None, "purpose_basis": None},
    "no case": {"case": None, "offence": None, "authority_kind": None, "authority_state": "none"},
    "no offence": {"offence": None},
    "no authority": {"authority_kind": None, "authority_state": "none"},
    "no source": {"source": "unstated"},
    "no edits": {"edits": None},
}


MANY = settings(max_examples=600)


def strictness(pack: Pack, facts: RequestFacts) -> int:
    return [Allowed, Referred, Refused].index(type(judge([pack], facts).decision))


@MANY
@given(EACH, FACTS)
def test_every_request_can_be_decided(pack: Pack, facts: RequestFacts) -> None:
    reasons = judge([pack], facts).decision.reasons
    assert reasons
    assert not any(reason.rule.endswith(("/cannot-be-decided", "/nothing-permits")) for reason in reasons)


@given(st.sampled_from(BANS), FACTS)
def test_a_ban_has_no_way_around(name: str, facts: RequestFacts) -> None:
    assert isinstance(judge([PACKS[name]], facts).decision, Refused)


@pytest.mark.parametrize("name", PACKS)
def test_who_says_less_is_not_treated_more_mildly(name: str) -> None:
    """Begin at the vectors, which lie on both sides of every line; requests of chance seldom come near one."""
    pack = PACKS[name]
    for vector, less in product(VECTORS[name], SAYING_LESS):
        facts = facts_of(vector)
        if vector.act not in BIOMETRIC or (name == "georgetown-model" and vector.act == "enrol"):
            continue  # what is enrolled for a case is a probe there
        if name == "vendor-public-safety" and less == "no source":
            continue  # as its `cannot` says
        assert strictness(pack, replace(facts, **SAYING_LESS[less])) >= strictness(pack, facts), (vector.name, less)


@MANY
@given(EACH, FACTS)
def test_no_search_goes_out_unreviewed_where_a_pack_refers(pack: Pack, facts: RequestFacts) -> None:
    if any(vector.expect == "referred" for vector in VECTORS[pack.id]):
        assert not isinstance(judge([pack], replace(facts, operation="search")).decision, Allowed)
