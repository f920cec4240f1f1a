"""G6 for the titles of a person: Lao động tiên tiến and the three Chiến sĩ thi đua (Điều 21 to 24)."""

from __future__ import annotations

from collections.abc import Collection

from evaluation.rules.bands import Band
from evaluation.rules.commendation_examination import Examination, years_text
from evaluation.rules.facts import Initiative, InitiativeLevel
from evaluation.rules.rulebook import day_text
from evaluation.rules.verdicts import Award

REACH = tuple(InitiativeLevel)


def class_of_the_year(exam: Examination) -> None:
    """G6: the class of the year is good or better; not rated is judged by its reason."""
    rating = exam.rating
    if rating is not None and rating < Band.HTTNV:
        exam.refuse(
            "rating", "G6", "RATING_BELOW_T", "Annual class %(rating)s is below good", rating=rating.value
        )
    elif rating is not None:
        exam.fine("rating", "G6", "Annual class %(rating)s is good or better", rating=rating.value)
    elif exam.on_leave:
        exam.ask("unrated", "G6", "NO_SCORE_LEAVE", "Not rated because of sick or maternity leave")
    elif exam.months < exam.months_needed:
        exam.refuse(
            "unrated",
            "G6",
            "UNRATED_LT_6M",
            "Not rated: %(months)s months worked in the year",
            months=str(exam.months),
        )
    else:
        exam.ask("unrated", "G6", "RATING_NO_DATA", "The annual class is not known")


def old_unit(exam: Examination) -> None:
    """G6: somebody who came after long enough elsewhere needs the old unit's opinion."""
    needed = exam.number("months_needed_at_old_unit")
    moved = [one for one in exam.person.transfers if one.on.year == exam.year]
    missing = [one for one in moved if one.months_at_old >= needed and not one.old_opinion]
    if any(one.against for one in missing):
        exam.ask("old_unit_opinion", "G6", "OLD_UNIT_AGAINST", "The old unit wrote that it does not agree")
    elif missing:
        exam.ask(
            "old_unit_opinion",
            "G6",
            "OLD_UNIT_OPINION_MISSING",
            "Moved on %(on)s after %(months)s months; the old unit's opinion is missing",
            on=day_text(missing[0].on),
            months=str(missing[0].months_at_old),
        )
    elif moved:
        exam.fine("old_unit_opinion", "G6", "The old unit's opinion is there, or not needed")


def grassroots_fighter(exam: Examination) -> None:
    """Điều 23: excellent class and initiative, one or both as the pack says; and Lao động tiên tiến of the year."""
    excellent = exam.rating is Band.HTXSNV
    initiatives = reaching(exam, InitiativeLevel.CO_SO, range(exam.year, exam.year + 1))
    needs_both = exam.choice("cstdcs_condition") == "EXCELLENT_AND_INITIATIVE"
    if not excellent and not initiatives:
        exam.refuse(
            "cstdcs_standard",
            "G6",
            "NO_XS_NO_INITIATIVE",
            "Neither excellent nor an initiative recognised in the year",
        )
    elif needs_both and not (excellent and initiatives):
        exam.ask(
            "cstdcs_standard",
            "G6",
            "RP2026_EXCELLENT_AND_INITIATIVE",
            "Only one of excellent class and initiative; the amended law may need both",
        )
    elif initiatives and (needs_both or not excellent) and not any(one.sole_author for one in initiatives):
        exam.ask(
            "cstdcs_standard",
            "G6",
            "CO_AUTHOR_INITIATIVE",
            "The initiative has several authors; whether it counts for each is not settled",
        )
    else:
        exam.fine("cstdcs_standard", "G6", "The condition on excellent class or initiative is met")
    if exam.year in exam.person.held(Award.LDTT):
        exam.fine("ldtt_standard", "G6", "Advanced Worker of the year is on record")
    else:
        exam.ask(
            "ldtt_standard",
            "G6",
            "LDTT_NOT_ON_RECORD",
            "Advanced Worker of %(year)s is not on record; decide it first",
            year=str(exam.year),
        )


def provincial_fighter(exam: Examination) -> None:
    """Điều 22: Chiến sĩ thi đua cơ sở without a gap, an initiative of provincial reach, and a window not used before."""
    years = range(exam.year - exam.count("cstdt_consecutive_years") + 1, exam.year + 1)
    streak(exam, "cstdt_standard", Award.CSTDCS, years, "NOT_3_CONSECUTIVE")
    initiative(exam, "cstdt_initiative", InitiativeLevel.TINH, years, "NO_PROV_INITIATIVE")
    reused = sorted(year for year in exam.person.held(Award.CSTDT) if year in years and year != exam.year)
    if reused:
        exam.ask(
            "cstdt_standard",
            "G6",
            "WINDOW_REUSED",
            "The title of %(year)s already rewarded years of this window; a person decides",
            year=str(reused[-1]),
        )


def national_fighter(exam: Examination) -> None:
    """Điều 21: Chiến sĩ thi đua cấp tỉnh running, an initiative of national reach; what running means is not settled."""
    needed = exam.count("cstdtq_titles")
    held = sorted(exam.titles(Award.CSTDT))
    years = range(min([*held[-needed:], exam.year]), exam.year + 1)
    if len(held) < needed and not unknown_anywhere(exam, Award.CSTDT):
        exam.refuse(
            "cstdtq_standard",
            "G6",
            "NOT_2_CSTDT",
            "Provincial Emulation Fighter was held %(count)s times; %(needed)s in succession are needed",
            count=str(len(held)),
            needed=str(needed),
        )
    elif len(held) < needed:
        titles_silent(exam, "cstdtq_standard", unknown_anywhere(exam, Award.CSTDT))
    else:
        exam.ask(
            "cstdtq_standard",
            "G6",
            "CONSECUTIVE_UNSETTLED",
            "Provincial Emulation Fighter of %(years)s: whether these follow each other is not settled",
            years=years_text(held[-needed:]),
        )
    initiative(exam, "cstdtq_initiative", InitiativeLevel.TOAN_QUOC, years, "NO_NAT_INITIATIVE")


def streak(exam: Examination, rule: str, code: Award, years: range, gap: str) -> None:
    """Whether a title was held in every year; a year nobody has entered is asked for, never taken for a gap."""
    missing = [year for year in years if year not in exam.titles(code)]
    silent = exam.unknown(code, years)
    gaps = [year for year in missing if year not in silent]
    if gaps:
        exam.refuse(
            rule,
            "G6",
            gap,
            "Grassroots Emulation Fighter of %(missing)s is not on record; %(years)s are needed",
            missing=years_text(gaps),
            years=years_text(years),
        )
    elif silent:
        titles_silent(exam, rule, silent)
    else:
        exam.fine(rule, "G6", "Grassroots Emulation Fighter was held in %(years)s", years=years_text(years))


def titles_silent(exam: Examination, rule: str, years: list[int]) -> None:
    """Asks for the years the register of titles says nothing of."""
    exam.ask(
        rule,
        "G6",
        "TITLES_NO_DATA",
        "The register of titles says nothing of %(years)s, or the round of that year is not decided",
        years=years_text(years),
    )


def unknown_anywhere(exam: Examination, code: str) -> list[int]:
    """Every year of which the register cannot say whether a title was held."""
    return sorted(year for known, year in exam.person.unknown_titles if known == code)


def initiative(exam: Examination, rule: str, level: InitiativeLevel, years: range, missing: str) -> None:
    """Whether an initiative of a reach was recognised in these years."""
    found = reaching(exam, level, years)
    if not found:
        exam.refuse(
            rule,
            "G6",
            missing,
            "No initiative of %(level)s reach was recognised in %(years)s",
            level=level.value,
            years=years_text(years),
        )
    elif not any(one.sole_author for one in found):
        exam.ask(
            rule,
            "G6",
            "CO_AUTHOR_INITIATIVE",
            "The initiative has several authors; whether it counts for each is not settled",
        )
    else:
        exam.fine(rule, "G6", "An initiative of %(level)s reach was recognised", level=level.value)


def reaching(exam: Examination, level: InitiativeLevel, years: Collection[int]) -> list[Initiative]:
    """The initiatives of some years that reach at least so far, after the last disciplinary period."""
    least, since = REACH.index(level), exam.counted_since
    return [
        one
        for one in exam.person.initiatives
        if one.year in years and one.year >= since and REACH.index(one.level) >= least
    ]
