"""A small pack of the tests' own, and requests to hold against it."""

from datetime import UTC, datetime
from pathlib import Path

from recognizance.policy import Pack, PackText, RequestFacts, read_pack

DESCRIPTION = """
id = "county"
title = "County rules"
jurisdiction = "nowhere"
status = "model"
summary = "For tests."
disclaimer = "Not legal advice."

[[source]]
key = "manual"
citation = "The county's manual, page 1"

[[rule]]
id = "trained"
source = "manual"
words = "Only a trained person searches."
remedy = "Renew your training."

[[rule]]
id = "theft"
source = "manual"
words = "Searches are for theft."
remedy = "Name a case of theft."

[[rule]]
id = "everything"
source = "manual"
words = "What nothing forbids is permitted."

[[rule]]
id = "look-first"
source = "manual"
words = "A search for theft is reviewed."

[[floor]]
id = "least"
percent = 95.0
effect = "raise"
candidates_max = 10
source = "manual"
words = "Nothing below 95 % is searched."
"""

RULES = """
@id("everything")
permit(principal, action, resource);

@id("trained")
forbid(principal, action == Action::"ask", resource) when { context.training != "current" };

@id("theft")
forbid(principal, action == Action::"ask", resource)
when { context.act == "search" && !(["theft", "robbery"].contains(context.offence)) };

@id("look-first")
forbid(principal, action == Action::"release", resource) when { context.offence == "theft" };
"""

BARE = """
id = "{id}"
title = "Bare"
jurisdiction = "nowhere"
status = "model"
summary = "For tests."
disclaimer = "Not legal advice."
"""


def pack(description: str = DESCRIPTION, rules: str = RULES) -> Pack:
    return read_pack(PackText(description, rules))


def bare(identifier: str, rules: str = "", more: str = "") -> Pack:
    """Make a pack whose rules need no words."""
    return pack(BARE.format(id=identifier) + SOURCE + "".join(described(name) for name in named(rules)) + more, rules)


def write_pack(folder: Path, identifier: str, description: str = DESCRIPTION, rules: str = RULES) -> None:
    """Put a pack into a folder of packs; the small one, unless another is given."""
    place = folder / identifier
    place.mkdir(parents=True, exist_ok=True)
    named = description.replace('id = "county"', f'id = "{identifier}"', 1)
    place.joinpath("pack.toml").write_text(named, encoding="utf-8")
    place.joinpath("rules.cedar").write_text(rules, encoding="utf-8")


SOURCE = '[[source]]\nkey = "s"\ncitation = "A source"\n'


def described(name: str) -> str:
    return f'[[rule]]\nid = "{name}"\nsource = "s"\nwords = "About {name}."\n'


def named(rules: str) -> list[str]:
    return [part.split('"')[0] for part in rules.split('@id("')[1:]]


def request(**changes: object) -> RequestFacts:
    plain = {
        "operator": "ada",
        "roles": frozenset({"investigator"}),
        "active": True,
        "operation": "search",
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "training": "current",
        "offence": "robbery",
        "gallery": "people",
        "threshold_percent": 99.0,
        "candidates_max": 5,
    }
    return RequestFacts(**{**plain, **changes})
