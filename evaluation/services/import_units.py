"""Comparing a file of units with the register of units."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from evaluation.files.choices import parse_unit_kind
from evaluation.files.says import CellRefused, RowError, msgid
from evaluation.files.units import COLUMNS, UnitRow
from evaluation.queries import registers
from evaluation.queries.registers import KnownUnit
from evaluation.rules.organisation import UnitKind, UnitRole
from evaluation.services.import_plans import Change, Diff, Options, What

TITLES = {column.key: column.label for column in COLUMNS}
ROLES = {
    UnitKind.PROVINCE: UnitRole.MANAGING_AGENCY,
    UnitKind.DEPARTMENT: UnitRole.USING_AGENCY,
    UnitKind.COMMUNE: UnitRole.USING_AGENCY,
    UnitKind.SERVICE_UNIT: UnitRole.USING_AGENCY,
    UnitKind.DIVISION: UnitRole.DIRECT_UNIT,
}


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to found; the day after its last is `ends`."""

    code: str
    name: str
    short_name: str
    kind: UnitKind
    role: UnitRole
    parent_code: str
    since: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A place to open on a day for a known unit; `replaces` corrects the place that began the same day."""

    unit: KnownUnit
    since: date
    name: str
    short_name: str
    parent_code: str
    replaces: bool


@dataclass
class UnitPlan:
    """Everything to write, in the order it is written."""

    founded: list[NewUnit] = field(default_factory=list)
    placed: list[NewPlace] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    ended: dict[int, date] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


def compare(rows: list[UnitRow], options: Options, scope: Collection[int] | None) -> Diff:
    """What the rows would change; rows that depend on a faulty row are faulty themselves."""
    known = registers.units()
    given = registers.codes_ever_given({row.code for row in rows})
    errors: list[RowError] = []
    while True:
        one = _Pass(rows, known, given, options.day, scope)
        diff = one.run()
        if not diff.errors:
            diff.errors = errors
            return diff
        errors.extend(diff.errors)
        bad = {(error.sheet, error.row) for error in diff.errors}
        rows = [row for row in rows if (row.sheet, row.row) not in bad]


class _Pass:
    """One comparison of rows with the register."""

    def __init__(
        self,
        rows: list[UnitRow],
        known: list[KnownUnit],
        given: dict[str, list[tuple[int, date, date | None, str | None]]],
        day: date,
        scope: Collection[int] | None,
    ) -> None:
        self.rows, self.day, self.scope, self.given = rows, day, scope, given
        self.units = {unit.id: unit for unit in known}
        self.by_code = {
            unit.code: unit for unit in known if unit.code and (unit.code_to is None or unit.code_to > day)
        }
        self.in_file = {row.code: row for row in rows}
        self.plan = UnitPlan(ids={code: unit.id for code, unit in self.by_code.items()})
        self.diff = Diff(plan=self.plan)
        self.ending: dict[int, UnitRow] = {}

    def run(self) -> Diff:
        for row in self.rows:
            unit = self.by_code.get(row.code)
            try:
                if unit is not None:
                    self._known(row, unit)
                elif row.code in self.given:
                    self._closed(row)
                else:
                    self._new(row)
            except CellRefused as refused:
                self._fail(row, refused)
        self._check_ends()
        self._check_circles()
        return self.diff

    def _fail(self, row: UnitRow, refused: CellRefused) -> None:
        key = str(refused.params.get("key", "code"))
        params = {name: value for name, value in refused.params.items() if name != "key"}
        self.diff.errors.append(RowError(row.sheet, row.row, TITLES[key], refused.says_id, params))

    def _closed(self, row: UnitRow) -> None:
        _unit_id, _since, until, successor = self.given[row.code][0]
        if row.valid_to and until == row.valid_to + timedelta(days=1):
            self.diff.unchanged += 1
            return
        raise CellRefused(
            msgid("The code %(code)s was closed on %(day)s.%(successor)s A closed code is not given again."),
            code=row.code,
            day=f"{until:%d/%m/%Y}" if until else "",
            successor=f" → {successor}." if successor else "",
        )

    def _new(self, row: UnitRow) -> None:
        kind = row.kind or _guess_kind(row.name)
        if kind is None:
            raise CellRefused(
                msgid("The kind of this new unit is missing. Use: tỉnh, sở, xã, phòng, đơn vị sự nghiệp."),
                key="kind",
            )
        since = row.valid_from or self.day
        if not row.parent_code and kind is not UnitKind.PROVINCE:
            raise CellRefused(msgid("The superior unit of this new unit is missing."), key="parent_code")
        if row.parent_code:
            self._check_parent(row.parent_code, since)
        elif self.scope is not None:
            raise CellRefused(msgid("Only the command line founds a unit that stands under no other."))
        role = row.role or ROLES[kind]
        ends = row.valid_to + timedelta(days=1) if row.valid_to else None
        self.plan.founded.append(
            NewUnit(row.code, row.name, row.short_name or row.name, kind, role, row.parent_code, since, ends)
        )
        self._tell(
            What.NEW,
            row,
            [
                ("unit_kind", None, kind.value),
                ("role", None, role.value),
                ("parent", None, self._name(row.parent_code)),
                ("valid_from", None, f"{since:%d/%m/%Y}"),
            ],
        )

    def _known(self, row: UnitRow, unit: KnownUnit) -> None:
        self._check_scope(unit.id)
        before = len(self.diff.changes)
        items: list[tuple[str, str | None, str | None]] = []
        self._place(row, unit, items)
        facts = {
            key: value
            for key, value, old in (("kind", row.kind, unit.kind), ("role", row.role, unit.role))
            if value is not None and value is not old
        }
        if facts:
            self.plan.facts.append({"id": unit.id, **facts})
            items += [
                ({"kind": "unit_kind"}.get(key, key), getattr(unit, key).value, value.value)
                for key, value in facts.items()
            ]
        self._end(row, unit, items)
        if items:
            what = What.ENDED if unit.id in self.plan.ended else What.CHANGED
            self._tell(what, row, items)
        elif len(self.diff.changes) == before:
            self.diff.unchanged += 1

    def _place(self, row: UnitRow, unit: KnownUnit, items: list[tuple[str, str | None, str | None]]) -> None:
        parent = self.units.get(unit.parent_id) if unit.parent_id else None
        old_parent = parent.code if parent else ""
        new_parent = row.parent_code or old_parent
        short_name = row.short_name or (unit.short_name if row.name == unit.name else row.name)
        if (row.name, short_name, new_parent) == (unit.name, unit.short_name, old_parent):
            return
        since = row.valid_from if row.valid_from and row.valid_from > unit.placed_from else self.day
        if since < unit.placed_from:
            raise CellRefused(
                msgid("The unit's name or place was already changed from %(day)s. Choose a later day."),
                day=f"{unit.placed_from:%d/%m/%Y}",
                key="valid_from",
            )
        if not unit.stands_on(since):
            raise CellRefused(
                msgid("The unit was dissolved on %(day)s."), day=f"{unit.placed_to:%d/%m/%Y}", key="code"
            )
        if row.parent_code and new_parent != old_parent:
            self._check_parent(new_parent, since)
        self.plan.placed.append(
            NewPlace(unit, since, row.name, short_name, new_parent, since == unit.placed_from)
        )
        if row.name != unit.name:
            items.append(("name", unit.name, row.name))
        if short_name != unit.short_name:
            items.append(("short_name", unit.short_name, short_name))
        if new_parent != old_parent:
            items.append(("parent", self._name(old_parent), self._name(new_parent)))
        items.append(("valid_from", None, f"{since:%d/%m/%Y}"))

    def _end(self, row: UnitRow, unit: KnownUnit, items: list[tuple[str, str | None, str | None]]) -> None:
        if row.valid_to is None or unit.placed_to == row.valid_to + timedelta(days=1):
            return
        if unit.placed_to is not None:
            raise CellRefused(
                msgid("The unit already ends on %(day)s."), day=f"{unit.placed_to:%d/%m/%Y}", key="valid_to"
            )
        if row.valid_to < unit.placed_from:
            raise CellRefused(
                msgid("The unit would end before its present name and place begin."), key="valid_to"
            )
        self.plan.ended[unit.id] = row.valid_to + timedelta(days=1)
        self.ending[unit.id] = row
        items.append(("valid_to", None, f"{row.valid_to:%d/%m/%Y}"))

    def _check_scope(self, unit_id: int) -> None:
        if self.scope is not None and unit_id not in self.scope:
            raise CellRefused(msgid("This unit is outside the area you look after."))

    def _check_parent(self, code: str, since: date) -> None:
        parent = self.by_code.get(code)
        own = self.in_file.get(code)
        if parent is not None:
            self._check_scope(parent.id)
            founded: date | None = None if parent.placed_from <= since else parent.placed_from
            if not parent.stands_on(since):
                raise CellRefused(
                    msgid("The superior unit %(code)s is dissolved by that day."),
                    code=code,
                    key="parent_code",
                )
            # An earlier place of the parent may still cover the day; its code tells.
            if founded and parent.code_from and parent.code_from > since:
                raise CellRefused(
                    msgid("The superior unit %(code)s exists only from %(day)s."),
                    code=code,
                    day=f"{founded:%d/%m/%Y}",
                    key="parent_code",
                )
        elif own is not None and code not in self.given:
            begins = own.valid_from or self.day
            if begins > since:
                raise CellRefused(
                    msgid("The superior unit %(code)s exists only from %(day)s."),
                    code=code,
                    day=f"{begins:%d/%m/%Y}",
                    key="parent_code",
                )
        else:
            close = get_close_matches(code, [*self.by_code, *self.in_file], n=1, cutoff=0.7)
            raise CellRefused(
                msgid(
                    "The superior unit %(code)s is neither in the register nor in a row of this file without errors."
                    "%(nearest)s"
                ),
                code=code,
                nearest=f" {close[0]} ({self._name(close[0])})?" if close else "",
                key="parent_code",
            )

    def _check_ends(self) -> None:
        """A unit ends only when nobody serves in it and nothing stands under it any more."""
        ends = self.plan.ended
        if not ends:
            return
        moved = {place.unit.id for place in self.plan.placed}
        people = registers.people_left_in(ends)
        for unit_id, row in self.ending.items():
            children = [
                child
                for child in self.units.values()
                if child.parent_id == unit_id
                and child.stands_on(ends[unit_id])
                and child.id not in moved
                and ends.get(child.id, date.max) > ends[unit_id]
            ]
            if people.get(unit_id) or children:
                self._fail(
                    row,
                    CellRefused(
                        msgid(
                            "%(people)s assignments and %(units)s units would outlast this unit."
                            " Move or end them first."
                        ),
                        people=people.get(unit_id, 0),
                        units=len(children),
                        key="valid_to",
                    ),
                )

    def _check_circles(self) -> None:
        parents = {unit.code: self.units[unit.parent_id].code for unit in self.by_code.values()
                   if unit.parent_id in self.units}  # fmt: skip
        parents |= {unit.code: unit.parent_code for unit in self.plan.founded}
        parents |= {place.unit.code: place.parent_code for place in self.plan.placed}
        for code in [*(unit.code for unit in self.plan.founded), *(p.unit.code for p in self.plan.placed)]:
            above, steps = parents.get(code, ""), 0
            while above and above != code and steps < 50:
                above, steps = parents.get(above, ""), steps + 1
            if above:
                self._fail(
                    self.in_file[code],
                    CellRefused(
                        msgid("The unit stands above itself. Correct the code of its superior unit."),
                        key="parent_code",
                    ),
                )

    def _name(self, code: str) -> str | None:
        if code in self.by_code:
            return self.by_code[code].name
        return self.in_file[code].name if code in self.in_file else None

    def _tell(self, what: What, row: UnitRow, items: list[tuple[str, str | None, str | None]]) -> None:
        self.diff.changes.append(Change(what, row.sheet, row.row, f"{row.code} {row.name}", tuple(items)))


def _guess_kind(name: str) -> UnitKind | None:
    """The kind that the first words of a name tell: “Sở Nội vụ”, “Phòng Tổ chức”, “UBND xã …”."""
    words = name.split()
    for size in (5, 3, 2, 1):
        try:
            return parse_unit_kind(" ".join(words[:size]))
        except CellRefused:
            continue
    return None
