"""CSV cells that a spreadsheet does not take for formulas: names and labels come from whoever made the photographs."""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(cell: object) -> object:
    """Put an apostrophe before text that begins like a formula; a number stays one."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unguarded(cell: str) -> str:
    """Take away the apostrophe that `guarded` put."""
    return cell[1:] if _GUARDED.match(cell) else cell
