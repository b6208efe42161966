"""Reading packs: from their texts to rules, or to everything that is wrong with them."""

import tomllib

from pydantic import ValidationError

from recognizance.errors import PackError
from recognizance.policy.cedar import parse_rules
from recognizance.policy.pack import (
    CANNOT_BE_DECIDED,
    NOTHING_PERMITS,
    BrokenPack,
    Description,
    Floor,
    Pack,
    PackText,
    Rule,
)
from recognizance.policy.standing import ROLES

_RESERVED_PACKS = frozenset({"standing", "authority"})
_RESERVED_NAMES = frozenset({NOTHING_PERMITS, CANNOT_BE_DECIDED})


def read_pack(text: PackText) -> Pack:
    """Read a pack.

    Raises
    ------
    PackError
        With every problem at once.
    """
    about, problems = _describe(text.description)
    rules, more = parse_rules(text.rules)
    problems += more
    if about is not None:
        problems += _inconsistencies(about)
    if about is not None and rules is not None:
        problems += _mismatches(about, frozenset(rules.effects))
        if about.review.withhold and rules.reads_result:
            named = ", ".join(sorted(rules.reads_result))
            problems.append(
                f"rules.cedar: {named} looks at the result, and review.withhold is set: whether a result is withheld "
                "would tell what it is."
            )
    if about is None or rules is None or problems:
        raise PackError(f"The pack{f' {about.id}' if about else ''} cannot be used.", problems)
    return Pack(about, rules, text)


def read_or_refuse(identifier: str, text: PackText) -> Pack | BrokenPack:
    """Read a pack that is on; one that cannot be read is one that refuses."""
    try:
        return read_pack(text)
    except PackError as error:
        return BrokenPack(identifier, text.digest, error.problems)


def _describe(text: str) -> tuple[Description | None, list[str]]:
    try:
        return Description.model_validate(tomllib.loads(text)), []
    except ValidationError as error:
        return None, [
            f"pack.toml: {'.'.join(map(str, item['loc']))}: {item['msg']}."
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    except ValueError as error:
        return None, [f"pack.toml cannot be read: {error}."]
    except RecursionError:
        return None, ["pack.toml cannot be read: it is nested too deep."]


def _inconsistencies(about: Description) -> list[str]:
    problems = []
    if about.id in _RESERVED_PACKS:
        problems.append(f"pack.toml: no pack can be called {about.id}.")
    if "not legal advice" not in about.disclaimer.lower():
        problems.append("pack.toml: disclaimer: it has to say “Not legal advice”.")
    if about.effective_from and about.effective_until and about.effective_until < about.effective_from:
        problems.append("pack.toml: effective_until is before effective_from.")
    keys = [source.key for source in about.source]
    worded: tuple[Rule | Floor, ...] = (*about.rule, *about.floor)
    names = [each.id for each in worded]
    problems += [f"pack.toml: two sources are called {key}." for key in _repeated(keys)]
    problems += [f"pack.toml: two rules or floors are called {name}." for name in _repeated(names)]
    problems += [f"pack.toml: {name} is a name of the engine's own." for name in names if name in _RESERVED_NAMES]
    problems += [
        f"pack.toml: {each.id} names the source {each.source}, which is not there."
        for each in worded
        if each.source not in keys
    ]
    problems += [
        f"pack.toml: the source {source.key} is verified, and nothing of it is quoted."
        for source in about.source
        if source.verified and source.quoted is None
    ]
    for floor in about.floor:
        if floor.percent is not None and floor.fmr is not None:
            problems.append(f"pack.toml: the floor {floor.id} gives both percent and fmr.")
        if floor.percent is None and floor.fmr is None and floor.candidates_max is None:
            problems.append(f"pack.toml: the floor {floor.id} sets neither percent, fmr nor candidates_max.")
        problems += [
            f"pack.toml: the floor {floor.id} names {role}, which is no role." for role in _strangers(floor.roles)
        ]
    return problems


def _mismatches(about: Description, ruled: frozenset[str]) -> list[str]:
    described = frozenset(rule.id for rule in about.rule)
    return [
        *(f"rules.cedar has the rule {name}, and pack.toml no [[rule]] for it." for name in sorted(ruled - described)),
        *(f"pack.toml describes the rule {name}, which rules.cedar has not." for name in sorted(described - ruled)),
    ]


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _strangers(roles: frozenset[str]) -> list[str]:
    return sorted(roles - frozenset(ROLES))
