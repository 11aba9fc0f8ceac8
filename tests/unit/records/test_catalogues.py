"""The lists are whole in both languages, and say where they are examples."""

from __future__ import annotations

import json
import unicodedata

import pytest

from intelhub.platform.actor import Place
from intelhub.records.catalogues import (
    catalogue,
    catalogues,
    entry,
    find_entry,
    label,
    public_words,
    read_catalogues,
)
from intelhub.records.domain import RecordState
from intelhub.records.identifiers import IdentifierKind

EVERY_ENTRY = [(code, line) for code, each in catalogues().items() for line in each.entries]


@pytest.mark.parametrize(("code", "line"), EVERY_ENTRY, ids=[f"{code}-{line.code}" for code, line in EVERY_ENTRY])
def test_an_entry_speaks_both_languages(code, line):
    assert line.label("vi").strip()
    assert line.label("en").strip()
    assert bool(line.meaning_vi) == bool(line.meaning_en)
    assert bool(line.basis_vi) == bool(line.basis_en)
    assert bool(line.banner_vi) == bool(line.banner_en)
    assert all(unicodedata.is_normalized("NFC", text) and "\u00d0" not in text for text in line.words()), code


def test_each_list_has_a_name_and_no_two_entries_look_alike():
    for each in catalogues().values():
        assert each.label("vi") != each.label("en")
        for locale in ("vi", "en"):
            labels = [line.label(locale) for line in each.entries]
            assert len(labels) == len(set(labels))


def codes(name: str) -> list[str]:
    return [line.code for line in catalogue(name)]


def test_the_lists_hold_the_codes_that_the_import_format_promises():
    assert codes("source_grade") == list("ABCDEF")
    assert codes("info_grade") == list("123456")
    assert codes("handling") == ["H0", "H1", "H2", "H3", "H4", "HX"]
    assert codes("urgency") == ["normal", "urgent", "very_urgent", "express"]
    assert codes("level") == ["0", "1", "2", "3"]
    assert codes("source_kind") == ["open", "pseudonym"]
    assert {
        *("enterprise", "person", "vehicle", "vessel", "container", "declaration", "goods", "seal", "route", "place"),
        *("document", "payment", "communication", "organisation"),
    } <= set(codes("subject_type"))
    assert set(IdentifierKind) <= set(codes("subject_type"))
    assert (len(codes("topic")), len(codes("method")), len(codes("channel"))) == (19, 13, 20)


def test_the_lists_agree_with_the_states_and_places_of_the_code():
    assert {str(state) for state in RecordState} <= set(codes("state"))
    assert set(codes("place")) == {str(place) for place in Place}


def test_conditions_are_required_for_foreign_customs_and_the_originator_alone():
    assert [line.code for line in catalogue("handling") if line.conditions_required] == ["H4", "HX"]


def test_every_level_above_none_has_items_and_all_shipped_ones_are_marked_as_examples():
    items = catalogue("list_item")
    assert {item.level for item in items} == {1, 2, 3}
    for item in items:
        assert item.example
        assert item.vi.endswith("(ví dụ)")
        assert item.en.endswith("(example)")
        assert item.basis("vi")
    assert all(line.vi.endswith("(ví dụ)") and line.example for line in catalogue("plan_item"))


def test_top_secret_examples_stand_only_where_the_law_knows_them():
    for item in catalogue("list_item"):
        if item.level == 3:
            assert "quốc phòng" in item.vi or "an ninh quốc gia" in item.vi


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_white_words_on_the_colour_of_a_level_can_be_read():
    for line in catalogue("level"):
        assert 1.05 / (_luminance(line.colour) + 0.05) >= 7
        assert bool(line.banner("vi")) == (line.level != 0)


def test_an_entry_is_found_by_its_code():
    assert entry("topic", "false_origin").label("vi") == "Gian lận thương mại về xuất xứ"
    assert entry("topic", "false_origin").label("en-GB") == "Trade fraud: origin"
    assert label("urgency", "express") == "Hỏa tốc"
    assert label("topic", "long_gone") == "long_gone"
    assert find_entry("topic", None) is None
    with pytest.raises(KeyError):
        entry("topic", "long_gone")
    with pytest.raises(KeyError):
        catalogue("colours")


def test_the_public_words_are_those_of_the_lists():
    assert {"xuất", "hỏa", "origin", "mật", "false_origin"} <= public_words()
    assert "pò" not in public_words()


@pytest.mark.parametrize(
    "entries",
    [
        [{"code": "a", "vi": "a", "en": "a"}, {"code": "a", "vi": "b", "en": "b"}],
        [{"code": "a", "vi": "a"}],
        [{"code": "a", "vi": "a", "en": "a", "color": "red"}],
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, entries):
    path = tmp_path / "catalogues.json"
    path.write_text(json.dumps({"topic": {"vi": "x", "en": "y", "entries": entries}}))
    with pytest.raises(ValueError, match="topic"):
        read_catalogues(path)
