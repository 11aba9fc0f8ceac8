"""Where somebody decides: the facts, the act, the reasons to choose from, and why a record cannot go on."""

from __future__ import annotations

import re

import pytest

from tests.factories.record_world import submitted, travelled


@pytest.fixture
def shown(client_as):
    """A record's page as somebody sees it, in English."""

    def open_page(username, record_id):
        browser = client_as(username)
        browser.set_cookie("language", "en")
        answer = browser.get(f"/records/{record_id}")
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return open_page


def main_act(page):
    """The words of the one main act."""
    heading = page.split("<main")[1].split('class="page-body')[0].split('<div class="content')[0]
    found = re.findall(r'class="btn btn-primary"[^>]*>(.*?)</(?:a|button)>', heading, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


def test_whoever_may_forward_has_it_as_the_main_act_with_usual_reasons(house, shown):
    page = shown("leader", submitted(house))
    assert main_act(page) == ["Forward to the Department"]
    assert "This record stays where it is" not in page
    dialog = page.split('id="forward"')[1].split("</dialog>")[0]
    assert dialog.count("data-fill") >= 3
    assert 'name="then" value="review"' in dialog


def test_what_the_handling_code_keeps_says_so_and_can_be_returned(house, shown):
    page = shown("leader", submitted(house, handling="H0"))
    assert main_act(page) == ["Return to the author"]
    assert "This record stays where it is" in page
    assert "Handling code H0 does not allow this; it needs H1 or wider." in page


def test_what_may_not_be_shared_up_says_so_to_whoever_would(house, shown):
    record_id = travelled(house, 4, handling="H1")
    assert "This record stays where it is" in shown("head", record_id)
    assert "This record stays where it is" not in shown("analyst", record_id)
    assert "This record stays where it is" not in shown("officer", record_id)


def test_sharing_up_offers_usual_reasons(house, shown):
    dialog = shown("head", travelled(house, 4)).split('id="share-up"')[1].split("</dialog>")[0]
    assert dialog.count("data-fill") >= 3
