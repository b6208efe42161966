"""Words that no fact can ever be: a rule that compares with one would never hold, and nobody would notice."""

from collections.abc import Iterator, Mapping
from typing import Any

from recognizance.policy.facts import BIOMETRIC, KNOWN_VALUES
from recognizance.policy.standing import ROLES

_WORDS: Mapping[str, frozenset[str]] = {
    **{fact: frozenset(words) for fact, words in KNOWN_VALUES.items()},
    "authority_kind": frozenset({"", *KNOWN_VALUES["authority_kind"]}),  # empty where no authority is known
    "act": BIOMETRIC,
    "roles": frozenset(ROLES),
}


def misspelt(conditions: Any) -> list[str]:
    """List the words, in Cedar's JSON of a rule's conditions, that a fact is compared with and cannot be."""
    return sorted({f"context.{fact} is never {word!r}" for fact, word in _compared(conditions) if _never(fact, word)})


def _never(fact: str, word: str) -> bool:
    return fact in _WORDS and word not in _WORDS[fact]


def _compared(node: Any) -> Iterator[tuple[str, str]]:
    """Find each fact with each word that it is compared with, or that is looked for among its words."""
    if isinstance(node, list):
        for each in node:
            yield from _compared(each)
    elif isinstance(node, dict):
        for sides in node.values():
            if isinstance(sides, dict) and {"left", "right"} <= sides.keys():
                for one, other in ((sides["left"], sides["right"]), (sides["right"], sides["left"])):
                    yield from ((fact, word) for fact in _fact(one) for word in _words(other))
            yield from _compared(sides)


def _fact(node: Any) -> list[str]:
    looked_up = node.get(".") if isinstance(node, dict) else None
    return [looked_up["attr"]] if looked_up and looked_up["left"] == {"Var": "context"} else []


def _words(node: Any) -> list[str]:
    if not isinstance(node, dict):
        return []
    if isinstance(node.get("Value"), str):
        return [node["Value"]]
    return [word for each in node.get("Set", []) for word in _words(each)]
