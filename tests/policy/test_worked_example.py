"""The worked example of docs/rules.md is a pack, and its vectors say what it says."""

import re
from pathlib import Path

import pytest

from policy.situations import decide
from recognizance.policy import PackText, read_pack
from recognizance.policy.cedar import SCHEMA
from recognizance.policy.vectors import Vector, read_vectors

MANUAL = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def file(name: str) -> str:
    found = re.search(rf"`marsh-county/{re.escape(name)}`[^\n]*:\n\n```\w+\n(.*?)```", MANUAL, re.DOTALL)
    assert found is not None
    return found[1]


PACK = read_pack(PackText(file("pack.toml"), file("rules.cedar")))
VECTORS = read_vectors(file("vectors.toml"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_its_vectors_give_what_they_expect(vector: Vector) -> None:
    decision, applied = decide(PACK, vector)
    assert type(decision).__name__.lower() == vector.expect
    assert set(vector.rules) <= {reason.rule for reason in (*decision.reasons, *(applied.raised if applied else ()))}
    if vector.threshold_applied_percent is not None:
        assert applied is not None
        assert applied.threshold_percent == vector.threshold_applied_percent


def test_every_rule_is_expected_somewhere() -> None:
    named = {rule for vector in VECTORS for rule in vector.rules}
    assert {f"marsh-county/{each.id}" for each in (*PACK.about.rule, *PACK.about.floor)} <= named


def test_the_manual_has_every_fact() -> None:
    facts = set(re.findall(r"(\w+): (?:String|Bool|Long|Set<String>)", SCHEMA))
    assert facts
    assert {fact for fact in facts if f"`{fact}`" not in MANUAL and f"`result.{fact}`" not in MANUAL} == set()


def test_the_manual_has_every_pack_that_is_shipped() -> None:
    packs = Path(__file__).parents[2] / "src" / "recognizance" / "policy" / "packs"
    for folder in packs.iterdir():
        assert f"`{folder.name}`" in MANUAL


def test_the_manual_has_every_member_of_a_vector() -> None:
    for name in Vector.model_fields:
        assert f"`{name}`" in MANUAL
