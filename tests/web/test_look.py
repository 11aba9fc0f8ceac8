"""The frame, the macros and the static files, rendered by a small application of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template, render_template_string
from flask_babel import Babel, force_locale
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined, UndefinedError
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from intelhub.organisation import Tier
from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.platform.messages import Message
from intelhub.platform.web import look

TEMPLATES = sorted(look.TEMPLATE_FOLDER.rglob("*.html"))
ALL_TEMPLATES = sorted(look.TEMPLATE_FOLDER.parents[2].glob("**/templates/**/*.html"))  # of every feature
NOON = datetime(2026, 11, 21, 5, 3, tzinfo=UTC)  # 12:03 in Hà Nội


def frame(**changes: object) -> SimpleNamespace:
    navigation = [
        SimpleNamespace(
            label=f"Mục {i}",
            url=f"/{i}",
            icon="home",
            count=i or None,
            is_current=i == 1,
            shortcut="g h" if i else None,
        )
        for i in range(6)
    ]
    given_by_app = {
        "actor_name": "Nguyễn Thị <Vân>",
        "unit_name": "Chi cục Hữu Nghị",
        "place": "onsite",
        "place_label": "Tại trụ sở",
        "ceiling": 2,
        "locale": "vi",
        "locale_url": lambda lang: f"?lang={lang}",
        "demo": False,
        "navigation": navigation,
        "search_url": "/search",
        "sign_out_url": "/out",
        "session_ends_at": NOON + timedelta(hours=1),
        "stay_url": "/stay",
        "csrf_token": 'it\'s "a" <token>',
        "now": NOON,
    }
    return SimpleNamespace(**(given_by_app | changes))


@pytest.fixture(scope="module", autouse=True)
def app() -> Iterator[Flask]:
    app = Flask(
        "look",
        template_folder=str(look.TEMPLATE_FOLDER),
        static_folder=str(look.STATIC_FOLDER),
        static_url_path="/static",
    )
    app.secret_key = "invented"
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app)
    app.jinja_env.undefined = StrictUndefined
    look.install_look(app)
    with app.test_request_context():
        yield app


PAGE = '{% extends "layout.html" %}{% block title %}Trang{% endblock %}{% block content %}<p>x</p>{% endblock %}'


def page(source: str = PAGE, **context: object) -> str:
    return render_template_string(source, **({"frame": frame(), "page_level": 0} | context))


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


# ---- the frame --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_compiles(app: Flask, path: Path) -> None:
    app.jinja_env.get_template(path.relative_to(look.TEMPLATE_FOLDER).as_posix())


def test_a_page_that_does_not_say_its_level_does_not_render() -> None:
    with pytest.raises(UndefinedError, match="page_level"):
        render_template_string(PAGE, frame=frame())


@pytest.mark.parametrize(("level", "mark"), [(1, "MẬT"), (2, "TỐI MẬT"), (3, "TUYỆT MẬT")])
def test_the_level_stands_at_the_top_the_bottom_and_on_paper_in_words(level: int, mark: str) -> None:
    html = page(page_level=level)
    assert html.count(f"<strong>{mark}</strong>") == 4
    assert f'id="level-top" class="level-banner level-{level}"' in html
    assert f'id="level-bottom" class="level-banner level-{level}"' in html


def test_level_zero_has_no_banner() -> None:
    html = page()
    assert "MẬT</strong>" not in html
    assert all(
        "hidden" in attrs for tag, attrs in Elements(html).found if attrs.get("id") in {"level-top", "level-bottom"}
    )


def test_the_level_may_be_set_by_the_page_itself() -> None:
    source = PAGE.replace("{% block title", "{% set page_level = 3 %}{% block title", 1)
    assert "TUYỆT MẬT" in render_template_string(source, frame=frame())


def test_a_level_unknown_to_the_law_is_not_shown_as_none() -> None:
    with pytest.raises(UndefinedError):
        page(page_level=4)


def test_landmarks_skip_link_and_one_heading() -> None:
    html = page()
    elements = Elements(html)
    assert len(elements.all("main")) == len(elements.all("h1")) == 1
    assert elements.all("a")[0]["href"] == "#content"
    assert all("aria-label" in nav for nav in elements.all("nav"))
    assert elements.all("html")[0]["lang"] == "vi"


def test_names_and_tokens_are_escaped_and_the_token_survives() -> None:
    html = page()
    assert "<Vân>" not in html
    headers = Elements(html).all("body")[0]["hx-headers"]
    assert json.loads(headers or "") == {"X-CSRFToken": 'it\'s "a" <token>'}


def test_every_form_of_the_frame_posts_with_the_token() -> None:
    html = page()
    for form in re.findall(r"<form.*?</form>", html, re.DOTALL):
        assert 'method="post"' in form
        assert 'name="csrf_token"' in form


def test_columns_only_when_there_are_facts() -> None:
    assert 'class="column"' in page()
    assert "<aside" not in page()
    assert "<aside" in page(PAGE + "{% block facts %}<p>f</p>{% endblock %}")


def test_the_bottom_bar_has_four_and_a_sheet() -> None:
    bar = page().split('class="bottom-bar"')[1]
    first, sheet = bar.split("nav-sheet-list")
    assert [f"Mục {i}" in first for i in range(6)] == [True] * 4 + [False] * 2
    assert "Mục 4" in sheet


def test_without_an_end_there_is_no_warning() -> None:
    assert 'id="session-end"' in page()
    assert 'id="session-end"' not in page(frame=frame(session_ends_at=None, stay_url=None))


def test_htmx_may_not_evaluate_nor_keep_pages() -> None:
    config = next(meta for meta in Elements(page()).all("meta") if meta.get("name") == "htmx-config")
    settings = json.loads(config["content"] or "")
    assert settings["allowEval"] is settings["allowScriptTags"] is settings["includeIndicatorStyles"] is False
    assert settings["selfRequestsOnly"] is True
    assert settings["historyCacheSize"] == 0  # a snapshot of a page would lie in the browser's storage


# ---- refusals ---------------------------------------------------------------------------------------------------


def test_not_there_and_not_for_you_are_the_same_bytes() -> None:
    pages = {
        render_template("error.html", status=404, error=error, frame=frame())
        for error in (NotFound(), NotFound(rule="level"), RuleRefused("Secret reason"), None)
    }
    assert len(pages) == 1


def test_a_refusal_says_its_sentence_and_one_way_on() -> None:
    html = render_template(
        "error.html", status=422, error=RuleRefused(Message("At least %(n)s.", {"n": 3})), frame=frame()
    )
    assert "At least 3." in html
    assert html.count('class="btn btn-primary"') == 1


def test_a_bug_shows_its_number_even_without_a_frame() -> None:
    assert "ab12" in render_template("error.html", status=500, error=None, incident="ab12")


# ---- the content policy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL_TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_inline_style_script_or_handler(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(
        r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|hx-on|<script(?![^>]*\ssrc=)", source, re.IGNORECASE
    )
    assert "|safe" not in source


def test_no_sheet_or_script_reaches_outside() -> None:
    for path in [*look.STATIC_FOLDER.rglob("*.css"), *look.STATIC_FOLDER.glob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"url\(\s*[\"']?(data:|https?:|//)|@import|\beval\(|new Function", text), path
    for path in look.STATIC_FOLDER.rglob("*.svg"):
        assert "<script" not in path.read_text(encoding="utf-8")


def test_every_picture_a_sheet_names_is_there() -> None:
    for path in look.STATIC_FOLDER.rglob("*.css"):
        for name in re.findall(r"url\([\"']?([^)\"']+)", path.read_text(encoding="utf-8")):
            assert (path.parent / name).is_file(), name


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    sprite = (look.STATIC_FOLDER / "vendor" / "icons.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = {
        name
        for path in ALL_TEMPLATES
        for name in re.findall(r"icon\(\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= drawn


def test_every_vendored_thing_brings_its_licence() -> None:
    folders = [one for one in (look.STATIC_FOLDER / "vendor").iterdir() if one.name != "icons.svg"]
    assert any(folder.name.startswith("tabler-icons-") for folder in folders), "that of the icons"
    assert folders
    assert all((folder / "LICENSE").stat().st_size > 500 for folder in folders)


def test_a_first_visit_is_light() -> None:
    html = page()
    names = set(re.findall(r"/static/([^?\"#]+)", html))
    total = len(html.encode()) + sum((look.STATIC_FOLDER / name).stat().st_size for name in names)
    assert total < 300_000  # uncompressed: pages with tokens in them are not compressed


def test_the_address_of_a_file_changes_with_its_content() -> None:
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{6}", look.asset_url("app.css"))


# ---- colours ----------------------------------------------------------------------------------------------------


def _blocks() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    css = (look.STATIC_FOLDER / "app.css").read_text(encoding="utf-8")
    starts = (":root {", ':root:not([data-bs-theme="light"]) {', ':root[data-bs-theme="dark"] {')
    light, by_device, chosen = (
        dict(re.findall(r"(--[\w-]+):\s*([^;]+);", css[css.index(start) : css.index("}", css.index(start))]))
        for start in starts
    )
    return light, by_device, chosen


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        full = colour if len(colour) == 7 else "#" + "".join(sign * 2 for sign in colour[1:])
        parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_dark_is_the_same_whether_the_device_or_the_person_wants_it() -> None:
    _, by_device, chosen = _blocks()
    assert by_device == chosen


def test_white_on_a_level_is_read_by_everybody() -> None:
    light, _, _ = _blocks()
    assert [light[f"--level-{n}"] for n in range(4)] == ["#475569", "#7a4a00", "#9b1c1c", "#3b0764"]
    assert all(_contrast("#ffffff", light[f"--level-{n}"]) >= 7 for n in range(4))


@pytest.mark.parametrize("theme", [0, 1])
def test_words_stand_out_from_their_ground(theme: int) -> None:
    colours = _blocks()[0] | _blocks()[theme]
    pairs = [
        (ink, ground)
        for ink in ("ink", "ink-2", "accent-ink", "danger-ink")
        for ground in ("ground", "surface", "sunken")
    ]
    pairs += [(f"level-{n}-ink", f"level-{n}-soft") for n in range(4)]
    pairs += [(f"{tone}-ink", f"{tone}-soft") for tone in ("accent", "good", "warn", "danger")]
    weak = [pair for pair in pairs if _contrast(colours[f"--{pair[0]}"], colours[f"--{pair[1]}"]) < 4.5]
    assert weak == []
    assert _contrast("#ffffff", colours["--accent"]) >= 4.5
    assert _contrast(colours["--line-strong"], colours["--surface"]) >= 3  # the border of a field


# ---- values -----------------------------------------------------------------------------------------------------


def test_times_are_vietnams() -> None:
    late = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
    assert look.format_moment(late) == "21/11/2026 01:30"
    assert look.format_day(late) == "21/11/2026"
    assert look.format_day(late.date()) == "20/11/2026"
    assert look.format_clock(late) == "01:30"


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=30), "30 d ago"),
        (timedelta(days=31), "21/10/2026"),
        (timedelta(hours=-2), "21/11/2026 14:03"),
    ],
)
def test_ages(passed: timedelta, words: str) -> None:
    assert look.format_age(NOON - passed, at=NOON) == words


def test_numbers_follow_the_language() -> None:
    with force_locale("vi"):
        assert look.format_number(1234567.5) == "1.234.567,5"
    with force_locale("en"):
        assert look.format_number(1234567.5) == "1,234,567.5"


def test_a_message_is_said_with_the_messages_inside_it() -> None:
    assert look.say(Message("%(what)s 100%%.", {"what": Message("Done")})) == "Done 100%."
    assert look.say("50%") == "50%"


def test_a_message_names_things_in_the_readers_language() -> None:
    message = Message("%(tier)s.", {"tier": Tier(tier=2, name="Vùng", name_en="Region")})
    with force_locale("vi"):
        assert look.say(message) == "Vùng."
    with force_locale("en"):
        assert look.say(message) == str(message) == "Region."


@pytest.mark.parametrize(
    ("text", "folded"), [("Đội Nghiệp vụ", "doi nghiep vu"), ("HỮU NGHỊ", "huu nghi"), ("Ðà", "da")]
)
def test_folding(text: str, folded: str) -> None:
    assert look.fold(text) == folded


@given(st.text(alphabet="abđ ạ.\n", max_size=60), st.text(alphabet="abđ ạ.\n", max_size=60))
def test_a_difference_gives_both_texts_back(old: str, new: str) -> None:
    parts = look.diff_words(old, new)
    assert "".join(text for kind, text in parts if kind != "added") == old
    assert "".join(text for kind, text in parts if kind != "removed") == new


def test_a_difference_points_at_the_word() -> None:
    old = " ".join(f"từ{i}" for i in range(1500))
    changed = [part for part in look.diff_words(old, old.replace("từ700 ", "khác ")) if part[0] != "same"]
    assert changed == [("removed", "từ700 "), ("added", "khác ")]


@pytest.mark.timeout(5)
def test_a_text_that_repeats_itself_does_not_hold_the_server() -> None:
    old = "lô hàng phụ tùng ô tô khai sai xuất xứ " * 200
    assert look.diff_words(old, old.replace("sai", "đúng"))


def test_initials() -> None:
    assert look.initials_of("Nguyễn Thị Hồng Vân") == "HV"
    assert look.initials_of("") == ""


# ---- forms ------------------------------------------------------------------------------------------------------


class _Subject(Form):
    name = StringField("Tên", [InputRequired("Ghi tên.")])


class _Everything(Form):
    text = TextAreaField("Nội dung", [InputRequired(Message("At least %(n)s.", {"n": 20})), Length(min=20)])  # type: ignore[arg-type]
    abstract = StringField("Trích yếu", description="Một dòng")
    amount = IntegerField("Trị giá")
    learned = DateTimeLocalField("Biết tin lúc", default=datetime(2026, 11, 21, 14, 3))  # noqa: DTZ001 - as the browser sends it
    channel = SelectField("Kênh", choices=[SelectChoice("a", "Một"), SelectChoice("b", "Hai")], default="b")
    level = RadioField("Độ mật", choices=[SelectChoice("0", "Không"), SelectChoice("1", "Mật")], default="1")
    outside = BooleanField("Ngoài kế hoạch")
    topics = SelectMultipleField("Chủ đề", choices=[SelectChoice("x", "X"), SelectChoice("y", "Y")], default=["y"])
    subjects = FieldList(FormField(_Subject), min_entries=2)


FIELDS = (
    '{% import "macros/forms.html" as forms %}{{ forms.error_summary(form|field_errors) }}'
    "{% for f in form if f.type != 'FieldList' %}"
    "{{ forms.field(f, limit=100 if f.type == 'TextAreaField' else none) }}{% endfor %}"
)


def test_every_kind_of_field_has_its_label_and_value() -> None:
    html = render_template_string(FIELDS, form=_Everything())
    elements = Elements(html)
    ids = {attrs["id"] for _, attrs in elements.found if attrs.get("id")}
    assert {label["for"] for label in elements.all("label")} <= ids
    assert "Một dòng" in html
    assert 'value="2026-11-21T14:03"' in html
    assert re.search(r'value="b" selected', html)
    assert re.search(r'id="level-1" value="1" checked', html)
    assert re.search(r'value="y" checked', html)
    assert all(box["autocomplete"] == "off" for box in elements.all("input") if box["type"] in {"text", "number"})


def test_an_error_is_told_at_the_top_and_at_its_field() -> None:
    form = _Everything()
    assert not form.validate()
    html = render_template_string(FIELDS, form=form)
    assert 'href="#text"' in html
    assert html.count("At least 20.") == 2
    area = Elements(html).all("textarea")[0]
    assert area["aria-invalid"] == "true"
    assert "text-error" in (area["aria-describedby"] or "")


def test_errors_of_nested_fields_lead_to_them() -> None:
    form = _Everything()
    form.validate()
    assert ("subjects-1-name", "Ghi tên.") in look.list_field_errors(form)


def test_what_was_typed_stays_and_is_escaped() -> None:
    typed = '</textarea><script>alert("x")</script>'
    html = render_template_string(
        '{% import "macros/forms.html" as f %}{{ f.textarea("t", "T", typed) }}{{ f.text("u", "U", typed) }}'
        '{{ f.select("s", "S", [(typed, typed)]) }}',
        typed=typed,
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 4


def test_a_list_is_found_without_diacritics() -> None:
    html = render_template_string('{% import "macros/forms.html" as f %}{{ f.typeahead("u", "U", ["Hữu Nghị"]) }}')
    assert '<option value="Hữu Nghị">huu nghi</option>' in html


# ---- lists and marks --------------------------------------------------------------------------------------------


def test_a_row_says_all_it_knows_and_escapes_it() -> None:
    html = render_template_string(
        '{% import "macros/lists.html" as l %}{% call l.rows("Tin") %}{{ l.row("/1", "<b>Lô", reference="TT-1", '
        'level_value=2, mark=("C", 2), unit="Hữu Nghị", at=at, status=("Nháp", "draft"), urgent="express", '
        'choose=("bulk", "ids", "1")) }}{% endcall %}',
        at=NOON,
    )
    assert "&lt;b&gt;Lô" in html
    assert all(
        words in html for words in ("TT-1", "TỐI MẬT", ">C2<", "Hữu Nghị", "Nháp", "Express", "21/11/2026 12:03")
    )
    assert "source fairly reliable; information probably true" in html


@pytest.mark.parametrize("code", ["normal", "urgent", "very_urgent", "express"])
def test_only_what_is_urgent_is_marked_urgent(code: str) -> None:
    html = render_template_string('{% import "macros/badges.html" as b %}{{ b.urgency(code) }}', code=code)
    assert bool(html.strip()) is (code != "normal")


def test_every_grade_and_handling_code_explains_itself() -> None:
    html = render_template_string(
        '{% import "macros/badges.html" as b %}{% for s in "ABCDEF" %}{% for i in range(1, 7) %}'
        "{{ b.grade(s, i) }}{{ b.grade(s, i|string) }}"
        '{% endfor %}{% endfor %}{% for h in ["H0", "H1", "H2", "H3", "H4", "HX"] %}'
        '{{ b.handling(h, "words") }}{% endfor %}'
    )
    assert len(Elements(html).all("abbr")) == 78
    assert all(attrs["title"] for attrs in Elements(html).all("abbr"))


def test_a_difference_is_told_to_those_who_do_not_see_colours() -> None:
    html = render_template_string('{% import "macros/diff.html" as d %}{{ d.words("một hai"|word_diff("một ba")) }}')
    assert "<del>" in html
    assert "<ins>" in html
    assert "removed:" in html
    assert "added:" in html


def test_a_final_act_asks_once_and_posts() -> None:
    html = render_template_string(
        '{% import "macros/dialogs.html" as d %}{{ d.opener("go", "Chuyển") }}'
        '{{ d.confirm("go", "T", "E", "/f", "OK", "tok", {"version": 3}) }}'
    )
    assert 'href="#go"' in html
    assert '<dialog class="dialog" id="go"' in html
    assert '<input type="hidden" name="version" value="3">' in html
