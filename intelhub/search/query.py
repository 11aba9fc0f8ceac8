"""The query language: what a person types becomes a tree; nothing typed can raise, and nothing typed is lost silently.

Words, "phrases", prefix*, AND OR NOT (VÀ HOẶC KHÔNG), parentheses and field:value. What cannot be read as that is
searched as plain words, and a notice says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

from intelhub.platform import clock
from intelhub.platform.messages import Message
from intelhub.search.analysis import (
    Spotted,
    Word,
    fold,
    identifier_token,
    spot_identifiers,
    without_stop_words,
    words,
)

MOST_CHARACTERS = 1000
MOST_TERMS = 64
_DEEPEST = 16
VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Term:
    """One syllable, found with or without its diacritics."""

    word: Word


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a syllable."""

    folded: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Syllables in a row; `is_exact` when it was quoted with diacritics, which then must stand in the text."""

    words: tuple[Word, ...]
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something like a plate or a container number: `token` is its one spelling, `words` are as typed."""

    token: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """A field with a value, both folded."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but."""

    child: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of these; of none, everything."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these."""

    children: tuple[Node, ...]


Leaf = Term | Prefix | Phrase | Identifier | Facet
Node = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood; `not_before` and `not_after` are inclusive."""

    tree: Node
    not_before: datetime | None = None
    not_after: datetime | None = None
    notices: tuple[Message, ...] = ()


# A field of the language, with the names people may type for it (folded, without separators).
FIELDS = {
    "topic": ("topic", "chude"),
    "channel": ("channel", "kenh"),
    "grade": ("grade", "danhgia"),
    "level": ("level", "mucdo", "domat"),
    "unit": ("unit", "donvi"),
    "place": ("place", "diadiem"),
    "state": ("state", "trangthai"),
    "method": ("method", "thudoan"),
    "urgency": ("urgency", "dokhan"),
    "from": ("from", "tu", "tungay"),
    "to": ("to", "den", "denngay"),
}
_FIELD_OF = {name: field for field, names in FIELDS.items() for name in names}
_LEVELS = {"thuong": "0", "khong": "0", "none": "0", "mat": "1", "toimat": "2", "tuyetmat": "3"}
_OPERATORS = {"AND": "AND", "OR": "OR", "NOT": "NOT", "VÀ": "AND", "HOẶC": "OR", "KHÔNG": "NOT"}
_ENGLISH = frozenset({"AND", "OR", "NOT"})
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"（": "(", "）": ")", "：": ":"})
_CHUNK = re.compile(r'[^\s()"]+')
_FIELD = re.compile(r'([^\W\d_]+):(?:"([^"]*)"|([^\s()"]*))')

TOO_LONG = Message("Only the first %(count)d characters were searched.", {"count": MOST_CHARACTERS})
TOO_MANY = Message("Only the first %(count)d words were searched.", {"count": MOST_TERMS})
UNREADABLE = Message("The query could not be read as a formula; its words were searched.")
OPEN_QUOTE = Message("A quotation mark is missing; the words behind it were searched one by one.")
CAPITALS = Message("VÀ, HOẶC and KHÔNG were searched as words because everything is in capitals.")
TIME_IS_GLOBAL = Message("from: and to: narrow the whole query, wherever they stand in it.")


def unknown_date(value: str) -> Message:
    """Say which date could not be read, by its beginning, and how to write one."""
    return Message("“%(value)s” is no date; write 2025-03-31 or 31/03/2025.", {"value": value[:40]})


def once_each(notices: Iterable[Message]) -> tuple[Message, ...]:
    """The notices in order, none twice; messages carry mappings and so cannot be hashed."""
    kept: list[Message] = []
    for notice in notices:
        if notice not in kept:
            kept.append(notice)
    return tuple(kept)


def parse_query(typed: str, *, zone: tzinfo = VIETNAM) -> Query:
    """Read a query; never raises, and takes time in proportion to at most `MOST_CHARACTERS`."""
    notices: list[Message] = []
    text = unicodedata.normalize("NFC", typed[: 2 * MOST_CHARACTERS]).translate(_QUOTES)
    if len(typed) > MOST_CHARACTERS:
        notices.append(TOO_LONG)
    lexer = _Lexer(text[:MOST_CHARACTERS], notices, zone)
    tokens = _within_bounds(list(lexer.tokens()), notices)
    try:
        tree = _Parser(tokens).parse()
    except _Unreadable:
        notices.append(UNREADABLE)
        leaves = tuple(token for token in tokens if not isinstance(token, _Mark))
        marks = (node for token in tokens if isinstance(token, _Mark) for node in _plain(token.typed))
        tree = And(leaves or tuple(marks))
    return Query(_without_stop_words(tree), lexer.not_before, lexer.not_after, once_each(notices))


def positive_leaves(node: Node) -> Iterator[Leaf]:
    """The leaves that speak for a hit: everything that does not stand under a NOT."""
    match node:
        case Not():
            return
        case And(children) | Or(children):
            for child in children:
                yield from positive_leaves(child)
        case _:
            yield node


def facet(name: str, value: str) -> Facet:
    """A field with its value in the spelling of the index; levels may be given by their names."""
    folded = identifier_token(value)
    return Facet(name, _LEVELS.get(folded, folded) if name == "level" else folded)


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: str
    typed: str


class _Unreadable(Exception):
    """The marks do not make a formula."""


class _Lexer:
    def __init__(self, text: str, notices: list[Message], zone: tzinfo) -> None:
        self._text = text
        self._notices = notices
        self._zone = zone
        self._spotted = {spotted.start: spotted for spotted in reversed(spot_identifiers(text))}
        self._operators = self._operators_that_count()
        self.not_before: datetime | None = None
        self.not_after: datetime | None = None

    def tokens(self) -> Iterator[Node | _Mark]:
        place = 0
        has_time = has_formula = False
        while place < len(self._text):
            sign = self._text[place]
            if sign in "()":
                has_formula = True
                yield _Mark(sign, sign)
                place += 1
            elif sign == '"':
                place, nodes = self._quoted(place)
                yield from nodes
            elif sign.isspace():
                place += 1
            elif (spotted := self._spotted.get(place)) is not None and spotted.end > place:
                place = spotted.end
                yield _identifier(spotted, self._text)
            else:
                before = self.not_before, self.not_after
                place, found = self._chunk(place)
                has_time |= before != (self.not_before, self.not_after)
                has_formula |= any(isinstance(node, _Mark) and node.kind != "AND" for node in found)
                yield from found
        if has_time and has_formula:
            self._notices.append(TIME_IS_GLOBAL)

    def _quoted(self, place: int) -> tuple[int, list[Node]]:
        end = self._text.find('"', place + 1)
        if end < 0:
            self._notices.append(OPEN_QUOTE)
            return place + 1, []
        inside = self._text[place + 1 : end]
        phrase = tuple(words(inside))
        if not phrase:
            return end + 1, []
        for spotted in spot_identifiers(inside):
            if fold(inside[spotted.start : spotted.end]) == fold(inside):
                return end + 1, [_identifier(spotted, inside)]
        return end + 1, [Phrase(phrase, is_exact=any(word.has_diacritics for word in phrase))]

    def _chunk(self, place: int) -> tuple[int, list[Node | _Mark]]:
        field = _FIELD.match(self._text, place)
        if field is not None and (nodes := self._field(field)) is not None:
            return field.end(), list(nodes)
        chunk = _CHUNK.match(self._text, place)
        if chunk is None:  # cannot be: every sign that stops a chunk was handled before
            return place + 1, []
        typed = chunk.group()
        if typed in self._operators:
            return chunk.end(), [_Mark(self._operators[typed], typed)]
        return chunk.end(), list(_plain(typed))

    def _field(self, match: re.Match[str]) -> list[Node] | None:
        field = _FIELD_OF.get(fold(match[1]))
        value = match[2] if match[2] is not None else match[3]
        if field is None or not identifier_token(value):
            return None
        if field not in ("from", "to"):
            return [facet(field, value)]
        span = read_span(value, self._zone)
        if span is None:
            self._notices.append(unknown_date(value))
            return None
        if field == "from":
            self.not_before = span[0]
        else:
            self.not_after = span[1]
        return []

    def _operators_that_count(self) -> dict[str, str]:
        """In a query typed in capitals KHÔNG is a word like any other; AND, OR and NOT are none in Vietnamese."""
        chunks = [chunk for chunk in self._text.replace('"', " ").split() if chunk not in _OPERATORS]
        lettered = [chunk for chunk in chunks if chunk.isalpha()]
        if not lettered or not all(chunk.isupper() for chunk in lettered):
            return _OPERATORS
        if any(chunk in _OPERATORS and chunk not in _ENGLISH for chunk in self._text.split()):
            self._notices.append(CAPITALS)
        return {name: kind for name, kind in _OPERATORS.items() if name in _ENGLISH}


class _Parser:
    """or := and ("OR" and)*; and := not (["AND"] not)*; not := "NOT" not | atom; atom := "(" or ")" | leaf."""

    def __init__(self, tokens: list[Node | _Mark]) -> None:
        self._tokens = tokens
        self._place = 0

    def parse(self) -> Node:
        if not self._tokens:
            return And(())
        tree = self._or(0)
        if self._place < len(self._tokens):
            raise _Unreadable
        return tree

    def _or(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _Unreadable
        children = [self._and(depth)]
        while self._take("OR"):
            children.append(self._and(depth))
        return children[0] if len(children) == 1 else Or(tuple(children))

    def _and(self, depth: int) -> Node:
        children = [self._not(depth)]
        while self._peek() not in (None, "OR", ")"):
            self._take("AND")
            children.append(self._not(depth))
        return children[0] if len(children) == 1 else And(tuple(children))

    def _not(self, depth: int) -> Node:
        is_negated = False
        while self._take("NOT"):
            is_negated = not is_negated
        child = self._atom(depth)
        return Not(child) if is_negated else child

    def _atom(self, depth: int) -> Node:
        if self._take("("):
            inside = self._or(depth + 1)
            if not self._take(")"):
                raise _Unreadable
            return inside
        token = self._tokens[self._place] if self._place < len(self._tokens) else None
        if token is None or isinstance(token, _Mark):
            raise _Unreadable
        self._place += 1
        return token

    def _peek(self) -> str | None:
        if self._place >= len(self._tokens):
            return None
        token = self._tokens[self._place]
        return token.kind if isinstance(token, _Mark) else "leaf"

    def _take(self, kind: str) -> bool:
        if self._peek() != kind:
            return False
        self._place += 1
        return True


def _plain(typed: str) -> Iterator[Node]:
    """A run of signs without space: a word, a prefix, or several words in a row such as `29C-123.45`."""
    found = tuple(words(typed))
    if not found:
        return
    if len(found) == 1:
        yield Prefix(found[0].folded) if typed.endswith("*") else Term(found[0])
    elif any(sign.isdigit() for sign in typed):
        yield Identifier(identifier_token(typed), found)
    else:
        yield Phrase(found)


def _identifier(spotted: Spotted, text: str) -> Node:
    return Identifier(identifier_token(spotted.normalised), tuple(words(text[spotted.start : spotted.end])))


def _within_bounds(tokens: list[Node | _Mark], notices: list[Message]) -> list[Node | _Mark]:
    kept: list[Node | _Mark] = []
    terms = 0
    for token in tokens:
        weight = 0 if isinstance(token, _Mark) else len(token.words) if isinstance(token, Phrase | Identifier) else 1
        if terms + weight > MOST_TERMS:
            notices.append(TOO_MANY)
            break
        terms += weight
        kept.append(token)
    return kept


def _without_stop_words(tree: Node) -> Node:
    """Only where plain words stand side by side: inside a formula every word was meant."""
    if not isinstance(tree, And):
        return tree
    kept = set(without_stop_words([child.word.folded for child in tree.children if isinstance(child, Term)]))
    return And(tuple(child for child in tree.children if not isinstance(child, Term) or child.word.folded in kept))


_DATES = (
    (re.compile(r"(?P<y>\d{4})(?:[-/](?P<m>\d{1,2})(?:[-/](?P<d>\d{1,2}))?)?", re.ASCII)),
    (re.compile(r"(?:(?P<d>\d{1,2})[-/.])?(?P<m>\d{1,2})[-/.](?P<y>\d{4})", re.ASCII)),
)
_LAST_MONTH = 12


def read_span(value: str, zone: tzinfo = VIETNAM) -> tuple[datetime, datetime] | None:
    """The first and last moment of a day, month or year; `None` when the value is no date of 1900 to 2999."""
    match = next((found for pattern in _DATES if (found := pattern.fullmatch(value.strip()))), None)
    if match is None:
        return None
    year, month, day = (int(match[name]) if match[name] else None for name in ("y", "m", "d"))
    if year is None or year not in clock.YEARS:
        return None
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=zone)
        if day:
            end = start + timedelta(days=1)
        elif month and month < _LAST_MONTH:
            end = start.replace(month=month + 1)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return start, end - timedelta(microseconds=1)
