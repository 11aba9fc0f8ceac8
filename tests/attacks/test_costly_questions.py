"""One question costs what one question may: its counts and its ways out share its time, and nothing odd breaks it."""

from __future__ import annotations

import pytest

from intelhub.records.service import searching
from intelhub.search import SealedIndex
from tests.factories.record_world import travelled

SEVEN = {
    "topic": "smuggling", "channel": "police", "state": "collated", "grade": "A1", "level": "0", "unit": "15ZZ",
    "place": "15ZZ",
}  # fmt: skip


@pytest.fixture
def asked_of_index(monkeypatch):
    """What is asked of the index, which answers as it always does."""
    seen = []
    answer = SealedIndex.search

    def noting(self, session, reader, request):
        seen.append(request)
        return answer(self, session, reader, request)

    monkeypatch.setattr(SealedIndex, "search", noting)
    return seen


def test_all_that_is_asked_on_account_of_a_question_ends_at_one_time(house, client_as, asked_of_index):
    travelled(house, 1)
    client = client_as("analyst")
    for form in ({"q": "khongco aa bb cc dd", **SEVEN}, {"q": "phụ tùng", "topic": "false_origin"}):
        asked_of_index.clear()
        assert client.submit("/search", form).status_code == 200
        assert len(asked_of_index) > 1
        assert len({request.until for request in asked_of_index}) == 1
        assert asked_of_index[0].until.at < float("inf")


def test_nothing_found_is_not_counted_again_for_each_filter(house, client_as, asked_of_index):
    travelled(house, 1)
    client_as("analyst").submit("/search", {"q": "khongco", **SEVEN})
    assert len([one for one in asked_of_index if one.limit > searching.EXACT]) == 1


def test_when_the_time_is_spent_nothing_more_is_tried(house, client_as, asked_of_index, monkeypatch):
    travelled(house, 1)
    monkeypatch.setattr(searching, "_SECONDS", 0.0)
    client = client_as("analyst")
    for form in ({"q": "khongco aa bb cc dd", **SEVEN}, {"q": "phụ tùng", "topic": "false_origin"}):
        asked_of_index.clear()
        answer = client.submit("/search", form)
        assert answer.status_code == 200
        assert 'class="offers"' not in answer.get_data(as_text=True)
        assert len(asked_of_index) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"span": "99999999999"}, {"span": "9999"}, {"span": "9999-12"}, {"span": "0001"}, {"span": "²026"},
        {"from": "0001-01-01"}, {"to": "9999-12-31"}, {"from": "1899-12-31"}, {"q": "from:0001-01-01"},
        {"q": "to:9999"}, {"span": "2" * 5000}, {"from": "2" * 5000},
    ],
)  # fmt: skip
def test_no_date_breaks_a_search_or_the_address_of_its_result(house, client_as, odd):
    travelled(house, 1)
    client = client_as("analyst")
    answer = client.submit("/search", {"q": "phụ tùng", **odd})
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert page.count('class="row-line') <= 1
    address = page.split('data-address="')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("typed", ["0001-01-01", "31/02/2026", "hôm qua", "<b>"])
def test_a_date_that_cannot_be_read_says_so(house, client_as, typed):
    travelled(house, 1)
    page = client_as("analyst").submit("/search", {"q": "phụ tùng", "from": typed}).get_data(as_text=True)
    assert "không phải là ngày" in page
    assert "<b>”" not in page
    assert page.count('class="row-line') == 1


def test_a_filter_by_what_is_in_no_list_is_none(house, client_as, asked_of_index):
    travelled(house, 1)
    made_up = {name: ["anything", "%(tier9)s", "x" * 900] for name in ("topic", "channel", "state", "grade", "level")}
    page = client_as("analyst").submit("/search", {"q": "phụ tùng", **made_up}).get_data(as_text=True)
    assert "anything" not in page
    assert "tier9" not in page
    assert page.count('class="row-line') == 1
    assert [dict(one.facets) for one in asked_of_index] == [{}]


@pytest.mark.parametrize("version", ["²", "9" * 5000, "٣", "-1", "9999999999"])
@pytest.mark.parametrize("address", ["/records/chosen/take-on", "/records/chosen/assign", "/records/assign"])
def test_no_version_breaks_an_act_on_chosen_lines(house, client_as, version, address):
    record_id = travelled(house, 1)
    form = {"chosen": f"{record_id}:{version}", "assignee": str(house.people["analyst"])}
    assert client_as("analyst").submit(address, form).status_code in {412, 422}


@pytest.mark.parametrize("version", ["²", "9" * 5000])
def test_no_version_breaks_a_move_or_a_draft(house, client_as, version):
    record_id = travelled(house, 1)
    analyst = client_as("analyst")
    answer = analyst.submit(f"/records/{record_id}/acknowledge", {"row_version": version})
    assert answer.status_code in {412, 428}
    form = {"row_version": version, "text": "Chữ của phiếu tin, đủ dài để lưu.", "level": "0", "do": "save"}
    assert client_as("officer").submit("/records/new", form).status_code < 500


def test_a_filter_takes_values_of_its_list_and_each_once(house, client_as, monkeypatch):
    """Where the words of a filter come from the browser, as many and as long ones may come as somebody likes."""
    travelled(house, 1)
    asked = []
    search = searching.search_records
    monkeypatch.setattr(
        searching, "search_records", lambda *given, **named: asked.append(given[2]) or search(*given, **named)
    )
    padded = ["15BB" + " " * (number % 100) + "\t" * (number // 100) for number in range(3_000)]
    chosen = ["15BB", "15bb", *padded, "x" * 100_000, *(f"{number:09}" for number in range(3_000))]
    for name in ("unit", "place", "topic"):
        values = [*chosen, "smuggling", "smuggling"]
        assert client_as("analyst").submit("/search", {"q": "phụ tùng", name: values}).status_code == 200, name
    assert [dict(one.facets) for one in asked] == [{"unit": ("15BB",)}, {"place": ("15BB",)}, {"topic": ("smuggling",)}]
