"""What differs between any two answers, taken out, so that two pages can be held against each other byte for byte."""

from __future__ import annotations

import re

_SEALED_QUESTION = r"SUIB[\w-]{200,}"
_SIGNED = r"[\w-]{20,}\.[\w-]{5,8}\.[\w-]{20,}"
# With the day before it: every page says when it was printed, and a minute may turn between two of them, or a day.
_MOMENT = r"(\d{4}-\d{2}-\d{2}T|\d{2}/\d{2}/\d{4} )?\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?([+]\d{2}:\d{2})?"
_NOISE = re.compile(f"{_SEALED_QUESTION}|{_SIGNED}|{_MOMENT}")


def without_noise(page: str) -> str:
    """The page without tokens of forms, sealed questions and times."""
    return _NOISE.sub("", page)
