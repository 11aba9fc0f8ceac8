"""The account PostgreSQL runs under: our own, and when that is root, one without any right.

PostgreSQL refuses to run as root. No account is added to the machine and no folder is opened to others: the
server gets a number that belongs to nobody, and the folders on its way one access-list line that lets that
number through without letting it look around.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message

# systemd sets these numbers aside for services without an account of their own, so no account has one.
_FIRST_NUMBER, _LAST_NUMBER = 61184, 65519

# linux/posix_acl_xattr.h: a version, then (tag, permissions, id) for each line, in this order of tags.
_ACL_ATTRIBUTE = "system.posix_acl_access"
_ACL_VERSION = 2
_ACL_OWNER, _ACL_USER, _ACL_OWNING_GROUP, _ACL_GROUP, _ACL_MASK, _ACL_OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_PASS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccount:
    """Who owns the server's files and runs its programs; `uid` is None when that is simply us."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def for_folder(cls, data: Path) -> ServerAccount:
        """Us; or, as root, the owner of the data already there, or a number of its own for this folder."""
        if os.geteuid() != 0:
            return cls()
        if data.exists() and data.stat().st_uid != 0:
            return cls(uid=data.stat().st_uid, gid=data.stat().st_gid)
        span = _LAST_NUMBER - _FIRST_NUMBER + 1
        number = _FIRST_NUMBER + int.from_bytes(hashlib.sha256(os.fsencode(data)).digest()[:8], "big") % span
        return cls(uid=number, gid=number)

    def process_options(self, *, named: bool = False) -> dict[str, Any]:
        """What `subprocess` needs to start a program as this account.

        `named` runs it as `nobody` with this account's group: `initdb` insists on a user that has a name.
        """
        if self.uid is None:
            return {"umask": 0o077}
        uid = pwd.getpwnam("nobody").pw_uid if named else self.uid
        return {"umask": 0o077, "user": uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path, *, named: bool = False) -> None:
        """Give a file or folder we made to this account, never through a link."""
        if self.uid is not None and self.gid is not None:
            uid = pwd.getpwnam("nobody").pw_uid if named else self.uid
            os.chown(path, uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        """Give a folder and everything in it to this account; only before the server ever ran in it."""
        if self.uid is None:
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                self.own(Path(parent, name))
        self.own(folder)

    def make_folder(self, folder: Path, *, named: bool = False) -> None:
        """A folder of this account's that nobody else may enter (0700), made or put right."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink():
            raise Unavailable(Message("%(path)s is a link; a real folder is needed there.", {"path": folder}))
        self.own(folder, named=named)
        folder.chmod(0o700)

    def let_through(self, path: Path) -> None:
        """Allow this account to pass the folders above `path`; raises `Unavailable` where that cannot be done."""
        if self.gid is None:
            return
        for folder in path.resolve().parents:
            status = folder.stat()
            if status.st_mode & 0o001 or status.st_uid == self.uid:
                continue
            try:
                _let_group_pass(folder, self.gid)
            except OSError as error:
                raise Unavailable(
                    Message(
                        "As root, the database runs under an account without rights, and that account cannot get"
                        " through %(folder)s. Run as an ordinary user, or allow it: chmod o+x %(folder)s",
                        {"folder": folder},
                    )
                ) from error


def _let_group_pass(folder: Path, gid: int) -> None:
    """Add one line to a folder's access list: this group may pass (not list, not write)."""
    if sys.platform != "linux":
        raise OSError("access lists are handled on Linux only")
    mode = folder.stat().st_mode
    try:
        raw = os.getxattr(folder, _ACL_ATTRIBUTE)
        lines = [struct.unpack_from("<HHI", raw, offset) for offset in range(4, len(raw), 8)]
    except OSError:  # no list yet: the mode is the list
        lines = [
            (_ACL_OWNER, mode >> 6 & 7, _NO_ID),
            (_ACL_OWNING_GROUP, mode >> 3 & 7, _NO_ID),
            (_ACL_OTHERS, mode & 7, _NO_ID),
        ]
    others = [line for line in lines if line[0] != _ACL_MASK and (line[0], line[2]) != (_ACL_GROUP, gid)]
    capped = (_ACL_USER, _ACL_OWNING_GROUP, _ACL_GROUP)
    # The mask caps every line but the owner's; lines it held back stay held back once the mask is widened.
    old_mask = next((permissions for tag, permissions, _ in lines if tag == _ACL_MASK), 7)
    kept = [(tag, bits & old_mask if tag in capped else bits, number) for tag, bits, number in others]
    kept.append((_ACL_GROUP, _PASS, gid))
    widest = 0
    for tag, permissions, _ in kept:
        widest |= permissions if tag in capped else 0
    kept.append((_ACL_MASK, widest, _NO_ID))
    packed = struct.pack("<I", _ACL_VERSION) + b"".join(struct.pack("<HHI", *line) for line in sorted(kept, key=_order))
    os.setxattr(folder, _ACL_ATTRIBUTE, packed)


def _order(line: tuple[Any, ...]) -> tuple[int, int]:
    return line[0], line[2]
