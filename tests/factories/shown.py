"""What a person reads or hears of a page."""

from __future__ import annotations

import html
from html.parser import HTMLParser

_SHOWN = {"title", "aria-label", "placeholder", "alt", "data-trouble", "data-signed-out", "data-shortcut-words"}
_NOT_WORDS = {"script", "style", "code", "kbd", "pre"}


def shown_on(page: str) -> str:
    """The words of a page, those of labels and hints included, piece by piece on lines of their own."""
    reader = _Shown()
    reader.feed(page)
    return html.unescape("\n".join(reader.pieces))


class _Shown(HTMLParser):
    """Everything on a page that a person reads or hears, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in _NOT_WORDS:
            self._inside.append(tag)
        given = dict(attrs)
        if given.get("lang") == "en":  # the name of the other language
            return
        self.pieces += [value for name, value in attrs if name in _SHOWN and value]

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside and data.strip():
            self.pieces.append(" ".join(data.split()))
