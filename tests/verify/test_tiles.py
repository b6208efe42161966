import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizance_verify import VerificationError
from recognizance_verify.growing import GrowingTree
from recognizance_verify.tiles import TileHashes, pack_entries, tile_path, tiles_of, unpack_entries
from recognizance_verify.tree import inclusion_proof, leaf_hash, root_of, tree_root, verify_inclusion
from verify.building import make_log

LEAVES = [leaf_hash(b"%d" % at) for at in range(1024)]


def test_paths_are_those_of_the_specification() -> None:
    # https://c2sp.org/tlog-tiles, "Merkle Tree": "index 1234067 will be encoded as x001/x234/067".
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 0) == "tile/2/000"
    assert tile_path(None, 1000, 7) == "tile/entries/x001/000.p/7"
    assert tile_path(1, 999) == "tile/1/999"


def test_the_tiles_of_a_size_are_those_of_the_specification() -> None:
    # https://c2sp.org/tlog-tiles, "Partial Tiles": a tree of size 70,000 has 273 full level 0 tiles, one partial level
    # 0 tile of width 112, one full level 1 tile, one partial of width 17, and one partial level 2 tile of width 1.
    tiles = list(tiles_of(70_000))
    assert tiles[:273] == [(0, index, 256) for index in range(273)]
    assert tiles[273:] == [(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    # "a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1"
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_entries_are_packed_as_the_specification_says() -> None:
    # https://c2sp.org/tlog-tiles, "Log entries": big-endian uint16 length-prefixed.
    assert pack_entries([b"a", b"", b"b" * 258]) == b"\x00\x01a\x00\x00\x01\x02" + b"b" * 258


@given(st.lists(st.binary(max_size=600), max_size=20))
def test_packed_entries_are_unpacked(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries)) == entries


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=9), st.data())
def test_a_tile_cut_short_gives_no_entry_that_was_not_there(entries: list[bytes], data: st.DataObject) -> None:
    packed = pack_entries(entries)
    cut = data.draw(st.integers(0, len(packed) - 1))
    try:
        found = unpack_entries(packed[:cut])
    except VerificationError:
        return
    assert found == entries[: len(found)]
    assert len(found) < len(entries)


def test_an_entry_too_long_for_its_length_is_refused() -> None:
    pack_entries([bytes(65_535)])
    with pytest.raises(VerificationError, match="65536 bytes"):
        pack_entries([bytes(65_536)])


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 700])
def test_proofs_come_from_tiles(size: int) -> None:
    log = make_log(size)
    files = log.files()
    tiles = TileHashes(lambda level, index, width: files[tile_path(level, index, width)], size, kept_tiles=2)
    root = log.checkpoint().root
    assert tree_root(size, tiles.hash_at) == root
    for index in {0, size // 3, size // 2, size - 1}:
        proof = inclusion_proof(index, size, tiles.hash_at)
        verify_inclusion(index, size, log.hash_at(0, index), proof, root)


def test_large_logs_have_tiles_above_tiles() -> None:
    read: list[tuple[int, int, int]] = []
    size = 3 * 256**3 + 5 * 256**2 + 7 * 256 + 11

    def read_tile(level: int, index: int, width: int) -> bytes:
        read.append((level, index, width))
        return bytes(32 * width)

    tree_root(size, TileHashes(read_tile, size).hash_at)
    # Each level's partial tile holds what the one above does not cover.
    assert read == [
        (3, 0, 3),
        (2, 3, 5),
        (1, 3 * 256 + 5, 7),
        (0, (3 * 256 + 5) * 256 + 7, 11),
    ]
    assert set(read) <= {(level, index, width) for level, index, width in tiles_of(size) if width < 256}


@pytest.mark.parametrize(("level", "index"), [(0, 300), (8, 1), (9, 0), (-1, 0), (0, -1), (80, 0)])
def test_subtrees_that_are_not_complete_have_no_hash(level: int, index: int) -> None:
    with pytest.raises(VerificationError, match="no complete subtree"):
        TileHashes(lambda level, index, width: bytes(32 * width), 300).hash_at(level, index)


def test_a_tile_of_another_length_is_named() -> None:
    with pytest.raises(VerificationError, match=r"tile/0/001\.p/44 has 1440 bytes"):
        TileHashes(lambda level, index, width: bytes(32 * (width + 1)), 300).hash_at(0, 299)


@given(st.integers(0, 1024))
def test_a_growing_tree_has_the_tiles_and_the_root(size: int) -> None:
    given_tiles = {}

    def take(level: int, index: int, hashes: object) -> None:
        assert isinstance(hashes, list)
        given_tiles[level, index, len(hashes)] = b"".join(hashes)

    tree = GrowingTree(take)
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    assert tree.root() == root_of(LEAVES[:size])
    tree.finish()
    assert set(given_tiles) == set(tiles_of(size))
    hashes = TileHashes(lambda level, index, width: given_tiles[level, index, width], size)
    assert tree_root(size, hashes.hash_at) == tree.root()
