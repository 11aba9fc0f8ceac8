"""The runbook in the product: for every part of the installation what to look at, what to do, and what never to do.

`docs/operators/install.md` says the same at length; here it stands within one tap of what went wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from intelhub.platform.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What to do about one part: steps in order, the commands they need, and what must not be done."""

    key: str
    title: Message
    steps: tuple[Message, ...]
    commands: tuple[str, ...] = ()
    never: Message | None = None


ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="database",
        title=Message("The database does not answer, or its tables are of another version"),
        steps=(
            Message("See whether PostgreSQL runs and takes connections, and whether its disk is full."),
            Message("After an update, bring the tables up to date while the services stand still, then start them."),
            Message("Compare the tables with what this version expects."),
        ),
        commands=("intelhub db upgrade", "intelhub db check"),
        never=Message("Do not repair rows by hand: what does not fit its seal is not shown any more."),
    ),
    Entry(
        key="worker",
        title=Message("The worker is silent"),
        steps=(
            Message("See whether its service runs, and read the last lines of its log."),
            Message("Start it again. Several may run; one of them takes the audit log."),
            Message(
                "If its log says that the audit log is damaged, it stays silent on purpose: keep the database as it is"
                " and call the security officer."
            ),
        ),
        commands=("systemctl status intelhub-worker", "journalctl -u intelhub-worker"),
    ),
    Entry(
        key="jobs",
        title=Message("Jobs fail or wait"),
        steps=(
            Message("Read in the log of the worker why the job failed; the log holds no word of content."),
            Message(
                "Each job brings its subject to the newest state when it next runs: a failed one need not be repeated."
            ),
            Message(
                "A failed job counts for 7 days. If no further one fails, the mark goes away by itself: nothing need be"
                " deleted."
            ),
            Message("If jobs only wait, the worker is silent or has too much to do: start another one."),
        ),
        commands=("journalctl -u intelhub-worker",),
    ),
    Entry(
        key="log",
        title=Message("Audit entries wait"),
        steps=(
            Message(
                "While entries wait, /readyz answers 503. Acts go on and are written down; they have no place yet."
            ),
            Message("See whether the worker runs: it gives entries their place and signs."),
            Message("Verify the log. If it does not hold, keep the database as it is and call the security officer."),
        ),
        commands=("intelhub audit verify",),
        never=Message("Never delete waiting entries: each stands for something that was done or read."),
    ),
    Entry(
        key="index",
        title=Message("The search index is behind or does not fit its seal"),
        steps=(
            Message("Searches find everything all the same: what is not merged is looked through as well."),
            Message("If the worker runs and merging stays behind, look for failed jobs."),
            Message(
                "If a part does not fit its seal, find out why, and then build the index anew beside live traffic."
            ),
        ),
        commands=("intelhub reindex",),
    ),
    Entry(
        key="search-server",
        title=Message("The search server does not answer, or takes nothing"),
        steps=(
            Message("Writing and searching go on; a notice on the page says that older records may be missing."),
            Message("See whether it runs, has room on its disk and whether its certificate is still good."),
            Message("Where it answers and takes nothing, see whether its disk was full: it is read-only from then on."),
            Message("What it missed it gets by itself: each hour what is new, each night whatever it has lost."),
            Message("If it is lost, build the index anew: its tokens are made from what is sealed in the database."),
        ),
        commands=("intelhub reindex",),
        never=Message("Never switch on its slow logs or its audit of requests: they would keep what was asked for."),
    ),
    Entry(
        key="keys",
        title=Message("A rotation of keys has not come to its end"),
        steps=(
            Message("See how the keys stand. Every step of a rotation may be run again after an interruption."),
            Message("Root: add it, restart every process, wrap the keys anew, and drop the former root last."),
            Message("One key: go on with the rotation that was interrupted."),
        ),
        commands=(
            "intelhub keys status",
            "intelhub keys rotate-root --restarted",
            "intelhub keys rotate LEVEL UNIT --resume",
        ),
        never=Message("Never drop a former root while a backup of the database that you keep rests on it."),
    ),
    Entry(
        key="key-backup",
        title=Message("No backup of the keys is recorded"),
        steps=(
            Message(
                "Copy the key file to one place and its passphrase, on paper, to another; neither where the"
                " database's backups lie."
            ),
            Message("Record that it was done. A new root or passphrase needs a new backup."),
        ),
        commands=("intelhub keys backup-recorded",),
        never=Message("Without the key file and its passphrase no record can ever be read again, by anybody."),
    ),
    Entry(
        key="backup",
        title=Message("Back up and restore the database"),
        steps=(
            Message(
                "Back up with the tools of PostgreSQL, as its superuser: a base backup with its write-ahead"
                " log, or pg_dump -Fc."
            ),
            Message(
                "To restore: stop both services, keep the damaged database, put back the database and then the"
                " key file."
            ),
            Message(
                "Then check the tables, verify the log, check every record and build the index anew, in this order, and"
                " tell the auditors from which moment the log goes on."
            ),
        ),
        commands=("intelhub db check", "intelhub audit verify", "intelhub records check", "intelhub reindex"),
    ),
    Entry(
        key="room",
        title=Message("The disk fills up"),
        steps=(
            Message("See what grows: logs, the database's write-ahead log, exports that were left lying."),
            Message("Give the disk more room, or move old logs and exports away."),
        ),
        commands=("df -h", "du -xh --max-depth=2 /var/lib/intelhub"),
        never=Message("Never delete files of the database or of the folder of keys."),
    ),
    Entry(
        key="records",
        title=Message("A record or somebody's rights do not fit their seal"),
        steps=(
            Message(
                "Somebody changed rows past the product, or a backup was restored in part. Nobody is shown what"
                " does not fit."
            ),
            Message(
                "Keep the database as it is, call the security officer, and look in the server's own log for"
                " who was connected."
            ),
            Message("Verify the log first, then hold every record against it."),
        ),
        commands=("intelhub audit verify", "intelhub records check"),
        never=Message("Put nothing back before somebody has decided what happened."),
    ),
    Entry(
        key="people",
        title=Message("Somebody forgot their password or lost the telephone"),
        steps=(
            Message(
                "Make sure who asks. Then issue a setup code on the person's page; remove one-time codes only"
                " if they are lost."
            ),
        ),
        commands=("intelhub user setup-code USERNAME --reset-factors",),
    ),
)
