"""`intelhub keys`: how the keys stand, new ones in the place of old ones, and the note that they are backed up."""

from __future__ import annotations

from pathlib import Path

import click

from intelhub.cli.options import WORKER, Subject, file_option, var_option
from intelhub.cli.output import print_table, progress, say, warn


@click.group(cls=Subject)
def keys() -> None:
    """The keys under which everything is sealed."""


@keys.command("status", roles=(WORKER,))
@var_option
def show_status(var: Path) -> None:
    """Which key file is in use, what rests on former roots, and whether a backup is recorded."""
    from intelhub.cli.opening import system_work
    from intelhub.cli.passphrases import passphrase_in
    from intelhub.crypto import open_key_file, roots_in_use
    from intelhub.key_backups import backup_warning, find_backup

    with system_work(var, role="worker") as acting, acting.begin() as session:
        settings = acting.house.settings
        roots = open_key_file(settings.key_file, passphrase_in(settings.passphrase_file))
        used = roots_in_use(session)
    backup = find_backup(settings.key_file)
    print_table(
        ("", ""),
        [
            ("key file", settings.key_file),
            ("its id", roots.key_file_id),
            ("kind", "demo" if roots.is_demo else "production"),
            ("data root", roots.data_id),
            ("former roots kept", len(roots.retired_data)),
            ("former roots keys rest on", len(used - {roots.data_id})),
            (
                "backup",
                f"{backup.recorded_at:%Y-%m-%d %H:%M} UTC by {backup.recorded_by}" if backup else "none recorded",
            ),
        ],
    )
    if unknown := used - {roots.data_id} - roots.retired_data.keys():
        warn(f"{len(unknown)} roots are in no key file here: restore the newest key file from its backup.")
    if not roots.is_demo and (warning := backup_warning(settings.key_file)):
        warn(warning)


@keys.command("rotate-root", roles=(WORKER,))
@var_option
@click.option("--restarted", "step", flag_value="rewrap", help="Second step: every process runs with the new file.")
@click.option("--drop-former", "step", flag_value="drop", help="Third step: forget the former root.")
def rotate_data_root(var: Path, step: str | None) -> None:
    """Put a new data root in force, in three steps; no record changes and the service goes on.

    First without an option: the key file gets a new root and keeps the former one. Restart every process. Then with
    --restarted: all keys are wrapped anew, in batches that may be interrupted. Then with --drop-former, once no
    backup of the database that you keep rests on the former root.
    """
    from intelhub.cli import key_rotation
    from intelhub.cli.opening import system_work

    with system_work(var, role="worker") as acting:
        if step is None:
            key_rotation.add_root(acting)
            say("The key file has a new data root. Back it up, restart every process, and then run:")
            say("  intelhub keys rotate-root --restarted")
        elif step == "rewrap":
            with progress("wrapping keys anew", None) as advance:
                count = key_rotation.rewrap_keys(acting, advance)
            say(f"{count} keys were wrapped under the new root; nothing rests on a former one.")
        else:
            count = key_rotation.drop_roots(acting)
            say(f"{count} former roots were removed from the key file. Back it up.")


@keys.command("rotate", roles=(WORKER,))
@click.argument("level", type=click.IntRange(0, 3))
@click.argument("unit")
@var_option
@click.option("--compartment", "compartments", type=click.UUID, multiple=True, help="The id of a compartment.")
@click.option("--resume", is_flag=True, help="Make no new key; go on with a rotation that was interrupted.")
def rotate_scope(level: int, unit: str, var: Path, compartments: tuple[object, ...], resume: bool) -> None:
    """Replace the key of a LEVEL, a set of compartments and a UNIT of origin (its code), of tier 2 or the highest.

    Every record under it gets its data key wrapped anew, in batches that may be interrupted; no content changes.
    """
    from intelhub.cli import key_rotation
    from intelhub.cli.opening import system_work

    with system_work(var, role="worker") as acting:
        scope = key_rotation.scope_of(acting, level, unit, compartments)
        if not resume:
            key_rotation.replace_kek(acting, scope)
        with progress("wrapping records anew", None) as advance:
            count = key_rotation.rewrap_content(acting, scope, advance)
    say(f"{count} data keys of level {level} of {unit} were wrapped under the newest key.")


@keys.command("passphrase", roles=(WORKER,))
@var_option
@file_option("--new-passphrase-file", "A file with the new passphrase; without it, it is asked for twice.")
def change(var: Path, new_passphrase_file: Path | None) -> None:
    """Give the key file another passphrase. Copies of the old file still open with the old one."""
    from intelhub.audit import record_act
    from intelhub.cli.actions import PASSPHRASE_CHANGED
    from intelhub.cli.opening import CONSOLE, system_work
    from intelhub.cli.passphrases import new_passphrase, passphrase_in, write_passphrase
    from intelhub.crypto import change_passphrase

    with system_work(var, role="worker") as acting, acting.begin() as session:
        settings = acting.house.settings
        former = passphrase_in(settings.passphrase_file)
        chosen = new_passphrase("of the server's keys", new_passphrase_file)
        record_act(CONSOLE, session, PASSPHRASE_CHANGED)
        session.flush()
        change_passphrase(settings.key_file, former, chosen)
    if settings.passphrase_file.is_relative_to(settings.var):
        write_passphrase(settings.passphrase_file, chosen)
        say(f"The passphrase is changed, also in {settings.passphrase_file}. Back both up.")
    else:
        say(f"The passphrase is changed. Put it where {settings.passphrase_file} comes from before the next start.")


@keys.command("backup-recorded", roles=(WORKER,))
@var_option
def note_backup(var: Path) -> None:
    """Say that the key file, as it is now, and its passphrase are kept elsewhere; the warning at every start ends."""
    from intelhub.audit import record_act
    from intelhub.cli.actions import BACKUP_RECORDED
    from intelhub.cli.opening import CONSOLE, operating_account, system_work
    from intelhub.key_backups import record_backup

    with system_work(var, role="worker") as acting, acting.begin() as session:
        record_act(CONSOLE, session, BACKUP_RECORDED, sensitive={"operating_account": operating_account()})
        session.flush()
        record_backup(acting.house.settings.key_file, operating_account())
    say("Recorded. A new root or passphrase needs a new backup.")
