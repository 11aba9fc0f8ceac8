"""The bare page: the same template in the same frame, from one row in clear; no sign-in, decision, log or key.

It registers the product's blueprints for their addresses and templates alone: without a house no view of theirs runs.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_wtf.csrf import generate_csrf
from jinja2 import StrictUndefined
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.clear_values import from_clear
from intelhub import audit, health, organisation, records
from intelhub.access.views import blueprint as access_pages
from intelhub.app import open_house
from intelhub.frame import Frame, NavigationItem
from intelhub.organisation import hand_on_directory
from intelhub.platform import clock
from intelhub.platform.database import open_engine
from intelhub.platform.web import headers
from intelhub.platform.web.look import STATIC_FOLDER, TEMPLATE_FOLDER, install_look
from intelhub.records.service.linking import Linked
from intelhub.records.views.reading import words_of_records
from intelhub.records.views.record_page import Attempt
from intelhub.records.views.words import choices
from intelhub.settings import Settings

_SELECT = text("SELECT page FROM bench_clear WHERE id = :id")
_INSERT = text("INSERT INTO bench_clear (id, page) VALUES (gen_random_uuid(), :page)")
_AUDIENCES = (
    ("Người viết phiếu", ()),
    ("Chi cục HQ CK Hữu Nghị", ("Tổ trưởng kiểm soát", "Lãnh đạo phòng, đội")),
    ("Cục HQ tỉnh Lạng Sơn", ("Cán bộ phân tích", "Lãnh đạo phòng, đội", "Lãnh đạo Cục")),
    ("Tổng cục Hải quan", ("Cán bộ phân tích", "Lãnh đạo phòng, đội", "Lãnh đạo Tổng cục")),
)
_PLACES = (
    ("records.home", "home", "g h", "Việc của tôi"),
    ("records.list_records", "file-text", "g r", "Phiếu tin"),
    ("records.search", "search", "g s", "Tìm kiếm"),
    ("organisation.show_tree", "sitemap", None, "Đơn vị"),
    ("access.list_own_sessions", "device-desktop", None, "Phiên của tôi"),
)


def create_clear_app() -> Flask:
    """Build the application of the bare pages on the database that the environment names."""
    settings = Settings.from_environ(os.environ)
    engine = open_engine(settings.url_for("app"), pool_size=settings.web_threads + 1)
    app = Flask("intelhub", static_folder=None, template_folder=str(TEMPLATE_FOLDER))
    app.config.update(
        SECRET_KEY=os.urandom(32),
        BABEL_DEFAULT_LOCALE="vi",
        BABEL_TRANSLATION_DIRECTORIES=str(STATIC_FOLDER.parents[2] / "translations"),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.lstrip_blocks = True  # pages are not compressed, and indentation weighs
    Babel(app, locale_selector=lambda: "vi")
    install_look(app)
    headers.install(app)
    for blueprint in (records.blueprint, organisation.blueprint, audit.blueprint, health.blueprint, access_pages):
        app.register_blueprint(blueprint)
    app.add_url_rule("/static/<path:filename>", "static", lambda filename: filename)
    app.context_processor(_frame)
    # Opened once, for the names of units; no page below asks a key for anything.
    vault = open_house(settings).vault
    with Session(engine, info={"vault": vault}) as session:
        directory = hand_on_directory(session)

    @app.before_request
    def name_units() -> None:
        g.session = SimpleNamespace(
            info=directory, get_transaction=lambda: None
        )  # what units and tiers are called, read once

    @app.get("/clear/<uuid:record_id>")
    def show(record_id: UUID) -> ResponseReturnValue:
        with engine.connect() as connection:
            page = connection.execute(_SELECT, {"id": record_id}).scalar_one()
        return _render(from_clear(page))

    @app.post("/clear")
    def keep() -> ResponseReturnValue:
        with engine.begin() as connection:
            connection.execute(_INSERT, {"page": request.form["page"]})
        return "", 303

    return app


def _render(values: dict[str, Any]) -> str:
    units = values.pop("units")
    words = {**words_of_records(), "unit_name": units.__getitem__}
    return render_template(
        "records/record.html",
        attempt=Attempt(),
        linked=Linked(),
        may_have_merged=True,
        finds_similar=True,
        newest=None,
        changes=(),
        audiences=_AUDIENCES,
        is_received=False,
        page_level=values["record"].summary.level,
        acts=frozenset(),
        is_grading=False,
        related=(),
        is_related_whole=True,
        related_choices=[],
        versions=(1,) if values["record"].summary.content_version > 2 else (),
        resubmitted=None,
        proposal=None,
        marks=None,
        held_back=None,
        source_grades=choices("source_grade"),
        info_grades=choices("info_grade"),
        subject_types=choices("subject_type"),
        **words,
        **values,
    )


def _frame() -> dict[str, Frame]:
    if "frame" not in g:
        from flask import url_for

        navigation = tuple(
            NavigationItem(label=words, url=url_for(endpoint), icon=icon, shortcut=shortcut)
            for endpoint, icon, shortcut, words in _PLACES
        )
        now = clock.now()
        g.frame = Frame(
            actor_name="Người đọc thử",
            unit_name="Phòng CBL",
            place="onsite",
            place_label="Tại trụ sở",
            ceiling=3,
            locale="vi",
            demo=True,
            navigate=lambda: navigation,
            search_url=url_for("records.search"),
            sign_out_url=url_for("access.sign_out"),
            stay_url=url_for("access.stay"),
            session_ends_at=now,
            csrf_token=generate_csrf(),
            now=now,
        )
    return {"frame": g.frame}
