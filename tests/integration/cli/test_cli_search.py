"""Searching in somebody's name, and an index that can be thrown away and made again."""

from __future__ import annotations

import json

import pytest

from .conftest import ANALYST, LEADER, OFFICER


@pytest.fixture
def searchable(installation, fields, write_lines):
    other = fields | {"text": "Container lạnh khai thịt đông lạnh, seal bị thay giữa đường từ cảng về kho.", "level": 0,
                      "list_item": None, "abstract": "Thay seal container lạnh", "subjects": []}  # fmt: skip
    installation.done("records", "import", write_lines(fields, other), "--as", OFFICER, "--submit")
    return installation


def found(installation, *arguments):
    answer = json.loads(installation.done("search", *arguments, "--json").stdout)
    return {record["abstract"] for record in answer["records"]}, answer


def test_words_without_diacritics_find_what_the_person_may_read(searchable):
    abstracts, answer = found(searchable, "phu tung o to", "--as", LEADER)
    assert abstracts == {"Nghi gian lận xuất xứ phụ tùng ô tô"}
    (record,) = answer["records"]
    assert (record["unit"], record["state"], record["level"]) == ("15BB", "submitted", 1)
    assert record["number"].startswith("15BB-TT-")
    assert any(piece["hit"] for piece in record["snippet"])
    assert (answer["count"], answer["more_than_count"], answer["highest_level"]) == (1, False, 1)
    assert answer["is_whole"] is True


def test_what_has_not_come_up_is_not_found(searchable):
    abstracts, answer = found(searchable, "phu tung", "--as", ANALYST)
    assert (abstracts, answer["count"]) == (set(), 0)
    assert "Nothing was found" in searchable.done("search", "phu tung", "--as", ANALYST).stdout


def test_a_person_without_the_duty_searches_nothing(searchable):
    result = searchable.run("search", "phu tung", "--as", "admin")
    assert result.exit_code == 1
    assert "None of this person's duties includes searching records." in result.stderr


def test_the_lines_of_a_terminal_begin_and_end_with_the_level(searchable):
    shown = searchable.done("search", "xe OR container", "--as", LEADER).stdout.splitlines()
    assert shown[0].endswith("Highest level shown: MẬT")
    assert shown[-1].endswith("Highest level shown: MẬT")
    assert any("Thay seal container lạnh" in line for line in shown)


def test_the_query_may_come_from_standard_input_and_is_sealed_in_the_log(searchable):
    result = searchable.done("search", "-", "--as", LEADER, "--json", typed="seal\n")
    assert json.loads(result.stdout)["count"] == 1
    ((_, _, rule, acted, _),) = [entry for entry in searchable.entries("console:acted-as") if entry.rule == "search"]
    (searched,) = searchable.entries("record:searched")
    assert (rule, searched.request_id) == ("search", acted)
    logged = searchable.sql("select string_agg(encode(entry, 'escape'), ' ') from audit_pending")[0][0]
    assert "seal\\" not in logged


def test_the_index_is_made_again_from_the_records(searchable):
    searchable.sql("delete from search_tail")
    searchable.sql("delete from search_segments")
    assert found(searchable, "container", "--as", LEADER)[0] == set()
    result = searchable.done("reindex")
    assert "2 records in 2 parts of the index." in result.stdout
    assert found(searchable, "container", "--as", LEADER)[0] == {"Thay seal container lạnh"}
    assert [entry.rule for entry in searchable.entries("index:rebuilt")] == ["2 records"]


def test_where_the_search_server_does_not_answer_everything_is_sealed_and_it_says_so(searchable):
    with (searchable.var / "intelhub.env").open("a") as settings:
        settings.write("INTELHUB_ELASTICSEARCH_WORKER_URL=https://indexer:a@127.0.0.1:1\n")
    result = searchable.done("reindex")
    assert "2 records in 2 parts of the index." in result.stdout
    assert "The search server does not answer. Everything is sealed" in result.stderr
    assert found(searchable, "container", "--as", LEADER)[0] == {"Thay seal container lạnh"}


def test_drafts_do_not_come_into_the_index(searchable, fields, write_lines):
    searchable.done("records", "import", write_lines(fields | {"abstract": "Bản nháp"}), "--as", LEADER)
    assert "2 records in 2 parts" in searchable.done("reindex").stdout


def test_a_relabelled_record_is_left_out_and_named(searchable):
    (record,) = searchable.sql("update records set level = 0 where level = 1 returning id")
    result = searchable.run("reindex")
    assert result.exit_code == 1
    assert f"Record {record[0]} does not fit its seal" in result.stderr
    # The part it came from is empty now, and the part it was put into does not hold it.
    assert found(searchable, "phu tung", "--as", LEADER)[0] == set()
    assert found(searchable, "container", "--as", LEADER)[0] == {"Thay seal container lạnh"}
