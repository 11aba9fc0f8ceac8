"""Casbin fails open in known ways; each of them, tried on our policy, ends in a denial or in no start at all."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import casbin
import pytest

from intelhub.access import FUNCTIONS, PERMISSIONS, Policy, PolicyBroken, Reach, current_policy
from intelhub.access.policy import KNOWN_DENIALS, MOST_LINES, load_policy
from intelhub.platform.shipped import shipped

ROOT = Path(__file__).resolve().parents[2]
MODEL = (shipped("policies") / "model.conf").read_text("ascii")
LINES = (shipped("policies") / "policy.csv").read_text("ascii")
FIRST = "p, contributor, 2, record, create, author, 3, H0, own_unit"
CEILINGS = "p2, onsite, 3\np2, duty_room, 3\np2, remote, 0\np3, password, 0\np3, totp, 1\np3, demo, 3\n"


def test_an_empty_policy_allows_everything_in_casbin_and_starts_nothing_here():
    naked = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL.replace('r.function != "" && ', "")))
    assert naked.enforce("", "", "", "", "") is True  # the danger is real
    for text in ("", "\n", "# only words\n", CEILINGS):
        with pytest.raises(PolicyBroken):
            Policy(MODEL, text)


def test_the_matcher_itself_denies_an_empty_request_of_an_empty_policy():
    naked = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL))
    assert naked.enforce("", "", "", "", "") is False


@pytest.mark.parametrize(("function", "permission"), [("", "record.read"), ("analyst", ".read"), ("analyst", "record."),
                                                      ("analyst", "record"), ("analyst", "")])  # fmt: skip
def test_empty_requests_never_reach_casbin(function, permission):
    with pytest.raises(ValueError, match="never decided"):
        current_policy().lines_for(function, 2, permission)


def test_an_enforcer_switched_off_denies():
    policy = Policy(MODEL, LINES)
    policy._enforcer.enable_enforce(False)
    assert policy._enforcer.enforce("nobody", "1", "record", "read", "all") is True  # the danger is real
    for function, tiers in FUNCTIONS.items():
        for tier in tiers:
            assert policy.lines_for(function, tier, "record.read") == ()


def test_an_enforcer_emptied_under_our_hands_denies():
    policy = Policy(MODEL, LINES)
    policy._enforcer.clear_policy()
    assert policy.lines_for("analyst", 2, "record.read") == ()


def test_a_line_slipped_into_a_running_enforcer_grants_nothing():
    policy = Policy(MODEL, LINES)
    policy._enforcer.get_model().add_policy("p", "p", ["auditor", "1", "record", "read", "all", "3", "H0", "-"])
    assert policy._enforcer.enforce("auditor", "1", "record", "read", "all") is True
    assert policy.lines_for("auditor", 1, "record.read") == ()


FORBIDDEN = {
    "enable_enforce", "load_filtered_policy", "load_increment_filtered_policy", "FastEnforcer", "SyncedEnforcer",
    "AsyncEnforcer", "DistributedEnforcer", "add_policy", "add_policies", "remove_policy", "clear_policy", "set_model",
    "set_adapter", "set_effector", "set_watcher", "load_policy_line", "add_function", "build_role_links", "save_policy",
    "start_auto_load_policy", "batch_enforce",
}  # fmt: skip


def test_nothing_in_the_product_touches_casbin_but_the_policy_module_and_it_never_mutates():
    importers = set()
    for path in (ROOT / "intelhub").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] == "casbin" for name in names):
                importers.add(path.relative_to(ROOT).as_posix())
            called = getattr(node, "attr", None) or getattr(node, "id", None)
            assert called not in FORBIDDEN, f"{path}: {called}"
    assert importers == {"intelhub/access/policy.py"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (LINES.removesuffix("\n"), "no end"),
        (LINES.replace("p, analyst, 2", "P, analyst, 2", 1), "canonical"),
        (LINES.replace("p, analyst, 2", "p,analyst, 2", 1), "canonical"),
        (LINES.replace("p, analyst, 2", " p, analyst, 2", 1), "canonical"),
        (LINES.replace("p, analyst, 2", "p, analyst, 2 ", 1), "canonical"),
        (LINES.replace("\n", "\r\n", 1), "canonical"),
        (LINES.replace("p, analyst, 2", "\np, analyst, 2", 1), "canonical"),
        (LINES.replace("p, analyst, 2", "#p, analyst, 2", 1), "canonical"),
        (LINES.replace("analyst", "an\u200balyst", 1), "canonical"),
        (LINES.replace("record, read, department, 3", "record, read, (department, 3)", 1), "canonical"),
        (LINES.replace("p2, remote, 0\n", "p4, remote, 0\n"), "canonical"),
        (LINES + FIRST + ", extra\n", "not a line of this model"),
        (LINES + FIRST + "\n", "says again"),
        (LINES + FIRST.replace(", 3, H0", ", 1, H0") + "\n", "says again"),
        (LINES + "p, contributor, 1, record, read, author, 3, H0, -\n", "no contributor at tier 1"),
        (LINES + "p, janitor, 1, record, read, author, 3, H0, -\n", "no janitor"),
        (LINES + "p, leader, 1, record, burn, all, 3, H0, -\n", "no permission record.burn"),
        (LINES + "p, leader, 1, record, evaluate, world, 3, H0, -\n", "no reach"),
        (LINES + "p, analyst, 2, record, evaluate, dissemination, 3, H0, -\n", "whoever receives reads"),
        (LINES + "p, analyst, 2, record, export, dissemination, 3, H0, -\n", "whoever receives reads"),
        (LINES + "p, leader, 1, record, evaluate, all, 9, H0, -\n", "not a level"),
        (LINES + "p, leader, 1, record, evaluate, all, -1, H0, -\n", "not a level"),
        (LINES + "p, leader, 1, record, evaluate, all, 3, HX, -\n", "not a least handling"),
        (LINES + "p, leader, 1, record, evaluate, all, 3, H0, unless_friday\n", "no guard"),
        (LINES + "p, leader, 1, record, evaluate, all, 3, H0, own_unit+not_author\n", "canonical"),
        (LINES.replace("p2, remote, 0\n", ""), "no ceiling is written for remote"),
        (LINES.replace("p3, totp, 1\n", ""), "no ceiling is written for totp"),
        (LINES.replace("p2, remote, 0", "p2, remote, 4"), "not a level"),
        (LINES + "# filler\n" * MOST_LINES, "fewer than"),
    ],
)  # fmt: skip
def test_a_policy_file_that_casbin_would_read_in_part_is_refused(fault, said):
    assert fault != LINES
    with pytest.raises(PolicyBroken, match=said):
        Policy(MODEL, fault)


def test_files_with_invisible_letters_are_refused(tmp_path):
    (tmp_path / "model.conf").write_text(MODEL, "utf-8")
    (tmp_path / "policy.csv").write_text(LINES.replace("# Who", "# \u200bWho", 1), "utf-8")
    with pytest.raises(PolicyBroken, match="ASCII"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    "fault",
    [
        MODEL.replace("r.function == p.function", "r.function == r.function"),
        MODEL.replace(" && r.reach == p.reach", " || r.reach == p.reach"),
        MODEL.replace("m = ", "m = eval(p.guard) && "),
        MODEL.replace("m = ", 'm = r.function in ("root") || '),
        MODEL.replace("some(where (p.eft == allow))", "!some(where (p.eft == deny))"),
        MODEL.replace("m2 = ", "m9 = "),
        "",
    ],
)
def test_a_model_that_can_say_yes_without_a_line_is_refused(fault):
    assert fault != MODEL
    with pytest.raises(PolicyBroken, match=r"model\.conf|must deny"):
        Policy(fault, LINES)


@pytest.mark.parametrize(("function", "tier", "permission", "reach"), KNOWN_DENIALS)
def test_each_known_denial_keeps_a_policy_that_grants_it_from_starting(function, tier, permission, reach):
    if tier not in FUNCTIONS.get(function, ()):
        assert current_policy().lines_for(function, tier, permission) == ()
        return
    kind, action = permission.split(".")
    grant = f"p, {function}, {tier}, {kind}, {action}, {reach}, 3, H0, -\n"
    with pytest.raises(PolicyBroken, match=r"must deny|whoever receives reads"):
        Policy(MODEL, LINES + grant)


def test_levels_are_numbers_and_not_words():
    for line in current_policy().lines:
        assert type(line.ceiling) is int


def test_the_shipped_files_are_short_and_every_permission_has_a_line():
    assert len(LINES.splitlines()) < MOST_LINES
    assert {line.permission for line in current_policy().lines} == set(PERMISSIONS)
    assert {line.function for line in current_policy().lines} == set(FUNCTIONS)


def test_the_version_changes_with_a_rule_and_not_with_a_comment():
    version = current_policy().version
    assert len(version) == 64
    assert Policy(MODEL, "# another word\n" + LINES).version == version
    assert Policy(MODEL, LINES.replace("p3, totp, 1", "p3, totp, 2")).version != version
    assert Policy(MODEL + "\n", LINES).version == version


def test_sixteen_threads_get_the_answers_of_one():
    def ask(policy: Policy) -> list[object]:
        return [
            policy.lines_for(function, tier, permission)
            for function, tiers in FUNCTIONS.items()
            for tier in sorted(tiers)
            for permission in ("record.read", "record.forward", "audit.read")
        ]

    expected = ask(current_policy())
    shared = Policy(MODEL, LINES)
    answers: list[list[object]] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(shared))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert all(answer == expected for answer in answers)


def test_every_answer_is_the_line_that_was_asked_for():
    policy = current_policy()
    for line in policy.lines:
        assert line in policy.lines_for(line.function, line.tier, line.permission)
    for function, tiers in FUNCTIONS.items():
        for tier in tiers:
            for permission in PERMISSIONS:
                for line in policy.lines_for(function, tier, permission):
                    assert (line.function, line.tier, line.permission) == (function, tier, permission)
                    assert line.reach in Reach
