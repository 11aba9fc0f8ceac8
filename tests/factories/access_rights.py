"""A small world of units, actors, labels and policies, drawn at random, for everything that holds for all of them."""

from __future__ import annotations

import random
from functools import cache
from uuid import UUID

from hypothesis import strategies as st

from intelhub.access import FUNCTIONS, HANDLING_CODES, Label, Policy, Reach
from intelhub.access.policy import KNOWN_DENIALS
from intelhub.platform.actor import Actor, Place, Post
from intelhub.platform.shipped import shipped

ROOT = UUID(int=0x100)
DEPARTMENTS = (UUID(int=0x210), UUID(int=0x220))
UNITS = {department: tuple(UUID(int=department.int + n) for n in (1, 2, 3)) for department in DEPARTMENTS}
PLACES = tuple(unit for department in DEPARTMENTS for unit in (department, *UNITS[department]))
PEOPLE = tuple(UUID(int=0x900 + n) for n in range(3))
COMPARTMENTS = (UUID(int=0xC1), UUID(int=0xC2))
ACTIONS = ("read", "search", "return", "forward", "evaluate", "collate", "share_up")
STATES = ("DRAFT", "SUBMITTED", "RECEIVED", "COLLATED")
POLICY_SEEDS = tuple(range(5))


@cache
def policy_of(seed: int) -> Policy:
    """Seed 0 is the shipped policy; the others are invented, with every reach, ceiling, handling code and guard."""
    model = (shipped("policies") / "model.conf").read_text("ascii")
    if seed == 0:
        return Policy(model, (shipped("policies") / "policy.csv").read_text("ascii"))
    chance = random.Random(seed)  # noqa: S311 - a test's world, the same each time
    lines = []
    for function, tiers in FUNCTIONS.items():
        for tier in sorted(tiers):
            for action in ACTIONS:
                for reach in Reach:
                    denied = (function, tier, f"record.{action}", reach) in KNOWN_DENIALS
                    denied |= reach is Reach.DISSEMINATION and action not in {"read", "search"}
                    if denied or chance.random() > 0.25 or len(lines) >= 180:
                        continue
                    ceiling = chance.randint(0, 3)
                    handling = chance.choice(("H0", "H0", "H1", "H2", "H3"))
                    guard = chance.choice(
                        (
                            "-",
                            "-",
                            "not_author",
                            "leaderless",
                            "own_unit",
                            "not_author+own_unit",
                            "not_author+leaderless",
                        )
                    )
                    lines.append(f"p, {function}, {tier}, record, {action}, {reach}, {ceiling}, {handling}, {guard}")
    lines += ["p2, onsite, 3", "p2, duty_room, 2", "p2, remote, 0", "p3, password, 0", "p3, totp, 1", "p3, demo, 3"]
    return Policy(model, "\n".join(lines) + "\n")


@st.composite
def posts(draw: st.DrawFn) -> Post:
    function = draw(st.sampled_from(sorted(FUNCTIONS)))
    tier = draw(st.sampled_from(sorted(FUNCTIONS[function])))
    department = draw(st.sampled_from(DEPARTMENTS))
    below = draw(st.frozensets(st.sampled_from(UNITS[department])))
    unit = department if tier == 2 else draw(st.sampled_from(UNITS[department]))
    return Post(
        function=function,
        tier=tier,
        unit_id=ROOT if tier == 1 else unit,
        unit_ids=frozenset({ROOT}) if tier == 1 else below | {unit},
        department_id=ROOT if tier == 1 else department,
        receiving_ids=frozenset() if tier == 1 else below | {unit} | ({department} if tier == 2 else frozenset()),
    )


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    clearance = draw(st.integers(0, 3))
    return Actor(
        user_id=draw(st.sampled_from(PEOPLE)),
        username="someone",
        posts=tuple(draw(st.lists(posts(), max_size=4))),
        clearance=clearance,
        ceiling=draw(st.integers(0, clearance)),
        compartments=draw(st.frozensets(st.sampled_from(COMPARTMENTS))),
        place=draw(st.sampled_from(Place)),
    )


@st.composite
def labels(draw: st.DrawFn) -> Label:
    department = draw(st.sampled_from(DEPARTMENTS))
    return Label(
        kind="record",
        object_id=UUID(int=0xFFFF),
        level=draw(st.integers(0, 3)),
        compartments=draw(st.frozensets(st.sampled_from(COMPARTMENTS))),
        owning_unit_id=draw(st.sampled_from((department, *UNITS[department]))),
        origin_department_id=department,
        author_id=draw(st.sampled_from(PEOPLE)),
        recipient_unit_ids=draw(st.frozensets(st.sampled_from(PLACES), max_size=3)),
        handling=draw(st.sampled_from(HANDLING_CODES)),
        exposure=draw(st.integers(0, 3)),
        state=draw(st.sampled_from(STATES)),
    )
