"""Who has seen my file: which pages show whose things, the trace each leaves, and the owner's page of traces."""

from dataclasses import dataclass

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    render_template,
    request,
    template_rendered,
)
from flask.sansio.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Person
from evaluation.queries import organisation
from evaluation.services import readings
from evaluation.web.access import current_actor

blueprint = Blueprint("readings", __name__, url_prefix="/readings")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of one person: the kind of thing, the part of the address that names it, and how it is shown."""

    kind: str
    argument: str
    how: str = "PAGE"
    method: str = "GET"


# One person's things. The pages that are not about one person stand in tests/web/test_readings.py, each with its reason.
SHOWN: dict[str, Shown] = {
    "results.show": Shown("report", "report_id"),
    "reports.show": Shown("report", "report_id"),
    "reports.check": Shown("report", "report_id"),
    "reports.submitted": Shown("report", "report_id"),
    "reports.add": Shown("report", "report_id"),
    "reviews.show": Shown("report", "report_id", "SCORING"),
    "reviews.row": Shown("report", "report_id", "SCORING"),
    "reviews.open_sheet": Shown("report", "report_id", "SCORING", "POST"),
    "reviews.outlook": Shown("report", "report_id", "SCORING", "POST"),
    "confirmations.send_back": Shown("report", "report_id"),
    "workplans.hand_over": Shown("work_item", "item_id"),
    "evidence.line": Shown("work_item", "item_id", "EVIDENCE"),
    "evidence.download": Shown("evidence", "evidence_id", "EVIDENCE"),
    "forms.paper": Shown("report", "report_id", "PRINT"),
    "forms.period": Shown("report", "report_id", "FILE"),
    "forms.tracking": Shown("report", "report_id", "FILE"),
    "what_ifs.sheet": Shown("report", "report_id", "WHAT_IF"),
    "workings.score": Shown("score_sheet", "sheet_id", "WORKING"),
    "workings.score_file": Shown("score_sheet", "sheet_id", "FILE"),
    "forms.year": Shown("year_grade", "grade_id", "FILE"),
    "grades.show": Shown("year_grade", "grade_id"),
    "replacements.replace": Shown("year_grade", "grade_id"),
    "workings.grade": Shown("year_grade", "grade_id", "WORKING"),
    "workings.grade_file": Shown("year_grade", "grade_id", "FILE"),
    "workings.mean": Shown("person", "person_id", "WORKING"),
    "workings.mean_file": Shown("person", "person_id", "FILE"),
    "annual_round.person": Shown("person", "person_id", "ROUND"),
    "conclusions.index": Shown("person", "person_id", "ROUND"),
    "party_opinions.record": Shown("person", "person_id", "ROUND"),
    "party.force_majeure": Shown("person", "person_id", "ROUND"),
    "commendations.entry": Shown("eligibility_entry", "entry_id"),
    "workings.verdict": Shown("eligibility_entry", "entry_id", "WORKING"),
    "workings.verdict_file": Shown("eligibility_entry", "entry_id", "FILE"),
    "petitions.show": Shown("petition", "petition_id"),
    "petition_answers.correct": Shown("petition", "petition_id"),
    "petition_answers.outlook": Shown("petition", "petition_id", "PAGE", "POST"),
    "disciplines.show": Shown("discipline", "line_id"),
    "organisation.person": Shown("person", "person_id"),
    "organisation.reveal": Shown("person", "person_id", "NUMBER", "POST"),
    "person_changes.correct": Shown("person", "person_id"),
    "appointments.appoint": Shown("person", "person_id"),
    "appointments.absence": Shown("person", "person_id"),
    "appointments.end": Shown("person", "person_id"),
    "charges.give": Shown("person", "person_id"),
    "charges.end": Shown("person", "person_id"),
    "readings.person": Shown("person", "person_id", "READINGS"),
}
# Lists and files of many people: one event with the count and the filter, and the part of the address that names the unit.
LISTS: dict[str, str | None] = {
    "reviews.index": None,
    "confirmations.index": None,
    "workplans.unit": "unit_id",
    "grades.agency": "unit_id",
    "annual_round.agency": "unit_id",
    "annual_round.december": "unit_id",
    "standings.unit": "unit_id",
    "standings.download": "unit_id",
    "forms.unit_file": "unit_id",
    "forms.made": None,
    "commendations.list": None,
    "commendations.file": None,
    "commendations.export": None,
    "extra_income.agency": "agency_id",
    "extra_income.file": None,
    "extra_income.export": None,
    "petition_register.index": None,
    "petition_register.file": None,
    "petitions.index": None,
    "party.agency": "unit_id",
    "what_ifs.agency": "unit_id",
    "meetings.show": None,
    "meetings.file": None,
    "forms.meeting": None,
    "organisation.people": None,
    "organisation.unit": "unit_id",
    "register_exports.file": None,
    "register_exports.made_file": None,
    "register_lines.index": None,
    "disciplines.index": None,
    "national_exports.show": None,
    "national_exports.file": None,
    "national_exports.results": None,
    "closings.open_things": None,
}
HOW = {
    "PAGE": _l("on its page"),
    "SCORING": _l("while scoring"),
    "PRINT": _l("on the page to print"),
    "FILE": _l("as a file"),
    "WORKING": _l("with its working"),
    "EVIDENCE": _l("with its evidence"),
    "WHAT_IF": _l("in a trial of other answers"),
    "ROUND": _l("in the round of the year"),
    "NUMBER": _l("with the personal number"),
    "READINGS": _l("the list of who has seen it"),
}
WHAT = {
    "report": _l("Sheet of %(month)s"),
    "year_grade": _l("Class of the year"),
    "petition": _l("Petition"),
    "person": _l("Profile"),
    "eligibility_entry": _l("Verdict on a commendation"),
    "discipline": _l("Disciplinary decision"),
}
WHY = {
    "SUPERVISOR": _l("direct supervisor"),
    "SUPERVISOR_DELEGATE": _l("stands in for the direct supervisor"),
    "CONFIRMER": _l("head of the agency that confirms"),
    "CONFIRMER_DELEGATE": _l("stands in for the head of the agency"),
    "LEADER_ABOVE": _l("leads the unit or one above it"),
    "PERSONNEL": _l("personnel office"),
    "HOME_AFFAIRS": _l("Home Affairs"),
    "INSPECTOR": _l("inspector"),
    "ADMINISTRATOR": _l("administrator of the register"),
    "LENDER": _l("of the agency that lent the official"),
}


@blueprint.get("/")
def index() -> str:
    """Who has seen what is the reader's own."""
    return _page(current_actor().person_id)


@blueprint.get("/<int:person_id>")
def person(person_id: int) -> str:
    """The same of anybody, for the inspector."""
    return _page(person_id)


def _page(person_id: int) -> str:
    actor = current_actor()
    page = readings.page_of(actor, person_id, request.args.get("page", 1, type=int))
    return render_template(
        "readings/index.html",
        page=page,
        mine=person_id == actor.person_id,
        who=None if person_id == actor.person_id else db.session.get_one(Person, person_id),
        office=organisation.main_office(person_id, clock.today()),
        how=HOW,
        what=WHAT,
        why=WHY,
    )


@blueprint.record_once
def _count_lists(state: BlueprintSetupState) -> None:
    template_rendered.connect(_count, state.app)


@blueprint.after_app_request
def _leave_trace(response: Response) -> Response:
    """Stores the reading before the answer is sent; where that fails, the answer is not sent."""
    endpoint = request.endpoint or ""
    if response.status_code != 200 or not (endpoint in SHOWN or endpoint in LISTS):
        return response
    if not current_user.is_authenticated:
        return response
    try:
        _store(endpoint)
    except SQLAlchemyError as failed:
        db.session.rollback()
        return make_response(current_app.handle_user_exception(failed))
    return response


def _store(endpoint: str) -> None:
    arguments = request.view_args or {}
    shown = SHOWN.get(endpoint)
    if shown is not None:
        if request.method == shown.method:
            readings.record_now(current_actor(), shown.kind, arguments[shown.argument], shown.how)
        return
    if request.method == "GET":
        unit = LISTS[endpoint]
        readings.record_list(
            current_actor(),
            arguments[unit] if unit else None,
            page=endpoint,
            chosen={name: text[:100] for name, text in request.args.items() if text},
            count=g.get("people_shown"),
        )


def _count(_sender: object, context: dict[str, object], **_given: object) -> None:
    """How many a list is about, as its pagination says."""
    page = context.get("page")
    total = getattr(page, "total", None)
    if isinstance(total, int):
        g.people_shown = total
