"""Comparing a file of officials with the register of people and their assignments."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evaluation.files.people import COLUMNS, PersonRow
from evaluation.files.says import CellRefused, RowError, Says, msgid
from evaluation.queries import registers
from evaluation.queries.registers import KnownUnit, Served
from evaluation.rules.names import fold
from evaluation.rules.organisation import Office, PersonKind
from evaluation.services.import_people_register import LEFT, SERVING, PeopleRegister, shown, tells_more
from evaluation.services.import_plans import Change, Diff, Options, What

TITLES = {column.key: column.label for column in COLUMNS}
TAKEN_OVER = (
    "full_name", "personal_number", "gender", "kind", "rank_code", "hired_on", "email", "phone"
)  # fmt: skip
Items = list[tuple[str, str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Service:
    """An assignment to open on a day; `person_id` is None for a person who is new in this file."""

    row: PersonRow
    person_id: int | None
    unit_id: int
    office: Office
    title: str
    position_id: int | None
    since: date
    closes: int | None = None
    replaces: int | None = None


@dataclass
class PeoplePlan:
    """Everything to write: people hired and corrected, services opened, closed and ended."""

    hired: list[tuple[PersonRow, PersonKind]] = field(default_factory=list)
    corrected: list[dict[str, Any]] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    leaving: list[int] = field(default_factory=list)


def compare(rows: list[PersonRow], options: Options, scope: Collection[int] | None) -> Diff:
    """What the rows would change on the chosen day; faulty rows are left out and reported."""
    register = PeopleRegister(rows, options.day)
    errors: list[RowError] = []
    while True:
        diff = _Pass(rows, register, options, scope).run()
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
        rows: list[PersonRow],
        register: PeopleRegister,
        options: Options,
        scope: Collection[int] | None,
    ) -> None:
        self.rows, self.register, self.options, self.scope = rows, register, options, scope
        self.day = options.day
        self.plan = PeoplePlan()
        self.diff = Diff(plan=self.plan)
        self.seen: dict[int, int] = {}
        self.units: set[int] = set()
        self.without_kind: list[PersonRow] = []

    def run(self) -> Diff:
        for row in self.rows:
            try:
                self._row(row)
            except CellRefused as refused:
                self._fail(row, refused)
        self._one_head_each()
        self._missing_people()
        if self.without_kind:
            first = self.without_kind[0]
            self._warn(
                first,
                "kind",
                Says(
                    msgid("%(count)s new people have no kind; they are taken as civil servants."),
                    {"count": len(self.without_kind)},
                ),
            )
        self.diff.ends = len(self.plan.leaving)
        if self.diff.ends:
            agencies = {self._agency(unit_id) for unit_id in self.units}
            self.diff.running = len(registers.running_in(self.register.finder.below(agencies), self.day))
        return self.diff

    def _fail(self, row: PersonRow, refused: CellRefused) -> None:
        key = str(refused.params.get("key", "unit_name"))
        params = {name: value for name, value in refused.params.items() if name != "key"}
        self.diff.errors.append(RowError(row.sheet, row.row, TITLES[key], refused.says_id, params))

    def _warn(self, row: PersonRow, key: str, says: Says) -> None:
        self.diff.warnings.append(RowError(row.sheet, row.row, TITLES[key], says.says_id, says.params))

    def _row(self, row: PersonRow) -> None:
        person = self._person(row)
        unit = self._unit(row)
        status = fold(row.status)
        if status not in LEFT and status not in SERVING:
            self._warn(
                row,
                "status",
                Says(
                    msgid("“%(value)s” is not a known status; the person is taken as serving."),
                    {"value": row.status[:60]},
                ),
            )
        if person is None:
            if status in LEFT:
                self.diff.unchanged += 1
            else:
                self._hire(row, unit)
            return
        items = self._corrections(row, person)
        serving = self.register.serving.get(person.id)
        if serving is not None:
            self._check_scope(serving.unit_id)
        if status in LEFT:
            self._leave(row, person, serving, items)
            return
        service = self._service(row, person.id, unit, serving, items)
        if service is not None:
            self.plan.services.append(service)
        if items:
            self._tell(What.CHANGED, row, items)
        else:
            self.diff.unchanged += 1

    def _person(self, row: PersonRow) -> Any:
        """The person the row means; refused when its two numbers belong to two people."""
        official = self.register.by_official.get(row.official_number) if row.official_number else None
        personal = self.register.by_personal.get(row.personal_number) if row.personal_number else None
        if personal is not None and row.official_number and (official is None or official.id != personal.id):
            raise CellRefused(
                msgid("This personal number belongs to the person with official number %(number)s."),
                number=personal.official_number,
                key="personal_number",
            )
        person = official or personal
        if person is not None:
            if person.id in self.seen:
                raise CellRefused(
                    msgid("The same person already stands in row %(row)s."),
                    row=self.seen[person.id],
                    key="full_name",
                )
            self.seen[person.id] = row.row
        return person

    def _unit(self, row: PersonRow) -> KnownUnit | None:
        finder = self.register.finder
        try:
            unit = finder.find(row.unit_code, row.unit_name, row.division_name)
        except CellRefused as refused:
            key = "unit_code" if row.unit_code else "unit_name"
            if "agency" in refused.params or not (row.unit_code or row.unit_name):
                key = "division_name"
            raise CellRefused(refused.says_id, **refused.params, key=key) from None
        if unit is not None:
            self._check_scope(unit.id)
            self.units.add(unit.id)
            doubt = self.register.doubt(unit, row)
            if doubt is not None:
                self._warn(row, "unit_name", doubt)
        return unit

    def _check_scope(self, unit_id: int) -> None:
        if self.scope is not None and unit_id not in self.scope:
            raise CellRefused(msgid("This unit is outside the area you look after."))

    def _hire(self, row: PersonRow, unit: KnownUnit | None) -> None:
        if not row.official_number:
            raise CellRefused(
                msgid("A new person needs an official number."),
                key="official_number",
            )
        if unit is None:
            raise CellRefused(msgid("The unit of this new person is missing. Write its code or its name."))
        if row.kind is None:
            self.without_kind.append(row)
        items: Items = []
        service = self._service(row, None, unit, None, items)
        assert service is not None
        kind = row.kind or PersonKind.CONG_CHUC
        self.plan.hired.append((row, kind))
        self.plan.services.append(service)
        self._tell(What.NEW, row, [("kind", None, kind.value), *items])

    def _corrections(self, row: PersonRow, person: Any) -> Items:
        """Fields the file fills otherwise than the register; an empty cell erases nothing."""
        items: Items = []
        values: dict[str, Any] = {}
        for key in TAKEN_OVER:
            new, old = getattr(row, key), getattr(person, key)
            if new and new != old:
                values[key] = new
                items.append((key, shown(key, old), shown(key, new)))
        if tells_more(row, person):
            values |= {"born_on": row.born_on, "born_year_only": row.born_year_only}
            items.append(("born_on", shown("born_on", person.born_on), shown("born_on", row.born_on)))
        if values:
            self.plan.corrected.append({"id": person.id, **values})
        return items

    def _service(
        self,
        row: PersonRow,
        person_id: int | None,
        unit: KnownUnit | None,
        last: Served | None,
        items: Items,
    ) -> Service | None:
        """The assignment to open, or None when the running one already says the same."""
        if last is not None and last.valid_to is not None and last.valid_to <= self.day:
            last = None
        if unit is None:
            return None
        office, title = row.office, row.title or row.position_name
        if last is not None and (not row.title or fold(row.title) == fold(last.title)):
            office = last.office
            title = last.title if not row.title else row.title
        position_id = self._position(row) or (last.position_id if last is not None else None)
        if last is None:
            since = max(self.day, row.hired_on) if row.hired_on and person_id is None else self.day
            items += [
                ("unit", None, unit.name),
                ("office", None, office.value),
                ("title", None, title or None),
                ("valid_from", None, f"{since:%d/%m/%Y}"),
            ]
            return Service(row, person_id, unit.id, office, title, position_id, since)
        if (last.unit_id, last.office, last.title, last.position_id) == (unit.id, office, title, position_id):
            return None
        if last.valid_from > self.day:
            raise CellRefused(
                msgid("The person already has a later assignment from %(day)s. Choose a later day."),
                day=f"{last.valid_from:%d/%m/%Y}",
                key="title",
            )
        self._tell_service(last, unit, office, title, position_id, items)
        same_day = last.valid_from == self.day
        return Service(
            row,
            person_id,
            unit.id,
            office,
            title,
            position_id,
            self.day,
            closes=None if same_day else last.id,
            replaces=last.id if same_day else None,
        )

    def _tell_service(
        self,
        last: Served,
        unit: KnownUnit,
        office: Office,
        title: str,
        position_id: int | None,
        items: Items,
    ) -> None:
        if last.unit_id != unit.id:
            before = self.register.finder.units.get(last.unit_id)
            items.append(("unit", before.name if before else None, unit.name))
        if last.office is not office:
            items.append(("office", last.office.value, office.value))
        if last.title != title:
            items.append(("title", last.title, title))
        if last.position_id != position_id:
            names = self.register.position_names
            items.append(("position", names.get(last.position_id or 0), names.get(position_id or 0)))
        items.append(("valid_from", None, f"{self.day:%d/%m/%Y}"))

    def _position(self, row: PersonRow) -> int | None:
        if row.position_code:
            found = self.register.positions.get(row.position_code.upper())
            if found is None:
                raise CellRefused(
                    msgid("No job position has the code %(code)s. Correct it, or leave the cell empty."),
                    code=row.position_code[:60],
                    key="position_code",
                )
            return found
        if not row.position_name:
            return None
        named = self.register.positions_by_name.get(fold(row.position_name), [])
        return named[0] if len(named) == 1 else None

    def _leave(self, row: PersonRow, person: Any, serving: Served | None, items: Items) -> None:
        over = serving is None or (serving.valid_to is not None and serving.valid_to <= self.day)
        if not over:
            assert serving is not None
            if serving.valid_from >= self.day:
                raise CellRefused(
                    msgid("The person already has a later assignment from %(day)s. Choose a later day."),
                    day=f"{serving.valid_from:%d/%m/%Y}",
                    key="status",
                )
            self.units.add(serving.unit_id)
            self.plan.leaving.append(person.id)
            items.append(("left_on", None, f"{self.day:%d/%m/%Y}"))
        if items:
            self._tell(What.CHANGED if over else What.ENDED, row, items)
        else:
            self.diff.unchanged += 1

    def _one_head_each(self) -> None:
        """Two heads of one unit are refused here with both names, before the database refuses them."""
        leaving = set(self.plan.leaving)
        closing = {service.closes or service.replaces for service in self.plan.services}
        heads: dict[int, list[Service]] = {}
        for service in self.plan.services:
            if service.office is Office.HEAD:
                heads.setdefault(service.unit_id, []).append(service)
        for unit_id, services in heads.items():
            standing = [
                name
                for id_, person_id, name, _since, until in self.register.heads.get(unit_id, [])
                if id_ not in closing
                and person_id not in leaving
                and (until is None or until > min(service.since for service in services))
            ]
            names = [service.row.full_name for service in services]
            for service in services:
                others = standing + [name for name in names if name != service.row.full_name]
                if standing or len(services) > 1:
                    self._fail(
                        service.row,
                        CellRefused(
                            msgid("The unit “%(unit)s” would have a second head beside %(others)s."),
                            unit=self.register.finder.units[unit_id].name,
                            others=", ".join(others) or service.row.full_name,
                            key="title",
                        ),
                    )

    def _missing_people(self) -> None:
        """With “the file is the complete list”: whoever serves in its agencies and is not in it ends."""
        if not self.options.complete or not self.units:
            return
        agencies = {self._agency(unit_id) for unit_id in self.units}
        for running in registers.running_in(self.register.finder.below(agencies), self.day):
            if running.person_id in self.seen or running.valid_from >= self.day:
                continue
            if self.scope is not None and running.unit_id not in self.scope:
                continue
            self.plan.leaving.append(running.person_id)
            unit = self.register.finder.units[running.unit_id]
            self.diff.changes.append(
                Change(
                    What.ENDED,
                    "",
                    0,
                    f"{running.full_name} ({running.official_number})",
                    (("unit", unit.name, None), ("left_on", None, f"{self.day:%d/%m/%Y}")),
                )
            )

    def _agency(self, unit_id: int) -> int:
        finder = self.register.finder
        unit = finder.units.get(unit_id)
        return finder.agency_of(unit).id if unit is not None else unit_id

    def _tell(self, what: What, row: PersonRow, items: Items) -> None:
        label = f"{row.full_name} ({row.official_number})" if row.official_number else row.full_name
        self.diff.changes.append(Change(what, row.sheet, row.row, label, tuple(items)))
