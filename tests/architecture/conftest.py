"""The whole application, for tests that walk through all of it."""

from __future__ import annotations

from tests.web.conftest import app, client, client_as  # noqa: F401 - fixtures
