import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.audit import merkle, tiles


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (1, 1234067, 256, "tile/1/x001/x234/067"),
        (0, 999, 8, "tile/0/999.p/8"),
        (2, 1000, 1, "tile/2/x001/000.p/1"),
    ],
)
def test_tiles_lie_where_the_format_says(level, index, width, path):
    assert tiles.tile_path(level, index, width) == path


def test_bundles_lie_beside_the_tiles():
    assert tiles.bundle_path(3, 5) == "tile/entries/003.p/5"


@pytest.mark.parametrize(("index", "width"), [(-1, 256), (0, 0), (0, 257)])
def test_tiles_that_cannot_be_are_refused(index, width):
    with pytest.raises(ValueError, match="tile"):
        tiles.tile_path(0, index, width)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_comes_apart_again(entries):
    assert tiles.unbundle(tiles.bundle(entries)) == entries


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5), st.integers(1, 10))
def test_a_bundle_that_is_cut_is_refused_or_shorter(entries, cut):
    framed = tiles.bundle(entries)
    try:
        found = tiles.unbundle(framed[:-cut])
    except ValueError:
        return
    assert found == entries[: len(found)]
    assert len(found) < len(entries)


def test_an_entry_above_the_length_field_is_refused():
    with pytest.raises(ValueError, match="65,535"):
        tiles.bundle([bytes(65536)])


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 70_000])
def test_the_root_comes_out_of_the_tiles_alone(size):
    leaves = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]
    written = dict(tiles.hash_tiles(leaves))
    levels: dict[int, list[bytes]] = {}
    for level in range(3):
        count = size >> (8 * level)
        hashes: list[bytes] = []
        for index in range(-(-count // 256)):
            width = min(256, count - index * 256)
            hashes += tiles.split_tile(written.pop(tiles.tile_path(level, index, width)))
        levels[level] = hashes
        assert len(hashes) == count
    assert not written
    assert levels[0] == leaves
    assert merkle.root_of(leaves) == _root_of_levels(size, levels)


def _root_of_levels(size: int, levels: dict[int, list[bytes]]) -> bytes:
    edge: list[bytes] = []
    at = 0
    for level in (2, 1, 0):
        span = 256**level
        taken = at // span
        tops = levels[level][taken : size // span]
        edge_part = merkle.Frontier().extended(tops)
        edge += edge_part.hashes
        at += len(tops) * span
    root = edge[-1] if edge else merkle.EMPTY_ROOT
    for left in reversed(edge[:-1]):
        root = merkle.node_hash(left, root)
    return root
