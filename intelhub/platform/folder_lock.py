"""One process a folder: a lock the kernel releases however its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message


class FolderInUse(Unavailable):
    """Another process already works on this folder."""


class FolderLock:
    """An exclusive `flock` on `<folder>/lock`, holding the process id for whoever is turned away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock or raise `FolderInUse`; taking it twice is fine."""
        if self._descriptor is not None:
            return
        # The file is never removed: a second process could otherwise lock a name that is already gone.
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise FolderInUse(
                Message(
                    "%(folder)s is in use by process %(pid)s. Stop that one first, or choose another folder.",
                    {"folder": self._folder, "pid": holder or "?"},
                )
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the next process in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
