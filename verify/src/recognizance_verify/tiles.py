"""The layout of a log in files, after C2SP tlog-tiles.

A hash tile holds up to 256 consecutive hashes of a tree level that is a multiple of 8; an entry tile up to 256 entries.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from recognizance_verify.encoding import HASH_BYTES
from recognizance_verify.errors import VerificationError
from recognizance_verify.tree import node_hash

TILE_WIDTH = 256
TILE_HEIGHT = 8
ENTRY_BYTES_MAX = 0xFFFF
_LENGTH_BYTES = 2

ReadTile = Callable[[int, int, int], bytes]
"""(tile level, tile index, width) to the tile's bytes."""


def tile_path(level: int | None, index: int, width: int = TILE_WIDTH) -> str:
    """Name a tile's file; level None means entries."""
    groups = []
    rest = index
    while rest > 999:
        rest, group = divmod(rest, 1000)
        groups.append(f"{group:03}")
    groups.append(f"{rest:03}")
    number = "/".join([f"x{group}" for group in reversed(groups[1:])] + groups[:1])
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{number}{partial}"


def pack_entries(entries: list[bytes]) -> bytes:
    """Write an entry tile: each entry after its length in two bytes."""
    parts = []
    for entry in entries:
        if len(entry) > ENTRY_BYTES_MAX:
            raise VerificationError(f"An entry of {len(entry)} bytes is too long; a log takes {ENTRY_BYTES_MAX}.")
        parts.append(len(entry).to_bytes(_LENGTH_BYTES, "big"))
        parts.append(entry)
    return b"".join(parts)


def unpack_entries(tile: bytes) -> list[bytes]:
    """Read an entry tile.

    Raises
    ------
    VerificationError
        If it ends in the middle of an entry.
    """
    entries = []
    place = 0
    while place < len(tile):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(tile[place:start], "big")
        if start > len(tile) or place > len(tile):
            raise VerificationError("The entry tile ends in the middle of an entry.")
        entries.append(tile[start:place])
    return entries


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """List the hash tiles that a log of this size needs: (level, index, width), lowest level first.

    The entry tiles are those of level 0.
    """
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        full, partial = divmod(hashes, TILE_WIDTH)
        for index in range(full):
            yield level, index, TILE_WIDTH
        if partial:
            yield level, full, partial
        level += 1


class TileHashes:
    """The hashes of a log's complete subtrees, read from its tiles.

    Parameters
    ----------
    read_tile : callable
        Gives a tile's bytes for (level, index, width).
    size : int
        Entries in the log: it decides how wide the last tile of each level is.
    kept_tiles : int
        How many tiles are kept in memory; a proof needs a few of each level.
    """

    def __init__(self, read_tile: ReadTile, size: int, kept_tiles: int = 32) -> None:
        self.size = size
        self._read_tile = read_tile
        self._kept_tiles = kept_tiles
        self._tiles: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def hash_at(self, level: int, index: int) -> bytes:
        """Find the hash of a complete subtree: a `tree.HashAt`.

        Raises
        ------
        VerificationError
            If the log has no such complete subtree, or the tile has not its length.
        """
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise VerificationError(
                f"A log of {self.size} entries has no complete subtree {index} of 2**{level} entries."
            )
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, place = divmod(index << height, TILE_WIDTH)
        tile = self._tile(tile_level, tile_index)
        hashes = [
            tile[at : at + HASH_BYTES]
            for at in range(place * HASH_BYTES, (place + (1 << height)) * HASH_BYTES, HASH_BYTES)
        ]
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def _tile(self, level: int, index: int) -> bytes:
        key = level, index
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        width = min(TILE_WIDTH, (self.size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
        tile = self._read_tile(level, index, width)
        if len(tile) != width * HASH_BYTES:
            raise VerificationError(
                f"{tile_path(level, index, width)} has {len(tile)} bytes and not {width * HASH_BYTES}."
            )
        self._tiles[key] = tile
        if len(self._tiles) > self._kept_tiles:
            self._tiles.popitem(last=False)
        return tile
