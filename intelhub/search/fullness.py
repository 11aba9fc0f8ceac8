"""How much of a question a document holds: what is counted of it, the same in every engine."""

from __future__ import annotations

from collections.abc import Iterable

from intelhub.search.fields import IDENTIFIER_FIELDS
from intelhub.search.query import And, Facet, Fuzzy, Identifier, Leaf, Named, Node, Or, Phrase, Prefix, Term

SHORTEST_BEGINNING = 2  # letters that a search server's dictionary looks up


def wants_all(node: Node) -> bool:
    """Whether all words of a question must stand there; what is chosen beside it may be alternatives."""
    match node:
        case And(children):
            return all(map(wants_all, children))
        case Or(children):
            return all(isinstance(child, Facet | Named) for child in children)
        case _:
            return True


def is_expanded(leaf: Leaf) -> bool:
    """Whether a leaf means whatever words a dictionary knows, those of hidden documents among them."""
    return isinstance(leaf, Prefix | Fuzzy) or (isinstance(leaf, Facet) and leaf.is_beginning)


def counted(leaves: Iterable[Leaf]) -> list[Node]:
    """What is counted of a document to say how much of a question it holds, a part a leaf.

    Every engine must count alike, or its order would tell where a document lies: so a phrase counts as its words, an
    identifier of a kind as one of any, and beginnings that the search server does not look up as nothing.
    """
    return [
        _counted_as(leaf)
        for leaf in leaves
        if not (isinstance(leaf, Prefix) and len(leaf.folded) < SHORTEST_BEGINNING)
        and not (isinstance(leaf, Facet) and leaf.is_beginning)
    ]


def told_rarity(leaves: Iterable[Leaf]) -> dict[Leaf, Node]:
    """Of which leaves it is counted in how many documents they stand, and as what: in every engine alike again.

    Not of what a dictionary completes: such a count would tell of words in what is hidden.
    """
    return {leaf: _counted_as(leaf) for leaf in leaves if not is_expanded(leaf)}


def _counted_as(leaf: Leaf) -> Node:
    match leaf:
        case Phrase(words):
            return And(tuple(map(Term, words)))
        case Identifier(token, words) if words:
            return Or((Identifier(token, ()), And(tuple(map(Term, words)))))
        case Named(field, Phrase(words)):
            return And(tuple(Named(field, Phrase((word,))) for word in words))
        case Facet(name, value) if name in IDENTIFIER_FIELDS:
            return Or((leaf, Identifier(value, ())))
        case _:
            return leaf
