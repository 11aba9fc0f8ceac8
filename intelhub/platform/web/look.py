"""How values read on a page: dates, ages, numbers, messages, words that changed, addresses of static files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

from babel.numbers import format_decimal
from flask import Flask, url_for
from flask_babel import get_locale, gettext
from markupsafe import Markup
from wtforms import Field, FieldList, FormField

from intelhub.platform.clock import HANOI, now
from intelhub.platform.messages import Message, Named

STATIC_FOLDER = Path(__file__).with_name("static")
TEMPLATE_FOLDER = Path(__file__).with_name("templates")


def install_look(app: Flask) -> None:
    """Give every template of this app the filters below and the global `asset`."""
    app.jinja_env.filters.update(
        say=say,
        day=format_day,
        moment=format_moment,
        clock=format_clock,
        age=format_age,
        number=format_number,
        word_diff=diff_words,
        folded=fold,
        field_errors=list_field_errors,
        initials=initials_of,
    )
    app.jinja_env.globals["asset"] = asset_url


def say(text: Message | str) -> str:
    """A `Message` in the reader's language; text that is already said is left as it is."""
    if isinstance(text, Message):
        sentence = str(gettext(text.msgid))
        parts = {name: _part(value) for name, value in text.parameters.items()}
        return sentence % parts if parts else sentence
    return text if isinstance(text, Markup) else str(text)


def format_day(value: date | datetime) -> str:
    """Such as 21/11/2026, in Vietnam's time."""
    return _local(value).strftime("%d/%m/%Y")


def format_moment(value: datetime) -> str:
    """Such as 21/11/2026 14:03, in Vietnam's time."""
    return _local(value).strftime("%d/%m/%Y %H:%M")


def format_clock(value: datetime) -> str:
    """Such as 14:03, in Vietnam's time."""
    return _local(value).strftime("%H:%M")


def format_age(value: datetime, at: datetime | None = None) -> str:
    """How long ago, in one unit (at most 30 days; the day itself after that); a moment to come is told as its date."""
    passed = (at or now()) - value
    if passed < timedelta(seconds=-60):
        return format_moment(value)
    if passed < timedelta(minutes=1):
        return str(gettext("just now"))
    if passed < timedelta(hours=1):
        return str(gettext("%(count)s min ago", count=passed // timedelta(minutes=1)))
    if passed < timedelta(days=1):
        return str(gettext("%(count)s h ago", count=passed // timedelta(hours=1)))
    if passed <= timedelta(days=30):
        return str(gettext("%(count)s d ago", count=passed.days))
    return format_day(value)


def format_number(value: float) -> str:
    """Such as 1.234.567,5 in Vietnamese and 1,234,567.5 in English."""
    return str(format_decimal(value, locale=get_locale() or "vi"))


def initials_of(name: str) -> str:
    """The letters that stand for a person: of the middle and the given name, as Vietnamese say them."""
    return "".join(word[0] for word in name.split()[-2:]).upper()


def fold(text: str) -> str:
    """Lower case without diacritics, so that a list is found by what is typed without them."""
    lowered = text.lower().replace("đ", "d").replace("ð", "d")
    return "".join(sign for sign in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(sign))


def diff_words(old: str, new: str) -> list[tuple[str, str]]:
    """What became of a text, as runs of ("same" | "added" | "removed", words); joined, they give both texts back."""
    before, after = _words(old), _words(new)
    shared = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    parts = [("same", "".join(before[:shared]))] if shared else []
    before, after = before[shared:], after[shared:]
    # autojunk stays on: without it a long text that repeats itself takes many seconds to compare.
    for step, old_from, old_to, new_from, new_to in SequenceMatcher(None, before, after).get_opcodes():
        gone, come = "".join(before[old_from:old_to]), "".join(after[new_from:new_to])
        if step == "equal":
            parts.append(("same", gone))
            continue
        parts.extend((kind, text) for kind, text in (("removed", gone), ("added", come)) if text)
    return parts


def list_field_errors(form: Iterable[Field]) -> list[tuple[str, str]]:
    """The errors of a WTForms form as (id of the field, sentence), in the order of the fields, nested ones too."""
    return list(_field_errors(form))


def asset_url(name: str) -> str:
    """The address of a file under static/, which changes with its content: it may be kept by browsers for ever."""
    return url_for("static", filename=name, v=_fingerprint(name))


@lru_cache(maxsize=256)
def _fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest()[:6]


def _part(value: object) -> object:
    """A parameter of a message: what is a sentence or has a name is said in the reader's language too."""
    if isinstance(value, Message):
        return say(value)
    return value.label(str(get_locale() or "vi")) if isinstance(value, Named) else value


def _local(value: date | datetime) -> date | datetime:
    return value.astimezone(HANOI) if isinstance(value, datetime) else value


def _words(text: str) -> list[str]:
    return re.findall(r"\w+\s*|[^\w\s]\s*|\s+", unicodedata.normalize("NFC", text))


def _field_errors(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    for field in fields:
        if isinstance(field, FormField):
            yield from _field_errors(field.form)
            continue
        if isinstance(field, FieldList):
            yield from _field_errors(field.entries)
        yield from ((field.id, say(error)) for error in field.errors if not isinstance(error, Mapping | list | tuple))
