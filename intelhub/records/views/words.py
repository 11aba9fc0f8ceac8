"""What the lists call things, on a page: in the reader's language, with this administration's names for its tiers."""

from __future__ import annotations

from flask_babel import get_locale

from intelhub.organisation import tier_names
from intelhub.records.catalogues import catalogue, find_entry, with_tiers

_SHOWN_WITH_CODE = frozenset({"source_grade", "info_grade", "handling"})


def word(name: str, code: str | None) -> str:
    """The words of one entry of a list; the code itself where the list no longer has it, nothing for no code."""
    found = find_entry(name, code)
    # Only the lists' own words leave names open: a code may be anything that somebody sent.
    return with_tiers(found.label(str(get_locale())), tier_names) if found else code or ""


def choices(name: str) -> list[tuple[str, str]]:
    """A list as (code, words) to choose from."""
    said = ((item.code, word(name, item.code)) for item in catalogue(name) if not item.retired)
    return [(code, f"{code} – {words}" if name in _SHOWN_WITH_CODE else words) for code, words in said]
