"""Places for excellent: counted for each law alone, over the agency and each group of similar tasks (Article 20.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import reduce
from operator import add

from flask_babel import gettext as _

from evaluation import clock
from evaluation.models import YearGrade
from evaluation.queries import organisation, replaced_classes
from evaluation.queries import quotas as queries
from evaluation.queries.quotas import Counts
from evaluation.rules import grading
from evaluation.rules.grading import QuotaReadings
from evaluation.rules.permissions import Role
from evaluation.rules.rulebook import Rulebook
from evaluation.services import notices, rulebooks
from evaluation.services.refusals import Fault, Invalid

NOBODY = Counts(0, 0, 0)
BEYOND = (
    "%(unit)s, %(year)s: after a class was replaced, %(number)s are decided excellent under %(law)s, for %(most)s places"
    " (%(exceptional)s with a document on exceptional results; %(article)s). No class was changed by the program."
)
BEYOND_IN_GROUP = (
    "%(unit)s, group “%(group)s”, %(year)s: after a class was replaced, %(number)s are decided excellent under %(law)s, for"
    " %(most)s places (%(exceptional)s with a document on exceptional results; %(article)s). No class was changed by the"
    " program."
)


@dataclass(frozen=True, slots=True)
class Quota:
    """The places of those under one law, over an agency or a group of similar tasks (`group`), at both shares."""

    book: Rulebook
    day: date
    group: str | None
    counts: Counts
    usual: QuotaReadings
    exceptional: QuotaReadings

    @property
    def share(self) -> Fraction:
        """The law's share of excellent."""
        return self.book.number("excellent_share", self.day)

    @property
    def share_exceptional(self) -> Fraction:
        """The law's share where results are exceptional."""
        return self.book.number("excellent_share_exceptional", self.day)

    @property
    def article(self) -> str:
        """The article that limits the excellent."""
        return self.book.article("excellent_share")

    @property
    def beyond(self) -> int:
        """How many excellent classes are decided above the usual share."""
        return max(0, self.counts.excellent_decided - self.usual.chosen)

    def concerns(self, grade: YearGrade) -> bool:
        """Whether a class counts here: its own law, and the agency or its own group."""
        return self.book.name == rulebooks.law_of(grade.rulebook).name and self.group in (
            None,
            grade.peer_group,
        )


def of_agency(agency_id: int, year: int) -> list[Quota]:
    """For each law the quota of the agency first, then of each group of similar tasks, in its three readings.

    Nobody counts in the places of another law. While nobody is classified, the law of công chức is shown empty.
    """
    by_law: dict[str, dict[str, Counts]] = {}
    for name, groups in queries.counts(agency_id, year).items():
        known = by_law.setdefault(rulebooks.law_of(name).name, {})
        for group, numbers in groups.items():
            known[group] = known.get(group, NOBODY) + numbers
    officials = rulebooks.shelf().for_day("evaluation", date(year, 1, 1))
    if not by_law and "excellent_share_exceptional" in officials.numbers:
        by_law[officials.name] = {}
    return [
        quota
        for name in sorted(by_law, key=lambda name: (name != officials.name, name))
        for quota in _of_law(rulebooks.shelf().named(name), by_law[name], year)
    ]


def _of_law(book: Rulebook, groups: dict[str, Counts], year: int) -> list[Quota]:
    day = rulebooks.day_of_year(book, year)

    def readings(counts: Counts, *, exceptional: bool) -> QuotaReadings:
        return grading.quota_readings(
            counts.at_least_90, counts.good, book=book, day=day, exceptional=exceptional
        )

    whole = reduce(add, groups.values(), NOBODY)
    return [
        Quota(
            book,
            day,
            group,
            counts,
            readings(counts, exceptional=False),
            readings(counts, exceptional=True),
        )
        for group, counts in [(None, whole), *groups.items()]
    ]


def of_grade(grade: YearGrade) -> list[Quota]:
    """The quotas that a class of the year counts in: of its own law, over the agency and over its group."""
    return [quota for quota in of_agency(grade.agency_id, grade.year) if quota.concerns(grade)]


def check(grade: YearGrade, document: str | None) -> None:
    """Refuses one more excellent class than the quota of its law leaves, of the agency and of the group (Article 20.5)."""
    for quota in of_grade(grade):
        after = quota.counts.excellent_decided + 1
        where = _("in the group “%(group)s”", group=quota.group) if quota.group else _("in the agency")
        if after > quota.exceptional.chosen:
            raise Invalid(
                [
                    Fault(
                        "klass",
                        _(
                            "No place left %(where)s among those under %(law)s: %(number)s excellent, at most %(most)s"
                            " even with an exceptional document (%(article)s).",
                            where=where,
                            law=quota.book.law,
                            number=quota.counts.excellent_decided,
                            most=quota.exceptional.chosen,
                            article=quota.article,
                        ),
                    )
                ]
            )
        if after > quota.usual.chosen and document is None:
            raise Invalid(
                [
                    Fault(
                        "exceptional_document",
                        _(
                            "No place left %(where)s among those under %(law)s: %(number)s excellent of %(most)s. Up to"
                            " %(exceptional)s are possible if you give the number of the document on exceptional results"
                            " (%(article)s).",
                            where=where,
                            law=quota.book.law,
                            number=quota.counts.excellent_decided,
                            most=quota.usual.chosen,
                            exceptional=quota.exceptional.chosen,
                            article=quota.article,
                        ),
                    )
                ]
            )


def beyond(agency_id: int, year: int) -> dict[tuple[str, str | None], int]:
    """How many excellent classes are decided above the usual share, by law and group; only where there are any."""
    return {
        (quota.book.name, quota.group): quota.beyond for quota in of_agency(agency_id, year) if quota.beyond
    }


def tell_if_more_beyond(grade: YearGrade, before: Mapping[tuple[str, str | None], int]) -> None:
    """Tells the deciding heads and Home Affairs where a replaced class left more excellent ones than places.

    Fewer good people make fewer places (Article 20.5); what follows is for people to decide.
    """
    worse = [
        quota
        for quota in of_agency(grade.agency_id, grade.year)
        if quota.beyond > before.get((quota.book.name, quota.group), 0)
    ]
    if not worse:
        return
    today = clock.today()
    unit = organisation.unit_names([grade.agency_id], today).get(grade.agency_id, "")
    units = [grade.agency_id, grade.confirming_unit_id]
    for person_id in sorted(replaced_classes.keepers(units, grade.unit_id, Role.HOME_AFFAIRS, today)):
        for quota in worse:
            notices.tell(
                person_id,
                BEYOND if quota.group is None else BEYOND_IN_GROUP,
                link=f"/grades/{grade.agency_id}/{grade.year}",
                unit=unit,
                year=grade.year,
                law=quota.book.law,
                number=quota.counts.excellent_decided,
                most=quota.usual.chosen,
                exceptional=quota.exceptional.chosen,
                article=quota.article,
                **({} if quota.group is None else {"group": quota.group}),
            )
