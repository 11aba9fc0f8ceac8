"""Random acts of random people; after each, everybody sees what the law says, by every way there is, and no more.

The law is told a second time in `tests/factories/law.py`, which shares nothing with `intelhub.access`. That it can fail
was tried: with the ceiling of a place raised in the policy, a unit head reading everywhere, the exposure of a move
raised, a clause of the filter narrowed, or the end of a membership overlooked, the machine stops and names the person,
the way and the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.organisation import today
from intelhub.platform import clock
from intelhub.platform.actor import Place
from intelhub.platform.database import open_engine
from intelhub.platform.errors import NotFound, Refused
from intelhub.platform.roles import driver_address
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records import ListFilter
from intelhub.search import SealedIndex, SearchRequest
from tests.factories.law import (
    CAME_TO_DEPARTMENT,
    CAME_TO_UNIT,
    DEPARTMENT,
    LEADS_TO,
    STARTS,
    WRITERS,
    Paper,
    Someone,
    has_another_leader,
    may,
    may_edit,
    may_share_with,
    opens_pages_of_records,
    reads,
    reads_by_place,
)
from tests.factories.record_world import ENTITY, GRADE, LIST_ITEMS, WHY_LOWER
from tests.house import LIMITS, PEOPLE, TestHouse, content, ids_of_people
from tests.web.conftest import app_for, open_session

# The machine


class Stage:
    """The application, built once; every example gives it a database of its own."""

    def __init__(self, cluster: Any, template: str, vault: Any, folder: Any) -> None:
        self.cluster, self.template = cluster, template
        self.units = UnitsOfWork(None, {"vault": vault, records.STAGE_LIMITS: LIMITS})
        self.vault = vault
        self.app = app_for(TestHouse(database=None, vault=vault, units=self.units), folder)

    def open(self, stack: ExitStack) -> TestHouse:
        database = stack.enter_context(self.cluster.copy_of(self.template))
        self.units.engine = open_engine(database.app_url, pool_size=2)
        stack.callback(self.units.engine.dispose)
        self.units.info["search_index"] = SealedIndex()
        people = ids_of_people(database, self.vault)
        return TestHouse(database=database, vault=self.vault, units=self.units, people=people)


# Whoever is only let in by a line that reaches too far: nobody else here leads another department.
ELSEWHERE = {"headelsewhere": ("Cao Văn Ngoài", "unit_head", "20ZZ.CBL", 3)}
EVERYBODY = {**PEOPLE, **ELSEWHERE}
PERSON = st.sampled_from(sorted(EVERYBODY))
READER = st.sampled_from(
    ["officer", "officer2", "leader", "neighbour", "analyst", "analyst2", "head", "hq", "contributor"]
)
MEMBER = st.sampled_from(["leader", "officer"])
WRITER = st.sampled_from([name for name, (_, function, _, _) in sorted(PEOPLE.items()) if function in WRITERS])
RECIPIENTS = ("15BE", "15BC", "15BB", "20ZZ", "20ZZ.CBL", "15ZZ")
LEVEL = st.sampled_from([0, 0, 1, 1, 2])
HANDLING = st.sampled_from(["H2", "H2", "H1", "H0", "HX"])
UUIDS = re.compile(r"/records/([0-9a-f]{8}-[0-9a-f-]{27})")


class RandomActs(RuleBasedStateMachine):
    """What people do, and what operators and time do to their rights."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.house = self.stage.open(self.stack)
        self.people = {
            name: Someone(name=name, function=function, unit=unit, clearance=clearance)
            for name, (_, function, unit, clearance) in EVERYBODY.items()
        }
        for name in ELSEWHERE:
            self.take_on(name)
        self.papers: list[Paper] = []
        self.compartment: UUID | None = None
        self.said = ""
        self.chosen = ""
        self.at_home: dict[str, set[str]] = {}

    # What people do

    @initialize(level=LEVEL, handling=HANDLING, others=st.sets(READER), leavers=st.sets(MEMBER, min_size=1))
    def begin(self, level: int, handling: str, others: set[str], leavers: set[str]) -> None:
        """Four records are under way, one in a compartment that somebody leaves, one that is to come down."""
        with self.console() as (actor, session):
            self.compartment = access.create_compartment(actor, session, name="Chuyên án bịa đặt")
        for name in sorted(others | {"officer", "leader"}):
            self.change_membership(name)
        self.write("officer", level, handling, is_inside=False)
        self.submit_as_it_is(self.papers[0])
        self.write("officer", 1, "H2", is_inside=False)
        self.submit_as_it_is(self.papers[1])
        for name, act in (("leader", "forward"), ("analyst", "evaluate"), ("analyst", "collate"),
                          ("head", "share_up")):  # fmt: skip
            self.attempt(self.people[name], act, self.papers[1])
        self.attempt(self.people["head"], "disseminate", self.papers[1])
        self.write("officer", 1, "H2", is_inside=True)
        self.submit_as_it_is(self.papers[2])
        self.write("officer", 2, "H2", is_inside=False)
        self.submit_as_it_is(self.papers[3])
        self.attempt(self.people["leader"], "return", self.papers[3])
        self.papers[3].typed = (level // 2, "H2")
        self.submit_as_it_is(self.papers[3])
        for name in sorted(leavers):
            self.change_membership(name)

    @rule(author=WRITER, level=LEVEL, handling=HANDLING, is_inside=st.booleans())
    def write(self, author: str, level: int, handling: str, is_inside: bool) -> None:
        """Begin a draft, in the compartment if its author is in it."""
        one = self.people[author]
        inside = frozenset(one.compartments) if is_inside else frozenset()
        fields = self.fields(level, handling, inside)
        limit = one.writes_up_to
        try:
            with self.acting(one) as (actor, session):
                made = records.create_draft(actor, session, fields)
                written = made.id
        except Refused:
            assert limit is None, f"{author} may write and was refused"
            return
        assert limit is not None, f"{author} may not write and did"
        self.papers.append(
            Paper(written, author, one.unit, min(level, limit), handling, typed=(level, handling), compartments=inside)
        )

    @precondition(lambda self: self.papers)
    @rule(data=st.data(), level=LEVEL, handling=HANDLING, is_anybody=st.booleans())
    def edit(self, data: Any, level: int, handling: str, is_anybody: bool) -> None:
        """Go on writing a draft, or a record that came back."""
        paper = data.draw(st.sampled_from(self.papers))
        one = self.people[data.draw(PERSON) if is_anybody else paper.author]
        fields = self.fields(level, handling, paper.compartments)
        done = self.tried(one, lambda a, s: records.save_draft(a, s, paper.id, paper.version, fields))
        assert done == may_edit(one, paper), f"{one.name} edits {paper}: {self.said}"
        if done:
            paper.version += 1
            paper.typed = (level, handling)
            if not paper.came:
                paper.level, paper.handling = min(level, one.writes_up_to or 0), handling

    @precondition(lambda self: self.papers)
    @rule(data=st.data(), is_anybody=st.booleans())
    def submit(self, data: Any, is_anybody: bool) -> None:
        """Send a draft to the leader of the unit."""
        drafts = [paper for paper in self.papers if paper.state == "draft"]
        paper = data.draw(st.sampled_from(drafts or self.papers))
        self.submit_as_it_is(paper, data.draw(PERSON) if is_anybody else paper.author)

    def submit_as_it_is(self, paper: Paper, name: str = "officer") -> None:
        one = self.people[name]
        level, handling = paper.typed
        fields = self.fields(level, handling, paper.compartments)
        done = self.tried(one, lambda a, s: records.submit_record(a, s, paper.id, paper.version, fields))
        is_lawful = may_edit(one, paper) and level <= (one.writes_up_to or 0)
        if paper.compartments and is_lawful and not done:
            return  # nobody in the compartment could send it on
        assert done == is_lawful, f"{name} submits {paper}: {self.said}"
        if done:
            paper.version += 1
            paper.proposed = level if paper.came and level < paper.level else None
            paper.level = paper.level if paper.proposed is not None else level
            paper.handling, paper.state = handling, "submitted"
            is_led = has_another_leader(list(self.people.values()), paper)
            paper.came = max(paper.came, CAME_TO_UNIT if is_led else CAME_TO_DEPARTMENT)

    @precondition(lambda self: self.papers)
    @rule(data=st.data())
    def discard(self, data: Any) -> None:
        """Drop a draft that was never sent."""
        paper = data.draw(st.sampled_from(self.papers))
        one = self.people[data.draw(st.sampled_from([paper.author, "officer", "leader"]))]
        if paper.came:
            return
        done = self.tried(one, lambda a, s: records.discard_draft(a, s, paper.id, paper.version))
        assert done == may_edit(one, paper), f"{one.name} discards {paper}: {self.said}"
        if done:
            self.papers.remove(paper)

    @rule(data=st.data())
    def go_on(self, data: Any) -> None:
        """Somebody does what is theirs to do next."""
        lawful = [
            (one, act, paper)
            for paper in self.papers
            for act in STARTS
            for one in self.people.values()
            if may(one, act, paper)
        ]
        if lawful:
            one, act, paper = data.draw(st.sampled_from(lawful))
            self.attempt(one, act, paper, data)

    @precondition(lambda self: self.papers)
    @rule(data=st.data(), name=PERSON, act=st.sampled_from(sorted(STARTS)))
    def meddle(self, data: Any, name: str, act: str) -> None:
        """Somebody tries what may not be theirs to do."""
        self.attempt(self.people[name], act, data.draw(st.sampled_from(self.papers)), data)

    def attempt(self, one: Someone, act: str, paper: Paper, data: Any = None) -> None:
        is_lawful, work = self.prepared(one, act, paper, data)
        done = self.tried(one, work)
        if paper.compartments and is_lawful and not done:
            return  # nobody in the compartment could take it on
        assert done == is_lawful, f"{one.name} does {act} to {paper}: {self.said}"
        if done:
            state, came = LEADS_TO[act]
            # Whoever grades what nobody works on takes it on first.
            paper.version += 2 if act == "evaluate" and not paper.is_taken_on else 1
            paper.is_taken_on |= act in {"acknowledge", "assign", "evaluate"}
            paper.state = state or paper.state
            paper.came = max(paper.came, came)
            if act == "disseminate":
                paper.recipients.add(self.chosen)
            if act == "withdraw":
                paper.recipients.discard(self.chosen)
            if act == "lower_level":
                paper.level, paper.proposed = paper.proposed, None

    def prepared(self, one: Someone, act: str, paper: Paper, data: Any) -> tuple[bool, Callable[[Any, Any], object]]:
        """Whether an act is lawful with what is drawn for it, and the act."""
        is_lawful, at = may(one, act, paper), (paper.id, paper.version)
        if act == "assign":
            chosen = self.people[data.draw(READER)]
            is_able = (
                chosen.holds("analyst", 2)
                and chosen.name != paper.author
                and DEPARTMENT[chosen.unit] == paper.department
                and chosen.cleared >= paper.level
                and paper.compartments <= chosen.compartments
                and paper.came >= CAME_TO_DEPARTMENT
            )
            assignee = self.house.people[chosen.name]
            return is_lawful and is_able, lambda a, s: records.assign_record(a, s, *at, assignee_id=assignee)
        if act == "mark_duplicate":
            target = data.draw(st.sampled_from(self.papers))
            is_other = target is not paper and reads_by_place(one, target)
            words = {"target": target.id, "reason": "Cùng một lô hàng"}
            return is_lawful and is_other, lambda a, s: records.mark_duplicate(a, s, *at, **words)
        if act in {"disseminate", "withdraw"}:
            among = sorted(RECIPIENTS if act == "disseminate" else paper.recipients or RECIPIENTS)
            self.chosen = data.draw(st.sampled_from(among)) if data else "15BE"
            is_able = (
                may_share_with(one, paper, self.chosen, list(self.people.values()))
                if act == "disseminate"
                else self.chosen in paper.recipients
            )
            words = {"unit_id": self.unit_id(self.chosen), "reason": "Hàng đi qua đơn vị này"}
            move = getattr(records, f"{act}_record")
            return is_lawful and is_able, lambda a, s: move(a, s, *at, **words)
        words = {
            "return": {"comment": "Ghi rõ biển số xe"}, "evaluate": GRADE, "collate": {"entities": (ENTITY,)},
            "lower_level": {"reason": "Đã công khai"},
        }.get(act, {})  # fmt: skip
        move = records.lower_level if act == "lower_level" else getattr(records, f"{act}_record")
        return is_lawful, lambda a, s: move(a, s, *at, **words)

    # What operators and time do to people's rights

    @rule(name=READER)
    def change_place(self, name: str) -> None:
        """Go home, or come back."""
        one = self.people[name]
        one.place = Place.ONSITE if one.place is Place.REMOTE else Place.REMOTE

    @rule(name=READER)
    def expire_or_renew_clearance(self, name: str) -> None:
        """The last day of a clearance passes, or it is given again."""
        one = self.people[name]
        one.is_expired = not one.is_expired
        if one.is_expired:
            with clock.telling(clock.now() - timedelta(days=2)):
                self.clear(one, until=today())
        else:
            self.clear(one)

    @rule(name=READER, level=st.integers(0, 3))
    def set_clearance(self, name: str, level: int) -> None:
        """Clear somebody for more, or for less."""
        one = self.people[name]
        one.clearance, one.is_expired = level, False
        self.clear(one)

    @rule(name=READER)
    def end_or_give_post(self, name: str) -> None:
        """Somebody leaves their post, or takes it up again."""
        one = self.people[name]
        user_id = self.house.people[name]
        with self.console() as (actor, session):
            if one.has_post:
                for post in access.list_posts(actor, session, user_id):
                    access.revoke_post(actor, session, post.id)
            else:
                unit_id = self.unit_id(one.unit)
                access.grant_post(actor, session, user_id=user_id, function=one.function, unit_id=unit_id)
        one.has_post = not one.has_post

    @rule(name=st.sampled_from(["officer", "leader", "analyst", "head", "hq"]))
    def change_membership(self, name: str) -> None:
        """Let somebody into the compartment, or take them out."""
        one = self.people[name]
        ids = {"compartment_id": self.compartment, "user_id": self.house.people[name]}
        with self.console() as (actor, session):
            (access.remove_member if one.compartments else access.add_member)(actor, session, **ids)
        one.compartments = set() if one.compartments else {self.compartment}

    # What everybody sees

    @invariant()
    def everybody_sees_what_the_law_says(self) -> None:
        """By opening, in the list, in the count and in the search."""
        for one in self.people.values():
            readable = {paper.id for paper in self.papers if reads(one, paper)}
            sent = {paper.id for paper in self.papers if paper.id in readable and paper.came}
            with self.acting(one) as (actor, session):
                lines = records.show_list(actor, session, ListFilter()).lines
                assert {line.id for line in lines} == readable, f"{one} in the list: {self.papers}"
                assert not any(line.is_damaged for line in lines), f"{one} is shown damage: {self.papers}"
                assert records.count_records(actor, session, ListFilter()) == len(readable), f"{one} counts"
                result = records.search_records(actor, session, SearchRequest(text="phu tung o to"))
                assert {hit.line.id for hit in result.found} == sent, f"{one} searches: {self.papers}"
                assert result.counted.count == len(sent), f"{one} counts hits"
                assert sum(n for _, n in result.counted.facets.get("topic", ())) == len(sent), f"{one} counts facets"
                for paper in self.papers:
                    try:
                        records.read_record(actor, session, paper.id)
                    except NotFound:
                        assert paper.id not in readable, f"{one} may open {paper} and cannot"
                    else:
                        assert paper.id in readable, f"{one} opens {paper}"

    def teardown(self) -> None:
        """At the end everybody looks once more, through the pages."""
        try:
            for one in self.people.values():
                self.look_through_pages(one)
            self.everything_waits_for_somebody()
        finally:
            self.stack.close()

    def look_through_pages(self, one: Someone) -> None:
        browser = self.browser(one)
        readable = {str(paper.id) for paper in self.papers if reads(one, paper)}
        home = browser.get("/").get_data(as_text=True)
        self.at_home[one.name] = set(UUIDS.findall(home))
        assert self.at_home[one.name] <= readable, f"{one} at home"
        listed = browser.get("/records")
        if opens_pages_of_records(one):
            assert set(UUIDS.findall(listed.get_data(as_text=True))) == readable, f"{one} in the list's page"
        else:
            assert listed.status_code == 403, one
        shown = [paper for paper in self.papers if str(paper.id) in readable]
        hidden = [paper for paper in self.papers if str(paper.id) not in readable]
        refused = 404 if opens_pages_of_records(one) else 403
        for paper, expected in [(each, 200) for each in shown[-1:]] + [(each, refused) for each in hidden[-2:]]:
            status = browser.get(f"/records/{paper.id}").status_code
            assert status == expected, f"{one} calls up {paper}"

    def everything_waits_for_somebody(self) -> None:
        """What anybody could bring on stands on the home page of one of those who could."""
        for paper in self.papers:
            acts = set(STARTS) - {"disseminate", "withdraw"} - ({"assign"} if paper.state == "collated" else set())
            able = {one.name for one in self.people.values() if any(may(one, act, paper) for act in acts)}
            assert not able or any(str(paper.id) in self.at_home[name] for name in able), f"{paper} waits for nobody"

    # Means

    def fields(self, level: int, handling: str, compartments: frozenset[UUID]) -> dict[str, Any]:
        conditions = "Hỏi đơn vị lập tin trước" if handling == "HX" else ""
        words = {"level": str(level), "list_item": LIST_ITEMS[str(level)], "handling_conditions": conditions,
                 "level_reason": WHY_LOWER}  # fmt: skip
        inside = [str(each) for each in sorted(compartments)]
        return content(handling=handling, compartments=inside, **words)

    def acting(self, one: Someone) -> Any:
        return self.house.acting(one.name, place=one.place)

    def tried(self, one: Someone, work: Callable[[Any, Any], object]) -> bool:
        """Whether an act was done; any refusal will do for one that is not lawful."""
        try:
            with self.acting(one) as (actor, session):
                work(actor, session)
        except Refused as refused:
            self.said = repr(refused)
            return False
        self.said = ""
        return True

    def take_on(self, name: str) -> None:
        shown, function, unit, _ = EVERYBODY[name]
        unit_id = self.unit_id(unit)
        with self.console() as (actor, session):
            user_id = access.create_user(actor, session, username=name, display_name=shown)
            access.grant_post(actor, session, user_id=user_id, function=function, unit_id=unit_id)
        self.house.people[name] = user_id
        self.clear(self.people[name])

    def clear(self, one: Someone, *, until: date | None = None) -> None:
        with self.console() as (actor, session):
            access.set_clearance(
                actor, session, user_id=self.house.people[one.name], level=one.clearance, expires_on=until
            )

    @contextmanager
    def console(self) -> Iterator[tuple[Any, Any]]:
        with self.house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            actor = access.console_actor(session)
        with self.house.units.begin(actor, scope_for(actor)) as session:
            yield actor, session

    def unit_id(self, code: str) -> UUID:
        return self.sql("select id from units where code = %s", code)[0][0]

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with psycopg.connect(driver_address(self.house.database.superuser_url)) as connection:
            done = connection.execute(statement, values)
            return done.fetchall() if done.description else []

    def browser(self, one: Someone) -> Any:
        client = self.stage.app.test_client()
        client.set_cookie("intelhub", open_session(self.house, one.name, one.place), samesite="Strict", httponly=True)
        return client


def test_what_everybody_sees_is_what_the_law_says(cluster, peopled_template, run_vault, tmp_path):
    stage = Stage(cluster, peopled_template, run_vault, tmp_path)
    machine = type("RandomActsHere", (RandomActs,), {"stage": stage})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5,
            stateful_step_count=8,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),  # shrinking asks a new database for every guess: minutes, for a few steps less
            suppress_health_check=list(HealthCheck),
        ),
    )
