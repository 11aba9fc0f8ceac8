"""A stolen disk: every file of an installation is searched for every word of every record, and none is there.

The database, its write-ahead log, its logs with every statement and parameter switched on, and temporary files; after
records were written, graded, merged into segments, searched, and tried to be read by the wrong people.
"""

from __future__ import annotations

import base64
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from intelhub.app import create_app, open_house
from intelhub.demo.generator import generate_records
from intelhub.demo.loading import SEED, load_demo
from intelhub.demo.people import generate_people
from intelhub.demo.run import prepare_keys
from intelhub.index_upkeep import merge_tails
from intelhub.platform.database import open_engine
from intelhub.platform.embedded_postgres import EmbeddedPostgres, find_programs
from intelhub.platform.migrate import upgrade
from intelhub.platform.roles import driver_address
from intelhub.records.service import exporting
from intelhub.supervisor import _prepare_database
from tests.factories.raw_search import Finder, words_of
from tests.web.conftest import Browser

COUNT = 40
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
# Typed into the application by hand; no other text has them.
TYPED = "Vũ Ngọc Trầm giấu sừng tê giác trong thùng sơn phản quang, hẹn giao ở cầu Kiều Giang."
ASKED = "sừng tê giác Kiều Giang"


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a record's content and in the words of its steps."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_of(one)


def secrets_of_the_demo() -> set[str]:
    """The words of the records that are loaded, what was typed by hand with them."""
    texts = [TYPED, ASKED]
    for record in generate_records(SEED, COUNT, today=NOW):
        content = record.content
        texts += [*texts_of({name: content[name] for name in ("text", "abstract", "place_text", "source", "subjects")})]
        texts += [one for step in record.steps for one in texts_of(dict(step.details))]
    return words_of(texts)


def public_words() -> set[str]:
    """The directory of people: names stand in clear, and may stand in an invented text as well."""
    people = generate_people(SEED)
    return words_of(one for person in people for one in (person.display_name, person.username, person.title_vi))


def sql(database: EmbeddedPostgres, *statements: str, dbname: str = "intelhub") -> None:
    with psycopg.connect(driver_address(database.superuser_url), dbname=dbname, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def work(settings: Any) -> None:
    """A day of officers, right and wrong."""
    app = create_app(open_house(settings))
    app.test_client_class = Browser
    try:
        author = become(app, "group_officer")
        form = {"text": TYPED, "abstract": TYPED[:60], "place_text": TYPED[-20:], "level": "1", "do": "save"}
        saved = author.submit("/records/new", form)
        assert saved.status_code == 303
        address = saved.location.removesuffix("/edit")
        named = author.submit("/records/views?state=draft", {"name": TYPED[:60]})
        assert named.status_code == 303
        stale = author.submit(f"{address}/edit", {**form, "row_version": "77"})
        assert stale.status_code == 412
        assert author.submit("/records/new", {**form, "text": TYPED * 1000}).status_code in {413, 422}
        for function in ("group_leader", "analyst", "unit_head", "auditor"):
            client = become(app, function)
            client.get(address)
            client.submit(f"{address}/edit", form)
            for asked in (ASKED, f'"{ASKED}"', f"{ASKED} AND (", "giac*", f"NOT {ASKED}", "unit:15BB " + ASKED):
                shown = client.submit("/search", {"q": asked}).get_data(as_text=True)
                for found in re.findall(r'data-found="([^"]+)"', shown):
                    for record_id in re.findall(r'href="/records/([0-9a-f-]{36})"', shown)[:3]:
                        client.get(f"/records/{record_id}?found={found}")
                        client.get(f"/records/{record_id}/preview?found={found}")
                for come_back in re.findall(r'data-address="([^"]+)"', shown):
                    client.get(come_back.replace("&amp;", "&"))
            page = client.get("/records").get_data(as_text=True)
            for record_id in re.findall(r"/records/([0-9a-f-]{36})", page)[:5]:
                client.get(f"/records/{record_id}")
                client.submit(f"/records/{record_id}/return", {"row_version": "0", "reason": TYPED})
        headquarters = sign_in(app, "dtcbl.analyst1")
        for asked in ("level:0", "level:1", "level:2"):
            take_along(headquarters, asked)
        assert agree_and_fetch(headquarters, become(app, "leader")) == 2
    finally:
        app.extensions["intelhub.house"].units.engine.dispose()


def take_along(client: Browser, asked: str) -> None:
    """What is found, as files; above the first level as requests to all who may agree, with words of their own."""
    shown = client.submit("/search", {"q": asked}).get_data(as_text=True)
    for sealed in re.findall(r'/search/export\?asked=([^"&]+)', shown):
        for kind in ("xlsx", "csv"):
            answer = client.submit(f"/search/export?asked={sealed}", {"format": kind})
            assert answer.status_code == 200
            for approver in re.findall(rb'<option value="([0-9a-f-]{36})"', answer.data):
                form = {"format": kind, "reason": TYPED, "approver": approver.decode()}
                assert client.submit(f"/exports?asked={sealed}", form).status_code == 303


def agree_and_fetch(asker: Browser, approver: Browser) -> int:
    """Let somebody agree to what they were asked for; how many files the one who asked then fetched."""
    fetched = 0
    for address in re.findall(r'href="(/exports/[^"]+)"', approver.get("/exports").get_data(as_text=True)):
        assert approver.submit(f"{address}/approve").status_code == 303
        fetched += "Content-Disposition" in asker.submit(f"{address}/fetch").headers
    return fetched


def become(app: Any, function: str) -> Browser:
    return sign_in(app, next(p.username for p in generate_people(SEED) if p.is_persona and function in p.functions))


def sign_in(app: Any, username: str) -> Browser:
    client = app.test_client()
    assert client.submit("/demo", {"username": username}, page="/demo").status_code == 303
    return client


@pytest.fixture
def folder(monkeypatch) -> Iterator[Path]:
    """A data folder whose temporary files and logs lie in it too."""
    var = Path(tempfile.mkdtemp(prefix="intelhub-raw-"))
    var.chmod(0o711)  # the server's account passes through it when everything runs as root
    (var / "temporary").mkdir(mode=0o1777)
    for variable in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(variable, str(var / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(var / "temporary"))
    monkeypatch.setattr(exporting, "MOST_OPEN", 99)
    log = logging.FileHandler(var / "python.log", encoding="utf-8")
    logging.getLogger().addHandler(log)
    yield var
    logging.getLogger().removeHandler(log)
    log.close()
    shutil.rmtree(var, ignore_errors=True)


def test_no_word_of_a_record_lies_in_any_file(folder):
    var = folder
    prepare_keys(var)
    database = EmbeddedPostgres(var / "postgres")
    database.start()
    try:
        settings = _prepare_database(var, 8080, database)
        upgrade(settings.url_for("migrator"))
        sql(
            database,
            "alter system set log_statement = 'all'",
            "alter system set log_min_error_statement = 'debug5'",
            "alter system set log_error_verbosity = 'default'",
            "alter system set log_parameter_max_length = -1",
            "alter system set log_parameter_max_length_on_error = -1",
            "alter system set full_page_writes = on",
            "select pg_reload_conf()",
        )
        load_demo(settings, lambda *_: None, count=0, until=NOW)
        sql(database, "checkpoint")
        words = secrets_of_the_demo() - public_words()
        assert len(words) > 1_000
        finder = Finder(words)
        # What stood there before any record did is the public tree of units; the server has its own English.
        known = set(finder.search(var)) | finder.look_into(find_programs() / "postgres")
        assert len(known) < len(words) / 10
        load_demo(settings, lambda *_: None, count=COUNT, until=NOW)
        work(settings)
        worker = open_house(settings, role="worker")
        merge_tails(worker, at_least=1)
        worker.units.engine.dispose()
        sql(database, "checkpoint", "vacuum full", "analyze", "checkpoint")
        assert _count(settings, "records") > COUNT
        assert _count(settings, "search_segments") > 0
        assert _count(settings, "record_exports") > 0
        found = finder.search(var)
        assert {word: files for word, files in found.items() if word not in known} == {}
        assert "arameters: $1" in database.log.read_text("utf-8", "replace"), "parameters are in the log"
    finally:
        database.stop()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_the_search_finds_what_is_there(tmp_path, encoding):
    """In every encoding, at every alignment, across the border of what is read at a time."""
    finder = Finder(words_of([TYPED]))
    raw = TYPED.encode(encoding)
    for shape in (raw, raw.hex().encode(), *(base64.b64encode(b"x" * shift + raw) for shift in range(3))):
        for before in (9_001, 4 * 1024 * 1024 - 40):
            (tmp_path / "planted").write_bytes(os.urandom(before) + shape + os.urandom(777))
            assert {"Trầm", "giác trong"} <= set(finder.search(tmp_path))
    (tmp_path / "planted").write_bytes(os.urandom(10_000_000) + bytes(100_000))
    assert finder.search(tmp_path) == {}


def _count(settings: Any, table: str) -> int:
    engine = open_engine(settings.url_for("migrator"), pool_size=1)
    with engine.connect() as connection:
        count = connection.scalar(text(f"SELECT count(*) FROM {table}"))
    engine.dispose()
    return int(count or 0)
