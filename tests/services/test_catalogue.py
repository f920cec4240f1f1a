"""Deciding the catalogue: coefficients are computed, versions follow each other, lines keep what they were given."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from evaluation.extensions import db
from evaluation.models import AuditEvent, Catalogue, ImportBatch, Product, ProductUnit, ProductVersion, Unit
from evaluation.rules.permissions import Role
from evaluation.services import catalogue, catalogue_batches, imports, product_terms
from evaluation.services.access import actor_of
from evaluation.services.catalogue_batches import Choice
from evaluation.services.product_terms import ProductTerms
from evaluation.services.refusals import Conflict, Forbidden, Invalid, Missing
from tests import factories
from tests.catalogue_files import annex, row

DAY = date(2026, 5, 4)
JUNE = date(2026, 6, 1)
TERMS = ProductTerms(
    task="Soạn công văn", output="Công văn", complexity_group=2, points=Decimal(25),
    points_min=Decimal(11), points_max=Decimal(50),
)  # fmt: skip


@pytest.fixture
def made(database, clock):
    clock(DAY)
    return factories.office()


@pytest.fixture
def keeper(made):
    """Who looks after the personnel of the department."""
    who = factories.person("Phạm Thị Hoa")
    factories.assignment(who, made.department)
    return actor_of(factories.account(who, roles=[(Role.PERSONNEL, made.department)]), DAY)


@pytest.fixture
def decided(made, keeper):
    return publish(keeper, made.department)


def publish(keeper, agency, number="12/QĐ-SNV", **given):
    values = {
        "title": "Danh mục",
        "decision_number": number,
        "decided_on": date(2026, 4, 3),
        "standard_points": Decimal(5),
        "valid_from": date(2026, 4, 3),
    }
    return catalogue.publish_catalogue(keeper, agency.id, **(values | given))


def add(keeper, decided, code="DC.01", terms=TERMS, **given):
    return catalogue.add_product(
        keeper, decided.id, code=code, terms=terms, **({"valid_from": date(2026, 4, 3)} | given)
    )


def places(refused):
    return {fault.place for fault in refused.value.faults}


def events(action):
    return db.session.query(AuditEvent).filter_by(action=action).all()


def test_a_coefficient_is_points_divided_by_the_standard_products_points(keeper, decided):
    version = add(keeper, decided)
    assert version.coefficient == 5
    agency = db.session.get(Unit, decided.agency_id)
    thirds = publish(keeper, agency, "13/QĐ-SNV", standard_points=Decimal(3))
    assert add(
        keeper, thirds, "DC.02", replace(TERMS, task="Khác", points=Decimal(20))
    ).coefficient == Decimal("6.6667")
    (event, _other) = events("product.added")
    assert event.after["coefficient"] == "5.0000"
    assert event.actor_id == keeper.person_id


def test_points_outside_the_frame_a_sixth_group_and_no_task_are_refused_all_at_once(keeper, decided):
    wrong = replace(TERMS, points=Decimal(51), complexity_group=6, task="")
    with pytest.raises(Invalid) as refused:
        add(keeper, decided, terms=wrong)
    assert places(refused) == {"points", "complexity_group", "task"}
    assert "51" in refused.value.message
    assert "11–50" in refused.value.message
    assert db.session.query(Product).count() == 0
    assert events("product.added") == []


def test_a_typed_coefficient_is_not_read_and_wrong_numbers_name_their_fields(keeper):
    typed = {"task": "Việc", "complexity_group": "2", "points": "25", "coefficient": "400"}
    assert not hasattr(product_terms.read_terms(typed), "coefficient")
    with pytest.raises(Invalid) as refused:
        product_terms.read_terms(
            {
                "task": "Việc",
                "complexity_group": "x",
                "points": "1e309",
                "points_min": "NaN",
                "points_max": "1,234",
            }
        )
    assert places(refused) == {"complexity_group", "points", "points_min", "points_max"}


def test_a_code_used_already_and_the_same_text_under_another_code_are_refused(keeper, decided):
    add(keeper, decided)
    with pytest.raises(Invalid) as refused:
        add(keeper, decided, "dc.01")
    assert places(refused) == {"code", "task"}
    with pytest.raises(Invalid) as refused:
        add(keeper, decided, "DC.09", replace(TERMS, task="SOẠN CÔNG VĂN"))
    assert "DC.01" in refused.value.message
    assert db.session.query(Product).count() == 1


def test_a_new_version_ends_the_running_one_and_lines_already_given_keep_their_coefficient(
    made, keeper, decided
):
    old = add(keeper, decided)
    sheet = factories.report(
        made.lan.assignments[0], supervising=made.division, confirming=made.department,
        agency=made.department, month="2026-05",
    )  # fmt: skip
    line = factories.item(sheet, coefficient="5", product_version_id=old.id)
    other = publish(keeper, made.department, "40/QĐ-SNV", decided_on=JUNE, valid_from=JUNE)
    new = catalogue.new_version(
        keeper, old.product_id, seen_version_id=old.id, catalogue_id=other.id,
        terms=replace(TERMS, points=Decimal(40)), valid_from=JUNE, position_ids=[made.job.id],
    )  # fmt: skip
    db.session.expire_all()
    assert (old.valid_to, new.valid_from, new.valid_to) == (JUNE, JUNE, None)
    assert (old.coefficient, new.coefficient, line.coefficient) == (5, 8, 5)
    assert [one.position_id for one in new.positions] == [made.job.id]
    (event,) = events("product.changed")
    assert (event.before["coefficient"], event.after["coefficient"]) == ("5.0000", "8.0000")


def test_a_version_from_a_form_that_is_out_of_date_is_refused_and_nothing_changes(keeper, decided):
    old = add(keeper, decided)
    given = {"catalogue_id": decided.id, "terms": replace(TERMS, points=Decimal(40))}
    catalogue.new_version(keeper, old.product_id, seen_version_id=old.id, valid_from=JUNE, **given)
    with pytest.raises(Conflict):
        catalogue.new_version(
            keeper, old.product_id, seen_version_id=old.id, valid_from=date(2026, 7, 1), **given
        )
    assert db.session.query(ProductVersion).count() == 2


def test_a_version_on_or_before_the_day_the_running_one_began_or_without_a_difference_is_refused(
    keeper, decided
):
    old = add(keeper, decided)
    given = {"seen_version_id": old.id, "catalogue_id": decided.id}
    with pytest.raises(Invalid) as refused:
        catalogue.new_version(
            keeper,
            old.product_id,
            terms=replace(TERMS, points=Decimal(30)),
            valid_from=old.valid_from,
            **given,
        )
    assert places(refused) == {"valid_from"}
    with pytest.raises(Invalid) as refused:
        catalogue.new_version(keeper, old.product_id, terms=TERMS, valid_from=JUNE, **given)
    assert places(refused) == {"task"}
    assert old.valid_to is None


def test_retiring_needs_a_reason_and_a_day_and_ends_the_product_from_that_day(keeper, decided):
    version = add(keeper, decided)
    with pytest.raises(Invalid) as refused:
        catalogue.retire(
            keeper, version.product_id, seen_version_id=version.id, on=version.valid_from, reason=" "
        )
    assert places(refused) == {"on", "reason"}
    catalogue.retire(keeper, version.product_id, seen_version_id=version.id, on=JUNE, reason="QĐ 50")
    assert version.valid_to == JUNE
    (event,) = events("product.retired")
    assert event.reason == "QĐ 50"


def test_only_units_of_the_agency_and_positions_that_exist_can_use_a_product(made, keeper, decided):
    sibling = factories.unit("Sở Tài chính", parent=made.province)
    with pytest.raises(Invalid) as refused:
        add(keeper, decided, position_ids=[999_999], unit_ids=[sibling.id])
    assert places(refused) == {"position_ids", "units"}
    version = add(keeper, decided, position_ids=[made.job.id], unit_ids=[made.division.id])
    catalogue.set_users(keeper, version.id, position_ids=[], unit_ids=[made.division.id])
    assert version.positions == []
    assert [one.unit_id for one in version.units] == [made.division.id]
    (event,) = events("product.users_changed")
    assert event.before["positions"] == [made.job.id]


def test_a_decision_is_recorded_once_and_never_in_force_before_it_was_taken(made, keeper, decided):
    with pytest.raises(Invalid) as refused:
        publish(keeper, made.department, "12 / qđ-snv", valid_from=date(2026, 4, 1))
    assert places(refused) == {"decision_number", "valid_from"}
    with pytest.raises(Invalid) as refused:
        publish(keeper, made.division, "9", standard_points=Decimal(0), decided_on=None)
    assert places(refused) == {"agency_id", "standard_points", "decided_on"}
    assert db.session.query(Catalogue).count() == 1


def test_who_does_not_look_after_the_agency_changes_nothing(made, keeper, decided):
    version = add(keeper, decided)
    outsider = factories.actor(made.lan, DAY)
    sibling = factories.unit("Sở Tài chính", parent=made.province)
    elsewhere = factories.person("Lý Thị Mai")
    other_keeper = actor_of(factories.account(elsewhere, roles=[(Role.PERSONNEL, sibling)]), DAY)
    for actor in (outsider, other_keeper):
        with pytest.raises(Forbidden):
            publish(actor, made.department, "99")
        with pytest.raises(Forbidden):
            add(actor, decided, "DC.02")
        with pytest.raises(Forbidden):
            catalogue.retire(actor, version.product_id, seen_version_id=version.id, on=JUNE, reason="x")
        with pytest.raises(Forbidden):
            catalogue.set_users(actor, version.id, position_ids=[], unit_ids=[])
        with pytest.raises(Forbidden):
            catalogue_batches.upload(
                actor, name="a.xlsx", data=annex(row())
            ) if actor is outsider else publish(actor, made.department)
    assert version.valid_to is None


# Imports


CHOICE = Choice(
    agency_id=None, title="", decision_number="12/QĐ-UBND", decided_on=date(2026, 4, 3),
    standard_points=Decimal(5), valid_from=date(2026, 4, 3),
)  # fmt: skip


def upload(keeper, data, name="danh-muc.xlsx"):
    return catalogue_batches.upload(keeper, name=name, data=data)


def test_an_upload_reads_the_decision_from_the_title_rows_and_changes_nothing_until_confirmed(made, keeper):
    batch = upload(keeper, annex(row(), row("DC.02", points=40, coefficient=8)))
    more = batch.options["more"]
    assert (more["decision_number"], more["decided_on"], more["standard_points"]) == (
        "12/QĐ-UBND",
        "2026-04-03",
        "5",
    )
    assert more["agency_id"] == made.department.id
    assert more["skipped"] == [["PL I", "General criteria, not products"]]
    assert (batch.changes["new"], batch.error_count) == (2, 0)
    assert db.session.query(Product).count() == 0
    counts = imports.confirm(keeper, batch.id)
    assert counts["new"] == 2
    first, second = db.session.query(ProductVersion).order_by(ProductVersion.id)
    assert (first.coefficient, second.coefficient, first.section) == (5, 8, "PL III")
    assert first.catalogue.decision_number == "12/QĐ-UBND"
    assert [event.actor_id for event in events("import.applied")] == [keeper.person_id]


def test_the_same_file_again_changes_nothing(keeper):
    data = annex(row(), row("DC.02", points=40, coefficient=8))
    imports.confirm(keeper, upload(keeper, data).id)
    again = upload(keeper, data)
    assert (again.changes["new"], again.changes["changed"], again.changes["unchanged"]) == (0, 0, 2)
    with pytest.raises(Conflict):
        imports.confirm(keeper, again.id)
    assert db.session.query(ProductVersion).count() == 2
    assert db.session.query(Catalogue).count() == 1


def test_rows_with_blocking_findings_stay_out_and_the_others_are_applied_only_when_chosen(keeper):
    batch = upload(
        keeper,
        annex(
            row("DC.01"),
            row("DC.02", points=60, coefficient=12),
            row("DC.03", coefficient=20),
            row("DC.04", group="N7"),
            row("", task="Không mã"),
            row("DC.06"),
            row("dc.06", task="Trùng mã"),
            row("DC.08", output=""),
        ),
    )
    assert {error[1] for error in batch.errors} == {6, 7, 8, 9, 10, 11}
    assert {warning[1] for warning in batch.warnings} == {12}
    assert batch.changes["new"] == 2
    with pytest.raises(Invalid) as refused:
        imports.confirm(keeper, batch.id)
    assert places(refused) == {"only_valid"}
    assert db.session.query(Product).count() == 0
    imports.confirm(keeper, batch.id, only_valid=True)
    assert {one.code for one in db.session.query(Product)} == {"DC.01", "DC.08"}


def test_a_later_decision_gives_new_versions_with_before_and_after_and_keeps_who_uses_them(made, keeper):
    imports.confirm(keeper, upload(keeper, annex(row(), row("DC.02", points=40, coefficient=8))).id)
    old = db.session.query(ProductVersion).join(Product).filter(Product.code == "DC.01").one()
    catalogue.set_users(keeper, old.id, position_ids=[made.job.id], unit_ids=[made.division.id])
    batch = upload(keeper, annex(row(points=30, coefficient=6)))
    later = replace(
        CHOICE, agency_id=made.department.id, decision_number="50/QĐ-UBND", decided_on=JUNE, valid_from=JUNE
    )
    catalogue_batches.reconsider(keeper, batch.id, later)
    ((what, _sheet, line, _label, fields),) = batch.changes["lines"]
    assert (what, line) == ("CHANGED", 5)
    assert ["points", "25", "30"] in fields
    assert ["coefficient", "5", "6"] in fields
    assert [code for code, _task in catalogue_batches.kept(batch)] == ["DC.02"]
    imports.confirm(keeper, batch.id)
    db.session.expire_all()
    new = db.session.query(ProductVersion).filter_by(product_id=old.product_id, valid_from=JUNE).one()
    assert (old.valid_to, new.coefficient, new.catalogue.decision_number) == (JUNE, 6, "50/QĐ-UBND")
    assert [one.position_id for one in new.positions] == [made.job.id]
    assert [one.unit_id for one in new.units] == [made.division.id]
    kept = db.session.query(ProductVersion).join(Product).filter(Product.code == "DC.02").one()
    assert kept.valid_to is None


def test_products_the_file_no_longer_names_end_only_when_chosen_and_rows_with_errors_count_as_named(
    made, keeper
):
    imports.confirm(keeper, upload(keeper, annex(row(), row("DC.02"), row("DC.03"))).id)
    batch = upload(keeper, annex(row(points=30, coefficient=6), row("DC.03", group="?")))
    later = replace(
        CHOICE, agency_id=made.department.id, decision_number="50/QĐ-UBND", decided_on=JUNE, valid_from=JUNE,
        end_missing=True,
    )  # fmt: skip
    catalogue_batches.reconsider(keeper, batch.id, later)
    assert (batch.changes["changed"], batch.changes["ended"]) == (1, 1)
    imports.confirm(keeper, batch.id, only_valid=True)
    ends = dict(
        db.session.query(Product.code, ProductVersion.valid_to)
        .join(ProductVersion)
        .filter(ProductVersion.valid_to.is_not(None))
    )
    assert ends == {"DC.01": JUNE, "DC.02": JUNE}


def test_a_corrected_file_of_the_same_decision_and_day_corrects_versions_that_no_line_carries(made, keeper):
    imports.confirm(keeper, upload(keeper, annex(row(), row("DC.02"))).id)
    first, second = db.session.query(ProductVersion).order_by(ProductVersion.id)
    sheet = factories.report(
        made.lan.assignments[0], supervising=made.division, confirming=made.department,
        agency=made.department, month="2026-05",
    )  # fmt: skip
    factories.item(sheet, coefficient="5", product_version_id=second.id)
    changed = [row(points=30, coefficient=6), row("DC.02", points=30, coefficient=6)]
    batch = upload(keeper, annex(*changed))
    assert [error[1] for error in batch.errors] == [6]
    imports.confirm(keeper, batch.id, only_valid=True)
    db.session.expire_all()
    assert (first.coefficient, second.coefficient) == (6, 5)
    assert db.session.query(ProductVersion).count() == 2


def test_a_register_that_changed_since_the_preview_is_shown_anew_instead_of_applied(keeper, made):
    batch = upload(keeper, annex(row()))
    decided = publish(keeper, made.department, "12/QĐ-UBND")
    add(keeper, decided, "DC.01", replace(TERMS, task="Khác hẳn"))
    with pytest.raises(Conflict):
        imports.confirm(keeper, batch.id)
    assert db.session.query(ProductVersion).count() == 1


def test_a_file_without_a_standard_is_compared_once_the_points_are_given(made, keeper):
    data = annex(row(coefficient=""), standard="Ghi chú")
    batch = upload(keeper, data)
    assert batch.options["more"]["standard_points"] is None
    assert batch.changes["lines"] == []
    choice = replace(CHOICE, agency_id=made.department.id, standard_points=None)
    with pytest.raises(Invalid) as refused:
        catalogue_batches.reconsider(keeper, batch.id, choice)
    assert places(refused) == {"standard_points"}
    catalogue_batches.reconsider(keeper, batch.id, replace(choice, standard_points=Decimal("12.5")))
    assert batch.changes["new"] == 1
    imports.confirm(keeper, batch.id)
    assert db.session.query(ProductVersion).one().coefficient == 2


def test_another_standard_for_a_recorded_decision_and_an_earlier_day_are_refused(made, keeper):
    imports.confirm(keeper, upload(keeper, annex(row())).id)
    batch = upload(keeper, annex(row()))
    wrong = replace(
        CHOICE, agency_id=made.department.id, standard_points=Decimal(10), valid_from=date(2026, 4, 1)
    )
    with pytest.raises(Invalid) as refused:
        catalogue_batches.reconsider(keeper, batch.id, wrong)
    assert places(refused) == {"standard_points", "valid_from"}


def test_an_agency_one_does_not_look_after_cannot_be_chosen_and_anothers_upload_looks_missing(made, keeper):
    batch = upload(keeper, annex(row()))
    sibling = factories.unit("Sở Tài chính", parent=made.province)
    with pytest.raises((Forbidden, Invalid)):
        catalogue_batches.reconsider(keeper, batch.id, replace(CHOICE, agency_id=sibling.id))
    other = factories.person("Lý Thị Mai")
    other_keeper = actor_of(factories.account(other, roles=[(Role.PERSONNEL, made.department)]), DAY)
    with pytest.raises(Missing):
        catalogue_batches.batch_for(other_keeper, batch.id)
    assert db.session.query(ImportBatch).one().options["more"]["agency_id"] == made.department.id


def test_units_of_a_version_are_rows_of_their_own(made, keeper, decided):
    add(keeper, decided, unit_ids=[made.division.id])
    assert db.session.query(ProductUnit).count() == 1
