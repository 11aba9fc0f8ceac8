"""An installation in a folder, on a database of its own, and commands run against it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import NullPool, create_engine, text

from intelhub.audit import sequence_once
from intelhub.cli import cli
from intelhub.crypto import Vault, create_key_file, open_key_file

PASSPHRASE = "an invented passphrase"
LEADER, OFFICER, ANALYST, AUDITOR = "dung.tran", "an.nguyen", "binh.le", "yen.pham"


@dataclass(frozen=True)
class Installation:
    var: Path
    database: Any

    def run(self, *arguments: object, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli, [*map(str, arguments), "--var", str(self.var)], input=typed)

    def done(self, *arguments: object, typed: str | None = None) -> Result:
        result = self.run(*arguments, typed=typed)
        assert result.exit_code == 0, (result.output, result.exception)
        return result

    @property
    def vault(self) -> Vault:
        return Vault(open_key_file(self.var / "keys" / "root.key", PASSPHRASE))

    def sequence(self) -> None:
        engine = create_engine(self.database.sequencer_url, poolclass=NullPool)
        sequence_once(engine, self.vault)
        engine.dispose()

    def sql(self, statement: str, **parameters: object) -> list[Any]:
        engine = create_engine(self.database.superuser_url, poolclass=NullPool)
        with engine.begin() as connection:
            found = connection.execute(text(statement), parameters)
            rows = list(found) if found.returns_rows else []
        engine.dispose()
        return rows

    def entries(self, action: str) -> list[Any]:
        return self.sql(
            "select actor_id, object_id, rule, request_id, decision from audit_pending where action = :action"
            " union all select actor_id, object_id, rule, request_id, decision from audit_entries"
            " where action = :action",
            action=action,
        )


@pytest.fixture(scope="session")
def cli_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli-keys")
    folder.chmod(0o700)
    create_key_file(folder / "root.key", PASSPHRASE, demo=True)
    (folder / "passphrase").touch(mode=0o600)
    (folder / "passphrase").write_text(f"{PASSPHRASE}\n")
    return folder


def install(var: Path, keys: Path, database: Any) -> Installation:
    var.mkdir(mode=0o700)
    shutil.copytree(keys, var / "keys")
    (var / "keys").chmod(0o700)
    roles = ("app", "worker", "sequencer", "migrator")
    lines = [f"INTELHUB_{role.upper()}_URL={getattr(database, f'{role}_url')}" for role in roles]
    (var / "intelhub.env").touch(mode=0o600)
    (var / "intelhub.env").write_text("\n".join([*lines, "INTELHUB_DEMO=yes", ""]))
    return Installation(var, database)


@pytest.fixture(scope="session")
def peopled_template(cluster, migrated_template, cli_keys, tmp_path_factory) -> Iterator[str]:
    """The people of a border gate and its department, made once by the commands themselves."""
    with cluster.template_from(migrated_template) as database:
        made = install(tmp_path_factory.mktemp("peopled") / "var", cli_keys, database)
        made.done("org", "load", "VN-2006-2024")
        made.done("user", "create-first", "admin", "--name", "Quản trị")
        for username, name, function, unit in (
            (OFFICER, "Nguyễn Văn An", "group_officer", "15BB"),
            (LEADER, "Trần Thị Dung", "group_leader", "15BB"),
            (ANALYST, "Lê Bình", "analyst", "15ZZ"),
        ):
            made.done("user", "create", username, "--name", name)
            made.done("user", "post", username, function, unit)
            made.done("user", "clearance", username, 2)
        yield database.name


@pytest.fixture(autouse=True)
def _without_a_variable_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INTELHUB_VAR", "INTELHUB_SUPERUSER_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bare(database, cli_keys, tmp_path) -> Installation:
    """Tables without an organisation and without anybody."""
    return install(tmp_path / "var", cli_keys, database)


@pytest.fixture
def installation(cluster, peopled_template, cli_keys, tmp_path) -> Iterator[Installation]:
    with cluster.copy_of(peopled_template) as database:
        yield install(tmp_path / "var", cli_keys, database)


@pytest.fixture
def fields() -> dict[str, Any]:
    """A record as a line of a file says it, with nothing wrong."""
    return {
        "text": "Xe đầu kéo biển số 12C-123.45 chở phụ tùng ô tô khai xuất xứ Việt Nam, nghi hàng Trung Quốc.",
        "abstract": "Nghi gian lận xuất xứ phụ tùng ô tô",
        "learned_at": "2026-03-01T08:30:00+07:00",
        "happened_from": None,
        "happened_to": None,
        "place_unit": "15BB",
        "place_text": "Bãi xe cửa khẩu",
        "channel": "control_result",
        "source_kind": "open",
        "source": "Kiểm tra thực tế",
        "subjects": [{"kind": "vehicle", "name": "Xe đầu kéo", "identifier": "12C-123.45"}],
        "topic": "smuggling",
        "method": None,
        "urgency": "normal",
        "level": 1,
        "list_item": "VD-M-01",
        "handling": "H2",
        "source_grade": "C",
        "info_grade": "3",
        "plan_item": "KH-2026-01",
        "outside_plan": None,
    }


@pytest.fixture
def write_lines(tmp_path):
    def write(*lines: Any, name: str = "records.jsonl") -> Path:
        path = tmp_path / name
        content = [one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in lines]
        path.write_bytes(b"\n".join(content) + b"\n")
        return path

    return write
