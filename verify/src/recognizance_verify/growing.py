"""A tree that grows by whole tiles, kept as the unfinished tile of each level: a few kilobytes for any size."""

from collections.abc import Callable, Sequence

from recognizance_verify.tiles import TILE_WIDTH
from recognizance_verify.tree import EMPTY_ROOT, node_hash

TakeTile = Callable[[int, int, Sequence[bytes]], None]
"""(level, index, hashes): called once for every hash tile of the tree."""


class GrowingTree:
    """Hashes a log's leaves, in order, into its tiles and its root.

    Parameters
    ----------
    take_tile : callable
        Is given each tile as soon as it is complete and, by `finish`, the partial ones.
    """

    def __init__(self, take_tile: TakeTile) -> None:
        self._take_tile = take_tile
        self._unfinished: list[list[bytes]] = [[]]
        self._finished: list[int] = [0]

    def append(self, leaf: bytes) -> None:
        """Add the next leaf's hash."""
        level = 0
        node = leaf
        while True:
            tile = self._unfinished[level]
            tile.append(node)
            if len(tile) < TILE_WIDTH:
                return
            self._take_tile(level, self._finished[level], tile)
            node = _complete_root(tile)
            self._unfinished[level] = []
            self._finished[level] += 1
            level += 1
            if level == len(self._unfinished):
                self._unfinished.append([])
                self._finished.append(0)

    def root(self) -> bytes:
        """Compute the root over the leaves so far."""
        root = b""
        for tile in self._unfinished:  # from the lowest, so rightmost
            end = len(tile)
            while end:
                width = end & -end
                left = _complete_root(tile[end - width : end])
                root = node_hash(left, root) if root else left
                end -= width
        return root or EMPTY_ROOT

    def finish(self) -> None:
        """Give the partial tiles."""
        for level, tile in enumerate(self._unfinished):
            if tile:
                self._take_tile(level, self._finished[level], tile)


def _complete_root(hashes: Sequence[bytes]) -> bytes:
    """Hash a power of two of nodes to one."""
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
