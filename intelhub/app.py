"""The application factory: the only module that knows every feature."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, request
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.exc import DBAPIError
from werkzeug.middleware.proxy_fix import ProxyFix

from intelhub import access, audit, audit_names, frame, health, organisation, records
from intelhub.access import NOBODY, Persona, SessionLimits, current_policy, may, scope_for
from intelhub.audit import ObjectRef, record_act, register_action
from intelhub.crypto import KeysOfAnotherInstallation, Vault, harden_process, open_key_file
from intelhub.key_backups import backup_warning
from intelhub.organisation import ORGANISATION_TAMPERED, DirectoryMisfit
from intelhub.platform.database import is_outage, open_engine
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.platform.web import errors, gate, headers, static_files
from intelhub.platform.web.current import Refusal, WebHouse
from intelhub.platform.web.look import STATIC_FOLDER, TEMPLATE_FOLDER, install_look
from intelhub.search import ElasticIndex, SearchServer, connect
from intelhub.settings import DatabaseRole, Settings

_log = structlog.get_logger(__name__)
_NO_TABLE = "42P01"
_LARGEST_FORM = 512 * 1024
_OBJECTS_BETWEEN_WALKS = 20_000
REFUSED = register_action("access:refused", en="An act was refused", vi="Một thao tác bị từ chối").name


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The parts every process of an installation stands on."""

    settings: Settings
    vault: Vault
    units: UnitsOfWork
    search_server: SearchServer | None = None


def open_house(settings: Settings, *, role: DatabaseRole = "app") -> House:
    """Open keys, database and index for one process; raises sentences that say what to do.

    Keys that open nothing in a database that can be asked are refused.
    """
    # Python 3.11 cannot parse in two threads at once, and the policy's matcher is parsed when it is first asked for.
    current_policy()
    passphrase = settings.passphrase_file.read_text(encoding="utf-8").strip()
    vault = Vault(open_key_file(settings.key_file, passphrase))
    engine = open_engine(settings.url_for(role), pool_size=settings.web_threads + 1)
    address = settings.search_server_for(role)
    server = SearchServer(connect(address, settings.elasticsearch_ca_file)) if address else None
    index = ElasticIndex(server, memory=settings.search_memory_mb * 1024 * 1024)
    info = {"vault": vault, "search_index": index, records.STAGE_LIMITS: stage_limits(settings)}
    house = House(settings=settings, vault=vault, units=UnitsOfWork(engine, info), search_server=server)
    _require_own_keys(house)
    return house


def stage_limits(settings: Settings) -> Mapping[records.RecordState, timedelta]:
    """How long a record may lie in each state before it is late."""
    hours = {
        records.RecordState.SUBMITTED: settings.review_hours,
        records.RecordState.RECEIVED: settings.grading_hours,
        records.RecordState.EVALUATED: settings.collating_hours,
        records.RecordState.COLLATED: settings.sharing_hours,
    }
    return {state: timedelta(hours=count) for state, count in hours.items()}


def _require_own_keys(house: House) -> None:
    """Refuse to start on somebody else's keys: every record would be an alarm."""
    try:
        with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            house.vault.require_own_database(session)
    except KeysOfAnotherInstallation:
        house.units.engine.dispose()
        raise
    except DBAPIError as error:
        # No server yet, or no tables: whoever asks it something is told so, and a service starts all the same.
        if not is_outage(error) and getattr(error.orig, "sqlstate", None) != _NO_TABLE:
            raise


def create_app(house: House | None = None) -> Flask:
    """Build the web application; without a house it opens the one that the environment names."""
    is_process = house is None
    if house is None:
        harden_process()
        house = open_house(Settings.from_environ(os.environ))
        warning = None if house.settings.demo else backup_warning(house.settings.key_file)
        if warning:
            _log.warning("keys are not backed up", sentence=warning)
    app = Flask("intelhub", static_folder=None, template_folder=str(TEMPLATE_FOLDER))
    _configure(app, house)
    move_in(app, house)
    install_look(app)
    gate.install(app)
    CSRFProtect(app)
    headers.install(app)
    errors.install(app)
    counters = {"records.home": records.count_waiting, "records.list_alerts": records.count_alerts}
    frame.install(app, is_demo=house.settings.demo, counters=counters)
    static_files.install(app)
    # In the order of their stations at home: what ends soon stands before what was refused.
    for feature in (records, organisation, health):
        app.register_blueprint(feature.blueprint)
    _install_access(app, house)
    app.register_blueprint(audit.blueprint)
    audit.register_directory(audit_names.DIRECTORY)
    if is_process:
        # What stands now stands as long as the process, and a page makes some ten thousand objects that end with it:
        # the collector walks seldom, and never through the former.
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_WALKS, 20, 20)
    return app


def move_in(app: Flask, house: House) -> None:
    """Let an application work in a house from here on; it must be one of the settings and keys it was built for."""
    app.extensions["intelhub"] = _web_house(house)
    app.extensions["intelhub.house"] = house


def _install_access(app: Flask, house: House) -> None:
    settings = house.settings
    limits = SessionLimits(
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(minutes=settings.session_absolute_minutes),
    )
    is_demo = settings.demo and house.vault.is_demo
    access.install_web(
        app,
        is_demo=is_demo,
        limits=limits,
        personas=_personas() if is_demo else (),
        onsite_networks=settings.onsite_networks,
    )


def _personas() -> Iterator[Persona]:
    """The invented people of the demo whom a visitor may become."""
    # Late, because the demo is loaded through this application, and no other installation needs it.
    from intelhub.demo.loading import SEED
    from intelhub.demo.people import generate_people

    for person in generate_people(SEED):
        if person.is_persona:
            yield Persona(
                username=person.username,
                title_vi=person.title_vi,
                title_en=person.title_en,
                blurb_vi=person.blurb_vi,
                blurb_en=person.blurb_en,
                place=person.place,
            )


def _configure(app: Flask, house: House) -> None:
    settings = house.settings
    app.config.update(
        SECRET_KEY=house.vault.derive(b"flask"),
        PROVIDE_AUTOMATIC_OPTIONS=False,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=_LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
        MAX_FORM_PARTS=1000,
        SESSION_COOKIE_NAME="__Host-intelhub-form" if settings.cookie_secure else "intelhub-form",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=None,  # a form may lie open for a night; the session ends it
        WTF_CSRF_SSL_STRICT=False,  # the gate looks at Origin and Sec-Fetch-Site; referrers are switched off
        BABEL_DEFAULT_LOCALE="vi",
        BABEL_TRANSLATION_DIRECTORIES=str(STATIC_FOLDER.parents[2] / "translations"),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.lstrip_blocks = True  # pages are not compressed, and indentation weighs
    Babel(app, locale_selector=_locale)
    if settings.cookie_secure:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]  # Flask's own way to wrap


def _locale() -> str:
    chosen = request.cookies.get("language", "")
    return chosen if chosen in {"vi", "en"} else "vi"


def _web_house(house: House) -> WebHouse:
    settings = house.settings

    def on_refusal(refusal: Refusal) -> None:
        with house.units.begin(refusal.actor, scope_for(refusal.actor)) as session:
            _write_refusal(session, refusal)

    scheme = "https" if settings.cookie_secure else "http"
    origins = {f"{scheme}://{host}{port}" for host in settings.trusted_hosts for port in ("", f":{settings.port}")}
    return WebHouse(
        units=house.units,
        nobody=NOBODY,
        actor_of=access.actor_of_request,
        scope_of=scope_for,
        permits=may,
        on_refusal=on_refusal,
        own_origins=frozenset(origins),
        sign_in_endpoint="access.sign_in_page",
    )


def _write_refusal(session: Any, refusal: Refusal) -> None:
    if isinstance(refusal.alarm, access.RightMisfit):
        access.raise_alarm(refusal.actor, session, refusal.alarm)
        return
    alarm = ORGANISATION_TAMPERED if isinstance(refusal.alarm, DirectoryMisfit) else records.TAMPER_FOUND
    record_act(
        refusal.actor,
        session,
        alarm if refusal.alarm else REFUSED,
        object=ObjectRef(refusal.object_kind, refusal.object_id) if refusal.object_id else None,
        decision="deny",
        rule=f"{refusal.permission}:{refusal.rule}",
    )
