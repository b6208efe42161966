"""Every pack that is shipped: its texts agree with one another, and its vectors with its rules."""

from importlib import resources
from pathlib import Path

import pytest

from policy.situations import decide
from recognizance.policy import Pack, PackText, read_pack
from recognizance.policy.vectors import Vector, read_vectors

SHIPPED = Path(str(resources.files("recognizance.policy").joinpath("packs")))
FOLDERS = sorted(path for path in SHIPPED.iterdir() if path.is_dir())
PACKS = {
    folder.name: read_pack(PackText((folder / "pack.toml").read_text("utf-8"), (folder / "rules.cedar").read_text()))
    for folder in FOLDERS
}
VECTORS = {folder.name: read_vectors((folder / "vectors.toml").read_text("utf-8")) for folder in FOLDERS}
ALL = [pytest.param(PACKS[name], vector, id=f"{name}: {vector.name}") for name in PACKS for vector in VECTORS[name]]
EACH = pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))


def test_the_packs_are_those_that_were_asked_for() -> None:
    assert set(PACKS) == {
        "vendor-public-safety",
        "us-wa-rcw-43.386",
        "us-wa-2019-bill",
        "us-co-sb22-113",
        "us-md-2-501",
        "us-ma-6-220",
        "us-ma-moratorium",
        "us-me-6001",
        "us-va-15.2-1723.2",
        "us-detroit-2024",
        "us-sf-ban",
        "us-portland-ban",
        "us-il-bipa",
        "eu-ai-act-5-1-h",
        "eu-ai-act-14-5",
        "uk-live-fr",
        "georgetown-model",
    }
    assert all(pack.id == name for name, pack in PACKS.items())


@pytest.mark.parametrize(("pack", "vector"), ALL)
def test_a_vector_gives_what_it_expects(pack: Pack, vector: Vector) -> None:
    decision, applied = decide(pack, vector)
    assert type(decision).__name__.lower() == vector.expect, decision
    named = {reason.rule for reason in (*decision.reasons, *(applied.raised if applied else ()))}
    assert set(vector.rules) <= named, named
    if vector.threshold_applied_percent is not None:
        assert applied is not None
        assert applied.threshold_percent == vector.threshold_applied_percent


@EACH
def test_every_rule_is_reached_by_a_vector(pack: Pack) -> None:
    reached: set[str] = set()
    for vector in VECTORS[pack.id]:
        decision, applied = decide(pack, vector)
        reached |= {reason.rule for reason in (*decision.reasons, *(applied.raised if applied else ()))}
    assert {f"{pack.id}/{each.id}" for each in (*pack.about.rule, *pack.about.floor)} <= reached


@EACH
def test_every_rule_is_expected_by_name_somewhere(pack: Pack) -> None:
    expected = {rule for vector in VECTORS[pack.id] for rule in vector.rules}
    assert {f"{pack.id}/{each.id}" for each in (*pack.about.rule, *pack.about.floor)} <= expected


@EACH
def test_there_are_vectors_of_every_kind(pack: Pack) -> None:
    vectors = VECTORS[pack.id]
    assert len(vectors) >= 8
    wanted = {"allowed", "refused", "boundary", "emergency", "expiry"}
    if any(type(decide(pack, vector)[0]).__name__ == "Referred" for vector in vectors):
        wanted.add("referred")
    assert wanted <= {vector.kind for vector in vectors}


@EACH
def test_it_says_what_it_is_worth(pack: Pack) -> None:
    about = pack.about
    assert "not legal advice" in about.disclaimer.lower()
    assert about.cannot
    assert about.source
    assert not any(source.verified or source.quoted for source in about.source)
    used = {each.source for each in (*about.rule, *about.floor)}
    assert used == {source.key for source in about.source}
    for rule in about.rule:
        permits = pack.rules.effects[rule.id] == "permit"
        assert permits or rule.remedy, f"{rule.id} forbids, and does not say what would satisfy it"


def test_the_vendors_99_is_marked_as_our_reading() -> None:
    (floor,) = PACKS["vendor-public-safety"].about.floor
    assert floor.least_percent == 99
    assert "our reading" in floor.reading.lower()
    assert "extrapolated beyond the measured range" in floor.reading
