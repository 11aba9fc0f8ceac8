"""The policy of `policies/`, asked through Casbin; the only module that may import it.

Casbin fails open in known ways, so here: nothing is ever loaded into, filtered in, added to or switched off in an
enforcer once it is built; an allow that names no line is a denial; empty requests never reach it; a file that Casbin
would read only in part is refused at start. Nobody outside this module may hold the enforcer.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import casbin
from casbin.core_enforcer import EnforceContext
from casbin.persist.adapters.string_adapter import StringAdapter

from intelhub.access.label import HANDLING_CODES, HIGHEST_LEVEL, REFER_TO_ORIGINATOR
from intelhub.access.permissions import FUNCTIONS, PERMISSIONS
from intelhub.access.reach import Reach
from intelhub.platform.actor import Place
from intelhub.platform.shipped import shipped

MOST_LINES = 200
"""Casbin's cost grows with its lines, and so does a reviewer's."""

STRENGTHS = ("password", "totp", "demo")
GUARDS = frozenset({"not_author", "own_unit", "leaderless"})
_NO_GUARD = "-"
_OF_RECIPIENTS = frozenset({"record.read", "record.search"})
_CANONICAL_LINE = re.compile(r"p[23]?(, [A-Za-z0-9_+-]+)+")
_COMMENT_LINE = re.compile(r"# [ -~]+")
_MATCHER_LINE = re.compile(r"(m[0-9]*) *=(.*)")
_SECTION_WIDTHS = {"p": 8, "p2": 2, "p3": 2}

KNOWN_DENIALS: tuple[tuple[str, int, str, Reach], ...] = (
    *(
        (function, tier, "record.read", reach)
        for function in ("auditor", "operator")
        for tier in (1, 2, 3)
        for reach in Reach
    ),
    *(("security_officer", 2, "record.read", reach) for reach in Reach),
    *(("operator", tier, "audit.read", Reach.ALL) for tier in (1, 2, 3)),
    *(("auditor", tier, "user.manage", Reach.ALL) for tier in (1, 2, 3)),
    *(("security_officer", 2, "user.manage", reach) for reach in Reach),
    # Whoever only writes never agrees to a lower level.
    *(
        (function, tier, "record.lower_level", reach)
        for function, tier in (("contributor", 2), ("contributor", 3), ("group_officer", 3))
        for reach in Reach
    ),
    *(("contributor", tier, "record.read", Reach.DISSEMINATION) for tier in (2, 3)),
    ("contributor", 3, "record.read", Reach.UNIT),
    ("group_officer", 3, "record.read", Reach.UNIT),
    ("group_leader", 3, "record.read", Reach.DEPARTMENT),
    ("analyst", 2, "record.read", Reach.ALL),
    ("analyst", 3, "record.read", Reach.DEPARTMENT),
    ("nobody", 1, "record.read", Reach.ALL),
)
"""What must be denied whatever the files say; asked through Casbin itself whenever a policy is loaded."""


class PolicyBroken(Exception):
    """The policy files cannot be trusted; the product does not start with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the policy: what a function may do, how far, up to which level, for which purpose, under which guard.

    `number` is the line of `policy.csv` it stands on.
    """

    function: str
    tier: int
    kind: str
    action: str
    reach: Reach
    ceiling: int
    handling: str
    guards: frozenset[str]
    number: int

    @property
    def permission(self) -> str:
        """The permission this line grants, such as `record.read`."""
        return f"{self.kind}.{self.action}"

    def __str__(self) -> str:
        guard = "+".join(sorted(self.guards, key=_guard_order)) or _NO_GUARD
        return ", ".join(
            (self.function, str(self.tier), self.kind, self.action, self.reach, str(self.ceiling), self.handling, guard)
        )


def _guard_order(guard: str) -> tuple[int, str]:
    return (0 if guard == "not_author" else 1, guard)


class Policy:
    """One reviewed policy in memory; it never changes, so any thread may ask it at any time."""

    __slots__ = (
        "_answers",
        "_by_key",
        "_enforcer",
        "_lock",
        "_place_ceilings",
        "_strength_ceilings",
        "lines",
        "version",
    )

    def __init__(self, model_text: str, policy_text: str) -> None:
        """Load both texts and prove them; raises `PolicyBroken` with the sentence that names the fault."""
        rows = _canonical_rows(policy_text)
        _check_model(model_text)
        self._enforcer = _build_enforcer(model_text, rows)
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, int, str], tuple[Line, ...]] = {}
        self.lines: tuple[Line, ...] = tuple(_read_line(row) for row in rows if row.section == "p")
        self._by_key = _by_key(self.lines)
        self.version: str = _version(model_text, rows)
        self._place_ceilings = {place: self._ceiling("2", place.value) for place in Place}
        self._strength_ceilings = {strength: self._ceiling("3", strength) for strength in STRENGTHS}
        self._prove_known_denials()

    def lines_for(self, function: str, tier: int, permission: str) -> tuple[Line, ...]:
        """The lines under which a function at a tier holds a permission, nearest reach first; none is a denial."""
        kind, _, action = permission.partition(".")
        if not (function and kind and action):
            raise ValueError("a request without function, kind or action is never decided")
        key = (function, tier, permission)
        answer = self._answers.get(key)
        if answer is None:
            asked = (self._ask(function, tier, kind, action, reach) for reach in Reach)
            answer = tuple(line for line in asked if line is not None)
            self._answers[key] = answer
        return answer

    def place_ceiling(self, place: Place) -> int:
        """The highest level a session at this place may show."""
        return self._place_ceilings[place]

    def strength_ceiling(self, strength: str) -> int:
        """The highest level a sign-in of this strength may open; an unknown strength is a `KeyError`."""
        return self._strength_ceilings[strength]

    def _ask(self, function: str, tier: int, kind: str, action: str, reach: Reach) -> Line | None:
        request = (function, str(tier), kind, action, reach.value)
        with self._lock:
            is_allowed, matched = self._enforcer.enforce_ex(*request)
        # Switched off, or asked of an empty policy, Casbin says yes and names no line.
        if is_allowed is not True or tuple(matched[:5]) != request:
            return None
        return self._by_key.get(request)

    def _ceiling(self, section: str, value: str) -> int:
        with self._lock:
            is_allowed, matched = self._enforcer.enforce_ex(
                EnforceContext(f"r{section}", f"p{section}", "e", f"m{section}"), value
            )
        if is_allowed is not True or len(matched) != _SECTION_WIDTHS["p2"] or matched[0] != value:
            raise PolicyBroken(f"policy.csv: no ceiling is written for {value}.")
        return _level(matched[1], f"the ceiling of {value}")

    def _prove_known_denials(self) -> None:
        for function, tier, permission, reach in KNOWN_DENIALS:
            kind, _, action = permission.partition(".")
            with self._lock:
                is_allowed, _ = self._enforcer.enforce_ex(function, str(tier), kind, action, reach.value)
            if is_allowed is not False:
                raise PolicyBroken(f"The policy allows what it must deny: {function}, {tier}, {permission}, {reach}.")


@cache
def current_policy() -> Policy:
    """The shipped policy, loaded once a process; raises `PolicyBroken`."""
    folder = shipped("policies")
    return load_policy(folder)


def load_policy(folder: Path) -> Policy:
    """Load `model.conf` and `policy.csv` of a folder; raises `PolicyBroken`."""
    try:
        texts = [(folder / name).read_bytes().decode("ascii") for name in ("model.conf", "policy.csv")]
    except UnicodeDecodeError as error:
        raise PolicyBroken(f"{folder}: a policy file is plain ASCII; byte {error.start} is not.") from error
    return Policy(*texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    number: int
    section: str
    values: tuple[str, ...]


def _canonical_rows(text: str) -> list[_Row]:
    """Every line as Casbin must read it; anything Casbin might skip, trim or read otherwise is refused."""
    if not text.endswith("\n"):
        raise PolicyBroken("policy.csv: the last line has no end.")
    lines = text.removesuffix("\n").split("\n")
    if len(lines) >= MOST_LINES:
        raise PolicyBroken(f"policy.csv: {len(lines)} lines; fewer than {MOST_LINES} can be reviewed.")
    rows = []
    for number, line in enumerate(lines, start=1):
        if _COMMENT_LINE.fullmatch(line):
            continue
        if not _CANONICAL_LINE.fullmatch(line):
            raise PolicyBroken(f"policy.csv, line {number}: not in canonical form.")
        section, *values = line.split(", ")
        if len(values) != _SECTION_WIDTHS.get(section, -1):
            raise PolicyBroken(f"policy.csv, line {number}: not a line of this model.")
        rows.append(_Row(number=number, section=section, values=tuple(values)))
    if not any(row.section == "p" for row in rows):
        raise PolicyBroken("policy.csv: there is no line in it.")
    return rows


def _check_model(text: str) -> None:
    found = (_MATCHER_LINE.match(line) for line in text.splitlines())
    matchers = {str(match[1]): str(match[2]) for match in found if match}
    loose = ("(", "[", "||", " or ", " in ")
    if matchers.keys() != {"m", "m2", "m3"} or any(one in matcher for matcher in matchers.values() for one in loose):
        raise PolicyBroken("model.conf: a matcher compares for equality and does nothing else.")
    effects = [line.strip() for line in text.splitlines() if line.startswith("e")]
    if effects != ["e = some(where (p.eft == allow))"]:
        raise PolicyBroken("model.conf: only a line that allows may allow.")


def _build_enforcer(model_text: str, rows: list[_Row]) -> casbin.Enforcer:
    text = "\n".join(", ".join((row.section, *row.values)) for row in rows)
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=model_text), StringAdapter(text))
    for section in _SECTION_WIDTHS:
        loaded = enforcer.get_model()["p"][section].policy
        if loaded != [list(row.values) for row in rows if row.section == section]:
            raise PolicyBroken(f"policy.csv: Casbin did not read the {section} lines as they stand.")
    return enforcer


def _read_line(row: _Row) -> Line:
    function, tier, kind, action, reach, ceiling, handling, guard = row.values
    where = f"line {row.number}"
    if not tier.isdigit() or int(tier) not in FUNCTIONS.get(function, ()):
        raise PolicyBroken(f"policy.csv, {where}: there is no {function} at tier {tier}.")
    if f"{kind}.{action}" not in PERMISSIONS:
        raise PolicyBroken(f"policy.csv, {where}: there is no permission {kind}.{action}.")
    if reach not in tuple(Reach):
        raise PolicyBroken(f"policy.csv, {where}: there is no reach {reach}.")
    if reach == Reach.DISSEMINATION and f"{kind}.{action}" not in _OF_RECIPIENTS:
        raise PolicyBroken(f"policy.csv, {where}: whoever receives reads, and has no {kind}.{action}.")
    if handling not in HANDLING_CODES or handling == REFER_TO_ORIGINATOR:
        raise PolicyBroken(f"policy.csv, {where}: {handling} is not a least handling code.")
    guards = frozenset() if guard == _NO_GUARD else frozenset(guard.split("+"))
    if guards - GUARDS:
        raise PolicyBroken(f"policy.csv, {where}: there is no guard {guard}.")
    line = Line(
        function=function,
        tier=int(tier),
        kind=kind,
        action=action,
        reach=Reach(reach),
        ceiling=_level(ceiling, where),
        handling=handling,
        guards=guards,
        number=row.number,
    )
    if str(line) != ", ".join(row.values):
        raise PolicyBroken(f"policy.csv, {where}: not in canonical form.")
    return line


def _by_key(lines: tuple[Line, ...]) -> dict[tuple[str, ...], Line]:
    found: dict[tuple[str, ...], Line] = {}
    for line in lines:
        key = (line.function, str(line.tier), line.kind, line.action, line.reach.value)
        if key in found:
            raise PolicyBroken(f"policy.csv, line {line.number}: says again what line {found[key].number} says.")
        found[key] = line
    return found


def _level(text: str, where: str) -> int:
    # As text, '9' is above '10': levels are numbers from here on.
    if not text.isdigit() or int(text) > HIGHEST_LEVEL:
        raise PolicyBroken(f"policy.csv, {where}: {text} is not a level.")
    return int(text)


def _version(model_text: str, rows: list[_Row]) -> str:
    significant = [line.strip() for line in model_text.splitlines() if line.strip() and not line.startswith("#")]
    significant += [", ".join((row.section, *row.values)) for row in rows]
    return hashlib.sha256("\n".join(significant).encode()).hexdigest()
