"""How much of a question a document holds: what is counted of it, the same in every engine."""

from __future__ import annotations

from collections.abc import Iterable

from intelhub.search.fields import IDENTIFIER_FIELDS
from intelhub.search.query import And, Facet, Identifier, Leaf, Named, Node, Or, Phrase, Prefix, Term

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
