"""Pages call tiers as the organisation that is loaded does: no page knows the names of another one's tiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pytest
from sqlalchemy.orm import Session

from intelhub import access
from intelhub.access import NOBODY, scope_for
from intelhub.crypto import Vault
from intelhub.organisation import Directory, load_directory, name_tier, read_template, template_names
from intelhub.platform.database import open_engine
from intelhub.platform.web.look import fold
from tests.databases import Database
from tests.factories.compartments import compartment
from tests.factories.record_world import submitted, travelled, version_of
from tests.factories.shown import shown_on
from tests.house import PEOPLE, TestHouse, borrowed_engine, open_test_house, people_database

REGIONS = {
    "15ZZ": "KV06", "15ZZ.CBL": "KV06.KS", "20ZZ.CBL": "KV08.KS", "TCHQ": "CHQ",
}  # fmt: skip
OFFICES = {
    "15BB": "R1O1", "15BE": "R1O2", "15BC": "R1O3", "15ZZ": "R1", "15ZZ.CBL": "R1.INT", "20ZZ.CBL": "R2.INT",
    "DTCBL.TTNV": "HQ.INT", "TCHQ": "HQ",
}  # fmt: skip
# Names nobody else has: under them every name of a tier that still shows stands in the code.
INVENTED = {1: ("Lomaket", "Topmost"), 2: ("Zuvarin", "Midmost"), 3: ("Pelidor", "Lowmost")}
# What a unit is, and who keeps the shipped data: words of every administration that name no tier.
_NEUTRAL = (
    "Border-gate office", "Inland office", "Customs of a province or region", "the office that uses it",
    "Cơ quan hải quan trung ương", "Đơn vị thuộc cơ quan trung ương",
)  # fmt: skip


@dataclass(frozen=True)
class Organised:
    """A house under an organisation, and where its gate is."""

    house: TestHouse
    directory: Directory
    gate: str
    language: str

    def tier(self, number: int) -> str:
        return self.directory.tier(number).label(self.language)

    @cached_property
    def foreign_names(self) -> re.Pattern[str]:
        """What other administrations call their tiers, in both languages."""
        own = {name.lower() for tier in self.directory.tiers.values() for name in (tier.name, tier.name_en)}
        tiers = [tier for name in template_names() for tier in read_template(name).tiers.values()]
        others = {name for tier in tiers for name in (tier.name, tier.name_en)} | {"Headquarters"}
        found = "|".join(re.escape(name) for name in sorted(others) if name.lower() not in own)
        return re.compile(rf"(?<![\w-])(?:{found})s?(?!\w)", re.IGNORECASE)

    @cached_property
    def own_names(self) -> re.Pattern[str]:
        """The names of units and tiers as they are here: a unit is called what it is called."""
        units = self.directory.ever.units
        own = {name for unit in units for name in (unit.name, unit.name_en, unit.short_name, unit.area)}
        own |= {name for tier in self.directory.tiers.values() for name in (tier.name, tier.name_en)}
        own |= {fold(name) for name in own}  # lists are found by what is typed without diacritics
        return re.compile("|".join(map(re.escape, (*_NEUTRAL, *sorted(own - {""}, key=len, reverse=True)))))

    def check(self, answer, status: int = 200) -> str:
        """The words of an answer, in which no name of another administration's tiers stands."""
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, page[:1500]
        text = shown_on(page)
        assert "%(" not in text
        doubtful = [line for line in text.splitlines() if self.foreign_names.search(line)]
        found = [line for line in doubtful if self.foreign_names.search(self.own_names.sub("·", line))]
        assert not found, "\n".join(found)
        return text


# What one language says the other says by the same code: both are looked at where no name is known, one elsewhere.
@pytest.fixture(
    scope="module",
    params=["vi VN-2025", "en GENERIC", "vi VN-2006-2024 renamed", "en VN-2006-2024 renamed"],
)
def organised(request, cluster, migrated_template, run_vault) -> Iterator[tuple[str, str, str]]:
    """A database with the people under an organisation, where its gate is, and the language to look in."""
    language, template, *renamed = request.param.split()
    with cluster.template_from(migrated_template) as database:
        people_database(
            database, run_vault, template=template, units={"VN-2025": REGIONS, "GENERIC": OFFICES}.get(template)
        )
        if renamed:
            rename(database, run_vault)
        yield database.name, {"GENERIC": OFFICES["15BB"]}.get(template, "15BB"), language


def rename(database: Database, vault: Vault) -> None:
    engine = open_engine(database.migrator_url, pool_size=1)
    with Session(engine, info={"vault": vault}) as session:
        for number, (name, name_en) in INVENTED.items():
            name_tier(NOBODY, session, number, name=name, name_en=name_en)
        session.commit()
    engine.dispose()


@pytest.fixture
def there(cluster, organised, run_vault) -> Iterator[Organised]:
    database, gate, language = organised
    with cluster.copy_of(database) as fresh, borrowed_engine(fresh) as engine:
        house = open_test_house(fresh, run_vault, {}, engine)
        with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            house.people.update({person.username: person.id for person in access.list_people(NOBODY, session)})
            directory = load_directory(session)
        yield Organised(house, directory, gate, language)


@pytest.fixture
def house(there):
    """The house of `client_as`."""
    return there.house


@pytest.fixture
def signed_in(there, client_as):
    """Browsers of people in the language of the test."""

    def open_client(username):
        client = client_as(username)
        client.set_cookie("language", there.language)
        return client

    return open_client


def move(there, client, username, record_id, event):
    """Press a button on a record's page: what the page says then."""
    version = version_of(there.house, username, record_id)
    answer = client.submit(f"/records/{record_id}/{event}", {"row_version": version})
    if answer.location is None:
        return there.check(answer, 422)
    return there.check(client.get(answer.location))


def test_every_desk_and_every_place_of_the_navigation(there, signed_in):
    for steps in (0, 1, 4, 5):
        travelled(there.house, steps, place_unit=there.gate)
    addresses = (
        "/", "/records", "/records?state=received", "/records/new", "/search", "/units", f"/units/{there.gate}",
        f"/units/{there.directory.ever.root.code}", "/audit", "/audit/overview", "/audit/chain", "/audit/refusals",
        "/explain", "/people", "/people/new", f"/people/{there.house.people['head']}", "/health", "/account",
    )  # fmt: skip
    seen = dict.fromkeys(addresses, 0)
    for username in PEOPLE.keys() - {"officer2", "neighbour", "analyst2", "stranger"}:  # the same desks as others
        client = signed_in(username)
        for address in addresses:
            answer = client.get(address)
            there.check(answer, answer.status_code)
            assert answer.status_code in {200, 403, 404}, address
            seen[address] += answer.status_code == 200
    assert all(seen.values()), seen


def test_a_record_on_its_way_up_and_the_answers_to_each_step(there, signed_in):
    second, first = there.tier(2), there.tier(1)
    said = {
        "vi": (f"Chuyển lên {second}", f"Phiếu tin đã được chuyển lên {second}.", f"Đã tiếp nhận ở {second}",
               f"Trong {second}", f"Chuyển lên {first}", f"{first} đã đọc được phiếu tin này.",
               f"Đã chuyển lên {first}"),
        "en": (f"Forward to the {second}", f"The record is with the {second} now.", f"Received by the {second}",
               f"Own {second}", f"Share with the {first}", f"The {first} can read this record now.",
               f"Shared with the {first}"),
    }[there.language]  # fmt: skip
    forward, forwarded, received, handling, share, can_read, shared = said
    leader, analyst, head, hq = map(signed_in, ("leader", "analyst", "head", "hq"))
    low = submitted(there.house, place_unit=there.gate, handling="H1")
    assert forward in there.check(leader.get(f"/records/{low}"))
    assert forwarded in move(there, leader, "leader", low, "forward")
    page = there.check(analyst.get(f"/records/{low}"))
    assert received in page
    assert handling in page
    assert received in there.check(analyst.submit("/search", {"q": "phu tung o to"}))
    high = travelled(there.house, 4, place_unit=there.gate)
    assert share in there.check(head.get(f"/records/{high}"))
    assert can_read in move(there, head, "head", high, "share-up")
    assert shared in there.check(hq.get(f"/records/{high}"))
    there.check(hq.get(f"/records/{high}/versions"))
    there.check(hq.get("/"))
    there.check(hq.submit("/search", {"q": "phu tung o to"}))


def test_what_is_refused(there, signed_in):
    leader, head, security = map(signed_in, ("leader", "head", "security"))
    there.check(leader.get("/records/00000000-0000-4000-8000-000000000000"), 404)
    there.check(leader.get("/audit"), 403)
    gate_only = compartment(there.house, "officer", "leader")
    kept = submitted(there.house, place_unit=there.gate, compartments=[str(gate_only)])
    assert there.tier(2) in move(there, leader, "leader", kept, "forward")
    below = compartment(there.house, "officer", "leader", "analyst", "head", name="Sông Bằng")
    stays = travelled(there.house, 4, place_unit=there.gate, compartments=[str(below)])
    assert there.tier(1) in move(there, head, "head", stays, "share-up")
    asked = {"username": "stranger", "action": "read", "reference": str(stays), "place": "onsite"}
    assert there.tier(2) in there.check(security.submit("/explain", asked))
    unknown = there.check(security.submit("/explain", {**asked, "reference": "3f2a9c01-be44"}), 422)
    assert there.tier(2) in unknown
    there.check(security.get("/audit/refusals"))
