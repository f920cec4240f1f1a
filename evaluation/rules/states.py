"""In which states a sheet, a class of the year, a petition and a period can stand."""

from enum import StrEnum


class ReportState(StrEnum):
    """Where a monthly sheet stands between assignment and publication (Article 18)."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RETURNED = "RETURNED"
    SCORED = "SCORED"
    CONFIRMED = "CONFIRMED"
    PUBLISHED = "PUBLISHED"
    NOT_RATED = "NOT_RATED"


class GradeState(StrEnum):
    """Where an annual classification stands (Article 21)."""

    PROPOSED = "PROPOSED"
    DECIDED = "DECIDED"
    PUBLISHED = "PUBLISHED"


class PetitionState(StrEnum):
    """Where a petition stands (Article 22)."""

    LODGED = "LODGED"
    WITHDRAWN = "WITHDRAWN"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"


class PeriodState(StrEnum):
    """Whether a month or a quarter can still be written to; a closed one only after two people reopened it."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
