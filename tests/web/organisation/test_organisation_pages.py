"""What people see of the tree of units: searched with and without diacritics, on any day, without JavaScript."""

from __future__ import annotations

import html as escaping
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from intelhub.organisation import UnitKind, register_people, today

NEVER = "ZZ99"


class Page(HTMLParser):
    """A page as the elements it is made of; raises when lists are not made of list items."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.depth = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if self.open and self.open[-1] in {"ul", "ol"}:
            assert tag == "li", f"<{tag}> stands directly in a list"
        if tag not in {"meta", "link", "input", "br", "use", "path"}:
            self.open.append(tag)
        self.depth = max(self.depth, self.open.count("details"))

    def handle_endtag(self, tag):
        if tag in {"use", "path"}:
            return
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def links(self):
        return [attributes["href"] for attributes in self.all("a")]


@pytest.fixture
def get(client_as):
    client = client_as("officer")

    def get_page(url, status=200, **headers):
        answer = client.get(url, headers=headers)
        assert answer.status_code == status, answer.text
        return escaping.unescape(answer.text)

    return get_page


def main_of(text):
    return text.split('id="content"', 1)[1].split("<footer", 1)[0]


# ---- the tree ---------------------------------------------------------------------------------------------------


def test_the_tree_shows_every_unit_of_today_once_in_lists_that_unfold_without_javascript(client_as, directory):
    text = client_as("officer").get("/units").text
    page = Page(text)
    shown = [link.removeprefix("/units/") for link in page.links if link.startswith("/units/")]
    assert sorted(shown) == sorted(unit.code for unit in directory.as_of(today()).units)
    assert page.depth >= 3
    assert 'class="tree-below"' in text


def test_what_lies_below_is_counted(get, directory):
    tree = directory.as_of(today())
    department = tree.get("15ZZ")
    below = [tree.get(one) for one in tree.descendants(department.id, including_itself=False)]
    offices = sum(unit.kind in {UnitKind.BORDER_GATE, UnitKind.INLAND} for unit in below)
    assert len(below) > offices > 1
    summary = re.search(r'href="/units/15ZZ">.*?<summary>(.*?)</summary>', get("/units?language=en")).group(1)
    assert summary.startswith(f"Sub-department: {offices}, units: {len(below)}<")
    assert department.name_en in summary  # a screen reader hears whose offices unfold


def test_the_branch_of_ones_own_unit_is_unfolded_and_marked(client_as, get, directory):
    page = Page(client_as("officer").get("/units").text)
    unfolded = sum("open" in attributes for attributes in page.all("details") if attributes["class"] == "tree-below")
    assert unfolded == len(directory.as_of(today()).path("15BE.D2")) - 1  # the team itself has nothing below
    assert get("/units").count("tree-own") == 1


def test_units_that_should_be_checked_say_so(get, directory):
    unconfirmed = sum(not unit.confirmed for unit in directory.as_of(today()).units)
    assert unconfirmed > 0
    assert get("/units").count("tree-check") == unconfirmed


def test_another_day_shows_its_own_names_and_keeps_the_day_in_every_link(get):
    before, after = get("/units?on=2019-09-18"), get("/units?on=2019-09-19")
    merged = re.findall(r'href="/units/([^"?]+)\?on=2019-09-18"', before)
    standing = re.findall(r'href="/units/([^"?]+)\?on=2019-09-19"', after)
    assert len(set(merged) - set(standing)) == 6
    assert not re.findall(r'href="/units/[^"?]+"', before)
    assert "18/09/2019" in before


def test_a_name_changes_on_its_day(get):
    assert "Đội Thủ tục" not in get("/units/15BE.D2?on=2030-12-31").split("history-title", 1)[0]
    renamed = get("/units/15BE.D2?on=2031-01-01")
    assert "Đội Thủ tục <mới></h1>" in renamed


@pytest.mark.parametrize(
    "day", ["yesterday", "2026-02-31", "31/12/2026", "20260101", "2026-W01-1", "0000-01-01", "٢٠٢٦-٠١-٠١", "' or 1=1"]
)
@pytest.mark.parametrize("url", ["/units", "/units/15ZZ"])
def test_a_day_that_does_not_exist_is_answered_with_a_sentence(get, url, day):
    text = get(f"{url}?language=en&on={day}", status=422)
    assert f"There is no day “{day}”." in text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("url", ["/units", "/units/15ZZ"])
def test_the_first_and_the_last_day_of_the_calendar_are_days(get, url, day):
    assert f"/units/15BE?on={day}" in get(f"{url}?on={day}")


# ---- the search -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["Hữu Nghị", "huu nghi", "HUU  NGHI", "hữu nghi"])
def test_units_are_found_with_and_without_diacritics(get, directory, query):
    wanted = {unit.code for unit in directory.as_of(today()).search("Hữu Nghị")}
    found = re.findall(r'href="/units/([^"]+)" data-row-link', get(f"/units?q={query}"))
    assert wanted
    assert set(found) == wanted


@pytest.mark.parametrize("query", ["Đội", "đội", "doi", "Ðội"])
def test_the_crossed_d_and_its_look_alike_are_d(get, query):
    assert 'href="/units/15BE.D2" data-row-link' in get(f"/units?q={query} nghiep vu na nua")


def test_a_code_finds_its_unit_first(get):
    assert re.search(r'href="/units/([^"]+)" data-row-link', get("/units?q=15be")).group(1) == "15BE"


def test_a_unit_of_other_days_is_found_and_marked(get, directory):
    ended = next(unit for unit in directory.ever.units if unit.valid_to and unit.valid_to < today())
    text = get(f"/units?language=en&q={ended.code}")
    assert f'href="/units/{ended.code}?language' not in text
    assert f'href="/units/{ended.code}" data-row-link' in text
    assert "not there on this day" in text


def test_a_search_without_a_find_says_so_and_shows_what_was_typed_as_text(client_as):
    text = client_as("officer").get("/units?language=en&q=<b>nowhere").text
    assert "No unit of this name or code" in text
    assert "<b>nowhere" not in text
    assert "&lt;b&gt;nowhere" in text
    assert 'href="/units"' in main_of(text)


def test_a_long_or_empty_search_is_no_trouble(get):
    assert "data-row-link" not in get("/units?q=%20")
    assert "tree-root" in get("/units?q=%20")
    get(f"/units?q={'a ' * 4000}")
    assert "tree-search" in get("/units?q=%00")


def test_too_many_finds_are_cut_and_counted_as_more(get):
    text = get("/units?language=en&q=c")
    assert text.count("data-row-link") == 50
    assert "Results: 50+" in text


def test_typing_asks_for_the_list_alone(get):
    part = get("/units?q=huu nghi", **{"HX-Request": "true"})
    assert part.strip().startswith('<div id="units">')
    assert "<html" not in part
    assert 'href="/units/' in part
    assert "no day “x”" in get("/units?language=en&q=a&on=x", status=422, **{"HX-Request": "true"})


# ---- a unit -----------------------------------------------------------------------------------------------------


def test_a_unit_says_what_it_is_and_where_it_stands(get, directory):
    text = get("/units/15BE?language=en")
    unit = directory.as_of(today()).get("15BE")
    assert f"{unit.name_en}</h1>" in text
    assert all(f'<li><a href="/units/{code}">' in text for code in ("TCHQ", "15ZZ"))
    assert "Border-gate office" in text
    assert "Sub-department" in text  # what this administration calls tier 3
    assert 'href="/units/15BE.D2"' in text


@pytest.mark.parametrize("code", ["01B3", "01b3", "01B1"])
def test_every_code_of_a_unit_leads_to_it(get, code):
    text = get(f"/units/{code}")
    assert "01B3, 01B5, 01B6" in text
    assert "<dd>01B1</dd>" in text


def test_the_specialised_unit_is_marked_and_named_by_those_it_works_for(get, directory):
    specialised = directory.as_of(today()).specialised_of("15BE")
    assert "specialised unit" in get(f"/units/{specialised.code}?language=en")
    assert f'href="/units/{specialised.code}"' in get("/units/15BE").split("facts-column", 1)[1]


def test_history_is_told_newest_first_with_names_parents_and_bases(get):
    history = get("/units/15BE.D2?language=en&on=2031-07-01").split("history-title", 1)[1]
    told = [history.index(words) for words in ("Moved under", "Renamed", "There since before the records begin")]
    assert told == sorted(told)
    assert 'href="/units/15BC?on=2031-07-01"' in history
    assert "New procedures team" in history
    assert "Quyết định 9 (2030)" in history


def test_a_split_unit_names_its_successors_and_they_name_it(get):
    text = main_of(get("/units/15BD?language=en&on=2031-01-01"))
    assert "On 01/01/2031 this unit is not there." in text
    assert all(f'href="/units/{heir}?on=2031-01-01"' in text for heir in ("15BE", "15BC"))
    assert "Nobody" not in text  # no word about people of a unit that is gone
    assert 'href="/units/15BD?on=2031-01-01"' in main_of(get("/units/15BC?on=2031-01-01"))


def test_a_merged_unit_keeps_its_page(get, directory):
    ended = next(unit for unit in directory.ever.units if unit.valid_to and unit.valid_to < today())
    (heir,) = directory.successors(ended.id)
    assert f'href="/units/{heir.code}"' in main_of(get(f"/units/{ended.code}"))
    assert f'href="/units/{ended.code}"' in main_of(get(f"/units/{heir.code}"))


def test_an_unconfirmed_unit_says_what_to_do_about_it(get, directory):
    unit = next(unit for unit in directory.as_of(today()).units if not unit.confirmed)
    assert "should check it" in get(f"/units/{unit.code}?language=en")
    assert "should check it" not in get("/units/15ZZ?language=en")


def test_a_code_that_nobody_has_is_the_plain_404(client_as):
    client = client_as("officer")
    unknown, no_route = client.get(f"/units/{NEVER}"), client.get("/nowhere")
    assert unknown.status_code == no_route.status_code == 404
    assert unknown.data == no_route.data


# ---- people -----------------------------------------------------------------------------------------------------


def test_without_a_lookup_nobody_is_named(get):
    assert "Nobody whom you may see" in get("/units/15BE?language=en")


def test_people_come_from_whoever_registered_and_for_this_actor_and_unit(get, directory, actors):
    asked = []

    def lookup(_session, actor, unit_id):
        asked.append((actor, unit_id))
        return [("Tổ trưởng", "Lê <An>", date(2027, 3, 31)), ("Công chức", "Trần Bình", None)]

    register_people(lookup)
    text = get("/units/15BE?language=en")
    assert asked == [(actors["officer"], directory.as_of(today()).get("15BE").id)]
    assert re.search(r"Tổ trưởng.*Lê <An>.*31/03/2027.*Công chức.*Trần Bình.*no end set", text, re.DOTALL)


def test_names_of_people_are_text_and_never_markup(client_as):
    register_people(lambda *_: [("f", "<script>x</script>", None)])
    assert "<script>x" not in client_as("officer").get("/units/15BE").text


# ---- who may, and in which form ---------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/units", "/units/15BE", f"/units/{NEVER}"])
def test_only_those_with_a_line_in_the_policy_see_the_tree(client_as, url):
    assert client_as("nobody").get(url).status_code == 403
    unknown = client_as("").get(url)
    assert unknown.status_code == 303
    assert unknown.location.startswith("/sign-in")


@pytest.mark.parametrize("url", ["/units", "/units?q=h", "/units?on=x", "/units/15BE", "/units/15BD?on=2031-01-01"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_pages_are_well_formed_and_free_of_inline_code(client_as, url, language):
    page = Page(client_as("officer").get(f"{url}{'&' if '?' in url else '?'}language={language}").text)
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if re.match(r"on[a-z]", name)]
        assert tag != "script" or attributes.get("src")
