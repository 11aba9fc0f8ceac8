"""Records out of a file: everything the form would refuse is refused with its line, and the rest is in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intelhub.cli.import_lines import MOST_BYTES

from .conftest import ANALYST, OFFICER

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "records.jsonl"


def states(installation):
    return sorted(row[0] for row in installation.sql("select state from records"))


def test_lines_become_drafts_of_the_person_named(installation, fields, write_lines):
    result = installation.done("records", "import", write_lines(fields, fields), "--as", OFFICER)
    assert "2 records are in as drafts, 0 lines were refused." in result.stdout
    assert states(installation) == ["draft", "draft"]
    (author,) = installation.sql("select distinct u.username from records r join users u on u.id = r.author_id")
    assert author[0] == OFFICER


def test_submitted_lines_are_submitted_and_stand_in_the_log_under_one_request(installation, fields, write_lines):
    installation.done("records", "import", write_lines(fields), "--as", OFFICER, "--submit")
    assert states(installation) == ["submitted"]
    (acted,) = installation.entries("console:acted-as")
    (submitted,) = installation.entries("record:submitted")
    (officer,) = installation.sql("select id from users where username = :name", name=OFFICER)
    assert acted.object_id == officer[0]
    assert acted.actor_id.int == 0
    assert submitted.actor_id == officer[0]
    assert acted.rule == "records import"
    assert acted.request_id == submitted.request_id is not None


BAD = {
    "no-json": (b'{"text": ', "line", "not JSON"),
    "no-object": (b"[1, 2]", "line", "one JSON object"),
    "a-word": (b'"text"', "line", "one JSON object"),
    "twice": (b'{"text": "a", "text": "b"}', "line", "“text” stands twice"),
    "not-utf8": (b'{"text": "\xff\xfe"}', "line", "not UTF-8"),
    "too-long": (b'{"text": "' + b"a" * MOST_BYTES + b'"}', "line", "longer than"),
    "no-number": (b'{"level": NaN}', "line", "not JSON"),
    "deep": (b"[" * 100_000, "line", "not JSON"),
    "huge-number": (b'{"level": ' + b"9" * 10_000 + b"}", "line", "not JSON"),
    "half-a-letter": (b'{"text": "\\ud800 and so on and so on"}', "line", "half a character"),
}

WRONG = {
    "short": ({"text": "ngắn"}, "text", "at least 20 characters"),
    "long": ({"text": "a" * 8001}, "text", "longer than 8000"),
    "abstract": ({"abstract": "a" * 121}, "abstract", "at most 120"),
    "time": ({"learned_at": "hôm qua"}, "learned_at", "cannot be read as a time"),
    "future": ({"learned_at": "2999-01-01"}, "learned_at", "future"),
    "period": ({"happened_from": "2026-02-02", "happened_to": "2026-02-01"}, "happened_to", "before the beginning"),
    "unit": ({"place_unit": "99XX"}, "place_unit", "No unit has the code"),
    "channel": ({"channel": "rumour"}, "channel", "not in the list"),
    "no-topic": ({"topic": None}, "topic", "Choose one"),
    "source": ({"source_kind": "pseudonym", "source": "Ông Ba"}, "source", "pseudonym"),
    "item": ({"list_item": None}, "list_item", "must rest on an item"),
    "level": ({"level": 7}, "level", "level of secrecy"),
    "level-name": ({"level": True}, "level", "quotation marks"),
    "above": ({"level": 3, "list_item": "VD-TgM-01"}, "level", "up to level 2"),
    "handling": ({"handling": "H4"}, "handling_conditions", "conditions in words"),
    "grade": ({"source_grade": "Z"}, "source_grade", "not in the list"),
    "plan": ({"plan_item": None}, "outside_plan", "outside the plan"),
    "unknown": ({"colour": "red"}, "colour", "no field of this name"),
    "object": ({"text": {"a": "b" * 30}}, "text", "quotation marks"),
    "list": ({"text": ["a" * 30]}, "text", "quotation marks"),
    "plate": ({"subjects": [{"kind": "container", "name": "", "identifier": "MSKU 123456 7"}]}, "subjects-0", ""),
    "subject": ({"subjects": ["MSKU1234567"]}, "subjects-0", "an object with"),
    "subject-field": ({"subjects": [{"kind": "person", "nom": "An"}]}, "subjects-0", "no field “nom”"),
    "subjects": ({"subjects": "An"}, "subjects", "are a list"),
    "subject-name": ({"subjects": [{"kind": "person", "name": ["An"]}]}, "subjects-0", "quotation marks"),
}


def test_every_bad_line_is_reported_by_number_field_and_reason_and_the_rest_goes_in(installation, fields, write_lines):
    lines = [fields, *(raw for raw, _, _ in BAD.values()), b"", *(fields | change for change, _, _ in WRONG.values())]
    result = installation.run("records", "import", write_lines(*lines, fields), "--as", OFFICER)
    assert result.exit_code == 1
    assert "2 records are in as drafts" in result.stdout
    assert states(installation) == ["draft", "draft"]
    said = dict.fromkeys(result.stderr.splitlines())
    expected = [*enumerate(BAD.values(), 2), *enumerate(WRONG.values(), 3 + len(BAD))]
    for number, (_, name, reason) in expected:
        assert any(line.startswith(f"line {number}: {name}: ") and reason in line for line in said), (number, name)
    reported = {int(line.split()[1].rstrip(":")) for line in said if line.startswith("line ")}
    assert reported == {number for number, _ in expected}
    table = result.stderr[result.stderr.index("reason") :]
    assert all(f"{number}" in table for number in reported)


def test_nothing_of_a_refused_line_steers_the_terminal(installation, fields, write_lines):
    result = installation.run(
        "records", "import", write_lines(fields | {"channel": "\x1b[2J\u202eevil"}), "--as", OFFICER
    )
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr
    assert "evil" in result.stderr


def test_checking_writes_nothing(installation, fields, write_lines):
    path = write_lines(fields, fields | {"topic": None})
    result = installation.run("records", "import", path, "--as", OFFICER, "--check")
    assert (result.exit_code, states(installation)) == (1, [])
    assert "1 records are in order, 1 lines were refused." in result.stdout


def test_an_import_goes_on_where_it_stopped(installation, fields, write_lines):
    path = write_lines(fields, fields, fields)
    result = installation.done("records", "import", path, "--as", OFFICER, "--first-line", 3)
    assert "1 records are in as drafts" in result.stdout


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_mistakes(installation, fields, tmp_path):
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(fields).encode() + b"\r\n\r\n" + json.dumps(fields).encode())
    assert "2 records" in installation.done("records", "import", path, "--as", OFFICER).stdout


def test_standard_input_is_a_file_too(installation, fields):
    result = installation.done("records", "import", "-", "--as", OFFICER, typed=json.dumps(fields))
    assert "1 records are in as drafts" in result.stdout


@pytest.mark.parametrize("content", [b"", b"\n  \n"])
def test_an_empty_file_is_refused(installation, tmp_path, content):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    result = installation.run("records", "import", path, "--as", OFFICER)
    assert result.exit_code == 1
    assert "holds no record" in result.stderr


def test_whoever_may_not_write_imports_nothing(installation, fields, write_lines):
    result = installation.run("records", "import", write_lines(fields), "--as", ANALYST)
    assert (result.exit_code, states(installation)) == (1, [])
    assert "None of this person's duties includes writing records." in result.stderr


def test_a_level_above_the_writing_function_is_a_refused_line_and_not_a_lower_record(installation, fields, write_lines):
    installation.done("user", "clearance", OFFICER, 3)  # the function itself writes up to level 2
    path = write_lines(fields | {"level": 3, "list_item": "VD-TgM-01"}, fields)
    for submit in ((), ("--submit",)):
        result = installation.run("records", "import", path, "--as", OFFICER, *submit)
        assert result.exit_code == 1, (result.output, installation.sql("select level, state from records"))
        assert "line 1: level: " in result.stderr
        assert "1 records" in result.stdout
    assert installation.sql("select distinct level from records") == [(1,)]


def test_nobody_of_this_name(installation, fields, write_lines):
    result = installation.run("records", "import", write_lines(fields), "--as", "ghost")
    assert result.exit_code == 1
    assert "no open account “ghost”" in result.stderr


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example file is not there")
def test_the_example_of_the_documentation_goes_in_whole(installation):
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line.strip()]
    for level in ("3",):
        installation.done("user", "clearance", "dung.tran", level)
    result = installation.run("records", "import", EXAMPLE, "--as", "dung.tran", "--submit")
    assert result.exit_code == 0, result.output
    assert f"{len(lines)} records are submitted, 0 lines were refused." in result.stdout
