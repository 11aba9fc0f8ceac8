"""The application starts, and everybody's first page answers."""

from __future__ import annotations

import pytest

from tests.house import PEOPLE


@pytest.mark.parametrize("username", sorted(PEOPLE))
def test_everybody_has_a_first_page(client_as, username):
    answer = client_as(username).get("/")
    assert answer.status_code == 200
    assert PEOPLE[username][0] in answer.get_data(as_text=True)


def test_whoever_is_not_signed_in_is_led_to_the_door(client):
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
