"""A question for its words just as they were typed: with these diacritics and no others."""

from __future__ import annotations

from dataclasses import replace

from intelhub.search.query import MOST_CHARACTERS, And, Node, Or, Phrase, Term, parse_query


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


def means_as_spelt(said: str, typed: str) -> bool:
    """Whether one typed question asks for just the spelling of another, and for nothing else."""
    other, query = parse_query(said), parse_query(typed)
    meant = as_spelt(query.tree), query.not_before, query.not_after
    return len(said) <= MOST_CHARACTERS and (other.tree, other.not_before, other.not_after) == meant
