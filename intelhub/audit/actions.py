"""The acts that leave an entry, each with what it means in Vietnamese and English; features add theirs on import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_NAME = re.compile(r"[a-z][a-z-]*:[a-z][a-z-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAction:
    """One kind of act, such as `record:submitted`, with its meaning for auditors and the reference page."""

    name: str
    en: str
    vi: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"an action is named subject:verb-past, which {self.name!r} is not")
        if not self.en.strip() or not self.vi.strip():
            raise ValueError(f"{self.name} needs its meaning in both languages")


_registered: dict[str, AuditAction] = {}


def register_action(name: str, *, en: str, vi: str) -> AuditAction:
    """Declare an act once, at the import of its feature; raises `ValueError` when the name means something else."""
    action = AuditAction(name=name, en=en, vi=vi)
    known = _registered.setdefault(name, action)
    if known != action:
        raise ValueError(f"the audit action {name} is declared twice with different meanings")
    return known


def get_action(name: str) -> AuditAction:
    """The declared act of this name; raises `LookupError` for one nobody declared, so that no entry is a riddle."""
    try:
        return _registered[name]
    except KeyError:
        raise LookupError(f"the audit action {name} is not declared: call register_action first") from None


def list_actions() -> Mapping[str, AuditAction]:
    """Every declared act by name, in alphabetical order."""
    return MappingProxyType(dict(sorted(_registered.items())))


AUDIT_SEARCHED = register_action(
    "audit:searched", en="Entries of the audit log were looked through", vi="Đã tra cứu nhật ký kiểm toán"
)
AUDIT_OPENED = register_action(
    "audit:opened", en="An entry of the audit log was opened", vi="Đã mở xem một mục nhật ký kiểm toán"
)
CHAIN_SHOWN = register_action("audit:chain-shown", en="The state of the chain was shown", vi="Đã xem tình trạng chuỗi")
CHECKPOINT_TAKEN = register_action(
    "audit:checkpoint-taken", en="A signed checkpoint was downloaded", vi="Đã tải điểm kiểm tra có chữ ký"
)
AUDIT_VERIFIED = register_action(
    "audit:verified", en="The chain of the audit log was verified", vi="Đã kiểm chứng chuỗi nhật ký kiểm toán"
)
AUDIT_EXPORTED = register_action(
    "audit:exported",
    en="The audit log was exported for verification elsewhere",
    vi="Đã xuất nhật ký kiểm toán để kiểm chứng ở nơi khác",
)
AUDIT_UNSEALED = register_action(
    "audit:unsealed",
    en="A sealed part of an entry was opened with the auditors' key",
    vi="Đã mở phần niêm phong của một mục nhật ký bằng khóa của kiểm tra viên",
)
