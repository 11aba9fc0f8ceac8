"""What a security officer finds at home: refusals by reason in words, each figure opening what it counts."""

from __future__ import annotations

import re
from uuid import uuid4

from tests.web.audit.test_refusal_pages import lines_of
from tests.web.records.test_desks import home


def reasons(browser):
    """By reason in words, times and people."""
    section = home(browser).split('id="desk-refusals"')[1].split("</section>")[0]
    found = {}
    for row in re.findall(r"<tr data-row>.*?</tr>", section, re.DOTALL):
        act, why, times, people = (
            " ".join(re.sub(r"<span.*?</span>|<[^>]+>", " ", one, flags=re.DOTALL).split())
            for one in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        )
        address = re.search(r'href="([^"]+)"', row).group(1).replace("&amp;", "&")
        found[(act, why)] = (int(times), int(people), address)
    return found


def test_reasons_are_counted_in_words_and_open_what_they_count(officer_of_security, scene):
    scene.refuse("neighbour", uuid4())
    scene.refuse("neighbour", uuid4())
    scene.refuse("leader", uuid4())
    scene.sequence()
    found = reasons(officer_of_security)
    assert set(found) == {
        ("Read an information record", "Not there, or not for this person"),
        ("Forward a submitted record to the tier above", "Not there, or not for this person"),
    }
    times, people, _ = found[("Read an information record", "Not there, or not for this person")]
    assert (times, people) == (4, 2)
    for times, _, address in found.values():
        assert len(lines_of(officer_of_security.get(address))) == times


def test_rights_that_end_stand_before_what_was_refused(officer_of_security):
    sections = re.findall(r'id="desk-([a-z]+)"', home(officer_of_security))
    assert sections.index("endings") < sections.index("refusals")


def test_what_is_older_than_a_week_is_not_counted(officer_of_security, scene):
    scene.run("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
    scene.run("UPDATE audit_entries SET at = at - interval '8 days'")
    assert reasons(officer_of_security) == {}
    assert "Nothing was refused." in home(officer_of_security)


def test_the_look_at_home_is_written_down(officer_of_security, scene):
    home(officer_of_security)
    assert [(look.action, look.rule) for look in scene.looks()] == [("audit:searched", "refusals-by-reason")]


def test_an_explanation_is_one_tap_from_home_and_from_each_refusal(officer_of_security, scene):
    assert 'href="/explain"' in home(officer_of_security).split("<main")[1]
    page = officer_of_security.get("/audit/refusals").get_data(as_text=True)
    forms = re.findall(r'<form class="explain-this".*?</form>', page, re.DOTALL)
    assert len(forms) == 2
    (asked,) = [
        dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form)) for form in forms if 'value="neighbour"' in form
    ]
    asked.pop("csrf_token")
    answer = officer_of_security.submit("/explain", asked)
    told = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert str(scene.record_id) in told
    assert "neighbour: Read an information record" in " ".join(told.split())


def test_nobody_else_has_these_sections(client_as, scene):
    del scene
    for username in ("officer", "leader", "head", "hq", "analyst", "operator", "auditor"):
        assert 'id="desk-refusals"' not in home(client_as(username)), username


def test_an_auditor_s_home_counts_what_was_refused_and_opens_it(auditor, scene):
    def figures():
        section = home(auditor).split('id="desk-chain"')[1].split("</section>")[0]
        links = re.findall(r'<a href="(/audit\?[^"]+)">([^<]+)</a>', section)
        return [(int(re.search(r"\d+", words).group()), address.replace("&amp;", "&")) for address, words in links]

    (refused, _), (sign_ins, _) = figures()
    assert (refused, sign_ins) == (4, 1)
    for count, address in figures():
        assert len(lines_of(auditor.get(address))) == count
    scene.refuse("hq", uuid4())
    scene.sequence()
    assert figures()[0][0] == refused + 1
