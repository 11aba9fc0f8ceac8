"""Words that documents of this reader hold and that begin so, or are near.

They are taken out of documents that the reader may read and out of nothing else. A vocabulary, which counts hidden
documents along, would tell of them by whatever it is cut to: one planted word more or less says whether another stands
somewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from intelhub.search.analysis import Word, folded_words, identifier_token
from intelhub.search.document import SearchDocument
from intelhub.search.engine import Proposal, Standing
from intelhub.search.matching import all_facets
from intelhub.search.nearness import near
from intelhub.search.query import And, Facet, Fuzzy, Node, Not, Or, Prefix, Term
from intelhub.search.snippets import spelling_in

Asked = Prefix | Fuzzy | Facet
"""The beginning of a word, a word with a slip, or how an identifier of a field begins."""

_ROUNDS = 4
_MOST_RECORDS = 2


def propose(
    asked: Asked, find: Callable[[Node], Iterable[SearchDocument]], *, most: int, until: float
) -> list[Proposal]:
    """The words, those first that stand in more of the documents that were looked at; near ones, the nearest first.

    `find` gives the newest documents of a question; each round asks for those that hold none of the words known so far.
    """
    met: dict[str, list[SearchDocument]] = {}
    for _ in range(_ROUNDS):
        known = len(met)
        tree = And((asked, Not(Or(tuple(_leaf(asked, word) for word in met))))) if met else asked
        for document in find(tree) if time.monotonic() < until else ():
            for word in _meant(asked, document):
                met.setdefault(word, []).append(document)
        if len(met) == known or len(met) >= most:
            break
    order = sorted(met, key=lambda word: (-len(met[word]), word))
    if isinstance(asked, Fuzzy):
        order = near(asked.folded, order)
    return [
        Proposal(word, tuple(_standing(one, _leaf(asked, word)) for one in met[word][:_MOST_RECORDS]))
        for word in order[:most]
    ]


def _meant(asked: Asked, document: SearchDocument) -> set[str]:
    match asked:
        case Facet(name, value):
            values = map(identifier_token, all_facets(document).get(name, ()))
            return {one for one in values if one.startswith(value)}
        case Prefix(folded):
            return {word for word in _words(document) if word.startswith(folded)}
        case Fuzzy(folded):
            return set(near(folded, set(_words(document)))) - {folded}


def _words(document: SearchDocument) -> Iterator[str]:
    for text in (document.title, *document.texts):
        yield from folded_words(text)
    yield from filter(None, map(identifier_token, document.identifiers))


def _standing(document: SearchDocument, leaf: Term | Facet) -> Standing:
    return Standing(document.record_id, document.row_version, partial(spelling_in, document, leaf))


def _leaf(asked: Asked, word: str) -> Term | Facet:
    return Facet(asked.name, word) if isinstance(asked, Facet) else Term(Word(word, word))
