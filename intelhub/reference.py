"""The reference pages, written from the code they describe: `python -m intelhub.reference docs/reference`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import intelhub
from intelhub.access import FUNCTIONS, PERMISSIONS
from intelhub.access.policy import Line, current_policy
from intelhub.audit import list_actions
from intelhub.organisation import DEFAULT_TEMPLATE, read_template
from intelhub.platform.actor import Place
from intelhub.platform.database import Base
from intelhub.records.catalogues import Catalogue, catalogues, with_tiers
from intelhub.records.domain import ABSTRACT_MAXIMUM, TEXT_MAXIMUM, TEXT_MINIMUM
from intelhub.settings import describe_settings

_WRITTEN = "Written by `make reference` from the code; a test fails when it is out of date.\n"
_REACHES = {
    "author": "their own",
    "unit": "their unit and what stands below it, once submitted",
    "department": "their department, once received",
    "all": "everything, once shared up",
    "dissemination": "what was shared with their unit, one of its parts or one above it, once received",
}
_STRENGTHS = {"password": "a password alone", "totp": "a password and a one-time code", "demo": "one click in the demo"}

# Field, whether it is needed, what it holds, the list it is chosen from.
_FIELDS: tuple[tuple[str, str, str, str], ...] = (
    ("text", "yes", f"what happened, {TEXT_MINIMUM} to {TEXT_MAXIMUM} characters", ""),
    ("abstract", "no", f"one line, at most {ABSTRACT_MAXIMUM} characters; left out, the first words of the text", ""),
    ("learned_at", "yes", "when the author learned it, not in the future", ""),
    ("happened_from", "no", "when it happened or began", ""),
    ("happened_to", "no", "when it ended; not without a beginning, and not before it", ""),
    ("place_unit", "no", "the code of the unit where it happened", ""),
    ("place_text", "no", "the place in words", ""),
    ("channel", "yes", "how it was learned", "channel"),
    ("source_kind", "no", "whether the source may be named", "source_kind"),
    ("source", "for a pseudonym", "where it stands, or `CS-` and 4 to 6 digits", ""),
    ("subjects", "no", "whom and what it is about: kind, name, identifier; at most 40", "subject_type"),
    ("topic", "yes", "the offence", "topic"),
    ("method", "no", "the trick", "method"),
    ("urgency", "yes", "how fast it must be worked on", "urgency"),
    ("level", "yes", "the level of secrecy the author proposes", "level"),
    ("list_item", "above level 0", "the item of the list of state secrets the level rests on", "list_item"),
    ("level_reason", "for a lower level than before", "why the level should be lower; not used by an import", ""),
    ("handling", "yes", "how far it may be passed on", "handling"),
    ("handling_conditions", "for H4 and HX", "the conditions of use, in words", ""),
    ("source_grade", "yes", "how reliable the source is", "source_grade"),
    ("info_grade", "yes", "how credible the information is", "info_grade"),
    ("plan_item", "one of the two", "the item of the collection plan it answers", "plan_item"),
    ("outside_plan", "one of the two", "why it stands outside the plan", ""),
    ("compartments", "no", "the need-to-know groups it lies in, by name; only those the author is in", ""),
)
FIELD_NAMES = tuple(name for name, *_ in _FIELDS)


def settings_page() -> str:
    """Every setting with its default."""
    rows = ((f"`{one.variable}`", f"`{one.default}`" if one.default else "", one.doc) for one in describe_settings())
    return _page(
        "Settings",
        "An installation reads `intelhub.env` in its folder (one `NAME=value` a line, mode 0600); a variable of the"
        " environment wins over the file. `INTELHUB_VAR` names the folder, `var` in the working directory when it is"
        " not set. A setting that cannot be right stops the start with a sentence.",
        _table(("setting", "default", "what it does"), rows),
    )


def permissions_page() -> str:
    """The policy as a table of functions and acts, then line by line."""
    policy = current_policy()
    holders = sorted({(line.tier, line.function) for line in policy.lines}, key=lambda one: (-one[0], one[1]))
    about = tuple(name for name in PERMISSIONS if name.startswith("record."))
    beside = tuple(name for name in PERMISSIONS if name not in about)
    matrices = (
        f"## {title}\n\n{_matrix(holders, names, policy.lines)}"
        for title, names in (("Records", about), ("Everything else", beside))
    )
    described = (f"| `{name}` | {sentence} |" for name, sentence in PERMISSIONS.items())
    ceilings = (
        *(f"| a session at `{place.value}` | {policy.place_ceiling(place)} |" for place in Place),
        *(f"| a sign-in with {words} | {policy.strength_ceiling(name)} |" for name, words in _STRENGTHS.items()),
    )
    return _page(
        "Permissions",
        "What `policies/policy.csv` says: a duty function at a tier, an act, how far it reaches, up to which level,"
        " from which handling code on, under which guard. What is not written here is denied. A line alone never"
        " allows: clearance, compartments, the place of the session and the strength of the sign-in must say yes too"
        " ([authorisation](../authorisation.md)).",
        "**Reach.** " + "; ".join(f"`{name}`: {words}" for name, words in _REACHES.items()) + ".",
        *matrices,
        "## Lines in full",
        _table(
            ("function", "tier", "act", "reach", "highest level", "least handling code", "guard"), _lines(policy.lines)
        ),
        "## The highest level of a session\n\nThe lower of the two holds.",
        "| | level |\n|---|---|\n" + "\n".join(ceilings),
        "## What each permission lets do",
        "| permission | |\n|---|---|\n" + "\n".join(described),
        "## Functions and tiers\n\nTier 1 is headquarters, 2 a department, 3 a unit of a department.",
        _table(("function", "tiers"), ((f"`{name}`", ", ".join(map(str, sorted(t)))) for name, t in FUNCTIONS.items())),
    )


def audit_actions_page() -> str:
    """Every act that leaves an entry."""
    for module in pkgutil.walk_packages(intelhub.__path__, "intelhub."):
        if module.name.endswith("actions"):
            importlib.import_module(module.name)
    importlib.import_module("intelhub.app")
    rows = ((f"`{one.name}`", one.en, one.vi) for one in list_actions().values())
    return _page(
        "Acts in the audit log",
        "Each entry names one of these acts, whoever did it, the decision and its rule, and the object by its id;"
        " never a word of content. Queries and reasons are sealed to the auditors' key.",
        _table(("act", "meaning", "tiếng Việt"), rows),
    )


def record_fields_page() -> str:
    """The fields of a record, what the database keeps of it in clear, and every list."""
    known = catalogues()
    fields = (
        (f"`{name}`", needed, holds, f"[{code}](#{_anchor(known[code])})" if code else "")
        for name, needed, holds, code in _FIELDS
    )
    columns = Base.metadata.tables["records"].columns
    clear = (f"`{column.name}`" for column in columns if not column.name.endswith("_ciphertext"))
    return _page(
        "Fields of a record",
        "The same names in the form and in the [import file](../users/import-format.md).",
        _table(("field", "needed", "what it holds", "list"), fields),
        "## What the database keeps beside the ciphertext\n\n" + ", ".join(clear) + ".",
        "Times are rounded to the hour; a number, an abstract, a topic, a grade or an exact time is never among them.",
        f"Tiers are called below as in {DEFAULT_TEMPLATE}; pages call them as the organisation that is loaded does.",
        *(_catalogue(one) for one in known.values()),
    )


def _lines(lines: Iterable[Line]) -> Iterable[tuple[str, ...]]:
    for line in lines:
        guards = ", ".join(sorted(line.guards))
        yield (
            f"`{line.function}`",
            str(line.tier),
            f"`{line.permission}`",
            line.reach.value,
            str(line.ceiling),
            line.handling,
            guards,
        )


def _matrix(holders: Iterable[tuple[int, str]], permissions: tuple[str, ...], lines: tuple[Line, ...]) -> str:
    rows = []
    for tier, function in holders:
        held = [line for line in lines if (line.tier, line.function) == (tier, function)]
        cells = [", ".join(line.reach.value for line in held if line.permission == name) for name in permissions]
        rows.append((f"`{function}`, tier {tier}", *cells))
    heads = tuple(
        name.removeprefix("record.").replace("_", " ") if name.startswith("record.") else name for name in permissions
    )
    return _table(("", *heads), (row for row in rows if any(row[1:])))


def _catalogue(one: Catalogue) -> str:
    rows = (
        (f"`{entry.code}`", _named(entry.en), _named(entry.vi, "vi"), _named(entry.meaning_en or entry.basis_en))
        for entry in one.entries
        if not entry.retired
    )
    return f"## {one.label('en')}\n\n{_table(('code', 'words', 'tiếng Việt', 'meaning'), rows)}"


def _named(words: str, locale: str = "en") -> str:
    tiers = read_template(DEFAULT_TEMPLATE).tiers.values()
    return with_tiers(words, lambda: {f"tier{one.tier}": one.label(locale) for one in tiers})


def _anchor(one: Catalogue) -> str:
    return one.label("en").lower().replace(" ", "-")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", _WRITTEN.rstrip(), *parts)) + "\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (heads, tuple("---" for _ in heads), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "permissions.md": permissions_page,
    "audit-actions.md": audit_actions_page,
    "record-fields.md": record_fields_page,
}


def main(arguments: list[str]) -> int:
    """Write every page into a folder."""
    folder = Path(arguments[0] if arguments else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
