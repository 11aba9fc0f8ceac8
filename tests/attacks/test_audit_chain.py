"""Somebody with every right in the database rewrites history: each way is found, and the first broken entry is named.

The attacker holds the superuser of PostgreSQL, but neither the signing key nor what auditors carried away.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, text

from intelhub.audit import (
    NoteKey,
    ObjectRef,
    Verification,
    export_log,
    record_act,
    register_action,
    sequence_once,
    verify_log,
)
from intelhub.audit.merkle import Frontier, leaf_hash
from intelhub.audit.note import Checkpoint, sign_note
from intelhub.audit.tiles import bundle, hash_tiles, unbundle
from intelhub.crypto import Vault, create_key_file
from intelhub.platform.actor import Actor
from intelhub.platform.unit_of_work import UnitsOfWork

ACT = register_action("attack:witnessed", en="Something an attacker wants gone", vi="Việc kẻ tấn công muốn xóa").name


@dataclass(frozen=True)
class Scope:
    user_id: UUID
    is_system: bool = False

    def context(self) -> Mapping[str, str]:
        return {"intelhub.actor": str(self.user_id)}


class Scene:
    """A log of 30 entries under three checkpoints (10, 20, 30), and the attacker's hands on its tables."""

    def __init__(self, database, vault: Vault) -> None:
        urls = (database.app_url, database.worker_url, database.sequencer_url, database.superuser_url)
        self.app, self.worker, self.sequencer, self.superuser = (create_engine(url, pool_size=1) for url in urls)
        self.vault = vault
        for _ in range(3):
            self.act(10)

    def act(self, count: int) -> None:
        actor = Actor(user_id=uuid4(), username="an.nguyen")
        with UnitsOfWork(self.app, {"vault": self.vault}).begin(actor, Scope(actor.user_id)) as session:
            for _ in range(count):
                record_act(actor, session, ACT, object=ObjectRef("record", uuid4()))
        sequence_once(self.sequencer, self.vault)

    def run(self, statement: str, **values: object) -> None:
        with self.superuser.begin() as connection:
            connection.execute(text(statement), values)

    def leaves(self) -> list[bytes]:
        with self.superuser.connect() as connection:
            return list(connection.scalars(text("SELECT leaf_hash FROM audit_entries ORDER BY seq")))

    def entry(self, seq: int) -> bytes:
        with self.superuser.connect() as connection:
            found = connection.scalar(text("SELECT entry FROM audit_entries WHERE seq = :seq"), {"seq": seq})
        assert isinstance(found, bytes)
        return found

    def origin(self) -> str:
        with self.superuser.connect() as connection:
            return str(connection.scalar(text("SELECT origin FROM audit_tree")))

    def note(self, size: int) -> str:
        with self.superuser.connect() as connection:
            return str(connection.scalar(text("SELECT note FROM audit_checkpoints WHERE size = :size"), {"size": size}))

    def rebuild_tree(self) -> None:
        edge = Frontier().extended(self.leaves())
        self.run("UPDATE audit_tree SET size = :size, frontier = :edge", size=edge.size, edge=edge.packed())

    def verify(self, seen: str | None = None, key: bytes | None = None) -> Verification:
        with self.worker.connect() as connection:
            return verify_log(connection, key or self.vault.checkpoint_public_key, seen=seen)

    def export(self, folder: Path) -> str:
        with self.worker.connect() as connection:
            return export_log(connection, folder, self.vault.checkpoint_public_key).key


@pytest.fixture(scope="module")
def vault(tmp_path_factory) -> Vault:
    folder = tmp_path_factory.mktemp("chain-keys")
    folder.chmod(0o700)
    return Vault(create_key_file(folder / "root.key", "an invented passphrase", demo=True))


@pytest.fixture
def scene(database, vault) -> Iterator[Scene]:
    scene = Scene(database, vault)
    yield scene
    for engine in (scene.app, scene.worker, scene.sequencer, scene.superuser):
        engine.dispose()


def test_an_untouched_log_holds(scene):
    result = scene.verify(seen=scene.note(20))
    assert result.holds, result.findings
    assert (result.size, result.checkpoints, result.first_broken, result.last_checkpoint.size) == (30, 3, None, 30)


def test_an_edited_entry_is_named(scene):
    edited = scene.entry(13).replace(b'"dec":"allow"', b'"dec":"alloW"')
    scene.run("UPDATE audit_entries SET entry = :entry WHERE seq = 13", entry=edited)
    result = scene.verify()
    assert result.first_broken == 13
    assert result.found == 2  # its hash, and its form


def test_an_entry_edited_together_with_its_hash_and_the_tree_is_found(scene):
    edited = scene.entry(13).replace(b'"lvl":0', b'"lvl":3')
    scene.run(
        "UPDATE audit_entries SET entry = :entry, leaf_hash = :hash, level = 3 WHERE seq = 13",
        entry=edited,
        hash=leaf_hash(edited),
    )
    scene.rebuild_tree()
    (finding,) = scene.verify().findings
    # The entry is within the stretch that the checkpoint at 20 signed; entries before it stay proven.
    assert (finding.first, finding.last) == (10, 19)


def test_entries_with_their_places_exchanged_are_found(scene):
    with scene.superuser.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entries DROP CONSTRAINT ck__audit_entries__seq"))
        for old, new in ((21, -1), (24, 21), (-1, 24)):
            connection.execute(text("UPDATE audit_entries SET seq = :new WHERE seq = :old"), {"old": old, "new": new})
    scene.rebuild_tree()
    (finding,) = scene.verify().findings
    assert (finding.first, finding.last) == (20, 29)


def test_entries_with_only_their_bytes_exchanged_are_named(scene):
    one, other = scene.entry(21), scene.entry(24)
    scene.run("UPDATE audit_entries SET entry = :entry WHERE seq = 21", entry=other)
    scene.run("UPDATE audit_entries SET entry = :entry WHERE seq = 24", entry=one)
    result = scene.verify()
    assert result.first_broken == 21
    assert {finding.first for finding in result.findings} == {21, 24}


COLUMN_CHANGES = [
    "at = at + interval '1 microsecond'",
    "actor_id = gen_random_uuid()",
    "unit_id = gen_random_uuid()",
    "place = 'remote'",
    "action = 'trial:read'",
    "object_kind = 'user'",
    "object_id = gen_random_uuid()",
    "object_version = 1",
    "digest = sha256('x')",
    "shown = array[gen_random_uuid()]",
    "decision = 'deny'",
    "rule = 'x'",
    "level = 1",
    "request_id = gen_random_uuid()",
]


def test_a_column_changed_beside_its_entry_is_named(scene):
    for seq, change in enumerate(COLUMN_CHANGES, start=7):
        scene.run(f"UPDATE audit_entries SET {change} WHERE seq = {seq}")
    found = {finding.first: str(finding) for finding in scene.verify().findings}
    assert list(found) == list(range(7, 7 + len(COLUMN_CHANGES)))
    for seq, change in enumerate(COLUMN_CHANGES, start=7):
        assert found[seq].endswith(f"its columns: {change.split(' =')[0]}.")


def test_a_removed_entry_is_named(scene):
    scene.run("DELETE FROM audit_entries WHERE seq = 5")
    assert scene.verify().first_broken == 5


def test_a_removed_entry_with_the_rest_moved_up_is_found(scene):
    scene.run("DELETE FROM audit_entries WHERE seq = 5")
    scene.run("UPDATE audit_entries SET seq = seq - 1 WHERE seq = 6")
    for seq in range(7, 30):
        scene.run("UPDATE audit_entries SET seq = seq - 1 WHERE seq = :seq", seq=seq)
    scene.rebuild_tree()
    result = scene.verify()
    assert result.first_broken == 0  # within the first ten, all of which hang on the first checkpoint
    assert any((finding.first, finding.last) == (29, 29) for finding in result.findings)


def test_a_cut_off_end_is_found_by_what_was_signed(scene):
    scene.run("DELETE FROM audit_entries WHERE seq >= 25")
    assert scene.verify().first_broken == 25
    scene.rebuild_tree()
    assert scene.verify().first_broken == 25


def test_a_cut_off_end_without_its_checkpoints_is_found_by_one_kept_elsewhere(scene):
    kept = scene.note(30)
    scene.run("DELETE FROM audit_entries WHERE seq >= 20")
    scene.run("DELETE FROM audit_checkpoints WHERE size > 20")
    scene.rebuild_tree()
    assert scene.verify().holds  # nothing in the database can tell: this is why auditors carry checkpoints away
    (finding,) = scene.verify(seen=kept).findings
    assert (finding.first, finding.last) == (20, 29)


def test_another_history_grown_over_a_cut_is_found_by_a_kept_checkpoint(scene):
    kept = scene.note(30)
    scene.run("DELETE FROM audit_entries WHERE seq >= 20")
    scene.run("DELETE FROM audit_checkpoints WHERE size > 20")
    scene.rebuild_tree()
    scene.act(15)
    assert scene.verify().holds
    (finding,) = scene.verify(seen=kept).findings
    assert (finding.first, finding.last) == (20, 29)


def test_an_added_entry_is_found(scene):
    scene.run(
        "INSERT INTO audit_entries SELECT 30, entry, leaf_hash, at, actor_id, unit_id, place, action, object_kind,"
        " object_id, object_version, digest, shown, decision, rule, level, request_id FROM audit_entries WHERE seq = 29"
    )
    assert scene.verify().first_broken == 30


def test_a_forged_checkpoint_is_found(scene):
    forger = Ed25519PrivateKey.generate()
    key = NoteKey(name=scene.origin(), public_key=forger.public_key().public_bytes_raw())
    leaves = scene.leaves()
    body = Checkpoint(origin=key.name, size=20, root=Frontier().extended(leaves[:20]).root()).body()
    scene.run("UPDATE audit_checkpoints SET note = :note WHERE size = 20", note=sign_note(body, key, forger.sign))
    (finding,) = scene.verify().findings
    assert finding.first is None
    assert "20 entries is forged" in str(finding)


def test_a_checkpoint_of_another_size_put_in_its_place_is_found(scene):
    scene.run("UPDATE audit_checkpoints SET note = :note WHERE size = 20", note=scene.note(10))
    assert "size or root" in str(scene.verify().findings[0])


def test_a_checkpoint_with_one_letter_changed_is_found(scene):
    changed = scene.note(20).replace("\n20\n", "\n21\n")
    scene.run("UPDATE audit_checkpoints SET note = :note WHERE size = 20", note=changed)
    assert "forged or was changed" in str(scene.verify().findings[0])


def test_another_key_verifies_nothing(scene):
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert scene.verify(key=other).found == 3


def test_another_origin_verifies_nothing(scene):
    scene.run("UPDATE audit_tree SET origin = 'intelhub/another/audit/1'")
    assert scene.verify().found == 3


def test_a_changed_edge_is_found(scene):
    leaves = [*scene.leaves()[:29], leaf_hash(b"another")]
    scene.run("UPDATE audit_tree SET frontier = :edge", edge=Frontier().extended(leaves).packed())
    assert not scene.verify().holds


def test_a_missing_tree_is_found(scene):
    scene.run("DELETE FROM audit_tree")
    assert not scene.verify().holds


# The same on an auditor's machine, with the exported folder alone.


@pytest.fixture
def exported(scene, tmp_path) -> tuple[Path, str]:
    folder = tmp_path / "out"
    return folder, scene.export(folder)


def verify_offline(folder: Path, key: str, *options: object) -> subprocess.CompletedProcess[str]:
    # The auditor's own copy of the verifier, not the one inside the export.
    own = Path(__file__).parents[2] / "intelhub" / "audit" / "offline_verifier.py"
    return subprocess.run(
        [sys.executable, "-I", "-S", str(own), str(folder), "--key", key, *map(str, options)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_offline_an_edited_entry_is_named(exported):
    folder, key = exported
    bundled = folder / "tile/entries/000.p/30"
    entries = unbundle(bundled.read_bytes())
    entries[13] = entries[13].replace(b'"lvl":0', b'"lvl":3')
    bundled.write_bytes(bundle(entries))
    result = verify_offline(folder, key)
    assert result.returncode == 1
    assert "entry 13 is broken" in result.stdout


def test_offline_an_entry_edited_with_its_tile_is_found(exported):
    folder, key = exported
    bundled = folder / "tile/entries/000.p/30"
    entries = unbundle(bundled.read_bytes())
    entries[13], entries[14] = entries[14], entries[13]
    bundled.write_bytes(bundle(entries))
    for path, tile in hash_tiles(map(leaf_hash, entries)):
        (folder / path).write_bytes(tile)
    result = verify_offline(folder, key)
    assert result.returncode == 1
    assert "root that was signed" in result.stdout


@pytest.mark.parametrize("cut", [1, 200, 10_000])
def test_offline_a_cut_bundle_is_found(exported, cut):
    folder, key = exported
    bundled = folder / "tile/entries/000.p/30"
    bundled.write_bytes(bundled.read_bytes()[:-cut])
    result = verify_offline(folder, key)
    assert result.returncode == 1
    assert "is broken" in result.stdout


def test_offline_a_missing_bundle_is_found(exported):
    folder, key = exported
    shutil.rmtree(folder / "tile/entries")
    result = verify_offline(folder, key)
    assert result.returncode == 1
    assert "entries from number 0 are missing" in result.stdout


def test_offline_a_cut_off_log_is_found_by_a_kept_checkpoint(scene, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text(scene.note(30))
    scene.run("DELETE FROM audit_entries WHERE seq >= 20")
    scene.run("DELETE FROM audit_checkpoints WHERE size > 20")
    scene.rebuild_tree()
    key = scene.export(tmp_path / "short")
    assert verify_offline(tmp_path / "short", key).returncode == 0
    result = verify_offline(tmp_path / "short", key, "--seen", kept)
    assert result.returncode == 1
    assert "entry 20 is missing" in result.stdout
    scene.act(15)
    key = scene.export(tmp_path / "rewritten")
    result = verify_offline(tmp_path / "rewritten", key, "--seen", kept)
    assert result.returncode == 1
    assert "history was rewritten" in result.stdout


def test_offline_a_whole_forged_export_is_found_by_the_key_one_holds(exported, scene):
    folder, key = exported
    forger = Ed25519PrivateKey.generate()
    forged_key = NoteKey(name=scene.origin(), public_key=forger.public_key().public_bytes_raw())
    body = Checkpoint(origin=forged_key.name, size=30, root=Frontier().extended(scene.leaves()).root()).body()
    (folder / "checkpoint").write_text(sign_note(body, forged_key, forger.sign))
    (folder / "key").write_text(str(forged_key))
    assert verify_offline(folder, str(forged_key)).returncode == 0
    result = verify_offline(folder, key)
    assert result.returncode == 1
    assert "not signed by the key" in result.stdout


def test_offline_a_signature_with_a_bit_flipped_is_found(exported):
    folder, key = exported
    note = (folder / "checkpoint").read_text()
    head, _, encoded = note.rstrip("\n").rpartition(" ")
    signature = bytearray(base64.b64decode(encoded))
    signature[40] ^= 1
    (folder / "checkpoint").write_text(f"{head} {base64.b64encode(signature).decode()}\n")
    result = verify_offline(folder, key)
    assert result.returncode == 1
    assert "forged" in result.stdout
