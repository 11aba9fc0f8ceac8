"""Looking for words in raw files: every way a word may lie in a page, a log or a dump."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import ahocorasick

_AS_IT_IS = "latin-1"  # a sign for every byte
_PAGE = 8192
_CHUNK = 4 * 1024 * 1024
# Shorter ones turn up by chance somewhere in a hundred megabytes of ciphertext.
_SHORTEST = 6
_FEWEST_DIGITS = 8
_HEX = re.compile(rb"[0-9a-fA-F]{12,}")


def folded(text: str) -> str:
    """Lower case without diacritics, as an index would keep it."""
    lowered = text.lower().replace("đ", "d")
    return "".join(sign for sign in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(sign))


def words_of(texts: Iterable[str]) -> set[str]:
    """Every word of at least four letters or with a figure in it, as written and folded; short ones in pairs."""
    found: set[str] = set()
    for text in texts:
        for form in (text, text.lower(), folded(text)):
            words = re.findall(r"[\w.-]*\w", form)
            found |= {word for word in words if len(word) >= 4 and len(word.encode()) >= _SHORTEST and _is_one(word)}
            found |= {
                f"{one} {two}"
                for one, two in pairwise(words)
                if len(one.encode()) < _SHORTEST and len(f"{one} {two}".encode()) > _SHORTEST and _is_one(one + two)
            }
    return found


def _is_one(word: str) -> bool:
    """Whether it is a word, or long enough for an identifier: a short number stands in many a time of day."""
    return any(sign.isalpha() for sign in word) or sum(sign.isdigit() for sign in word) >= _FEWEST_DIGITS


def shapes_of(word: str) -> Iterator[bytes]:
    """The word in UTF-8 and UTF-16, and each of these in base64 at its three alignments; hex is read before."""
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield raw
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + raw)
            whole = (shift + len(raw)) * 8 // 6
            yield encoded[-(-shift * 8 // 6) : whole]


class Finder:
    """All shapes of all words at once (Aho and Corasick, 1975)."""

    def __init__(self, words: Iterable[str]) -> None:
        meant: dict[bytes, list[str]] = {}
        for word in words:
            for shape in shapes_of(word):
                meant.setdefault(shape, []).append(word)
        self.seen: set[bytes] = {sha256(bytes(_PAGE)).digest()}
        self.longest = 2 * max(map(len, meant))
        self.shapes = ahocorasick.Automaton()
        for shape, said in meant.items():
            self.shapes.add_word(shape.decode(_AS_IT_IS), said)
        self.shapes.make_automaton()

    def find(self, data: bytes) -> Iterator[str]:
        """The words that lie here, each as often as it does."""
        for digits in _HEX.findall(data):
            for run in (digits, digits[1:]):
                yield from self._find(bytes.fromhex(run[: len(run) // 2 * 2].decode()))
        yield from self._find(_HEX.sub(b"\0", data))

    def _find(self, data: bytes) -> Iterator[str]:
        for _, said in self.shapes.iter(data.decode(_AS_IT_IS)):
            yield from said

    def search(self, folder: Path) -> Mapping[str, set[str]]:
        """The words that lie in files below a folder, each with the files.

        A page is looked through once, however many files have the same, and not again in a later search.
        """
        found: dict[str, set[str]] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                for word in self.look_into(path):
                    found.setdefault(word, set()).add(str(path.relative_to(folder)))
        return found

    def look_into(self, path: Path) -> set[str]:
        """The words that lie in a file."""
        found: set[str] = set()
        rest = b""
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                data = rest + self._new_pages(chunk)
                found |= set(self.find(data))
                rest = data[-self.longest :]
        return found

    def _new_pages(self, chunk: bytes) -> bytes:
        """The chunk without pages that were looked through before; the others stay together."""
        kept = []
        for at in range(0, len(chunk), _PAGE):
            page = chunk[at : at + _PAGE]
            digest = sha256(page).digest()
            kept.append(b"\0" if digest in self.seen else page)
            self.seen.add(digest)
        return b"".join(kept)
