"""The Vietnamese catalogue: `make messages` collects every sentence of the code, keeps what is translated, compiles.

Sentences are found where they stand as text: in `_()` and `gettext()`, in `Message()`, and as the first argument of a
refusal or of one of the small functions in FORWARDED that make one. A sentence put together from variables is not
found, and tests/architecture/test_translations.py refuses it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from intelhub.access import PERMISSIONS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "intelhub"
FOLDER = PACKAGE / "translations" / "vi" / "LC_MESSAGES"
PO, MO = FOLDER / "messages.po", FOLDER / "messages.mo"

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
MARKS = {"gettext": None, "_": None, "ngettext": (1, 2), "Message": (1,)}
REFUSALS = (
    "CommandRefused",
    "Conflict",
    "EntryTooLarge",
    "IntelhubError",
    "KeyFileProblem",
    "LogDamaged",
    "NotPermitted",
    "Refused",
    "RuleRefused",
    "SettingsRefused",
    "SignInRequired",
    "StaleVersion",
    "Tampered",
    "TooManyRequests",
    "Unavailable",
    "VersionMissing",
)
# Where a refusal's own class says its sentence, it says it to `__init__` of the class above.
FORWARDED = {"_broken": (1,), "_refuse": (1,), "_refused": (1,), "complain": (2,), "__init__": (1,)}
SENTENCES = {**dict.fromkeys(REFUSALS, (1,)), **FORWARDED}

# The catalogue is the same file whoever compiles it, and whenever.
_DATED = datetime(2026, 11, 21, tzinfo=UTC)


def collect() -> Catalog:
    """Every sentence that people may read, with the files it stands in."""
    catalog = _empty()
    strict = {"**/templates/**.html": {"silent": "false"}}
    for keywords, least_words in ((MARKS, 1), (SENTENCES, 2)):
        for name, _line, sentence, _comments, context in extract_from_dir(PACKAGE, METHODS, strict, keywords):
            # One word alone, given to a refusal, is the name of a field or a rule.
            first = sentence if isinstance(sentence, str) else sentence[0]  # of one and of many: the one
            if len(first.split()) >= least_words:
                catalog.add(sentence, locations=[(f"intelhub/{name}", 1)], context=context)
    for sentence in PERMISSIONS.values():
        catalog.add(sentence, locations=[("intelhub/access/permissions.py", 1)])
    return catalog


def read() -> Catalog:
    """The catalogue as it is kept."""
    if not PO.exists():
        return _empty()
    with PO.open("rb") as file:
        catalog = read_po(file, locale="vi")
    catalog.creation_date = catalog.revision_date = _DATED
    return catalog


def update(collected: Catalog) -> Catalog:
    """Bring the kept catalogue to the sentences of the code; a new one stands in it without a translation."""
    catalog = read()
    catalog.update(collected, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """The catalogue as text."""
    out = BytesIO()
    write_po(out, catalog, width=116, sort_output=True, omit_header=False, include_lineno=False)
    return out.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """The catalogue as the running product reads it."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def _empty() -> Catalog:
    return Catalog(
        locale="vi",
        project="intelhub",
        version="1",
        header_comment="# Vietnamese for intelhub, under the same licence as intelhub. Written by `make messages`.",
        msgid_bugs_address="SECURITY.md",
        creation_date=_DATED,
        revision_date=_DATED,
        last_translator="intelhub",
        language_team="vi",
        fuzzy=False,
    )


def main() -> int:
    """Collect, update and compile; say what still needs a translation."""
    catalog = update(collect())
    FOLDER.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(as_po(catalog))
    MO.write_bytes(as_mo(catalog))
    missing = [message.id for message in catalog if message.id and not any(message.string or ())]
    for sentence in missing:
        sys.stdout.write(f"without Vietnamese: {sentence}\n")
    sys.stdout.write(f"{len(catalog)} sentences, {len(missing)} without Vietnamese\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
