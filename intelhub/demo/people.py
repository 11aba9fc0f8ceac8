"""The invented officers of the demo: who sits where, with which duty function and clearance."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from intelhub.demo.content import DemoPerson, DemoPost
from intelhub.demo.names import person_name
from intelhub.demo.world import units_of
from intelhub.platform.actor import Place

# Departments with a large trade have a second writer; where a clearance of 3 stands, strategic goods are met.
_LARGE = {"01": 2, "02": 3, "03": 3}
_SMALL = ("13", "32", "34", "45", "48", "50", "51")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    username: str
    function: str
    units: tuple[str, ...]
    clearance: int
    place: Place = Place.ONSITE
    persona: tuple[str, str, str, str] | None = None  # title and blurb, each in Vietnamese and English


def _lang_son_gates() -> list[_Seat]:
    others = tuple(code for code in units_of("15") if code != "15BB")
    return [
        _Seat(
            username="15bb.officer1",
            function="group_officer",
            units=("15BB",),
            clearance=1,
            persona=(
                "Công chức tổ kiểm soát, Hữu Nghị",
                "Control officer, Hữu Nghị gate",
                "Viết phiếu tin trong ca trực ở cửa khẩu và xem phiếu của mình đang ở đâu.",
                "Writes records on shift at the gate and sees where each of them stands.",
            ),
        ),
        _Seat(username="15bb.officer2", function="group_officer", units=("15BB",), clearance=2),
        _Seat(
            username="15bb.contributor1",
            function="contributor",
            units=("15BB",),
            clearance=3,
            persona=(
                "Cộng tác viên",
                "Contributor",
                "Công chức ở khâu khác tại Hữu Nghị: viết và theo dõi phiếu tin của mình, không xem tin người khác.",
                "Works elsewhere at the Hữu Nghị gate: writes their own records and follows them, reads nobody else's.",
            ),
        ),
        _Seat(
            username="15bb.leader1",
            function="group_leader",
            units=("15BB",),
            clearance=3,
            persona=(
                "Tổ trưởng kiểm soát, Hữu Nghị",
                "Group leader, Hữu Nghị gate",
                "Xem phiếu tin của tổ, trả lại kèm ý kiến hoặc chuyển lên Cục.",
                "Reviews the group's records, returns them with a comment or forwards them to the department.",
            ),
        ),
        _Seat(username="15be.officer1", function="group_officer", units=others, clearance=2),
        _Seat(username="15be.leader1", function="group_leader", units=others, clearance=2),
    ]


def _lang_son_analysts() -> list[_Seat]:
    division = ("15ZZ.CBL",)
    return [
        _Seat(
            username="15cbl.analyst1",
            function="analyst",
            units=division,
            clearance=3,
            persona=(
                "Phân tích viên, Cục Lạng Sơn",
                "Analyst, Lạng Sơn department",
                "Tiếp nhận tin của cả Cục, đánh giá nguồn và tin, hệ thống hóa theo đối tượng.",
                "Receives what the department's gates send, grades source and information, links it to its subjects.",
            ),
        ),
        _Seat(
            username="15cbl.analyst2",
            function="analyst",
            units=division,
            clearance=2,
            place=Place.REMOTE,
            persona=(
                "Phân tích viên làm việc từ xa, Lạng Sơn",
                "Analyst working remotely, Lạng Sơn",
                "Làm việc ngoài trụ sở nên chỉ thấy tin không mật, dù được phép biết đến Tối mật.",
                "Works away from the premises and sees nothing secret, whatever the clearance says.",
            ),
        ),
    ]


def _lang_son_leaders() -> list[_Seat]:
    return [
        _Seat(
            username="15cbl.head1",
            function="unit_head",
            units=("15ZZ.CBL",),
            clearance=3,
            persona=(
                "Trưởng phòng Chống buôn lậu, Lạng Sơn",
                "Head of the anti-smuggling division, Lạng Sơn",
                "Theo dõi việc xử lý tin và quyết định tin nào chuyển lên Tổng cục.",
                "Follows the work on the records and decides what headquarters gets to read.",
            ),
        ),
        _Seat(
            username="15.leader1",
            function="department_leader",
            units=("15ZZ",),
            clearance=3,
            persona=(
                "Lãnh đạo Cục",
                "Leader of the department",
                "Xem tin của toàn Cục Lạng Sơn, phân công và quyết định chuyển lên Tổng cục.",
                "Reads what the Lạng Sơn department holds, assigns it and decides what goes up to headquarters.",
            ),
        ),
        _Seat(
            username="15.security1",
            function="security_officer",
            units=("15ZZ",),
            clearance=1,
            persona=(
                "Cán bộ bảo mật, Cục Lạng Sơn",
                "Security officer, Lạng Sơn department",
                "Xem các lần bị từ chối và giải thích vì sao, không đọc nội dung phiếu tin.",
                "Sees what was refused and explains why, without reading any record.",
            ),
        ),
    ]


def _quang_ninh() -> list[_Seat]:
    gates, ports = units_of("20")[:3], units_of("20")[3:]
    return [
        _Seat(
            username="20bb.officer1",
            function="group_officer",
            units=gates,
            clearance=2,
            persona=(
                "Công chức tổ kiểm soát, Móng Cái",
                "Control officer, Móng Cái gate",
                "Thuộc Cục Quảng Ninh: không thấy gì của Lạng Sơn, kể cả việc phiếu tin có tồn tại.",
                "Belongs to Quảng Ninh: sees nothing of Lạng Sơn, not even that a record exists.",
            ),
        ),
        _Seat(username="20cd.officer1", function="group_officer", units=ports, clearance=1),
        _Seat(username="20bb.leader1", function="group_leader", units=(*gates, *ports), clearance=2),
        _Seat(
            username="20cbl.analyst1",
            function="analyst",
            units=("20ZZ.CBL",),
            clearance=2,
            persona=(
                "Phân tích viên, Cục Quảng Ninh",
                "Analyst, Quảng Ninh department",
                "Xử lý tin của Quảng Ninh; tìm kiếm chỉ ra tin của Cục mình.",
                "Works on Quảng Ninh's records; a search finds those of this department alone.",
            ),
        ),
        _Seat(username="20cbl.head1", function="unit_head", units=("20ZZ.CBL",), clearance=2),
    ]


def _large(department: str, clearance: int) -> list[_Seat]:
    units, division = units_of(department), (f"{department}ZZ.CBL",)
    half = (len(units) + 1) // 2
    return [
        _Seat(username=f"{department}.officer1", function="group_officer", units=units[:half], clearance=2),
        _Seat(username=f"{department}.contributor1", function="contributor", units=units, clearance=clearance),
        _Seat(username=f"{department}.leader1", function="group_leader", units=units, clearance=clearance),
        _Seat(username=f"{department}cbl.analyst1", function="analyst", units=division, clearance=clearance),
        _Seat(username=f"{department}cbl.head1", function="unit_head", units=division, clearance=clearance),
    ]


def _small(department: str) -> list[_Seat]:
    units, division = units_of(department), (f"{department}ZZ.CBL",)
    return [
        _Seat(username=f"{department}.officer1", function="group_officer", units=units, clearance=2),
        _Seat(username=f"{department}.leader1", function="group_leader", units=units, clearance=2),
        _Seat(username=f"{department}cbl.analyst1", function="analyst", units=division, clearance=2),
        _Seat(username=f"{department}cbl.head1", function="unit_head", units=division, clearance=2),
    ]


def _headquarters() -> list[_Seat]:
    information = ("DTCBL.TTNV",)
    return [
        _Seat(
            username="dtcbl.analyst1", function="analyst", units=information, clearance=3,
            persona=(
                "Phân tích viên cấp Tổng cục", "Analyst at headquarters",
                "Đọc và tìm trong những gì các Cục đã chuyển lên, trên toàn quốc.",
                "Reads and searches what the departments have shared up, across the country.",
            ),
        ),
        _Seat(username="dtcbl.analyst2", function="analyst", units=information, clearance=2),
        _Seat(username="dtcbl.head1", function="division_head", units=information, clearance=3),
        _Seat(
            username="dtcbl.leader1",
            function="leader",
            units=("DTCBL",),
            clearance=3,
            persona=(
                "Lãnh đạo Cục Điều tra chống buôn lậu",
                "Leader at headquarters",
                "Xem tin các Cục đã chuyển lên, tìm kiếm trên toàn ngành.",
                "Reads what the departments shared up and searches the whole service.",
            ),
        ),
        _Seat(
            username="auditor1", function="auditor", units=("TTKT",), clearance=0,
            persona=(
                "Kiểm tra viên nội bộ", "Internal auditor",
                "Thấy ai đã làm gì, khi nào, theo quy tắc nào; không bao giờ thấy nội dung.",
                "Sees who did what, when and under which rule; never the content.",
            ),
        ),
        _Seat(
            username="operator1", function="operator", units=("CNTT",), clearance=0,
            persona=(
                "Người vận hành hệ thống", "System operator",
                "Giữ cho hệ thống chạy và quản lý tài khoản; không đọc phiếu tin nào.",
                "Keeps the system running and the accounts in order; reads no record.",
            ),
        ),
    ]  # fmt: skip


def _seats() -> list[_Seat]:
    seats = [*_lang_son_gates(), *_lang_son_analysts(), *_lang_son_leaders(), *_quang_ninh()]
    for department, clearance in _LARGE.items():
        seats += _large(department, clearance)
    for department in _SMALL:
        seats += _small(department)
    return seats + _headquarters()


def generate_people(seed: int) -> list[DemoPerson]:
    """The invented officers, the personas among them; a seed always gives the same names."""
    rng = Random(f"people {seed}")  # noqa: S311 - invented names, no secrets
    people: list[DemoPerson] = []
    taken: set[str] = set()
    for seat in _seats():
        while (name := person_name(rng)) in taken:
            pass
        taken.add(name)
        title_vi, title_en, blurb_vi, blurb_en = seat.persona or ("", "", "", "")
        people.append(
            DemoPerson(
                username=seat.username,
                display_name=name,
                posts=tuple(DemoPost(function=seat.function, unit_code=unit) for unit in seat.units),
                clearance=seat.clearance,
                place=seat.place,
                is_persona=seat.persona is not None,
                title_vi=title_vi,
                title_en=title_en,
                blurb_vi=blurb_vi,
                blurb_en=blurb_en,
            )
        )
    return people
