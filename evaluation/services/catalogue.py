"""Deciding catalogues: publish one, add products, give them new versions, retire them, say who uses them (Article 13)."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from evaluation.extensions import db
from evaluation.files.catalogue_check import shown
from evaluation.files.cells import parse_text
from evaluation.models import (
    Catalogue,
    JobPosition,
    Product,
    ProductPosition,
    ProductUnit,
    ProductVersion,
    Unit,
)
from evaluation.queries import catalogue as questions
from evaluation.queries.organisation import Subject, descendants
from evaluation.rules.names import fold
from evaluation.rules.organisation import UnitRole
from evaluation.rules.permissions import Action
from evaluation.services import access, audit
from evaluation.services.access import Actor
from evaluation.services.product_terms import (
    MOST_POINTS,
    ProductTerms,
    coefficient_of,
    differences,
    faults_of,
    no_faults,
    read_code,
    terms_of,
)
from evaluation.services.refusals import Conflict, Fault, Invalid, Missing


def require(actor: Actor | None, agency_id: int) -> None:
    """Only who looks after the personnel of an agency, or Home Affairs, changes its catalogue; no actor is the console."""
    if actor is not None:
        access.require(actor, Action.CHANGE_CATALOGUE, Subject(unit_id=agency_id))


def publish_catalogue(
    actor: Actor,
    agency_id: int,
    *,
    title: str,
    decision_number: str,
    decided_on: date | None,
    standard_points: Decimal | None,
    valid_from: date | None,
) -> Catalogue:
    """A decided catalogue with the points of its standard product, in force from a day (Article 13.2)."""
    if agency_id:
        require(actor, agency_id)
    decision = Decision(agency_id, title, decision_number, decided_on, standard_points, valid_from)
    faults = decision_faults(decision)
    if questions.catalogue_by_number(agency_id, parse_text(decision_number[:200])) is not None:
        message = _("Decision %(number)s is already recorded.", number=parse_text(decision_number[:200]))
        faults.append(Fault("decision_number", message))
    no_faults(faults)
    catalogue = new_catalogue(decision)
    after = asdict(decision)
    audit.record(actor, "catalogue.published", catalogue, after=after, unit_id=agency_id)
    db.session.commit()
    return catalogue


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on a catalogue as given; what is missing is None."""

    agency_id: int | None
    title: str
    decision_number: str
    decided_on: date | None
    standard_points: Decimal | None
    valid_from: date | None


def decision_faults(given: Decision) -> list[Fault]:
    """What a decision lacks before it can be recorded."""
    faults = []
    agency = db.session.get(Unit, given.agency_id) if given.agency_id else None
    if agency is None or agency.role is UnitRole.DIRECT_UNIT:
        faults.append(Fault("agency_id", _("A catalogue is decided by an agency. Choose one.")))
    if not parse_text(given.decision_number[:200]):
        faults.append(
            Fault("decision_number", _("Give the number of the decision, for example 283/QĐ-UBND."))
        )
    if given.decided_on is None:
        faults.append(Fault("decided_on", _("Give the day of the decision.")))
    if given.valid_from is None:
        faults.append(Fault("valid_from", _("Give the day from which it is in force.")))
    elif given.decided_on is not None and given.valid_from < given.decided_on:
        message = _("A catalogue is in force from the day of its decision or later.")
        faults.append(Fault("valid_from", message))
    if given.standard_points is None or not 0 < given.standard_points <= MOST_POINTS:
        faults.append(Fault("standard_points", _("Give the points of the standard product, above zero.")))
    return faults


def new_catalogue(given: Decision) -> Catalogue:
    """The row of a decision without faults, inside the caller's transaction."""
    assert given.agency_id is not None
    assert given.decided_on is not None
    assert given.valid_from is not None
    assert given.standard_points is not None
    catalogue = Catalogue(
        agency_id=given.agency_id,
        title=parse_text(given.title[:500]) or _("Catalogue of products and works"),
        decision_number=parse_text(given.decision_number[:200]),
        decided_on=given.decided_on,
        standard_points=given.standard_points,
        valid_from=given.valid_from,
    )
    db.session.add(catalogue)
    db.session.flush()
    return catalogue


def add_product(
    actor: Actor,
    catalogue_id: int,
    *,
    code: str,
    terms: ProductTerms,
    valid_from: date | None,
    position_ids: Collection[int] = (),
    unit_ids: Collection[int] = (),
) -> ProductVersion:
    """A new product of a decided catalogue; a code or a text that stands already is refused (Article 13.1.a)."""
    catalogue = catalogue_for(actor, catalogue_id)
    code = read_code(code)
    faults = (
        faults_of(terms)
        + _day_faults(catalogue, valid_from)
        + _user_faults(catalogue, position_ids, unit_ids)
    )
    if questions.product_by_code(catalogue.agency_id, code) is not None:
        faults.append(Fault("code", _("The code %(code)s is already used by this agency.", code=code)))
    faults += _same_text(catalogue.agency_id, terms, None)
    no_faults(faults)
    assert valid_from is not None
    product = Product(agency_id=catalogue.agency_id, code=code)
    db.session.add(product)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise Invalid(
            [Fault("code", _("The code %(code)s is already used by this agency.", code=code))]
        ) from None
    version = make_version(product, catalogue, terms, valid_from)
    _set_users(version, position_ids, unit_ids)
    audit.record(actor, "product.added", version, after=told(version), unit_id=catalogue.agency_id)
    db.session.commit()
    return version


def new_version(
    actor: Actor,
    product_id: int,
    *,
    seen_version_id: int,
    catalogue_id: int,
    terms: ProductTerms,
    valid_from: date | None,
    position_ids: Collection[int] = (),
    unit_ids: Collection[int] = (),
) -> ProductVersion:
    """What a product says and weighs from a day on; the running version ends there, lines already given keep theirs.

    Conflict when somebody gave it another version since the form was opened.
    """
    product, running = _running(actor, product_id, seen_version_id)
    catalogue = catalogue_for(actor, catalogue_id)
    faults = (
        faults_of(terms)
        + _day_faults(catalogue, valid_from)
        + _user_faults(catalogue, position_ids, unit_ids)
    )
    if catalogue.agency_id != product.agency_id:
        faults.append(Fault("catalogue_id", _("Choose a decision of the same agency.")))
    if valid_from is not None and valid_from <= running.valid_from:
        message = _(
            "The running version began on %(day)s. Choose a later day.", day=f"{running.valid_from:%d/%m/%Y}"
        )
        faults.append(Fault("valid_from", message))
    faults += _same_text(catalogue.agency_id, terms, product.id)
    unchanged = not differences(terms_of(running), terms) and running.catalogue_id == catalogue.id
    if not faults and unchanged and _users_of(running) == (set(position_ids), set(unit_ids)):
        faults.append(Fault("task", _("Nothing differs from the running version.")))
    no_faults(faults)
    assert valid_from is not None
    before = told(running)
    if running.valid_to is None or running.valid_to > valid_from:
        running.valid_to = valid_from
    db.session.flush()
    version = make_version(product, catalogue, terms, valid_from)
    _set_users(version, position_ids, unit_ids)
    audit.record(
        actor, "product.changed", version, before=before, after=told(version), unit_id=product.agency_id
    )
    db.session.commit()
    return version


def retire(
    actor: Actor, product_id: int, *, seen_version_id: int, on: date | None, reason: str
) -> ProductVersion:
    """Ends a product on a day, the first on which it may no longer be given; lines already given stand."""
    product, running = _running(actor, product_id, seen_version_id)
    faults = []
    words = parse_text(reason[:1000])
    if not words:
        faults.append(Fault("reason", _("Give the reason, for example the decision that ends it.")))
    if on is None or on <= running.valid_from:
        message = _("Choose a day after %(day)s.", day=f"{running.valid_from:%d/%m/%Y}")
        faults.append(Fault("on", message))
    elif running.valid_to is not None and running.valid_to <= on:
        faults.append(Fault("on", _("It already ends on %(day)s.", day=f"{running.valid_to:%d/%m/%Y}")))
    no_faults(faults)
    before = {"valid_to": running.valid_to}
    running.valid_to = on
    audit.record(
        actor,
        "product.retired",
        running,
        before=before,
        after={"code": product.code, "valid_to": on},
        reason=words,
        unit_id=product.agency_id,
    )
    db.session.commit()
    return running


def set_users(
    actor: Actor, version_id: int, *, position_ids: Collection[int], unit_ids: Collection[int]
) -> ProductVersion:
    """Which positions and units use a version; none means all of them."""
    version = db.session.get(ProductVersion, version_id)
    if version is None:
        raise Missing(_("There is no such product."))
    catalogue = catalogue_for(actor, version.catalogue_id)
    no_faults(_user_faults(catalogue, position_ids, unit_ids))
    before = _users_of(version)
    _set_users(version, position_ids, unit_ids)
    if before != (set(position_ids), set(unit_ids)):
        audit.record(
            actor,
            "product.users_changed",
            version,
            before={"positions": sorted(before[0]), "units": sorted(before[1])},
            after={"positions": sorted(position_ids), "units": sorted(unit_ids)},
            unit_id=catalogue.agency_id,
        )
    db.session.commit()
    return version


def catalogue_for(actor: Actor, catalogue_id: int) -> Catalogue:
    """A catalogue the actor may change."""
    catalogue = db.session.get(Catalogue, catalogue_id)
    if catalogue is None:
        raise Invalid([Fault("catalogue_id", _("Choose a decision."))])
    require(actor, catalogue.agency_id)
    return catalogue


def make_version(
    product: Product, catalogue: Catalogue, terms: ProductTerms, valid_from: date
) -> ProductVersion:
    """A version with its coefficient computed from the points, never typed."""
    version = ProductVersion(
        product_id=product.id,
        catalogue_id=catalogue.id,
        **asdict(terms),
        coefficient=coefficient_of(terms.points, catalogue.standard_points),
        search_key=questions.search_key(product.code, terms.task, terms.detail, terms.output, terms.section),
        valid_from=valid_from,
    )
    if version.coefficient == 0:
        message = _(
            "%(points)s points are too few: the coefficient would be zero.", points=shown(terms.points)
        )
        raise Invalid([Fault("points", message)])
    db.session.add(version)
    db.session.flush()
    db.session.refresh(version, ["product", "catalogue", "positions", "units"])
    return version


def told(version: ProductVersion) -> dict[str, Any]:
    """What the journal keeps of a version."""
    return {
        "code": version.product.code,
        "task": version.task,
        "group": version.complexity_group,
        "points": version.points,
        "coefficient": version.coefficient,
        "catalogue": version.catalogue.decision_number,
        "from": version.valid_from,
    }


def _running(actor: Actor, product_id: int, seen_version_id: int) -> tuple[Product, ProductVersion]:
    """A product locked for changing, with its last version, as the form saw it."""
    product = db.session.get(Product, product_id, with_for_update=True)
    if product is None:
        raise Missing(_("There is no such product."))
    require(actor, product.agency_id)
    db.session.refresh(product, ["versions"])
    running = product.versions[-1]
    if running.id != seen_version_id:
        raise Conflict(_("Somebody gave this product a new version in the meantime. Open the product again."))
    return product, running


def _day_faults(catalogue: Catalogue, valid_from: date | None) -> list[Fault]:
    if valid_from is None:
        return [Fault("valid_from", _("Give the day from which it is in force."))]
    if valid_from < catalogue.valid_from:
        message = _(
            "Decision %(number)s is in force from %(day)s. Choose that day or a later one.",
            number=catalogue.decision_number,
            day=f"{catalogue.valid_from:%d/%m/%Y}",
        )
        return [Fault("valid_from", message)]
    return []


def _user_faults(
    catalogue: Catalogue, position_ids: Collection[int], unit_ids: Collection[int]
) -> list[Fault]:
    """Only positions that exist, and units of the deciding agency."""
    faults = []
    wanted = set(position_ids)
    known = (
        set(db.session.scalars(select(JobPosition.id).where(JobPosition.id.in_(wanted)))) if wanted else set()
    )
    if wanted - known:
        faults.append(Fault("position_ids", _("Choose positions of the list.")))
    if unit_ids and not set(unit_ids) <= set(descendants([catalogue.agency_id], catalogue.valid_from)):
        faults.append(Fault("units", _("Name only units of the agency that decided the catalogue.")))
    return faults


def _same_text(agency_id: int, terms: ProductTerms, besides: int | None) -> list[Fault]:
    """Article 13.1.a: no product stands twice; the same task and detail of a running product is named."""
    wanted = fold(f"{terms.task} | {terms.detail or ''}")
    for code, product_id, task, detail in questions.running_texts(agency_id, terms.task):
        if product_id != besides and fold(f"{task} | {detail or ''}") == wanted:
            return [
                Fault("task", _("The same task and detail already stand under code %(code)s.", code=code))
            ]
    return []


def _users_of(version: ProductVersion) -> tuple[set[int], set[int]]:
    return {one.position_id for one in version.positions}, {one.unit_id for one in version.units}


def _set_users(version: ProductVersion, position_ids: Collection[int], unit_ids: Collection[int]) -> None:
    positions, units = _users_of(version)
    version.positions = [one for one in version.positions if one.position_id in set(position_ids)] + [
        ProductPosition(position_id=one) for one in sorted(set(position_ids) - positions)
    ]
    version.units = [one for one in version.units if one.unit_id in set(unit_ids)] + [
        ProductUnit(unit_id=one) for one in sorted(set(unit_ids) - units)
    ]
    db.session.flush()
