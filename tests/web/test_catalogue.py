"""The pages of the catalogue: the list as of a day, a product through time, the forms, the import."""

import io
from datetime import date
from decimal import Decimal

import pytest

from evaluation.extensions import db
from evaluation.models import Catalogue, ImportBatch, Product, ProductVersion
from evaluation.rules.permissions import Role
from tests import factories
from tests.catalogue_files import annex, row
from tests.web.counting import queries_of

DAY = date(2026, 5, 4)


@pytest.fixture
def made(database, clock):
    clock(DAY)
    return factories.office()


@pytest.fixture
def keeper(made, client, login):
    who = factories.person("Phạm Thị Hoa")
    factories.assignment(who, made.department)
    factories.account(who, roles=[(Role.PERSONNEL, made.department)])
    login(client, who)
    return who


FORM = {
    "code": "DC.01", "task": "Soạn công văn", "output": "Công văn", "complexity_group": "2", "points_min": "11",
    "points_max": "50", "points": "25", "valid_from": "01/05/2026", "units": "", "working_days": "",
}  # fmt: skip


def decide(made):
    factories.product(made.department, task="Có sẵn", code="CS.01")
    return db.session.query(Catalogue).one()


def test_the_list_shows_what_is_in_force_on_the_day_and_filters_without_accents(client, login, made):
    old = factories.product(made.department, task="Việc cũ", code="A1")
    old.valid_to = date(2026, 4, 1)
    factories.product(made.department, task="Quyết định nâng bậc lương", code="A2", coefficient="0.5")
    factories.product(
        made.department, task="Việc của kế toán", code="A3", positions=[factories.position("Kế toán")]
    )
    login(client, made.lan)
    page = client.get("/catalogue/").text
    assert "Việc cũ" not in page
    assert "Quyết định nâng bậc lương" in page
    assert "0,5" in page
    assert "Việc cũ" in client.get("/catalogue/?on=31/03/2026").text
    found = client.get("/catalogue/?q=luong quyet").text
    assert "Quyết định nâng bậc lương" in found
    assert "Việc của kế toán" not in found
    assert "Việc của kế toán" not in client.get(f"/catalogue/?position={made.job.id}").text
    assert "không phải là ngày" in client.get("/catalogue/?on=hôm qua").text


@pytest.mark.parametrize(
    "query", ["page=0", "page=99999999999999999999", "agency=x", "group=9", "position=-1", "q=%25"]
)
def test_strange_addresses_are_answered_not_crashed(client, login, made, query):
    login(client, made.lan)
    assert client.get(f"/catalogue/?{query}").status_code == 200


def test_a_product_shows_the_arithmetic_its_versions_and_how_many_open_lines_keep_the_old_coefficient(
    client, login, made
):
    old = factories.product(made.department, task="Soạn công văn", code="DC.01", coefficient="5")
    old.valid_to = date(2026, 5, 1)
    new = ProductVersion(
        product_id=old.product_id, catalogue_id=old.catalogue_id, task="Soạn công văn", complexity_group=2,
        points=Decimal(40), coefficient=Decimal(8), search_key="soan cong van", valid_from=date(2026, 5, 1),
    )  # fmt: skip
    db.session.add(new)
    sheet = factories.report(
        made.lan.assignments[0], supervising=made.division, confirming=made.department, agency=made.department
    )
    for _line in range(3):
        factories.item(sheet, coefficient="5", product_version_id=old.id)
    login(client, made.lan)
    page = client.get(f"/catalogue/{old.product_id}").text
    assert "40 điểm ÷ 5 điểm của sản phẩm chuẩn = 8" in page
    assert "3 dòng công việc của các tháng đang mở mang phiên bản khác" in page
    assert "01/QĐ" in page
    assert "Mọi vị trí" in page
    assert client.get("/catalogue/999999").status_code == 404


def test_who_may_not_change_sees_no_buttons_and_is_refused_at_the_doors(client, login, made):
    version = factories.product(made.department)
    login(client, made.thu)
    assert "/catalogue/new" not in client.get("/catalogue/").text
    for address in (
        "/catalogue/new",
        "/catalogue/decisions/new",
        "/catalogue/import",
        f"/catalogue/{version.product_id}/version",
        f"/catalogue/{version.product_id}/users",
        f"/catalogue/{version.product_id}/retire",
    ):
        assert client.get(address).status_code == 403, address
        assert client.post(address, data=FORM).status_code == 403, address
    assert db.session.query(ProductVersion).count() == 1


def test_a_decision_and_a_product_are_recorded_and_the_coefficient_is_computed(client, keeper, made):
    answer = client.post(
        "/catalogue/decisions/new",
        data={
            "agency_id": made.department.id, "decision_number": "12/QĐ-SNV", "decided_on": "03/04/2026",
            "standard_points": "12,5", "valid_from": "3/4/2026", "title": "",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    decided = db.session.query(Catalogue).one()
    assert "12/QĐ-SNV" in client.get(answer.location).text
    answer = client.post(
        "/catalogue/new",
        data=FORM | {"catalogue_id": decided.id, "coefficient": "400", "position_ids": [made.job.id]},
    )
    assert answer.status_code == 302, answer.text
    version = db.session.query(ProductVersion).one()
    assert version.coefficient == 2
    assert [one.position_id for one in version.positions] == [made.job.id]
    assert "25 điểm ÷ 12,5 điểm" in client.get(answer.location).text


def test_a_refused_form_says_every_fault_beside_its_field_and_keeps_what_was_typed(client, keeper, made):
    decided = decide(made)
    answer = client.post(
        "/catalogue/new",
        data=FORM
        | {
            "catalogue_id": decided.id,
            "points": "60",
            "valid_from": "31/02/2026",
            "units": "H99.ZZ",
            "code": "",
        },
    )
    assert answer.status_code == 422
    assert "60 điểm nằm ngoài khung 11–50" in answer.text
    assert "H99.ZZ" in answer.text
    for field in ("code", "points", "valid_from", "units"):
        assert f'id="{field}-error"' in answer.text, field
    assert "Soạn công văn" in answer.text
    assert db.session.query(Product).count() == 1


def test_a_new_version_starts_filled_with_the_running_one_and_ends_it(client, keeper, made):
    decided = decide(made)
    version = db.session.query(ProductVersion).one()
    address = f"/catalogue/{version.product_id}/version"
    assert "Có sẵn" in client.get(address).text
    data = FORM | {
        "catalogue_id": decided.id,
        "version_id": version.id,
        "task": "Có sẵn",
        "valid_from": "01/06/2026",
    }
    assert client.post(address, data=data).status_code == 302
    db.session.expire_all()
    assert version.valid_to == date(2026, 6, 1)
    late = client.post(address, data=data)
    assert late.status_code == 409
    assert db.session.query(ProductVersion).count() == 2


def test_a_product_is_retired_with_a_reason(client, keeper, made):
    decide(made)
    version = db.session.query(ProductVersion).one()
    address = f"/catalogue/{version.product_id}/retire"
    assert client.get(address).status_code == 200
    empty = client.post(address, data={"version_id": version.id, "on": "", "reason": ""})
    assert empty.status_code == 422
    done = client.post(address, data={"version_id": version.id, "on": "01/06/2026", "reason": "QĐ 50"})
    assert done.status_code == 302
    db.session.expire_all()
    assert version.valid_to == date(2026, 6, 1)


def test_who_uses_a_product_can_be_changed_without_a_new_version(client, keeper, made):
    decide(made)
    version = db.session.query(ProductVersion).one()
    address = f"/catalogue/{version.product_id}/users"
    assert client.get(address).status_code == 200
    code = made.division.codes[0].code
    done = client.post(address, data={"position_ids": [made.job.id], "units": code.lower()})
    assert done.status_code == 302
    db.session.expire_all()
    assert [one.position_id for one in version.positions] == [made.job.id]
    assert [one.unit_id for one in version.units] == [made.division.id]
    assert code in client.get(address).text
    assert client.post(address, data={"units": "H99.ZZ"}).status_code == 422
    assert db.session.query(ProductVersion).count() == 1


def send(client, data: bytes, name="danh-muc.xlsx"):
    return client.post(
        "/catalogue/import", data={"file": (io.BytesIO(data), name)}, content_type="multipart/form-data"
    )


def choice(made, **given):
    return {
        "agency_id": made.department.id, "decision_number": "12/QĐ-UBND", "decided_on": "03/04/2026",
        "standard_points": "5", "valid_from": "03/04/2026", "title": "",
    } | given  # fmt: skip


def test_a_workbook_is_checked_row_by_row_then_applied(client, keeper, made):
    answer = send(client, annex(row(), row("DC.02", points=60, coefficient=12), row("DC.03", output="")))
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert "12/QĐ-UBND" in page
    assert "60 nằm ngoài" in page
    assert "PL I" in page
    assert "Áp dụng 2 thay đổi" in page
    assert db.session.query(Product).count() == 0
    refused = client.post(f"{answer.location}/apply", data={})
    assert refused.status_code == 422
    assert db.session.query(Product).count() == 0
    done = client.post(f"{answer.location}/apply", data={"only_valid": "1"})
    assert done.status_code == 302
    assert {one.code for one in db.session.query(Product)} == {"DC.01", "DC.03"}
    report = client.get(f"{answer.location}/errors.xlsx")
    assert report.data[:2] == b"PK"
    again = send(client, annex(row(), row("DC.03", output="")))
    assert "danh mục đã ghi đúng như tệp" in client.get(again.location).text


def test_the_decision_can_be_changed_before_confirming_and_its_faults_stand_beside_the_fields(
    client, keeper, made
):
    where = send(client, annex(row(coefficient=""), standard="Ghi chú")).location
    assert "sản phẩm chuẩn" in client.get(where).text
    wrong = client.post(where, data=choice(made, standard_points="", valid_from="mai"))
    assert wrong.status_code == 422
    assert 'id="valid_from-error"' in wrong.text
    again = client.post(where, data=choice(made, standard_points="2,5", valid_from="01/05/2026"))
    assert again.status_code == 302
    page = client.get(where).text
    assert "10" in page
    assert client.post(f"{where}/apply").status_code == 302
    version = db.session.query(ProductVersion).one()
    assert (version.coefficient, version.valid_from) == (10, date(2026, 5, 1))


def test_a_file_that_is_no_catalogue_is_refused_with_a_sentence_and_nothing_is_kept(client, keeper, made):
    assert client.post("/catalogue/import", data={}).status_code == 422
    assert send(client, b"not a workbook").status_code == 422
    assert send(client, annex()).status_code == 422
    assert db.session.query(ImportBatch).count() == 0


def test_another_persons_import_looks_missing(client, keeper, made, login):
    where = send(client, annex(row())).location
    login(client, made.lan)
    for answer in (client.get(where), client.post(where, data=choice(made)), client.post(f"{where}/apply")):
        assert answer.status_code == 404
    assert db.session.query(Product).count() == 0


def test_pages_cost_the_same_few_queries_for_three_products_and_for_forty(client, login, made):
    product = factories.product(made.department, positions=[made.job])
    factories.product(made.province)
    login(client, made.lan)
    addresses = ("/catalogue/", f"/catalogue/{product.product_id}")
    few = [queries_of(client, address) for address in addresses]
    for number in range(40):
        factories.product(made.department, code=f"X{number}", positions=[made.job])
    many = [queries_of(client, address) for address in addresses]
    assert few == many
    assert max(many) <= 12, many


def test_ids_no_row_can_have_are_missing_or_faults_never_a_crash(client, keeper, made):
    decide(made)
    huge = 10**30
    for address in (
        f"/catalogue/{huge}",
        f"/catalogue/{huge}/version",
        f"/catalogue/import/{huge}",
        f"/positions/{huge}",
    ):
        assert client.get(address).status_code == 404, address
    answer = client.post("/catalogue/new", data=FORM | {"catalogue_id": huge, "position_ids": [huge, "x"]})
    assert answer.status_code == 422
    decision = {"agency_id": huge, "decision_number": "9", "decided_on": "1/1/2026", "valid_from": "1/1/2026"}
    assert (
        client.post("/catalogue/decisions/new", data=decision | {"standard_points": "5"}).status_code == 422
    )
    assert db.session.query(Product).count() == 1


def test_the_preview_costs_the_same_few_queries_for_two_rows_and_for_eighty(client, keeper, made):
    small = send(client, annex(row(), row("DC.02"))).location
    large = send(client, annex(*[row(f"DC.{number}", points=60) for number in range(80)])).location
    few, many = queries_of(client, small), queries_of(client, large)
    assert few == many
    assert many <= 14, many


def test_scripts_in_names_are_shown_as_text(client, login, made):
    version = factories.product(made.department, task="<script>alert(1)</script>")
    login(client, made.lan)
    for address in ("/catalogue/", f"/catalogue/{version.product_id}"):
        assert "<script>alert(1)" not in client.get(address).text
