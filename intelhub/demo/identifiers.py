"""Numbers that pass every check and belong to nobody: each series lies where no authority has issued one."""

from __future__ import annotations

from random import Random

# Tax codes begin with a province (01 to 63) or, for persons, with 8: none with 99.
_TAX_SERIES, _TAX_WEIGHTS = "99", (31, 29, 23, 19, 17, 13, 7, 5, 3)
# Province numbers that were never given to a plate.
_PLATE_PROVINCES = ("10", "42", "44", "45", "46", "87", "91", "96")
_TRUCK_SERIES, _CAR_SERIES = ("C", "H"), ("A", "B", "F")
# Owner codes with Q or X in the middle that no carrier in these parts paints on a box.
_CONTAINER_OWNERS = ("QXVU", "XQNU", "ZQTU", "QWXU")
_LETTER_VALUES = dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True)  # ISO 6346 skips 11, 22, 33
)
# Ship numbers run from 5 upwards; those with a leading 4 name no ship.
_IMO_SERIES = "4"
# The twelve digits of a declaration begin with 10 or 30 today; these series lie far ahead.
_DECLARATION_SERIES = ("199", "399")  # import, export


def tax_code(first_nine: str) -> str | None:
    """A tax code out of its first nine digits; None where no digit would fit."""
    rest = 10 - sum(int(digit) * weight for digit, weight in zip(first_nine, _TAX_WEIGHTS, strict=True)) % 11
    return None if rest == 10 else f"{first_nine}{rest}"  # noqa: PLR2004 - the check digit is one digit


def mint_tax_code(rng: Random) -> str:
    """A tax code of 10 digits with a fitting check digit."""
    while (code := tax_code(f"{_TAX_SERIES}{rng.randrange(10**7):07d}")) is None:
        pass
    return code


def mint_plate(rng: Random, *, is_truck: bool) -> str:
    """A plate as it is painted, such as `44C-123.45`."""
    number = rng.randrange(100, 99_999)
    series = rng.choice(_TRUCK_SERIES if is_truck else _CAR_SERIES)
    return f"{rng.choice(_PLATE_PROVINCES)}{series}-{number // 100:03d}.{number % 100:02d}"


def mint_container(rng: Random) -> str:
    """A container number as it is painted, with its check digit (ISO 6346)."""
    owner, serial = rng.choice(_CONTAINER_OWNERS), f"{rng.randrange(10**6):06d}"
    values = (_LETTER_VALUES[c] if c in _LETTER_VALUES else int(c) for c in owner + serial)
    digit = sum(value << place for place, value in enumerate(values)) % 11 % 10
    return f"{owner} {serial}-{digit}"


def mint_imo(rng: Random) -> str:
    """The seven digits of an IMO ship number with a fitting last one (IMO resolution A.1117)."""
    first = f"{_IMO_SERIES}{rng.randrange(10**5):05d}"
    digit = sum(int(d) * weight for d, weight in zip(first, range(7, 1, -1), strict=True)) % 10
    return f"{first}{digit}"


def mint_seal(rng: Random) -> str:
    """A seal number, letters DM and seven digits."""
    return f"DM{rng.randrange(10**7):07d}"


def mint_declaration(rng: Random, *, is_export: bool) -> str:
    """A declaration number of 12 digits."""
    return f"{_DECLARATION_SERIES[is_export]}{rng.randrange(10**9):09d}"
