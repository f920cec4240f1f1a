"""The registers that commendation reads: titles, older classes, old units' opinions, open matters, ranks in clusters."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused, FileRefused, said
from evaluation.files.sheets import Column, data_rows, find_header, read_workbook
from evaluation.models import (
    Person,
    Unit,
    UnitCode,
)
from evaluation.queries import jobs as job_queries
from evaluation.queries.organisation import Subject
from evaluation.rules.facts import AwardType
from evaluation.rules.permissions import Action
from evaluation.services import access
from evaluation.services.access import Actor
from evaluation.services.commendation_register_lines import VALUES, Entry, Found, Register, write
from evaluation.services.refusals import Fault, Forbidden, Invalid

FIRST_YEAR = 1990
NOT_SOLE = ("không", "khong", "no", "0")
WITH_YEAR = (Register.TITLE, Register.PAST_RATING, Register.CLUSTER, Register.INITIATIVE)
COLUMNS = (
    Column("register", "Sổ", "register", required=True),
    Column("whose", "Mã số", "Mã|Số hiệu|whose", required=True),
    Column("value", "Nội dung", "value", required=True),
    Column("year", "Năm", "year"),
    Column("award_type", "Loại hình", "award type"),
    Column("number", "Số văn bản", "Số quyết định|number", required=True),
    Column("on", "Ngày văn bản", "Ngày quyết định|on", required=True),
    Column("since", "Từ ngày", "since"),
    Column("until", "Đến ngày", "until"),
    Column("text", "Tên sáng kiến", "title"),
    Column("sole", "Tác giả duy nhất", "sole author"),
)


def record(actor: Actor, entry: Entry) -> None:
    """Enters one line; what it replaces stays behind it (Home Affairs, never about oneself)."""
    require_keeper(actor)
    found, faults = _check(actor, entry)
    if found is None:
        raise Invalid(faults)
    write(actor, found)
    db.session.commit()


def record_file(actor: Actor | None, data: bytes) -> int:
    """Enters every line of an .xlsx file or none; all faults are said at once, each with its row."""
    if actor is not None:
        require_keeper(actor)
    faults: list[Fault] = []
    lines: list[Found] = []
    seen: set[Entry] = set()
    for row, entry, wrong in _read(data):
        found, more = _check(actor, entry) if not wrong else (None, wrong)
        faults += [Fault("file", _("Row %(row)s: %(says)s", row=row, says=fault.message)) for fault in more]
        if found is not None and entry in seen:
            faults.append(Fault("file", _("Row %(row)s says the same as a row above.", row=row)))
        elif found is not None:
            lines.append(found)
            seen.add(entry)
    if not faults and not lines:
        faults.append(Fault("file", _("The file has no rows to enter.")))
    if faults:
        raise Invalid(faults)
    for found in lines:
        write(actor, found)
    db.session.commit()
    return len(lines)


def require_keeper(actor: Actor) -> None:
    """Refuses whoever does not keep the registers of the province."""
    province = job_queries.province(clock.today())
    access.require(actor, Action.RUN_COMMENDATIONS, Subject(province, confirming_unit_id=province))


def _read(data: bytes) -> list[tuple[int, Entry, list[Fault]]]:
    try:
        sheets = read_workbook(data)
    except FileRefused as refused:
        raise Invalid([Fault("file", refused.message(_))]) from None
    for sheet in sheets:
        header = find_header(sheet.rows, COLUMNS)
        if header is not None and not header.missing:
            return [
                (number, *_entry({one.key: header.value(row, one.key) for one in COLUMNS}))
                for number, row in data_rows(sheet, header)
            ]
    names = ", ".join(column.label for column in COLUMNS if column.required)
    raise Invalid([Fault("file", _("No sheet has the columns %(names)s.", names=names))])


def _entry(cells: dict[str, Any]) -> tuple[Entry, list[Fault]]:
    faults: list[Fault] = []
    days: dict[str, date | None] = {}
    for key in ("on", "since", "until"):
        try:
            days[key] = parse_date(cells[key])
        except CellRefused as refused:
            days[key] = None
            faults.append(Fault(key, said(_, refused.says_id, refused.params)))
    names = ("register", "whose", "value", "year", "number", "award_type", "text", "sole")
    words = {key: _word(cells[key]) for key in names}
    year = int(words["year"]) if words["year"].isdecimal() and len(words["year"]) == 4 else None
    if words["year"] and year is None:
        faults.append(Fault("year", _("Enter a year such as 2026.")))
    kind = words["award_type"].upper() or AwardType.CONG_TRANG.value
    entry = Entry(
        words["register"].upper(),
        words["whose"],
        words["value"],
        year,
        words["number"],
        **days,
        award_type=kind,
        text=words["text"],
        sole=words["sole"].casefold() not in NOT_SOLE,
    )
    return entry, faults


def _word(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _check(actor: Actor | None, entry: Entry) -> tuple[Found | None, list[Fault]]:
    faults: list[Fault] = []
    today = clock.today()
    if entry.register not in tuple(Register):
        return None, [Fault("register", _("Choose a register: %(known)s.", known=", ".join(Register)))]
    person, unit = _owner(Register(entry.register), entry.whose)
    if person is None and unit is None:
        faults.append(Fault("whose", _("No official and no unit has the code %(code)s.", code=entry.whose)))
    if actor is not None and person is not None and person.id == actor.person_id:
        raise Forbidden(_("Nobody writes in these registers about themselves."))
    if entry.register in WITH_YEAR and (entry.year is None or not FIRST_YEAR <= entry.year <= today.year):
        faults.append(
            Fault("year", _("Enter a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=today.year))
        )
    if not entry.number.strip():
        faults.append(Fault("number", _("Write the number of the document.")))
    if entry.on is None:
        faults.append(Fault("on", _("Write the day of the document.")))
    elif entry.on > today:
        faults.append(Fault("on", _("This day is to come.")))
    if entry.since and entry.until and entry.until < entry.since:
        faults.append(Fault("until", _("The last day stands before the first.")))
    if not faults:
        faults += VALUES[Register(entry.register)](entry, Found(entry, person, unit))
    return (None, faults) if faults else (Found(entry, person, unit), [])


def _owner(register: Register, code: str) -> tuple[Person | None, Unit | None]:
    """The official of a number, or the unit of a code, whichever the register is about."""
    code = code.strip()
    person, unit = None, None
    if register is not Register.CLUSTER:
        person = db.session.scalar(select(Person).where(Person.official_number == code))
    if person is None and register in (Register.TITLE, Register.MATTER, Register.CLUSTER):
        unit = db.session.scalar(
            select(Unit)
            .join(UnitCode, UnitCode.unit_id == Unit.id)
            .where(UnitCode.code == code)
            .order_by(UnitCode.valid_from.desc())
            .limit(1)
        )
    return person, unit
