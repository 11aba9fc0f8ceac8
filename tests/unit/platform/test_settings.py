"""Settings: what wins, what is refused and in which words, and that secrets stay unseen."""

from __future__ import annotations

import pickle
import re
import stat

import pytest

from intelhub.crypto import create_key_file
from intelhub.settings import (
    Secret,
    Settings,
    SettingsRefused,
    describe_settings,
    read_env_file,
    write_env_file,
)

URL = "postgresql+psycopg://intelhub_app:hush-hush@/intelhub?host=/run"
PASSPHRASE = "correct horse battery staple wagon"


@pytest.fixture(scope="session")
def demo_keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("demo-keys"), demo=True)


@pytest.fixture(scope="session")
def real_keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("real-keys"), demo=False)


def make_keys(folder, *, demo):
    folder.chmod(0o700)
    create_key_file(folder / "root.key", PASSPHRASE, demo=demo, auditors_passphrase="another long horse of auditors")
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(PASSPHRASE)
    return {"INTELHUB_KEY_FILE": str(folder / "root.key"), "INTELHUB_PASSPHRASE_FILE": str(passphrase)}


def write(var, text, mode=0o600):
    path = var / "intelhub.env"
    path.write_text(text)
    path.chmod(mode)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path, real_keys):
    write(
        tmp_path, "# ours\n\nINTELHUB_PORT=9001\nINTELHUB_HOST='127.0.0.2'\nINTELHUB_TRUSTED_HOSTS=Tin.example, a.b\n"
    )
    settings = Settings.load(tmp_path, {**real_keys, "INTELHUB_PORT": "9002", "OTHER": "x"})
    assert (settings.port, settings.host, settings.web_processes) == (9002, "127.0.0.2", 2)
    assert settings.trusted_hosts == ("tin.example", "a.b")
    assert settings.cookie_secure
    assert not settings.demo


def test_keys_stand_beside_the_data_unless_said_otherwise(tmp_path):
    with pytest.raises(SettingsRefused, match=re.escape(f"There is no file {tmp_path}/keys/root.key")):
        Settings.load(tmp_path, {})


def test_a_secret_shows_itself_nowhere(tmp_path, real_keys):
    settings = Settings.load(tmp_path, {**real_keys, "INTELHUB_APP_URL": URL})
    assert settings.url_for("app") == URL
    assert "hush" not in repr(settings) + str(settings) + f"{settings.app_url}"
    with pytest.raises(TypeError):
        pickle.dumps(settings.app_url)


def test_a_missing_address_is_told_when_it_is_needed(tmp_path, real_keys):
    with pytest.raises(SettingsRefused, match="INTELHUB_WORKER_URL is not set"):
        Settings.load(tmp_path, real_keys).url_for("worker")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("INTELHUB_PORT", "eighty", "a whole number from 1 to 65535"),
        ("INTELHUB_PORT", "0", "a whole number"),
        ("INTELHUB_PORT", "65536", "a whole number"),
        ("INTELHUB_PORT", "٣٣٣", "a whole number"),
        ("INTELHUB_WEB_THREADS", "-1", "a whole number"),
        ("INTELHUB_DEMO", "maybe", "yes or no"),
        ("INTELHUB_HOST", "everywhere", "an address"),
        ("INTELHUB_TRUSTED_HOSTS", "https://tin", "host names"),
        ("INTELHUB_TRUSTED_HOSTS", ",", "host names"),
        ("INTELHUB_ONSITE_NETWORKS", "10.15.3.4/16", "networks such as"),
        ("INTELHUB_KEY_FILE", "keys/root.key", "a path from the root"),
        ("INTELHUB_APP_URL", "postgres://intelhub_app:hush@/x", "must begin with"),
    ],
)
def test_a_bad_value_is_one_sentence_without_secrets(tmp_path, real_keys, name, value, says):
    with pytest.raises(SettingsRefused, match=says) as refused:
        Settings.load(tmp_path, {**real_keys, name: value})
    assert name in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "line", ["INTELHUB_PROT=1", "PORT=1", "hush", "export INTELHUB_PORT=1", "INTELHUB_APP_ULR=postgresql://a:hush@b"]
)
def test_a_line_that_is_no_setting_is_named_by_its_number_alone(tmp_path, line):
    write(tmp_path, f"INTELHUB_PORT=1\n{line}\n")
    with pytest.raises(SettingsRefused, match=r"^Line 2 of ") as refused:
        read_env_file(tmp_path)
    assert "hush" not in str(refused.value)


def test_a_file_with_passwords_that_others_may_read_is_refused(tmp_path):
    write(tmp_path, f"INTELHUB_APP_URL={URL}\n", mode=0o640)
    with pytest.raises(SettingsRefused, match="chmod 600"):
        read_env_file(tmp_path)


def test_a_missing_folder_and_a_file_in_its_place_are_told(tmp_path):
    for wrong in (tmp_path / "none", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(SettingsRefused, match=f"There is no folder {wrong}"):
            Settings.load(wrong, {})


def test_a_passphrase_open_to_everybody_is_refused(tmp_path):
    keys = make_keys(tmp_path, demo=False)
    (tmp_path / "passphrase").chmod(0o604)
    with pytest.raises(SettingsRefused, match="open to everybody"):
        Settings.load(tmp_path, keys)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_the_demo_runs_on_loopback_with_a_demo_key(tmp_path, demo_keys, host):
    settings = Settings.load(tmp_path, {**demo_keys, "INTELHUB_DEMO": "yes", "INTELHUB_HOST": host})
    assert settings.demo
    assert settings.on_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "::ffff:10.0.0.1"])  # noqa: S104 - what must be refused
def test_the_demo_never_listens_to_strangers(tmp_path, demo_keys, host):
    with pytest.raises(SettingsRefused, match="listens on this machine only"):
        Settings.load(tmp_path, {**demo_keys, "INTELHUB_DEMO": "yes", "INTELHUB_HOST": host})


def test_a_demo_key_never_serves_outside_the_demo(tmp_path, demo_keys):
    with pytest.raises(SettingsRefused, match="is a demo key"):
        Settings.load(tmp_path, demo_keys)


def test_the_demo_never_opens_real_data(tmp_path, real_keys):
    with pytest.raises(SettingsRefused, match="a key for real data"):
        Settings.load(tmp_path, {**real_keys, "INTELHUB_DEMO": "yes"})


def test_cookies_without_https_stay_on_this_machine(tmp_path, real_keys):
    plain = {**real_keys, "INTELHUB_COOKIE_SECURE": "no"}
    assert not Settings.load(tmp_path, plain).cookie_secure
    with pytest.raises(SettingsRefused, match="COOKIE_SECURE"):
        Settings.load(tmp_path, {**plain, "INTELHUB_HOST": "10.0.0.1"})


def test_idle_never_outlasts_absolute(tmp_path, real_keys):
    with pytest.raises(SettingsRefused, match="longer"):
        Settings.load(tmp_path, {**real_keys, "INTELHUB_SESSION_ABSOLUTE_MINUTES": "10"})


def test_writing_keeps_other_lines_and_the_mode(tmp_path):
    write(tmp_path, "# mine\nINTELHUB_PORT=1\nINTELHUB_DEMO=yes\n")
    write_env_file(tmp_path, {"INTELHUB_PORT": "2", "INTELHUB_APP_URL": URL})
    assert (
        tmp_path / "intelhub.env"
    ).read_text() == f"# mine\nINTELHUB_DEMO=yes\nINTELHUB_PORT=2\nINTELHUB_APP_URL={URL}\n"
    assert stat.S_IMODE((tmp_path / "intelhub.env").stat().st_mode) == 0o600
    assert read_env_file(tmp_path)["INTELHUB_APP_URL"] == URL


@pytest.mark.parametrize("changes", [{"PATH": "x"}, {"INTELHUB_HOST": "a\nINTELHUB_DEMO=yes"}])
def test_only_settings_of_one_line_are_written(tmp_path, changes):
    with pytest.raises(ValueError, match="not settings"):
        write_env_file(tmp_path, changes)


def test_every_setting_is_described():
    described = describe_settings()
    assert len(described) == len({one.variable for one in described}) > 10
    assert all(one.doc.endswith(".") and one.variable.startswith("INTELHUB_") for one in described)
    assert {one.variable: one.default for one in described}["INTELHUB_KEY_FILE"] == "<var>/keys/root.key"
    assert repr(Secret("x")) == "Secret(…)"


@pytest.mark.parametrize("name", ["INTELHUB_ELASTICSEARCH_URL", "INTELHUB_ELASTICSEARCH_WORKER_URL"])
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://search.example:9200", "where the server is another machine"),
        ("ftp://127.0.0.1", "name a host"),
        ("https://", "name a host"),
        ("user:word@host", "name a host"),
    ],
)
def test_a_search_server_elsewhere_is_spoken_to_under_tls(tmp_path, real_keys, name, address, sentence):
    with pytest.raises(SettingsRefused) as refused:
        Settings.load(tmp_path, {**real_keys, name: address})
    assert sentence in str(refused.value)
    assert "word" not in str(refused.value)


def test_each_process_gets_its_own_credential_for_the_search_server(tmp_path, real_keys):
    known = Settings.load(
        tmp_path,
        {
            **real_keys,
            "INTELHUB_ELASTICSEARCH_URL": "https://searcher:a@search.example",
            "INTELHUB_ELASTICSEARCH_WORKER_URL": "http://indexer:b@127.0.0.1:9200",
        },
    )
    assert known.search_server_for("app") == "https://searcher:a@search.example"
    assert known.search_server_for("worker") == "http://indexer:b@127.0.0.1:9200"
    assert known.search_server_for("sequencer") is None
    assert "searcher" not in repr(known)
