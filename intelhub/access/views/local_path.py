"""The way back after signing in or choosing a language: a path on this server and nothing else.

Whatever a link brings along, nobody may be sent to another site from here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

HOME = "/"
_LONGEST = 500


def local_path(asked: str | None) -> str:
    """The path that was asked for if it leads nowhere else; the home page otherwise."""
    text = asked or ""
    # Browsers read a backslash as a slash and skip control characters, so that "/\t/evil" would be another host.
    if not text.startswith("/") or text.startswith("//") or "\\" in text or len(text) > _LONGEST:
        return HOME
    if any(not letter.isprintable() or letter.isspace() for letter in text):
        return HOME
    parts = urlsplit(text)
    return HOME if parts.scheme or parts.netloc else text
