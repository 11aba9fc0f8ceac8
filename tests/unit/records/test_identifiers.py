"""Identifiers as officers type them: one spelling, a fitting check digit, and a sentence that helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.records.identifiers import (
    _SHAPES,
    Identifier,
    IdentifierKind,
    IdentifierProblem,
    container_check_digit,
    imo_check_digit,
    locate,
    normalise,
)

FULL_WIDTH = {c: chr(ord(c) + 0xFEE0) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def recognise(text: str) -> list[Identifier]:
    """The identifiers a text holds, each once."""
    found: list[Identifier] = []
    for sighting in locate(text):
        if sighting.identifier not in found:
            found.append(sighting.identifier)
    return found


def widened(text: str) -> str:
    return "".join(FULL_WIDTH.get(c, c) for c in text)


@pytest.mark.parametrize(
    ("kind", "typed", "value", "display"),
    [
        ("container", "CSQU3054383", "CSQU3054383", "CSQU 305438 3"),
        ("container", "csqu 305438-3", "CSQU3054383", "CSQU 305438 3"),
        ("container", "ＣＳＱＵ３０５４３８３", "CSQU3054383", "CSQU 305438 3"),
        ("container", " CSQU\u2013305\u00a0438\u200b 3 ", "CSQU3054383", "CSQU 305438 3"),
        ("vessel", "IMO 9074729", "9074729", "IMO 9074729"),
        ("vessel", "imo9074729", "9074729", "IMO 9074729"),
        ("vessel", "907 4729", "9074729", "IMO 9074729"),
        ("enterprise", "01.00.112.437", "0100112437", "0100112437"),
        ("enterprise", "MST 0100233488 - 002", "0100233488-002", "0100233488-002"),
        ("enterprise", "0100233488002", "0100233488-002", "0100233488-002"),
        ("vehicle", "29c-123.45", "29C12345", "29C-123.45"),
        ("vehicle", "29C 12345", "29C12345", "29C-123.45"),
        ("vehicle", "30A-1234", "30A1234", "30A-1234"),
        ("vehicle", "29-B1 123.45", "29B112345", "29B1-123.45"),
        ("vehicle", "51LD-001.23", "51LD00123", "51LD-001.23"),
        ("vehicle", "29MĐ1 123.45", "29MD112345", "29MD1-123.45"),
        ("vehicle", "80 NG 123-45", "80NG12345", "80NG-123.45"),
        ("vehicle", "TM 12-34", "TM1234", "TM-1234"),
        ("vehicle", "12H-000.01", "12H00001", "12H-000.01"),
        ("goods", "8708.99", "870899", "8708.99"),
        ("goods", "HS 8708 99 80", "87089980", "8708.99.80"),
        ("goods", "0101", "0101", "0101"),
        ("declaration", "1034 5678 9012", "103456789012", "103456789012"),
        ("seal", "hq-123456", "HQ123456", "HQ123456"),
    ],
)
def test_every_way_of_typing_leads_to_one_spelling(kind, typed, value, display):
    found = normalise(kind, typed)
    assert isinstance(found, Identifier)
    assert (found.value, found.display, found.warning) == (value, display, None)
    assert found.kind is IdentifierKind(kind)


@pytest.mark.parametrize(
    ("kind", "typed", "helps"),
    [
        ("container", "CSQU3054384", "would end in 3"),
        ("container", "CSQ3054383", "four letters"),
        ("container", "CSQX3054383", "U, J or Z"),
        ("container", "", "MSKU 123456 5"),
        ("vessel", "9074728", "would end in 9"),
        ("vessel", "90747", "seven digits"),
        ("enterprise", "012345678901", "10 digits"),
        ("enterprise", "ABC", "10 digits"),
        ("vehicle", "xe tải", "29C-123.45"),
        ("vehicle", "29C", "29C-123.45"),
        ("goods", "87089", "4, 6 or 8"),
        ("goods", "7701", "4, 6 or 8"),
        ("goods", "9901", "4, 6 or 8"),
        ("goods", "0001", "4, 6 or 8"),
        ("declaration", "12345678901", "12 digits"),
        ("seal", "abc", "letters and digits"),
        ("seal", "A" * 30 + "123", "letters and digits"),
    ],
)
def test_a_wrong_one_is_answered_with_what_to_type(kind, typed, helps):
    problem = normalise(kind, typed)
    assert isinstance(problem, IdentifierProblem)
    assert helps in str(problem.message)


def test_the_examples_in_the_sentences_are_right():
    assert isinstance(normalise("container", "MSKU 123456 5"), Identifier)
    assert isinstance(normalise("vessel", "IMO 9074729"), Identifier)


def test_a_tax_code_whose_check_digit_does_not_fit_is_kept_with_a_warning():
    found = normalise("enterprise", "0100233480")
    assert isinstance(found, Identifier)
    assert "check digit" in str(found.warning)


@pytest.mark.parametrize(("typed", "value"), [("桂A·12345", "桂A12345"), ("ກຂ 1234", "ກຂ1234"), ("2A-1234", "2A1234")])
def test_a_foreign_plate_is_kept_with_a_warning(typed, value):
    found = normalise("vehicle", typed)
    assert isinstance(found, Identifier)
    assert found.value == value
    assert "foreign" in str(found.warning)


def test_a_kind_without_identifiers_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="person"):
        normalise("person", "x")


_digits = st.text("0123456789", min_size=6, max_size=6)
containers = st.builds(
    lambda owner, category, serial: f"{owner}{category}{serial}{container_check_digit(owner + category + serial)}",
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    st.sampled_from("UJZ"),
    _digits,
)
vessels = _digits.map(lambda first: f"{first}{imo_check_digit(first)}")
anything = st.one_of(
    st.text(max_size=30),
    st.text("0123456789ABCđĐÐ桂ກ-. １ＡＵ", max_size=16),
    containers,
    vessels,
    st.from_regex(r"[1-9][0-9][A-Za-z]{1,2}[0-9]?[-. ]?[0-9]{3}\.?[0-9]{1,2}", fullmatch=True),
)


@given(st.sampled_from(IdentifierKind), anything)
def test_normalising_twice_changes_nothing(kind, typed):
    once = normalise(kind, typed)
    if isinstance(once, Identifier):
        assert normalise(kind, once.value) == once
        assert normalise(kind, once.display) == once
    else:
        assert str(once.message)


@given(containers, st.sampled_from(["", " ", "-", " - ", "\u2013", "\u00a0"]), st.booleans(), st.booleans())
def test_a_container_is_the_same_in_any_spelling(number, separator, lower, wide):
    typed = f"{number[:4]}{separator}{number[4:10]}{separator}{number[10:]}"
    typed = widened(typed) if wide else typed
    found = normalise("container", typed.lower() if lower else typed)
    assert isinstance(found, Identifier)
    assert found.value == number
    assert recognise(f"Container số {typed}, hàng về cảng.") == [found]


@given(containers, st.data())
def test_one_wrong_digit_of_a_container_is_noticed(number, data):
    at = data.draw(st.integers(4, 10))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    found = normalise("container", number[:at] + digit + number[at + 1 :])
    # ISO 6346 writes the remainder 10 as 0 too: only among those numbers can one digit go unnoticed.
    assert isinstance(found, IdentifierProblem) or (number[10] == "0" and at < 10)


@given(vessels)
def test_an_imo_number_is_found_with_its_name_only(number):
    assert [found.value for found in recognise(f"Tàu SAO BIỂN, IMO: {number}.")] == [number]
    assert recognise(f"{number}") == []


@given(st.text())
def test_looking_for_identifiers_never_fails_and_what_is_found_normalises_to_itself(text):
    for sighting in locate(text):
        found = sighting.identifier
        assert normalise(found.kind, text[sighting.start : sighting.end]) == found


@given(st.sampled_from(_SHAPES).flatmap(lambda one: st.from_regex(one[1])))
def test_no_identifier_is_without_a_figure(text):
    """The marking of hits rests on it: a question without any figure looks for no identifier."""
    assert all(any(map(str.isdigit, found.value)) for found in recognise(text))


def test_a_report_gives_up_its_identifiers_in_order():
    text = (
        "Xe đầu kéo 12C-123.45 kéo rơ-moóc 12R-00123 chở container csqu 305438-3 (seal số HQ-123456), "
        "tờ khai 103456789012 của Công ty X, MST 0100112437-001, mã HS 8708.99.80 và 870830; "
        "tàu SAO BIỂN IMO 9074729."
    )
    assert [(str(found.kind), found.value) for found in recognise(text)] == [
        ("vehicle", "12C12345"),
        ("vehicle", "12R00123"),
        ("container", "CSQU3054383"),
        ("seal", "HQ123456"),
        ("declaration", "103456789012"),
        ("enterprise", "0100112437-001"),
        ("goods", "87089980"),
        ("vessel", "9074729"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "gọi số 0912345678 lúc 14:03",
        "căn cước 001087123456",
        "ngày 21/11/2026, lô 1.234.567,5 kg",
        "20kg 12345 đồng",
        "15 xe 4500 thùng",
        "CSQU3054384 sai số kiểm tra",
        "XCSQU3054383",
        "niêm phong còn nguyên vẹn",
        "",
    ],
)
def test_what_only_looks_like_an_identifier_is_left_alone(text):
    assert recognise(text) == []


def test_places_are_those_of_the_text_as_written():
    text = "Số ＣＳＱＵ３０５４３８３ đã đến"
    (found,) = locate(text)
    assert text[found.start : found.end] == "ＣＳＱＵ３０５４３８３"


def test_a_plate_is_found_as_it_is_spoken_and_written():
    text = "29c12345, 29-B1 123.45, 51 LD 001.23, 30A.1234"
    assert [found.value for found in recognise(text)] == ["29C12345", "29B112345", "51LD00123", "30A1234"]


def test_the_same_identifier_twice_is_one():
    assert len(recognise("CSQU3054383 rồi csqu 305438 3")) == 1
