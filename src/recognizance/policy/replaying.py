"""Facts as the record keeps them, so that a decision can be made again."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from recognizance.policy.facts import RequestFacts, ResultFacts

_SETS = ("roles", "edits")
_REQUEST = frozenset(field.name for field in fields(RequestFacts))
_RESULT = frozenset(field.name for field in fields(ResultFacts))


def spell_facts(facts: RequestFacts, result: ResultFacts | None = None) -> dict[str, Any]:
    """Write facts as JSON can hold them."""
    spelt = asdict(facts)
    spelt["time"] = facts.time.isoformat()
    for name in _SETS:
        spelt[name] = None if spelt[name] is None else sorted(spelt[name])
    spelt["contradictions"] = list(facts.contradictions)
    return {"request": spelt, "result": None if result is None else asdict(result)}


def read_facts(spelt: Mapping[str, Any]) -> tuple[RequestFacts, ResultFacts | None]:
    """Read what `spell_facts` wrote.

    A fact that this version does not know is passed over, and one that the writer did not know has its default: that
    nothing is known.
    """
    known = {name: value for name, value in spelt["request"].items() if name in _REQUEST}
    for name in _SETS:
        known[name] = None if known.get(name) is None else frozenset(known[name])
    known["time"] = datetime.fromisoformat(known["time"])
    known["contradictions"] = tuple(known.get("contradictions", ()))
    found = spelt["result"]
    result = None if found is None else {name: value for name, value in found.items() if name in _RESULT}
    return RequestFacts(**known), None if result is None else ResultFacts(**result)
