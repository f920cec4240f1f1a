"""Job positions: the list, one with its framework, products and holders, and its form."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as Answer
from wtforms import Form, HiddenField, SelectField, StringField, TextAreaField

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import JobPosition
from evaluation.queries import positions as questions
from evaluation.rules.organisation import PositionKind
from evaluation.services import positions
from evaluation.services.positions import PositionTerms
from evaluation.services.refusals import Missing
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import accepted
from evaluation.web.once import answered_once

blueprint = Blueprint("positions", __name__, url_prefix="/positions")

KINDS = {
    PositionKind.LEADERSHIP: _l("Leadership and management"),
    PositionKind.PROFESSIONAL: _l("Professional"),
    PositionKind.SUPPORT: _l("Shared and support"),
}
BLANK_LINES = 3
Page = str | Answer | tuple[str, int]


class PositionForm(Form):
    """A position; its competency lines are read beside it."""

    seen = HiddenField()
    code = StringField(_l("Code"), description=_l("For example VT01."))
    name = StringField(_l("Name of the position"))
    kind = SelectField(
        _l("Kind of position"),
        choices=[("", _l("Choose")), *((one.value, text) for one, text in KINDS.items())],
    )
    rank_code = StringField(_l("Rank code"), description=_l("For example 01.003; empty when there is none."))
    peer_group = StringField(
        _l("Group of similar work"),
        description=_l("The quota of excellent is counted within this group (Article 20.5)."),
    )
    description = TextAreaField(_l("Description of the work"))


@blueprint.get("/")
def index() -> str:
    """Every position with its holders and products as of today."""
    words, kind = request.args.get("q", "")[:200], request.args.get("kind", "")
    chosen = next((one for one in PositionKind if one.value == kind), None)
    number = request.args.get("page", "1")
    page = questions.listed(
        clock.today(),
        words,
        chosen,
        int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1,
    )
    return render_template(
        "positions/index.html",
        page=page,
        words=words,
        kind=chosen,
        kinds=KINDS,
        may_change=positions.may_change(current_actor()),
    )


@blueprint.get("/<int:position_id>")
def show(position_id: int) -> str:
    """A position: description, competencies, products and how many hold it today."""
    position = _position(position_id)
    today = clock.today()
    return render_template(
        "positions/show.html",
        position=position,
        kinds=KINDS,
        products=questions.products(position_id, today),
        holders=questions.holders(position_id, today),
        may_change=positions.may_change(current_actor()),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@answered_once
def new() -> Page:
    """Creates a position."""
    positions.require(current_actor())
    form = PositionForm(request.form)
    if request.method == "POST":
        made = accepted(form, lambda: positions.create(current_actor(), _terms(form)))
        if made is not None:
            flash(_("Position %(name)s was created.", name=made.name), "success")
            return redirect(url_for(".show", position_id=made.id))
        db.session.rollback()
    return _form_page(form, None, _typed_lines())


@blueprint.route("/<int:position_id>/edit", methods=["GET", "POST"])
@answered_once
def edit(position_id: int) -> Page:
    """Changes a position and its competency lines."""
    positions.require(current_actor())
    position = _position(position_id)
    form = PositionForm(request.form)
    if request.method == "POST":
        made = accepted(
            form,
            lambda: positions.edit(current_actor(), position_id, _terms(form), seen=form.seen.data or ""),
        )
        if made is not None:
            flash(_("Position %(name)s was saved.", name=made.name), "success")
            return redirect(url_for(".show", position_id=position_id))
        db.session.rollback()
        return _form_page(form, _position(position_id), _typed_lines())
    for name in ("code", "name", "rank_code", "peer_group", "description"):
        form[name].data = getattr(position, name) or ""
    form.kind.data, form.seen.data = position.kind.value, positions.mark(position)
    lines = [(one.text, one.level or "") for one in position.competencies]
    return _form_page(form, position, lines)


def _position(position_id: int) -> JobPosition:
    found = questions.position(position_id) if position_id < 2**63 else None
    if found is None:
        raise Missing(_("There is no such position."))
    return found


def _typed_lines() -> list[tuple[str, str]]:
    texts, levels = request.form.getlist("competency"), request.form.getlist("level")
    lines = list(zip(texts, levels, strict=False))[: positions.MOST_COMPETENCIES]
    return [(text, level) for text, level in lines if text.strip() or level.strip()]


def _terms(form: PositionForm) -> PositionTerms:
    return PositionTerms(
        code=form.code.data or "",
        name=form.name.data or "",
        kind=form.kind.data or "",
        rank_code=form.rank_code.data or "",
        peer_group=form.peer_group.data or "",
        description=form.description.data or "",
        competencies=_typed_lines(),
    )


def _form_page(form: PositionForm, position: JobPosition | None, lines: list[tuple[str, str]]) -> Page:
    page = render_template(
        "positions/form.html",
        form=form,
        errors=form.errors,
        position=position,
        lines=[*lines, *[("", "")] * BLANK_LINES][: positions.MOST_COMPETENCIES],
        peer_groups=questions.peer_groups(),
    )
    return (page, 422) if form.errors else page
