"""The page on which Home Affairs writes the registers of commendation: one line by form, many by an .xlsx file."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Optional

from evaluation.extensions import db
from evaluation.rules.bands import Band
from evaluation.rules.facts import AwardType, PendingKind
from evaluation.rules.verdicts import Award
from evaluation.services import commendation_lists as lists
from evaluation.services import commendation_registers as services
from evaluation.services import commendation_words as words
from evaluation.services.commendation_register_lines import NOT_RATED, Entry, Register
from evaluation.services.refusals import Fault, Forbidden, Invalid
from evaluation.web import presentation
from evaluation.web.access import current_actor
from evaluation.web.once import answered_once

blueprint = Blueprint("commendation_registers", __name__, url_prefix="/commendations/registers")
Answer = str | Response | tuple[str, int]
MOST_RANKS = 30  # a cluster holds at most some twenty units; a file may say more

REGISTERS = {
    Register.TITLE: _l("Titles and awards decided before"),
    Register.PAST_RATING: _l("Class of an earlier year"),
    Register.OLD_UNIT: _l("Opinion of the old unit after a transfer"),
    Register.MATTER: _l("Open matter: discipline, complaint, inspection"),
    Register.CLUSTER: _l("Rank of a unit in its emulation cluster"),
    Register.INITIATIVE: _l("Recognised initiative"),
}
TYPES = {
    AwardType.CONG_TRANG: _l("For achievement (công trạng)"),
    AwardType.DOT_XUAT: _l("Sudden merit"),
    AwardType.CHUYEN_DE: _l("Thematic"),
    AwardType.CONG_HIEN: _l("Long service"),
}


class LineForm(FlaskForm):
    """One line of a register."""

    register = SelectField(
        _l("Which register"), choices=[(key.value, label) for key, label in REGISTERS.items()]
    )
    whose = StringField(_l("Official number, or code of the unit"))
    value = SelectField(_l("What it says"), validate_choice=False)  # the service says what is wrong with it
    year = IntegerField(_l("Year"), [Optional()])
    award_type = SelectField(
        _l("Type of award"), choices=[(key.value, label) for key, label in TYPES.items()]
    )
    number = StringField(_l("Number of the document"))
    on = DateField(_l("Day of the document"), [InputRequired(_l("Write the day of the document."))])
    since = DateField(_l("From"), [Optional()])
    until = DateField(_l("Until"), [Optional()])
    text = StringField(_l("Title of the initiative"))
    not_sole = BooleanField(_l("The initiative has several authors"))


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What a line of each register may say, in words."""
    ratings = [(band.value, presentation.band(band)) for band in reversed(Band)]
    return {
        str(REGISTERS[Register.TITLE]): [(award.value, words.award_name(award.value)) for award in Award],
        str(REGISTERS[Register.PAST_RATING]): [*ratings, (NOT_RATED, presentation.band(None))],
        str(REGISTERS[Register.OLD_UNIT]): [
            ("AGREE", _("The old unit agrees")),
            ("DISAGREE", _("The old unit does not agree")),
        ],
        str(REGISTERS[Register.MATTER]): [
            (key, _(says)) for key, says in words.MATTERS.items() if key in tuple(PendingKind)
        ],
        str(REGISTERS[Register.CLUSTER]): [(str(rank), str(rank)) for rank in range(1, MOST_RANKS + 1)],
        str(REGISTERS[Register.INITIATIVE]): [(key, _(says)) for key, says in words.LEVELS.items()],
    }


@blueprint.route("/", methods=["GET", "POST"])
@answered_once
def index() -> Answer:
    """The form for one line, and the place for a file."""
    if not lists.may_run(current_actor()):
        raise Forbidden(_("You are not allowed to do this here."))
    form = LineForm()
    form.value.choices = _choices()
    if not form.is_submitted():
        return _page(form, [])
    faults: list[Fault] = []
    if form.validate_on_submit():
        try:
            services.record(current_actor(), _typed(form))
        except Invalid as refused:
            db.session.rollback()
            faults = refused.faults
        else:
            flash(_("The line is on record."), "success")
            return redirect(url_for(".index"), 303)
    return _page(form, faults), 422


@blueprint.post("/file")
@answered_once
def file() -> Answer:
    """Enters every line of a file, or none."""
    upload = request.files.get("file")
    data = upload.read() if upload is not None else b""
    try:
        if not data:
            raise Invalid([Fault("file", _("Choose an .xlsx file."))])
        count = services.record_file(current_actor(), data)
    except Invalid as refused:
        db.session.rollback()
        return _page(LineForm(formdata=None), refused.faults), 422
    flash(_("%(count)s lines are on record.", count=count), "success")
    return redirect(url_for(".index"), 303)


def _typed(form: LineForm) -> Entry:
    return Entry(
        form.register.data,
        (form.whose.data or "").strip(),
        (form.value.data or "").strip().upper(),
        form.year.data,
        form.number.data or "",
        form.on.data,
        form.since.data,
        form.until.data,
        form.award_type.data,
        form.text.data or "",
        not form.not_sole.data,
    )


def _page(form: LineForm, faults: list[Fault]) -> str:
    for fault in faults:
        if fault.place in form:
            form[fault.place].errors = [*form[fault.place].errors, fault.message]
    shown = [(fault.place, fault.message) for fault in faults] or form.errors
    return render_template(
        "commendations/registers.html", form=form, errors=shown, columns=services.COLUMNS, registers=REGISTERS
    )
