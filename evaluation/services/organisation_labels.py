"""What a reader calls the kinds, roles, offices and fields of the organisation: one place for each word."""

from flask_babel import lazy_gettext as _l

from evaluation.rules.organisation import AbsenceKind, Gender, Office, PersonKind, UnitKind, UnitRole

UNIT_KINDS = {
    UnitKind.PROVINCE: _l("Province"),
    UnitKind.DEPARTMENT: _l("Department"),
    UnitKind.COMMUNE: _l("Commune, ward"),
    UnitKind.DIVISION: _l("Division"),
    UnitKind.SERVICE_UNIT: _l("Public service unit"),
}
UNIT_ROLES = {
    UnitRole.MANAGING_AGENCY: _l("Managing agency"),
    UnitRole.USING_AGENCY: _l("Using agency"),
    UnitRole.DIRECT_UNIT: _l("Directly using unit"),
}
PERSON_KINDS = {
    PersonKind.CONG_CHUC: _l("Civil servant"),
    PersonKind.VIEN_CHUC: _l("Public employee"),
    PersonKind.CAN_BO: _l("Elected official"),
    PersonKind.HOP_DONG: _l("Contract worker"),
}
OFFICES = {Office.HEAD: _l("Head"), Office.DEPUTY: _l("Deputy head"), Office.STAFF: _l("Staff")}
GENDERS = {Gender.MALE: _l("Male"), Gender.FEMALE: _l("Female")}
ABSENCES = {
    AbsenceKind.MATERNITY: _l("Maternity leave"),
    AbsenceKind.SICK: _l("Sick leave"),
    AbsenceKind.UNPAID: _l("Unpaid leave"),
    AbsenceKind.STUDY: _l("Study leave"),
    AbsenceKind.SUSPENDED: _l("Suspended from work"),
}
FIELDS = {
    "full_name": _l("Full name"),
    "official_number": _l("Official number"),
    "personal_number": _l("Personal number"),
    "gender": _l("Gender"),
    "born_on": _l("Date of birth"),
    "kind": _l("Kind"),
    "rank_code": _l("Rank code"),
    "hired_on": _l("Joined on"),
    "left_on": _l("Left on"),
    "email": _l("E-mail"),
    "phone": _l("Telephone"),
    "unit": _l("Unit"),
    "office": _l("Leading office"),
    "title": _l("Title"),
    "position": _l("Job position"),
    "name": _l("Name"),
    "short_name": _l("Short name"),
    "unit_kind": _l("Kind of unit"),
    "role": _l("Role"),
    "parent": _l("Superior unit"),
    "code": _l("Code"),
    "valid_from": _l("From day"),
    "valid_to": _l("Until day"),
}
_WORDS = {
    "gender": GENDERS,
    "kind": PERSON_KINDS,
    "office": OFFICES,
    "unit_kind": UNIT_KINDS,
    "role": UNIT_ROLES,
}


def field_label(key: str) -> str:
    """The name of a field of a register as a reader sees it."""
    return str(FIELDS.get(key, key))


def value_label(key: str, value: str) -> str:
    """A stored value of a field in the reader's words; free text stays as it is."""
    words = {str(word.value): str(label) for word, label in _WORDS.get(key, {}).items()}  # type: ignore[attr-defined]
    return words.get(value, value)
