"""Every table, so that one import line serves the floors above."""

from evaluation.models.accounts import (
    Account,
    ExternalIdentity,
    FactorReset,
    PasswordTicket,
    RecoveryCode,
    RoleGrant,
    Session,
    SignInAttempt,
)
from evaluation.models.annual_round import (
    Conclusion,
    LateRound,
    MeetingOpinion,
    PartyOpinion,
    ReviewMeeting,
    SelfClassification,
)
from evaluation.models.audit import AuditCheck, AuditEvent, AuditHead, AuditLink, AuditSeal, Reading
from evaluation.models.catalogue import (
    Catalogue,
    Competency,
    JobPosition,
    Product,
    ProductPosition,
    ProductUnit,
    ProductVersion,
)
from evaluation.models.closings import Closing, Reopening
from evaluation.models.commendations import (
    Discipline,
    EligibilityEntry,
    EligibilityRun,
    Initiative,
    OldUnitOpinion,
    OrganisationClass,
    PastRating,
    PendingMatter,
    Title,
    UnitYear,
)
from evaluation.models.imports import ImportBatch, ImportNoun, ImportState
from evaluation.models.jobs import Job, JobChunk, JobState
from evaluation.models.journal import Notice, Receipt
from evaluation.models.mail import Letter, LetterState
from evaluation.models.national_exports import NationalExport, NationalExportRow
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
from evaluation.models.party import ForceMajeure
from evaluation.models.periods import AgencyCycle, Extension, Period
from evaluation.models.petitions import Petition
from evaluation.models.pulses import Pulse
from evaluation.models.reports import CriterionMark, Evidence, ItemMark, Report, WorkItem
from evaluation.models.rollups import PersonMonth, PersonSpan, UnitMonth, UnitSpan
from evaluation.models.scores import ScoreSheet, Stage, YearGrade

__all__ = [
    "Absence",
    "Account",
    "AgencyCycle",
    "Assignment",
    "AuditCheck",
    "AuditEvent",
    "AuditHead",
    "AuditLink",
    "AuditSeal",
    "Catalogue",
    "Charge",
    "Closing",
    "Competency",
    "Conclusion",
    "CriterionMark",
    "Delegation",
    "Discipline",
    "EligibilityEntry",
    "EligibilityRun",
    "Evidence",
    "Extension",
    "ExternalIdentity",
    "FactorReset",
    "ForceMajeure",
    "ImportBatch",
    "ImportNoun",
    "ImportState",
    "Initiative",
    "ItemMark",
    "Job",
    "JobChunk",
    "JobPosition",
    "JobState",
    "LateRound",
    "Letter",
    "LetterState",
    "MeetingOpinion",
    "NationalExport",
    "NationalExportRow",
    "Notice",
    "OldUnitOpinion",
    "OrganisationClass",
    "PartyOpinion",
    "PasswordTicket",
    "PastRating",
    "PendingMatter",
    "Period",
    "Person",
    "PersonMonth",
    "PersonSpan",
    "Petition",
    "Product",
    "ProductPosition",
    "ProductUnit",
    "ProductVersion",
    "Pulse",
    "Reading",
    "Receipt",
    "RecoveryCode",
    "Reopening",
    "Report",
    "ReviewMeeting",
    "RoleGrant",
    "ScoreSheet",
    "SelfClassification",
    "Session",
    "SignInAttempt",
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
