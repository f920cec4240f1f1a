"""A verdict in the reader's words: reason codes, findings with their numbers, registers in short."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation.models import EligibilityRun
from evaluation.rules.bands import LABELS, Band
from evaluation.rules.commendation_votes import threshold
from evaluation.rules.explain import parse_exact, shown
from evaluation.rules.verdicts import CODE_LABELS, VERDICT_LABELS, Award, VerdictStatus
from evaluation.services import rulebooks

REFORM = {"COMPLETED": "Reform completed", "NOT_COMPLETED": "Reform not completed"}
LEVELS = {"CO_SO": "Grassroots level", "TINH": "Provincial level", "TOAN_QUOC": "National level"}
FORMS = {
    "KHIEN_TRACH": "Reprimand",
    "CANH_CAO": "Disciplinary warning",
    "CACH_CHUC": "Removal from office",
    "BUOC_THOI_VIEC": "Dismissal",
}
HISTORY = (
    "cstdt_standard",
    "cstdtq_standard",
    "bkt_standard",
    "bkttg_standard",
    "hcld3_standard",
    "hcld2_standard",
    "hcld1_standard",
    "collective_limb",
    "duplicate",
)
SHORT = {
    "LDTT": "LĐTT",
    "CSTDCS": "CSTĐCS",
    "CSTDT": "CSTĐT",
    "CSTDTQ": "CSTĐTQ",
    "TTLDTT": "TTLĐTT",
    "TTLDXS": "TTLĐXS",
    "COT": "Cờ tỉnh",
    "COCP": "Cờ CP",
    "BKT": "BK tỉnh",
    "BKTTG": "BK TTg",
    "HCLD3": "HCLĐ hạng Ba",
    "HCLD2": "HCLĐ hạng Nhì",
    "HCLD1": "HCLĐ hạng Nhất",
}
MATTERS = {
    "DISCIPLINE": "Discipline being considered",
    "INVESTIGATION": "Under investigation",
    "INSPECTION": "Under inspection",
    "COMPLAINT": "Complaint",
    "DENUNCIATION": "Denunciation",
    "PRESS": "Reported by the press",
    "RATING_APPEAL": "Appeal against the class",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as the page shows it."""

    met: bool | None
    says: str
    article: str
    detail: str


def award_name(award: str) -> str:
    """The title in the reader's language."""
    return _(Award(award).label)


def status_name(status: str) -> str:
    """The status in the reader's language."""
    return _(VERDICT_LABELS[status])


def reason(code: str | None) -> str:
    """A reason code as words, nothing for none."""
    return _(CODE_LABELS[code]) if code else ""


def verdict(row: Row[Any]) -> str:
    """The verdict in a few words: the reason for whoever is not simply eligible."""
    if row.within_quota is False:
        return _("Eligible, over the cap")
    if row.status == VerdictStatus.ELIGIBLE:
        return status_name(row.status)
    return reason(row.code) or status_name(row.status)


def findings(row: Row[Any], year: int) -> list[Said]:
    """Every finding with its article and the register behind it."""
    return [_said(one, row, year) for one in row.findings]


def _said(one: Mapping[str, Any], row: Row[Any], year: int) -> Said:
    params = {key: _value(value) for key, value in one["params"].items()}
    says = one["says"]
    return Said(one["met"], _(says, **params) if params else _(says), one["article"], _detail(one, row, year))


def _of(said: Mapping[str, str], key: str) -> str:
    return _(said[key])


def _value(value: str) -> str:
    for words in (LABELS, FORMS, MATTERS, LEVELS):
        if value in words:
            return _(words[value])
    return value


def _detail(one: Mapping[str, Any], row: Row[Any], year: int) -> str:
    if one["rule"] == "rating" and row.exact_mean:
        return _("Annual score %(score)s", score=shown(parse_exact(row.exact_mean)))
    if one["rule"] == "cstdcs_standard":
        return initiatives(row, year)
    if one["rule"] in ("cstdt_initiative", "cstdtq_initiative"):
        return initiatives(row)
    if one["rule"] in HISTORY:
        return titles(row)
    if one["rule"] == "discipline":
        return disciplines(row)
    return pending(row) if one["rule"] == "pending" else ""


def initiatives(row: Row[Any], year: int | None = None) -> str:
    """Recognised initiatives of a year, or of all years kept: level, decision, day."""
    return "; ".join(
        _(
            "%(level)s, No. %(number)s of %(on)s",
            level=_of(LEVELS, one["level"]),
            number=one["number"],
            on=day(one["on"]),
        )
        for one in row.facts["initiatives"]
        if year is None or one["year"] == year
    )


def level(row: Row[Any], year: int) -> str:
    """The widest level of the year's initiatives."""
    held = [one["level"] for one in row.facts["initiatives"] if one["year"] == year]
    best = max(held, key=list(LEVELS).index, default=None)
    return _(LEVELS[best]) if best else ""


def titles(row: Row[Any]) -> str:
    """Titles already held, newest first."""
    return "; ".join(
        _("%(code)s %(year)s", code=short_award(one["code"]), year=one["year"])
        + (f" ({one['number']}, {day(one['on'])})" if one["number"] and one["on"] else "")
        for one in reversed(row.facts["titles"])
    )


def short_award(code: str) -> str:
    """A title's usual abbreviation."""
    return SHORT.get(code, code)


def reform(result: str | None) -> str:
    """A unit's result of administrative reform, nothing while the register is silent."""
    return _(REFORM[result]) if result else ""


def share(row: Row[Any], part: str, whole: str) -> str:
    """One number of a collective in percent of another."""
    return f"{shown(Fraction(100 * row.facts[part], row.facts[whole]), 0)}%" if row.facts[whole] else ""


def members(row: Row[Any]) -> str:
    """A collective's members in a line: how many, how many rated, in which classes, how many disciplined."""
    facts = row.facts
    classes = ", ".join(
        f"{_(LABELS[band.value])}: {facts['members'][band.value]}" for band in sorted(Band, reverse=True)
    )
    return _(
        "%(people)s people, %(rated)s rated (%(classes)s); disciplined in the year: %(disciplined)s",
        people=facts["people"],
        rated=facts["rated"],
        classes=classes,
        disciplined=facts["disciplined"],
    )


def vote_needed(run: EligibilityRun) -> str:
    """What the council's vote must reach, of all its members, by the rulebook of the list."""
    needed = threshold(Award(run.award), rulebooks.shelf().named(run.rulebook), run.received_on)
    if needed.percent is not None:
        return _(
            "Council: at least %(share)s%% of all members agree (%(article)s)",
            share=shown(needed.percent, 0),
            article=needed.article,
        )
    return _(
        "Council: no threshold is on record; from %(share)s%% of all members it passes for certain, below that a person"
        " looks it up",
        share=shown(needed.surely, 0),
    )


def disciplines(row: Row[Any]) -> str:
    """Decisions of discipline on record."""
    return "; ".join(
        _(
            "%(form)s, No. %(number)s of %(on)s",
            form=_of(FORMS, one["form"]),
            number=one["number"],
            on=day(one["on"]),
        )
        for one in row.facts["discipline"]
    )


def pending(row: Row[Any]) -> str:
    """Matters that are open."""
    return "; ".join(
        _("%(kind)s, since %(on)s", kind=_of(MATTERS, one["kind"]), on=day(one["on"]))
        for one in row.facts["pending"]
    )


def day(text: str) -> str:
    """A day as people write it."""
    return f"{date.fromisoformat(text):%d/%m/%Y}"
