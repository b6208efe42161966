"""Paths of the log's pages.

References
----------
C2SP tlog-tiles.
"""

import re
from dataclasses import dataclass

from recognizance_verify.tiles import TILE_WIDTH, tile_path

PREFIX = "/log/"

_TILE = re.compile(
    r"tile/(?P<level>entries|\d{1,2})/(?P<index>(?:x\d{3}/){0,4}\d{3})(?:\.p/(?P<width>\d{1,3}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Page:
    """A tile; ``level`` is None for one of entries."""

    level: int | None
    index: int
    width: int


def parse_page(path: str) -> Page | None:
    """Read a tile's path below ``/log/``; None if it is none in the one spelling it has."""
    found = _TILE.fullmatch(path)
    if found is None:
        return None
    level = None if found["level"] == "entries" else int(found["level"])
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"]) if found["width"] else TILE_WIDTH
    if not 1 <= width <= TILE_WIDTH or tile_path(level, index, width) != path:
        return None
    return Page(level, index, width)
