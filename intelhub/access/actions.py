"""The acts of people, posts and sessions that leave an entry in the audit log."""

from __future__ import annotations

from intelhub.audit import register_action

SIGNED_IN = register_action("session:signed-in", en="Somebody signed in", vi="Đã đăng nhập").name
SIGN_IN_REFUSED = register_action("session:refused", en="A sign-in was refused", vi="Đăng nhập bị từ chối").name
SESSION_ENDED = register_action("session:ended", en="A session was ended", vi="Phiên làm việc đã kết thúc").name
SESSION_SEEN_ELSEWHERE = register_action(
    "session:seen-elsewhere",
    en="A session of the premises came from another network and was ended",
    vi="Phiên tại trụ sở được dùng từ mạng khác và đã bị chấm dứt",
).name
RECOVERY_CODE_USED = register_action(
    "session:recovery-code-used", en="A recovery code was used to sign in", vi="Đã dùng mã khôi phục để đăng nhập"
).name
USER_LISTED = register_action(
    "user:listed", en="A list of people and their duties was shown", vi="Đã xem danh sách cán bộ và chức trách"
).name
USER_READ = register_action(
    "user:read", en="A person's duties and clearance were shown", vi="Đã xem chức trách và mức tiếp cận của một cán bộ"
).name
POLICY_IN_FORCE = register_action(
    "policy:in-force", en="Another version of the policy came into force", vi="Phiên bản chính sách khác có hiệu lực"
).name
USER_CREATED = register_action("user:created", en="An account was created", vi="Đã tạo tài khoản").name
USER_ACTIVATED = register_action("user:activated", en="An account was opened again", vi="Đã mở lại tài khoản").name
USER_DEACTIVATED = register_action("user:deactivated", en="An account was closed", vi="Đã khóa tài khoản").name
PASSWORD_SET = register_action("user:password-set", en="A password was set", vi="Đã đặt mật khẩu").name
SETUP_CODE_ISSUED = register_action(
    "user:setup-code-issued", en="A code to choose a password was issued", vi="Đã cấp mã thiết lập mật khẩu"
).name
FACTORS_RESET = register_action(
    "user:factors-reset", en="The one-time codes of an account were removed", vi="Đã gỡ mã xác thực của tài khoản"
).name
TOTP_BEGUN = register_action(
    "user:totp-begun", en="Setting up one-time codes was begun", vi="Bắt đầu thiết lập mã dùng một lần"
).name
TOTP_CONFIRMED = register_action(
    "user:totp-confirmed", en="One-time codes were set up", vi="Đã thiết lập mã dùng một lần"
).name
POST_GRANTED = register_action("user:post-granted", en="A duty function was granted", vi="Đã giao chức trách").name
POST_REVOKED = register_action("user:post-revoked", en="A duty function was ended", vi="Đã chấm dứt chức trách").name
CLEARANCE_SET = register_action("user:clearance-set", en="A clearance was set", vi="Đã đặt mức được tiếp cận").name
COMPARTMENT_CREATED = register_action(
    "compartment:created", en="A compartment was created", vi="Đã tạo nhóm cần biết"
).name
COMPARTMENTS_LISTED = register_action(
    "compartment:listed", en="The names of compartments were listed", vi="Đã xem tên các nhóm cần biết"
).name
MEMBER_ADDED = register_action(
    "compartment:member-added", en="Somebody was let into a compartment", vi="Đã thêm người vào nhóm cần biết"
).name
MEMBER_REMOVED = register_action(
    "compartment:member-removed", en="Somebody left a compartment", vi="Đã đưa người ra khỏi nhóm cần biết"
).name
TAMPER_FOUND = register_action(
    "user:tamper-found",
    en="Rights, proofs or a session did not fit their seal and granted nothing",
    vi="Quyền, thông tin xác thực hoặc phiên không khớp niêm phong nên không có hiệu lực",
).name
RIGHTS_SEALED = register_action(
    "user:rights-sealed",
    en="Rights given before they were sealed were believed and sealed, once",
    vi="Đã chấp nhận và niêm phong một lần các quyền có từ trước",
).name
DECISION_EXPLAINED = register_action(
    "decision:explained", en="A decision about access was explained", vi="Đã giải thích một quyết định truy cập"
).name
