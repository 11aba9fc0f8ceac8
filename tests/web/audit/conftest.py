"""The auditor's pages after a morning that left traces."""

from __future__ import annotations

import pytest

from tests.factories.audit_scene import scene

__all__ = ["scene"]


@pytest.fixture
def auditor(scene, client_as):  # noqa: ARG001 - the morning comes before the look at it
    """The auditor's browser, after that morning."""
    browser = client_as("auditor")
    browser.set_cookie("language", "en")
    return browser


@pytest.fixture
def officer_of_security(scene, client_as):  # noqa: ARG001 - the morning comes before the look at it
    """The browser of the security officer of the department of Lạng Sơn, after that morning."""
    browser = client_as("security")
    browser.set_cookie("language", "en")
    return browser
