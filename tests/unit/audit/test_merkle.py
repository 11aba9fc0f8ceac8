from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.audit import merkle
from intelhub.audit.merkle import Frontier

# The eight leaves and roots of the reference implementation of RFC 6962 (google/certificate-transparency).
LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size):
    assert merkle.root_of([merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_the_empty_tree_is_the_hash_of_nothing():
    assert Frontier().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.integers(0, 300), st.integers(0, 300))
def test_growing_in_two_steps_gives_the_root_of_the_definition(first, second):
    leaves = hashes(first + second)
    grown = Frontier().extended(leaves[:first]).extended(leaves[first:])
    assert grown.size == len(leaves)
    assert grown.root() == plain_root(leaves)
    assert Frontier.unpacked(grown.size, grown.packed()) == grown


@given(st.data(), st.integers(1, 130))
def test_an_inclusion_proof_holds_for_its_leaf_and_no_other(data, size):
    leaves = hashes(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(leaves, index)
    root = plain_root(leaves)
    assert merkle.is_included(leaves[index], index, size, proof, root)
    assert not merkle.is_included(merkle.leaf_hash(b"another"), index, size, proof, root)
    assert not merkle.is_included(leaves[index], size, size, proof, root)
    assert not merkle.is_included(leaves[index], index, size, (*proof, root), root)
    if proof:
        assert not merkle.is_included(leaves[index], index, size, proof[:-1], root)


@given(st.data(), st.integers(1, 130))
def test_a_consistency_proof_holds_for_a_beginning_and_nothing_else(data, size):
    leaves = hashes(size)
    old = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(leaves, old)
    old_root, root = plain_root(leaves[:old]), plain_root(leaves)
    assert merkle.is_consistent(old, old_root, size, root, proof)
    assert not merkle.is_consistent(old, merkle.leaf_hash(b"x"), size, root, proof)
    assert not merkle.is_consistent(old, old_root, size, merkle.leaf_hash(b"x"), proof)
    assert not merkle.is_consistent(old, old_root, size, root, (*proof, root))
    rewritten = [merkle.leaf_hash(b"x"), *leaves[1:]]
    assert not merkle.is_consistent(
        old, old_root, size, plain_root(rewritten), merkle.consistency_proof(rewritten, old)
    )


def test_proofs_outside_the_tree_are_refused():
    leaves = hashes(3)
    for index in (-1, 3):
        with pytest.raises(IndexError):
            merkle.inclusion_proof(leaves, index)
    for old in (0, 4):
        with pytest.raises(IndexError):
            merkle.consistency_proof(leaves, old)
    assert not merkle.is_consistent(0, merkle.EMPTY_ROOT, 3, plain_root(leaves), ())


@pytest.mark.parametrize(("size", "packed"), [(1, b""), (0, b"x" * 32), (1, b"x" * 31), (3, b"x" * 32), (-1, b"")])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size, packed):
    with pytest.raises(ValueError, match="frontier"):
        Frontier.unpacked(size, packed)
