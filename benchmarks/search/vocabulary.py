"""An invented language with the shape of Vietnamese: syllables with diacritics, words of one to three, Zipf's law."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

_ONSETS = tuple("b c ch d đ g gh gi h k kh l m n ng nh p ph q r s t th tr v x".split())  # noqa: SIM905 - readable so
_VOWELS = tuple(
    "a ă â e ê i o ô ơ u ư y ia iê oa oe ua uâ uô ưa ươ ay ây ai ao au âu eo êu iu oi ôi ơi ui ưi ươi uôi".split()  # noqa: SIM905
)
_CODAS = ("", "c", "ch", "m", "n", "ng", "nh", "p", "t")
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_SYLLABLES, _WORDS, _LOCAL_WORDS = 6_000, 12_000, 40
_LENGTHS, _LENGTH_WEIGHTS = (1, 2, 3), (40, 55, 5)
_SHIFT, _SLOPE = 8.0, 1.05  # Mandelbrot's law: the commonest word stands in four documents of five
_SYLLABLES_SHIFT = 40.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of the whole house, the commonest first, with the running sum of their weights; syllables for names."""

    words: tuple[str, ...]
    cumulated: tuple[float, ...]
    syllables: tuple[str, ...]

    def drawn(self, rng: Random, count: int) -> list[str]:
        """So many words, common ones more often."""
        return rng.choices(self.words, cum_weights=self.cumulated, k=count)

    def local(self, rng: Random) -> list[str]:
        """Words that one department alone uses: its places."""
        return [f"{rng.choice(self.syllables)} {rng.choice(self.syllables)}" for _ in range(_LOCAL_WORDS)]


@cache
def vocabulary(seed: int) -> Vocabulary:
    """The language of a seed."""
    rng = Random(f"{seed}/vocabulary")
    spelt = sorted(
        {
            _syllable(onset, vowel, coda, tone)
            for onset in _ONSETS
            for vowel in _VOWELS
            for coda in _CODAS
            for tone in _TONES
            if len(vowel) + len(coda) < 5
        }
    )
    syllables = rng.sample(spelt, _SYLLABLES)
    weights = list(accumulate(zipf(_SYLLABLES, _SYLLABLES_SHIFT)))
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        (length,) = rng.choices(_LENGTHS, _LENGTH_WEIGHTS)
        words[" ".join(rng.choices(syllables, cum_weights=weights, k=length))] = None
    return Vocabulary(tuple(words), tuple(accumulate(zipf(_WORDS))), tuple(syllables))


def zipf(count: int, shift: float = _SHIFT) -> list[float]:
    """The weight of each rank."""
    return [1 / (rank + shift) ** _SLOPE for rank in range(count)]


def _syllable(onset: str, vowel: str, coda: str, tone: str) -> str:
    return unicodedata.normalize("NFC", onset + vowel + tone + coda)
