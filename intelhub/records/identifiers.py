"""Identifiers as officers type them: one spelling each, checked where the number checks itself.

Pure. Every complaint says what to type; a doubt that must not stop an officer at a gate is a warning instead.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from intelhub.platform.messages import Message


class IdentifierKind(StrEnum):
    """The kinds of subject that carry an identifier of a known form."""

    CONTAINER = "container"
    VESSEL = "vessel"
    ENTERPRISE = "enterprise"
    VEHICLE = "vehicle"
    GOODS = "goods"
    DECLARATION = "declaration"
    SEAL = "seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier in its one spelling; `warning` is a doubt worth showing that refuses nothing."""

    kind: IdentifierKind
    value: str
    warning: Message | None = None

    @property
    def display(self) -> str:
        """The spelling people read: groups as they are painted, printed or written."""
        return _DISPLAY.get(self.kind, str)(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierProblem:
    """What was typed cannot be this identifier; the message says what to type."""

    kind: IdentifierKind
    typed: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An identifier found in a text, at the offsets of that text."""

    start: int
    end: int
    identifier: Identifier


_TYPED_SHOWN = 40  # a problem quotes no more of what was typed
_CROSSED_D = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D"})
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    """One character for one, so that offsets hold: full width as ASCII, any dash as "-", any space as " "."""
    if character.isascii():
        return character if character.isprintable() else " "
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    if category == "Pd" or character == "\u2212":
        return "-"
    if category in {"Zs", "Zl", "Zp"}:
        return " "
    folded = unicodedata.normalize("NFKC", character).translate(_CROSSED_D)
    return folded if len(folded) == 1 else character


def _plain(text: str) -> str:
    return "".join(map(_plain_character, text))


def _compact(typed: str) -> str:
    """What was typed as capitals and digits without marks, separators or anything invisible."""
    composed = unicodedata.normalize("NFKC", "".join(c for c in typed if c not in _INVISIBLE))
    bare = unicodedata.normalize("NFD", _plain(composed).upper())
    return "".join(c for c in bare if c.isalnum())


# --- container (ISO 6346) ---------------------------------------------------------------------------------------

_CONTAINER = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
_LETTER_VALUES = dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True)  # ISO 6346 skips 11, 22, 33
)


def container_check_digit(first_ten: str) -> int:
    """The last digit of a container number out of its four letters and six digits (ISO 6346, annex A)."""
    values = (_LETTER_VALUES[c] if c in _LETTER_VALUES else int(c) for c in first_ten)
    return sum(value << place for place, value in enumerate(values)) % 11 % 10


def _container(compact: str) -> Identifier | Message:
    if not _CONTAINER.fullmatch(compact):
        return Message("Type four letters, the last of them U, J or Z, and seven digits, such as MSKU 123456 5.")
    expected = container_check_digit(compact[:10])
    if int(compact[10]) != expected:
        return Message(
            "The check digit does not fit: %(number)s would end in %(digit)d. Read the number on the container again.",
            {"number": compact[:10], "digit": expected},
        )
    return Identifier(kind=IdentifierKind.CONTAINER, value=compact)


# --- vessel (IMO number) ----------------------------------------------------------------------------------------


def imo_check_digit(first_six: str) -> int:
    """The last digit of an IMO ship number out of its first six (IMO resolution A.1117)."""
    return sum(int(digit) * weight for digit, weight in zip(first_six, range(7, 1, -1), strict=True)) % 10


def _vessel(compact: str) -> Identifier | Message:
    digits = compact.removeprefix("IMO")
    if not re.fullmatch(r"[0-9]{7}", digits):
        return Message("Type the IMO number as seven digits, such as IMO 9074729.")
    expected = imo_check_digit(digits[:6])
    if int(digits[6]) != expected:
        return Message(
            "The check digit does not fit: %(number)s would end in %(digit)d. Read the IMO number again.",
            {"number": digits[:6], "digit": expected},
        )
    return Identifier(kind=IdentifierKind.VESSEL, value=digits)


# --- enterprise (Vietnamese tax code) ---------------------------------------------------------------------------

_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax_code_fits(code: str) -> bool:
    """Whether the tenth digit of a tax code follows from the first nine (weights as the tax office publishes them)."""
    total = sum(int(digit) * weight for digit, weight in zip(code[:9], _TAX_WEIGHTS, strict=True))
    return int(code[9]) == 10 - total % 11


def _enterprise(compact: str) -> Identifier | Message:
    digits = compact.removeprefix("MST")
    if not re.fullmatch(r"[0-9]{10}([0-9]{3})?", digits):
        return Message("Type the tax code as 10 digits, or 13 with the branch, such as 0101234567-001.")
    value = digits if len(digits) == 10 else f"{digits[:10]}-{digits[10:]}"  # noqa: PLR2004 - digits of a tax code
    doubt = None if tax_code_fits(digits) else Message("The check digit of this tax code does not fit. Is it right?")
    return Identifier(kind=IdentifierKind.ENTERPRISE, value=value, warning=doubt)


# --- vehicle (number plate) -------------------------------------------------------------------------------------

_PLATE_FORMS = (
    re.compile(r"([1-9][0-9])([A-Z]{1,2}|[A-Z][1-9]|MD[1-9])([0-9]{4,5})"),  # province, series, number; MĐ: electric
    re.compile(r"(80|[1-9][0-9])(NG|QT|NN|CV)([0-9]{5})"),  # diplomatic, international, foreign
    re.compile(r"()([A-Z]{2})([0-9]{4})"),  # army
    re.compile(r"(T)([1-9][0-9][A-Z]?)([0-9]{4,6})"),  # temporary
)
# Lao, Thai, Khmer and Chinese plates stand at our gates every day: their letters belong into a plate.
_FOREIGN_PLATE = re.compile(r"(?=.*[0-9])[0-9A-Z\u0e00-\u0eff\u1780-\u17ff\u4e00-\u9fff]{4,12}")


def _vehicle(compact: str) -> Identifier | Message:
    if any(form.fullmatch(compact) for form in _PLATE_FORMS):
        return Identifier(kind=IdentifierKind.VEHICLE, value=compact)
    if _FOREIGN_PLATE.fullmatch(compact):
        doubt = Message("This is no Vietnamese plate. It is kept as a foreign one; add the country to the name.")
        return Identifier(kind=IdentifierKind.VEHICLE, value=compact, warning=doubt)
    return Message("Type the plate as it stands on the vehicle, such as 29C-123.45.")


# --- goods (HS), declaration, seal ------------------------------------------------------------------------------

_RESERVED_CHAPTER, _LAST_CHAPTER = 77, 98  # 98 holds Vietnam's own headings


def _goods(compact: str) -> Identifier | Message:
    digits = compact.removeprefix("HS")
    chapter = int(digits[:2]) if re.fullmatch(r"(?:[0-9]{2}){2,4}", digits) else 0
    if not 1 <= chapter <= _LAST_CHAPTER or chapter == _RESERVED_CHAPTER:
        return Message("Type the HS code as 4, 6 or 8 digits, such as 8708.99.")
    return Identifier(kind=IdentifierKind.GOODS, value=digits)


def _declaration(compact: str) -> Identifier | Message:
    if not re.fullmatch(r"[0-9]{12}", compact):
        return Message("Type the declaration number as 12 digits, such as 103456789012.")
    return Identifier(kind=IdentifierKind.DECLARATION, value=compact)


def _seal(compact: str) -> Identifier | Message:
    if not re.fullmatch(r"(?=.*[0-9]{3})[0-9A-Z]{4,20}", compact):
        return Message("Type the seal number as letters and digits, 4 to 20 of them, such as HQ123456.")
    return Identifier(kind=IdentifierKind.SEAL, value=compact)


_CHECKS: dict[IdentifierKind, Callable[[str], Identifier | Message]] = {
    IdentifierKind.CONTAINER: _container,
    IdentifierKind.VESSEL: _vessel,
    IdentifierKind.ENTERPRISE: _enterprise,
    IdentifierKind.VEHICLE: _vehicle,
    IdentifierKind.GOODS: _goods,
    IdentifierKind.DECLARATION: _declaration,
    IdentifierKind.SEAL: _seal,
}


def normalise(kind: IdentifierKind | str, text: str) -> Identifier | IdentifierProblem:
    """The one spelling of an identifier as somebody typed it, or the sentence that says what to type instead.

    Raises `ValueError` for a kind of subject that carries no identifier.
    """
    known = IdentifierKind(kind)
    found = _CHECKS[known](_compact(text))
    if isinstance(found, Identifier):
        return found
    return IdentifierProblem(kind=known, typed=text[:_TYPED_SHOWN], message=found)


# What a bare number or code of a list must have been meant as, of the shapes that cannot be taken for each other.
_MEANT: tuple[tuple[IdentifierKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (IdentifierKind.CONTAINER, r"[A-Z]{3}[UJZ][0-9]{7}"),
        (IdentifierKind.VESSEL, r"IMO[0-9]+|[0-9]{7}"),
        (IdentifierKind.ENTERPRISE, r"MST[0-9]+|[0-9]{10}([0-9]{3})?"),
        (IdentifierKind.DECLARATION, r"[0-9]{12}"),
        (IdentifierKind.GOODS, r"HS[0-9]+|[0-9]{4}([0-9]{2}){0,2}"),
        *((IdentifierKind.VEHICLE, form.pattern) for form in _PLATE_FORMS),
        (IdentifierKind.SEAL, r"(?=.*[A-Z])(?=.*[0-9]{3})[0-9A-Z]{4,20}"),
        (IdentifierKind.VEHICLE, _FOREIGN_PLATE.pattern),
    )
)
_UNKNOWN = Message("This is no container, vessel, tax code, plate, HS code, declaration or seal number.")


def recognise(typed: str) -> Identifier | Message:
    """An identifier that stands alone, as in a column of a table, by its shape; or the sentence that says why not.

    Spellings that two kinds share are the same value of either, and found alike.
    """
    compact = _compact(typed)
    kind = next((kind for kind, shape in _MEANT if shape.fullmatch(compact)), None)
    return _CHECKS[kind](compact) if kind else _UNKNOWN


# --- how each is shown ------------------------------------------------------------------------------------------


def _show_container(value: str) -> str:
    return f"{value[:4]} {value[4:10]} {value[10:]}"


def _show_goods(value: str) -> str:
    return ".".join(part for part in (value[:4], value[4:6], value[6:]) if part)


def _show_vehicle(value: str) -> str:
    for form in _PLATE_FORMS:
        if match := form.fullmatch(value):
            front, series, number = match.groups()
            tail = f"{number[:3]}.{number[3:]}" if len(number) == 5 else number  # noqa: PLR2004 - 123.45
            return f"{front}{series}-{tail}"
    return value


_DISPLAY: dict[IdentifierKind, Callable[[str], str]] = {
    IdentifierKind.CONTAINER: _show_container,
    IdentifierKind.VESSEL: "IMO {}".format,
    IdentifierKind.VEHICLE: _show_vehicle,
    IdentifierKind.GOODS: _show_goods,
}


# --- in free text -----------------------------------------------------------------------------------------------

_FREE = r"(?<![^\W_])"  # no letter or digit before
_END = r"(?![^\W_])"
_NAMED = r"(?:\s*(?:số|so|no\.?|code|là|:|#))*\s*"
# A pattern finds the shape; `normalise` then has the last word. Where digits alone would match telephone numbers,
# dates or sums of money, the word before them or a fitting check digit is asked for.
_SHAPES: tuple[tuple[IdentifierKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            IdentifierKind.CONTAINER,
            _FREE + r"(?P<it>[a-z]{3}[ujz][ -]{0,3}[0-9]{3}[ .-]?[0-9]{3}[ -]{0,3}[0-9])" + _END,
        ),
        (IdentifierKind.VESSEL, _FREE + r"imo" + _NAMED + r"(?P<it>[0-9]{7})" + _END),
        (
            IdentifierKind.ENTERPRISE,
            _FREE + r"(?P<named>(?:mst|mã số thuế|ma so thue|tax code)" + _NAMED + r")?"
            r"(?P<it>[0-9]{10}(?:[ ]?-[ ]?[0-9]{3})?)" + _END,
        ),
        (IdentifierKind.DECLARATION, _FREE + r"(?P<it>[1-9][0-9]{11})" + _END),
        (IdentifierKind.GOODS, _FREE + r"(?P<it>[0-9]{4}\.[0-9]{2}(?:\.[0-9]{2})?)" + r"(?!\.?[0-9])" + _END),
        (
            IdentifierKind.GOODS,
            _FREE + r"(?:mã\s+hs|ma\s+hs|hs\s+code|hs)" + _NAMED + r"(?P<it>(?:[0-9]{8}|[0-9]{6}|[0-9]{4}))" + _END,
        ),
        (
            IdentifierKind.SEAL,
            _FREE
            + r"(?:seal|chì|niêm phong)(?:\s+(?:hải quan|hãng tàu|điện tử|định vị))?"
            + _NAMED
            + r"(?P<it>[a-z0-9][a-z0-9/-]{2,18}[0-9])"
            + _END,
        ),
        (
            IdentifierKind.VEHICLE,
            # "15 xe 4500" is fifteen lorries: after a space the series must be written in capitals.
            _FREE + r"(?P<it>[1-9][0-9](?:-?(?!kg|km|cm|mm|ml)(?:md[1-9]|[a-z]{1,2}[1-9]?)|[ ](?-i:[A-Z]{1,2}[1-9]?))"
            r"[ .-]{0,3}"
            r"(?:[0-9]{3}\.[0-9]{2}|[0-9]{3}-[0-9]{2}|[0-9]{4,5}))" + _END,
        ),
    )
)


def locate(text: str) -> list[Sighting]:
    """Where a text holds identifiers, in order and without overlaps."""
    taken: list[Sighting] = []
    plain = _plain(text)
    for sighting in _candidates(plain):
        if all(sighting.end <= other.start or other.end <= sighting.start for other in taken):
            taken.append(sighting)
    return sorted(taken, key=lambda sighting: sighting.start)


def _candidates(plain: str) -> Iterator[Sighting]:
    for kind, shape in _SHAPES:
        for match in shape.finditer(plain):
            found = normalise(kind, match["it"])
            if isinstance(found, IdentifierProblem):
                continue
            if kind is IdentifierKind.ENTERPRISE and found.warning and not match["named"]:
                continue  # ten digits without a name and without a fitting check digit are a telephone number
            yield Sighting(start=match.start("it"), end=match.end("it"), identifier=found)
