"""Why a decision falls as it does, for whoever keeps the machine: labels and lines, never content."""

from __future__ import annotations

import re

import pytest

from .conftest import ANALYST, LEADER, OFFICER


@pytest.fixture
def submitted(installation, fields, write_lines):
    installation.done("records", "import", write_lines(fields), "--as", OFFICER, "--submit")
    return installation


def id_of(installation):
    return installation.sql("select id from records")[0][0]


def test_the_line_that_allows_is_named(submitted):
    result = submitted.done("access", "explain", LEADER, "forward", id_of(submitted))
    assert result.stdout.startswith(f"ALLOWED: {LEADER} record.forward")
    assert "group_leader" in result.stdout
    (entry,) = submitted.entries("decision:explained")
    assert (entry.object_id, entry.rule) == (id_of(submitted), "record.forward")


def test_the_check_that_refuses_is_named(submitted):
    result = submitted.done("access", "explain", ANALYST, "record.read", id_of(submitted))
    assert result.stdout.startswith(f"REFUSED: {ANALYST} record.read")
    assert re.search(r"NO +exposure", result.stdout)


def test_the_place_lowers_the_ceiling(submitted):
    result = submitted.done("access", "explain", LEADER, "read", id_of(submitted), "--place", "remote")
    assert result.stdout.startswith("REFUSED")
    assert "place_ceiling" in result.stdout


def test_a_number_names_its_record(submitted, fields, write_lines):
    submitted.done("records", "import", write_lines(fields | {"level": 0, "list_item": None}), "--as", OFFICER,
                   "--submit")  # fmt: skip
    (year,) = submitted.sql("select distinct year from record_series")
    result = submitted.done("access", "explain", LEADER, "read", f"15bb-tt-{year[0]}-0001")
    # One series a level: the same number stands for two records, and both are explained.
    assert result.stdout.count("ALLOWED") == 2


def test_no_word_of_the_content_is_shown(submitted, fields):
    shown = submitted.done("access", "explain", LEADER, "read", id_of(submitted)).output
    assert not [word for word in fields["text"].split() if len(word) > 3 and word in shown]


@pytest.mark.parametrize(
    ("who", "action", "reference", "reason"),
    [
        ("ghost", "read", None, "no open account “ghost”"),
        (LEADER, "burn", None, "There is no act “burn”"),
        (LEADER, "read", "00000000-0000-4000-8000-000000000000", "There is no record"),
        (LEADER, "read", "15BB-TT-2026-9999", "There is no record"),
        (LEADER, "read", "rubbish", "There is no record"),
        (LEADER, "read", "XX-TT-²-1", "There is no record"),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(submitted, who, action, reference, reason):
    result = submitted.run("access", "explain", who, action, reference or id_of(submitted))
    assert result.exit_code == 1
    assert reason in result.stderr
