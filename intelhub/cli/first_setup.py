"""What `intelhub init` does, in an order in which every step may fail and the whole be run again."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from intelhub.access import RIGHTS_SEALED
from intelhub.audit import count_acts, record_act
from intelhub.cli.opening import CONSOLE, CommandRefused, system_work
from intelhub.cli.organisation_load import load_recorded
from intelhub.cli.output import say
from intelhub.cli.passphrases import new_passphrase, write_passphrase
from intelhub.crypto import create_key_file
from intelhub.organisation import read_template
from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message
from intelhub.platform.roles import LOGIN_ROLES, driver_address, initialise_database
from intelhub.settings import Settings, read_env_file, write_env_file
from intelhub.upgrading import upgrade_tables

_VARIABLES = {role: f"INTELHUB_{role.removeprefix('intelhub_').upper()}_URL" for role in LOGIN_ROLES}


@dataclass(frozen=True, kw_only=True)
class Installation:
    """An installation to be made."""

    var: Path
    superuser_url: str
    database: str
    organisation: str
    passphrase_file: Path | None
    auditors_passphrase_file: Path | None
    may_replace_passwords: bool

    def make(self) -> None:
        """Make everything that is not there yet, and say what comes next."""
        read_template(self.organisation)
        self._open_folder()
        known = read_env_file(self.var)
        passwords = self._passwords(known)
        self._make_keys()
        write_env_file(self.var, self._settings_to_write(passwords))
        settings = Settings.load(self.var, {})
        say("preparing roles and database")
        initialise_database(self._address.render_as_string(hide_password=False), self.database, passwords)
        say("making the tables")
        upgrade_tables(settings)
        say(f"loading the organisation {self.organisation}")
        with system_work(self.var, role="migrator") as acting, acting.begin() as session:
            load_recorded(session, self.organisation)
            if not count_acts(session, [RIGHTS_SEALED]):
                # Nobody has rights yet; from here on no migration believes rights without a seal.
                record_act(CONSOLE, session, RIGHTS_SEALED, rule="0 rows")
        self._say_what_comes_next(settings)

    @cached_property
    def _address(self) -> URL:
        try:
            url = make_url(self.superuser_url)
        except ArgumentError:
            url = None
        if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
            # What was given may hold a password and is not repeated.
            raise CommandRefused(
                "The address of the server cannot be read. Write it as postgresql://postgres@db.example/postgres"
            )
        return url.set(drivername="postgresql+psycopg")

    def _open_folder(self) -> None:
        self.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.var.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CommandRefused(
                Message("Other users of this machine may enter %(var)s. Run: chmod 700 %(var)s", {"var": str(self.var)})
            )

    def _passwords(self, known: Mapping[str, str]) -> dict[str, str]:
        """The roles' passwords: those of a run before, else new ones if nobody else uses these roles."""
        kept = {role: make_url(known[name]).password for role, name in _VARIABLES.items() if name in known}
        strange = [role for role in self._roles_there() if not kept.get(role)]
        if strange and not self.may_replace_passwords:
            raise CommandRefused(
                Message(
                    "The server has the role %(role)s already, and its password is not in this folder: another"
                    " installation may be using it. Use another server, or add --replace-passwords if nobody does.",
                    {"role": strange[0]},
                )
            )
        return {role: kept.get(role) or secrets.token_urlsafe(24) for role in LOGIN_ROLES}

    def _roles_there(self) -> list[str]:
        address = driver_address(self._address.render_as_string(hide_password=False))
        try:
            with psycopg.connect(address, connect_timeout=10) as connection:
                rows = connection.execute(
                    "select rolname from pg_roles where rolname = any(%s) order by rolname", (list(LOGIN_ROLES),)
                ).fetchall()
        except psycopg.Error as error:
            raise Unavailable(
                Message(
                    "The database does not answer: %(reason)s",
                    {"reason": (str(error).strip().splitlines() or ["no reason given"])[0]},
                )
            ) from error
        return [str(row[0]) for row in rows]

    def _make_keys(self) -> None:
        key_file = self.var.absolute() / "keys" / "root.key"
        if key_file.exists():
            say(f"the keys in {key_file.parent} are kept")
            return
        passphrase = new_passphrase("of the server's keys", self.passphrase_file)
        auditors = new_passphrase("of the auditors' key, chosen by the auditors", self.auditors_passphrase_file)
        create_key_file(key_file, passphrase, demo=False, auditors_passphrase=auditors)
        if self.passphrase_file is None:
            write_passphrase(key_file.with_name("passphrase"), passphrase)

    def _settings_to_write(self, passwords: Mapping[str, str]) -> dict[str, str]:
        base = self._address.set(database=self.database)
        written = {
            _VARIABLES[role]: base.set(username=role, password=passwords[role]).render_as_string(hide_password=False)
            for role in LOGIN_ROLES
        }
        if self.passphrase_file is not None:
            written["INTELHUB_PASSPHRASE_FILE"] = str(self.passphrase_file.absolute())
        return written

    def _say_what_comes_next(self, settings: Settings) -> None:
        keys = settings.key_file.parent
        say(f"intelhub is installed in {settings.var}. Next:")
        say(f"  1. Back up {settings.key_file} and, at another place, its passphrase: without both, no record can ever")
        say("     be read again, by anybody. Then run: intelhub keys backup-recorded")
        say(f"  2. Give {keys / 'auditors.key'} to the auditors and remove it here.")
        say("  3. Make the first administrator: intelhub user create-first USERNAME --name NAME")
        if self.passphrase_file is None:
            say(f"  4. {settings.passphrase_file} opens the keys at every start. A credential of the service manager")
            say("     is a safer place; name it in INTELHUB_PASSPHRASE_FILE and remove the file.")
