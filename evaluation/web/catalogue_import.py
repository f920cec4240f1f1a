"""Importing a decided catalogue: upload, preview with the check row by row, confirm."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.files.says import RowError
from evaluation.models import ImportBatch
from evaluation.queries import organisation
from evaluation.services import (
    catalogue_batches,
    catalogue_import,
    catalogue_reach,
    imports,
    product_terms,
    receipts,
)
from evaluation.services.catalogue_batches import Choice
from evaluation.services.import_plans import change_in, error_in
from evaluation.services.refusals import Conflict, Forbidden, Invalid
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import ChoiceForm, UploadForm, accepted, chosen, date_text, together
from evaluation.web.presentation import quantity

Page = str | Answer | tuple[str, int]
SHOWN = 200


def add_to(blueprint: Blueprint) -> None:
    """Puts these pages beside the list."""
    pages: list[tuple[str, Callable[..., Page | Response], list[str]]] = [
        ("/import", import_file, ["GET", "POST"]),
        ("/import/<int:batch_id>", preview, ["GET", "POST"]),
        ("/import/<int:batch_id>/apply", apply_import, ["POST"]),
        ("/import/<int:batch_id>/errors.xlsx", import_errors, ["GET"]),
    ]
    for rule, page, methods in pages:
        blueprint.add_url_rule(rule, view_func=page, methods=methods)


def import_file() -> Page:
    """Uploads a workbook; nothing of the catalogue changes yet."""
    actor = current_actor()
    if not catalogue_reach.changes_any(actor):
        raise Forbidden(_("You are not allowed to do this here."))
    form = UploadForm(request.form)
    sent = request.files.get("file")
    if request.method == "POST":
        if sent is None or not sent.filename:
            form.file.errors = [_("Choose a workbook first.")]
        else:
            data, name = sent.read(), sent.filename
            batch = accepted(
                form,
                lambda: catalogue_batches.upload(
                    actor, name=name, data=data, transaction_id=request.form.get("transaction_id")
                ),
            )
            if batch is not None:
                return redirect(url_for(".preview", batch_id=batch.id))
            db.session.rollback()
    page = render_template(
        "catalogue/upload.html", form=form, errors=form.errors, transaction_id=receipts.new_id()
    )
    return (page, 422) if form.errors else page


def preview(batch_id: int) -> Page:
    """What the file holds and would change; POST compares it anew with another choice."""
    actor = current_actor()
    batch = catalogue_batches.batch_for(actor, batch_id)
    form = ChoiceForm(request.form)
    if request.method == "POST":
        _agencies(form)
        found = accepted(form, lambda: catalogue_batches.reconsider(actor, batch_id, _choice(form)))
        if found is not None:
            return redirect(url_for(".preview", batch_id=batch_id) + "#changes")
        db.session.rollback()
        batch = catalogue_batches.batch_for(actor, batch_id)
    else:
        _agencies(form)
        _fill(form, batch)
    return _preview_page(batch, form)


def apply_import(batch_id: int) -> Page:
    """Applies what the preview showed in one transaction."""
    actor = current_actor()
    batch = catalogue_batches.batch_for(actor, batch_id)
    try:
        counts = imports.confirm(
            actor,
            batch_id,
            consent=bool(request.form.get("consent")),
            only_valid=bool(request.form.get("only_valid")),
            transaction_id=request.form.get("transaction_id"),
        )
    except (Invalid, Conflict) as refused:
        db.session.rollback()
        batch = catalogue_batches.batch_for(actor, batch_id)
        form = ChoiceForm()
        _agencies(form)
        _fill(form, batch)
        form.form_errors = (
            [one.message for one in refused.faults] if isinstance(refused, Invalid) else [refused.message]
        )
        return _preview_page(batch, form, refused.status)
    flash(
        _(
            "The catalogue was imported: %(new)s new products, %(changed)s new versions, %(ended)s ended.",
            new=quantity(counts["new"]),
            changed=quantity(counts["changed"]),
            ended=quantity(counts["ended"]),
        ),
        "success",
    )
    return redirect(url_for(".index", agency=imports.options_of(batch).more.get("agency_id")))


def import_errors(batch_id: int) -> Response:
    """Every error and warning as a workbook."""
    actor = current_actor()
    catalogue_batches.batch_for(actor, batch_id)
    data = imports.error_report(actor, batch_id)
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return send_file(
        BytesIO(data), mimetype=media, as_attachment=True, download_name=f"kiem-tra-{batch_id}.xlsx"
    )


def _preview_page(batch: ImportBatch, form: ChoiceForm, status: int = 422) -> Page:
    db.session.refresh(batch, ["changes", "errors", "warnings"])  # one query for the three long lists
    options = imports.options_of(batch)
    faults = catalogue_import.option_faults(options)
    if not options.more.get("valid_from_known"):
        faults = [one for one in faults if one.place != "valid_from"]
    changes = batch.changes
    page = render_template(
        "catalogue/preview.html",
        batch=batch,
        form=form,
        options=options,
        faults=faults,
        changes=changes,
        lines=[change_in(one) for one in changes["lines"][:SHOWN]],
        found=_by_place(batch.errors),
        warnings=_by_place(batch.warnings),
        bad_rows=len({(one[0], one[1]) for one in batch.errors}),
        kept=[] if options.complete else catalogue_batches.kept(batch),
        labels=_labels(),
        shown=SHOWN,
        transaction_id=receipts.new_id(),
        errors=form.errors,
        gettext=_,
    )
    return (page, status) if form.errors else page


def _by_place(stored: list[Any]) -> list[RowError]:
    """The first findings by sheet and row."""
    return sorted(map(error_in, stored), key=lambda one: (one.sheet, one.row))[:SHOWN]


def _labels() -> dict[str, str]:
    """The names of the fields a row can change."""
    return {
        "section": _("Section"),
        "task": _("Task"),
        "detail": _("Detail"),
        "output": _("Output product"),
        "complexity_group": _("Product group"),
        "group": _("Product group"),
        "points_min": _("Lowest points of the frame"),
        "points_max": _("Highest points of the frame"),
        "points": _("Points"),
        "coefficient": _("Coefficient"),
        "valid_to": _("No longer given from"),
    }


def _agencies(form: ChoiceForm) -> None:
    found = catalogue_reach.agencies_to_change(current_actor())
    names = organisation.unit_names(found, clock.today())
    form.agency_id.choices = [(0, _("Choose")), *sorted(names.items(), key=lambda pair: pair[1])]


def _fill(form: ChoiceForm, batch: ImportBatch) -> None:
    options = imports.options_of(batch)
    given = catalogue_import.decision_of(options)
    form.agency_id.data = given.agency_id or 0
    form.title.data = given.title
    form.decision_number.data = given.decision_number
    form.decided_on.data = date_text(given.decided_on)
    form.standard_points.data = "" if given.standard_points is None else quantity(given.standard_points)
    form.valid_from.data = date_text(options.day) if options.more.get("valid_from_known") else ""
    form.end_missing.data = options.complete


def _choice(form: ChoiceForm) -> Choice:
    days: dict[str, Any] = together(
        decided_on=lambda: product_terms.read_day(form.decided_on.data, "decided_on"),
        standard_points=lambda: product_terms.read_points(form.standard_points.data, "standard_points"),
        valid_from=lambda: product_terms.read_day(form.valid_from.data, "valid_from"),
    )
    return Choice(
        agency_id=chosen(form.agency_id) or None,
        title=form.title.data or "",
        decision_number=form.decision_number.data or "",
        end_missing=bool(form.end_missing.data),
        **days,
    )
