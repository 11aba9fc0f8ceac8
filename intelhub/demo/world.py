"""The invented world the records speak of: places, goods, and groups of firms, people and vehicles that come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from intelhub.demo import identifiers, names

_DATA = Path(__file__).parent / "data"
KIND_LETTERS = MappingProxyType({"land": "L", "sea": "S", "air": "A", "rail": "R", "post": "P", "zone": "Z"})
_COMPANIES, _CONTAINERS, _VESSELS = 250, 120, 36
_TRUCKS, _CARS = 110, 40
_PER_PLACE = 6  # groups a department meets on each kind of border
_SECOND_FIRM = 0.38  # share of groups that hide behind two firms
_ROAMING = 0.3  # share of groups that a second department meets too


@cache
def load(name: str) -> Mapping[str, Any]:
    """A data file of the demo's content."""
    loaded: dict[str, Any] = json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))
    return MappingProxyType(loaded)


def units_of(department: str) -> tuple[str, ...]:
    """The codes of a department's units that write records in the demo."""
    return tuple(code for code in load("units")["units"] if code.startswith(department))


@cache
def patterns() -> Mapping[str, Mapping[str, Any]]:
    """The sentence patterns of every topic."""
    return MappingProxyType({**load("phrases_crime"), **load("phrases_trade")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Firm:
    """An invented enterprise."""

    name: str
    tax_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """An invented road vehicle: what it is called, in Vietnamese and English, and its plate."""

    vi: str
    en: str
    plate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """An invented ship."""

    name: str
    imo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A trade that makes sense: these goods, from (or to) this country, as an offence of this topic."""

    topic: str
    goods: Mapping[str, Any]
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Firms, people and vehicles that work together; records keep meeting the same ones."""

    kind: str
    departments: tuple[str, ...]
    lines: tuple[Line, ...]
    firms: tuple[Firm, ...]
    persons: tuple[str, ...]
    aliases: Mapping[str, str]
    trucks: tuple[Vehicle, ...]
    tractor: Vehicle
    containers: tuple[str, ...]
    vessel: Vessel
    seals: tuple[str, ...]
    shippers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pools:
    firms: list[Firm]
    trucks: list[Vehicle]
    tractors: list[Vehicle]
    containers: list[str]
    vessels: list[Vessel]


def _distinct(count: int, mint: Any) -> list[Any]:
    found: dict[Any, None] = {}
    while len(found) < count:
        found.setdefault(mint())
    return list(found)


def _pools(rng: Random) -> _Pools:
    firms = zip(
        _distinct(_COMPANIES, lambda: names.firm_name(rng)),
        _distinct(_COMPANIES, lambda: identifiers.mint_tax_code(rng)),
        strict=True,
    )
    truck_plates = _distinct(_TRUCKS, lambda: identifiers.mint_plate(rng, is_truck=True))
    car_plates = _distinct(_CARS, lambda: identifiers.mint_plate(rng, is_truck=False))
    kinds = (("xe tải", "truck"), ("xe tải", "truck"), ("xe bán tải", "pickup"))
    cars = (("ô tô khách", "coach"), ("ô tô bảy chỗ", "car"))
    tractors = truck_plates[:_CARS]
    vessels = zip(
        _distinct(_VESSELS, lambda: names.ship_name(rng)),
        _distinct(_VESSELS, lambda: identifiers.mint_imo(rng)),
        strict=True,
    )
    return _Pools(
        firms=[Firm(name=name, tax_code=code) for name, code in firms],
        trucks=[
            *(Vehicle(vi=vi, en=en, plate=p) for p in truck_plates[_CARS:] for vi, en in [rng.choice(kinds)]),
            *(Vehicle(vi=vi, en=en, plate=p) for p in car_plates for vi, en in [rng.choice(cars)]),
        ],
        tractors=[Vehicle(vi="xe đầu kéo", en="tractor", plate=plate) for plate in tractors],
        containers=_distinct(_CONTAINERS, lambda: identifiers.mint_container(rng)),
        vessels=[Vessel(name=name, imo=imo) for name, imo in vessels],
    )


def _countries(goods: Mapping[str, Any], topic: str, kind: str, neighbour: str | None) -> list[str]:
    known = load("units")["countries"]
    if kind in {"land", "rail"} and topic != "transit_abuse":
        return [country for country in goods["from"] if country == neighbour]
    if kind in {"sea", "air"}:
        return [country for country in goods["from"] if kind in known[country]]
    if kind == "post":
        return [country for country in goods["from"] if "air" in known[country]]
    return list(goods["from"])


@cache
def _lines(kind: str, neighbour: str | None) -> dict[str, list[Line]]:
    kinds, found = load("plan")["topic_kinds"], {}
    for topic, stock in load("goods").items():
        if KIND_LETTERS[kind] not in kinds[topic]:
            continue
        lines = [
            Line(topic=topic, goods=goods, country=country)
            for goods in stock
            if kind not in goods.get("no", ())
            for country in _countries(goods, topic, kind, neighbour)
        ]
        if lines:
            found[topic] = lines
    return found


def _take(pool: list[Any], number: int) -> tuple[Any, ...]:
    """The next two of a pool, going round: every one is used, and some more than once."""
    return tuple(pool[(number * 2 + step) % len(pool)] for step in range(2))


def _firms(rng: Random, pools: _Pools) -> tuple[Firm, ...]:
    """One or two firms from the front of the pool, put back at its end."""
    count = 2 if rng.random() < _SECOND_FIRM else 1
    taken = [pools.firms.pop(0) for _ in range(count)]
    pools.firms.extend(taken)
    return tuple(taken)


def _network(rng: Random, pools: _Pools, number: int, departments: tuple[str, ...], kind: str, topic: str) -> Network:
    by_topic = _lines(kind, load("units")["departments"][departments[0]]["neighbour"])
    side = rng.choice(sorted(by_topic))
    lines = rng.sample(by_topic[topic], k=min(2, len(by_topic[topic])))
    persons = tuple(dict.fromkeys(names.person_name(rng) for _ in range(3)))
    return Network(
        kind=kind,
        departments=departments,
        lines=(*lines, *lines, rng.choice(by_topic[side])),
        firms=_firms(rng, pools),
        persons=persons,
        aliases=MappingProxyType({persons[0]: names.alias(rng)} if rng.random() < 0.3 else {}),  # noqa: PLR2004 - some
        trucks=_take(pools.trucks, number),
        tractor=pools.tractors[number % len(pools.tractors)],
        containers=_take(pools.containers, number),
        vessel=pools.vessels[number % len(pools.vessels)],
        seals=(identifiers.mint_seal(rng), identifiers.mint_seal(rng)),
        shippers=(names.firm_name_abroad(rng), names.firm_name_abroad(rng)),
    )


def _certain(department: str, kind: str, topics: list[str]) -> list[str]:
    """The topics that are met here whatever chance says."""
    plan = load("plan")
    wanted: list[str] = list(plan["always"].get(kind, ()))
    if department in plan["strategic"]["departments"]:
        wanted += plan["strategic"]["topics"]
    return [topic for topic in wanted if topic in topics]


def build_networks(rng: Random) -> dict[tuple[str, str], list[Network]]:
    """The groups each department meets on each kind of border, keyed by both."""
    pools, weights = _pools(rng), load("plan")["topic_weights"]
    facts = load("units")
    kinds_of: dict[str, list[str]] = {department: [] for department in facts["departments"]}
    for code, unit in facts["units"].items():
        kinds_of[code[:2]] += [kind for kind in unit["kinds"] if kind not in kinds_of[code[:2]]]
    found: dict[tuple[str, str], list[Network]] = {}
    number = 0
    for department, kinds in kinds_of.items():
        neighbour = facts["departments"][department]["neighbour"]
        for kind in kinds:
            topics = sorted(_lines(kind, neighbour))
            ordered = sorted(topics, key=lambda topic: rng.random() ** (1 / weights[topic]), reverse=True)
            ordered = list(dict.fromkeys([*_certain(department, kind, topics), *ordered]))
            for place in range(_PER_PLACE):
                others = [
                    other
                    for other, theirs in kinds_of.items()
                    if other != department and kind in theirs and facts["departments"][other]["neighbour"] == neighbour
                ]
                shared = (rng.choice(others),) if others and rng.random() < _ROAMING else ()
                topic = ordered[place % len(ordered)]
                network = _network(rng, pools, number, (department, *shared), kind, topic)
                number += 1
                for where in network.departments:
                    found.setdefault((where, kind), []).append(network)
    return found
