"""People as their colleagues may see them, and what operators do for accounts."""

from __future__ import annotations

import pytest

from intelhub.access import list_posts
from tests.house import PEOPLE


def names_on(answer):
    page = answer.get_data(as_text=True)
    return {username for username, person in PEOPLE.items() if f">{person[0]}</a>" in page}


def posts_of(house, username):
    with house.acting("operator") as (actor, session):
        return list_posts(actor, session, house.people[username])


def test_an_operator_finds_everybody_in_vietnamese_order(client_as):
    answer = client_as("operator").get("/people")
    assert names_on(answer) == set(PEOPLE)
    page = answer.get_data(as_text=True)
    in_order = ("neighbour", "security", "contributor", "leader", "stranger")  # Bên, Giữ, Góp, Kiểm, Lạ
    places = [page.index(f">{PEOPLE[username][0]}</a>") for username in in_order]
    assert places == [*sorted(places)]


def test_names_are_found_without_diacritics_and_by_function_and_unit(client_as):
    client = client_as("operator")
    assert names_on(client.get("/people?q=luong kiem")) == {"leader"}
    assert names_on(client.get("/people?q=offic")) == {"officer", "officer2"}
    assert names_on(client.get("/people?function=auditor")) == {"auditor"}
    assert names_on(client.get("/people?unit=15BB")) == {"officer", "officer2", "leader"}
    assert names_on(client.get("/people?unit=15ZZ&function=analyst")) == {"analyst", "analyst2"}
    nobody = client.get("/people?q=khongaica")
    assert names_on(nobody) == set()
    assert nobody.status_code == 200


def test_a_department_sees_its_own_people(client_as, house):
    client = client_as("head")
    assert names_on(client.get("/people")) == {
        "officer", "officer2", "leader", "neighbour", "analyst", "analyst2", "head", "security", "contributor",
    }  # fmt: skip
    assert client.get(f"/people/{house.people['officer']}").status_code == 200
    assert client.get(f"/people/{house.people['stranger']}").status_code == 404
    assert "Cleared" not in client.get(f"/people/{house.people['officer']}").get_data(as_text=True)


def test_a_filter_of_another_department_finds_nobody(client_as):
    assert names_on(client_as("head").get("/people?unit=20ZZ")) == set()


def test_a_unit_that_stands_no_more_has_nobody(client_as, entries):
    assert names_on(client_as("operator").get("/people?unit=10BD")) == set()
    answer = client_as("analyst").get("/people?unit=10BD")
    assert (answer.status_code, names_on(answer)) == (200, set())
    assert "access:refused" not in {action for (action,) in entries("action")}


def test_a_right_is_given_where_somebody_said_exactly(client_as, house):
    operator, address = client_as("operator"), f"/people/{house.people['officer']}/posts"
    typed = {"function": "analyst", "unit_id": "lang son"}
    asked_back = operator.submit(address, typed)
    assert asked_back.status_code == 422
    page = asked_back.get_data(as_text=True)
    assert "15ZZ" in page
    assert 'value="lang son"' in page
    assert {post.function for post in posts_of(house, "officer")} == {"group_officer"}


def test_people_are_no_page_for_an_officer_at_the_gate(client_as, house):
    client = client_as("officer")
    assert client.get("/people").status_code == 403
    assert client.get(f"/people/{house.people['leader']}").status_code == 403


def test_a_long_list_pages_by_key(client_as, monkeypatch):
    monkeypatch.setattr("intelhub.access.directory.PAGE", 5)
    client, seen, url, pages = client_as("operator"), [], "/people", 0
    while url:
        page = client.get(url).get_data(as_text=True)
        seen += [username for username, person in PEOPLE.items() if f">{person[0]}</a>" in page]
        url = page.split('rel="next" href="')[1].split('"')[0] if 'rel="next"' in page else None
        pages += 1
    assert sorted(seen) == sorted(PEOPLE)
    assert pages == 3


def test_an_operator_opens_an_account_and_gives_it_rights(client_as):
    client = client_as("operator")
    made = client.submit("/people/new", {"username": "an.vu", "display_name": "Vũ Văn An"})
    assert made.status_code == 303
    url = made.location
    granted = client.submit(f"{url}/posts", {"function": "group_officer", "unit_id": "15BB", "ends_at": "2031-05-31"})
    assert granted.location == url
    assert client.submit(f"{url}/clearance", {"level": "2", "expires_on": "2031-05-31"}).location == url
    page = client.get(url).get_data(as_text=True)
    assert page.count("31/05/2031") == 2
    assert "/units/15BB" in page
    revoke = page.split("/revoke")[0].rsplit('action="', 1)[1] + "/revoke"
    assert client.submit(revoke).location == url
    assert "/revoke" not in client.get(url).get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        ("posts", {"function": "group_officer", "unit_id": "nowhere"}),
        ("posts", {"function": "leader", "unit_id": "15BB"}),
        ("posts", {"function": "group_officer", "unit_id": "15BB", "ends_at": "tomorrow"}),
        ("posts", {"function": "group_officer", "unit_id": "15BB", "ends_at": "2001-01-01"}),
        ("clearance", {"level": "4"}),
        ("clearance", {"level": "²"}),
        ("clearance", {"level": "2", "expires_on": "2001-01-01"}),
    ],
)
def test_what_a_rule_refuses_comes_back_with_what_was_typed(client_as, house, form, typed):
    answer = client_as("operator").submit(f"/people/{house.people['officer']}/{form}", typed)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "error-summary" in page
    for value in typed.values():
        if value.startswith(("nowhere", "2001")):
            assert f'value="{value}"' in page


def test_a_username_is_given_once(client_as):
    answer = client_as("operator").submit("/people/new", {"username": "officer", "display_name": "Vũ Văn An"})
    assert answer.status_code == 422
    assert 'value="Vũ Văn An"' in answer.get_data(as_text=True)


def test_closing_an_account_puts_its_person_out_at_once(client_as, house):
    officer, operator = client_as("officer"), client_as("operator")
    url = f"/people/{house.people['officer']}"
    assert officer.get("/").status_code == 200
    assert operator.submit(f"{url}/close").location == url
    assert officer.get("/").status_code == 303
    assert names_on(operator.get("/people?q=officer")) == {"officer2"}
    assert names_on(operator.get("/people?q=officer&closed=y")) == {"officer", "officer2"}
    assert operator.submit(f"{url}/open").location == url
    assert client_as("officer").get("/").status_code == 200


def test_a_revoked_duty_is_gone_at_the_next_click(client_as, house):
    leader, operator = client_as("leader"), client_as("operator")
    assert leader.get("/records").status_code == 200
    (post,) = posts_of(house, "leader")
    operator.submit(f"/people/{house.people['leader']}/posts/{post.id}/revoke")
    assert leader.get("/records").status_code == 403


def test_nobody_does_it_to_themselves(client_as, house):
    client, own = client_as("operator"), house.people["operator"]
    acts: dict[str, dict[str, str]] = {
        "posts": {"function": "leader", "unit_id": "DTCBL"},
        "clearance": {"level": "3"},
        "setup-code": {},
        "reset-codes": {},
        "close": {},
        "open": {},
    }
    for act, typed in acts.items():
        assert client.submit(f"/people/{own}/{act}", typed).status_code == 403
        assert f"/people/{own}/{act}" not in client.get(f"/people/{own}").get_data(as_text=True)


def test_nobody_ends_their_own_duty(client_as, house):
    (post,) = posts_of(house, "operator")
    answer = client_as("operator").submit(f"/people/{house.people['operator']}/posts/{post.id}/revoke")
    assert answer.status_code == 403


def test_a_duty_of_somebody_else_is_not_ended_under_this_address(client_as, house):
    (post,) = posts_of(house, "leader")
    assert client_as("operator").submit(f"/people/{house.people['officer']}/posts/{post.id}/revoke").status_code == 404


def test_only_operators_manage(client_as, house):
    url = f"/people/{house.people['analyst']}"
    for username in ("officer", "leader", "head", "security", "auditor", "hq"):
        client = client_as(username)
        assert client.get("/people/new").status_code == 403
        for act in ("posts", "clearance", "setup-code", "reset-codes", "close", "open"):
            assert client.submit(f"{url}/{act}", {"level": "3"}).status_code == 403
        page = client.get(url)
        assert page.status_code == (200 if username in {"head", "security"} else 403)
        assert "setup-code" not in page.get_data(as_text=True)


def test_the_page_of_a_unit_names_its_people_to_those_who_may_see_people(client_as):
    page = client_as("operator").get("/units/15BB").get_data(as_text=True)
    assert page.index(PEOPLE["leader"][0]) < page.index(PEOPLE["officer"][0])  # by rank
    assert PEOPLE["neighbour"][0] not in page
    assert PEOPLE["leader"][0] not in client_as("contributor").get("/units/15BB").get_data(as_text=True)
    assert PEOPLE["stranger"][0] not in client_as("head").get("/units/20ZZ.CBL").get_data(as_text=True)


def test_a_refusal_is_about_what_the_address_names(client_as, house, entries):
    somebody = house.people["officer2"]
    assert client_as("officer").submit(f"/people/{somebody}/clearance", {"clearance": "3"}).status_code == 403
    assert client_as("officer").submit(f"/account/sessions/{somebody}/end").status_code == 404
    refused = [entry[1:] for entry in entries("action, object_kind, object_id") if entry[0] == "access:refused"]
    assert refused == [("user", somebody), ("session", somebody)]
