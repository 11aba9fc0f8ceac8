"""Attacks go through the whole application: the browsers of the web tests, and a superuser's hands on the tables."""

from __future__ import annotations

from tests.web.conftest import app, client, client_as  # noqa: F401 - fixtures
