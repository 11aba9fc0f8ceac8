"""How people are named and put in order: Vietnamese lists go by given name, then by the names before it."""

from __future__ import annotations

import re
import unicodedata

_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: chr(ord("0") + place) for place, letter in enumerate(_ALPHABET)}
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
"""Grave, hook, tilde, acute, dot below: the order of Vietnamese dictionaries (ngang first)."""

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


def sort_key(display_name: str) -> str:
    """A key whose byte order is Vietnamese order; the embedded database has no collation of its own for it.

    Letters decide before tones, the given name before the rest: "Lê Văn An" comes before "Đỗ Thị Bình".
    """
    words = display_name.split()
    letters, tones = [], []
    for word in words[-1:] + words[:-1]:
        ranks, marks = _rank(word)
        letters.append(ranks)
        tones.append(marks)
    return " ".join(letters) + "!" + " ".join(tones)


def fold_username(typed: str) -> str:
    """A typed username as it is stored: NFKC, lower case, no space around it."""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def is_username(username: str) -> bool:
    """Whether this may be a username: 2 to 64 of a-z, 0-9, dot, underscore and hyphen."""
    return _USERNAME.fullmatch(username) is not None


def _rank(word: str) -> tuple[str, str]:
    ranks, tones = [], []
    for composed in unicodedata.normalize("NFC", word.lower()):
        marks = unicodedata.normalize("NFD", composed)
        tone = next((_TONES[mark] for mark in marks if mark in _TONES), "0")
        bare = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES))
        ranks.append(_RANK.get(bare, composed))
        tones.append(tone)
    return "".join(ranks), "".join(tones)
