"""The organisation as of a day: the tree, a unit, the list of people, a person."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _

from evaluation import clock
from evaluation.files.cells import parse_date
from evaluation.files.says import CellRefused
from evaluation.queries import organisation as standing_questions
from evaluation.queries import people as people_questions
from evaluation.queries import units as unit_questions
from evaluation.queries.organisation import Subject
from evaluation.rules.organisation import Office, PersonKind
from evaluation.rules.permissions import Action, Role
from evaluation.services import access
from evaluation.services.organisation import unit_for
from evaluation.services.organisation_labels import (
    ABSENCES,
    GENDERS,
    OFFICES,
    PERSON_KINDS,
    UNIT_KINDS,
    UNIT_ROLES,
)
from evaluation.services.people import person_for, reveal_personal_number
from evaluation.services.refusals import Forbidden
from evaluation.services.register_areas import may_export
from evaluation.web.access import current_actor
from evaluation.web.presentation import NOTHING
from evaluation.web.presentation import day as day_text
from evaluation.web.results import STATES

blueprint = Blueprint("organisation", __name__, url_prefix="/organisation")
LABELS = {
    "kinds": PERSON_KINDS,
    "offices": OFFICES,
    "unit_kinds": UNIT_KINDS,
    "unit_roles": UNIT_ROLES,
    "genders": GENDERS,
    "absences": ABSENCES,
}


@blueprint.app_template_filter("last_day")
def last_day(valid_to: date | None) -> str:
    """The last day of a half-open validity as offices write it; an open one is a dash."""
    return day_text(valid_to - timedelta(days=1)) if valid_to is not None else NOTHING


def chosen_day() -> date:
    """The day asked for in the address; today when there is none or it is no day."""
    try:
        return parse_date(request.args.get("day", "")) or clock.today()
    except CellRefused:
        return clock.today()


def chosen_page() -> int:
    """The page asked for, never below one."""
    return max(1, min(request.args.get("page", 1, type=int), 100_000))


def readable_tops() -> list[int]:
    """The units from which the reader sees the organisation downwards."""
    standing = current_actor().standing
    return sorted(
        {unit_id for _role, unit_id in standing.roles}
        | standing.headed
        | standing.deputised
        | standing.delegated.keys()
    )


def may_change() -> bool:
    """Whether buttons that change the organisation are worth showing; the services judge each act."""
    standing = current_actor().standing
    return any(standing.holds(role) for role in (Role.HOME_AFFAIRS, Role.ADMINISTRATOR))


@blueprint.get("/")
def index() -> str:
    """One level of the tree on a day: the reader's own top, or below the unit chosen."""
    day, unit_id = chosen_day(), request.args.get("unit", type=int)
    tops = readable_tops()
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    if unit_id is not None:
        unit_for(current_actor(), unit_id, to=Action.READ_ORGANISATION)
    page = unit_questions.level(unit_id, [] if unit_id else tops, day, chosen_page())
    line = unit_questions.line_above(unit_id, day) if unit_id else []
    return render_template(
        "organisation/index.html",
        page=page,
        line=line,
        unit_id=unit_id,
        day=day,
        may_change=may_change(),
        may_export=may_export(current_actor()),
        **LABELS,
    )


@blueprint.get("/units/<int:unit_id>")
def unit(unit_id: int) -> str:
    """A unit: its places and codes over time, and who serves in it on a day."""
    found = unit_for(current_actor(), unit_id, to=Action.READ_ORGANISATION)
    day, words = chosen_day(), request.args.get("q", "")[:100]
    below = request.args.get("below") == "1"
    return render_template(
        "organisation/unit.html",
        unit=found,
        places=unit_questions.places_of(unit_id),
        codes=unit_questions.codes_of(unit_id),
        page=people_questions.serving([unit_id], day, chosen_page(), words=words, below=below),
        day=day,
        q=words,
        below=below,
        may_change=may_change(),
        **LABELS,
    )


@blueprint.get("/people")
def people() -> str:
    """Everybody below the reader's units on a day, with search and filters that stay in the address."""
    tops = readable_tops()
    if not tops:
        raise Forbidden(_("You are not allowed to do this here."))
    day, words = chosen_day(), request.args.get("q", "")[:100]
    kind, office = request.args.get("kind", ""), request.args.get("office", "")
    page = people_questions.serving(
        tops,
        day,
        chosen_page(),
        words=words,
        kind=PersonKind(kind) if kind in PersonKind.__members__ else None,
        office=Office(office) if office in Office.__members__ else None,
    )
    return render_template(
        "organisation/people.html",
        page=page,
        day=day,
        q=words,
        kind=kind,
        office=office,
        may_change=may_change(),
        **LABELS,
    )


@blueprint.get("/people/<int:person_id>")
def person(person_id: int) -> str:
    """A person: numbers, service, absences and duties over time."""
    return _person(person_id, None)


@blueprint.post("/people/<int:person_id>/number")
def reveal(person_id: int) -> str:
    """Shows the whole personal number once; the look is in the journal and the number in no address."""
    return _person(person_id, reveal_personal_number(current_actor(), person_id))


def _person(person_id: int, number: str | None) -> str:
    found = person_for(current_actor(), person_id, to=Action.READ_ORGANISATION)
    day, service = clock.today(), people_questions.service_of(person_id)
    return render_template(
        "organisation/person.html",
        person=found,
        number=number,
        service=service,
        deputy=any(
            row.office is Office.DEPUTY and (row.valid_to is None or row.valid_to > day) for row in service
        ),
        happenings=people_questions.happenings_of(person_id),
        sheets=_readable_sheets(person_id),
        states=STATES,
        day=day,
        may_change=may_change(),
        administers=current_actor().standing.holds(Role.ADMINISTRATOR),
        **LABELS,
    )


def _readable_sheets(person_id: int) -> list[Any]:
    """The newest sheets of a person that the reader may open."""
    rows = people_questions.latest_sheets(person_id)
    subjects = [
        Subject(row.unit_id, person_id, row.supervising_unit_id, row.confirming_unit_id) for row in rows
    ]
    may_read = access.may_each(current_actor(), Action.READ_REPORT, subjects) if rows else []
    return [row for row, may in zip(rows, may_read, strict=True) if may]


@blueprint.get("/search/units")
def search_units() -> Response:
    """Units for a picker, by name without accents or by code."""
    words = request.args.get("q", "")[:100]
    tops = readable_tops()
    found = people_questions.units_like(words, tops, chosen_day()) if words.strip() and tops else []
    return jsonify(
        options=[{"id": row.unit_id, "label": row.name, "detail": row.code or ""} for row in found]
    )


@blueprint.get("/search/people")
def search_people() -> Response:
    """People below the reader's units for a picker, by name without accents or by official number."""
    words = request.args.get("q", "")[:100]
    tops = readable_tops()
    rows = people_questions.serving(tops, chosen_day(), 1, words=words).rows if words.strip() and tops else []
    return jsonify(
        options=[
            {
                "id": row.id,
                "label": row.full_name,
                "detail": f"{row.title} · {row.unit} · {row.official_number}",
            }
            for row in rows[:12]
        ]
    )


def resolved_unit(typed_id: str, typed_text: str, day: date) -> int | None:
    """The unit picked, or the one whose code was typed by somebody without scripts."""
    if typed_id.isdecimal():
        return int(typed_id[:18])
    return (
        standing_questions.unit_by_code(typed_text.strip().upper()[:35], day) if typed_text.strip() else None
    )
