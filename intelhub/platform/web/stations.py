"""Stations: what a feature puts on the home page of whoever looks after it, by permission and never by function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from intelhub.platform.web.blueprint import FeatureBlueprint
from intelhub.platform.web.current import current_actor, house

_KEPT = "intelhub.stations"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Station:
    permissions: tuple[str, ...]
    show: Callable[[], str]


def station(blueprint: FeatureBlueprint, *permissions: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Put what the decorated function renders on the home page of whoever holds all these permissions.

    It runs in the unit of work of the page and, like a view, writes down that it was looked at.
    """
    if not permissions:
        raise TypeError("a station says whom it is for")

    def add(show: Callable[[], str]) -> Callable[[], str]:
        def keep(state: BlueprintSetupState) -> None:
            _kept(state.app).append(_Station(permissions=permissions, show=show))

        blueprint.record(keep)
        return show

    return add


def show_stations() -> list[Markup]:
    """The stations of whoever is signed in, in the order in which the features were put into the application."""
    actor, permits = current_actor(), house().permits
    return [
        Markup(one.show())  # noqa: S704 - rendered by a template of ours, which escaped what it was given
        for one in _kept(current_app)
        if all(permits(actor, permission) for permission in one.permissions)
    ]


def _kept(app: Flask | Any) -> list[_Station]:
    return cast("list[_Station]", app.extensions.setdefault(_KEPT, []))
