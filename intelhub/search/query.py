"""The query language: what a person types becomes a tree; nothing typed can raise, and nothing typed is lost silently.

Words, "phrases", prefix*, fuzzy~, AND OR NOT (VÀ HOẶC KHÔNG), parentheses and field:value. What cannot be read as
that is searched as plain words, and a notice says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

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
from intelhub.search.dates import VIETNAM, read_span
from intelhub.search.fields import IDENTIFIER_FIELDS, NAME_FIELDS, field_named
from intelhub.search.nearness import SHORTEST

MOST_CHARACTERS = 1000
MOST_TERMS = 64
MOST_FUZZY = 8  # each is held against every word of what the reader may open
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Term:
    """One syllable, found with or without its diacritics."""

    word: Word


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a syllable."""

    folded: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word or identifier as typed, or with a slip of the finger (`intelhub.search.nearness`)."""

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
    """A field with a value, both folded; or with how its value begins, in fields of identifiers."""

    name: str
    value: str
    is_beginning: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """These words in a row, in the name of a subject of one kind."""

    field: str
    phrase: Phrase


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


Leaf = Term | Prefix | Fuzzy | Phrase | Identifier | Facet | Named
Node = Leaf | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood; `not_before` and `not_after` are inclusive."""

    tree: Node
    not_before: datetime | None = None
    not_after: datetime | None = None
    notices: tuple[Message, ...] = ()


_LEVELS = {"thuong": "0", "khong": "0", "none": "0", "mat": "1", "toimat": "2", "tuyetmat": "3"}
_OPERATORS = {"AND": "AND", "OR": "OR", "NOT": "NOT", "VÀ": "AND", "HOẶC": "OR", "KHÔNG": "NOT"}
_ENGLISH = frozenset({"AND", "OR", "NOT"})
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"（": "(", "）": ")", "：": ":", "～": "~", "＊": "*"})
_CHUNK = re.compile(r'[^\s()"]+')
_FIELD = re.compile(r'([^\W\d]+(?:-[^\W\d]+)*):(?:"([^"]*)"|([^\s()"]*))')

TOO_LONG = Message("Only the first %(count)d characters were searched.", {"count": MOST_CHARACTERS})
TOO_MANY = Message("Only the first %(count)d words were searched.", {"count": MOST_TERMS})
UNREADABLE = Message("The query could not be read as a formula; its words were searched.")
OPEN_QUOTE = Message("A quotation mark is missing; the words behind it were searched one by one.")
CAPITALS = Message("VÀ, HOẶC and KHÔNG were searched as words because everything is in capitals.")
TIME_IS_GLOBAL = Message("from: and to: narrow the whole query, wherever they stand in it.")
NO_VALUE = Message("A field's value stands right behind its colon, as in topic:drugs; here words were searched.")
NOT_BEHIND_A_WORD = Message("“*” and “~” count right behind a single word or number; elsewhere they were left out.")
TOO_SHORT = Message(
    "“~” needs a word of at least %(count)d letters; shorter ones were searched as typed.", {"count": SHORTEST}
)
TOO_MANY_FUZZY = Message(
    "Only the first %(count)d words with “~” may differ; the others were searched as typed.", {"count": MOST_FUZZY}
)


def unknown_date(value: str) -> Message:
    """Say which date could not be read, by its beginning, and how to write one."""
    return Message("“%(value)s” is no date; write 2025-03-31 or 31/03/2025.", {"value": value[:40]})


def unknown_field(name: str) -> Message:
    """Say which field there is none of, by its beginning, and which there are."""
    return Message(
        "There is no field “%(name)s”; words were searched instead. The fields are: topic, channel, grade, level, "
        "unit, place, state, method, urgency, plate, container, taxcode, imo, hs, declaration, seal, company, vessel, "
        "person, from, to.",
        {"name": name[:40]},
    )


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


@lru_cache(maxsize=4096)
def bare_identifier(value: str) -> Identifier:
    """An identifier that stands alone, in its one spelling: found where it was recognised, and where it is spelt so."""
    return Identifier(identifier_token(value), tuple(words(value)))


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
                place, node = self._spotted_at(spotted)
                yield node
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

    def _spotted_at(self, spotted: Spotted) -> tuple[int, Node]:
        token = identifier_token(spotted.normalised)
        match self._text[spotted.end : spotted.end + 1]:
            case "~":
                return spotted.end + 1, Fuzzy(token)
            case "*":
                return spotted.end + 1, Prefix(token)
            case _:
                return spotted.end, _identifier(spotted, self._text)

    def _chunk(self, place: int) -> tuple[int, list[Node | _Mark]]:
        field = _FIELD.match(self._text, place)
        if field is not None and (found := self._field(field)) is not None:
            return found
        chunk = _CHUNK.match(self._text, place)
        if chunk is None:  # cannot be: every sign that stops a chunk was handled before
            return place + 1, []
        typed = chunk.group()
        if typed in self._operators:
            return chunk.end(), [_Mark(self._operators[typed], typed)]
        nodes = list(_plain(typed))
        if typed.rstrip("~*") != typed and not any(isinstance(node, Prefix | Fuzzy) for node in nodes):
            is_short = typed.endswith("~") and any(isinstance(node, Term) for node in nodes)
            self._notices.append(TOO_SHORT if is_short else NOT_BEHIND_A_WORD)
        return chunk.end(), list(nodes)

    def _field(self, match: re.Match[str]) -> tuple[int, list[Node | _Mark]] | None:
        """What a field asks and where it ends; `None` where it is none, and words after all."""
        field = field_named(match[1])
        value = match[2] if match[2] is not None else match[3]
        if field is None:
            if identifier_token(value) and not value.startswith("//"):  # an address is no field
                self._notices.append(unknown_field(match[1]))
            return None
        if not identifier_token(value):
            self._notices.append(NO_VALUE)
            return None
        if field in ("from", "to"):
            return (match.end(), []) if self._is_time(field, value) else None
        if field in IDENTIFIER_FIELDS:
            return self._identifier_field(field, match, value)
        if value.rstrip("~*") != value:
            self._notices.append(NOT_BEHIND_A_WORD)
        is_named = field in NAME_FIELDS
        return match.end(), [_named(field, value, is_quoted=match[2] is not None) if is_named else facet(field, value)]

    def _identifier_field(self, field: str, match: re.Match[str], value: str) -> tuple[int, list[Node | _Mark]]:
        """An identifier of one kind: with spaces where it is written so, how it begins, or with a slip."""
        spotted = self._spotted.get(match.start(3)) if match[3] is not None else None
        if spotted is not None and spotted.end >= match.end():
            end, token, sign = spotted.end, identifier_token(spotted.normalised), self._text[spotted.end :][:1]
            end += sign in ("*", "~")
        else:
            end, token, sign = match.end(), identifier_token(value), value[-1]
        if sign == "~" and len(token) >= SHORTEST:
            return end, [Fuzzy(token)]
        return end, [Facet(field, token, is_beginning=sign == "*")]

    def _is_time(self, field: str, value: str) -> bool:
        span = read_span(value, self._zone)
        if span is None:
            self._notices.append(unknown_date(value))
            return False
        if field == "from":
            self.not_before = span[0]
        else:
            self.not_after = span[1]
        return True

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
    """A run of signs without space: a word, how one begins, one with a slip, or several in a row (`29C-123.45`)."""
    found = tuple(words(typed))
    if not found:
        return
    token = identifier_token(typed)
    is_number = any(sign.isdigit() for sign in typed)
    is_single = len(found) == 1 or is_number
    if is_single and typed.endswith("*"):
        yield Prefix(token)
    elif is_single and typed.endswith("~") and len(token) >= SHORTEST:
        yield Fuzzy(token)
    elif len(found) == 1:
        yield Term(found[0])
    elif is_number:
        yield Identifier(token, found)
    else:
        yield Phrase(found)


def _named(field: str, value: str, *, is_quoted: bool) -> Node:
    number = identifier_token(value)
    if NAME_FIELDS[field] and number.isdigit():
        return Facet(NAME_FIELDS[field], number)
    name = tuple(words(value))
    return Named(field, Phrase(name, is_exact=is_quoted and any(word.has_diacritics for word in name)))


def _identifier(spotted: Spotted, text: str) -> Node:
    return Identifier(identifier_token(spotted.normalised), tuple(words(text[spotted.start : spotted.end])))


def _within_bounds(tokens: list[Node | _Mark], notices: list[Message]) -> list[Node | _Mark]:
    kept: list[Node | _Mark] = []
    terms = fuzzy = 0
    for token in tokens:
        weight = _weight(token)
        if terms + weight > MOST_TERMS:
            notices.append(TOO_MANY)
            break
        terms += weight
        fuzzy += isinstance(token, Fuzzy)
        if isinstance(token, Fuzzy) and fuzzy > MOST_FUZZY:
            notices.append(TOO_MANY_FUZZY)
            kept.append(Term(Word(token.folded, token.folded)))
        else:
            kept.append(token)
    return kept


def _weight(token: Node | _Mark) -> int:
    """How many words a token asks for."""
    match token:
        case _Mark():
            return 0
        case Phrase(words=asked) | Identifier(words=asked) | Named(phrase=Phrase(words=asked)):
            return len(asked)
        case _:
            return 1


def _without_stop_words(tree: Node) -> Node:
    """Only where plain words stand side by side: inside a formula every word was meant."""
    if not isinstance(tree, And):
        return tree
    kept = set(without_stop_words([child.word.folded for child in tree.children if isinstance(child, Term)]))
    return And(tuple(child for child in tree.children if not isinstance(child, Term) or child.word.folded in kept))
