"""Brings the tables of an installation up to date; its keys are opened only where a migration has rows to seal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from intelhub.access import NOBODY, RIGHTS_SEALED
from intelhub.audit import count_acts, record_act
from intelhub.crypto import Vault, open_key_file, row_value
from intelhub.organisation import ORGANISATION_SEALED
from intelhub.platform.errors import Tampered
from intelhub.platform.migrate import upgrade
from intelhub.settings import Settings

_RECORDED = {"rights": RIGHTS_SEALED, "organisation": ORGANISATION_SEALED}


def upgrade_tables(settings: Settings) -> None:
    """Run the migrations this version brings; raises what `upgrade` and the opening of the key file raise."""
    upgrade(settings.url_for("migrator"), sealing=_WithKeys(settings))


class _WithKeys:
    """Seals with the keys of the installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _vault(self) -> Vault:
        passphrase = self._settings.passphrase_file.read_text(encoding="utf-8").strip()
        return Vault(open_key_file(self._settings.key_file, passphrase))

    def seal(self, table: str, values: Sequence[object]) -> bytes:
        """The seal `access.seals` puts on the same row, or `organisation.sealing` on the organisation."""
        return self._vault.right_mac(table.encode(), *map(row_value, values))

    def record(self, connection: Connection, what: str, rows: int) -> None:
        """Write an entry; a second one would mean that somebody took the seals away to have rows believed."""
        action = _RECORDED[what]
        with Session(connection, join_transaction_mode="rollback_only") as session:
            if count_acts(session, [action]):
                raise Tampered(
                    "What is in this database was sealed before, and its seals are gone. Restore the backup."
                )
            record_act(NOBODY, session, action, rule=f"{rows} rows")
            session.commit()
