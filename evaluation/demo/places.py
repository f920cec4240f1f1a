"""Agencies of the invented province: departments by name, communes by their real names."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random

from vietnam_provinces import Province, Ward

PROVINCE = "Lào Cai"
HOME_AFFAIRS = "Sở Nội vụ"
CIVIL_SERVICE = "Phòng Công chức, viên chức và Tổ chức bộ máy"
REFORM = "Phòng Cải cách hành chính và Văn thư, lưu trữ"
EMULATION = "Phòng Thi đua - Khen thưởng"
DIGITAL = "Phòng Chuyển đổi số"

DEPARTMENTS: dict[str, tuple[str, ...]] = {
    HOME_AFFAIRS: (CIVIL_SERVICE, REFORM, EMULATION),
    "Văn phòng Ủy ban nhân dân tỉnh": ("Phòng Tổng hợp", "Phòng Hành chính - Quản trị", DIGITAL),
    "Sở Khoa học và Công nghệ": ("Văn phòng Sở", "Phòng Quản lý khoa học", "Phòng Sở hữu trí tuệ"),
    "Sở Tài chính": ("Văn phòng Sở", "Phòng Quản lý ngân sách", "Phòng Đăng ký kinh doanh"),
    "Sở Nông nghiệp và Môi trường": (
        "Văn phòng Sở",
        "Phòng Quản lý đất đai",
        "Phòng Trồng trọt và Chăn nuôi",
    ),
    "Sở Xây dựng": ("Văn phòng Sở", "Phòng Quy hoạch - Kiến trúc", "Phòng Quản lý vận tải"),
    "Sở Y tế": ("Văn phòng Sở", "Phòng Nghiệp vụ y", "Phòng Bảo trợ xã hội"),
    "Sở Tư pháp": ("Văn phòng Sở", "Phòng Xây dựng và Kiểm tra văn bản", "Phòng Hành chính tư pháp"),
    "Sở Giáo dục và Đào tạo": ("Văn phòng Sở", "Phòng Giáo dục phổ thông", "Phòng Giáo dục mầm non"),
    "Sở Công Thương": ("Văn phòng Sở", "Phòng Quản lý công nghiệp", "Phòng Quản lý thương mại"),
    "Sở Văn hóa, Thể thao và Du lịch": ("Văn phòng Sở", "Phòng Quản lý văn hóa", "Phòng Quản lý du lịch"),
    "Sở Dân tộc và Tôn giáo": ("Văn phòng Sở", "Phòng Công tác dân tộc", "Phòng Công tác tôn giáo"),
    "Thanh tra tỉnh": ("Văn phòng", "Phòng Thanh tra kinh tế - xã hội", "Phòng Giải quyết khiếu nại, tố cáo"),
    "Sở Ngoại vụ": ("Văn phòng Sở", "Phòng Lãnh sự", "Phòng Hợp tác quốc tế"),
}
COMMUNE_UNITS = (
    ("Văn phòng HĐND và UBND", "VT08", 6),
    ("Phòng Kinh tế", "VT09", 6),
    ("Phòng Văn hóa - Xã hội", "VT10", 5),
    ("Trung tâm Phục vụ hành chính công", "VT11", 4),
)
AGENCY_SIZE = 24
DIVISION_POSITIONS = {CIVIL_SERVICE: ("VT02", "VT03"), REFORM: ("VT04", "VT06"), EMULATION: ("VT05",)}


@dataclass(frozen=True, slots=True)
class DivisionPlan:
    """A part of an agency: its name, the positions of its staff, how many people it has."""

    name: str
    positions: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class AgencyPlan:
    """A using agency with its divisions."""

    name: str
    commune: bool
    divisions: tuple[DivisionPlan, ...]


def agencies(officials: int, chance: Random) -> list[AgencyPlan]:
    """As many agencies of twenty-four as the officials fill; a third of them departments, up to fourteen."""
    count = max(2, -(-officials // AGENCY_SIZE))
    departments = list(DEPARTMENTS)[: min(len(DEPARTMENTS), max(1, count // 3))]
    plans = [_department(name) for name in departments]
    plans += [_commune(name) for name, _ in zip(_communes(chance), range(count - len(plans)), strict=False)]
    return plans


def _department(name: str) -> AgencyPlan:
    parts = tuple(
        DivisionPlan(
            part,
            DIVISION_POSITIONS.get(part, ("VT07", "VT06" if part.startswith("Văn phòng") else "VT07")),
            7,
        )
        for part in DEPARTMENTS[name]
    )
    return AgencyPlan(name, False, parts)


def _commune(name: str) -> AgencyPlan:
    return AgencyPlan(
        f"Ủy ban nhân dân {name[0].lower()}{name[1:]}",
        True,
        tuple(DivisionPlan(part, (position,), people) for part, position, people in COMMUNE_UNITS),
    )


def _communes(chance: Random) -> Iterator[str]:
    """Communes of the province in an order of chance, then of the rest of the country when a benchmark needs more."""
    own = next(province for province in Province.iter_all() if province.name.endswith(PROVINCE))
    first = sorted(ward.name for ward in Ward.iter_by_province(own.code))
    chance.shuffle(first)
    rest = (ward.name for ward in Ward.iter_all() if ward.province_code != own.code)
    return chain(first, rest)
