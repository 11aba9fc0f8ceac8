"""Brings the invented people and records into an empty installation, through the same services as everybody's acts.

Runs under a demo key only. Every act is told at its invented moment; a load that was broken off is taken up again
where it stopped, because each record has its id from its place in the seeded sequence.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.app import House, open_house
from intelhub.demo.compartment import find_compartment, lies_in, load_compartment
from intelhub.demo.content import DemoPerson, DemoRecord, DemoStep
from intelhub.demo.generator import generate_records
from intelhub.demo.people import generate_people
from intelhub.organisation import load_directory, load_template, today
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.database import open_engine
from intelhub.platform.errors import NotPermitted, RuleRefused
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records import Grade, Subject
from intelhub.settings import Settings

SEED = 2006
COUNT = 2_000
_IDS = UUID("5a1b2f0e-7d54-4d0a-9f0e-8f1f6f3f2c11")
_BEFORE_ALL_RECORDS = timedelta(days=800)
_HELD_UNTIL = timedelta(days=365 * 5)
# What a security officer is to notice in time: the last of somebody's posts, and a clearance that opens nothing away
# from the premises, where this person works.
_LAST_POST_FOR = {"15be.officer1": timedelta(days=21)}
_CLEARED_FOR = {"15cbl.analyst2": timedelta(days=12)}
_PROCESSES = 2
_BATCH = 60
_KNOWN_BY = 200

Progress = Callable[[str, int, int], None]


def load_demo(settings: Settings, progress: Progress, *, count: int = COUNT, until: datetime | None = None) -> None:
    """Fill an installation up to `count` records; does nothing to what is already there."""
    house = _open(settings)
    if not house.vault.is_demo:
        raise NotPermitted("Invented records are loaded under a demo key only.", rule="not_a_demo")
    _load_organisation(house)
    now = until or _first_load(house) or clock.now()
    people = generate_people(SEED)
    _load_people(house, people, now)
    missing = _missing_records(settings, count)
    if missing:
        _load_in_processes(settings, now, count, missing, progress)
    house.units.engine.dispose()


def record_id_of(index: int) -> UUID:
    """The id of the record at a place of the sequence."""
    return uuid5(_IDS, f"{SEED}/{index}")


def _open(settings: Settings) -> House:
    house = open_house(settings)
    house.units.engine.dispose()
    engine = open_engine(settings.url_for("app"), pool_size=3, is_durable=False)
    return House(settings=settings, vault=house.vault, units=UnitsOfWork(engine, house.units.info))


def _load_organisation(house: House) -> None:
    engine = open_engine(house.settings.url_for("migrator"), pool_size=1)
    with Session(engine, info={"vault": house.vault}) as session:
        load_template(session)
        session.commit()
    engine.dispose()


def _first_load(house: House) -> datetime | None:
    """When this demo was first loaded, so that a broken load goes on in the same sequence."""
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        people = access.list_people(NOBODY, session, limit=1)
        posts = access.list_posts(NOBODY, session, people[0].id) if people else ()
        return posts[-1].starts_at + _BEFORE_ALL_RECORDS if posts else None


def _load_people(house: House, people: Sequence[DemoPerson], now: datetime) -> None:
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        if access.list_people(console, session, limit=1):
            return
        tree = load_directory(session).as_of(today())
        begins = now - _BEFORE_ALL_RECORDS
        ids: dict[str, UUID] = {}
        for person in people:
            with clock.telling(begins):
                user_id = ids[person.username] = access.create_user(
                    console, session, username=person.username, display_name=person.display_name
                )
                for post in person.posts:
                    is_last = post is person.posts[-1]
                    held_for = _LAST_POST_FOR.get(person.username, _HELD_UNTIL) if is_last else _HELD_UNTIL
                    access.grant_post(
                        console, session, user_id=user_id, function=post.function, unit_id=tree.get(post.unit_code).id,
                        starts_at=begins, ends_at=now + held_for,
                    )  # fmt: skip
                cleared_for = _CLEARED_FOR.get(person.username)
                expires_on = (now + cleared_for).date() if cleared_for else None
                access.set_clearance(console, session, user_id=user_id, level=person.clearance, expires_on=expires_on)
        with clock.telling(begins):
            load_compartment(console, session, ids)


def _missing_records(settings: Settings, count: int) -> list[int]:
    engine = open_engine(settings.url_for("migrator"), pool_size=1)
    with Session(engine) as session:
        there = set(session.scalars(text("SELECT id FROM records")))
    engine.dispose()
    return [index for index in range(count) if record_id_of(index) not in there]


def _load_in_processes(settings: Settings, now: datetime, count: int, missing: list[int], progress: Progress) -> None:
    """Load by department, so that a duplicate finds its target in the same process."""
    heaps: list[list[int]] = [[] for _ in range(_PROCESSES)]
    wanted = set(missing)
    departments: dict[str, int] = {}
    for index, record in enumerate(generate_records(SEED, count, today=now)):
        if index in wanted:
            heap = departments.setdefault(record.unit_code[:2], len(departments) % _PROCESSES)
            heaps[heap].append(index)
    done, is_known = 0, False
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(_PROCESSES, mp_context=context) as pool:
        ticks = manager.Queue()
        running = {pool.submit(_load_heap, settings.var, now, count, heap, ticks) for heap in heaps if heap}
        while done < len(missing):
            if any(one.done() and one.exception() for one in running):
                break
            try:
                done += ticks.get(timeout=1.0)
            except Exception as nothing:
                if type(nothing).__name__ != "Empty":
                    raise
            progress("loading invented records", done, len(missing))
            if done >= _KNOWN_BY and not is_known:
                _make_known(settings)
                is_known = True
        for one in as_completed(running):
            one.result()


def _make_known(settings: Settings) -> None:
    """Let the planner see that tables are not empty any more: by itself it looks once a minute."""
    engine = open_engine(settings.url_for("migrator"), pool_size=1)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE audit_pending, records, record_steps, record_versions, search_tail"))
    engine.dispose()


def _load_heap(var: Any, now: datetime, count: int, heap: list[int], ticks: Any) -> None:
    house = _open(Settings.load(var, {}))
    loader = _Loader(house=house)
    wanted = set(heap)
    chosen = ((index, one) for index, one in enumerate(generate_records(SEED, count, today=now)) if index in wanted)
    for batch in _batches(chosen):
        loader.load([_Life(index=index, record=record) for index, record in batch])
        ticks.put(len(batch))
    house.units.engine.dispose()


def _batches(chosen: Iterable[tuple[int, DemoRecord]]) -> Iterator[list[tuple[int, DemoRecord]]]:
    """Heaps of records that can live side by side: one that names another comes in a later heap than that."""
    batch: dict[int, DemoRecord] = {}
    for index, record in chosen:
        if len(batch) == _BATCH or not batch.keys().isdisjoint(_references(record)):
            yield list(batch.items())
            batch = {}
        batch[index] = record
    if batch:
        yield list(batch.items())


def _references(record: DemoRecord) -> set[int]:
    named = {index for step in record.steps for index in step.details.get("corroborating", ())}
    return named | {step.details["target"] for step in record.steps if "target" in step.details}


@dataclass(slots=True)
class _Life:
    """A record on its way through what happened to it."""

    index: int
    record: DemoRecord
    fields: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    is_stopped: bool = False

    @property
    def record_id(self) -> UUID:
        """The id it has in every load of this seed."""
        return record_id_of(self.index)

    @property
    def acts(self) -> list[DemoStep]:
        """The beginning and then every step."""
        begin = DemoStep(event="create", username=self.record.author, at=self.record.created_at)
        return [begin, *self.record.steps]


@dataclass(slots=True)
class _Loader:
    """Carries out the lives of records side by side: in each round everybody does all of their acts in one go."""

    house: House
    actors: dict[str, Actor] = field(default_factory=dict)

    def load(self, lives: Sequence[_Life]) -> None:
        """Write these records and let happen what happened to them."""
        for number in range(max(len(life.acts) for life in lives)):
            due: dict[str, list[_Life]] = {}
            for life in lives:
                if number < len(life.acts) and not life.is_stopped:
                    due.setdefault(life.acts[number].username, []).append(life)
            for username, theirs in due.items():
                actor = self._actor(username)
                with self.house.units.begin(actor, scope_for(actor)) as session:
                    for life in theirs:
                        self._act(actor, session, life, life.acts[number])

    def _actor(self, username: str) -> Actor:
        if username not in self.actors:
            with self.house.units.begin(NOBODY, scope_for(NOBODY)) as session:
                self.actors[username] = access.actor_named(session, username)
        return self.actors[username]

    def _act(self, actor: Actor, session: Session, life: _Life, step: DemoStep) -> None:
        try:
            self._carry_out(actor, session, life, step)
        except RuleRefused as refused:
            # It rests on a record that a load which was broken off left on its way, or nobody of the unit it is shared
            # with is in its compartment: this one stays where it is.
            if refused.rule not in {"other_not_found", "nobody_receives_it"}:
                raise
            life.is_stopped = True

    def _carry_out(self, actor: Actor, session: Session, life: _Life, step: DemoStep) -> None:
        with clock.telling(step.at):
            if step.event == "create":
                life.fields = dict(life.record.content)
                if lies_in(life.index, life.record):
                    life.fields["compartments"] = find_compartment(actor, session)
                unit = load_directory(session).ever.get(life.record.unit_code)
                row = records.create_draft(actor, session, life.fields, unit_id=unit.id, record_id=life.record_id)
            else:
                row = _MOVES[step.event](actor, session, life.record_id, life.version, step.details, life.fields)
        life.version = row.row_version


def _submit(actor: Actor, session: Session, record_id: UUID, version: int, details: Any, fields: dict[str, Any]) -> Any:
    fields.update(details.get("changes", {}))
    return records.submit_record(actor, session, record_id, version, fields)


def _subjects(given: Sequence[Mapping[str, str]]) -> tuple[Subject, ...]:
    return tuple(
        Subject(kind=one["kind"], name=one.get("name") or "", identifier=one.get("identifier") or "") for one in given
    )


def _assign(actor: Actor, session: Session, record_id: UUID, version: int, details: Any, _: dict[str, Any]) -> Any:
    assignee = access.get_person(actor, session, details["assignee"])
    return records.assign_record(actor, session, record_id, version, assignee_id=assignee.id)


def _disseminate(actor: Actor, session: Session, record_id: UUID, version: int, details: Any, _: dict[str, Any]) -> Any:
    unit = load_directory(session).ever.get(details["recipient"])
    return records.disseminate_record(actor, session, record_id, version, unit_id=unit.id, reason=details["reason"])


_MOVES: Mapping[str, Callable[..., Any]] = {
    "submit": _submit,
    "return": lambda a, s, r, v, d, _: records.return_record(a, s, r, v, comment=d["comment"]),
    "lower_level": lambda a, s, r, v, d, _: records.lower_level(a, s, r, v, reason=d["reason"]),
    "forward": lambda a, s, r, v, d, _: records.forward_record(a, s, r, v, note=d.get("note", "")),
    "acknowledge": lambda a, s, r, v, _d, _f: records.acknowledge_record(a, s, r, v),
    "assign": _assign,
    "evaluate": lambda a, s, r, v, d, _: records.evaluate_record(
        a, s, r, v, grade=Grade(source=d["source_grade"], info=d["info_grade"]), reason=d["reason"],
        corroborating=[record_id_of(index) for index in d.get("corroborating", ())],
    ),
    "mark_duplicate": lambda a, s, r, v, d, _: records.mark_duplicate(
        a, s, r, v, target=record_id_of(d["target"]), reason=d["reason"]
    ),
    "collate": lambda a, s, r, v, d, _: records.collate_record(
        a, s, r, v, entities=_subjects(d["entities"]), no_entity_reason=d.get("no_entity_reason") or ""
    ),
    "disseminate": _disseminate,
    "share_up": lambda a, s, r, v, d, _: records.share_up_record(a, s, r, v, note=d.get("note", "")),
}  # fmt: skip
