"""Reading an import file: one JSON object a line, each refused or taken alone, and none longer than it may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message

MOST_BYTES = 256 * 1024
"""The longest text, escaped letter by letter, with forty subjects, stays below half of this."""

_MARK = b"\xef\xbb\xbf"
WHOLE_LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the file that is not blank; `content` is None when it is longer than it may be."""

    number: int
    size: int
    content: bytes | None


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file from the first on, never holding more of it than one line may have."""
    number = 0
    while content := file.readline(MOST_BYTES + 1):
        number += 1
        size = len(content)
        is_long = size > MOST_BYTES
        while is_long and not content.endswith(b"\n"):
            content = file.readline(MOST_BYTES)
            size += len(content)
            if not content:
                break
        if is_long:
            yield Line(number=number, size=size, content=None)
            continue
        if number == 1:
            content = content.removeprefix(_MARK)
        if content.strip():
            yield Line(number=number, size=size, content=content)


def fields_in(line: Line) -> dict[str, Any]:
    """The fields of a line; raises `RuleRefused` under the field `line` when it is no JSON object."""
    if line.content is None:
        raise _refused("The line is longer than %(count)d bytes.", count=MOST_BYTES)
    try:
        text = line.content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise _refused("The line is not UTF-8 (from byte %(at)d on).", at=problem.start + 1) from None
    try:
        fields = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
    except json.JSONDecodeError as problem:
        raise _refused("This is not JSON, from column %(column)d on.", column=problem.colno) from None
    except (RecursionError, ValueError):
        raise _refused("This is not JSON that can be read.") from None
    if not isinstance(fields, dict):
        raise _refused("A line is one JSON object, in braces.")
    _refuse_halves(fields)
    return fields


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values of one name a parser keeps one, and whoever reads the file may have meant the other."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _refused("The field “%(name)s” stands twice.", name=twice[:40])
    return fields


def _no_number(name: str) -> None:
    raise ValueError(name)


def _refuse_halves(fields: dict[str, Any]) -> None:
    """JSON can spell half a character, which no database and no seal can hold."""
    try:
        json.dumps(fields, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _refused("The line holds half a character (a lone surrogate).") from None


def _refused(msgid: str, **parameters: object) -> RuleRefused:
    said = Message(msgid, parameters)
    return RuleRefused(said, rule="import_line", fields={WHOLE_LINE: (said,)})
