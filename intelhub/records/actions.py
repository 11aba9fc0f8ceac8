"""What records leave in the audit log, each act with its meaning for auditors."""

from __future__ import annotations

from intelhub.audit import register_action

READ = register_action("record:read", en="A record was opened", vi="Đã mở xem phiếu tin").name
LISTED = register_action("record:listed", en="A list of records was shown", vi="Đã xem danh sách phiếu tin").name
SEARCHED = register_action("record:searched", en="Records were searched", vi="Đã tìm kiếm phiếu tin").name
WORDS_OFFERED = register_action(
    "record:words-offered", en="Words of records were offered for a search", vi="Đã gợi ý từ ngữ của phiếu tin khi tìm"
).name
DRAFTED = register_action("record:drafted", en="A draft was begun", vi="Đã lập bản nháp phiếu tin").name
DISCARDED = register_action("record:discarded", en="A draft was discarded", vi="Đã bỏ bản nháp phiếu tin").name
TAMPER_FOUND = register_action(
    "record:tamper-found",
    en="A stored record did not fit its seal and was not shown",
    vi="Phiếu tin lưu trữ không khớp niêm phong nên không được hiển thị",
).name
CHECKED = register_action(
    "record:checked",
    en="All records were held against their seals and the log",
    vi="Đã đối chiếu toàn bộ phiếu tin với niêm phong và nhật ký kiểm toán",
).name
VIEW_SAVED = register_action(
    "record:view-saved",
    en="Filters of the list, or a search, were saved under a name",
    vi="Đã lưu bộ lọc danh sách hoặc câu tìm kiếm",
).name
VIEW_RENAMED = register_action("record:view-renamed", en="A saved view was renamed", vi="Đã đổi tên bộ lọc đã lưu").name
VIEW_REMOVED = register_action("record:view-removed", en="A saved view was removed", vi="Đã xóa bộ lọc đã lưu").name
VIEW_RESTORED = register_action(
    "record:view-restored", en="A removed view was brought back", vi="Đã khôi phục bộ lọc đã xóa"
).name
SEARCH_SHARED = register_action(
    "record:search-shared", en="A saved search was shared with a unit", vi="Đã chia sẻ tìm kiếm đã lưu với đơn vị"
).name
SEARCH_UNSHARED = register_action(
    "record:search-unshared", en="A saved search is shared no longer", vi="Đã ngừng chia sẻ tìm kiếm đã lưu"
).name
SEARCH_WATCHED = register_action(
    "record:search-watched", en="A saved search is watched from now on", vi="Đã bật theo dõi tìm kiếm đã lưu"
).name
SEARCH_UNWATCHED = register_action(
    "record:search-unwatched", en="A saved search is watched no longer", vi="Đã tắt theo dõi tìm kiếm đã lưu"
).name
WATCH_FOUND = register_action(
    "record:watch-found",
    en="The system looked a watched search through in its owner's name and found new records",
    vi="Hệ thống chạy tìm kiếm được theo dõi thay chủ sở hữu và thấy phiếu tin mới",
).name
ALERT_READ = register_action(
    "record:alert-read", en="An alert was marked as read", vi="Đã đánh dấu thông báo là đã đọc"
).name
EXPORTED = register_action(
    "record:exported", en="Lines of records were taken along in a file", vi="Đã xuất danh sách phiếu tin ra tệp"
).name
EXPORT_ASKED = register_action(
    "record:export-asked", en="Somebody was asked to agree to an export", vi="Đã đề nghị duyệt xuất phiếu tin"
).name
EXPORT_SHOWN = register_action(
    "record:export-shown", en="A request for an export was looked at", vi="Đã xem đề nghị xuất phiếu tin"
).name
EXPORT_APPROVED = register_action(
    "record:export-approved", en="An export was agreed to", vi="Đã duyệt xuất phiếu tin"
).name
EXPORT_LAPSED = register_action(
    "record:export-lapsed",
    en="A request for an export had lapsed, and its list of records was removed",
    vi="Đề nghị xuất phiếu tin đã quá hạn, danh sách phiếu tin đã xóa",
).name
EXPORT_DECLINED = register_action(
    "record:export-declined", en="An export was declined", vi="Đã từ chối xuất phiếu tin"
).name
_MOVES = {
    "submit": ("record:submitted", "A record was submitted", "Đã gửi phiếu tin"),
    "return": ("record:returned", "A record was returned to its author", "Đã trả lại phiếu tin cho người viết"),
    "forward": ("record:forwarded", "A record was forwarded to the tier above", "Đã chuyển phiếu tin lên cấp trên"),
    "lower_level": ("record:level-lowered", "The level of a record was lowered", "Đã hạ độ mật phiếu tin"),
    "assign": ("record:assigned", "A record was assigned", "Đã phân công xử lý phiếu tin"),
    "acknowledge": ("record:acknowledged", "The receipt of a record was acknowledged", "Đã tiếp nhận phiếu tin"),
    "evaluate": ("record:evaluated", "A record was graded", "Đã đánh giá phiếu tin"),
    "mark_duplicate": ("record:merged", "A record was marked as a duplicate", "Đã gộp phiếu tin trùng"),
    "collate": ("record:collated", "A record was collated", "Đã hệ thống hóa phiếu tin"),
    "share_up": (
        "record:shared-up",
        "A record was shared with the highest tier",
        "Đã chuyển phiếu tin lên cấp cao nhất",
    ),
    "disseminate": ("record:disseminated", "A record was shared with a unit", "Đã chia sẻ phiếu tin với đơn vị"),
    "withdraw": (
        "record:withdrawn",
        "A record is shared with a unit no longer",
        "Đã ngừng chia sẻ phiếu tin với đơn vị",
    ),
}
MOVED = {event: register_action(name, en=en, vi=vi).name for event, (name, en, vi) in _MOVES.items()}
