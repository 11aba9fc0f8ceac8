"""The fixed set of questions, drawn from the documents themselves so that each has an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.search.documents import SEED, document
from intelhub.search import SearchDocument
from intelhub.search.analysis import folded_words, identifier_token, stop_words

ONE, TWO, FOUR, PHRASE, IDENTIFIER, FIELD = (
    "one word",
    "two words",
    "four words",
    "phrase",
    "identifier",
    "word and field",
)
KINDS = {ONE: 30, TWO: 40, FOUR: 30, PHRASE: 30, IDENTIFIER: 30, FIELD: 40}
_FACETS = ("topic", "channel", "grade", "method")
_PHRASE_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: words that must all stand there, an identifier, a value of a field (name, value)."""

    kind: str
    words: tuple[str, ...] = ()
    identifier: str | None = None
    field: tuple[str, str] | None = None


def questions(size: int, *, seed: int = SEED) -> list[Question]:
    """The questions for so many documents: always the same."""
    rng = Random(f"{seed}/questions/{size}")
    found: list[Question] = []
    for kind, count in KINDS.items():
        asked: dict[Question, None] = {}
        while len(asked) < count:
            made = _MAKERS[kind](document(rng.randrange(size), seed=seed), rng)
            if made is not None:
                asked[made] = None
        found += asked
    return found


def typed(question: Question) -> str:
    """The question as somebody types it."""
    words = " ".join(question.words)
    if question.kind == PHRASE:
        return f'"{words}"'
    if question.field is not None:
        name, value = question.field
        return f"{words} {name}:{value}"
    return question.identifier or words


def _any_words(count: int) -> Callable[[SearchDocument, Random], Question | None]:
    kind = {1: ONE, 2: TWO, 4: FOUR}[count]

    def made(source: SearchDocument, rng: Random) -> Question | None:
        known = sorted({word for word in folded_words(source.texts[0]) if _says_something(word)})
        return Question(kind=kind, words=tuple(rng.sample(known, count)))

    return made


def _phrase(source: SearchDocument, rng: Random) -> Question | None:
    words = folded_words(source.texts[0])
    start = rng.randrange(len(words) - _PHRASE_WORDS)
    chosen = tuple(words[start : start + _PHRASE_WORDS])
    return Question(kind=PHRASE, words=chosen) if any(map(_says_something, chosen)) else None


def _identifier(source: SearchDocument, rng: Random) -> Question | None:
    known = [identifier_token(one) for one in source.identifiers]
    return Question(kind=IDENTIFIER, identifier=rng.choice(known)) if known else None


def _word_and_field(source: SearchDocument, rng: Random) -> Question | None:
    known = sorted({word for word in folded_words(source.texts[0]) if _says_something(word)})
    name = rng.choice(_FACETS)
    return Question(kind=FIELD, words=(rng.choice(known),), field=(name, source.facets[name][0]))


def _says_something(word: str) -> bool:
    return word.isalpha() and word not in stop_words()


_MAKERS: dict[str, Callable[[SearchDocument, Random], Question | None]] = {
    ONE: _any_words(1),
    TWO: _any_words(2),
    FOUR: _any_words(4),
    PHRASE: _phrase,
    IDENTIFIER: _identifier,
    FIELD: _word_and_field,
}
