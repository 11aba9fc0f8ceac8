"""What an installation decides, read once at the start from `<var>/intelhub.env` and the environment."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from intelhub.crypto import is_demo_key_file
from intelhub.platform.errors import IntelhubError
from intelhub.platform.messages import Message

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ENV_FILE = "intelhub.env"
_LINE = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
# Where files stand inside the settings' folder unless said otherwise.
_PLACES = {"key_file": "keys/root.key", "passphrase_file": "keys/passphrase"}
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}

DatabaseRole = Literal["app", "worker", "sequencer", "migrator"]


class SettingsRefused(IntelhubError):
    """The installation is not set up in a way that may run."""


class Secret:
    """A text that shows itself to nobody by accident: not in a log, a traceback or a debugger's list."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call this only where it is used."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDescription:
    """One setting as the reference page shows it."""

    variable: str
    default: str
    doc: str


def _about(variable: str, doc: str, read: Callable[[str, str], object]) -> Mapping[str, Any]:
    """A field's metadata: it is set from `variable`, whose text `read(variable, text)` turns into the value."""
    return {"variable": variable, "doc": doc, "read": read}


def _in_words(setting: dataclasses.Field[Any]) -> str:
    value = setting.default
    if setting.name in _PLACES:
        return f"<var>/{_PLACES[setting.name]}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else ",".join(value) if isinstance(value, tuple) else str(value)


def _refuse(msgid: str, **parameters: object) -> SettingsRefused:
    return SettingsRefused(Message(msgid, parameters))


def _number(low: int, high: int) -> Callable[[str, str], int]:
    def read(variable: str, text: str) -> int:
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        raise _refuse(
            "%(variable)s must be a whole number from %(low)d to %(high)d, and it is “%(text)s”.",
            variable=variable,
            low=low,
            high=high,
            text=text,
        )

    return read


_LIMIT = _number(1, 8784)


def _yes_or_no(variable: str, text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise _refuse("%(variable)s must be yes or no, and it is “%(text)s”.", variable=variable, text=text)


def _path(variable: str, text: str) -> Path:
    if not Path(text).is_absolute():
        raise _refuse("%(variable)s must be a path from the root, and it is “%(text)s”.", variable=variable, text=text)
    return Path(text)


def _database(variable: str, text: str) -> Secret:
    if not text.startswith("postgresql+psycopg://"):
        # The text may hold a password and is not repeated.
        raise _refuse("%(variable)s must begin with postgresql+psycopg://", variable=variable)
    return Secret(text)


def _search_server(variable: str, text: str) -> Secret:
    # The text may hold a password and is not repeated.
    for one in text.split(","):
        try:
            found = urlsplit(one)
        except ValueError:
            raise _refuse("%(variable)s must begin with https:// and name a host.", variable=variable) from None
        if found.scheme not in {"http", "https"} or not found.hostname:
            raise _refuse("%(variable)s must begin with https:// and name a host.", variable=variable)
        if found.scheme == "http" and found.hostname not in {"127.0.0.1", "::1", "localhost"}:
            raise _refuse(
                "%(variable)s must begin with https:// where the server is another machine.", variable=variable
            )
    return Secret(text)


def _names(variable: str, text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if names and all(re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:]+\]", name) for name in names):
        return names
    raise _refuse(
        "%(variable)s must be host names without port, separated by commas, and it is “%(text)s”.",
        variable=variable,
        text=text,
    )


def _host(variable: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise _refuse(
            "%(variable)s must be an address such as 127.0.0.1, and it is “%(text)s”.", variable=variable, text=text
        ) from None


def _networks(variable: str, text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError:
        raise _refuse(
            "%(variable)s must be networks such as 10.15.0.0/16, separated by commas, and it is “%(text)s”.",
            variable=variable,
            text=text,
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an installation can decide; each field says in its metadata which variable sets it."""

    var: Path
    app_url: Secret | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_APP_URL", "The database as the application reaches it (role intelhub_app).", _database
        ),
    )
    worker_url: Secret | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_WORKER_URL", "The database as the worker reaches it (role intelhub_worker).", _database
        ),
    )
    sequencer_url: Secret | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_SEQUENCER_URL",
            "The database as the audit sequencer reaches it (role intelhub_sequencer); only the worker needs it.",
            _database,
        ),
    )
    migrator_url: Secret | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_MIGRATOR_URL",
            "The database as migrations reach it (role intelhub_migrator); keep it away from the running services.",
            _database,
        ),
    )
    elasticsearch_url: Secret | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_ELASTICSEARCH_URL",
            "The search server, with a user of the role intelhub_search; several nodes parted by commas. Empty: every"
            " search is answered by sealed parts of the database.",
            _search_server,
        ),
    )
    elasticsearch_worker_url: Secret | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_ELASTICSEARCH_WORKER_URL",
            "The same with a user of the role intelhub_index; only the worker needs it.",
            _search_server,
        ),
    )
    elasticsearch_ca_file: Path | None = field(
        default=None,
        metadata=_about(
            "INTELHUB_ELASTICSEARCH_CA_FILE", "The certificate that the search server's own is signed with.", _path
        ),
    )
    key_file: Path = field(metadata=_about("INTELHUB_KEY_FILE", "The sealed file with the root keys.", _path))
    passphrase_file: Path = field(
        metadata=_about(
            "INTELHUB_PASSPHRASE_FILE",
            "The file with the passphrase that opens the key file, such as a credential of systemd.",
            _path,
        )
    )
    host: str = field(default="127.0.0.1", metadata=_about("INTELHUB_HOST", "The address to listen on.", _host))
    port: int = field(default=8080, metadata=_about("INTELHUB_PORT", "The port to listen on.", _number(1, 65535)))
    trusted_hosts: tuple[str, ...] = field(
        default=("localhost", "127.0.0.1"),
        metadata=_about(
            "INTELHUB_TRUSTED_HOSTS",
            "The host names under which people reach the server; a request for any other is refused.",
            _names,
        ),
    )
    onsite_networks: tuple[Network, ...] = field(
        default=(),
        metadata=_about(
            "INTELHUB_ONSITE_NETWORKS",
            "The networks of the premises: sessions on site and in the duty room live there alone. Empty: the place is"
            " what the person says, and the log keeps it.",
            _networks,
        ),
    )
    demo: bool = field(
        default=False,
        metadata=_about(
            "INTELHUB_DEMO", "Offer sign-in with one click; needs a demo key and a loopback address.", _yes_or_no
        ),
    )
    cookie_secure: bool = field(
        default=True,
        metadata=_about(
            "INTELHUB_COOKIE_SECURE",
            "Send cookies over HTTPS only; may be switched off on a loopback address only.",
            _yes_or_no,
        ),
    )
    session_idle_minutes: int = field(
        default=15,
        metadata=_about(
            "INTELHUB_SESSION_IDLE_MINUTES", "A session ends after so many minutes without a request.", _number(1, 720)
        ),
    )
    session_absolute_minutes: int = field(
        default=480,
        metadata=_about(
            "INTELHUB_SESSION_ABSOLUTE_MINUTES", "A session ends after so many minutes in any case.", _number(1, 1440)
        ),
    )
    web_processes: int = field(
        default=2, metadata=_about("INTELHUB_WEB_PROCESSES", "Processes that answer requests.", _number(1, 64))
    )
    web_threads: int = field(
        default=4, metadata=_about("INTELHUB_WEB_THREADS", "Threads in each of these processes.", _number(1, 64))
    )
    review_hours: int = field(
        default=24,
        metadata=_about(
            "INTELHUB_REVIEW_HOURS", "A submitted record that nobody dealt with for so many hours is late.", _LIMIT
        ),
    )
    grading_hours: int = field(
        default=72,
        metadata=_about(
            "INTELHUB_GRADING_HOURS", "A received record to which nothing was done for so many hours is late.", _LIMIT
        ),
    )
    collating_hours: int = field(
        default=168,
        metadata=_about(
            "INTELHUB_COLLATING_HOURS", "A graded record to which nothing was done for so many hours is late.", _LIMIT
        ),
    )
    sharing_hours: int = field(
        default=168,
        metadata=_about(
            "INTELHUB_SHARING_HOURS",
            "A collated record that may be shared up and was not within so many hours is late.",
            _LIMIT,
        ),
    )
    search_memory_mb: int = field(
        default=512,
        metadata=_about(
            "INTELHUB_SEARCH_MEMORY_MB",
            "Megabytes each process may use to keep opened search segments.",
            _number(16, 65536),
        ),
    )

    @classmethod
    def load(cls, var: Path, environ: Mapping[str, str]) -> Settings:
        """Read `<var>/intelhub.env`, let INTELHUB_* of `environ` win, and refuse what may not run.

        Raises `SettingsRefused` with a sentence: an unreadable folder, a bad value, a missing or exposed key file,
        a demo that strangers could reach, a demo key outside the demo.
        """
        values = read_env_file(var) | {name: environ[name] for name in _VARIABLES if name in environ}
        read: dict[str, Any] = {"var": var.absolute()}
        for setting in _settings_of(cls):
            text = values.get(setting.metadata["variable"], "")
            if text:
                read[setting.name] = setting.metadata["read"](setting.metadata["variable"], text)
            elif setting.name in _PLACES:
                read[setting.name] = var.absolute() / _PLACES[setting.name]
        settings = cls(**read)
        settings._refuse_what_may_not_run()
        return settings

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Load from the folder that INTELHUB_VAR names (`var` in the working directory when it does not)."""
        return cls.load(Path(environ.get("INTELHUB_VAR") or "var"), environ)

    def url_for(self, role: DatabaseRole) -> str:
        """The database address of a role; raises `SettingsRefused` when this installation does not give it."""
        secret: Secret | None = getattr(self, f"{role}_url")
        if secret is None:
            raise _refuse(
                "%(variable)s is not set. Put it into %(file)s or into the environment.",
                variable=f"INTELHUB_{role.upper()}_URL",
                file=self.var / ENV_FILE,
            )
        return secret.reveal()

    def search_server_for(self, role: DatabaseRole) -> str | None:
        """The search server's address for a role; None where there is none, or it is none of the role's business."""
        secret = {"app": self.elasticsearch_url, "worker": self.elasticsearch_worker_url}.get(role)
        return secret.reveal() if secret else None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return ipaddress.ip_address(self.host).is_loopback

    def _refuse_what_may_not_run(self) -> None:
        _refuse_unreadable("INTELHUB_KEY_FILE", self.key_file)
        _refuse_unreadable("INTELHUB_PASSPHRASE_FILE", self.passphrase_file)
        demo_key = is_demo_key_file(self.key_file)
        if self.demo and not self.on_loopback:
            raise _refuse(
                "The demo signs anybody in with one click, so it listens on this machine only, and INTELHUB_HOST is"
                " %(host)s. Set it to 127.0.0.1, or switch INTELHUB_DEMO off.",
                host=self.host,
            )
        if self.demo and not demo_key:
            raise _refuse(
                "The demo signs anybody in with one click, and %(path)s is a key for real data. Choose another folder"
                " for the demo, or switch INTELHUB_DEMO off.",
                path=self.key_file,
            )
        if demo_key and not self.demo:
            raise _refuse(
                "%(path)s is a demo key, whose passphrase everybody knows. Make a key of your own with"
                " “intelhub init” in another folder.",
                path=self.key_file,
            )
        if not self.cookie_secure and not self.on_loopback:
            raise _refuse(
                "INTELHUB_COOKIE_SECURE is no, and INTELHUB_HOST is %(host)s: sessions could be read on the network."
                " Leave it on, and let a proxy bring HTTPS.",
                host=self.host,
            )
        if self.session_idle_minutes > self.session_absolute_minutes:
            raise _refuse("INTELHUB_SESSION_IDLE_MINUTES is longer than INTELHUB_SESSION_ABSOLUTE_MINUTES.")


def describe_settings() -> tuple[SettingDescription, ...]:
    """Every setting with its default and what it does, for the generated reference page."""
    return tuple(
        SettingDescription(
            variable=setting.metadata["variable"],
            default=_in_words(setting),
            doc=setting.metadata["doc"],
        )
        for setting in _settings_of(Settings)
    )


def write_env_file(var: Path, changes: Mapping[str, str]) -> None:
    """Set values in `<var>/intelhub.env`, keeping every other line; the file is replaced whole and stays 0600."""
    unknown = set(changes) - set(_VARIABLES)
    if unknown or any("\n" in value for value in changes.values()):
        raise ValueError(f"not settings: {sorted(unknown) or 'a value of several lines'}")
    path = var / ENV_FILE
    kept = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = [line for line in kept if line.split("=", 1)[0].strip() not in changes]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in changes.items())]) + "\n"
    unfinished = var / f"{ENV_FILE}.unfinished"
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _settings_of(cls: type[Settings]) -> Iterator[dataclasses.Field[Any]]:
    return (candidate for candidate in dataclasses.fields(cls) if candidate.metadata)


_VARIABLES = tuple(setting.metadata["variable"] for setting in _settings_of(Settings))


def read_env_file(var: Path) -> dict[str, str]:
    """The values of `<var>/intelhub.env`, empty when there is none; raises `SettingsRefused` naming a bad line."""
    path = var / ENV_FILE
    try:
        if not var.is_dir():
            raise _refuse("There is no folder %(var)s. Make it with “intelhub init”, or name another one.", var=var)
        if not os.access(var, os.R_OK | os.X_OK):
            raise _refuse("The folder %(var)s cannot be read. Give it to the user who runs intelhub.", var=var)
        if not path.exists():
            return {}
        if path.stat().st_mode & 0o077:
            raise _refuse("%(path)s holds passwords, and others may read it. Run: chmod 600 %(path)s", path=path)
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _refuse(
            "%(path)s cannot be read: %(reason)s.", path=path, reason=getattr(error, "strerror", None) or "not UTF-8"
        ) from error
    values: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or match["name"] not in _VARIABLES:
            # Only the name is repeated: the rest of the line may be a password.
            raise _refuse(
                "Line %(number)d of %(path)s is no setting of intelhub: “%(name)s”.",
                number=number,
                path=path,
                name=line.split("=", 1)[0][:60] if "=" in line else "…",
            )
        value = match["value"].strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        values[match["name"]] = value[1:-1] if quoted else value
    return values


def _refuse_unreadable(variable: str, path: Path) -> None:
    if not path.is_file():
        raise _refuse(
            "There is no file %(path)s (%(variable)s). Make the keys with “intelhub init”, or name the right path.",
            path=path,
            variable=variable,
        )
    if not os.access(path, os.R_OK):
        raise _refuse("%(path)s (%(variable)s) cannot be read by this user.", path=path, variable=variable)
    if path.stat().st_mode & 0o007:
        raise _refuse(
            "%(path)s (%(variable)s) is open to everybody. Run: chmod 600 %(path)s", path=path, variable=variable
        )
