"""`intelhub db`: bringing the tables up to date, and telling whether they are."""

from __future__ import annotations

import warnings
from pathlib import Path

import click

from intelhub.cli.options import MIGRATOR, Subject, var_option
from intelhub.cli.output import say


@click.group(cls=Subject)
def db() -> None:
    """Bring the tables up to date, and check them."""


@db.command("upgrade", roles=(MIGRATOR,))
@var_option
def upgrade_tables(var: Path) -> None:
    """Run the migrations that this version brings; nothing happens when there are none."""
    from intelhub.cli.opening import load_settings
    from intelhub.platform.migrate import current_revision, newest_revision
    from intelhub.upgrading import upgrade_tables

    settings = load_settings(var)
    url = settings.url_for("migrator")
    before = current_revision(url)
    if before == newest_revision():
        say(f"The tables are up to date ({before}).")
        return
    upgrade_tables(settings)
    say(f"The tables were brought from {before or 'nothing'} to {newest_revision()}.")


@db.command("check", roles=(MIGRATOR,))
@var_option
def check_tables(var: Path) -> None:
    """Compare the tables with what this version expects; exit code 1 when they differ."""
    import intelhub.app  # noqa: F401 - every feature declares its tables when it is imported
    from intelhub.cli.opening import CommandRefused, load_settings
    from intelhub.platform.database import Base
    from intelhub.platform.messages import Message
    from intelhub.platform.migrate import compare, current_revision, newest_revision

    url = load_settings(var).url_for("migrator")
    revision = current_revision(url)
    if revision != newest_revision():
        raise CommandRefused(
            Message(
                "The tables stand at %(revision)s and this version brings %(newest)s. Run “intelhub db upgrade”.",
                {"revision": revision or "nothing", "newest": newest_revision()},
            )
        )
    with warnings.catch_warnings():
        # A type that SQLAlchemy has no name for (xid8) is compared by nobody; everything else of its column is.
        warnings.filterwarnings("ignore", "Did not recognize type")
        differences = compare(url, Base.metadata)
    for difference in differences:
        say(difference)
    if differences:
        raise CommandRefused("The tables are not those of this version. Restore the backup, or ask who changed them.")
    say(f"The tables are those of this version ({revision}).")
