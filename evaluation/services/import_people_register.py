"""What the register knows about the people of a file, and the words of a file for serving and having left."""

from datetime import date
from typing import Any

from evaluation.files.people import PersonRow
from evaluation.files.says import Says
from evaluation.queries import registers
from evaluation.queries.registers import KnownUnit
from evaluation.services.unit_finder import UnitFinder

LEFT = frozenset(
    {
        "nghi huu", "da nghi huu", "nghi viec", "da nghi viec", "thoi viec", "da thoi viec", "buoc thoi viec",
        "chuyen cong tac", "da chuyen cong tac", "chuyen di", "da chuyen di", "tu tran", "da mat", "nghi", "khong con cong tac",
    }
)  # fmt: skip
SERVING = frozenset(
    {
        "",
        "dang cong tac",
        "dang lam viec",
        "cong tac",
        "lam viec",
        "tap su",
        "biet phai",
        "dang nghi thai san",
    }
)


class PeopleRegister:
    """What the database knows about the people, units and positions of a file: one query for each register."""

    def __init__(self, rows: list[PersonRow], day: date) -> None:
        self.finder = UnitFinder(registers.units(), day)
        self._doubts: dict[tuple[int, str, str], Says | None] = {}
        self.by_official: dict[str, Any] = {}
        self.by_personal: dict[str, Any] = {}
        official = {row.official_number for row in rows if row.official_number}
        personal = {row.personal_number for row in rows if row.personal_number}
        for person in registers.people(official, personal):
            self.by_official[person.official_number] = person
            if person.personal_number:
                self.by_personal[person.personal_number] = person
        ids = {person.id for person in self.by_official.values()}
        self.serving = registers.last_main_assignments(ids)
        self.heads = registers.heads_from(day)
        self.positions, self.positions_by_name, self.position_names = registers.positions()

    def doubt(self, unit: KnownUnit, row: PersonRow) -> Says | None:
        """The finder's doubt about code and name, asked once for each pair."""
        key = (unit.id, row.unit_code, row.unit_name)
        if key not in self._doubts:
            self._doubts[key] = self.finder.doubt(unit, row.unit_code, row.unit_name)
        return self._doubts[key]


def tells_more(row: PersonRow, person: Any) -> bool:
    """Whether the file's birth differs; a year alone does not overwrite the full day of the same year."""
    if row.born_on is None or (row.born_on, row.born_year_only) == (person.born_on, person.born_year_only):
        return False
    return not (row.born_year_only and person.born_on and person.born_on.year == row.born_on.year)


def shown(key: str, value: Any) -> str | None:
    """A value for the preview; a personal number keeps only its last three digits."""
    if value is None or value == "":
        return None
    if key == "personal_number":
        return "•" * 9 + value[-3:]
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value.value) if hasattr(value, "value") else str(value)
