"""Classes decided while December was provisional, held against the year once it is final (choice `december`, Article 19.2)."""

from dataclasses import dataclass

from evaluation.models import YearGrade
from evaluation.queries import grades as queries
from evaluation.rules.bands import Band
from evaluation.rules.explain import exact
from evaluation.rules.workflow import GradeState
from evaluation.services import grade_proposals, grades
from evaluation.services.access import Actor


@dataclass(frozen=True, slots=True)
class Change:
    """A decided class whose mean, or class by the score, is another one now."""

    grade: YearGrade
    name: str
    exact_mean: str | None
    computed_class: Band | None

    @property
    def class_changed(self) -> bool:
        """Whether the class by the score is another one, not only the mean."""
        return self.computed_class is not self.grade.computed_class


def changes(actor: Actor, agency_id: int, year: int) -> tuple[list[Change], int]:
    """The decided classes of an agency that the final December moved, and how many still wait for theirs.

    Nothing is changed here: a replacement decision is a person's act (Article 21.3).
    """
    grades.require_reading(actor, agency_id)
    found, waiting = [], 0
    live = queries.live_grades(agency_id, year)
    for one in grade_proposals.worked_out(agency_id, year):
        grade = live.get(one.row.person_id)
        if grade is None or grade.state is GradeState.PROPOSED:
            continue
        if any(month.stage not in (None, "FINAL") for month in one.months):
            waiting += 1
            continue
        mean = None if one.proposal.mean is None else exact(one.proposal.mean)
        if mean != grade.exact_mean or one.proposal.klass is not grade.computed_class:
            found.append(Change(grade, grade.person.full_name, mean, one.proposal.klass))
    return found, waiting
