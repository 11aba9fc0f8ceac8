"""`intelhub init`: a new installation on a PostgreSQL server of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from intelhub.cli.options import MIGRATOR, Command, file_option, var_option


@click.command(cls=Command, roles=("the server's superuser, for this command alone", MIGRATOR))
@var_option
@click.option(
    "--superuser-url",
    envvar="INTELHUB_SUPERUSER_URL",
    show_envvar=True,
    required=True,
    help="The server as its superuser reaches it: postgresql://postgres@db.example/postgres. A password is better"
    " given in the variable than on the command line, where other users of the machine can read it.",
)
@click.option("--database", default="intelhub", show_default=True, help="The database to make.")
@click.option("--organisation", default="VN-2006-2024", show_default=True, help="The organisation to begin with.")
@file_option("--passphrase-file", "A file with the passphrase of the keys; it is read at every start.")
@file_option("--auditors-passphrase-file", "A file with the passphrase that the auditors chose.")
@click.option("--replace-passwords", is_flag=True, help="Take over roles that another installation left behind.")
def init(
    var: Path,
    superuser_url: str,
    database: str,
    organisation: str,
    passphrase_file: Path | None,
    auditors_passphrase_file: Path | None,
    replace_passwords: bool,
) -> None:
    """Make a new installation: folder, keys, roles, tables, organisation.

    Asks twice for two passphrases of at least 15 characters, one for the server and one of the auditors. It may be
    run again after a failure: what is there already is kept.
    """
    from intelhub.cli.first_setup import Installation

    Installation(
        var=var,
        superuser_url=superuser_url,
        database=database,
        organisation=organisation,
        passphrase_file=passphrase_file,
        auditors_passphrase_file=auditors_passphrase_file,
        may_replace_passwords=replace_passwords,
    ).make()
