"""How text becomes words to search: Vietnamese folded, identifiers in one spelling, stop words out of long queries.

Everything that is indexed and everything that is asked passes through here, so that both always meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from intelhub.platform.shipped import shipped

# Combining marks: what NFD splits off letters, and overlays that people paste to draw a stroke.
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
# Han, kana and hangul are written without spaces: each sign is a word of its own.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGNS}]|(?:[^\W_{_SIGNS}]|[{_MARKS}])+")
_MARK = re.compile(f"[{_MARKS}]+")
# Grave, acute, tilde, hook above, dot below: the five tones. Circumflex, breve and horn belong to the letter.
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TONE = re.compile(f"[{_TONES}]")
# The letter đ and what real lists carry in its place: eth (U+00F0) and the African d (U+0256), after case folding.
_LOOK_ALIKES = str.maketrans({"\u00f0": "\u0111", "\u0256": "\u0111"})
_VOWELS = frozenset("aăâeêioôơuưy")
_LONGEST_WORD = 64
_LONG_QUERY = 6


@dataclass(frozen=True, slots=True)
class Word:
    """One syllable: `folded` without diacritics, `exact` with them, the tone written last (hoà and hòa are one)."""

    folded: str
    exact: str

    @property
    def has_diacritics(self) -> bool:
        """Whether the writer bothered to put them."""
        return self.folded != self.exact


class SpottedWord(NamedTuple):
    """A word with the place it takes in the original text, for marking hits."""

    start: int
    end: int
    folded: str
    exact: str


@dataclass(frozen=True, slots=True)
class Spotted:
    """An identifier found in a text: from `start` to `end`, in its one `normalised` spelling."""

    start: int
    end: int
    normalised: str


Recogniser = Callable[[str], Iterable[Spotted]]

_recognisers: list[Recogniser] = []


def register_recogniser(recogniser: Recogniser) -> None:
    """Teach the index a kind of identifier (plates, containers, tax codes); the features that know them call this.

    The recogniser must be pure, and normalising twice must change nothing. Registering one twice has no effect.
    """
    if recogniser not in _recognisers:
        _recognisers.append(recogniser)


def spot_identifiers(text: str) -> list[Spotted]:
    """Every identifier the registered recognisers see, in reading order, overlaps included."""
    found = {spotted for recogniser in _recognisers for spotted in recogniser(text)}
    return sorted(found, key=lambda spotted: (spotted.start, -spotted.end, spotted.normalised))


def words(text: str) -> list[Word]:
    """The syllables of a text in order."""
    return [_word(match) for match in _WORD.findall(_prepared(text)) if not _MARK.fullmatch(match)]


def has_diacritics(text: str) -> bool:
    """Whether any syllable of a text was written with some."""
    return any(word.has_diacritics for word in words(text))


def folded_words(text: str) -> list[str]:
    """The syllables of a text without diacritics: exactly what is indexed."""
    plain = _compatible(text).translate(_PLAIN)
    if plain.isascii():  # nine times faster than the general way, and nearly every text goes here
        return [word[:_LONGEST_WORD] for word in plain.encode().translate(_ASCII_WORDS).decode().split()]
    return [word for match in _WORD.findall(_prepared(text)) if (word := _folded(match))]


def fold(text: str) -> str:
    """The text as the index sees it: lower case, no diacritics, words parted by one space."""
    return " ".join(folded_words(text))


def comparable(text: str) -> str:
    """The text in lower case with look-alikes and compatible signs settled, for comparing spellings exactly."""
    return _compatible(text).replace("\u00f0", "\u0111").replace("\u0256", "\u0111")


def spellings(word: Word) -> list[str]:
    """How `comparable` text may spell this exact word: its tone on each of its vowels in turn."""
    tones = "".join(_TONE.findall(word.exact))
    letters = _TONE.sub("", word.exact)
    if not tones:
        return [letters]
    places = [place for place, letter in enumerate(letters, start=1) if letter in _VOWELS] or [len(letters)]
    return [unicodedata.normalize("NFC", letters[:place] + tones + letters[place:]) for place in places]


def spotted_words(text: str) -> Iterator[SpottedWord]:
    """The syllables of a text with their places in it; a ligature that holds two words gives two at one place."""
    for match in _WORD.finditer(text):
        for word in _words_of(match.group()):
            yield SpottedWord(match.start(), match.end(), word.folded, word.exact)


def identifier_token(normalised: str) -> str:
    """The single token of an identifier: folded, without separators, empty when nothing is left."""
    return "".join(folded_words(normalised))[: 2 * _LONGEST_WORD]


def without_stop_words(terms: list[str]) -> list[str]:
    """Drop stop words where the query is long; a short query, or one of stop words alone, keeps them all."""
    if len(terms) <= _LONG_QUERY:
        return terms
    return [term for term in terms if term not in stop_words()] or terms


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """The reviewed list of folded words that say nothing alone, from `search/stop-words.txt`."""
    lines = shipped("search/stop-words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(fold(line) for line in lines if line.strip() and not line.startswith("#"))


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _prepared(text: str) -> str:
    return unicodedata.normalize("NFD", _compatible(text).translate(_LOOK_ALIKES))


def _folded(match: str) -> str:
    return _MARK.sub("", match).replace("\u0111", "d")[:_LONGEST_WORD]


@lru_cache(maxsize=32_768)
def _word(match: str) -> Word:
    tones = "".join(sorted(_TONE.findall(match)))
    letters = unicodedata.normalize("NFC", _TONE.sub("", match))
    return Word(_folded(match), letters[:_LONGEST_WORD] + tones[:_LONGEST_WORD])


@lru_cache(maxsize=32_768)
def _words_of(match: str) -> tuple[Word, ...]:
    return tuple(words(match))


def _plain_letters() -> dict[int, str]:
    """Latin letters with their diacritics off, and typographic marks as spaces: what `_folded` makes of each."""
    table = {}
    for code in (*range(0x250), *range(0x1E00, 0x1F00), *range(0x2010, 0x2040)):
        letter = "".join(folded for match in _WORD.findall(_prepared(chr(code))) if (folded := _folded(match)))
        table[code] = letter or " "
    return table


_PLAIN = _plain_letters()
_ASCII_WORDS = bytes(code if chr(code).isascii() and chr(code).isalnum() else 32 for code in range(256))
