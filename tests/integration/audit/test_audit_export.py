"""An export is verified by a program that knows nothing of intelhub."""

import subprocess
import sys
from base64 import b64encode

import pytest
from sqlalchemy import select

from intelhub.audit import NoteKey, export_log, offline_verifier
from intelhub.audit.models import AuditEntry, AuditTree
from intelhub.audit.proofs import prove_inclusion
from intelhub.platform.errors import Conflict


def export(log, folder):
    with log.worker.connect() as connection:
        return export_log(connection, folder, log.vault.checkpoint_public_key)


def verify(folder, *options, cwd=None):
    # -I: no site of ours on the path; -S: not even installed packages.
    return subprocess.run(
        [sys.executable, "-I", "-S", folder / "offline_verifier.py", folder, *map(str, options)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_an_export_holds_elsewhere(log, actor, tmp_path, size):
    log.act(actor, count=size)
    log.sequence()
    exported = export(log, tmp_path / "out")
    assert exported.size == size
    result = verify(exported.folder, "--key", exported.key)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"The chain holds: {size} entries" in result.stdout
    assert "another way" not in result.stdout


def test_a_later_export_continues_an_earlier_checkpoint(log, actor, tmp_path):
    log.act(actor, count=300)
    log.sequence()
    first = export(log, tmp_path / "first")
    log.act(actor, count=10)
    log.sequence()
    second = export(log, tmp_path / "second")
    result = verify(second.folder, "--seen", first.folder / "checkpoint")
    assert result.returncode == 0, result.stdout
    assert "continues the checkpoint of 300 entries" in result.stdout
    assert "another way" in result.stdout  # the key came with the export


def test_only_what_is_signed_is_exported(log, actor, tmp_path):
    log.act(actor, count=3)
    with pytest.raises(Conflict, match="no signed checkpoint"):
        export(log, tmp_path / "early")
    assert list(tmp_path.iterdir()) == []
    log.sequence()
    log.act(actor)
    assert export(log, tmp_path / "out").size == 3


def test_a_folder_with_something_in_it_is_left_alone(log, actor, tmp_path):
    log.act(actor)
    log.sequence()
    (tmp_path / "mine").write_text("keep me")
    with pytest.raises(Conflict, match="not empty"):
        export(log, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


def test_what_cannot_be_read_is_told_apart_from_what_is_broken(tmp_path, log, actor):
    log.act(actor)
    log.sequence()
    exported = export(log, tmp_path / "out")
    (exported.folder / "checkpoint").unlink()
    result = verify(exported.folder)
    assert result.returncode == 2
    assert "Could not look" in result.stderr


def proof_of(log, number):
    with log.worker.connect() as connection:
        entry, leaf = connection.execute(
            select(AuditEntry.entry, AuditEntry.leaf_hash).where(AuditEntry.seq == number)
        ).one()
        origin = connection.scalars(select(AuditTree.origin)).one()
        return prove_inclusion(connection, origin, number, leaf).written(number, entry), entry, origin


@pytest.mark.parametrize("size", [1, 2, 3, 7, 256, 300])
def test_one_entry_is_proved_by_a_file_of_its_own(log, actor, size):
    log.act(actor, count=size)
    log.sequence()
    for number in {0, 1 % size, size // 2, size - 1}:
        written, entry, origin = proof_of(log, number)
        key = offline_verifier.read_key(str(NoteKey(name=origin, public_key=log.vault.checkpoint_public_key)))
        assert offline_verifier.verify_proof(written, key) == (number, size, entry)
        lines = written.split("\n")
        forged = [
            written.replace(lines[1], "extra " + b64encode(entry.replace(b"allow", b"denyy") + b" ").decode()),
            written.replace(lines[2], f"index {number + 1}"),
            written.replace("\n\n", "\n" + b64encode(bytes(32)).decode() + "\n\n", 1),
            *([written.replace(lines[3] + "\n", "", 1)] if size > 1 else []),
        ]
        for one in forged:
            with pytest.raises(offline_verifier.BrokenLog):
                offline_verifier.verify_proof(one, key)


def test_a_proof_is_verified_where_nothing_else_is(log, actor, tmp_path):
    log.act(actor, count=5)
    log.sequence()
    exported = export(log, tmp_path / "out")
    written, entry, _ = proof_of(log, 3)
    (tmp_path / "three.tlog-proof").write_text(written)
    program = [sys.executable, "-I", "-S", exported.folder / "offline_verifier.py", tmp_path / "three.tlog-proof"]
    result = subprocess.run([*program, "--key", exported.key], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Entry 3 stands in the signed tree of 5 entries" in result.stdout
    assert entry.decode() in result.stdout
    keyless = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (keyless.returncode, "needs the log's key" in keyless.stderr) == (2, True)
