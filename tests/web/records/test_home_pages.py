"""What else the home pages say: a return with its words, the state of the chain, what changed near one."""

from __future__ import annotations

from intelhub import records
from intelhub.audit import CHAIN_SHOWN, Criteria, search_entries, sequence_once
from intelhub.platform.database import open_engine
from tests.factories.record_world import act, drafted, returned, travelled
from tests.web.records.test_desks import desk, home, ids_in


def test_a_returned_draft_says_so_with_the_leader_s_words(house, client_as):
    record_id, fresh = returned(house, comment="Ghi rõ biển số xe và giờ qua cổng"), drafted(house)
    page = home(client_as("officer")).split('id="desk-drafts"')[1].split("</section>")[0]
    for identity, is_returned in ((record_id, True), (fresh, False)):
        (line,) = [one for one in page.split("<li") if str(identity) in one]
        assert ("Ghi rõ biển số xe và giờ qua cổng" in line) == is_returned
        assert ("Bị trả lại" in line) == is_returned
    assert "Ghi rõ biển số" not in home(client_as("officer2"))


def test_the_auditor_s_home_says_how_the_chain_stands(house, client_as):
    travelled(house, 1)
    auditor = client_as("auditor")
    page = home(auditor)
    assert "Vàng" in page  # nothing is signed yet
    for address in ("/audit/overview", "/audit", "/audit/chain"):
        assert f'href="{address}"' in page
    assert "Phụ tùng" not in page
    sequencer = open_engine(house.database.sequencer_url, pool_size=1)
    sequence_once(sequencer, house.vault)
    sequencer.dispose()
    with house.acting("auditor") as (actor, session):
        assert len(search_entries(actor, session, Criteria(action=CHAIN_SHOWN.name)).entries) == 1
    for username in ("security", "operator", "officer", "head"):
        assert 'href="/audit/chain"' not in home(client_as(username)).split("<main")[1], username


def test_what_changed_near_one_is_what_others_did_to_what_one_reads(house, client_as):
    record_id, mine = travelled(house, 1), travelled(house, 3)
    near = desk(client_as("analyst"), "near")
    assert near == [str(record_id)]  # the other one was graded by the analyst
    page = home(client_as("head")).split('id="desk-near"')[1].split("</section>")[0]
    assert set(ids_in(page)) == {str(record_id), str(mine)}
    assert "Trần Thị Phân" in page
    for username in ("officer", "contributor", "auditor", "security", "operator"):
        assert desk(client_as(username), "near") is None, username
    assert desk(client_as("stranger"), "near") == desk(client_as("neighbour"), "near") == []


def test_what_is_shared_up_comes_to_headquarters_by_when_it_was_shared(house, client_as):
    older, newer = travelled(house, 4), travelled(house, 5)
    assert desk(client_as("hq"), "shared") == [str(newer)]
    act(house, "head", older, records.share_up_record)
    assert set(desk(client_as("hq"), "shared")) == {str(older), str(newer)}
