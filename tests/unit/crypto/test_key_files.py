"""Key files: made once, closed to others, never overwritten, and every failure a sentence that says what to do."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intelhub.crypto import (
    AuditorsPassphraseMissing,
    DemoKeyRefused,
    KeyFileDamaged,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    KeyFileProblem,
    KeyFileUnreadable,
    PassphraseRefused,
    RootKeys,
    Tampered,
    Vault,
    WrongPassphrase,
    add_data_root,
    change_passphrase,
    create_key_file,
    drop_retired_roots,
    is_demo_key_file,
    open_as_auditor,
    open_auditors_key,
    open_key_file,
)
from intelhub.crypto.sealed_file import PRODUCTION_COST

PASSPHRASE = "một mật khẩu rất dài"
AUDITORS = "mật khẩu của kiểm toán viên"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "root.key"


@pytest.fixture
def keys(path: Path) -> RootKeys:
    return create_key_file(path, PASSPHRASE, demo=True)


def test_two_places_for_the_two_files(tmp_path: Path) -> None:
    away = tmp_path / "usb" / "auditors.key"
    made = create_key_file(tmp_path / "keys" / "root.key", PASSPHRASE, demo=True, auditors_path=away)
    assert open_auditors_key(away, PASSPHRASE).key_file_id == str(made.key_file_id)
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["root.key"]


def test_one_folder_named_in_two_ways_does_not_block_itself(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "same").symlink_to("keys")
    create_key_file(tmp_path / "keys" / "root.key", PASSPHRASE, demo=True, auditors_path=tmp_path / "same" / "a.key")


def test_what_was_made_opens_again(path: Path, keys: RootKeys) -> None:
    assert open_key_file(path, PASSPHRASE) == keys
    assert keys.is_demo
    assert is_demo_key_file(path)


@pytest.mark.usefixtures("keys")
def test_the_folder_and_the_files_are_closed_to_others(path: Path) -> None:
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in path.parent.iterdir()) == ["auditors.key", "root.key"]
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_no_key_stands_in_the_file_or_is_printed(path: Path, keys: RootKeys) -> None:
    secrets = (keys.data, keys.index, keys.label, keys.session, keys.audit_signing)
    assert len(set(secrets)) == len(secrets)
    text = path.read_text("utf-8") + repr(keys) + repr(Vault(keys))
    for secret in secrets:
        assert secret.hex() not in text
        assert repr(secret) not in text


@pytest.mark.usefixtures("keys")
def test_a_key_file_is_never_overwritten(path: Path) -> None:
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(KeyFileExists):
        create_key_file(path, PASSPHRASE, demo=True)
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_outside_the_demo_an_auditors_key_is_not_overwritten_either(tmp_path: Path) -> None:
    create_key_file(tmp_path / "one.key", PASSPHRASE, demo=False, auditors_passphrase=AUDITORS)
    with pytest.raises(KeyFileExists):
        create_key_file(tmp_path / "two.key", PASSPHRASE, demo=False, auditors_passphrase=AUDITORS)
    assert not (tmp_path / "two.key").exists()


def test_a_demo_start_killed_between_the_files_goes_on_and_loses_nothing(path: Path, keys: RootKeys) -> None:
    orphan = path.with_name("auditors.key").read_bytes()
    path.unlink()
    made = create_key_file(path, PASSPHRASE, demo=True)
    assert made != keys
    assert open_key_file(path, PASSPHRASE) == made
    assert orphan in [file.read_bytes() for file in path.parent.iterdir() if "orphan" in file.name]


def test_production_keys_cost_a_guess_at_least_64_mib(path: Path) -> None:
    keys = create_key_file(path, PASSPHRASE, demo=False, auditors_passphrase=AUDITORS)
    assert not keys.is_demo
    assert open_key_file(path, PASSPHRASE, production=True) == keys
    for file in (path, path.with_name("auditors.key")):
        cost = json.loads(file.read_text("utf-8"))["argon2id"]
        assert cost["memory_kib"] >= 64 * 1024
        assert cost["passes"] >= 3
    assert PRODUCTION_COST.is_bearable


@pytest.mark.parametrize("auditors", [None, PASSPHRASE])
def test_operators_may_not_hold_the_auditors_passphrase(path: Path, auditors: str | None) -> None:
    with pytest.raises(AuditorsPassphraseMissing):
        create_key_file(path, PASSPHRASE, demo=False, auditors_passphrase=auditors)
    assert not path.exists()


def test_short_passphrases_are_refused_outside_the_demo(path: Path) -> None:
    with pytest.raises(PassphraseRefused):
        create_key_file(path, "ngắn", demo=False, auditors_passphrase=AUDITORS)
    with pytest.raises(PassphraseRefused):
        create_key_file(path, PASSPHRASE, demo=False, auditors_passphrase="ngắn")
    assert not path.exists()


@pytest.mark.usefixtures("keys")
def test_a_demo_key_is_refused_in_production(path: Path) -> None:
    with pytest.raises(DemoKeyRefused):
        open_key_file(path, PASSPHRASE, production=True)


@pytest.mark.usefixtures("keys")
def test_a_demo_key_cannot_be_declared_a_production_key(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    document["kind"] = "production"
    rewrite(path, document)
    with pytest.raises(WrongPassphrase):
        open_key_file(path, PASSPHRASE, production=True)


def rewrite(path: Path, document: dict[str, object]) -> None:
    """What a forger does: change the header and make the checksum fit."""
    document.pop("checksum")
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    document["checksum"] = hashlib.sha256(canonical).hexdigest()
    path.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize("change", ["memory_kib", "passes", "lanes"])
@pytest.mark.parametrize("value", [0, -1, 1 << 40, "many", None])
@pytest.mark.usefixtures("keys")
def test_a_forged_cost_cannot_take_the_machine_down(path: Path, change: str, value: object) -> None:
    document = json.loads(path.read_text("utf-8"))
    document["argon2id"][change] = value
    rewrite(path, document)
    with pytest.raises(KeyFileDamaged):
        open_key_file(path, PASSPHRASE)


@pytest.mark.parametrize("wrong", ["", "demo", PASSPHRASE + " ", PASSPHRASE.upper()])
@pytest.mark.usefixtures("keys")
def test_a_wrong_passphrase_is_told_from_a_damaged_file(path: Path, wrong: str) -> None:
    with pytest.raises(WrongPassphrase, match="Type it again"):
        open_key_file(path, wrong)


def test_both_spellings_of_vietnamese_letters_open_the_file(path: Path, keys: RootKeys) -> None:
    decomposed = unicodedata.normalize("NFD", PASSPHRASE)
    assert decomposed != PASSPHRASE
    assert open_key_file(path, decomposed) == keys


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "one letter": lambda content: content.replace(b'"sealed": "S', b'"sealed": "T'),
    "no object": lambda _: b"[]",
    "nesting": lambda _: b"[" * 200_000,
    "binary": lambda _: os.urandom(500),
    "foreign": lambda _: b'{"format": "other", "checksum": ""}',
    "huge": lambda content: content + b" " * (1 << 20),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.usefixtures("keys")
def test_a_damaged_file_says_so(path: Path, damage: str) -> None:
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(KeyFileDamaged, match="Restore it from the backup"):
        open_key_file(path, PASSPHRASE)


@pytest.mark.usefixtures("keys")
def test_files_of_the_two_kinds_are_not_taken_for_each_other(path: Path) -> None:
    with pytest.raises(KeyFileDamaged):
        open_auditors_key(path, PASSPHRASE)
    with pytest.raises(KeyFileDamaged):
        open_key_file(path.with_name("auditors.key"), PASSPHRASE)


def test_a_missing_file_and_a_missing_folder_say_so(tmp_path: Path) -> None:
    for path in (tmp_path / "root.key", tmp_path / "nowhere" / "root.key"):
        with pytest.raises(KeyFileMissing, match="There is no key file at"):
            open_key_file(path, PASSPHRASE)


@pytest.mark.parametrize("mode", [0o604, 0o606, 0o660])
@pytest.mark.usefixtures("keys")
def test_a_file_that_others_can_get_at_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyFileExposed, match="chmod go-rwx"):
        open_key_file(path, PASSPHRASE)


def test_a_folder_that_others_can_enter_is_refused(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.parent.chmod(0o755)
    with pytest.raises(KeyFileExposed):
        create_key_file(path, PASSPHRASE, demo=True)
    assert not list(path.parent.iterdir())


def test_a_place_where_no_folder_can_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyFileUnreadable, match="folder 0700, file 0600"):
        create_key_file(tmp_path / "file" / "root.key", PASSPHRASE, demo=True)


@pytest.fixture
def _without_privileges() -> Iterator[None]:
    """As the superuser every file is readable; whoever runs the suite so becomes nobody for one test."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield
    os.seteuid(was)


def test_an_unreadable_file_and_folder_say_so(path: Path, keys: RootKeys, request: pytest.FixtureRequest) -> None:
    assert keys.is_demo
    path.chmod(0o000)
    path.parent.chmod(0o500)
    request.getfixturevalue("_without_privileges")
    with pytest.raises(KeyFileUnreadable):
        open_key_file(path, PASSPHRASE)
    with pytest.raises(KeyFileUnreadable):
        create_key_file(path.with_name("new.key"), PASSPHRASE, demo=True, auditors_path=path.with_name("a.key"))


def test_every_sentence_names_the_file(path: Path) -> None:
    for problem in KeyFileProblem.__subclasses__():
        make: Callable[[Path], KeyFileProblem] = problem
        sentence = str(make(path))
        assert str(path) in sentence
        assert sentence.endswith(".")
        assert "%" not in sentence


def test_a_new_passphrase_keeps_the_keys(path: Path, keys: RootKeys) -> None:
    assert change_passphrase(path, PASSPHRASE, "khác") == keys
    assert open_key_file(path, "khác") == keys
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongPassphrase):
        open_key_file(path, PASSPHRASE)


def test_a_new_data_root_keeps_the_former_one_until_it_is_dropped(path: Path, keys: RootKeys) -> None:
    renewed = add_data_root(path, PASSPHRASE)
    assert open_key_file(path, PASSPHRASE) == renewed
    assert renewed.data_id != keys.data_id
    assert renewed.data != keys.data
    assert dict(renewed.retired_data) == {keys.data_id: keys.data}
    assert (renewed.index, renewed.label, renewed.audit_signing) == (keys.index, keys.label, keys.audit_signing)
    dropped = drop_retired_roots(path, PASSPHRASE)
    assert not dropped.retired_data
    assert dropped.data == renewed.data


def test_servers_write_to_the_auditors_and_auditors_alone_read(path: Path, keys: RootKeys) -> None:
    vault = Vault(keys)
    sealed = vault.seal_to_auditors("xuất xứ".encode(), context=b"entry 1")
    auditor = open_auditors_key(path.with_name("auditors.key"), PASSPHRASE)
    assert open_as_auditor(auditor, sealed, context=b"entry 1").decode() == "xuất xứ"
    assert auditor.private not in (keys.data, keys.index, keys.label, keys.session, keys.audit_signing)
    for altered, context in ((sealed, b"entry 2"), (sealed[:-1], b"entry 1"), (b"", b"entry 1"), (b"IA\x01", b"")):
        with pytest.raises(Tampered):
            open_as_auditor(auditor, altered, context=context)


def test_labels_are_checked_field_by_field(keys: RootKeys) -> None:
    vault = Vault(keys)
    mac = vault.label_mac(b"records", b"2", b"unit")
    vault.check_label_mac(mac, b"records", b"2", b"unit")
    for fields in ((b"records", b"1", b"unit"), (b"records", b"2u", b"nit"), (b"records", b"2", b"unit", b"")):
        with pytest.raises(Tampered):
            vault.check_label_mac(mac, *fields)
    for altered in (b"", mac[:-1], bytes(32)):
        with pytest.raises(Tampered):
            vault.check_label_mac(altered, b"records", b"2", b"unit")


def test_derived_keys_differ_by_purpose_and_by_root(keys: RootKeys) -> None:
    vault = Vault(keys)
    derived = {vault.index_key(b"a"), vault.index_key(b"b"), vault.derive(b"a"), vault.derive(b"b"), keys.index}
    assert len(derived) == 5
    assert vault.index_key(b"a") == Vault(keys).index_key(b"a")


def test_a_hardened_process_writes_no_core() -> None:
    # In a process of its own: what is given up here cannot be taken back.
    script = (
        "import resource; from intelhub.crypto import harden_process as h; r = h(); "
        "print(r.no_core_dumps, resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "True (0, 0)"
