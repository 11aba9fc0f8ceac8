"""The state of the chain on a page: what it says when all is well, and when somebody was at the tables."""

from __future__ import annotations

import pytest

from intelhub.audit import NoteKey
from intelhub.audit.note import open_checkpoint
from intelhub.audit.views import chain
from intelhub.crypto import verify_checkpoint


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_whole_chain_is_green_and_shows_what_an_auditor_keeps(auditor, scene):
    page = text_of(auditor.get("/audit/chain"))
    ((origin, size),) = scene.rows("SELECT origin, size FROM audit_tree")
    key = NoteKey(name=origin, public_key=scene.vault.checkpoint_public_key)
    assert "Green: nothing speaks against the chain" in page
    assert str(key).replace("+", "&#43;") in page or str(key) in page
    note = auditor.get("/audit/chain/checkpoint")
    assert note.headers["Content-Disposition"] == 'attachment; filename="checkpoint"'
    assert note.mimetype == "text/plain"
    kept = open_checkpoint(note.get_data(as_text=True), key, verify_checkpoint)
    assert kept.size == size


def test_verifying_says_what_it_found_and_leaves_an_entry(auditor, scene):
    page = text_of(auditor.submit("/audit/chain/verify"))
    assert "Green: the whole chain holds" in page
    assert [(look.action, look.rule) for look in scene.looks()] == [("audit:verified", "holds")]
    scene.sequence()
    page = text_of(auditor.get("/audit/chain"))
    assert "Đặng Thị Soát · it held" in page


def test_a_changed_entry_turns_the_page_red_and_is_named(auditor, scene):
    changed = "convert_to(replace(convert_from(entry, 'UTF8'), 'allow', 'denny'), 'UTF8')"
    scene.run(f"UPDATE audit_entries SET entry = {changed} WHERE seq = 4")
    page = text_of(auditor.submit("/audit/chain/verify"))
    assert "Red: the chain does not hold" in page
    assert 'First broken entry: <a href="/audit/entries/4">' in page
    assert "Green" not in page
    scene.sequence()
    assert "The last verification found entries that do not hold" in text_of(auditor.get("/audit/chain"))


def test_what_contradicts_is_said_without_verifying(auditor, scene):
    scene.run("UPDATE audit_checkpoints SET note = replace(note, '— ', '— x')")
    assert "not signed with the key of this log" in text_of(auditor.get("/audit/chain"))
    scene.run("UPDATE audit_checkpoints SET note = replace(note, '— x', '— ')")
    scene.run("UPDATE audit_tree SET size = 1, frontier = sha256('x')")
    assert "more of them were signed than there are" in text_of(auditor.get("/audit/chain"))
    scene.run("DELETE FROM audit_checkpoints")
    page = text_of(auditor.get("/audit/chain"))
    assert "Nothing has been signed yet" in page
    assert "Yellow" in page
    assert auditor.get("/audit/chain/checkpoint").status_code == 404


def test_a_tree_that_was_exchanged_is_red(auditor, scene):
    ((size, frontier),) = scene.rows("SELECT size, encode(frontier, 'hex') FROM audit_tree")
    scene.run(f"UPDATE audit_tree SET frontier = decode('{'00' * (len(frontier) // 2)}', 'hex') WHERE size = {size}")
    assert "The tree is not the one that was signed" in text_of(auditor.get("/audit/chain"))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit_tree SET size = size + 1",
        "UPDATE audit_tree SET frontier = substr(frontier, 2)",
        "UPDATE audit_tree SET origin = 'no name+at all'",
        "DELETE FROM audit_tree",
    ],
)
def test_a_tree_that_was_damaged_is_red_on_every_page_of_the_log(auditor, scene, damage):
    scene.run(damage)
    assert "Red" in text_of(auditor.get("/audit/chain"))
    assert "Red" in text_of(auditor.get("/audit/overview"))
    assert "Red: the chain does not hold" in text_of(auditor.submit("/audit/chain/verify"))
    text_of(auditor.get("/audit/entries/2"))
    assert auditor.get("/readyz").status_code in {200, 503}


def test_entries_that_wait_too_long_are_yellow(auditor, scene):
    scene.refuse("officer", scene.record_id)
    # What policies compare with the bytes stays as it is; only the age is played with.
    scene.run("UPDATE audit_pending SET at = at - interval '1 minute'")
    assert "Yellow" in text_of(auditor.get("/audit/chain"))


def test_a_log_too_long_for_a_page_is_left_to_the_command(auditor, monkeypatch):
    monkeypatch.setattr(chain, "MOST_VERIFIED_HERE", 3)
    page = text_of(auditor.get("/audit/chain"))
    assert "intelhub audit verify" in page
    assert "/audit/chain/verify" not in page
    assert auditor.submit("/audit/chain/verify").status_code == 409
