"""Words that documents of this reader hold, out of those that the vocabulary proposes.

All candidates are asked for at once and crossed off as they are met, so that how many of them stand in hidden documents
alone shows neither in what is offered nor in how long it took: those are left over together in the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from intelhub.search.analysis import Word
from intelhub.search.document import SearchDocument
from intelhub.search.engine import Proposal, Standing
from intelhub.search.matching import Checked
from intelhub.search.query import Facet, Fuzzy, Prefix, Term
from intelhub.search.snippets import spelling_in

Asked = Prefix | Fuzzy | Facet
"""The beginning of a word, a word with a slip, or how an identifier of a field begins."""

_MOST_RECORDS = 2


def propose(
    asked: Asked,
    candidates: Iterable[str],
    find: Callable[[Sequence[Term | Facet]], list[SearchDocument]],
    until: float,
) -> list[Proposal]:
    """Those candidates that stand in what `find` finds for any of them.

    Beginnings come by how many of these documents hold the word, words with a slip as they were proposed.
    """
    words = {_leaf(asked, word): word for word in candidates}
    met: dict[Term | Facet, list[SearchDocument]] = {}
    while waiting := tuple(leaf for leaf in words if leaf not in met):
        before = len(met)
        for document in find(waiting) if time.monotonic() < until else ():
            checked = Checked(document)
            for leaf in filter(checked.fits, waiting):
                met.setdefault(leaf, []).append(document)
        if len(met) == before:
            break
    leaves = [leaf for leaf in words if leaf in met]
    if not isinstance(asked, Fuzzy):
        leaves.sort(key=lambda leaf: (-len(met[leaf]), words[leaf]))
    return [Proposal(words[leaf], tuple(_standing(one, leaf) for one in met[leaf][:_MOST_RECORDS])) for leaf in leaves]


def _standing(document: SearchDocument, leaf: Term | Facet) -> Standing:
    return Standing(document.record_id, document.row_version, partial(spelling_in, document, leaf))


def vocabulary_asked(asked: Asked) -> Prefix | Fuzzy:
    """What is looked up in a vocabulary, which knows no fields."""
    return Prefix(asked.value) if isinstance(asked, Facet) else asked


def _leaf(asked: Asked, word: str) -> Term | Facet:
    return Facet(asked.name, word) if isinstance(asked, Facet) else Term(Word(word, word))
