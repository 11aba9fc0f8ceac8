"""Who saw what, who did what: the questions an auditor asks, and what each look leaves behind."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from intelhub.audit import NoteKey, offline_verifier, reference_of
from intelhub.audit.models import AuditPending

ROW = re.compile(r"<tr data-row>.*?</tr>", re.DOTALL)


def rows(answer) -> list[str]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [
        " ".join(re.sub(r"<[^>]+>", " ", row.replace("<wbr>", "")).split())
        for row in ROW.findall(answer.get_data(as_text=True))
    ]


def ask(auditor, **typed):
    answer = auditor.submit("/audit", typed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location


def test_everything_is_listed_newest_first(auditor, scene):
    lines = rows(auditor.get("/audit"))
    lines += rows(auditor.get(f"/audit?before={lines[-1].split()[0]}"))  # the scene fills a page and a little more
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == scene.rows("SELECT count(*) FROM audit_entries")[0][0]
    text = "\n".join(lines)
    assert "Nông Văn Thử" in text
    assert "A record was submitted" in text
    assert f"Record {reference_of(scene.record_id)}" in text
    assert "wrong_password" in text
    assert "The system, or nobody signed in" in text


def test_a_person_is_found_by_name_and_username_and_no_address_names_them(auditor, scene):
    for typed in ("officer", "OFFICER", "nong van thu", "Nông Văn Thử"):
        address = ask(auditor, person=typed)
        assert parse_qs(urlsplit(address).query) == {"person": [str(scene.house.people["officer"])]}
    system = rows(auditor.get(ask(auditor, person="hệ thống")))
    assert system
    assert all("The system, or nobody signed in" in line for line in system)
    lines = rows(auditor.get(address))
    assert lines
    assert all("Nông Văn Thử" in line for line in lines)


def test_one_object_is_followed_by_its_reference_or_its_whole_id(auditor, scene):
    reference = reference_of(scene.record_id)
    for typed in (reference, reference.upper(), f"r:{scene.record_id}", f" {scene.record_id} "):
        address = ask(auditor, object=typed)
        assert parse_qs(urlsplit(address).query) == {"object": [reference]}
    lines = "\n".join(rows(auditor.get(address)))
    for act in ("A draft was begun", "A record was submitted", "A record was opened", "A record was forwarded"):
        assert act in lines
    assert "A list of records was shown" in lines
    assert "objects shown" in lines


def test_refusals_are_one_click_away(auditor):
    page = auditor.get("/audit").get_data(as_text=True)
    address = re.search(r'href="(/audit\?decision=deny)"', page)[1]
    lines = rows(auditor.get(address))
    assert len(lines) == 4
    assert all("Refused" in line for line in lines)


def test_act_unit_and_period_narrow(auditor, scene):
    assert all("A record was opened" in line for line in rows(auditor.get(ask(auditor, act="record:read"))))
    of_unit = rows(auditor.get(ask(auditor, unit="15ZZ.CBL")))
    assert of_unit
    assert all("Trần Thị Phân" in line for line in of_unit)
    assert rows(auditor.get(ask(auditor, until="2020-01-01"))) == []
    assert len(rows(auditor.get(ask(auditor, since="2020-01-01T08:00", until="2099-12-31")))) > 5
    (request_id,) = scene.rows("SELECT request_id FROM audit_entries WHERE action = 'record:submitted'")[0]
    assert len(rows(auditor.get(f"/audit?request={request_id}"))) == 2


def test_what_cannot_be_understood_is_said_beside_its_field_and_nothing_typed_is_lost(auditor):
    answer = auditor.submit(
        "/audit",
        {
            "person": "người không có",
            "unit": "chi cuc",
            "object": "<b>x</b>",
            "since": "hôm qua",
            "until": "2020-13-45",
        },
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for field in ("person", "unit", "object", "since", "until"):
        assert f'href="#{field}"' in page
    assert "người không có" in page
    assert "<b>x</b>" not in page
    assert "Several fit" in page
    backwards = auditor.submit("/audit", {"since": "2026-02-01T00:00", "until": "2026-01-01T00:00"})
    assert backwards.status_code == 422


def test_an_address_that_no_page_made_is_the_plain_404(auditor):
    wrong = ("person=x", "unit=1", "object=zz", "decision=maybe", "since=never", "until=9999-99-99T99:99", "request=1")
    for query in (*wrong, "before=-1", "before=1e9", "after=9" + "9" * 30):
        assert auditor.get(f"/audit?{query}").status_code == 404, query
    for number in ("99999", "999999999999999999", "9999999999999999999999", "-1", "x"):
        assert auditor.get(f"/audit/entries/{number}").status_code == 404, number


def test_a_rule_with_a_nul_in_it_finds_nothing_and_breaks_nothing(auditor):
    assert rows(auditor.get("/audit?rule=a%00b&act=x%00y")) == []


def test_pages_go_back_and_forth(auditor, scene):
    for _ in range(120):
        scene.refuse("officer2", scene.record_id, "record.submit")
    scene.sequence()
    first = auditor.get("/audit?rule=record.submit:not_found")
    older = re.search(r'rel="next" href="([^"]+)"', first.get_data(as_text=True))[1].replace("&amp;", "&")
    second = auditor.get(older)
    newer = re.search(r'rel="prev" href="([^"]+)"', second.get_data(as_text=True))[1].replace("&amp;", "&")
    assert len(rows(first)) == len(rows(second)) == 50
    assert not set(rows(first)) & set(rows(second))
    assert rows(auditor.get(newer)) == rows(first)
    assert 'rel="prev"' not in auditor.get(newer).get_data(as_text=True)


def test_type_ahead_finds_people_and_units(auditor):
    people = auditor.submit("/audit/people", {"person": "thu"}).get_data(as_text=True)
    units = auditor.submit("/suggestions/units", {"unit": "15BB"}).get_data(as_text=True)
    assert '<option value="officer">' in people
    assert '<option value="15BB">' in units
    assert "<option" not in auditor.submit("/audit/people", {"person": ""}).get_data(as_text=True)


def test_each_look_is_written_down_and_what_was_asked_is_sealed(auditor, scene):
    officer = scene.house.people["officer"]
    auditor.get(f"/audit?person={officer}&object={reference_of(scene.record_id)}")
    auditor.get("/audit/entries/3")
    auditor.get("/audit/overview")
    looks = scene.looks()
    assert [look.action for look in looks] == ["audit:searched", "audit:opened", "audit:searched"]
    assert all(look.actor_id == scene.house.people["auditor"] for look in looks)
    assert all(look.sealed for look in looks[:2])
    for row in scene.rows("SELECT entry FROM audit_pending"):
        assert str(officer).encode() not in bytes(row.entry)
        assert reference_of(scene.record_id).encode() not in bytes(row.entry)


def test_what_cannot_be_written_down_is_not_shown(auditor, scene):
    scene.run(f"REVOKE INSERT ON {AuditPending.__tablename__} FROM intelhub_app")
    for address in ("/audit", "/audit/entries/3", "/audit/overview"):
        answer = auditor.get(address)
        assert answer.status_code == 500
        page = answer.get_data(as_text=True)
        assert "Nông Văn Thử" not in page
        assert reference_of(scene.record_id) not in page


def test_an_entry_shows_its_facts_its_bytes_and_its_proof(auditor, scene):
    ((seq,),) = scene.rows("SELECT seq FROM audit_entries WHERE action = 'record:forwarded'")
    page = auditor.get(f"/audit/entries/{seq}").get_data(as_text=True)
    (entry, leaf) = scene.rows(f"SELECT entry, encode(leaf_hash, 'hex') FROM audit_entries WHERE seq = {seq}")[0]
    assert leaf in page
    assert bytes(entry).decode() in page.replace("&#34;", '"')
    assert "This entry stands in the tree of" in page
    assert "Lương Văn Kiểm" in page
    assert f"intelhub audit unseal {seq} --auditors-key" in page


def test_an_entry_is_downloaded_with_its_proof(auditor, scene):
    assert 'href="/audit/entries/3/proof"' in auditor.get("/audit/entries/3").get_data(as_text=True)
    answer = auditor.get("/audit/entries/3/proof")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="entry-3.tlog-proof"'
    ((origin,),) = scene.rows("SELECT origin FROM audit_tree")
    key = offline_verifier.read_key(str(NoteKey(name=origin, public_key=scene.vault.checkpoint_public_key)))
    assert offline_verifier.verify_proof(answer.get_data(as_text=True), key)[0] == 3
    assert [(look.action, look.rule) for look in scene.looks()][-1] == ("audit:opened", "proof")
    scene.run("UPDATE audit_entries SET leaf_hash = sha256('x') WHERE seq = 3")
    assert auditor.get("/audit/entries/3/proof").status_code == 404


def test_a_list_entry_shows_what_it_revealed(auditor, scene):
    ((seq,),) = scene.rows("SELECT min(seq) FROM audit_entries WHERE action = 'record:listed'")
    page = auditor.get(f"/audit/entries/{seq}").get_data(as_text=True)
    assert f"/audit?object={reference_of(scene.record_id)}" in page


def test_a_changed_entry_is_shown_as_damaged_and_its_proof_fails(auditor, scene):
    scene.run("UPDATE audit_entries SET rule = 'another' WHERE seq = 1")
    assert "This entry is damaged" in auditor.get("/audit/entries/1").get_data(as_text=True)
    assert "damaged" in "\n".join(rows(auditor.get("/audit")))
    scene.run("UPDATE audit_entries SET leaf_hash = sha256('x') WHERE seq = 2")
    assert "The proof does not lead to the signed root" in auditor.get("/audit/entries/2").get_data(as_text=True)
    scene.run("UPDATE audit_entries SET entry = '\\xff00', leaf_hash = sha256('y') WHERE seq = 3")
    assert auditor.get("/audit/entries/3").status_code == 200


def test_an_entry_that_is_not_signed_yet_says_so(auditor, scene):
    scene.run("DELETE FROM audit_checkpoints")
    assert "Not covered by a checkpoint yet" in auditor.get("/audit/entries/1").get_data(as_text=True)


def test_the_overview_counts_and_opens_what_it_counts(auditor, scene):
    page = auditor.get("/audit/overview").get_data(as_text=True)
    links = {" ".join(found[1].split()): found[0].replace("&amp;", "&") for found in re.findall(
        r'href="(/audit\?[^"]+)" data-row-link>([^<]+)<', page)}  # fmt: skip
    assert links
    for count, address in links.items():
        assert len(rows(auditor.get(address))) == int(count)
    assert reference_of(scene.record_id) in page
    assert "wrong_password" in page


def test_every_page_reads_in_both_languages(auditor):
    for language in ("vi", "en"):
        auditor.set_cookie("language", language)
        for address in ("/audit", "/audit/overview", "/audit/chain", "/audit/entries/3"):
            answer = auditor.get(address)
            assert answer.status_code == 200
            assert f'<html lang="{language}"' in answer.get_data(as_text=True)


def test_the_log_is_for_auditors_alone(client_as):
    for username in ("officer", "leader", "analyst", "hq", "operator", "security"):
        browser = client_as(username)
        for address in ("/audit", "/audit/overview", "/audit/chain", "/audit/chain/checkpoint", "/audit/entries/3"):
            assert browser.get(address).status_code == 403
        for address in ("/audit", "/audit/people", "/audit/chain/verify"):
            assert browser.submit(address, {"person": "officer"}).status_code == 403
