"""Closing a month or a quarter: the check list, the confirmation, the closing sheet, and reopening by two persons."""

from io import BytesIO

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from evaluation import clock
from evaluation.extensions import db
from evaluation.files import pdf
from evaluation.files.word import COUNTRY, MOTTO
from evaluation.models import Closing, Period
from evaluation.queries import closings as queries
from evaluation.queries import organisation
from evaluation.queries.pages import cut
from evaluation.rules.closing import Keeper, Open
from evaluation.rules.permissions import Action
from evaluation.services import closings, receipts, reopenings, seals
from evaluation.services.closed_periods import Closed
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid
from evaluation.web import errors
from evaluation.web.access import current_actor
from evaluation.web.presentation import period_label
from evaluation.web.reauthentication import recently_confirmed

blueprint = Blueprint("closings", __name__, url_prefix="/closings")
Answer = str | Response | tuple[str, int]

KEEPERS = {
    Keeper.OFFICIAL: _l("the official"),
    Keeper.SUPERVISOR: _l("the direct supervisor"),
    Keeper.CONFIRMER: _l("the head of the agency"),
    Keeper.HOME_AFFAIRS: _l("Home Affairs"),
    Keeper.ADMINISTRATOR: _l("the administrator"),
    Keeper.INSPECTOR: _l("the inspector"),
}
# What the one who must act can do; shown beside the line.
ACTS = {
    Open.RUNNING: _l("Wait for its last day."),
    Open.NO_WORK: _l(
        "Assign work, or enter the absence of the whole period; after the last day extend the date."
    ),
    Open.NOT_SUBMITTED: _l(
        "Submit; after the last day only with an extension, or enter the absence of the whole period."
    ),
    Open.RETURNED: _l("Correct it and submit again; after the last day only with an extension."),
    Open.LEFT_SERVICE: _l("Nothing: the sheet stays without a result."),
    Open.NOT_SCORED: _l("Score or return; after the last day only with an extension."),
    Open.NOT_CONFIRMED: _l("Confirm or send back; after the last day only with an extension."),
    Open.NOT_PUBLISHED: _l("Publish the results."),
    Open.PETITION: _l("Answer it within its seven working days."),
    Open.EXTENDED: _l("Nothing: when the period closes they end with it."),
    Open.STALE: _l("Ask for the roll-up of the period under “Jobs”."),
    Open.DIFFERS: _l("Open the result and compare its working; do not close before it is explained."),
    Open.JOB: _l("Wait until they have ended."),
    Open.IMPORT: _l("Confirm or discard them."),
    Open.SEAL: _l("See that the sealing job runs; it seals every few minutes."),
    Open.JOURNAL: _l("See the comparison under “Journal”; nothing is closed before it is explained."),
}
PAGES = {
    Open.STALE: "jobs.index",
    Open.JOB: "jobs.index",
    Open.IMPORT: "imports.index",
    Open.JOURNAL: "audit.index",
    Open.SEAL: "audit.index",
}
LISTED = frozenset(kind for kind in Open if closings.rules.RULES[kind].per_person)
VERIFY = "flask audit verify"


@blueprint.get("/")
def index() -> str:
    """Every period: open or closed, by whom and when, and wishes to reopen that wait."""
    actor = current_actor()
    page = cut(closings.standings(actor), request.args.get("page", 1, type=int))
    people = [one.closing.closed_by for one in page.rows if one.closing]
    return render_template("closings/index.html", page=page, names=queries.names(people))


@blueprint.get("/<int:period_id>")
def check(period_id: int) -> str:
    """Everything of an open period that is not finished; of a closed one its closings and reopenings."""
    return _period(period_id)


@blueprint.get("/<int:period_id>/open/<kind>")
def open_things(period_id: int, kind: str) -> str:
    """The things of one kind, each with whose it is and who must act."""
    if kind not in Open.__members__ or Open(kind) not in LISTED:
        abort(404)
    period, page = closings.open_things(
        current_actor(), period_id, Open(kind), request.args.get("page", 1, type=int)
    )
    return render_template(
        "closings/open_things.html",
        period=period,
        page=page,
        label=closings.LABELS[Open(kind)],
        act=ACTS[Open(kind)],
        keeper=KEEPERS[closings.rules.RULES[Open(kind)].keeper],
    )


@blueprint.route("/<int:period_id>/close", methods=["GET", "POST"])
@recently_confirmed
def close(period_id: int) -> Answer:
    """What closing means, then the closing itself."""
    actor = current_actor()
    closings.require(actor)
    if request.method == "POST":
        try:
            made = closings.close(actor, period_id, transaction_id=request.form.get("transaction_id"))
        except Conflict as refused:
            db.session.rollback()
            return _period(period_id, [refused.message]), 409
        flash(_("The period is closed. Print the closing sheet and keep it."), "success")
        return redirect(url_for(".show", closing_id=made.id), 303)
    found = closings.check(actor, period_id)
    if found.period.closed_at is not None or not found.may_close:
        return redirect(url_for(".check", period_id=period_id), 303)
    return render_template(
        "closings/close.html",
        check=found,
        labels=closings.LABELS,
        sheets=sum(row["sheets"] for row in queries.by_agency(found.period, clock.today())),
        transaction_id=receipts.new_id(),
    )


@blueprint.post("/<int:period_id>/reopen")
@recently_confirmed
def ask_reopening(period_id: int) -> Answer:
    """Asks for a closed period to be reopened."""
    try:
        reopenings.ask(
            current_actor(),
            period_id,
            reason=request.form.get("reason", ""),
            transaction_id=request.form.get("transaction_id"),
        )
    except Invalid as refused:
        db.session.rollback()
        return _period(period_id, refused.faults), 422
    except Conflict as refused:
        db.session.rollback()
        return _period(period_id, [refused.message]), 409
    flash(_("The wish is on record. A second person decides; you will be told."), "success")
    return redirect(url_for(".check", period_id=period_id), 303)


@blueprint.post("/reopenings/<int:reopening_id>")
@recently_confirmed
def decide_reopening(reopening_id: int) -> Answer:
    """Grants or refuses the reopening that somebody else asked for."""
    actor = current_actor()
    period_id = reopenings.reopening_for(actor, reopening_id).closing.period_id
    answer = request.form.get("answer", "")
    try:
        if answer not in ("grant", "refuse"):
            raise Invalid([Fault("answer", _("Choose whether the period is reopened."))])
        reopenings.decide(
            actor,
            reopening_id,
            granted=answer == "grant",
            reason=request.form.get("reason", ""),
            transaction_id=request.form.get("transaction_id"),
        )
    except Invalid as refused:
        db.session.rollback()
        return _period(period_id, refused.faults), 422
    except (Conflict, Forbidden) as refused:
        db.session.rollback()
        return _period(period_id, [refused.message]), refused.status
    flash(_("The period is open again.") if answer == "grant" else _("The reopening was refused."), "success")
    return redirect(url_for(".check", period_id=period_id), 303)


@blueprint.get("/sheets/<int:closing_id>")
def show(closing_id: int) -> str:
    """The closing sheet on the screen, ready for A4."""
    return _sheet(closings.closing_for(current_actor(), closing_id), tools=True)


@blueprint.get("/sheets/<int:closing_id>.pdf")
def sheet_file(closing_id: int) -> Answer:
    """The same as PDF."""
    closing = closings.closing_for(current_actor(), closing_id)
    try:
        made = pdf.from_html(_sheet(closing, tools=False))
    except pdf.Unavailable as missing:
        flash(missing.message(_), "warning")
        return redirect(url_for(".show", closing_id=closing_id), 303)
    name = f"bien-ban-khoa-ky-{closing.period.covers}.pdf"
    return send_file(BytesIO(made), "application/pdf", as_attachment=True, download_name=name)


@blueprint.app_errorhandler(IntegrityError)
def _refused_by_the_database(error: IntegrityError) -> ResponseReturnValue:
    """What reached the tables of a closed period past every service is a conflict, not a crash."""
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint != "period_is_closed":
        return errors.crashed(error)
    errors.undo()
    return errors.answer(
        Closed.status, _("This period is closed. To change anything in it, two persons have to reopen it.")
    )


def _period(period_id: int, faults: list[Fault] | list[str] | None = None) -> str:
    actor = current_actor()
    period = closings.period_for(actor, period_id)
    found = closings.check(actor, period_id) if period.closed_at is None else None
    rights = closings.rights(actor)
    history = queries.of_period(period.id)
    wishes = queries.reopenings_of(period.id) if history else []
    people = [one.closed_by for one in history]
    people += [who for one in wishes for who in (one.asked_by, one.decided_by) if who is not None]
    shown = [(one.place, one.message) if isinstance(one, Fault) else one for one in faults or ()]
    return render_template(
        "closings/check.html",
        period=period,
        check=found,
        history=history,
        wishes=wishes,
        waiting=next((one for one in wishes if one.decided_by is None), None),
        names=queries.names(people),
        labels=closings.LABELS,
        keepers=KEEPERS,
        acts=ACTS,
        pages=PAGES,
        listed=LISTED,
        may_close=Action.CLOSE_PERIOD in rights,
        may_ask=Action.ASK_REOPENING in rights,
        may_decide=Action.DECIDE_REOPENING in rights,
        me=actor.person_id,
        code=seals.short_code,
        errors=shown or None,
        faults={one.place: one.message for one in faults or () if isinstance(one, Fault)},
        typed=request.form,
        transaction_id=receipts.new_id(),
    )


def _sheet(closing: Closing, *, tools: bool) -> str:
    """The closing sheet; like every paper of the office it is in Vietnamese."""
    actor, period = current_actor(), closing.period
    changes = (closing.figures.get("earlier") or {}).get("changes", [])
    shown = changes[:200]
    local = closing.closed_at.astimezone(clock.PROVINCE_ZONE)
    top = closings.province()
    office = organisation.main_office(closing.closed_by, local.date())
    words = {"back": _("Back"), "print": _("Print"), "pdf": _("PDF")}
    with force_locale("vi"):
        return render_template(
            "closings/sheet.html",
            closing=closing,
            period=period,
            figures=closing.figures,
            agencies=closings.agencies_shown(actor, closing),
            changes=shown,
            unlisted=len(changes) - len(shown),
            whose=queries.of_sheets([one["report_id"] for one in shown], local.date()),
            by=queries.names([closing.closed_by]).get(closing.closed_by, ""),
            office=office,
            issuer=organisation.unit_names([top], local.date()).get(top, ""),
            local=local,
            code=seals.short_code(closing.seal_root),
            root=seals.in_groups(closing.seal_root),
            picture=_picture(period, closing),
            verify=VERIFY,
            country=COUNTRY,
            motto=MOTTO,
            label=period_label(period.covers),
            tools=words if tools else None,
        )


def _picture(period: Period, closing: Closing) -> Markup:
    """Short code and root as a QR code, drawn in the page itself."""
    says = (
        f"CONG TAM {period.covers} BB {closing.id} NIEM PHONG {closing.seal_number}"
        f" {seals.short_code(closing.seal_root)} {closing.seal_root.hex()}"
    )
    drawn = segno.make(says, error="m").svg_inline(scale=3, border=2, omitsize=False)
    return Markup(drawn)  # nosec B704 # a drawing of squares, no text of anybody
