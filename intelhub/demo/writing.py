"""Turns sentence patterns into the text of a record, and keeps account of whom and what the text names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from intelhub.demo.identifiers import mint_declaration
from intelhub.demo.world import KIND_LETTERS, Firm, Line, Network, Vehicle, load, patterns

_HEAD = re.compile(r"^(?P<kinds>[LSARPZ*]*)(?:;(?P<method>[a-z_]*))?(?P<needs>(?:[+-][a-z]+)*)\|")
_SLOT = re.compile(r"{(\w+)}")
_OWN_QUANTITY, _WEIGHED_FINELY = ("tấn", "m³"), 60  # below this, weights are given with a decimal
_SMALL_KINDS = frozenset({"air", "post"})
_HEAVIEST_PARCEL = 20  # kg
_TEN_MILLION, _ONE_BILLION = 10**7, 10**9
_HEAVY = frozenset({"tấn", "m³", "con", "bộ", "mét", "m²", "tấm", "feet vuông"})  # what no car carries
_ABSTRACT_MAXIMUM = 120
_NAMES_HS = 0.6  # how often a text gives the HS code


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A sentence with slots: where it fits, the method it tells of, and what must (not) have been named before."""

    text: str
    kinds: str = "*"
    method: str = ""
    needs: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    slots: frozenset[str] = frozenset()

    def fits(self, kind: str) -> bool:
        """Whether it can happen on this kind of border."""
        return self.kinds in {"", "*"} or KIND_LETTERS[kind] in self.kinds


_PARSED: dict[str, Pattern] = {}


def parse(line: str) -> Pattern:
    """Read `KINDS;method+need-forbidden|text`, all parts before the bar optional."""
    if line not in _PARSED:
        match = _HEAD.match(line)
        text = line[match.end() :] if match else line
        marks = re.findall(r"[+-][a-z]+", match["needs"]) if match else []
        _PARSED[line] = Pattern(
            text=text,
            kinds=match["kinds"] if match else "*",
            method=(match["method"] or "") if match else "",
            needs=tuple(mark[1:] for mark in marks if mark[0] == "+"),
            forbids=tuple(mark[1:] for mark in marks if mark[0] == "-"),
            slots=frozenset(_SLOT.findall(text)),
        )
    return _PARSED[line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a record is about before a word is written: the group, its trade, the place, the moment."""

    network: Network
    line: Line
    unit_code: str
    kind: str
    happened_at: datetime
    declared: str
    claimed: str
    firm: Firm
    persons: tuple[str, ...]
    truck: Vehicle
    container: str
    seal: str
    shipper: str
    declaration: str

    @property
    def place(self) -> str:
        """The unit's place in words."""
        found: str = load("units")["units"][self.unit_code]["place"]
        return found


def _vehicle(rng: Random, network: Network, line: Line) -> Vehicle:
    if line.goods["u"] not in _HEAVY and network.kind != "zone":
        return rng.choice(network.trucks)
    lorries = [vehicle for vehicle in network.trucks if vehicle.vi == "xe tải"]
    return rng.choice(lorries) if lorries else network.tractor


def set_scene(rng: Random, network: Network, unit_code: str, happened_at: datetime) -> Scene:
    """Choose one trade of a group, and how its goods are declared."""
    line = rng.choice(network.lines)
    papers = line.goods.get("as", [""])
    if network.kind in _SMALL_KINDS:  # a parcel is not declared as raw nuts
        papers = line.goods.get("as_small", papers)
    return Scene(
        network=network,
        line=line,
        unit_code=unit_code,
        kind=network.kind,
        happened_at=happened_at,
        declared=rng.choice(papers),
        claimed=rng.choice(line.goods.get("claim", [""])),
        firm=rng.choice(network.firms),
        persons=tuple(rng.sample(network.persons, k=2)),
        truck=_vehicle(rng, network, line),
        container=rng.choice(network.containers),
        seal=rng.choice(network.seals),
        shipper=rng.choice(network.shippers),
        declaration=mint_declaration(rng, is_export=line.topic == "vat_refund"),
    )


@dataclass(slots=True, kw_only=True)
class Writer:
    """Fills slots for one text; the first mention of somebody is full, a later one short."""

    rng: Random
    scene: Scene
    subjects: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    language: str = "vi"
    spots: str = ""
    amount: float | None = None
    said_spot: str = ""

    def can(self, pattern: Pattern) -> bool:
        """Whether a sentence fits what has been told so far."""
        if not pattern.fits(self.scene.kind) or ("khai" in pattern.slots or "khai0" in pattern.slots) > bool(
            self.scene.declared
        ):
            return False
        if "nuoc2" in pattern.slots and not self.scene.claimed:
            return False
        return self.named.issuperset(pattern.needs) and self.named.isdisjoint(pattern.forbids)

    def pick(self, lines: Iterable[str], *, fresh: bool = False) -> Pattern | None:
        """One of the sentences that fit; `fresh` asks for one that names no person a second time."""
        fitting = [pattern for pattern in map(parse, lines) if self.can(pattern)]
        if fresh:
            fitting = [p for p in fitting if not (p.slots & {"ng", "lx"} & self.named)]
        return self.rng.choice(fitting) if fitting else None

    def fill(self, pattern: Pattern) -> str:
        """The sentence with its slots filled, in the order they are read."""
        return _SLOT.sub(lambda match: self._slot(match[1]), pattern.text)

    def _slot(self, name: str) -> str:
        filled = _SLOTS[name](self)
        self.named.add(name)
        return filled

    def note(self, kind: str, name: str, identifier: str = "") -> None:
        """Remember that the text names this subject."""
        self.subjects.setdefault((kind, identifier or name), {"kind": kind, "name": name, "identifier": identifier})

    # --- who and what -------------------------------------------------------------------------------------------

    def firm(self) -> str:
        """The enterprise with its tax code."""
        firm = self.scene.firm
        if "cty" in self.named:
            return "the company" if self.language == "en" else self.rng.choice(("công ty này", "doanh nghiệp này"))
        self.note("enterprise", firm.name, firm.tax_code)
        return f"{firm.name} ({'tax code' if self.language == 'en' else 'MST'} {firm.tax_code})"

    def person(self, number: int) -> str:
        """One of the people, by given name the second time."""
        name = self.scene.persons[number]
        if ("person", name) in self.subjects:
            return name.split()[-1] if self.language == "vi" else name
        self.note("person", name)
        other = self.scene.network.aliases.get(name)
        return f"{name} (tức {other})" if other and self.language == "vi" else name

    def truck(self) -> str:
        """The vehicle with its plate."""
        vehicle = self.scene.truck
        if "xe" in self.named:
            return "the vehicle" if self.language == "en" else "xe này"
        self.note("vehicle", vehicle.vi, vehicle.plate)
        return (
            f"a {vehicle.en} with plate {vehicle.plate}"
            if self.language == "en"
            else f"{vehicle.vi} biển số {vehicle.plate}"
        )

    def tractor(self) -> str:
        """The tractor with its plate."""
        vehicle = self.scene.network.tractor
        if "dk" in self.named:
            return "xe đầu kéo này"
        self.note("vehicle", vehicle.vi, vehicle.plate)
        return f"xe đầu kéo {vehicle.plate}"

    def container(self) -> str:
        """The container with its number."""
        number = self.scene.container
        if "cont" in self.named:
            return "the container" if self.language == "en" else "container này"
        self.note("container", "", number)
        return f"container {number}"

    def vessel(self) -> str:
        """The ship with its IMO number."""
        vessel = self.scene.network.vessel
        if "tau" in self.named:
            return "the vessel" if self.language == "en" else "tàu này"
        self.note("vessel", vessel.name, vessel.imo)
        return f"{'the vessel' if self.language == 'en' else 'tàu'} {vessel.name} (IMO {vessel.imo})"

    def seal(self) -> str:
        """The seal with its number."""
        number = self.scene.seal
        if "chi" in self.named:
            return "chì này"
        self.note("seal", "", number)
        return f"chì số {number}"

    def declaration(self) -> str:
        """The declaration with its number."""
        if "tk" in self.named:
            return "the declaration" if self.language == "en" else "tờ khai này"
        number = self.scene.declaration
        self.note("declaration", "", number)
        return f"declaration {number}" if self.language == "en" else f"tờ khai {number}"

    def shipper(self) -> str:
        """The sender abroad."""
        name = self.scene.shipper
        self.note("organisation", name)
        return name

    def goods(self) -> str:
        """The goods, often with their HS code."""
        goods = self.scene.line.goods
        name: str = goods[self.language]
        code = goods.get("hs", "")
        if "hang" in self.named:
            return name
        self.note("goods", goods["vi"], code)
        if not code or self.rng.random() > _NAMES_HS:
            return name
        return f"{name} (HS {code})" if self.language == "en" else f"{name} (mã HS {code})"

    def declared(self) -> str:
        """What the papers call the goods."""
        if self.language == "en":
            goods = self.scene.line.goods
            small = goods.get("as_small_en") if self.scene.kind in _SMALL_KINDS else None
            return str(small or goods["as_en"])
        return self.scene.declared

    # --- how much, where, when ----------------------------------------------------------------------------------

    def quantity(self, *, small: bool = False) -> str:
        """How much of the goods, with the unit people count them in; the same whenever it is said again."""
        goods = self.scene.line.goods
        unit: str = goods["u" if self.language == "vi" else "ue"]
        if self.amount is None:
            self.amount = self._amount(goods, small=small)
        if small and goods["u"] in _OWN_QUANTITY:
            return f"{round(self.amount * 1000)} kg"
        return f"{_number(self.amount, self.language)} {unit}"

    def _amount(self, goods: Mapping[str, Any], *, small: bool) -> float:
        low, high = goods["q"]
        if small and goods["u"] in _OWN_QUANTITY:
            return self.rng.randint(12, 90) / 1000
        if small and goods["u"] == "kg":
            return self.rng.randint(1, max(2, min(_HEAVIEST_PARCEL, high // 4)))
        if small:
            return max(1, self.rng.randint(low, high) // 8)
        amount = self.rng.randint(low, high)
        if high <= _WEIGHED_FINELY and goods["u"] in {"tấn", "kg"}:
            return amount + self.rng.randrange(10) / 10
        return amount

    def money(self, share: float = 1.0) -> str:
        """What the goods are worth, or a share of it, in đồng rounded as people round."""
        goods = self.scene.line.goods
        if self.amount is None:
            self.amount = self._amount(goods, small=False)
        amount = self.amount * goods["v"] * 1000 * share * self.rng.uniform(0.9, 1.1)
        step = 10_000_000 if amount > 10 * _TEN_MILLION else 1_000_000
        whole = max(step, round(amount / step) * step)
        if whole >= _ONE_BILLION:
            figure = _number(round(whole / _ONE_BILLION, 1), self.language)
            return f"{figure} billion VND" if self.language == "en" else f"{figure} tỷ đồng"
        return f"{whole // 10**6} {'million VND' if self.language == 'en' else 'triệu đồng'}"

    def country(self, code: str) -> str:
        """A country by name."""
        found: str = load("units")["countries"][code][self.language]
        return found

    def spot(self) -> str:
        """Where at the unit it happened."""
        spot = self.rng.choice(load("units")["spots"][self.spots or self.scene.kind])
        where = f"{spot} thuộc {self.scene.place}" if self.scene.kind == "zone" else f"{spot} {self.scene.place}"
        self.said_spot = where if self.spots == "border" else spot
        return where

    def gate(self) -> str:
        """The unit's place."""
        return place_in_english(self.scene.place) if self.language == "en" else self.scene.place

    def route(self) -> str:
        """From where to where the goods travel."""
        unit, facts = load("units")["units"][self.scene.unit_code], load("units")
        country = facts["countries"][self.scene.line.country]
        here = re.sub(r"^(cửa khẩu quốc tế|cửa khẩu|ga quốc tế|ga đường sắt liên vận quốc tế) ", "", self.scene.place)
        goal = self.inland()
        start = unit.get("beyond") or self.rng.choice(country.get(self.scene.kind, [country[self.language]]))
        if self.language == "en":
            here = place_in_english(self.scene.place).removeprefix("the ")
            return f"{start} - {here} - {goal}"
        return f"tuyến {start} - {here} - {goal}"

    def inland(self) -> str:
        """Where the goods go in the end."""
        goals: list[str] = load("units")["departments"][self.scene.unit_code[:2]]["inland"]
        return goals[sum(map(ord, self.scene.network.persons[0])) % len(goals)]

    def clock(self) -> str:
        """The time of day."""
        moment = self.scene.happened_at
        if self.language == "en":
            return f"{moment:%H:%M}"
        return f"{moment.hour} giờ {moment.minute:02d}" if moment.minute else f"{moment.hour} giờ"

    def day(self) -> str:
        """The date."""
        moment = self.scene.happened_at
        return f"{moment.day} {moment:%B %Y}" if self.language == "en" else f"{moment:%d/%m/%Y}"


def _number(amount: float, language: str) -> str:
    text = f"{int(amount):,}" if amount == int(amount) else f"{amount:,.1f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def place_in_english(place: str) -> str:
    """A unit's place, as an English report would say it."""
    for vi, en in (
        ("cửa khẩu quốc tế ", "the {} international border gate"),
        ("cửa khẩu ", "the {} border gate"),
        ("sân bay quốc tế ", "{} international airport"),
        ("ga quốc tế ", "{} railway station"),
        ("ga đường sắt liên vận quốc tế ", "{} railway station"),
        ("khu thương mại ", "the {} trade zone"),
        ("điểm thông quan chuyển phát nhanh ", "the express clearance point of {}"),
        ("điểm thông quan bưu gửi ", "the postal clearance point of {}"),
        ("bến ", "{} terminal"),
        ("cảng ", "{} port"),
    ):
        if place.startswith(vi):
            name, _, area = place.removeprefix(vi).partition(" khu vực ")
            return en.format(name) + (f" area {area}" if area else "")
    return place


_SLOTS: Mapping[str, Callable[[Writer], str]] = {
    "cty": Writer.firm,
    "ng": lambda w: w.person(0),
    "lx": lambda w: w.person(1),
    "xe": Writer.truck,
    "dk": Writer.tractor,
    "cont": Writer.container,
    "tau": Writer.vessel,
    "chi": Writer.seal,
    "tk": Writer.declaration,
    "nha": Writer.shipper,
    "hang": Writer.goods,
    "hang0": lambda w: w.scene.line.goods[w.language],
    "khai": Writer.declared,
    "khai0": Writer.declared,
    "sl": Writer.quantity,
    "slnho": lambda w: w.quantity(small=True),
    "tg": Writer.money,
    "thue": lambda w: w.money(w.rng.uniform(0.06, 0.24)),
    "nuoc": lambda w: w.country(w.scene.line.country),
    "nuoc2": lambda w: w.country(w.scene.claimed),
    "noi": Writer.spot,
    "cua": Writer.gate,
    "tuyen": Writer.route,
    "tinh": Writer.inland,
    "gio": Writer.clock,
    "ngay": Writer.day,
    "it": lambda w: str(w.rng.randint(2, 4)),
    "n": lambda w: str(w.rng.randint(2, 9)),
    "nn": lambda w: str(w.rng.randint(11, 58)),
    "pt": lambda w: str(w.rng.choice((8, 12, 15, 18, 20, 25, 30, 35, 40, 45, 50, 60))),
    "thang": lambda w: str(w.rng.randint(2, 11)),
    "cuoc": lambda w: f"{w.rng.randrange(3, 25) * 100_000:,}".replace(",", "."),
}


def sentence(text: str) -> str:
    """With a capital at the start and a full stop at the end."""
    stopped = text if text.endswith((".", "!", "?")) else f"{text}."
    return stopped[0].upper() + stopped[1:]


def clauses(topic: str, mode: str) -> list[str]:
    """What a topic can tell in a mode: found by ourselves, told by others, or seen in data."""
    found: list[str] = patterns()[topic][mode]
    return found


def write_abstract(writer: Writer, lines: Iterable[str], *, rng: Random) -> str:
    """One line of at most 120 characters that tells what the record is about."""
    options = [pattern for pattern in map(parse, lines) if writer.can(pattern)]
    rng.shuffle(options)
    for pattern in options:
        line = sentence(writer.fill(pattern)).rstrip(".")
        if len(line) <= _ABSTRACT_MAXIMUM:
            return line
    return sentence(str(writer.scene.line.goods[writer.language]))[:_ABSTRACT_MAXIMUM]


def english_lines(facts: Mapping[str, Any], letter: str) -> list[str]:
    """The English statements that fit a kind of border."""
    return [line for kinds, lines in facts.items() if letter in kinds for line in lines]
