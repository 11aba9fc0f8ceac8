"""Builds the whole text of a record out of sentences that belong together, with its abstract and its subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from intelhub.demo.world import KIND_LETTERS, load, patterns
from intelhub.demo.writing import (
    Pattern,
    Scene,
    Writer,
    clauses,
    english_lines,
    parse,
    place_in_english,
    sentence,
    write_abstract,
)

_SEIZED = frozenset(
    {"smuggling", "illegal_carriage", "drugs", "wildlife", "weapons", "counterfeit", "cigarettes", "currency_gold"}
)
_WITHOUT_CARRIAGE = frozenset({"fuel", "currency_gold", "vat_refund", "illegal_carriage", "processing_abuse"})
_FEWEST, _MOST = 3, 9  # sentences
_ENGLISH_TOPICS = frozenset(
    {
        "smuggling", "drugs", "wildlife", "weapons", "counterfeit", "cigarettes", "waste", "dual_use", "false_origin",
        "false_value", "ecommerce_post",
    }
)  # fmt: skip
_ENGLISH_CHANNELS = frozenset({"foreign_customs", "international_body", "business", "other_customs", "technical_means"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A text with what was told in it."""

    text: str
    abstract: str
    method: str | None
    spot: str
    subjects: tuple[Mapping[str, str], ...]


@cache
def channels_for(topic: str, kind: str) -> Mapping[str, int]:
    """The channels through which this topic is heard of here, with their weights."""
    letter, found = KIND_LETTERS[kind], {}
    for code, channel in load("phrases_common")["channels"].items():
        if letter not in channel.get("kinds", letter) or topic not in channel.get("topics", [topic]):
            continue
        if any(parse(line).fits(kind) for line in clauses(topic, channel["mode"])):
            found[code] = channel["weight"]
    return found


def speaks_english(channel: str, scene: Scene) -> bool:
    """Whether this could have reached us in English."""
    return (
        channel in _ENGLISH_CHANNELS
        and scene.kind != "zone"
        and place_in_english(scene.place) != scene.place
        and scene.line.topic in _ENGLISH_TOPICS
    )


def _spots(clause: Pattern, scene: Scene) -> str:
    if scene.line.topic == "illegal_carriage":
        return "border"
    if scene.line.topic == "fuel":
        return "water"
    if scene.kind == "air":
        passengers = any(
            word in clause.text for word in ("hành khách", "hành lý", "nhập cảnh", "trong đai", "xách tay")
        )
        return "passengers" if passengers else "cargo"
    return ""


def _add(writer: Writer, told: list[str], lines: list[str], count: int) -> None:
    seen: set[str] = set()
    for _ in range(count):
        pattern = writer.pick([line for line in lines if line not in seen], fresh=True)
        if pattern is None:
            return
        seen.update(line for line in lines if parse(line) is pattern)
        told.append(sentence(writer.fill(pattern)))


def _actions(channel: Mapping[str, Any], topic: str) -> list[str]:
    actions = load("phrases_common")["action"]
    if channel["mode"] == "found" and topic not in _SEIZED:
        return list(actions["found_paper"])
    return list(actions[channel["mode"]])


def compose(rng: Random, scene: Scene, channel_code: str, level: int) -> Composed:
    """A text in Vietnamese of three to nine sentences."""
    words, told = load("phrases_common"), []
    channel, topic = words["channels"][channel_code], patterns()[scene.line.topic]
    writer = Writer(rng=rng, scene=scene, named={channel["mode"]})
    clause = writer.pick(topic[channel["mode"]])
    if clause is None:
        raise ValueError(f"{scene.line.topic} has nothing to tell through {channel_code}")
    writer.spots = _spots(clause, scene)
    opening = writer.pick(channel["open"])
    if opening is None:
        raise ValueError(f"{channel_code} cannot be heard on {scene.kind}")
    told.append(sentence(writer.fill(opening) + writer.fill(clause)))
    _add(writer, told, topic["detail"], rng.choice((1, 1, 2, 2)))
    if scene.line.topic not in _WITHOUT_CARRIAGE:
        _add(writer, told, words["carriage"], rng.choice((0, 1)))
    _add(writer, told, topic["why"], rng.choice((1, 1, 2)))
    _add(writer, told, words["history"], rng.choice((0, 0, 1)))
    _add(writer, told, _actions(channel, scene.line.topic), rng.choice((0, 1, 1, 1)))
    _add(writer, told, words["request"], rng.choice((0, 1)))
    if len(told) < _FEWEST:
        _add(writer, told, words["request"], _FEWEST - len(told))
    if level and len(told) < _MOST:
        _add(writer, told, words["secret"], rng.choice((0, 0, 1)))
    return Composed(
        text=" ".join(told),
        abstract=write_abstract(writer, topic["abstract"], rng=rng),
        method=clause.method or None,
        spot=writer.said_spot,
        subjects=tuple(writer.subjects.values()),
    )


def compose_english(rng: Random, scene: Scene, channel_code: str) -> Composed:
    """A text in English, as a partner abroad or a carrier would write it."""
    words, told = load("phrases_english"), []
    writer = Writer(rng=rng, scene=scene, language="en")
    lines = english_lines(words["fact"], KIND_LETTERS[scene.kind])
    if scene.line.topic in _SEIZED:  # what is forbidden has no declaration to quote
        lines = [line for line in lines if "{tk}" not in line]
    fact = parse(rng.choice(lines))
    opening = parse(rng.choice(words["open"][channel_code]))
    told.append(sentence(writer.fill(opening) + writer.fill(fact)))
    method = None
    if scene.declared:
        _add(writer, told, words["concealed"], 1)
        method = "false_description"
    elif scene.claimed:
        _add(writer, told, words["origin"], 1)
        method = "false_origin"
    _add(writer, told, words["detail"], rng.choice((1, 2)))
    _add(writer, told, words["why"], rng.choice((1, 2)))
    _add(writer, told, words["close"], rng.choice((1, 1, 2)))
    return Composed(
        text=" ".join(told),
        abstract=write_abstract(writer, words["abstract"], rng=rng),
        method=method,
        spot="",
        subjects=tuple(writer.subjects.values()),
    )


def vague_options(scene: Scene) -> list[Mapping[str, Any]]:
    """The observations without a culprit that fit a scene."""
    letter = KIND_LETTERS[scene.kind]
    return [
        option
        for option in load("phrases_common")["uncertain"]
        if (option["kinds"] == "*" or letter in option["kinds"]) and scene.line.topic in option["topics"]
    ]


def compose_vague(rng: Random, scene: Scene, option: Mapping[str, Any]) -> Composed:
    """Something seen or heard, without anybody to name."""
    words = load("phrases_common")
    writer = Writer(rng=rng, scene=scene, named={words["channels"][option["channels"][0]]["mode"]})
    told = [sentence(writer.fill(parse(option["text"])))]
    _add(writer, told, words["uncertain_close"], rng.choice((2, 3, 4)))
    goods = scene.line.goods
    return Composed(
        text=" ".join(told),
        abstract=write_abstract(writer, words["uncertain_abstract"], rng=rng),
        method=None,
        spot="",
        subjects=({"kind": "goods", "name": goods["vi"], "identifier": goods.get("hs", "")},),
    )


def amendment(rng: Random, scene: Scene) -> tuple[str, str]:
    """What a leader asked for, and the sentence the author then added."""
    choice = rng.choice(load("phrases_common")["returned"])
    return choice["comment"], sentence(Writer(rng=rng, scene=scene).fill(parse(choice["added"])))
