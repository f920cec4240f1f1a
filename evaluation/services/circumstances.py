"""The circumstances and blockers of many people's year, read at once and judged one by one (Article 11, 19, 20.4)."""

from collections.abc import Iterable
from typing import Any

from evaluation import clock
from evaluation.queries import circumstances as queries
from evaluation.queries import organisation
from evaluation.queries.grades import bounds
from evaluation.rules import circumstances as rules
from evaluation.rules import discipline_years
from evaluation.rules.circumstances import Circumstance, PartOfYear, YearFacts
from evaluation.rules.grading import AnnualStatus, Blocker, Leave
from evaluation.rules.organisation import Office
from evaluation.rules.rulebook import Rulebook
from evaluation.services import rulebooks

SETTLED = ("CONFIRMED", "PUBLISHED")


class Circumstances:
    """What the registers say of some people's year."""

    def __init__(self, people: Iterable[int], year: int) -> None:
        self.year = year
        self._known = queries.registers(people, year, clock.today())
        units = {part.unit_id for parts in self._known.parts.values() for part in parts}
        for rows in self._known.service.values():
            units |= {row.unit_id for row in rows} | {row.seconded_from_id for row in rows} - {None}
        self._names = organisation.unit_names(units, bounds(year)["until"])

    def blockers(self, person_id: int, office: str, book: Rulebook) -> list[Blocker]:
        """What alone makes the year of somebody in this office not completed, as the rulebook says (Article 20.4.b–d)."""
        leads = Office(office).leads
        found = {
            one.blocker
            for one in self._known.conclusions.get(person_id, [])
            if rulebooks.bars(one.blocker, leads=leads, book=book, year=self.year)
        }
        if discipline_years.counted_in(self._known.discipline.get(person_id, []), self.year):
            found.add(Blocker.DISCIPLINE_PUBLIC_DUTY)
        return sorted(found)

    def of(
        self, person_id: int, status: AnnualStatus, months_worked: int, book: Rulebook
    ) -> tuple[Circumstance, ...]:
        """The circumstances of one official's year."""
        return rules.circumstances(self._facts(person_id), status, months_worked, book)

    def _facts(self, person_id: int) -> YearFacts:
        service = self._known.service.get(person_id, [])
        away = self._known.away.get(person_id)
        return YearFacts(
            self.year,
            parts=[
                PartOfYear(
                    part.months,
                    part.agency_id,
                    self._name(part.unit_id),
                    part.state in SETTLED,
                    part.not_rated_reason if part.state == "NOT_RATED" else None,
                )
                for part in self._known.parts.get(person_id, [])
            ],
            seconded=[
                f"{self._name(row.seconded_from_id)} → {self._name(row.unit_id)}, {_days(row)}"
                for row in service
                if row.is_main and row.seconded_from_id is not None
            ],
            concurrent=[
                f"{row.title}, {self._name(row.unit_id)}, {_days(row)}" for row in service if not row.is_main
            ],
            away=None if away is None else _leave(away),
            discipline=discipline_years.effects(self._known.discipline.get(person_id, [])),
            concluded=[
                (one.blocker.value, f"{one.body}, {one.document_number} ({one.concluded_on:%d/%m/%Y})")
                for one in self._known.conclusions.get(person_id, [])
            ],
        )

    def _name(self, unit_id: int) -> str:
        return self._names.get(unit_id, "–")


def _leave(kind: str) -> str:
    return Leave(kind).label if kind in set(Leave) else kind


def _days(row: Any) -> str:
    since = f"{row.valid_from:%d/%m/%Y}"
    return since if row.valid_to is None else f"{since}–{row.valid_to:%d/%m/%Y}"
