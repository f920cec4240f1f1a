"""The words of the organisation: kinds of unit, of person, of office."""

from enum import StrEnum


class UnitKind(StrEnum):
    """What a unit is in the two-tier local government since 01/07/2025."""

    PROVINCE = "PROVINCE"
    DEPARTMENT = "DEPARTMENT"
    COMMUNE = "COMMUNE"
    DIVISION = "DIVISION"
    SERVICE_UNIT = "SERVICE_UNIT"


class UnitRole(StrEnum):
    """Part a unit plays for its officials (Article 3.1, Article 10)."""

    MANAGING_AGENCY = "MANAGING_AGENCY"
    USING_AGENCY = "USING_AGENCY"
    DIRECT_UNIT = "DIRECT_UNIT"


class PersonKind(StrEnum):
    """Legal kind of a person; it decides which decree applies (Article 2, 28)."""

    CONG_CHUC = "CONG_CHUC"
    VIEN_CHUC = "VIEN_CHUC"
    CAN_BO = "CAN_BO"
    HOP_DONG = "HOP_DONG"


class Office(StrEnum):
    """Office held by an assignment; heads and deputies are leaders (Article 15.4)."""

    HEAD = "HEAD"
    DEPUTY = "DEPUTY"
    STAFF = "STAFF"

    @property
    def leads(self) -> bool:
        return self is not Office.STAFF


class Gender(StrEnum):
    """Gender as the personal number and the commendation list carry it."""

    MALE = "MALE"
    FEMALE = "FEMALE"


class AbsenceKind(StrEnum):
    """Reasons of absence that the decree and the commendation law tell apart (Article 11, 19)."""

    MATERNITY = "MATERNITY"
    SICK = "SICK"
    UNPAID = "UNPAID"
    STUDY = "STUDY"
    SUSPENDED = "SUSPENDED"


class PositionKind(StrEnum):
    """The three kinds of job position of Article 23 of the Law on officials."""

    LEADERSHIP = "LEADERSHIP"
    PROFESSIONAL = "PROFESSIONAL"
    SUPPORT = "SUPPORT"
