"""The columns of the lists of persons and of collectives, with how each cell is filled."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation.files.sheets import OutColumn
from evaluation.rules.bands import LABELS, Band
from evaluation.rules.explain import parse_exact
from evaluation.rules.organisation import Gender
from evaluation.services import commendation_words as words

Filled = tuple[OutColumn, Callable[[Row[Any], int], object]]


def columns(year: int) -> list[Filled]:
    """The columns of the list of candidates with how each is filled."""
    return [
        (OutColumn(_("No."), 6, "integer"), lambda row, number: number),
        (OutColumn(_("Full name"), 26), lambda row, _n: row.full_name),
        (OutColumn(_("Born on"), 12, "date"), _born),
        (OutColumn(_("Gender"), 9), lambda row, _n: gender(row)),
        (OutColumn(_("Office"), 20), lambda row, _n: row.title),
        (OutColumn(_("Unit"), 30), lambda row, _n: row.unit_name),
        (
            OutColumn(_("Group"), 16),
            lambda row, _n: _("Leader") if row.facts["leads"] else _("Direct worker"),
        ),
        *((OutColumn(_("Class of %(year)s", year=of), 16), _klass(of)) for of in (year, year - 1, year - 2)),
        (OutColumn(_("Mean of %(year)s", year=year), 12, "number"), lambda row, _n: exact_mean(row)),
        (OutColumn(_("Initiatives (level, decision)"), 32), lambda row, _n: words.initiatives(row)),
        (OutColumn(_("Titles held (decision)"), 32), lambda row, _n: words.titles(row)),
        (
            OutColumn(_("Discipline, open matters"), 28),
            lambda row, _n: "; ".join(filter(None, (words.disciplines(row), words.pending(row)))),
        ),
        (OutColumn(_("Title proposed"), 14), lambda row, _n: words.short_award(row.award)),
        (
            OutColumn(_("Grounds (article)"), 40),
            lambda row, _n: "; ".join(dict.fromkeys(one["article"] for one in row.findings)),
        ),
        (OutColumn(_("Result of the check"), 20), lambda row, _n: words.status_name(row.status)),
        (OutColumn(_("Reason"), 46), lambda row, _n: why(row, year)),
        (OutColumn(_("Vote (for / all)"), 12), lambda row, _n: ""),
        (OutColumn(_("Bonus"), 12), lambda row, _n: ""),
        (OutColumn(_("Note"), 18), lambda row, _n: note(row)),
    ]


def unit_columns(year: int) -> list[Filled]:
    """The columns of the list of collectives with how each is filled."""
    return [
        (OutColumn(_("No."), 6, "integer"), lambda row, number: number),
        (OutColumn(_("Collective"), 34), lambda row, _n: row.full_name),
        (OutColumn(_("Belongs to"), 26), lambda row, _n: row.unit_name),
        (OutColumn(_("All people"), 9, "integer"), lambda row, _n: row.facts["people"]),
        (OutColumn(_("Rated"), 9, "integer"), lambda row, _n: row.facts["rated"]),
        *(
            (OutColumn(_(LABELS[band.value]), 12, "integer"), _members(band.value))
            for band in sorted(Band, reverse=True)
        ),
        (OutColumn(_("Advanced Workers"), 11, "integer"), lambda row, _n: row.facts["ldtt"]),
        (
            OutColumn(_("Share of Advanced Workers"), 11, "number"),
            lambda row, _n: share(row, "ldtt", "rated"),
        ),
        (
            OutColumn(_("Grassroots Emulation Fighters"), 11, "integer"),
            lambda row, _n: row.facts["cstdcs"],
        ),
        (
            OutColumn(_("Share among Advanced Workers"), 11, "number"),
            lambda row, _n: share(row, "cstdcs", "ldtt"),
        ),
        (OutColumn(_("Class of the unit"), 18), _klass(year)),
        (OutColumn(_("Administrative reform"), 16), lambda row, _n: words.reform(row.facts["reform"])),
        (OutColumn(_("Written criticisms"), 11, "integer"), lambda row, _n: row.facts["criticisms"]),
        (OutColumn(_("Rank in the cluster"), 11, "integer"), lambda row, _n: row.facts["cluster_rank"]),
        (OutColumn(_("Disciplined members"), 11, "integer"), lambda row, _n: row.facts["disciplined"]),
        (OutColumn(_("Title proposed"), 14), lambda row, _n: words.short_award(row.award)),
        (
            OutColumn(_("Grounds (article)"), 40),
            lambda row, _n: "; ".join(dict.fromkeys(one["article"] for one in row.findings)),
        ),
        (OutColumn(_("Result of the check"), 20), lambda row, _n: words.status_name(row.status)),
        (OutColumn(_("Reason"), 46), lambda row, _n: why(row, year)),
    ]


def share(row: Row[Any], part: str, whole: str) -> Fraction | None:
    """One number of a collective in percent of another, nothing where there is nothing to divide by."""
    return Fraction(100 * row.facts[part], row.facts[whole]) if row.facts[whole] else None


def _members(band: str) -> Callable[[Row[Any], int], object]:
    return lambda row, _n: row.facts["members"][band]


def why(row: Row[Any], year: int) -> str:
    """Every finding that is not met, in the order of the gates."""
    return "; ".join(
        said.says
        for one, said in zip(row.findings, words.findings(row, year), strict=True)
        if one["met"] is not True
    )


def note(row: Row[Any]) -> str:
    """Rank under the cap, where the title has one."""
    if row.rank is None:
        return ""
    rank = _("Rank %(rank)s", rank=row.rank)
    return f"{rank}, {_('over the cap')}" if row.within_quota is False else rank


def gender(row: Row[Any]) -> str:
    """Nam or Nữ, nothing when the register is silent."""
    return {Gender.MALE.value: _("Male"), Gender.FEMALE.value: _("Female")}.get(row.gender, "")


def exact_mean(row: Row[Any]) -> Fraction | None:
    """The annual score without loss."""
    return parse_exact(row.exact_mean) if row.exact_mean else None


def _born(row: Row[Any], _number: int) -> object:
    return str(row.born_on.year) if row.born_on and row.born_year_only else row.born_on


def _klass(year: int) -> Callable[[Row[Any], int], object]:
    def fill(row: Row[Any], _number: int) -> object:
        classes = row.facts["classes"]
        if str(year) not in classes:
            return ""
        klass = classes[str(year)]
        return _(LABELS[klass]) if klass else _("Not rated")

    return fill
