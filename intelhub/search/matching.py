"""A query against a text: as an FTS5 expression that may find too much, and as the exact check behind it.

Nothing typed reaches FTS5 unquoted: expressions are built here from folded words alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from intelhub.search.analysis import Word, comparable, fold, folded_words, identifier_token, spellings
from intelhub.search.document import SearchDocument
from intelhub.search.fields import NAME_FIELDS
from intelhub.search.nearness import near
from intelhub.search.query import (
    And,
    Facet,
    Fuzzy,
    Identifier,
    Leaf,
    Named,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
    facet,
)

# Signs that folding drops from every text, so that nobody can type or write them; FTS5 takes them for letters.
EVERYTHING = "\u241e"
PASSAGE = "\u241d"
_BETWEEN = "\u241f"
_TEXT = "{title body}"
_TEXT_OR_IDENTIFIER = "{title body ids}"
_NO_DOCUMENT = f'{{facets}} : "{EVERYTHING}{EVERYTHING}"'
_ALL_DOCUMENTS = f'{{facets}} : "{EVERYTHING}"'


@dataclass(frozen=True, slots=True)
class IndexedWords:
    """The four columns of a document as FTS5 gets them: words parted by spaces."""

    title: str
    body: str
    ids: str
    facets: str


def indexed_words(document: SearchDocument) -> IndexedWords:
    """Fold a document; passages are kept apart so that no phrase reaches from one into the next."""
    tokens = {EVERYTHING: None}
    for name, values in all_facets(document).items():
        if name not in NAME_FIELDS:
            tokens |= dict.fromkeys(_token_of(name, value) for value in values)
    names = (
        f" {PASSAGE} {_name_tokens(field, folded_words(name))}"
        for field in NAME_FIELDS
        for name in document.facets.get(field, ())
    )
    return IndexedWords(
        title=fold(document.title),
        body=f" {PASSAGE} ".join(fold(text) for text in document.texts),
        ids=" ".join(filter(None, map(identifier_token, document.identifiers))),
        facets=" ".join(tokens) + "".join(names),
    )


def all_facets(document: SearchDocument) -> Mapping[str, tuple[str, ...]]:
    """The document's facets with those the index itself knows."""
    own = {
        "level": (str(document.partition.level),),
        "state": (document.state,),
        "unit": (document.unit_id.hex,),
    }
    merged = dict(document.facets)
    for name, values in own.items():
        merged[name] = tuple(dict.fromkeys((*merged.get(name, ()), *values)))
    return merged


Near = Callable[[str], Iterable[str]]


def to_match(node: Node, near_words: Near) -> str:
    """The FTS5 expression: finds every document that fits, and others where an exact phrase stands in the query.

    `near_words` gives the words of the index that may be meant by one with a slip.
    """
    match node:
        case Not(child):
            return _ALL_DOCUMENTS if needs_check(child) else f"({_ALL_DOCUMENTS} NOT {to_match(child, near_words)})"
        case And(children):
            return _joined("AND", [to_match(child, near_words) for child in children]) or _ALL_DOCUMENTS
        case Or(children):
            return _joined("OR", [to_match(child, near_words) for child in children]) or _NO_DOCUMENT
        case _:
            return _leaf_to_match(node, near_words)


def _leaf_to_match(leaf: Leaf, near_words: Near) -> str:  # noqa: PLR0911 - one answer a kind of leaf
    match leaf:
        case Term(word):
            columns = _TEXT_OR_IDENTIFIER if any(map(str.isdigit, word.folded)) else _TEXT
            return f"{columns} : {_quoted(word.folded)}"
        case Prefix(folded):
            return f"{_TEXT_OR_IDENTIFIER} : {_quoted(folded)} *"
        case Fuzzy(folded):
            meant = _joined("OR", [_quoted(word) for word in near_words(folded)])
            return f"{_TEXT_OR_IDENTIFIER} : {meant}" if meant else _NO_DOCUMENT
        case Phrase(words):
            return f"{_TEXT} : {_quoted(*(word.folded for word in words))}"
        case Identifier(token, words):
            phrase = f" OR {_TEXT} : {_quoted(*(word.folded for word in words))}" if words else ""
            return f"({{ids}} : {_quoted(token)}{phrase})"
        case Facet():
            return f"{{facets}} : {_quoted(_facet_token(leaf))}{' *' if leaf.is_beginning else ''}"
        case Named(field, Phrase(words)):
            return f"{{facets}} : {_quoted(_name_tokens(field, [word.folded for word in words]))}"


def _joined(operator: str, expressions: list[str]) -> str:
    return f"({f' {operator} '.join(expressions)})" if expressions else ""


def needs_check(node: Node) -> bool:
    """Whether `to_match` may find too much, so that each hit must be compared with its text."""
    match node:
        case Phrase(is_exact=is_exact) | Named(phrase=Phrase(is_exact=is_exact)):
            return is_exact
        case Not(child):
            return needs_check(child)
        case And(children) | Or(children):
            return any(map(needs_check, children))
        case _:
            return False


class Checked:
    """A found document, ready to be compared word by word; each form of its text is made once, when asked for."""

    def __init__(self, document: SearchDocument) -> None:
        self.document = document

    @cached_property
    def passages(self) -> list[str]:
        """Every passage in lower case with its diacritics, the title first."""
        return [comparable(text) for text in (self.document.title, *self.document.texts)]

    @cached_property
    def folded_title(self) -> str:
        """The words of the title, a space on either side of each."""
        return f" {fold(self.document.title)} "

    @cached_property
    def folded_body(self) -> str:
        """The words of all texts, a space on either side of each, passages kept apart."""
        return f" {f' {PASSAGE} '.join(map(fold, self.document.texts))} "

    @property
    def folded(self) -> str:
        """All words of the document, title first."""
        return f"{self.folded_title}{PASSAGE}{self.folded_body}"

    def spells(self, words: tuple[Word, ...]) -> bool:
        """Whether these words stand in a row somewhere with exactly these diacritics."""
        return any(map(exact_pattern(words).search, self.passages))

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(map(identifier_token, self.document.identifiers))

    @cached_property
    def _facets(self) -> frozenset[str]:
        facets = all_facets(self.document)
        return frozenset(_token_of(name, value) for name, values in facets.items() for value in values)

    @cached_property
    def _words(self) -> frozenset[str]:
        """Every different word and identifier."""
        return frozenset(self.folded.split()) | self._ids

    def _is_named(self, field: str, phrase: Phrase) -> bool:
        names = self.document.facets.get(field, ())
        if phrase.is_exact:
            return any(map(exact_pattern(phrase.words).search, map(comparable, names)))
        wanted = f" {' '.join(word.folded for word in phrase.words)} "
        return any(wanted in f" {fold(name)} " for name in names)

    def fits(self, node: Node) -> bool:
        """Whether the document answers the query."""
        match node:
            case Not(child):
                return not self.fits(child)
            case And(children):
                return all(map(self.fits, children))
            case Or(children):
                return any(map(self.fits, children))
            case Facet() | Named():
                return self._has(node)
            case _:
                return self._says(node)

    def _says(self, leaf: Term | Prefix | Fuzzy | Phrase | Identifier) -> bool:
        match leaf:
            case Term(word):
                is_id = any(map(str.isdigit, word.folded)) and word.folded in self._ids
                return is_id or f" {word.folded} " in self.folded
            case Prefix(folded):
                return f" {folded}" in self.folded or any(token.startswith(folded) for token in self._ids)
            case Fuzzy(folded):
                return bool(near(folded, self._words))
            case Phrase(words, True):
                return self.spells(words)
            case Phrase(words):
                return f" {' '.join(word.folded for word in words)} " in self.folded
            case Identifier(token, words):
                return token in self._ids or (bool(words) and self._says(Phrase(words)))

    def _has(self, leaf: Facet | Named) -> bool:
        match leaf:
            case Facet(is_beginning=True):
                return any(token.startswith(_facet_token(leaf)) for token in self._facets)
            case Facet():
                return _facet_token(leaf) in self._facets
            case Named(field, phrase):
                return self._is_named(field, phrase)


@lru_cache(maxsize=1024)
def exact_pattern(words: tuple[Word, ...]) -> re.Pattern[str]:
    """Finds these words in a row, with their diacritics, in `comparable` text."""
    alternatives = ("|".join(map(re.escape, spellings(word))) for word in words)
    middle = r"[\W_]+".join(f"(?:{choice})" for choice in alternatives)
    return re.compile(rf"(?<![^\W_]){middle}(?![^\W_])")


@lru_cache(maxsize=4096)  # of what documents hold: values of questions are as long as somebody likes
def _token_of(name: str, value: str) -> str:
    return _facet_token(facet(name, value))


def _facet_token(leaf: Facet) -> str:
    return f"{_field_sign(leaf.name)}{_BETWEEN}{leaf.value}"


@lru_cache(maxsize=256)
def _field_sign(name: str) -> str:
    return "".join(folded_words(name))


def is_word(token: str) -> bool:
    """Whether a token of FTS5 is a word or identifier, and neither a field nor a sign of ours."""
    return _BETWEEN not in token and token not in (EVERYTHING, PASSAGE)


def _name_tokens(field: str, name: Iterable[str]) -> str:
    """The words of a name with the field that they stand in, in their order."""
    return " ".join(_facet_token(Facet(field, word)) for word in name)


def _quoted(*tokens: str) -> str:
    return '"' + " ".join(tokens).replace('"', '""') + '"'
