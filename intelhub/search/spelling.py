"""A question for its words just as they were typed: with these diacritics and no others."""

from __future__ import annotations

from dataclasses import replace

from intelhub.search.query import And, Node, Or, Phrase, Term


def as_spelt(node: Node) -> Node:
    """The question that finds those of its hits that are spelt so; what it excludes, it excludes in any spelling."""
    match node:
        case Term(word) if word.has_diacritics:
            return Phrase((word,), is_exact=True)
        case Phrase(words) if any(word.has_diacritics for word in words):
            return replace(node, is_exact=True)
        case And(children):
            return And(tuple(map(as_spelt, children)))
        case Or(children):
            return Or(tuple(map(as_spelt, children)))
        case _:
            return node
