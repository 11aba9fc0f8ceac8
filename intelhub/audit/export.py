"""Writing the log out for an auditor: checkpoint, tiles, entries, public key and a verifier; never a secret key."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from intelhub.audit import offline_verifier
from intelhub.audit.models import AuditCheckpoint, AuditEntry, AuditTree
from intelhub.audit.note import NoteKey
from intelhub.audit.tiles import TILE_WIDTH, bundle, bundle_path, hash_tiles
from intelhub.platform.errors import Conflict
from intelhub.platform.messages import Message

_READ_ME = """\
Nhật ký kiểm toán / Audit log

Kiểm chứng trên máy bất kỳ có Python 3.9 trở lên, không cần mạng, khóa hay cơ sở dữ liệu:
Verify on any machine with Python 3.9 or newer, without network, keys or database:

    python offline_verifier.py . --key KEY [--seen CHECKPOINT]

KEY         khóa công khai của nhật ký, nhận qua một đường khác với bản xuất này
            the log's public key as you were given it on another way than this export
CHECKPOINT  tệp checkpoint giữ lại từ lần xuất trước; không có nó thì không phát hiện được phần cuối bị cắt
            the file checkpoint kept from an earlier export; without it a cut-off end cannot be noticed

Hãy giữ tệp checkpoint của mỗi lần xuất. / Keep the file checkpoint of every export.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: the folder, the number of entries, and the key to hand over on another way."""

    folder: Path
    size: int
    key: str


def export_log(reader: Session | Connection, folder: Path, public_key: bytes) -> Exported:
    """Write everything up to the newest checkpoint into a new or empty folder, all of it or nothing.

    The reader must be allowed to see every entry. Raises `Conflict` when the folder holds something, when nothing was
    signed yet, or when entries are missing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(Message("%(folder)s is not empty: name a new folder for the export.", {"folder": str(folder)}))
    signed = reader.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.note).order_by(AuditCheckpoint.size.desc()).limit(1)
    ).first()
    if signed is None:
        raise Conflict("The audit log has no signed checkpoint yet: start the worker and try again.")
    origin = reader.execute(select(AuditTree.origin)).scalar_one()
    key = str(NoteKey(name=origin, public_key=public_key))
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write(building, "checkpoint", signed.note.encode())
        _write(building, "key", f"{key}\n".encode())
        _write(building, "README.txt", _READ_ME.encode())
        _write(building, "offline_verifier.py", Path(offline_verifier.__file__).read_bytes())
        _write_entries(reader, building, signed.size)
        building.replace(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Exported(folder=folder, size=signed.size, key=key)


def _write_entries(reader: Session | Connection, folder: Path, size: int) -> None:
    def leaves() -> Iterator[bytes]:
        for index in itertools.count():
            first = index * TILE_WIDTH
            width = min(TILE_WIDTH, size - first)
            if width <= 0:
                return
            rows = reader.execute(
                select(AuditEntry.seq, AuditEntry.entry, AuditEntry.leaf_hash)
                .where(AuditEntry.seq >= first, AuditEntry.seq < first + width)
                .order_by(AuditEntry.seq)
            ).all()
            if [row.seq for row in rows] != list(range(first, first + width)):
                raise Conflict(
                    Message(
                        "Entries between %(first)d and %(last)d are missing: run “intelhub audit verify” first.",
                        {"first": first, "last": first + width - 1},
                    )
                )
            _write(folder, bundle_path(index, width), bundle(row.entry for row in rows))
            # The stored hashes, not fresh ones: a changed entry must stand out in the export as it does here.
            yield from (row.leaf_hash for row in rows)

    for path, tile in hash_tiles(leaves()):
        _write(folder, path, tile)


def _write(folder: Path, path: str, content: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
