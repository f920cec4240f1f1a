"""Finds the unit a row of a file means, by code or by the names of agency and division, or says what is nearest."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from evaluation.files.says import CellRefused, Says, msgid
from evaluation.queries.registers import KnownUnit
from evaluation.rules.names import fold
from evaluation.rules.organisation import UnitKind, UnitRole

_ABBREVIATIONS = {"ubnd": "uy ban nhan dan", "p": "phong", "tt": "trung tam", "vp": "van phong"}
_WORD = re.compile(r"[0-9a-z]+")


@lru_cache(maxsize=8192)
def name_key(name: str) -> str:
    """A unit's name for comparing: no accents, case or punctuation, the usual abbreviations spelled out."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in _WORD.findall(fold(name)))


class UnitFinder:
    """The tree as of a day, for looking up what thousands of rows mean without asking the database again."""

    def __init__(self, units: Iterable[KnownUnit], day: date) -> None:
        self.units = {unit.id: unit for unit in units if unit.stands_on(day)}
        self.by_code = {
            unit.code: unit
            for unit in self.units.values()
            if unit.code and (unit.code_to is None or unit.code_to > day)
        }
        self.children: dict[int | None, list[KnownUnit]] = defaultdict(list)
        self.by_name: dict[str, list[KnownUnit]] = defaultdict(list)
        for unit in self.units.values():
            self.children[unit.parent_id].append(unit)
            for key in {name_key(unit.name), name_key(unit.short_name)}:
                self.by_name[key].append(unit)
        self._known: dict[tuple[str, str, str], KnownUnit | CellRefused | None] = {}

    def find(self, code: str, agency: str, division: str) -> KnownUnit | None:
        """The unit meant, None when all three are empty; CellRefused with the nearest name when there is none."""
        asked = (code, agency, division)
        if asked not in self._known:
            try:
                self._known[asked] = self._find(*asked)
            except CellRefused as refused:
                self._known[asked] = refused
        found = self._known[asked]
        if isinstance(found, CellRefused):
            raise found
        return found

    def doubt(self, unit: KnownUnit, code: str, agency: str) -> Says | None:
        """A warning when the code belongs to a unit that is called otherwise than the file says."""
        if not code or not agency:
            return None
        own = self.by_code[code]
        named = {name_key(above.name) for above in self.line(own)} | {name_key(own.short_name)}
        if name_key(agency) in named | {name_key(unit.name), name_key(unit.short_name)}:
            return None
        return Says(
            msgid("The code %(code)s belongs to “%(name)s”, but the file says “%(written)s”."),
            {"code": code, "name": own.name, "written": agency},
        )

    def line(self, unit: KnownUnit) -> list[KnownUnit]:
        """A unit and the units above it, nearest first."""
        found = [unit]
        while found[-1].parent_id in self.units and len(found) < 20:
            found.append(self.units[found[-1].parent_id])
        return found

    def agency_of(self, unit: KnownUnit) -> KnownUnit:
        """The using agency a unit belongs to, or the unit itself."""
        return next((above for above in self.line(unit) if above.role is UnitRole.USING_AGENCY), unit)

    def below(self, unit_ids: Iterable[int]) -> set[int]:
        """Units with everything below them."""
        found: set[int] = set()
        waiting = list(unit_ids)
        while waiting:
            unit_id = waiting.pop()
            if unit_id not in found:
                found.add(unit_id)
                waiting.extend(child.id for child in self.children[unit_id])
        return found

    def _find(self, code: str, agency: str, division: str) -> KnownUnit | None:
        if code:
            base = self.by_code.get(code)
            if base is None:
                raise CellRefused(
                    msgid("No unit has the code %(code)s on that day.%(nearest)s"),
                    code=code,
                    nearest=self._nearest_code(code, agency),
                )
            inside = self._inside(base, agency) if agency and not division else []
            if len(inside) == 1:
                return inside[0]
        elif agency:
            base = self._one(agency, self.by_name.get(name_key(agency), []))
        elif division:
            return self._one(division, self.by_name.get(name_key(division), []))
        else:
            return None
        return self._division(base, division) if division else base

    def _division(self, base: KnownUnit, division: str) -> KnownUnit:
        if name_key(division) in (name_key(base.name), name_key(base.short_name)):
            return base
        inside = self._inside(base, division)
        if len(inside) == 1:
            return inside[0]
        if inside:
            raise CellRefused(
                msgid(
                    "“%(agency)s” has several units called “%(name)s”. Write the code of the one you mean."
                ),
                agency=base.name,
                name=division,
            )
        names = [unit.name for unit in self.children[base.id]]
        raise CellRefused(
            msgid("“%(agency)s” has no unit called “%(name)s” on that day.%(nearest)s"),
            agency=base.name,
            name=division,
            nearest=_nearest(division, names),
        )

    def _inside(self, base: KnownUnit, name: str) -> list[KnownUnit]:
        key = name_key(name)
        below = self.below([base.id]) - {base.id}
        found = [unit for unit in self.by_name.get(key, []) if unit.id in below]
        near = [unit for unit in found if unit.parent_id == base.id]
        return near or found

    def _one(self, name: str, found: list[KnownUnit]) -> KnownUnit:
        if len(found) > 1:
            found = [unit for unit in found if unit.kind is not UnitKind.DIVISION] or found
        if len(found) == 1:
            return found[0]
        if found:
            raise CellRefused(
                msgid("Several units are called “%(name)s”. Write the code of the one you mean."), name=name
            )
        names = [unit.name for unit in self.units.values()]
        raise CellRefused(
            msgid("No unit is called “%(name)s” on that day.%(nearest)s"),
            name=name,
            nearest=_nearest(name, names),
        )

    def _nearest_code(self, code: str, agency: str) -> str:
        named = self.by_name.get(name_key(agency), []) if agency else []
        if len(named) == 1 and named[0].code:
            return f" {named[0].name}: {named[0].code}?"
        close = get_close_matches(code, self.by_code, n=1, cutoff=0.7)
        return f" {close[0]} ({self.by_code[close[0]].name})?" if close else ""


def _nearest(name: str, names: list[str]) -> str:
    keys = {name_key(candidate): candidate for candidate in names}
    close = get_close_matches(name_key(name), keys, n=1, cutoff=0.6)
    return f" “{keys[close[0]]}”?" if close else ""
