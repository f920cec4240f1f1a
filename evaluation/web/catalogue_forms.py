"""The forms of the catalogue; what they hold is read and judged by the services."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FileField,
    Form,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from evaluation.models import ProductVersion
from evaluation.services.refusals import Invalid
from evaluation.web.presentation import day, quantity

Answer = TypeVar("Answer")
GROUPS = [("", _l("Choose")), *((str(number), str(number)) for number in range(1, 6))]


class DecisionForm(Form):
    """A decided catalogue."""

    agency_id = SelectField(_l("Agency that decided it"), coerce=int)
    title = StringField(_l("Title of the catalogue"))
    decision_number = StringField(_l("Decision number"), description=_l("For example 283/QĐ-UBND."))
    decided_on = StringField(_l("Day of the decision"), description=_l("Day/month/year."))
    standard_points = StringField(
        _l("Points of the standard product"),
        description=_l("Coefficients are points divided by this number."),
    )
    valid_from = StringField(_l("In force from"), description=_l("Day/month/year."))


class ChoiceForm(DecisionForm):
    """The decision an uploaded file belongs to."""

    end_missing = BooleanField(
        _l("End the products that the file no longer names"),
        description=_l("Otherwise they stay in force as they are."),
    )


class UsersForm(Form):
    """Who uses a product version."""

    version_id = HiddenField()
    position_ids = SelectMultipleField(
        _l("Positions that use it"),
        coerce=int,
        description=_l("None chosen means every position. Hold Ctrl to choose several."),
    )
    units = StringField(
        _l("Units that use it"),
        description=_l(
            "Codes of units with commas between them, for example H38.12.03. Empty means all units."
        ),
    )


class ProductForm(UsersForm):
    """A product, new or in a new version; the coefficient is computed."""

    catalogue_id = SelectField(_l("Decision"), coerce=int)
    valid_from = StringField(_l("In force from"), description=_l("Day/month/year."))
    code = StringField(_l("Code"))
    section = StringField(_l("Section"))
    task = TextAreaField(_l("Task"))
    detail = TextAreaField(_l("Detail"))
    output = StringField(_l("Output product"))
    measure = StringField(_l("Unit of count"), description=_l("For example: document, file, case."))
    complexity_group = SelectField(
        _l("Group of complexity"), choices=GROUPS, description=_l("At most five groups (Article 13.1.a).")
    )
    points_min = StringField(_l("Lowest points of the frame"))
    points_max = StringField(_l("Highest points of the frame"))
    points = StringField(_l("Points"), description=_l("Inside the frame."))
    working_days = StringField(_l("Usual working days"))
    quality_requirement = TextAreaField(_l("Quality requirement"))


class RetireForm(Form):
    """The end of a product."""

    version_id = HiddenField()
    on = StringField(_l("No longer given from"), description=_l("Day/month/year. Lines already given stay."))
    reason = StringField(_l("Reason"), description=_l("For example the decision that ends it."))


class UploadForm(Form):
    """A workbook with a catalogue."""

    file = FileField(_l("Workbook (.xlsx)"))


def fill(form: ProductForm, version: ProductVersion, unit_codes: Iterable[str]) -> None:
    """Puts a version into the form."""
    for name in ("section", "task", "detail", "output", "measure", "quality_requirement"):
        form[name].data = getattr(version, name) or ""
    for name in ("points_min", "points_max", "points"):
        value = getattr(version, name)
        form[name].data = "" if value is None else quantity(value).replace(".", "")
    form.working_days.data = "" if version.working_days is None else str(version.working_days)
    form.complexity_group.data = str(version.complexity_group)
    form.catalogue_id.data = version.catalogue_id
    fill_users(form, version, unit_codes)


def fill_users(form: UsersForm, version: ProductVersion, unit_codes: Iterable[str]) -> None:
    """Puts who uses a version into the form."""
    form.version_id.data = str(version.id)
    form.position_ids.data = [one.position_id for one in version.positions]
    form.units.data = ", ".join(unit_codes)


def date_text(value: date | None) -> str:
    """A day for a text field."""
    return "" if value is None else day(value)


def accepted(form: Form, act: Callable[[], Answer]) -> Answer | None:
    """What the act answers; None when it was refused, with every fault beside its field."""
    try:
        return act()
    except Invalid as refused:
        for fault in refused.faults:
            field: Any = form._fields.get(fault.place)
            if field is None:
                form.form_errors.append(fault.message)
            else:
                field.errors = [*field.errors, fault.message]
        return None


def together(**readers: Callable[[], Any]) -> dict[str, Any]:
    """What each reader answers by its name; Invalid with the faults of all of them at once."""
    read, faults = {}, []
    for name, reader in readers.items():
        try:
            read[name] = reader()
        except Invalid as refused:
            faults.extend(refused.faults)
    if faults:
        raise Invalid(faults)
    return read


def chosen(field: SelectField) -> int:
    """The chosen id of the list, 0 when it is none of them."""
    return field.data if field.data in {value for value, _label in field.choices or []} else 0


def chosen_of(field: SelectMultipleField) -> list[int]:
    """The chosen ids; one that is not of the list counts as 0, which no row has."""
    known = {value for value, _label in field.choices or []}
    return [value if value in known else 0 for value in field.data or []]
