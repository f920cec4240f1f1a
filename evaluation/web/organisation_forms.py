"""The forms that change units and people, and the one page they all share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, SelectField, StringField

from evaluation.extensions import db
from evaluation.files.cells import Birth, parse_birth, parse_date
from evaluation.files.says import CellRefused
from evaluation.queries import positions as position_questions
from evaluation.services import receipts
from evaluation.services.organisation_labels import GENDERS, OFFICES, PERSON_KINDS, UNIT_KINDS, UNIT_ROLES
from evaluation.services.refusals import Conflict, Fault, Invalid
from evaluation.web.catalogue_forms import accepted

Made = TypeVar("Made")
CHOOSE = _l("Choose")
SINCE_HINT = _l("The first day it counts; the days before stay as they were.")


def _choices(words: Mapping[Any, Any], blank: Any = CHOOSE) -> list[tuple[str, Any]]:
    return [("", blank), *((str(word.value), label) for word, label in words.items())]


class OptionalField(StringField):
    """A text that may stay empty."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self.flags.optional = True


class DayField(StringField):
    """A day, typed or chosen from the calendar of the browser."""


class OptionalDayField(OptionalField):
    """A day that may stay empty."""


class PickerField(StringField):
    """The id of something searched for; the text beside it is kept for readers without scripts."""


class FoundForm(Form):
    """A new unit."""

    name = StringField(_l("Name of the unit"))
    short_name = OptionalField(_l("Short name"), description=_l("Empty: the whole name is used."))
    code = StringField(_l("Identification code"), description=_l("For example H38.12.03."))
    kind = SelectField(_l("Kind of unit"), choices=_choices(UNIT_KINDS))
    role = SelectField(_l("Role in managing officials"), choices=_choices(UNIT_ROLES))
    since = DayField(_l("From day"), description=_l("The first day the unit exists."))
    decision_number = OptionalField(_l("Decision number"))


class PlaceForm(Form):
    """Another name or another superior unit."""

    name = StringField(_l("Name of the unit"))
    short_name = OptionalField(_l("Short name"), description=_l("Empty: the whole name is used."))
    parent_id = PickerField(
        _l("New superior unit"),
        description=_l("Empty: it stays where it is. Type a name without accents, or the code."),
    )
    since = DayField(_l("From day"), description=SINCE_HINT)
    decision_number = OptionalField(_l("Decision number"))


class CodeForm(Form):
    """Another code."""

    code = StringField(_l("New identification code"), description=_l("For example H38.12.03."))
    since = DayField(_l("From day"), description=SINCE_HINT)


class CloseCodeForm(Form):
    """The end of a code."""

    until = DayField(
        _l("No longer used from"), description=_l("The first day the code no longer names the unit.")
    )
    successor = OptionalField(
        _l("Code that takes over"), description=_l("For a merger: the code of the unit that goes on.")
    )


class DissolveForm(Form):
    """The end of a unit."""

    on = DayField(_l("Dissolved from day"), description=_l("The first day the unit no longer exists."))
    successor = OptionalField(
        _l("Code that takes over"), description=_l("For a merger: the code of the unit that goes on.")
    )


class PersonForm(Form):
    """What the register says of a person."""

    full_name = StringField(_l("Full name"))
    kind = SelectField(_l("Kind"), choices=_choices(PERSON_KINDS))
    gender = SelectField(_l("Gender"), choices=_choices(GENDERS, _l("not recorded")))
    born_on = OptionalField(_l("Date of birth"), description=_l("Day/month/year, or the year alone."))
    personal_number = OptionalField(
        _l("Personal number"), description=_l("12 digits of the citizen card. It is shown masked everywhere.")
    )
    rank_code = OptionalField(_l("Rank code"), description=_l("For example 01.003."))
    hired_on = OptionalDayField(_l("Joined on"))
    email = OptionalField(_l("E-mail"))
    phone = OptionalField(_l("Telephone"))


class HireForm(PersonForm):
    """A new person with the first service."""

    official_number = StringField(_l("Official number"), description=_l("As in the personnel register."))
    since = DayField(_l("First day in this unit"))
    office = SelectField(_l("Leading office"), choices=_choices(OFFICES))
    title = StringField(_l("Title"), description=_l("As in the decision, for example Chuyên viên."))
    position_id = PickerField(
        _l("Job position"), description=_l("Type its code or name; the suggested products follow it.")
    )
    decision_number = OptionalField(_l("Decision number"))


class ChargeForm(Form):
    """One unit or one official in a deputy's field."""

    unit_id = PickerField(
        _l("Unit in charge of"), description=_l("A unit below. Type a name without accents, or the code.")
    )
    person_id = PickerField(
        _l("Or one official"), description=_l("Type the name without accents, or the official number.")
    )
    since = DayField(_l("From day"), description=SINCE_HINT)
    until = OptionalDayField(_l("Final day"), description=_l("Empty while no end is known."))


class EndChargeForm(Form):
    """The end of a charge."""

    until = DayField(_l("Final day"), description=_l("The last day in charge."))


def day_in(field: Any, *, missing: str | None = None) -> date | None:
    """The day of a field; Invalid at it when it is no day, or when it is empty and `missing` says it may not be."""
    try:
        day = parse_date(field.data or "")
    except CellRefused as refused:
        raise Invalid([Fault(field.name, _(refused.says_id) % refused.params)]) from None
    if day is None and missing is not None:
        raise Invalid([Fault(field.name, missing)])
    return day


def birth_in(field: Any) -> Birth:
    """The day of birth, or the year alone."""
    try:
        return parse_birth(field.data or "")
    except CellRefused as refused:
        raise Invalid([Fault(field.name, _(refused.says_id) % refused.params)]) from None


def word_in(field: Any, words: Any, missing: str) -> Any:
    """The chosen word of an enum; Invalid at the field when none was chosen."""
    if (field.data or "") not in words.__members__:
        raise Invalid([Fault(field.name, missing)])
    return words(field.data)


def text_in(field: Any) -> str:
    """A line of text; the services judge it."""
    return (field.data or "").replace("\x00", "").strip()[:300]


def position_in(field: Any) -> int | None:
    """The job position of a picker in this request."""
    return position_of(field.data or "", request.form.get(f"{field.name}_search", ""))


def position_of(picked: str, typed: str) -> int | None:
    """The job position picked, or the one whose code was typed by somebody without scripts; None when empty."""
    typed = typed.strip()
    if picked.isascii() and picked.isdecimal():
        return int(picked[:18])
    if not typed:
        return None
    found = position_questions.by_code(typed.split(" — ")[0][:40])
    if found is None:
        raise Invalid([Fault("position_id", _("There is no such job position."))])
    return found.id


def done(form: Form, act: Callable[[], Made]) -> Made | None:
    """What the act answers; None when it was refused: faults stand at their fields, a conflict above the form."""
    try:
        made = accepted(form, act)
    except Conflict as refused:
        form.form_errors.append(refused.message)
        made = None
    if made is None:
        db.session.rollback()
    return made


def form_page(
    form: Form,
    *,
    title: str,
    about: str,
    effects: list[str],
    button: str,
    back: tuple[str, str],
    facts: Sequence[tuple[str, str]] = (),
    searches: Mapping[str, str] | None = None,
    groups: Sequence[tuple[str, Sequence[str]]] | None = None,
) -> str | tuple[str, int]:
    """The page of a form: what it is about, what will change, its fields; 422 while something stands to be mended."""
    pickers = {name: (url, request.form.get(f"{name}_search", "")) for name, url in (searches or {}).items()}
    errors = [("", sentence) for sentence in form.form_errors]
    for field in form:
        place = f"{field.id}-search" if field.name in pickers else field.id
        errors += [(place, str(sentence)) for sentence in field.errors]
    page = render_template(
        "organisation/change.html",
        form=form,
        errors=errors,
        title=title,
        about=about,
        effects=effects,
        button=button,
        back=back,
        facts=facts,
        pickers=pickers,
        groups=groups or [(title, [field.name for field in form])],
        transaction_id=request.form.get("transaction_id") or receipts.new_id(),
    )
    return (page, 422) if errors else page


def searches(*names: str) -> dict[str, str]:
    """Where the pickers of a form look."""
    known = {
        "unit_id": url_for("organisation.search_units"),
        "parent_id": url_for("organisation.search_units"),
        "person_id": url_for("organisation.search_people"),
        "position_id": url_for("appointments.search_positions"),
    }
    return {name: known[name] for name in names}
