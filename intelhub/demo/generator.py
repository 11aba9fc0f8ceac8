"""Writes the demo's records: invented, repeatable for a seed, in every state, spread over two years up to a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from types import MappingProxyType
from typing import Any

from intelhub.demo.composing import (
    Composed,
    channels_for,
    compose,
    compose_english,
    compose_vague,
    speaks_english,
    vague_options,
)
from intelhub.demo.content import DemoPerson, DemoRecord
from intelhub.demo.life import BEFORE_DEPARTMENT, Plan, Staff, choose_goal, live
from intelhub.demo.people import generate_people
from intelhub.demo.stories import STORY_UNIT, story_records
from intelhub.demo.world import Network, build_networks, load
from intelhub.demo.writing import Scene, set_scene
from intelhub.platform import clock
from intelhub.platform.clock import HANOI

MARKER = "DEMO"  # begins the source of every record: what follows is invented
_PSEUDONYMS = "CS-99"  # pseudonyms may say nothing but their number; the demo's are those from CS-990000
_SPAN = timedelta(days=730)
_BY_DAY = 0.7  # share of the records that somebody in an office learned of
_RECENT, _RECENT_DAYS = 0.16, 40  # share of the records that fall into the last weeks
_VAGUE, _ENGLISH, _TRIES = 0.25, 0.9, 40
_WAITING_AT_THE_GATE = timedelta(days=9)  # the group leader whom a visitor may become has several to review
_TWIN_DAYS, _TWINS_LOOKED_AT, _CONFIRMED = 6, 400, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A written record that a later one may repeat."""

    index: int
    scene: Scene
    forwarded_at: datetime
    level: int
    author: str
    channel: str


@dataclass(slots=True, kw_only=True)
class _Run:
    """What one generation keeps in mind."""

    rng: Random
    staff: Staff
    networks: Mapping[tuple[str, str], list[Network]]
    until: datetime
    texts: set[str] = field(default_factory=set)
    told: dict[str, list[_Told]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sketch:
    """A record before its text: who, where, when, how secret, and which earlier one it repeats."""

    learned_at: datetime
    unit_code: str
    author: DemoPerson
    goal: str
    scene: Scene
    channel: str
    level: int
    twin: _Told | None = None


def generate_records(seed: int, count: int = 2_100, *, today: datetime | None = None) -> Iterator[DemoRecord]:
    """Records in the order in which they were begun, none after `today` (default: the last midnight in Hà Nội).

    The index of a record in this order is what `mark_duplicate` points at. `today` must be aware.
    """
    midnight = datetime.combine(clock.now().astimezone(HANOI).date(), time(), tzinfo=HANOI)
    now = (today or midnight).astimezone(HANOI)
    rng = Random(f"records {seed}")  # noqa: S311 - invented content, no secrets
    run = _Run(rng=rng, staff=Staff(people=generate_people(seed)), networks=build_networks(rng), until=now)
    stories = story_records(now)
    moments = sorted(_moment(rng, now) for _ in range(max(0, count - len(stories))))
    index = 0
    for learned_at in moments:
        while stories and datetime.fromisoformat(stories[0].content["learned_at"]) <= learned_at:
            yield stories.pop(0)
            index += 1
        yield _write(run, learned_at, index)
        index += 1
    yield from stories


def _moment(rng: Random, now: datetime) -> datetime:
    days = rng.uniform(0, _RECENT_DAYS) if rng.random() < _RECENT else rng.uniform(0, _SPAN.days)
    moment = (now - timedelta(days=days, hours=2)).replace(second=0, microsecond=0)
    if rng.random() < _BY_DAY:
        moment = moment.replace(hour=rng.randint(7, 18))
    return moment if moment < now else moment - timedelta(days=1)


def _write(run: _Run, learned_at: datetime, index: int) -> DemoRecord:
    for _ in range(_TRIES):
        sketch = _sketch(run, learned_at)
        composed, is_english = _compose(run.rng, sketch)
        if composed.text not in run.texts:
            break
    else:
        raise RuntimeError("the patterns are used up: ask for fewer records")
    run.texts.add(composed.text)
    created_at = min(sketch.learned_at + timedelta(minutes=run.rng.randint(8, 240)), run.until)
    content = _content(run.rng, sketch, composed)
    plan = Plan(
        goal=sketch.goal,
        content=content,
        scene=sketch.scene,
        author=sketch.author.username,
        unit_code=sketch.unit_code,
        created_at=created_at,
        until=run.until,
        target=sketch.twin.index if sketch.twin else None,
        confirming=_find_confirming(run, sketch),
    )
    steps = live(run.rng, plan, run.staff)
    forwarded_at = next((step.at for step in steps if step.event == "forward"), None)
    if forwarded_at and all(step.event != "mark_duplicate" for step in steps):
        told = _Told(
            index=index,
            scene=sketch.scene,
            forwarded_at=forwarded_at,
            level=sketch.level,
            author=sketch.author.username,
            channel=sketch.channel,
        )
        run.told.setdefault(sketch.unit_code[:2], []).append(told)
    return DemoRecord(
        content=content,
        author=sketch.author.username,
        unit_code=sketch.unit_code,
        created_at=created_at,
        steps=steps,
        is_english=is_english,
    )


def _sketch(run: _Run, learned_at: datetime) -> _Sketch:
    rng, weights = run.rng, load("units")["weights"]
    units = run.staff.writing_units
    unit_code = rng.choices(units, [weights.get(unit, 2) for unit in units])[0]
    goal = choose_goal(rng, run.until - learned_at)
    if unit_code == STORY_UNIT and run.until - learned_at < _WAITING_AT_THE_GATE:
        goal = "submitted"
    twin = _find_twin(run, unit_code, learned_at) if goal == "merged" else None
    if goal == "merged" and twin is None:
        goal = "collated"
    if twin is not None:
        unit_code, scene = twin.scene.unit_code, twin.scene
    else:
        kind = rng.choice(load("units")["units"][unit_code]["kinds"])
        network = rng.choice(run.networks[unit_code[:2], kind])
        happened_at = _waking(rng, learned_at - timedelta(minutes=rng.randint(20, 60 * 30)), network.kind)
        scene = set_scene(rng, network, unit_code, min(happened_at, learned_at))
    author = rng.choice(run.staff.authors(unit_code))
    channels = channels_for(scene.line.topic, scene.kind)
    channel = rng.choices(list(channels), list(channels.values()))[0]
    level = twin.level if twin else _level(run, scene, channel, author, goal)
    if level > run.staff.writing_ceiling(author):
        author = next(p for p in run.staff.authors(unit_code) if run.staff.writing_ceiling(p) >= level)
    return _Sketch(
        learned_at=learned_at, unit_code=unit_code, author=author, goal=goal, scene=scene, channel=channel, level=level,
        twin=twin,
    )  # fmt: skip


def _waking(rng: Random, moment: datetime, kind: str) -> datetime:
    """Offices and industrial zones work by day, gates and ports around the clock; minutes are rounded as people do."""
    hour = rng.choice((8, 9, 9, 10, 11, 14, 14, 15, 16)) if kind in {"zone", "post"} else moment.hour
    return moment.replace(hour=hour, minute=moment.minute // 5 * 5)


def _find_twin(run: _Run, unit_code: str, learned_at: datetime) -> _Told | None:
    """A record of the department from the days before that somebody else could have written as well."""
    since = learned_at - timedelta(days=_TWIN_DAYS)
    near = [
        told for told in run.told.get(unit_code[:2], [])[-_TWINS_LOOKED_AT:] if since <= told.forwarded_at <= learned_at
    ]
    return run.rng.choice(near) if near else None


def _find_confirming(run: _Run, sketch: _Sketch) -> int | None:
    """An earlier record about the same group that reached the department from somebody else through other ears."""
    if run.rng.random() > _CONFIRMED:
        return None
    fitting = [
        told.index
        for told in run.told.get(sketch.unit_code[:2], [])
        if told.scene.network is sketch.scene.network
        and told.forwarded_at <= sketch.learned_at
        and told.level <= sketch.level
        and told.author != sketch.author.username
        and told.channel != sketch.channel
    ]
    return fitting[-1] if fitting else None


def _level(run: _Run, scene: Scene, channel: str, author: DemoPerson, goal: str) -> int:
    """A level that the matter justifies and that everybody it passes through is cleared for."""
    weights = load("plan")["level_weights"]
    by_channel, by_topic = weights.get(channel), weights.get(scene.line.topic, weights["default"])
    is_said = by_channel and scene.line.topic != "weapons" and run.rng.random() < 0.7  # noqa: PLR2004 - both have a say
    chosen = by_channel if is_said else by_topic
    level: int = min(run.rng.choices(range(4), chosen)[0], scene.line.goods.get("top", 3))
    while level:
        writers = [p for p in run.staff.authors(scene.unit_code) if run.staff.writing_ceiling(p) >= level]
        is_passable = all(run.staff.chain(scene.unit_code, level, author.username).values())
        if writers and (is_passable or goal == "draft"):
            return level
        level -= 1
    return 0


def _compose(rng: Random, sketch: _Sketch) -> tuple[Composed, bool]:
    if sketch.twin is None and sketch.level == 0 and rng.random() < _VAGUE:
        options = [option for option in vague_options(sketch.scene) if sketch.channel in option["channels"]]
        if options:
            return compose_vague(rng, sketch.scene, rng.choice(options)), False
    if speaks_english(sketch.channel, sketch.scene) and rng.random() < _ENGLISH:
        return compose_english(rng, sketch.scene, sketch.channel), True
    return compose(rng, sketch.scene, sketch.channel, sketch.level), False


def _content(rng: Random, sketch: _Sketch, composed: Composed) -> Mapping[str, Any]:
    words, scene = load("phrases_common"), sketch.scene
    channel = words["channels"][sketch.channel]
    grade = rng.choice(channel["grades"])
    kind, source = _source(rng, sketch, channel)
    happened = rng.random() < 0.85  # noqa: PLR2004 - some tips name no time
    until = scene.happened_at + timedelta(hours=rng.randint(1, 6)) if rng.random() < 0.25 else None  # noqa: PLR2004
    ended = until.isoformat() if until and happened and until <= sketch.learned_at else None
    plan_item = load("plan")["plan_items"].get(scene.line.topic) if rng.random() < 0.8 else None  # noqa: PLR2004
    handling = _handling(rng, sketch)
    return MappingProxyType(
        {
            "text": composed.text,
            "abstract": composed.abstract,
            "learned_at": sketch.learned_at.isoformat(),
            "happened_from": scene.happened_at.isoformat() if happened else None,
            "happened_to": ended,
            "place_unit": sketch.unit_code,
            "place_text": composed.spot,
            "channel": sketch.channel,
            "source_kind": kind,
            "source": source,
            "subjects": [dict(subject) for subject in composed.subjects],
            "topic": scene.line.topic,
            "method": composed.method,
            "urgency": rng.choices(("normal", "urgent", "very_urgent", "express"), (78, 15, 5, 2))[0],
            "level": sketch.level,
            "list_item": _list_item(rng, sketch),
            "level_reason": "",
            "handling": handling,
            "handling_conditions": rng.choice(words["handling_conditions"]) if handling in {"H4", "HX"} else "",
            "source_grade": grade[0],
            "info_grade": grade[1],
            "plan_item": plan_item,
            "outside_plan": None if plan_item else rng.choice(words["outside_plan"]),
        }
    )


def _source(rng: Random, sketch: _Sketch, channel: Mapping[str, Any]) -> tuple[str, str]:
    if not channel["sources"]:
        # A source belongs to a unit: the same few pseudonyms come back.
        handler = sum(map(ord, sketch.unit_code)) % 70
        return "pseudonym", f"{_PSEUDONYMS}{handler:02d}{rng.randint(1, 6):02d}"
    number = rng.randint(3, 940)
    return "open", f"{MARKER}: {rng.choice(channel['sources']).format(so=number)}"


def _list_item(rng: Random, sketch: _Sketch) -> str | None:
    items, level = load("plan")["list_items"], str(sketch.level)
    if not sketch.level:
        return None
    special = ""
    if sketch.level == 1 and sketch.channel in {"foreign_customs", "international_body"}:
        special = "1_foreign"
    elif sketch.level == 1 and sketch.channel in {"declaration_system", "imaging"}:
        special = "1_selection"
    elif sketch.channel == "confidential_base":
        special = f"{level}_source"
    elif sketch.scene.kind == "land":
        special = f"{level}_border"
    chosen: str = rng.choice(items.get(special) or items[level])
    return chosen


def _handling(rng: Random, sketch: _Sketch) -> str:
    """What travels needs a code that lets it: H1 to leave the unit, H2 to leave the department."""
    if sketch.goal in BEFORE_DEPARTMENT:
        return rng.choices(("H0", "H1", "H2", "H3", "HX"), (3, 5, 5, 1, 1))[0]
    is_foreign = sketch.channel in {"foreign_customs", "international_body"}
    if sketch.goal == "shared_up":
        return rng.choices(("H2", "H3", "H4"), (7, 2, 3 if is_foreign else 0))[0]
    return rng.choices(("H1", "H2", "H3", "H4", "HX"), (8, 6, 1, 2 if is_foreign else 0, 1))[0]
