"""A typed question said otherwise: without one of its words or its quotation marks, for any of its words, or just so.

Only what is typed is looked at, in the signs of the query language; what comes out is typed anew by whoever takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from intelhub.search import fold, has_diacritics, means_as_spelt, stop_words

_CHUNK = re.compile(r'[^\s":()]+:"[^"]*"|"[^"]*"|[()]|[^\s()]+')
_JOINING = frozenset({"AND", "OR", "VÀ", "HOẶC"})
_NEGATING = frozenset({"NOT", "KHÔNG"})
_SIGNS = _JOINING | _NEGATING | {"(", ")"}
_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Typed:
    """A question in parts: what hits must hold beside its words (fields, what is excluded), and its words."""

    beside: tuple[str, ...]
    words: tuple[str, ...]

    def asking(self, *wanted: str) -> str:
        """The question for these words instead, with everything beside them."""
        return _said([*self.beside, *wanted])

    def for_any_word(self) -> str:
        """The question for any one of its words."""
        any_word = " OR ".join(self.words[:_MOST_WORDS])
        return self.asking(f"({any_word})" if self.beside else any_word)


def take_apart(text: str) -> Typed:
    """The parts of a question; its operators but NOT, its parentheses and its quotation marks are dropped."""
    beside: list[str] = []
    words: list[str] = []
    chunks = iter(_CHUNK.findall(text))
    for chunk in chunks:
        if chunk in _NEGATING:
            beside += [chunk, *_operand(chunks)]
        elif ":" in chunk and not chunk.startswith('"'):
            beside.append(chunk)
        elif chunk not in _SIGNS:
            words += [word for word in chunk.strip('"').split() if any(map(str.isalnum, word))]
    return Typed(tuple(beside), tuple(words))


def without_each_word(text: str) -> Iterator[tuple[str, str]]:
    """Each word, phrase or field of a question of several, and the question without it."""
    chunks = _CHUNK.findall(text)
    meant = [place for place, chunk in enumerate(chunks) if chunk not in _SIGNS and any(map(str.isalnum, chunk))]
    for place in meant if len(meant) > 1 else ():
        yield chunks[place], _said(_without(chunks, place))


def without_quotation_marks(text: str) -> str:
    """The question with its phrases taken as words; the values of fields keep theirs."""
    return _said(chunk.strip('"') if chunk.startswith('"') else chunk for chunk in _CHUNK.findall(text))


def just_so(text: str) -> str:
    """The question for its words with just the diacritics they were typed with; empty if none can be typed for it."""
    said = (_in_quotation_marks(text, left_out) for left_out in (frozenset(), stop_words()))
    return next((one for one in said if means_as_spelt(one, text)), "")


def _in_quotation_marks(text: str, left_out: frozenset[str]) -> str:
    """Each word with diacritics in marks of its own; fields keep their values, and what is excluded its spelling."""
    said: list[str] = []
    chunks = iter(_CHUNK.findall(text))
    for chunk in chunks:
        if chunk in _NEGATING:
            said += [chunk, *_operand(chunks)]
        elif not _is_bare(chunk):
            said.append(chunk)
        elif fold(chunk) not in left_out:
            said.append(f'"{chunk}"' if has_diacritics(chunk) else chunk)
    return _said(said)


def _is_bare(chunk: str) -> bool:
    return chunk not in _SIGNS and not chunk.endswith(("*", "~")) and not set(chunk) & {":", '"'}


def with_other_words(text: str, instead: Mapping[str, str]) -> str:
    """The question with some of its words spelt otherwise; fields keep their values."""
    said = []
    for chunk in _CHUNK.findall(text):
        is_quoted = chunk.startswith('"')
        if ":" in chunk and not is_quoted:
            said.append(chunk)
            continue
        words = " ".join(instead.get(word, word) for word in chunk.strip('"').split())
        said.append(f'"{words}"' if is_quoted else words)
    return _said(said)


def _operand(chunks: Iterator[str]) -> Iterator[str]:
    """What a NOT excludes: the next chunk, or all of its parentheses."""
    depth = 0
    for chunk in chunks:
        yield chunk
        depth += {"(": 1, ")": -1}.get(chunk, 0)
        if depth <= 0 and chunk not in _NEGATING:
            return


def _without(chunks: list[str], place: int) -> list[str]:
    """The chunks without one of them, the operator that hung on it, and parentheses that held nothing else."""
    before, after = chunks[:place], chunks[place + 1 :]
    while True:
        if before and before[-1] in _NEGATING:
            before = before[:-1]
        if before and before[-1] in _JOINING:
            before = before[:-1]
        elif after and after[0] in _JOINING:
            after = after[1:]
        if before[-1:] != ["("] or after[:1] != [")"]:
            return [*before, *after]
        before, after = before[:-1], after[1:]


def _said(chunks: Iterable[str]) -> str:
    """Chunks as one types them."""
    text = ""
    for chunk in chunks:
        text += chunk if not text or text.endswith("(") or chunk == ")" else f" {chunk}"
    return text
