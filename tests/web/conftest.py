"""The whole application over a house with people, and browsers that are signed in as one of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse

from intelhub import access
from intelhub.access import NOBODY, scope_for
from intelhub.app import House, create_app, move_in
from intelhub.crypto import Vault
from intelhub.platform.actor import Place
from intelhub.settings import Settings
from tests.house import TestHouse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class _CompiledTemplates(BytecodeCache):
    """The templates of the run as they were compiled for the first application that asked for them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was kept; Jinja looks whether it still fits the source."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _CompiledTemplates()


class Browser(FlaskClient):
    """A test client that posts forms as a browser does: with the token of a page it was shown."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tokens: dict[tuple[str | None, ...], str] = {}

    def submit(self, url: str, data: dict[str, Any] | None = None, *, page: str = "", **options: Any) -> TestResponse:
        """Send a form with a form token taken from `page` (by default one that everybody may open)."""
        return self.post(url, data={**(data or {}), "csrf_token": self.token(page)}, **options)

    def token(self, page: str = "") -> str:
        """A form token of this browser."""
        asked = (
            page or "/set-up",
            *(cookie and cookie.value for cookie in map(self.get_cookie, ("session", "intelhub"))),
        )
        if asked not in self._tokens:
            shown = self.get(asked[0]).get_data(as_text=True)
            found = _TOKEN.search(shown)
            assert found, shown
            self._tokens[asked] = found.group(1)
        return self._tokens[asked]


def make_app(house: TestHouse, folder: Path, **settings: Any) -> Flask:
    """The application of one process over a test house, of these settings or to be changed by the test."""
    app = create_app(_house(house, folder, **settings))
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = _TEMPLATES
    return app


def app_for(house: TestHouse, folder: Path) -> Flask:
    """The application as the demo runs it, in a test's house: built once a process, for that takes a while."""
    if house.vault not in _BUILT:
        _BUILT[house.vault] = make_app(house, folder)
    move_in(_BUILT[house.vault], _house(house, folder))
    return _BUILT[house.vault]


_BUILT: dict[Vault, Flask] = {}


def _house(house: TestHouse, folder: Path, **settings: Any) -> House:
    chosen: dict[str, Any] = {"demo": True, "cookie_secure": False, **settings}
    return House(
        settings=Settings(var=folder, key_file=folder / "key", passphrase_file=folder / "passphrase", **chosen),
        vault=house.vault,
        units=house.units,
    )


def open_session(house: TestHouse, username: str, place: Place = Place.ONSITE) -> str:
    """The token of a new session of one of the people."""
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        return access.open_session_for_persona(session, username=username, place=place).token


@pytest.fixture
def app(house, tmp_path):
    """The application as the demo runs it, form tokens included; a test that changes it makes one of its own."""
    return app_for(house, tmp_path)


@pytest.fixture
def client(app):
    """A browser in which nobody is signed in."""
    return app.test_client()


@pytest.fixture
def client_as(app, house):
    """Browsers of people: `client_as("officer", place=Place.REMOTE)`; their forms go out with `.submit(url, data)`."""

    def open_client(username: str, place: Place = Place.ONSITE) -> Browser:
        client = app.test_client()
        client.set_cookie("intelhub", open_session(house, username, place), samesite="Strict", httponly=True)
        return client

    return open_client
