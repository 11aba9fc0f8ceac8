"""`intelhub records check` from the outside: what it says, what it leaves in the log, how it exits."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import OFFICER


@pytest.fixture
def three(installation, fields, write_lines) -> list[str]:
    """The ids of three submitted records."""
    lines = [dict(fields, abstract=f"Xamalan số {number}") for number in range(3)]
    installation.done("records", "import", write_lines(*lines), "--as", OFFICER, "--submit")
    return [str(record_id) for (record_id,) in installation.sql("select id from records order by pos")]


def test_with_nothing_in_it_a_house_is_in_order(bare):
    said = bare.done("records", "check").output
    assert "0 records and 0 entries" in said
    assert [entry.rule for entry in bare.entries("record:checked")] == ["0 records, 0 damaged"]


def test_with_everything_in_order_it_says_so_and_leaves_one_entry(installation, three):
    said = installation.done("records", "check").output
    assert "3 records" in said
    assert "every record is what its seals and the audit log say" in said
    (entry,) = installation.entries("record:checked")
    assert (entry.rule, entry.decision) == ("3 records, 0 damaged", "allow")
    assert installation.entries("record:tamper-found") == []
    answer = json.loads(installation.done("records", "check", "--json").output)
    assert answer == {"records": 3, "entries": 6, "damaged": []}
    assert len(three) == 3


@pytest.mark.parametrize("is_sequenced", [False, True])
def test_a_deleted_and_an_altered_record_are_named_and_nothing_of_them_is_shown(installation, three, is_sequenced):
    if is_sequenced:
        installation.sequence()
    for statement in (
        "delete from record_steps where record_id = :id",
        "delete from record_versions where record_id = :id",
        "delete from records where id = :id",
    ):
        installation.sql(statement, id=three[0])
    installation.sql("update records set level = 0 where id = :id", id=three[1])
    told = installation.run("records", "check")
    assert told.exit_code == 1
    assert f"DAMAGED: record {three[0]}" in told.output
    assert "its row is gone" in told.output
    assert f"DAMAGED: record {three[1]}" in told.output
    assert "do not fit their seal" in told.output
    assert three[2] not in told.output
    assert "2 records are damaged" in told.output
    for word in ("Xamalan", "12C-123.45", "-TT-"):
        assert word not in told.output
    alarms = installation.entries("record:tamper-found")
    assert {str(entry.object_id) for entry in alarms} == {three[0], three[1]}
    assert {entry.decision for entry in alarms} == {"deny"}
    assert len(alarms) == 2
    assert [entry.rule for entry in installation.entries("record:checked")] == ["2 records, 2 damaged"]


def test_as_json_each_fault_has_its_name_and_its_sentences(installation, three):
    installation.sql("update records set body_ciphertext = '' where id = :id", id=three[1])
    answered = installation.run("records", "check", "--json")
    assert answered.exit_code == 1
    (damaged,) = json.loads(answered.output)["damaged"]
    assert damaged["record"] == three[1]
    assert [fault["fault"] for fault in damaged["faults"]] == ["content"]
    assert all(fault["what"] and fault["do"] for fault in damaged["faults"])


def test_without_keys_nothing_is_known(installation):
    (installation.var / "keys" / "root.key").unlink()
    result = installation.run("records", "check")
    assert result.exit_code == 2
    assert "There is no file" in result.output
