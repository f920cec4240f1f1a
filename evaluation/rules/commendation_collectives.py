"""Gates and standards of a collective: titles, flags of emulation, and forms of commendation (Điều 25 to 28)."""

from __future__ import annotations

from evaluation.rules.bands import Band
from evaluation.rules.commendation_examination import Examination
from evaluation.rules.explain import written
from evaluation.rules.grading import whole
from evaluation.rules.rulebook import day_text
from evaluation.rules.verdicts import Award

NOT_AFTER_CRITICISM = (Award.TTLDXS, Award.COT, Award.COCP, Award.BKT, Award.BKTTG)
ORDERS = (Award.HCLD3, Award.HCLD2, Award.HCLD1)


def unit_rating_known(exam: Examination) -> None:
    """G0: a collective has its class of the year on record."""
    if exam.unit.ratings.get(exam.year) is None:
        exam.ask(
            "rating_known",
            "G0",
            "RATING_NO_DATA",
            "The unit has no class of %(year)s on record. Enter the decision on the class.",
            year=str(exam.year),
        )
    else:
        exam.fine("rating_known", "G0", "The unit's class is on record")


def dissolved(exam: Examination) -> None:
    """G5: a unit that no longer stands is not commended (TT 15/2025)."""
    day = exam.unit.dissolved_on
    if day is not None and day <= exam.facts.as_of:
        exam.refuse(
            "unit_dissolved", "G5", "UNIT_DISSOLVED", "The unit was dissolved on %(on)s", on=day_text(day)
        )
    else:
        exam.fine("unit_dissolved", "G5", "The unit stands")


def unit_reform_gate(exam: Examination) -> None:
    """G5: a unit that did not complete administrative reform is not considered."""
    result = exam.unit.reform.get(exam.year)
    if result is not None and result.value == "NOT_COMPLETED":
        exam.refuse(
            "reform_gate",
            "G5",
            "PAR_GATE_UNIT",
            "The unit did not complete administrative reform in the year",
        )
    elif result is not None:
        exam.fine("reform_gate", "G5", "The unit completed administrative reform")


def unit_criticism(exam: Examination) -> None:
    """G5: a written criticism keeps the unit from Tập thể lao động xuất sắc, the flags and Bằng khen."""
    letters = [one for one in exam.unit.criticism if one.on.year == exam.year]
    says = "The unit was criticised in writing %(count)s times in the year"
    count = str(len(letters))
    if letters and exam.award in NOT_AFTER_CRITICISM:
        exam.refuse("criticism", "G5", "CRITICISM_UNIT", says, count=count)
    elif letters and exam.award in ORDERS:
        exam.ask("criticism", "G5", "CRITICISM_UNIT", says, count=count)
    elif letters:
        exam.fine("criticism", "G5", "The unit was criticised in writing; its class already answers for it")
    else:
        exam.fine("criticism", "G5", "The unit was not criticised in writing")


def unit_class(exam: Examination) -> None:
    """G6: a collective is good or better, and excellent where the award says so."""
    rating = exam.unit.ratings.get(exam.year)
    needs_excellent = exam.award in (Award.TTLDXS, Award.COT, Award.COCP)
    if rating is None:
        exam.ask("unit_rating", "G6", "RATING_NO_DATA", "The class of the unit is not known")
    elif rating < Band.HTTNV:
        exam.refuse(
            "unit_rating",
            "G6",
            "RATING_BELOW_T",
            "The unit's class %(rating)s is below good",
            rating=rating.value,
        )
    elif needs_excellent and rating is not Band.HTXSNV:
        exam.refuse(
            "unit_rating",
            "G6",
            "UNIT_NOT_EXCELLENT",
            "The unit's class %(rating)s is not excellent",
            rating=rating.value,
        )
    else:
        exam.fine("unit_rating", "G6", "The unit's class %(rating)s is enough", rating=rating.value)


def advanced_collective(exam: Examination) -> None:
    """Điều 28: more than half of the rated members are Lao động tiên tiến, and no member under warning or heavier."""
    _share(exam, "ttldtt_ldtt_share", "THRESHOLD_50", strictly=True)
    _no_warning(exam, "ttldtt_no_warning")


def excellent_collective(exam: Examination) -> None:
    """Điều 27: every rated member completes, enough are Lao động tiên tiến, at least one Chiến sĩ thi đua cơ sở."""
    below = exam.unit.members_below_ht
    if below is None:
        _members_silent(exam, "ttldxs_standard")
    elif below:
        exam.refuse(
            "ttldxs_standard",
            "G6",
            "MEMBER_KHT",
            "%(count)s members did not complete their tasks",
            count=str(below),
        )
    else:
        exam.fine("ttldxs_standard", "G6", "Every rated member completed their tasks")
    _share(exam, "ttldxs_ldtt_share", "LDTT_LT_70", strictly=False)
    fighters, needed = exam.unit.cstdcs, exam.count("ttldxs_cstdcs")
    if fighters is None:
        _members_silent(exam, "ttldxs_cstdcs")
    elif fighters < needed <= fighters + exam.unit.cstdcs_open:
        _members_open(exam, "ttldxs_cstdcs", fighters, exam.unit.cstdcs_open)
    elif fighters < needed:
        exam.refuse(
            "ttldxs_cstdcs",
            "G6",
            "NO_CSTDCS",
            "%(count)s Grassroots Emulation Fighters in the unit; at least %(needed)s needed",
            count=str(fighters),
            needed=str(needed),
        )
    else:
        exam.fine(
            "ttldxs_cstdcs", "G6", "%(count)s Grassroots Emulation Fighters in the unit", count=str(fighters)
        )
    _no_warning(exam, "ttldxs_no_warning")


def _share(exam: Examination, rule: str, code: str, *, strictly: bool) -> None:
    """Advanced Workers among the members rated, against the share of the law; exactly the share of 'more than' is asked."""
    rated, workers, share = exam.unit.members_rated, exam.unit.ldtt, exam.number(rule)
    if not rated or workers is None:
        _members_silent(exam, rule)
        return
    params = {"ldtt": str(workers), "members": str(rated), "share": written(share * 100)}
    if workers < share * rated <= workers + exam.unit.ldtt_open:
        _members_open(exam, rule, workers, exam.unit.ldtt_open)
    elif workers < share * rated:
        says = "%(ldtt)s of %(members)s rated members are Advanced Workers, less than %(share)s%%"
        exam.refuse(rule, "G6", code, says, **params)
    elif strictly and workers == share * rated:
        says = (
            "%(ldtt)s of %(members)s rated members are Advanced Workers, exactly %(share)s%%; more is needed"
        )
        exam.ask(rule, "G6", code, says, **params)
    else:
        exam.fine(
            rule,
            "G6",
            "%(ldtt)s of %(members)s rated members are Advanced Workers; the law asks for %(share)s%%",
            **params,
        )


def _members_silent(exam: Examination, rule: str) -> None:
    exam.ask(
        rule,
        "G6",
        "MEMBERS_NO_DATA",
        "The members' classes and titles of %(year)s are not on record",
        year=str(exam.year),
    )


def _members_open(exam: Examination, rule: str, sure: int, unsettled: int) -> None:
    exam.ask(
        rule,
        "G6",
        "MEMBERS_UNSETTLED",
        "%(sure)s members hold the title and %(open)s are not settled yet; settle them first",
        sure=str(sure),
        open=str(unsettled),
    )


def _no_warning(exam: Examination, rule: str) -> None:
    """Whether members disciplined from cảnh cáo up keep the collective out; the pack says."""
    count, answer = exam.unit.members_canh_cao, exam.choice(rule)
    if count is None:
        _members_silent(exam, rule)
    elif count and answer == "REFUSE":
        exam.refuse(
            rule,
            "G6",
            "MEMBER_CANH_CAO",
            "%(count)s members were disciplined with a warning or heavier",
            count=str(count),
        )
    elif count:
        exam.fine(
            rule,
            "G6",
            "%(count)s members were disciplined with a warning or heavier; the law does not ask",
            count=str(count),
        )
    else:
        exam.fine(rule, "G6", "No member was disciplined with a warning or heavier")


def provincial_flag(exam: Examination) -> None:
    """Điều 26: first of its cluster and excellent; the wording was not reached, so a person decides."""
    if _first_of_cluster(exam, "cot_standard"):
        exam.ask(
            "cot_standard",
            "G6",
            "FLAG_WORDING_UNREAD",
            "First of its cluster; the wording of the standard was not reached, so a person decides",
        )


def government_flag(exam: Examination) -> None:
    """Điều 25: outstanding among those that lead their clusters; how many may be proposed is a share of the leaders."""
    if _first_of_cluster(exam, "cocp_standard"):
        exam.ask(
            "cocp_standard",
            "G6",
            "FLAG_CHOICE",
            "First of its cluster; which leaders are outstanding is chosen by the council of the province",
        )
    leaders, share = exam.unit.cluster_leaders, exam.number("cocp_leaders_share")
    if leaders is None:
        exam.ask(
            "cocp_leaders_share",
            "G8",
            "CLUSTER_NO_DATA",
            "How many collectives lead their clusters is not on record",
        )
    else:
        exam.fine(
            "cocp_leaders_share",
            "G8",
            "%(leaders)s collectives lead their clusters; at most %(quota)s may be proposed",
            leaders=str(leaders),
            quota=str(whole(share * leaders, "FLOOR")),
        )


def _first_of_cluster(exam: Examination, rule: str) -> bool:
    rank, first = exam.unit.cluster_rank.get(exam.year), exam.count("cot_cluster_rank")
    if rank is None:
        exam.ask(
            rule,
            "G6",
            "CLUSTER_NO_DATA",
            "The rank of the unit in its cluster in %(year)s is not on record",
            year=str(exam.year),
        )
    elif rank > first:
        exam.refuse(
            rule, "G6", "NOT_CLUSTER_FIRST", "Rank %(rank)s in its cluster, not the first", rank=str(rank)
        )
    return rank is not None and rank <= first


def collective_form(exam: Examination) -> None:
    """Giấy khen, Bằng khen, Huân chương for a collective: that limb of the law was not reached, so a person decides."""
    exam.ask(
        "collective_limb",
        "G6",
        "COLLECTIVE_LIMB_UNREAD",
        "The standard of this award for collectives was not reached; a person decides on the history",
    )
