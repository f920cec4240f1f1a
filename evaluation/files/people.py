"""Reads the list of officials as offices send it: one row a person, every row's errors at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from evaluation.files.cells import Birth, parse_birth, parse_date, parse_text
from evaluation.files.choices import guess_office, parse_gender, parse_kind
from evaluation.files.codes import (
    doubt_personal_number,
    parse_email,
    parse_personal_number,
    parse_phone,
    parse_rank_code,
    parse_unit_code,
)
from evaluation.files.legacy_fonts import Conversion
from evaluation.files.rows import RowReader, convert_legacy, repeated, tables
from evaluation.files.says import FileRefused, RowError, Says, msgid
from evaluation.files.sheets import Column, Header, Sheet, data_rows, read_workbook
from evaluation.rules.names import fold, outside_vietnamese
from evaluation.rules.organisation import Gender, Office, PersonKind

COLUMNS = (
    Column("order", "STT", "Số TT|TT|Số thứ tự|No"),
    Column(
        "unit_code",
        "Mã định danh cơ quan",
        "Mã đơn vị|Mã cơ quan|Mã định danh đơn vị|Mã định danh|Mã đơn vị sử dụng|MaDonViSuDung|Mã tổ chức",
    ),
    Column(
        "unit_name",
        "Đơn vị",
        "Tên đơn vị|Cơ quan|Tên cơ quan|Cơ quan, đơn vị|Đơn vị công tác|Cơ quan công tác|Nơi công tác",
    ),
    Column(
        "division_name",
        "Phòng/ban",
        "Phòng|Phòng ban|Bộ phận|Phòng chuyên môn|Phòng/bộ phận|Phòng, ban|Đơn vị trực thuộc",
    ),
    Column(
        "official_number",
        "Số hiệu CBCCVC",
        "Số hiệu|Số hiệu cán bộ|Số hiệu công chức|Mã CBCCVC|Mã cán bộ|Mã công chức|Số hiệu CBCC"
        "|SoHieuCBCCVC|Mã nhân viên|Số hiệu viên chức|Số hiệu CB",
    ),
    Column(
        "personal_number",
        "Số định danh cá nhân (CCCD)",
        "Số định danh cá nhân|CCCD|Số CCCD|CMND/CCCD|CCCD/CMND|Số CMND/CCCD|Số CCCD/CMND|CMND|Số CMND"
        "|Căn cước công dân|Số căn cước|Căn cước|Số căn cước công dân|Số định danh|ĐDCN|Số ĐDCN",
    ),
    Column(
        "full_name",
        "Họ và tên",
        "Họ tên|Họ, tên|Họ và tên công chức|Họ và tên khai sinh|HoVaTen|Tên công chức|Tên cán bộ"
        "|Họ và tên CBCCVC|Họ tên cán bộ",
    ),
    Column(
        "family_name",
        "Họ và chữ đệm",
        "Họ đệm|Họ và đệm|Họ, chữ đệm|Họ và tên đệm|Họ lót|Họ|Họ và tên Họ và chữ đệm|Họ và tên Họ đệm",
    ),
    Column("given_name", "Tên", "Tên gọi|Họ và tên Tên"),
    Column(
        "born_on",
        "Ngày sinh",
        "Năm sinh|Ngày tháng năm sinh|Ngày, tháng, năm sinh|Sinh ngày|Ngày/tháng/năm sinh|NgaySinh"
        "|Ngày sinh/Năm sinh",
    ),
    Column("born_male", "Năm sinh Nam", "Ngày sinh Nam|Ngày tháng năm sinh Nam|Ngày, tháng, năm sinh Nam"),
    Column("born_female", "Năm sinh Nữ", "Ngày sinh Nữ|Ngày tháng năm sinh Nữ|Ngày, tháng, năm sinh Nữ"),
    Column("gender", "Giới tính", "Giới|Nam/Nữ|GioiTinh|Phái"),
    Column(
        "title",
        "Chức vụ/chức danh",
        "Chức vụ|Chức danh|Chức vụ, chức danh|Chức danh, chức vụ|Chức vụ hiện tại"
        "|Chức vụ, chức danh hiện tại|ChucVu|Chức danh/chức vụ",
    ),
    Column("position_name", "Vị trí việc làm", "Tên vị trí việc làm|VTVL|Tên VTVL|Vị trí"),
    Column("position_code", "Mã VTVL", "Mã vị trí việc làm|Mã vị trí"),
    Column(
        "kind",
        "Loại (cán bộ/công chức/viên chức/HĐ 111)",
        "Loại|Loại cán bộ|Đối tượng|Phân loại|Loại hồ sơ|Loại CBCCVC|PhanLoaiHoSo|Diện|Loại hợp đồng",
    ),
    Column(
        "rank_code",
        "Mã ngạch/CDNN",
        "Mã ngạch|Ngạch|Mã ngạch/chức danh nghề nghiệp|Mã CDNN|Mã số ngạch"
        "|Mã số chức danh nghề nghiệp|MaNgachChucDanh",
    ),
    Column(
        "hired_on",
        "Ngày vào cơ quan",
        "Ngày tuyển dụng|Ngày vào làm|Ngày về cơ quan|Ngày công tác|Ngày bắt đầu",
    ),
    Column("phone", "Điện thoại", "Số điện thoại|SĐT|ĐT|Điện thoại di động|Di động"),
    Column("email", "Email công vụ", "Email|Thư điện tử|Hộp thư công vụ|Thư công vụ|E-mail"),
    Column(
        "supervisor_number",
        "Người đánh giá trực tiếp",
        "Số hiệu người đánh giá|Người đánh giá|Lãnh đạo trực tiếp|Người phụ trách trực tiếp"
        "|Số hiệu người đánh giá trực tiếp|Cấp trên trực tiếp",
    ),
    Column("status", "Trạng thái", "Tình trạng|Trạng thái công tác|Tình trạng công tác"),
    Column("note", "Ghi chú", "Chú thích|Ghi chú khác"),
)
_TEXT_KEYS = (
    "full_name", "family_name", "given_name", "unit_name", "division_name", "title", "position_name", "note"
)  # fmt: skip
NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as the file has it; `office` is guessed from `title`, which is kept as written."""

    sheet: str
    row: int
    official_number: str
    personal_number: str
    full_name: str
    born_on: date | None
    born_year_only: bool
    gender: Gender | None
    kind: PersonKind | None
    unit_code: str
    unit_name: str
    division_name: str
    office: Office
    title: str
    position_code: str
    position_name: str
    rank_code: str
    hired_on: date | None
    phone: str
    email: str
    supervisor_number: str
    status: str
    note: str


@dataclass(frozen=True)
class PeopleFile:
    """What a file of officials holds; rows with an error are in `errors`, and also in `rows` as far as readable.

    Nothing of `conversions` may be applied before a person has seen it and agreed.
    """

    rows: list[PersonRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    conversions: list[Conversion] = field(default_factory=list)


def read_people(data: bytes) -> PeopleFile:
    """All people of all sheets with a name column, with every error; FileRefused when nothing can be read."""
    return people_in(read_workbook(data))


def people_in(worksheets: Iterable[Sheet]) -> PeopleFile:
    """The same of worksheets already in memory: an export asks it what an import would read."""
    sheets = [found for found in tables(worksheets, COLUMNS) if _has_name(found[1])]
    if not sheets:
        raise FileRefused(
            msgid("No sheet has a column “Họ và tên”. Add it to the header and upload the file again.")
        )
    file = PeopleFile()
    readers: list[tuple[RowReader, PersonRow]] = []
    for sheet, header in sheets:
        header = _with_given_name(sheet, header)
        converted, conversions = convert_legacy(sheet, header, _TEXT_KEYS)
        file.conversions.extend(conversions)
        readers.extend(_people_of(converted, header, file))
    file.rows.extend(person for _, person in readers)
    _report_repeats(readers)
    file.errors.sort(key=lambda error: (error.sheet, error.row))
    return file


def _has_name(header: Header) -> bool:
    return "full_name" in header.places or "given_name" in header.places


def _with_given_name(sheet: Sheet, header: Header) -> Header:
    """A header “Họ và tên” merged over two columns: the second, without a header of its own, holds given names."""
    places = header.places
    beside = places.get("full_name", -2) + 1
    if "given_name" in places or beside < 0 or beside in places.values():
        return header
    block = sheet.rows[header.row - 1 : header.first_data_row - 1]
    rows = [row for _, row in data_rows(sheet, header)]
    if any(beside < len(row) and parse_text(row[beside]) for row in block):
        return header
    filled = sum(1 for row in rows if beside < len(row) and isinstance(row[beside], str) and row[beside])
    return replace(header, places={**places, "given_name": beside}) if 2 * filled > len(rows) else header


def _people_of(sheet: Sheet, header: Header, file: PeopleFile) -> Iterable[tuple[RowReader, PersonRow]]:
    for number, row in data_rows(sheet, header):
        reader = RowReader(sheet, header, number, row, errors=file.errors, warnings=file.warnings)
        if _is_heading(reader):
            reader.warn("", Says(msgid("This row holds no person; it was read as a heading and skipped.")))
            continue
        yield reader, _person(reader)


def _is_heading(reader: RowReader) -> bool:
    """A merged line between people ("I. Phòng Nội vụ") or below them ("Người lập biểu"): few cells and no number."""
    if reader.text("official_number") or reader.text("personal_number") or reader.text("given_name"):
        return False
    return reader.filled() <= 2 and not (reader.text("full_name") and reader.text("order"))


def _person(reader: RowReader) -> PersonRow:
    birth, gender = _birth_and_gender(reader)
    personal_number = reader.read_doubtful("personal_number", parse_personal_number, "")
    doubt = doubt_personal_number(personal_number, birth, gender)
    if doubt is not None:
        reader.warn("personal_number", doubt)
    official_number = reader.text("official_number").replace(" ", "")
    if not official_number and not personal_number:
        key = "official_number" if "official_number" in reader.header.places else "personal_number"
        reader.fail(
            key, msgid("The person has neither an official number nor a personal number. Fill in one.")
        )
    title = reader.text("title")
    return PersonRow(
        sheet=reader.sheet.name,
        row=reader.number,
        official_number=official_number,
        personal_number=personal_number,
        full_name=_full_name(reader),
        born_on=birth.on,
        born_year_only=birth.year_only,
        gender=gender,
        kind=reader.read("kind", parse_kind, None),
        unit_code=reader.read_doubtful("unit_code", parse_unit_code, ""),
        unit_name=reader.text("unit_name"),
        division_name=reader.text("division_name"),
        office=guess_office(title),
        title=title,
        position_code=reader.text("position_code"),
        position_name=reader.text("position_name"),
        rank_code=reader.read_doubtful("rank_code", parse_rank_code, ""),
        hired_on=reader.read("hired_on", parse_date, None),
        phone=reader.read("phone", parse_phone, ""),
        email=reader.read("email", parse_email, ""),
        supervisor_number=reader.text("supervisor_number"),
        status=reader.text("status"),
        note=reader.text("note"),
    )


def _full_name(reader: RowReader) -> str:
    places = reader.header.places
    key = "full_name" if "full_name" in places else "given_name"
    name = reader.text("full_name")
    if "given_name" in places:
        name = f"{reader.text('family_name') or name} {reader.text('given_name')}".strip()
    for part in ("full_name", "family_name", "given_name"):
        if part in places:
            reader.note_hidden(part)
    if not name:
        reader.fail(key, msgid("The name is missing. Fill in family name, middle name and given name."))
    elif len(name) > NAME_LIMIT:
        reader.fail(key, msgid("The name is longer than %(limit)s characters. Shorten it."), limit=NAME_LIMIT)
    elif strange := outside_vietnamese(name):
        reader.fail(
            key,
            msgid(
                "The name holds characters that are not Vietnamese letters: %(characters)s. Type them again."
            ),
            characters=" ".join(f"{character} (U+{ord(character):04X})" for character in strange[:5]),
        )
    return name


def _birth_and_gender(reader: RowReader) -> tuple[Birth, Gender | None]:
    """Day of birth and gender; older forms write the year under “Nam” or under “Nữ” instead of a gender column."""
    gender = reader.read("gender", parse_gender, None)
    for key, meant in (("born_male", Gender.MALE), ("born_female", Gender.FEMALE)):
        if key in reader.header.places and parse_text(reader.header.value(reader.row, key)):
            return reader.read(key, parse_birth, Birth(None)), gender or meant
    return reader.read("born_on", parse_birth, Birth(None)), gender


def _report_repeats(readers: list[tuple[RowReader, PersonRow]]) -> None:
    """Errors for numbers used twice, warnings for one name and birth under different numbers, on every row concerned."""
    for key, says_id in (
        ("official_number", msgid("The same official number stands in row %(rows)s. One person, one row.")),
        ("personal_number", msgid("The same personal number stands in row %(rows)s. One person, one row.")),
    ):
        for reader, others in repeated((getattr(person, key), reader) for reader, person in readers):
            reader.fail(key, says_id, rows=", ".join(map(str, others)))
    named = (
        ((fold(person.full_name), person.born_on) if person.full_name and person.born_on else None, reader)
        for reader, person in readers
    )
    for reader, others in repeated(named):
        reader.warn(
            "full_name",
            Says(
                msgid("The same name and birth stand in row %(rows)s. Check that they are two people."),
                {"rows": ", ".join(map(str, others))},
            ),
        )
