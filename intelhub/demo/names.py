"""Invented names: given names from a public list, family names and firms put together here."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from random import Random

_NAMES = Path(__file__).parent / "data" / "names"
# Rare family names, so that a whole name meets a living person as seldom as can be.
_FAMILY = (
    "Khuất", "Nghiêm", "Cù", "Thiều", "Lương", "Tạ", "Khương", "Quách", "Ngạc", "Bế", "Nông", "Lục", "Giáp", "Thân",
    "Doãn", "Mẫn", "Kiều", "Khổng", "Ninh", "Vi", "Hứa", "Lưu", "Tống", "Đàm", "Sầm", "Cát", "Âu", "Nhữ",
)  # fmt: skip
_ALIASES = ("Tư Lùn", "Hai Gầy", "Sáu Kho", "Út Rừng", "Béo", "Năm Bến", "Ba Đò", "Long Sẹo", "Tám Xe", "Cò")
_FIRM_FORMS = ("Công ty TNHH", "Công ty TNHH", "Công ty TNHH MTV", "Công ty CP")
_FIRM_TRADES = (
    "Thương mại",
    "Xuất nhập khẩu",
    "Thương mại và Dịch vụ",
    "Sản xuất và Thương mại",
    "Đầu tư",
    "Giao nhận",
)
_FIRM_FIRST = (
    "Lam",
    "Khuê",
    "Vĩ",
    "Nhược",
    "Thuần",
    "Mặc",
    "Lạc",
    "Tiêu",
    "Uyển",
    "Ngân",
    "Túc",
    "Hoài",
    "Sương",
    "Trầm",
)
_FIRM_MIDDLE = ("Khê", "Vu", "Lĩnh", "Sa", "Đàm", "Chử", "Thước", "Phổ", "Tuyền", "Quân", "Dã", "Trạch")
_FIRM_LAST = ("Hạ", "Doanh", "Nghi", "Bạc", "Sao", "Đoài", "Mộc", "Phong", "Thạch", "Quy", "Vân", "Lộ")
_ABROAD_FIRST = (
    "Oriquem",
    "Zentolak",
    "Pravindo",
    "Kelmora",
    "Tavrisun",
    "Belquora",
    "Nordhavex",
    "Suncharim",
    "Juxtaro",
    "Ambriko",
)
_ABROAD_LAST = ("Trading Co., Ltd", "International Ltd", "Supply Ltd", "General Trading LLC", "Import Export Co., Ltd")
_SHIP_FIRST = ("LAM KHUE", "SAO DOAI", "VINH THUOC", "HOAI SA", "NGAN TRACH", "THUAN PHO", "ORIQUEM", "KELMORA")
_SHIP_LAST = ("STAR", "01", "09", "TRADER", "18", "GLORY", "26")


@cache
def given_names(gender: str) -> tuple[str, ...]:
    """Given names of two syllables or more, in NFC, with the look-alike Ð made the letter Đ that was meant."""
    lines = (_NAMES / f"{gender}.txt").read_text(encoding="utf-8").splitlines()
    cleaned = (unicodedata.normalize("NFC", line).replace("Ð", "Đ").replace("ð", "đ").strip() for line in lines)
    return tuple(dict.fromkeys(name for name in cleaned if " " in name))


def person_name(rng: Random) -> str:
    """A family name and a given name."""
    return f"{rng.choice(_FAMILY)} {rng.choice(given_names(rng.choice(('boy', 'girl'))))}"


def alias(rng: Random) -> str:
    """What people call somebody in the trade."""
    return rng.choice(_ALIASES)


def firm_name(rng: Random) -> str:
    """A Vietnamese firm of three rare syllables that no register is known to hold."""
    middle = f"{rng.choice(_FIRM_FIRST)} {rng.choice(_FIRM_MIDDLE)} {rng.choice(_FIRM_LAST)}"
    trade = f"{rng.choice(_FIRM_TRADES)} " if rng.random() < 0.8 else ""  # noqa: PLR2004 - most firms name a trade
    return f"{rng.choice(_FIRM_FORMS)} {trade}{middle}"


def firm_name_abroad(rng: Random) -> str:
    """A foreign firm with a made-up word for a name."""
    return f"{rng.choice(_ABROAD_FIRST)} {rng.choice(_ABROAD_LAST)}"


def ship_name(rng: Random) -> str:
    """A ship's name in capitals, as registers write it."""
    return f"{rng.choice(_SHIP_FIRST)} {rng.choice(_SHIP_LAST)}"
