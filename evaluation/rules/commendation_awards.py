"""G6 for the forms of commendation of a person: Giấy khen, Bằng khen and Huân chương Lao động (Điều 42 to 44, 73 to 75)."""

from __future__ import annotations

from evaluation.rules.bands import Band
from evaluation.rules.commendation_examination import Examination, years_text
from evaluation.rules.commendation_titles import reaching, titles_silent
from evaluation.rules.facts import AwardFact, AwardType, InitiativeLevel
from evaluation.rules.verdicts import Award

LOWER = {Award.HCLD2: Award.HCLD3, Award.HCLD1: Award.HCLD2}


def certificate(exam: Examination) -> None:
    """Điều 75: the class of the year decided by the unit's own criteria; the class itself is judged before."""
    exam.fine("gk_standard", "G6", "The unit's own criteria decide; the class of the year allows it")


def provincial_merit(exam: Examination) -> None:
    """Điều 74.1.d: Chiến sĩ thi đua cơ sở running, or excellent years running with initiatives."""
    first = range(exam.year - exam.count("bkt_cstdcs_years") + 1, exam.year + 1)
    second = range(exam.year - exam.count("bkt_excellent_years") + 1, exam.year + 1)
    missing = [year for year in first if year not in exam.titles(Award.CSTDCS)]
    silent = exam.unknown(Award.CSTDCS, first)
    excellent = _excellent(exam, second)
    initiatives = reaching(exam, InitiativeLevel.CO_SO, second)
    needed = exam.count("bkt_initiatives")
    sole = sum(one.sole_author for one in initiatives)
    if not missing:
        exam.fine(
            "bkt_standard",
            "G6",
            "Grassroots Emulation Fighter was held in %(years)s",
            code="LIMB_1",
            years=years_text(first),
        )
    elif excellent and sole >= needed:
        exam.fine(
            "bkt_standard",
            "G6",
            "Excellent in %(years)s with %(count)s initiatives",
            code="LIMB_2",
            years=years_text(second),
            count=str(len(initiatives)),
        )
    elif excellent and len(initiatives) >= needed:
        exam.ask(
            "bkt_standard",
            "G6",
            "CO_AUTHOR_INITIATIVE",
            "The initiative has several authors; whether it counts for each is not settled",
        )
    elif excellent is None and len(initiatives) >= needed:
        _classes_silent(exam, "bkt_standard", second)
    elif len(missing) == len(silent):
        titles_silent(exam, "bkt_standard", silent)
    else:
        exam.refuse(
            "bkt_standard",
            "G6",
            "NEITHER_LIMB",
            "Neither Grassroots Emulation Fighter in %(titles)s nor excellent in %(years)s with %(needed)s initiatives",
            titles=years_text(first),
            years=years_text(second),
            needed=str(needed),
        )


def _excellent(exam: Examination, years: range) -> bool | None:
    """Whether every year was excellent; None when one is not on record and the others were."""
    since = exam.counted_since
    known = [year for year in years if year in exam.person.ratings]
    if any(year < since for year in years) or any(exam.rating_of(year) is not Band.HTXSNV for year in known):
        return False
    return True if len(known) == len(years) else None


def _classes_silent(exam: Examination, rule: str, years: range) -> None:
    missing = [year for year in years if year not in exam.person.ratings]
    exam.ask(
        rule,
        "G6",
        "RATING_NO_DATA",
        "No annual class of %(years)s is on record; enter the decisions on them",
        years=years_text(missing),
    )


def prime_ministers_merit(exam: Examination) -> None:
    """Điều 73, a check beforehand only: Bằng khen cấp tỉnh, then years running; the wording in force was not reached."""
    needed = exam.count("bkttg_years")
    years = _years_after(exam, "bkttg_standard", Award.BKT, "NO_BKT", needed)
    if years is None or not _all_good(exam, "bkttg_standard", years):
        return
    excellent = all(exam.rating_of(year) is Band.HTXSNV for year in years)
    initiatives = reaching(exam, InitiativeLevel.CO_SO, years)
    if excellent and len(initiatives) >= exam.count("bkttg_initiatives"):
        exam.ask(
            "bkttg_standard",
            "G6",
            "PASS_HIST",
            "Excellent in %(years)s with %(count)s initiatives, as the decree of 2017 asked; check against Article 73",
            years=years_text(years),
            count=str(len(initiatives)),
        )
    else:
        exam.ask(
            "bkttg_standard",
            "G6",
            "CHECK_ART73",
            "Good or better in %(years)s; check against Article 73",
            years=years_text(years),
        )


def labour_order_third(exam: Examination) -> None:
    """Điều 44.1.e: Bằng khen của Thủ tướng, then years running good or better, one excellent, three times CSTĐCS."""
    rule = "hcld3_standard"
    years = _years_after(exam, rule, Award.BKTTG, "NO_BKTTG", exam.count("hcld3_years"))
    if years is None or not _all_good(exam, rule, years):
        return
    excellent = sum(exam.rating_of(year) is Band.HTXSNV for year in years)
    fighter = [year for year in years if year in exam.titles(Award.CSTDCS)]
    silent = exam.unknown(Award.CSTDCS, years)
    needed = exam.count("hcld3_cstdcs")
    if excellent < exam.count("hcld3_excellent_years"):
        exam.refuse(
            rule, "G6", "NO_EXCELLENT_YEAR", "No excellent year in %(years)s", years=years_text(years)
        )
    elif len(fighter) >= needed:
        exam.fine(
            rule,
            "G6",
            "Good or better in %(years)s, %(excellent)s excellent, %(count)s times Grassroots Emulation Fighter",
            years=years_text(years),
            excellent=str(excellent),
            count=str(len(fighter)),
        )
    elif len(fighter) + len(silent) >= needed:
        titles_silent(exam, rule, silent)
    else:
        exam.refuse(
            rule,
            "G6",
            "TOO_FEW_CSTDCS",
            "Grassroots Emulation Fighter %(count)s times in %(years)s; %(needed)s are needed",
            count=str(len(fighter)),
            years=years_text(years),
            needed=str(needed),
        )


def higher_labour_order(exam: Examination) -> None:
    """Điều 42, 43: the next lower order plus years of which the wording was not reached; a person reads the history."""
    rule = f"{exam.award.value.lower()}_standard"
    lower = LOWER[exam.award]
    given = _given(exam, lower)
    if given:
        exam.ask(
            rule,
            "G6",
            "ART_42_43_UNREAD",
            "The lower order rewarded years up to %(year)s; the years needed after it must be read in the law",
            year=str(max(given)),
        )
    else:
        exam.ask(
            rule,
            "G6",
            "NO_LOWER_ORDER",
            "No lower order is on record; if there is one, enter it, then a person decides",
        )


def _given(exam: Examination, code: Award) -> list[int]:
    """The years from which later years are counted, of each award of a form on record."""
    known: tuple[AwardFact, ...] = exam.person.awards
    return [
        award.counts_from
        for award in known
        if award.code == code and award.kind is AwardType.CONG_TRANG and award.counts_from is not None
    ]


def _years_after(exam: Examination, rule: str, code: Award, none: str, needed: int) -> range | None:
    """The years since the award that must come before, when there are enough; otherwise says what is missing."""
    given = [year for year in _given(exam, code) if year < exam.year]
    if not given and (code.value, exam.year - needed) in exam.person.unknown_titles:
        titles_silent(exam, rule, [exam.year - needed])
        return None
    if not given:
        exam.refuse(rule, "G6", none, "The award that must come before is not on record")
        return None
    # Each lower award may open the way; the latest that lies far enough back leaves the fewest years to prove.
    enough = [year for year in given if exam.year - year >= needed]
    begun = max(max(enough or given), exam.counted_since - 1)
    if exam.year - begun < needed:
        exam.refuse(
            rule,
            "G6",
            "LT_5_YEARS",
            "%(count)s years since %(year)s; %(needed)s are needed",
            count=str(max(0, exam.year - begun)),
            year=str(begun),
            needed=str(needed),
        )
        return None
    return range(begun + 1, exam.year + 1)


def _all_good(exam: Examination, rule: str, years: range) -> bool:
    """Every year good or better: a year below refuses, a year not on record is asked for."""
    ratings = exam.person.ratings
    below = [year for year in years if (klass := exam.rating_of(year)) is not None and klass < Band.HTTNV]
    unrated = [year for year in years if year in ratings and ratings[year] is None]
    if below:
        exam.refuse(rule, "G6", "GAP_BELOW_T", "Below good in %(years)s", years=years_text(below))
    elif any(year not in ratings for year in years):
        _classes_silent(exam, rule, years)
    elif unrated:
        exam.ask(
            rule,
            "G6",
            "UNRATED_YEAR",
            "Not rated in %(years)s; whether the years still follow each other is for a person",
            years=years_text(unrated),
        )
    else:
        return True
    return False
