"""Every table, so that one import line serves the floors above."""

from evaluation.models.accounts import Account, RoleGrant
from evaluation.models.catalogue import (
    Catalogue,
    Competency,
    JobPosition,
    Product,
    ProductPosition,
    ProductUnit,
    ProductVersion,
)
from evaluation.models.commendations import (
    Discipline,
    EligibilityEntry,
    EligibilityRun,
    Initiative,
    PendingMatter,
    Title,
    UnitYear,
)
from evaluation.models.imports import ImportBatch, ImportNoun, ImportState
from evaluation.models.jobs import Job, JobChunk, JobState
from evaluation.models.journal import AuditEvent, Notice, Receipt
from evaluation.models.organisation import (
    Absence,
    Assignment,
    Charge,
    Delegation,
    Person,
    Unit,
    UnitCode,
    UnitPlace,
)
from evaluation.models.periods import Extension, Period
from evaluation.models.reports import CriterionMark, Evidence, ItemMark, Report, WorkItem
from evaluation.models.rollups import PersonMonth, PersonSpan, UnitMonth, UnitSpan
from evaluation.models.scores import ScoreSheet, Stage, YearGrade

__all__ = [
    "Absence",
    "Account",
    "Assignment",
    "AuditEvent",
    "Catalogue",
    "Charge",
    "Competency",
    "CriterionMark",
    "Delegation",
    "Discipline",
    "EligibilityEntry",
    "EligibilityRun",
    "Evidence",
    "Extension",
    "ImportBatch",
    "ImportNoun",
    "ImportState",
    "Initiative",
    "ItemMark",
    "Job",
    "JobChunk",
    "JobPosition",
    "JobState",
    "Notice",
    "PendingMatter",
    "Period",
    "Person",
    "PersonMonth",
    "PersonSpan",
    "Product",
    "ProductPosition",
    "ProductUnit",
    "ProductVersion",
    "Receipt",
    "Report",
    "RoleGrant",
    "ScoreSheet",
    "Stage",
    "Title",
    "Unit",
    "UnitCode",
    "UnitMonth",
    "UnitPlace",
    "UnitSpan",
    "UnitYear",
    "WorkItem",
    "YearGrade",
]
