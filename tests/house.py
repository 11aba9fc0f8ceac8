"""A small invented customs service for tests: the real tree of units, and one person for every duty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.app import stage_limits
from intelhub.crypto import RootKeys, Vault, create_key_file, open_key_file
from intelhub.organisation import DEFAULT_TEMPLATE, load_directory, load_template, today
from intelhub.platform.actor import Actor, Place
from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork
from intelhub.search import ElasticIndex
from intelhub.settings import Settings
from tests.databases import BORROWED

_NOWHERE = Path("nowhere")
LIMITS = stage_limits(Settings(var=_NOWHERE, key_file=_NOWHERE, passphrase_file=_NOWHERE))
PASSPHRASE = "only for tests, never for records"

# By username: name, function, unit and clearance.
PEOPLE = {
    "officer": ("Nông Văn Thử", "group_officer", "15BB", 2),
    "officer2": ("Hoàng Thị Mẫu", "group_officer", "15BB", 1),
    "leader": ("Lương Văn Kiểm", "group_leader", "15BB", 3),
    "neighbour": ("Vi Văn Bên", "group_leader", "15BE", 3),
    "analyst": ("Trần Thị Phân", "analyst", "15ZZ.CBL", 3),
    "analyst2": ("Đỗ Văn Tích", "analyst", "15ZZ.CBL", 1),
    "head": ("Phạm Văn Trưởng", "unit_head", "15ZZ.CBL", 3),
    "hq": ("Lê Thị Trung", "analyst", "DTCBL.TTNV", 3),
    "stranger": ("Bùi Văn Lạ", "analyst", "20ZZ.CBL", 3),
    "auditor": ("Đặng Thị Soát", "auditor", "TCHQ", 3),
    "security": ("Hồ Văn Giữ", "security_officer", "15ZZ", 0),
    "operator": ("Ngô Văn Máy", "operator", "TCHQ", 0),
    "contributor": ("Mai Thị Góp", "contributor", "15BC", 1),
}

CONTENT: dict[str, Any] = {
    "text": "Doanh nghiệp khai phụ tùng ô tô xuất xứ Việt Nam nhưng tem nhãn trong thùng ghi nơi sản xuất khác.",
    "abstract": "Phụ tùng ô tô nghi gian lận xuất xứ",
    "learned_at": "2026-03-01T14:05:00+07:00",
    "happened_from": None,
    "happened_to": None,
    "place_unit": "15BB",
    "place_text": "Bãi kiểm hóa số 2",
    "channel": "control_result",
    "source_kind": "open",
    "source": "Biên bản kiểm tra",
    "subjects": [{"kind": "container", "name": "", "identifier": "CSQU3054383"}],
    "topic": "false_origin",
    "method": "false_origin",
    "urgency": "urgent",
    "level": "1",
    "list_item": "VD-M-02",
    "handling": "H2",
    "handling_conditions": "",
    "source_grade": "F",
    "info_grade": "3",
    "plan_item": "KH-2026-01",
    "outside_plan": None,
}


def content(**changes: Any) -> dict[str, Any]:
    """The fields of a record that passes every check, with changes."""
    return {**CONTENT, **changes}


@dataclass(frozen=True)
class TestHouse:
    """One process of an installation, on a database of its own."""

    __test__ = False

    database: Any
    vault: Vault
    units: UnitsOfWork
    people: dict[str, UUID] = field(default_factory=dict)

    @contextmanager
    def acting(self, username: str, *, place: Place = Place.ONSITE) -> Iterator[tuple[Actor, ActorSession]]:
        """A unit of work of one of the people, signed in at a place."""
        actor = self.actor(username, place=place)
        with self.units.begin(actor, scope_for(actor)) as session:
            yield actor, session

    def actor(self, username: str, *, place: Place = Place.ONSITE) -> Actor:
        """Somebody with the rights of this moment."""
        with self.units.begin(NOBODY, scope_for(NOBODY)) as session:
            return access.actor_named(session, username, place=place, request_id=uuid4())

    def another_process(self) -> TestHouse:
        """The same installation as a second process sees it: an index and a pool of its own."""
        return open_test_house(self.database, self.vault, self.people)


def open_test_house(database: Any, vault: Vault, people: dict[str, UUID], engine: Engine | None = None) -> TestHouse:
    """Open one process on a database that was peopled before."""
    info = {"vault": vault, "search_index": ElasticIndex(None), records.STAGE_LIMITS: LIMITS}
    units = UnitsOfWork(engine or open_engine(database.app_url, pool_size=2), info)
    return TestHouse(database=database, vault=vault, units=units, people=people)


@contextmanager
def borrowed_engine(database: Any) -> Iterator[Engine]:
    """An engine on a database, used again for the next one.

    What SQLAlchemy works out for a statement stays with the engine that first ran it, and what the server works out
    with the connection: doing so anew in every test took longer than the tests.
    """
    engine, aim = _spare.pop() if _spare else _aimed_engine(database.app_url)
    if aim["dbname"] != database.name:
        engine.dispose()
        aim["dbname"] = database.name
    try:
        yield engine
    finally:
        _spare.append((engine, aim))


_spare: list[tuple[Engine, dict[str, str]]] = []


def _aimed_engine(url: str) -> tuple[Engine, dict[str, str]]:
    engine, aim = open_engine(url, pool_size=2), {"dbname": "", "application_name": BORROWED}
    event.listen(engine, "do_connect", lambda _dialect, _record, _arguments, chosen: chosen.update(aim))
    return engine, aim


def make_test_keys(folder: Path) -> RootKeys:
    """The keys of the test run, made once and opened by every worker."""
    path = folder / "keys" / "root.key"
    if path.exists():
        return open_key_file(path, PASSPHRASE)
    return create_key_file(path, PASSPHRASE, demo=True)


def people_database(
    database: Any, vault: Vault, *, template: str = DEFAULT_TEMPLATE, units: Mapping[str, str] | None = None
) -> None:
    """Load a tree and the people into a migrated database; `units` says where they sit in another tree."""
    migrator = open_engine(database.migrator_url, pool_size=1)
    with Session(migrator, info={"vault": vault}) as session:
        load_template(session, template)
        session.commit()
    migrator.dispose()
    house = open_test_house(database, vault, {})
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        tree = load_directory(session).as_of(today())
        for username, (name, function, default, clearance) in PEOPLE.items():
            unit = (units or {}).get(default, default)
            user_id = access.create_user(console, session, username=username, display_name=name)
            access.grant_post(
                console, session, user_id=user_id, function=function, unit_id=tree.get(unit).id,
                starts_at=datetime(2024, 1, 1, tzinfo=UTC), ends_at=datetime(2040, 1, 1, tzinfo=UTC),
            )  # fmt: skip
            access.set_clearance(console, session, user_id=user_id, level=clearance, expires_on=None)
    house.units.engine.dispose()


def ids_of_people(database: Any, vault: Vault) -> dict[str, UUID]:
    """The ids of the people of a peopled database: the same in every copy of it."""
    if not _ids:
        house = open_test_house(database, vault, {})
        with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            _ids.update({person.username: person.id for person in access.list_people(NOBODY, session)})
        house.units.engine.dispose()
    return dict(_ids)


_ids: dict[str, UUID] = {}
