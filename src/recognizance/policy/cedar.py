"""Cedar, which evaluates the rules of packs.

Cedar by itself fails open: a ``forbid`` that cannot be evaluated, for want of an attribute or by an overflow, is
skipped, and the act allowed.  So rules are validated against a schema in which every fact is required, each request is
held against the schema too, and whatever is not a clean answer is no answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cedarpy import (
    AuthzResult,
    Decision,
    Entities,
    PolicySet,
    Schema,
    is_authorized,
    policies_to_json_str,
    validate_policies,
)

from recognizance.policy.extent import excess
from recognizance.policy.spelling import misspelt

ASK = "ask"
"""May this act be done at all?"""

RELEASE = "release"
"""May its result go out without a review?"""

_FACTS = """
    act: String, purpose: String, purpose_basis: String, offence: String, has_case: Bool,
    authority_kind: String, authority_state: String,
    agency: String, roles: Set<String>, training: String, training_kind: String, in_session: Bool,
    source: String, edits: Set<String>, edits_stated: Bool,
    threshold_requested_thousandths: Long, threshold_thousandths: Long, candidates_max: Long, targets: Long,
    attributes: Bool, time_s: Long,
"""

SCHEMA = f"""
entity Operator;
entity Gallery;
type Result = {{
    known: Bool, candidates: Long, best_thousandths: Long, sharpness: Long, brightness: Long,
    face_px: Long, references_searched: Long,
}};
action ask appliesTo {{ principal: Operator, resource: Gallery, context: {{ {_FACTS} }} }};
action release appliesTo {{ principal: Operator, resource: Gallery, context: {{ {_FACTS} result: Result }} }};
"""
"""In Cedar's own notation; docs/rules.md says what each fact means."""

_IS_RESULT = "attr", "result"
"""Whatever it is taken from: no other fact is called so."""

_IS_GALLERY = "type", "Gallery"


@dataclass(frozen=True, slots=True)
class Question:
    """An action and the facts for it, written for Cedar and held against the schema: what `put_question` makes.

    ``failure`` says why it cannot be asked; empty if it can.
    """

    request: dict[str, Any]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a set of rules says of one question.

    Attributes
    ----------
    allowed : bool
        Whether a ``permit`` holds and no ``forbid`` does.
    rules : tuple of str
        Those that decided: the ``forbid`` rules that hold, or else the ``permit`` rules; none if nothing permits.
    failure : str
        Why there is no answer; empty if there is one.  Whoever asks has to refuse then.
    """

    allowed: bool
    rules: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Parsed rules.

    ``effects`` maps each rule's name to ``permit`` or ``forbid``; ``reads_result`` names those that look at the result,
    ``names_gallery`` those that say one thing of one gallery and another of others.
    """

    effects: Mapping[str, str]
    reads_result: frozenset[str]
    names_gallery: frozenset[str]
    _policies: PolicySet = field(repr=False, compare=False)

    def judge(self, question: Question) -> Verdict:
        """Answer a question; one that cannot be asked has no answer."""
        if question.failure:
            return Verdict(False, failure=question.failure)
        return _verdict(is_authorized(question.request, self._policies, _no_entities()))


def put_question(action: str, facts: Mapping[str, Any], operator: str, gallery: str) -> Question:
    """Write a question, and hold it against the schema: once, however many packs are asked.

    Parameters
    ----------
    facts : mapping
        Each that the schema names, and no other.
    operator, gallery : str
        Whom and what it concerns.
    """
    request = {
        "principal": {"type": "Operator", "id": operator},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Gallery", "id": gallery},
        "context": json.dumps(facts),
    }
    return Question(request, _verdict(is_authorized(request, _no_policies(), _no_entities(), _schema())).failure)


def parse_rules(text: str) -> tuple[Rules | None, list[str]]:
    """Parse the rules of a pack; without problems there are rules.

    Returns
    -------
    Rules or None
    list of str
        Every problem, as a sentence.
    """
    if too_much := excess(text):
        return None, [f"rules.cedar cannot be read: {too_much}."]
    try:
        return _parse(text)
    except ValueError as error:
        return None, [f"rules.cedar cannot be read: {error}."]
    except RecursionError:
        return None, ["rules.cedar cannot be read: a rule has too many parts."]


def _parse(text: str) -> tuple[Rules | None, list[str]]:
    parsed = json.loads(policies_to_json_str(text))
    problems = [f"rules.cedar: {name} is a template, which nothing can decide by." for name in parsed["templates"]]
    named: dict[str, Any] = {}
    names: dict[str, str] = {}
    for position, policy in parsed["staticPolicies"].items():
        name = policy.get("annotations", {}).get("id")
        if not name:
            problems.append(f'rules.cedar: {position} (counted from 0) has no @id("…").')
        elif name in named:
            problems.append(f"rules.cedar: two rules are called {name}.")
        else:
            named[name] = policy
            problems += [f"rules.cedar: {name}: {told}." for told in misspelt(policy["conditions"])]
        names[position] = name or position
    for found in validate_policies(text, _schema()).errors:
        name = names.get(found.policy_id, "")
        told = found.error.replace(f"for policy `{found.policy_id}`, ", "")
        problems.append(f"rules.cedar: {name}: {told}." if name else f"rules.cedar: {told}.")
    if problems:
        return None, problems
    policies = PolicySet.from_json_str(json.dumps({**parsed, "staticPolicies": named}))
    effects = {name: str(policy["effect"]) for name, policy in named.items()}
    reading = frozenset(name for name, policy in named.items() if _holds(policy["conditions"], _IS_RESULT))
    naming = frozenset(name for name, policy in named.items() if _holds(policy, _IS_GALLERY))
    return Rules(effects, reading, naming, policies), []


def _verdict(answer: AuthzResult) -> Verdict:
    if answer.diagnostics.errors:
        return Verdict(False, failure="; ".join(answer.diagnostics.errors))
    if answer.decision is Decision.NoDecision:
        return Verdict(False, failure="Cedar came to no decision")
    return Verdict(answer.decision is Decision.Allow, tuple(sorted(answer.diagnostics.reasons)))


def _holds(node: Any, member: tuple[str, str]) -> bool:
    """Whether an object somewhere in a rule has this member."""
    if isinstance(node, dict):
        return member in node.items() or any(_holds(each, member) for each in node.values())
    return isinstance(node, list) and any(_holds(each, member) for each in node)


@cache
def _schema() -> Schema:
    return Schema.from_str(SCHEMA)


@cache
def _no_policies() -> PolicySet:
    return PolicySet.from_str("")


@cache
def _no_entities() -> Entities:
    return Entities.from_json_str("[]")
