"""The list: its orders hold over all pages in both directions, and what is chosen on it is moved together."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from intelhub import records
from intelhub.platform.roles import driver_address
from intelhub.records import ListFilter
from intelhub.records.domain import ListOrder
from intelhub.records.service import desks
from tests.factories.record_world import act, fill, submitted, travelled, version_of
from tests.web.records.test_desks import desk, ids_in

SQL_ORDERS = [ListOrder.NEWEST, ListOrder.OLDEST, ListOrder.CHANGED]


def the_list(client, query=""):
    answer = client.get(f"/records{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def chosen_in(page):
    return re.findall(r'name="chosen" value="([^"]+)" checked', page)


def choosable_in(page):
    return re.findall(r'form="bulk" name="chosen" value="([0-9a-f-]{36}):\d+"', page)


def spread(house, *ids):
    """Let some records have changed hours ago, as they would over a day."""
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        for hours, one in enumerate(ids):
            connection.execute(
                "update records set updated_at = updated_at - make_interval(hours => %s) where id = %s",
                (hours % 3, one),
            )


def pages_of(show, limit):
    """All pages onward from the first, and then all pages back from the last."""
    onward = [show()]
    while onward[-1].last:
        onward.append(show(after=onward[-1].last))
        assert onward[-1].lines, "no page is offered that is empty"
    back = [onward[-1]]
    while back[-1].first:
        back.append(show(before=back[-1].first))
    assert all(len(page.lines) == limit for page in (*onward[:-1], *back[1:-1]))
    assert [page.lines for page in reversed(back)] == [page.lines for page in onward] or len(back[-1].lines) < limit
    return [line.id for page in onward for line in page.lines], {line.id for page in back for line in page.lines}


@pytest.mark.parametrize("order", SQL_ORDERS)
@pytest.mark.parametrize("limit", [1, 3, 4, 50])
def test_an_order_holds_over_all_pages_onward_and_back(house, order, limit):
    ids = [travelled(house, steps % 4, level="0", list_item=None) for steps in range(8)]
    with house.acting("analyst") as (actor, session):

        def show(**key):
            return records.show_list(actor, session, ListFilter(), order=order, limit=limit, **key)

        onward, back = pages_of(show, limit)
        everything = records.show_list(actor, session, ListFilter(), limit=50).lines
    expected = {
        ListOrder.NEWEST: sorted(everything, key=lambda line: -line.cursor),
        ListOrder.OLDEST: sorted(everything, key=lambda line: line.cursor),
        ListOrder.CHANGED: sorted(everything, key=lambda line: (line.updated_at, line.cursor), reverse=True),
    }[order]
    assert onward == [line.id for line in expected]
    assert back == set(onward)
    assert {line.id for line in everything} < set(ids)


def test_what_changed_last_comes_first_whatever_was_written_when(house, client_as):
    first, second, third = (travelled(house, 1) for _ in range(3))
    spread(house, second, third, first)
    # Touched in SQL, their seals broken: the order is the clear column's, and a line without words stays a line.
    page = the_list(client_as("analyst"), "?sort=changed")
    assert ids_in(page) == [str(second), str(third), str(first)]


def test_a_desk_is_put_in_order_by_urgency_over_its_pages(house):
    for urgency in ("normal", "urgent", "express", "normal", "very_urgent", "urgent"):
        travelled(house, 1, urgency=urgency)
    with house.acting("analyst") as (actor, session):
        (triage,) = [one for one in desks.list_desks(actor, session) if one.key == "triage"]

        def show(**key):
            return desks.show_by_urgency(actor, session, ListFilter(within=triage.wanted), limit=2, **key)

        onward, back = pages_of(show, 2)
        told = {line.id: line for line in desks.show_desk(actor, session, triage.wanted, limit=15).lines}
    assert [told[one].head.urgency for one in onward] == [
        "express", "very_urgent", "urgent", "urgent", "normal", "normal",
    ]  # fmt: skip
    assert onward == list(told)
    assert back == set(onward)


def test_the_order_stands_in_the_address_with_the_filters_and_is_offered_where_it_can_be_had(house, client_as):
    fill(house)
    analyst = client_as("analyst")
    page = the_list(analyst, "?desk=triage&state=received&sort=urgent")
    offered = re.search(r'<nav class="orders".*?</nav>', page, re.DOTALL).group()
    assert "Khẩn nhất trước" in offered
    for address in re.findall(r'href="([^"]+)"', offered):
        asked = parse_qs(urlsplit(address.replace("&amp;", "&")).query)
        assert (asked["desk"], asked["state"]) == (["triage"], ["received"])
    assert re.search(r'aria-current="true">Khẩn nhất trước', offered)
    assert '<input type="hidden" name="sort" value="urgent">' in page
    for query in ("", "?sort=urgent", "?sort=x%27--", "?sort=urgent&desk=nobody"):
        page = the_list(analyst, query)
        assert "Khẩn nhất trước" not in page
        assert re.search(r'aria-current="true">Mới nhất trước', page)


def test_an_address_keeps_what_is_known_here_and_no_words(house, client_as):
    submitted(house)
    page = the_list(
        client_as("leader"), "?unit=phụ tùng ô tô&state=secretword&level=thirdword&sort=oldest&mine=otherword"
    )
    for word in ("secretword", "phụ tùng ô tô", "otherword", "thirdword"):
        assert word not in "".join(re.findall(r'(?:href|action)="([^"]*)"', page))


def test_chosen_lines_are_assigned_together_and_the_same_page_comes_back(house, client_as):
    ids = [travelled(house, 1) for _ in range(3)]
    analyst = client_as("analyst")
    query = f"?state=received&sort=oldest&after={ids[0]}"
    page = the_list(analyst, query)
    assert choosable_in(page) == [str(one) for one in ids[1:]]
    action = re.search(r'id="bulk" method="post" action="([^"]+)"', page).group(1).replace("&amp;", "&")
    chosen = [f"{one}:{version_of(house, 'analyst', one)}" for one in ids[1:]]
    answer = analyst.submit(action, {"assignee": str(house.people["analyst"]), "chosen": chosen})
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query) == parse_qs(query[1:])
    assert "2 phiếu tin" in the_list(analyst, f"?{urlsplit(answer.location).query}")
    assert desk(analyst, "mine") == [str(one) for one in ids[1:]]
    with house.acting("analyst") as (actor, session):
        for one in ids[1:]:
            assert [step.event for step in records.list_timeline(actor, session, one)][:1] == ["assign"]


def test_one_line_that_is_refused_takes_no_other_with_it_and_stays_chosen(house, client_as):
    first, overtaken, third = (travelled(house, 1, abstract=f"Tin số {number}") for number in range(3))
    analyst = client_as("analyst")
    chosen = [f"{one}:{version_of(house, 'analyst', one)}" for one in (first, overtaken, third)]
    act(house, "head", overtaken, records.assign_record, assignee_id=house.people["analyst"])
    answer = analyst.submit("/records/chosen/take-on?sort=oldest", {"chosen": chosen})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 412
    assert "Đã nhận xử lý 2 phiếu tin." in page
    assert "1 phiếu tin chưa được xử lý" in page
    assert "Tin số 1</a>: " in page
    assert ", Phạm Văn Trưởng, " in page
    assert chosen_in(page) == [f"{overtaken}:{version_of(house, 'analyst', overtaken)}"]
    events = {}
    for one in (first, overtaken, third):
        with house.acting("analyst") as (actor, session):
            events[one] = [step.event for step in records.list_timeline(actor, session, one)]
    assert events[first] == events[third] == ["acknowledge", "forward", "submit"]
    assert events[overtaken] == ["assign", "forward", "submit"]


def test_nothing_chosen_is_said_above_the_list(house, client_as):
    travelled(house, 1)
    for address, sentence in (("take-on", "Chọn ít nhất một phiếu tin"), ("assign", "Hãy chọn")):
        answer = client_as("analyst").submit(f"/records/chosen/{address}", {})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert sentence in re.search(r'class="notice notice-bad.*?</div>', page, re.DOTALL).group()
        assert 'aria-invalid="true"' not in page, "nobody's name is wrong"


def test_what_one_works_on_is_not_taken_on_once_more(house, client_as):
    record_id = travelled(house, 2)
    version = version_of(house, "analyst", record_id)
    answer = client_as("analyst").submit("/records/chosen/take-on", {"chosen": f"{record_id}:{version}"})
    assert answer.status_code == 409
    assert "Bạn đang xử lý phiếu tin này" in answer.get_data(as_text=True)
    assert version_of(house, "analyst", record_id) == version, "it counts as touched, and is late no more"


def test_who_may_not_grade_is_said_for_each_line_and_the_choice_is_kept(house, client_as):
    high, low = travelled(house, 1), travelled(house, 1, level="0", list_item=None)
    head = client_as("head")
    chosen = [f"{one}:{version_of(house, 'head', one)}" for one in (high, low)]
    answer = head.submit("/records/chosen/assign", {"assignee": str(house.people["officer"]), "chosen": chosen})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sorted(chosen_in(page)) == sorted(chosen)
    assert page.count("Người này không được đánh giá") == 2
    answer = head.submit("/records/chosen/assign", {"assignee": "", "chosen": chosen})
    assert answer.status_code == 422
    assert sorted(chosen_in(answer.get_data(as_text=True))) == sorted(chosen)
    assert head.submit("/records/chosen/assign", {"assignee": str(house.people["analyst"])}).status_code == 422


def test_what_somebody_works_on_is_not_taken_on_by_another(house, client_as):
    record_id = travelled(house, 2, level="0", list_item=None)
    chosen = f"{record_id}:{version_of(house, 'analyst2', record_id)}"
    answer = client_as("analyst2").submit("/records/chosen/take-on", {"chosen": chosen})
    assert answer.status_code == 409
    assert "đã có người xử lý" in answer.get_data(as_text=True)
    assert version_of(house, "analyst2", record_id) == int(chosen.split(":")[1])


def test_lines_can_be_chosen_where_something_can_be_done_with_them_alone(house, client_as):
    world = fill(house)
    assert choosable_in(the_list(client_as("officer"))) == []
    assert choosable_in(the_list(client_as("hq"))) == []
    assert "data-bulk" not in the_list(client_as("leader"))
    found = set(choosable_in(the_list(client_as("analyst"))))
    assert found == {str(world[name]) for name in (
        "low", "high", "kept in the department", "after 1 steps", "after 2 steps", "after 3 steps", "after 4 steps",
    )}  # fmt: skip


def test_a_page_that_was_emptied_gives_way_to_the_first(house, client_as):
    first, second = travelled(house, 1), travelled(house, 1)
    analyst = client_as("analyst")
    page = the_list(analyst, f"?desk=triage&sort=oldest&after={second}")
    assert ids_in(page) == [str(first), str(second)]
