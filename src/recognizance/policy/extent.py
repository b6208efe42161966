"""How large rules may be, judged before Cedar reads them: its parser ends the process on what is nested too deep."""

import re

CHARACTERS_MAX = 65_536
RULE_CHARACTERS_MAX = 4_096
NESTING_MAX = 24

_PARTS = re.compile(r'//[^\n\r]*|"(?:[^"\\]|\\.)*"|[(\[{]|[)\]}]|;', re.DOTALL)
"""Comments and strings, in which nothing counts as Cedar's, brackets, and the end of a rule."""


def excess(text: str) -> str:
    """Say what is too much; empty if nothing is."""
    if len(text) > CHARACTERS_MAX:
        return f"it has more than {CHARACTERS_MAX:,} characters"
    depth = length = seen = 0
    for found in _PARTS.finditer(text):
        part = found[0]
        length += found.start() - seen + (0 if part.startswith("//") else len(part))
        seen = found.end()
        if length > RULE_CHARACTERS_MAX:
            return _TOO_LONG
        if part in "([{":
            depth += 1
            if depth > NESTING_MAX:
                return f"brackets are nested more than {NESTING_MAX} deep"
        elif part in ")]}":
            depth = max(0, depth - 1)
        elif part == ";":
            length = 0
    return _TOO_LONG if length + len(text) - seen > RULE_CHARACTERS_MAX else ""


_TOO_LONG = f"a rule has more than {RULE_CHARACTERS_MAX:,} characters, not counting comments"
