"""Turns a rulebook file into a Rulebook, or refuses it with one sentence naming file, line and day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from evaluation.rules import exact_yaml
from evaluation.rules.bands import RANKS
from evaluation.rules.method_shape import Chapter, Method
from evaluation.rules.methods import METHODS
from evaluation.rules.organisation import PersonKind
from evaluation.rules.rulebook import (
    BandRow,
    Choice,
    Dated,
    GeneralCriterion,
    Rulebook,
    RulebookError,
    Term,
    day_text,
)
from evaluation.rules.rulebook_complete import refuse_incomplete
from evaluation.rules.tables import Row, Table, read_rows

Value = TypeVar("Value")
KEYS = {
    "rulebook",
    "title",
    "law",
    "issued",
    "effective",
    "subjects",
    "verified",
    "replaces",
    "method",
    "parameters",
    "bands",
    "general_criteria",
    "choices",
    "grounds",
    "note",
}
DATED = ("article", "values", "note")


def load(path: Path | str) -> Rulebook:
    """Reads one rulebook file whole."""
    path = Path(path)
    try:
        raw = path.read_bytes()
        document = exact_yaml.read(raw.decode("utf-8"))
    except OSError as error:
        raise RulebookError(
            "%(file)s cannot be read: %(why)s.", file=path.name, why=error.strerror
        ) from error
    except UnicodeDecodeError as error:
        raise RulebookError("%(file)s is not UTF-8 text. Save it as UTF-8.", file=path.name) from error
    except exact_yaml.UnreadableError as error:
        raise RulebookError(
            "%(file)s, line %(line)s: %(why)s.", file=path.name, line=error.line, why=error.says
        ) from error
    return _Reader(path.name, document, hashlib.sha256(raw).hexdigest()).rulebook()


class _Reader:
    """One pass over one file; every refusal goes through `refuse`."""

    def __init__(self, file: str, document: exact_yaml.Document, fingerprint: str) -> None:
        self.file = file
        self.document = document
        self.fingerprint = fingerprint
        self.since = date.min
        self.until: date | None = None

    def refuse(self, place: tuple[object, ...], why: str, **params: object) -> NoReturn:
        raise RulebookError(
            "%(file)s, line %(line)s: " + why, file=self.file, line=self.document.line(*place), **params
        )

    def rulebook(self) -> Rulebook:
        data = self.mapping(())
        method_name = self.text("method")
        if method_name not in METHODS:
            self.refuse(("method",), "the program has no method called %(method)s.", method=method_name)
        method = METHODS[method_name]
        for key in data:
            if key not in KEYS and key not in method.chapters:
                self.refuse((key,), "%(key)s is not a part of a rulebook.", key=key)
        self._effective()
        book = Rulebook(
            name=self.text("rulebook"),
            family=method.family,
            title=self.text("title"),
            law=self.text("law"),
            method=method_name,
            issued=self.day("issued"),
            effective=(self.since, self.until),
            terms=self._terms(method),
            verified=self._verified(),
            note=None if self.at("note") is None else self.text("note"),
            numbers={key: self._number(key) for key in self._block("parameters", data)},
            choices={key: self._choice(key, method) for key in self._block("choices", data)},
            grounds={key: self.text("grounds", key) for key in self._block("grounds", data)},
            band_rows=self._dated(("bands",), "bands", self._bands) if "bands" in data else None,
            criteria=self._dated(("general_criteria",), "general_criteria", self._criteria)
            if "general_criteria" in data
            else None,
            tables={
                f"{name}.{table}": self._table(name, table, method.chapters[name].tables)
                for name in method.chapters
                if name in data
                for table in self.mapping((name,))
            },
            chapters=frozenset(name for name in method.chapters if self._holds(method.chapters[name], name)),
            fingerprint=self.fingerprint,
            file=self.file,
        )
        refuse_incomplete(book, method, self.refuse)
        return book

    def at(self, *place: object) -> Any:
        value = self.document.data
        for step in place:
            value = value.get(step) if isinstance(value, dict) else value[step]
        return value

    def mapping(self, place: tuple[object, ...]) -> dict[Any, Any]:
        value = self.at(*place)
        if not isinstance(value, dict) or not value:
            self.refuse(
                place,
                "%(where)s must hold `key: value` lines.",
                where=".".join(map(str, place)) or "the file",
            )
        return value

    def _block(self, name: str, data: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """The lines of a block that a method without such things leaves out."""
        return self.mapping((name,)) if name in data else {}

    def text(self, *place: object) -> str:
        value = self.at(*place)
        if not isinstance(value, str) or not value.strip():
            self.refuse(place, "%(where)s is missing.", where=".".join(map(str, place)))
        return value

    def day(self, *place: object) -> date:
        value = self.at(*place)
        if not isinstance(value, date):
            self.refuse(
                place, "%(where)s must be a day written as 2026-01-31.", where=".".join(map(str, place))
            )
        return value

    def _effective(self) -> None:
        self.mapping(("effective",))
        self.since = self.day("effective", "from")
        if self.at("effective", "to") is not None:
            self.until = self.day("effective", "to")
            if self.until <= self.since:
                self.refuse(
                    ("effective", "to"),
                    "the rulebook ends before it begins (%(day)s).",
                    day=day_text(self.until),
                )

    def _terms(self, method: Method) -> tuple[Term, ...]:
        """For whom and when the rulebook decides: its `subjects:`, or everybody while it is in force."""
        if not method.by_subject:
            if self.at("subjects") is not None:
                self.refuse(("subjects",), "rulebooks of this method do not choose by kind of person.")
            line = self.document.line("effective")
            return (Term(None, self.since, self.until, self.text("law"), line),)
        terms: list[Term] = []
        for name, row in self.mapping(("subjects",)).items():
            place: tuple[object, ...] = ("subjects", name)
            if name not in PersonKind.__members__:
                self.refuse(
                    place,
                    "%(kind)s is not a kind of person; write one of %(kinds)s.",
                    kind=name,
                    kinds=", ".join(PersonKind),
                )
            self.mapping(place)
            self._known(place, ("from", "to", "article"))
            if not isinstance(row.get("article"), str):
                self.refuse(place, "%(key)s has no article. Write `article: Điều …` under it.", key=name)
            since = self.day(*place, "from") if "from" in row else self.since
            until = self.day(*place, "to") if row.get("to") is not None else self.until
            if since < self.since or (self.until is not None and (until is None or until > self.until)):
                self.refuse(
                    place,
                    "%(kind)s reaches beyond the days in which the rulebook is in force (from %(day)s).",
                    kind=name,
                    day=day_text(self.since),
                )
            if until is not None and until <= since:
                self.refuse(
                    place, "%(kind)s ends on %(day)s, before it begins.", kind=name, day=day_text(until)
                )
            terms.append(
                Term(PersonKind(name), since, until, self.text(*place, "article"), self.document.line(*place))
            )
        return tuple(terms)

    def _verified(self) -> bool:
        """Whether the wording was read in the official text; a file that says no explains it under `note:`."""
        verified = self.at("verified")
        if verified not in (None, True, False):
            self.refuse(("verified",), "verified must be true or false.")
        if verified is False and self.at("note") is None:
            self.refuse(("verified",), "an unverified rulebook says under `note:` what was not read.")
        return verified is not False

    def _known(self, place: tuple[object, ...], keys: Collection[str]) -> None:
        """Refuses the first key of a mapping that nothing reads."""
        for key in self.at(*place):
            if key not in keys:
                self.refuse(
                    (*place, key),
                    "%(key)s is not known here; write %(keys)s.",
                    key=key,
                    keys=", ".join(keys),
                )

    def _dated(
        self, place: tuple[object, ...], key: str, read: Callable[[tuple[object, ...], Any], Value]
    ) -> Dated[Value]:
        rows = self.mapping(place)
        if place[0] not in ("parameters", "choices"):
            self._known(place, DATED)
        article = rows.get("article")
        if not isinstance(article, str) or not article.strip():
            self.refuse(place, "%(key)s has no article. Write `article: Điều …` under it.", key=key)
        values = self.mapping((*place, "values"))
        ordered: list[tuple[date, Value | None]] = []
        for since, raw in values.items():
            spot = (*place, "values", since)
            if not isinstance(since, date):
                self.refuse(
                    spot, "%(key)s: %(since)s is not a day. Write it as 2026-01-31.", key=key, since=since
                )
            if ordered and since <= ordered[-1][0]:
                self.refuse(spot, "%(key)s: %(day)s stands after a later day.", key=key, day=day_text(since))
            if ordered and ordered[-1][1] is None:
                self.refuse(spot, "%(key)s has a hole before %(day)s.", key=key, day=day_text(since))
            if self.until is not None and since >= self.until:
                self.refuse(
                    spot, "%(key)s: %(day)s is after the rulebook ends.", key=key, day=day_text(since)
                )
            ordered.append((since, None if raw is None else read(spot, raw)))
        first, value = ordered[0]
        if first != self.since or value is None:
            self.refuse(
                (*place, "values", first),
                "%(key)s has no value on %(day)s, the day the rulebook begins; its first value is on %(first)s.",
                key=key,
                day=day_text(self.since),
                first=day_text(first),
            )
        return Dated(key, article, tuple(ordered), self.file)

    def _table(self, chapter: str, name: str, declared: Mapping[str, Table]) -> Dated[tuple[Row, ...]]:
        if name not in declared:
            self.refuse(
                (chapter, name),
                "no rule reads a table %(table)s in %(chapter)s.",
                table=name,
                chapter=chapter,
            )

        def rows(place: tuple[object, ...], raw: Any) -> tuple[Row, ...]:
            return read_rows(place, raw, declared[name], self.document.line, self.refuse)

        return self._dated((chapter, name), f"{chapter}.{name}", rows)

    def _holds(self, chapter: Chapter, name: str) -> bool:
        """Whether anything of a chapter stands in the file; then all of it must."""
        held = {
            key
            for block, keys in (
                ("parameters", chapter.numbers),
                ("choices", chapter.choices),
                ("grounds", chapter.grounds),
                (name, chapter.tables),
            )
            for key in keys
            if isinstance(self.at(block), dict) and key in self.at(block)
        }
        needed = {*chapter.numbers, *chapter.choices, *chapter.grounds, *chapter.tables}
        if held and held != needed:
            self.refuse(
                (name,),
                "the chapter %(chapter)s is written whole or not at all; it lacks %(missing)s.",
                chapter=name,
                missing=", ".join(sorted(needed - held)),
            )
        return bool(held)

    def _number(self, key: str) -> Dated[Fraction]:
        self.text("parameters", key, "says")
        self._known(("parameters", key), ("says", "source", "verified", *DATED))
        return self._dated(("parameters", key), key, self._fraction)

    def _fraction(self, place: tuple[object, ...], raw: Any) -> Fraction:
        if isinstance(raw, bool) or not isinstance(raw, int | Fraction):
            self.refuse(place, "%(value)s is not a number. Write 70 or 0.25.", value=raw)
        return Fraction(raw)

    def _choice(self, key: str, method: Method) -> Choice:
        place: tuple[object, ...] = ("choices", key)
        self.mapping(place)
        self._known(place, ("question", "asks", "options", "default", "decided_by", *DATED))
        options = self.mapping((*place, "options"))
        for option in options:
            if option not in method.options(key):
                self.refuse(
                    (*place, "options", option),
                    "the program does not know %(option)s for %(key)s.",
                    option=option,
                    key=key,
                )

        def answer(spot: tuple[object, ...], raw: Any) -> str | bool:
            if not isinstance(raw, str | bool) or raw not in options:
                self.refuse(spot, "%(value)s is not one of the options of %(key)s.", value=raw, key=key)
            return raw

        decided_by = self.at(*place, "decided_by")
        return Choice(
            asks=self.text(*place, "asks"),
            options={option: self.text(*place, "options", option) for option in options},
            default=answer((*place, "default"), self.at(*place, "default")),
            decided_by=None if decided_by is None else str(decided_by),
            answers=self._dated(place, key, answer),
            question=self.text(*place, "question") if "question" in self.at(*place) else None,
        )

    def _bands(self, place: tuple[object, ...], raw: Any) -> tuple[BandRow, ...]:
        rows: list[BandRow] = []
        for at, row in enumerate(self._list(place, raw)):
            spot = (*place, at)
            self.mapping(spot)
            self._known(spot, ("band", "at_least"))
            band = row.get("band")
            if band not in RANKS:
                self.refuse(spot, "%(band)s is not a level.", band=band)
            least = self._fraction((*spot, "at_least"), row.get("at_least"))
            if rows and (least >= rows[-1].at_least or RANKS[band] >= RANKS[rows[-1].band]):
                self.refuse(spot, "the bands overlap: %(band)s must stand below the one before.", band=band)
            rows.append(BandRow(band, least))
        if rows[-1].at_least != 0 or len(rows) != len(RANKS):
            self.refuse(
                place, "the bands leave a hole: all four levels are needed and the lowest begins at 0."
            )
        return tuple(rows)

    def _criteria(self, place: tuple[object, ...], raw: Any) -> tuple[GeneralCriterion, ...]:
        rows: list[GeneralCriterion] = []
        for at, group in enumerate(self._list(place, raw)):
            spot = (*place, at)
            self.mapping(spot)
            self._known(spot, ("code", "title", "max", "criteria"))
            inside = self._list((*spot, "criteria"), group.get("criteria"))
            for inner, row in enumerate(inside):
                here = (*spot, "criteria", inner)
                self.mapping(here)
                self._known(here, ("code", "title", "max", "help"))
                rows.append(
                    GeneralCriterion(
                        code=self.text(*here, "code"),
                        group=self.text(*spot, "code"),
                        group_title=self.text(*spot, "title"),
                        title=self.text(*here, "title"),
                        max_points=self._fraction((*here, "max"), row.get("max")),
                        help=tuple(str(line) for line in row.get("help") or ()),
                    )
                )
            total = sum((row.max_points for row in rows if row.group == group["code"]), Fraction())
            missing = self._fraction((*spot, "max"), group.get("max")) - total
            if missing:
                self.refuse(
                    spot,
                    "the criteria of %(group)s do not add up to its points: %(missing)s is missing.",
                    group=group["code"],
                    missing=str(missing),
                )
        if len({row.code for row in rows}) != len(rows):
            self.refuse(place, "two general criteria have the same code.")
        return tuple(rows)

    def _list(self, place: tuple[object, ...], raw: Any) -> list[Any]:
        if not isinstance(raw, list) or not raw:
            self.refuse(place, "%(where)s must be a list.", where=".".join(map(str, place)))
        return raw
