"""What commands leave in the audit log beside the acts of the features they call."""

from __future__ import annotations

from intelhub.audit import register_action

EXPLAINED = "decision:explained"  # declared by the feature that explains in the browser

ACTED_AS = register_action(
    "console:acted-as",
    en="The console acted in the name of a person",
    vi="Dòng lệnh đã thao tác thay mặt một người",
).name
REINDEXED = register_action("index:rebuilt", en="The search index was rebuilt", vi="Đã dựng lại chỉ mục tìm kiếm").name
ORGANISATION_LOADED = register_action(
    "organisation:loaded", en="An organisation was loaded", vi="Đã nạp cơ cấu tổ chức"
).name
ORGANISATION_CHANGED = register_action(
    "organisation:changed", en="A dated event changed the organisation", vi="Cơ cấu tổ chức đã thay đổi theo sự kiện"
).name
TIER_NAMED = register_action(
    "organisation:tier-named", en="A tier was given another name", vi="Đã đổi tên gọi một cấp tổ chức"
).name
ROOT_ADDED = register_action(
    "keys:root-added", en="A new data root was put into the key file", vi="Đã thêm khóa gốc dữ liệu mới vào tệp khóa"
).name
ROOT_ROTATED = register_action(
    "keys:root-rotated",
    en="All keys were wrapped under the new data root",
    vi="Đã bọc lại mọi khóa bằng khóa gốc dữ liệu mới",
).name
ROOTS_DROPPED = register_action(
    "keys:roots-dropped",
    en="Former data roots were removed from the key file",
    vi="Đã gỡ các khóa gốc dữ liệu cũ khỏi tệp khóa",
).name
KEK_ROTATED = register_action(
    "keys:rotated", en="The key of a scope was replaced by a new one", vi="Đã thay khóa của một phạm vi"
).name
PASSPHRASE_CHANGED = register_action(
    "keys:passphrase-changed", en="The passphrase of the key file was changed", vi="Đã đổi cụm mật khẩu của tệp khóa"
).name
BACKUP_RECORDED = register_action(
    "keys:backup-recorded", en="A backup of the keys was recorded", vi="Đã ghi nhận bản sao lưu khóa"
).name
