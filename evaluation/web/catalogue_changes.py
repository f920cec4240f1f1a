"""Changing the catalogue: record a decision, add a product, give it a new version, retire it."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Catalogue, Product, ProductVersion
from evaluation.queries import catalogue_lists as lists
from evaluation.queries import organisation
from evaluation.services import catalogue, catalogue_reach, product_terms
from evaluation.services.refusals import Fault, Forbidden, Invalid, Missing
from evaluation.web.access import current_actor
from evaluation.web.catalogue_forms import (
    DecisionForm,
    ProductForm,
    RetireForm,
    UsersForm,
    accepted,
    chosen,
    chosen_of,
    date_text,
    fill,
    fill_users,
    together,
)
from evaluation.web.once import answered_once
from evaluation.web.presentation import quantity

Page = str | Answer | tuple[str, int]


def add_to(blueprint: Blueprint) -> None:
    """Puts these pages beside the list."""
    pages: list[tuple[str, Callable[..., Page]]] = [
        ("/decisions/new", new_decision),
        ("/new", new_product),
        ("/<int:product_id>/version", new_version),
        ("/<int:product_id>/users", users),
        ("/<int:product_id>/retire", retire),
    ]
    for rule, page in pages:
        blueprint.add_url_rule(rule, view_func=answered_once(page), methods=["GET", "POST"])


def new_decision() -> Page:
    """Records a decided catalogue by hand."""
    agencies = _agencies()
    form = DecisionForm(request.form)
    form.agency_id.choices = agencies
    if request.method == "POST":
        made = accepted(form, lambda: _publish(form))
        if made is not None:
            flash(
                _("Decision %(number)s is recorded. Now add its products.", number=made.decision_number),
                "success",
            )
            return redirect(url_for(".new_product", decision=made.id))
        db.session.rollback()
    return _page("catalogue/decision.html", form)


def _publish(form: DecisionForm) -> Catalogue:
    return catalogue.publish_catalogue(
        current_actor(),
        chosen(form.agency_id),
        title=form.title.data or "",
        decision_number=form.decision_number.data or "",
        **together(
            decided_on=lambda: product_terms.read_day(form.decided_on.data, "decided_on"),
            standard_points=lambda: product_terms.read_points(form.standard_points.data, "standard_points"),
            valid_from=lambda: product_terms.read_day(form.valid_from.data, "valid_from"),
        ),
    )


def new_product() -> Page:
    """Adds a product to a decided catalogue."""
    form = ProductForm(request.form)
    decisions = lists.decisions([agency for agency, _name in _agencies()])
    if not decisions:
        flash(_("Record the decision first; products are added to it."), "info")
        return redirect(url_for(".new_decision"))
    _choices(form, decisions)
    if request.method == "POST":
        made = accepted(form, lambda: _add(form))
        if made is not None:
            flash(_("Product %(code)s is in the catalogue.", code=made.product.code), "success")
            return redirect(url_for(".product", product_id=made.product_id))
        db.session.rollback()
    else:
        chosen = request.args.get("decision", "")
        first = next((one for one in decisions if str(one.id) == chosen), decisions[0])
        form.catalogue_id.data, form.valid_from.data = first.id, date_text(first.valid_from)
    return _page("catalogue/form.html", form, product=None, running=None, decisions=decisions)


def _add(form: ProductForm) -> ProductVersion:
    return catalogue.add_product(
        current_actor(),
        chosen(form.catalogue_id),
        position_ids=chosen_of(form.position_ids),
        **together(
            code=lambda: product_terms.read_code(form.code.data),
            terms=lambda: product_terms.read_terms(request.form),
            valid_from=lambda: product_terms.read_day(form.valid_from.data, "valid_from"),
            unit_ids=lambda: _units(form),
        ),
    )


def new_version(product_id: int) -> Page:
    """Gives a product a new version from a day."""
    found = _changeable(product_id)
    running = found.versions[-1]
    form = ProductForm(request.form)
    _choices(form, lists.decisions([found.agency_id]))
    if request.method == "POST":
        made = accepted(form, lambda: _change(product_id, form))
        if made is not None:
            flash(
                _(
                    "Product %(code)s has a new version from %(day)s. Lines already given keep their coefficient.",
                    code=found.code,
                    day=date_text(made.valid_from),
                ),
                "success",
            )
            return redirect(url_for(".product", product_id=product_id))
        db.session.rollback()
        found = _changeable(product_id)
        running = found.versions[-1]
    else:
        fill(form, running, lists.unit_codes([one.unit_id for one in running.units], clock.today()).values())
        form.valid_from.data = date_text(clock.today())
    decisions = lists.decisions([found.agency_id])
    return _page("catalogue/form.html", form, product=found, running=running, decisions=decisions)


def _change(product_id: int, form: ProductForm) -> ProductVersion:
    return catalogue.new_version(
        current_actor(),
        product_id,
        seen_version_id=_seen(form.version_id.data),
        catalogue_id=chosen(form.catalogue_id),
        position_ids=chosen_of(form.position_ids),
        **together(
            terms=lambda: product_terms.read_terms(request.form),
            valid_from=lambda: product_terms.read_day(form.valid_from.data, "valid_from"),
            unit_ids=lambda: _units(form),
        ),
    )


def users(product_id: int) -> Page:
    """Says which positions and units use the last version."""
    found = _changeable(product_id)
    running = found.versions[-1]
    form = UsersForm(request.form)
    form.position_ids.choices = lists.positions()
    if request.method == "POST":
        made = accepted(
            form,
            lambda: catalogue.set_users(
                current_actor(), running.id, position_ids=chosen_of(form.position_ids), unit_ids=_units(form)
            ),
        )
        if made is not None:
            flash(_("Who uses product %(code)s is saved.", code=found.code), "success")
            return redirect(url_for(".product", product_id=product_id))
        db.session.rollback()
        found = _changeable(product_id)
        running = found.versions[-1]
    else:
        codes = lists.unit_codes([one.unit_id for one in running.units], clock.today()).values()
        fill_users(form, running, codes)
    return _page("catalogue/users.html", form, product=found, running=running)


def retire(product_id: int) -> Page:
    """Ends a product from a day."""
    found = _changeable(product_id)
    form = RetireForm(request.form)
    if request.method == "POST":
        made = accepted(
            form,
            lambda: catalogue.retire(
                current_actor(),
                product_id,
                seen_version_id=_seen(form.version_id.data),
                on=product_terms.read_day(form.on.data, "on"),
                reason=form.reason.data or "",
            ),
        )
        if made is not None:
            flash(
                _(
                    "Product %(code)s is no longer given from %(day)s.",
                    code=found.code,
                    day=date_text(made.valid_to),
                ),
                "success",
            )
            return redirect(url_for(".product", product_id=product_id))
        db.session.rollback()
        found = _changeable(product_id)
    running = found.versions[-1]
    form.version_id.data = form.version_id.data or str(running.id)
    lines = lists.open_lines([running.id]).get(running.id, [])
    return _page(
        "catalogue/retire.html",
        form,
        product=found,
        running=running,
        lines=sum(count for _value, count in lines),
    )


def _page(template: str, form: DecisionForm | UsersForm | RetireForm, **more: object) -> Page:
    page = render_template(template, form=form, errors=form.errors, quantity=quantity, **more)
    return (page, 422) if form.errors else page


def _agencies() -> list[tuple[int, str]]:
    """The agencies whose catalogue the actor may change, by name; Forbidden when there is none."""
    found = catalogue_reach.agencies_to_change(current_actor())
    if not found:
        raise Forbidden(_("You are not allowed to do this here."))
    names = organisation.unit_names(found, clock.today())
    return sorted(names.items(), key=lambda pair: pair[1])


def _changeable(product_id: int) -> Product:
    found = lists.product(product_id) if product_id < 2**63 else None
    if found is None:
        raise Missing(_("There is no such product."))
    catalogue.require(current_actor(), found.agency_id)
    return found


def _choices(form: ProductForm, decisions: list[Catalogue]) -> None:
    form.catalogue_id.choices = [
        (
            one.id,
            _(
                "%(number)s, in force from %(day)s, standard product %(points)s points",
                number=one.decision_number,
                day=date_text(one.valid_from),
                points=quantity(one.standard_points),
            ),
        )
        for one in decisions
    ]
    form.position_ids.choices = lists.positions()


def _units(form: UsersForm) -> list[int]:
    """The units whose codes were typed; Invalid names the codes that stand for none."""
    codes = [
        code.strip().upper() for code in (form.units.data or "").replace(";", ",").split(",") if code.strip()
    ]
    known = lists.units_of_codes(codes[:500], clock.today())
    missing = [code for code in codes if code not in known]
    if missing:
        message = _("No unit has the code %(codes)s today.", codes=", ".join(missing[:5]))
        raise Invalid([Fault("units", message)])
    return list(known.values())


def _seen(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else 0
