"""The registers as rows of the import's own forms: a unit or a person as cells, and whether they read back the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from evaluation.files.legacy_fonts import detect
from evaluation.files.people import PersonRow
from evaluation.files.says import Gettext, msgid, said
from evaluation.files.sheets import Sheet, safe_text
from evaluation.files.units import UnitRow
from evaluation.rules.organisation import Gender, PersonKind, UnitKind, UnitRole

UNIT_KINDS = {
    UnitKind.PROVINCE: "Tỉnh",
    UnitKind.DEPARTMENT: "Sở",
    UnitKind.COMMUNE: "Xã",
    UnitKind.DIVISION: "Phòng",
    UnitKind.SERVICE_UNIT: "Đơn vị sự nghiệp",
}
UNIT_ROLES = {
    UnitRole.MANAGING_AGENCY: "Cơ quan quản lý",
    UnitRole.USING_AGENCY: "Cơ quan sử dụng",
    UnitRole.DIRECT_UNIT: "Đơn vị trực tiếp sử dụng",
}
PERSON_KINDS = {
    PersonKind.CAN_BO: "Cán bộ",
    PersonKind.CONG_CHUC: "Công chức",
    PersonKind.VIEN_CHUC: "Viên chức",
    PersonKind.HOP_DONG: "Hợp đồng",
}
GENDERS = {Gender.MALE: "Nam", Gender.FEMALE: "Nữ"}
SERVING, LEFT = "Đang công tác", "Không còn công tác"
SHEET = "Danh sách"
FIRST_ROW = 2  # under the header, as the template has it

_UNIT_FIELDS = ("code", "name", "short_name", "kind", "parent_code", "role", "valid_from", "valid_to")
_PERSON_FIELDS = (
    "official_number", "personal_number", "full_name", "gender", "kind", "title", "position_code", "rank_code",
    "hired_on", "phone", "email",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit as the register has it; `valid_to` is its last day."""

    code: str
    name: str
    short_name: str
    kind: UnitKind
    parent_code: str
    role: UnitRole
    valid_from: date
    valid_to: date | None

    @property
    def reference(self) -> str:
        return self.code

    def cells(self) -> dict[str, str]:
        """What stands under each column of the form."""
        return {
            "code": self.code,
            "name": self.name,
            "short_name": self.short_name,
            "kind": UNIT_KINDS[self.kind],
            "parent_code": self.parent_code,
            "role": UNIT_ROLES[self.role],
            "valid_from": _day(self.valid_from),
            "valid_to": _day(self.valid_to),
        }

    def differs(self, row: UnitRow) -> str:
        """The first column that an import would read otherwise, "" when none."""
        return next((key for key in _UNIT_FIELDS if getattr(row, key) != getattr(self, key)), "")


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as the register has them, with the main post of the day; `status` says whether they serve."""

    id: int
    official_number: str
    personal_number: str
    full_name: str
    born_on: date | None
    born_year_only: bool
    gender: Gender | None
    kind: PersonKind
    rank_code: str
    hired_on: date | None
    phone: str
    email: str
    unit_code: str = ""
    unit_name: str = ""
    division_name: str = ""
    title: str = ""
    position_code: str = ""
    position_name: str = ""
    status: str = ""

    @property
    def reference(self) -> str:
        return self.official_number

    @property
    def name(self) -> str:
        return self.full_name

    def cells(self) -> dict[str, str]:
        """What stands under each column of the form."""
        born = f"{self.born_on.year:04d}" if self.born_on and self.born_year_only else _day(self.born_on)
        return {
            "unit_code": self.unit_code,
            "unit_name": self.unit_name,
            "division_name": self.division_name,
            "official_number": self.official_number,
            "personal_number": self.personal_number,
            "full_name": self.full_name,
            "born_on": born,
            "gender": GENDERS[self.gender] if self.gender else "",
            "title": self.title,
            "position_name": self.position_name,
            "position_code": self.position_code,
            "kind": PERSON_KINDS[self.kind],
            "rank_code": self.rank_code,
            "hired_on": _day(self.hired_on),
            "phone": self.phone,
            "email": self.email,
            "status": self.status,
        }

    def differs(self, row: PersonRow) -> str:
        """The first column that an import would read otherwise, "" when none."""
        for key in _PERSON_FIELDS:
            if getattr(row, key) != getattr(self, key):
                return key
        years = (row.born_on and row.born_on.year, self.born_on and self.born_on.year)
        same = years[0] == years[1] if self.born_year_only else row.born_on == self.born_on
        return (
            "" if same and row.born_year_only == (self.born_year_only and bool(self.born_on)) else "born_on"
        )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that an import could not take back unchanged: whose it is, the column, and why."""

    reference: str
    name: str
    column: str
    says_id: str
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, gettext: Gettext) -> str:
        """Why, in the reader's language."""
        return said(gettext, self.says_id, self.params)


READ_OTHERWISE = msgid("An import would read this cell otherwise than the register has it.")
OLD_FONT = msgid("The text looks as if typed in an old font; an import would offer to convert it.")
NOT_READ = msgid("An import would not take this row for a row of the register.")


def as_read(keys: Sequence[str], labels: Sequence[str], lines: Sequence[Mapping[str, str]]) -> Sheet:
    """The worksheet that an import would find in a file of these rows."""
    rows: list[list[object]] = [list(labels)]
    rows.extend([safe_text(line.get(key, "")) for key in keys] for line in lines)
    return Sheet(SHEET, rows)


def in_old_font(cells: Mapping[str, str], keys: Sequence[str]) -> str:
    """The first of these columns whose text would be taken for a legacy font, "" when none.

    Each cell is judged alone: where none makes better words converted, no column of such cells does.
    """
    return next((key for key in keys if cells.get(key) and detect([cells[key]]) is not None), "")


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
