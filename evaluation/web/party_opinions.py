"""The form for the Party committee's written opinion on a head or deputy."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from evaluation.extensions import db
from evaluation.queries import annual_round as questions
from evaluation.rules.bands import Band
from evaluation.services import party_opinions, receipts
from evaluation.services.party_opinions import Opinion
from evaluation.services.refusals import Fault, Invalid
from evaluation.web.access import current_actor
from evaluation.web.annual_round import only_known_years
from evaluation.web.appointments import typed_day

blueprint = Blueprint("party_opinions", __name__, url_prefix="/round")
blueprint.url_value_preprocessor(only_known_years)
Answer = str | Response | tuple[str, int]


@blueprint.route("/of/<int:person_id>/<int:year>/party", methods=["GET", "POST"])
def record(person_id: int, year: int) -> Answer:
    """Records an opinion, or one that takes the place of an earlier one."""
    if request.method == "GET":
        known = questions.live_party(person_id, year)
        typed = (
            {
                "committee": known.committee,
                "given_on": known.given_on.isoformat(),
                "document_number": known.document_number or "",
                "klass": known.klass.value if known.klass else "",
                "opinion": known.opinion,
            }
            if known is not None
            else {}
        )
        return _form(person_id, year, typed, [])
    form, faults = request.form, []  # type: ignore[var-annotated]
    given_on = typed_day(form, "given_on", faults)
    word = form.get("klass", "")
    try:
        party_opinions.record(
            current_actor(),
            person_id,
            year,
            Opinion(
                form.get("committee", ""),
                form.get("opinion", ""),
                given_on,
                Band(word) if word in set(Band) else None,
                form.get("document_number", ""),
            ),
            reason=form.get("reason", ""),
            transaction_id=form.get("transaction_id"),
        )
    except Invalid as invalid:
        db.session.rollback()
        places = {fault.place for fault in faults}
        shown = faults + [fault for fault in invalid.faults if fault.place not in places]
        return _form(person_id, year, form, shown), 422
    flash(_("The Party committee's opinion is on record."), "success")
    return redirect(url_for("annual_round.person", person_id=person_id, year=year), 303)


def _form(person_id: int, year: int, typed: Mapping[str, str], faults: list[Fault]) -> str:
    return render_template(
        "annual_round/party.html",
        member=party_opinions.member_to_judge(current_actor(), person_id, year),
        year=year,
        bands=list(reversed(Band)),
        typed=typed,
        transaction_id=typed.get("transaction_id") or receipts.new_id(),
        faults={fault.place: fault.message for fault in faults},
        errors=[(fault.place, fault.message) for fault in faults],
    )
