"""Job positions: what everybody may read, what the province's personnel office may change, and who else may not."""

from datetime import date

import pytest

from evaluation.extensions import db
from evaluation.models import AuditEvent, JobPosition
from evaluation.rules.permissions import Role
from tests import factories
from tests.web.counting import queries_of

DAY = date(2026, 5, 4)
FORM = {
    "code": "vt99", "name": "Chuyên viên về tổ chức", "kind": "PROFESSIONAL", "rank_code": "01.003",
    "peer_group": "Chuyên môn", "description": "Tham mưu tổ chức bộ máy.",
    "competency": ["Xây dựng văn bản", "", "Phối hợp"], "level": ["Mức 3", "", ""],
}  # fmt: skip


@pytest.fixture
def made(database, clock):
    clock(DAY)
    return factories.office()


@pytest.fixture
def keeper(made, client, login):
    who = factories.person("Phạm Thị Hoa")
    factories.account(who, roles=[(Role.HOME_AFFAIRS, made.province)])
    login(client, who)
    return who


def made_position():
    return db.session.query(JobPosition).filter_by(code="VT99").one()


def events():
    return (
        db.session.query(AuditEvent)
        .filter(AuditEvent.action.like("position.%"))
        .order_by(AuditEvent.id)
        .all()
    )


def seen_on(client, address):
    page = client.get(address).text
    return page.split('name="seen"')[1].split('value="')[1].split('"')[0]


def test_everybody_reads_a_position_with_its_framework_products_and_holders(client, login, made):
    factories.product(made.department, task="Của chuyên viên", positions=[made.job])
    gone = factories.person("Đã Chuyển Đi")
    factories.assignment(gone, made.division, job=made.job, until=date(2026, 5, 1))
    login(client, made.lan)
    assert "Chuyên viên" in client.get("/positions/?q=chuyen vien").text
    page = client.get(f"/positions/{made.job.id}").text
    assert "Của chuyên viên" in page
    assert "Mô tả công việc của Chuyên viên" in page
    assert ">2 <small>người" in page
    assert "/edit" not in page
    assert client.get("/positions/99999").status_code == 404


def test_a_position_is_created_with_its_competency_lines_and_journaled(client, keeper):
    assert client.post("/positions/new", data=FORM).status_code == 302
    position = made_position()
    assert [(one.ordinal, one.text, one.level) for one in position.competencies] == [
        (1, "Xây dựng văn bản", "Mức 3"),
        (2, "Phối hợp", None),
    ]
    (event,) = events()
    assert (event.action, event.actor_id) == ("position.created", keeper.id)
    again = client.post("/positions/new", data=FORM)
    assert again.status_code == 422
    assert 'id="code-error"' in again.text
    assert len(events()) == 1


def test_what_is_missing_is_said_beside_every_field_and_what_was_typed_stays(client, keeper):
    answer = client.post("/positions/new", data={"kind": "KING", "competency": [""], "level": ["Mức 9"]})
    assert answer.status_code == 422
    for field in ("code", "name", "kind", "peer_group", "description"):
        assert f'id="{field}-error"' in answer.text, field
    assert "Mức 9" in answer.text
    assert "Năng lực 1 có mức" in answer.text


def test_editing_changes_lines_in_place_and_journals_only_what_differs(client, keeper):
    client.post("/positions/new", data=FORM)
    position = made_position()
    address = f"/positions/{position.id}/edit"
    data = FORM | {
        "seen": seen_on(client, address),
        "competency": ["Phối hợp", "Xây dựng văn bản"],
        "level": ["", "Mức 4"],
    }
    assert client.post(address, data=data).status_code == 302
    db.session.expire_all()
    assert [(one.text, one.level) for one in position.competencies] == [
        ("Phối hợp", None),
        ("Xây dựng văn bản", "Mức 4"),
    ]
    event = events()[-1]
    assert event.action == "position.changed"
    assert set(event.after) == {"competencies"}


def test_a_form_that_is_out_of_date_is_refused_and_changes_nothing(client, keeper):
    client.post("/positions/new", data=FORM)
    position = made_position()
    address = f"/positions/{position.id}/edit"
    seen = seen_on(client, address)
    assert client.post(address, data=FORM | {"seen": seen, "name": "Tên mới"}).status_code == 302
    late = client.post(address, data=FORM | {"seen": seen, "name": "Tên khác"})
    assert late.status_code == 409
    db.session.expire_all()
    assert position.name == "Tên mới"


def test_personnel_of_one_department_and_plain_officials_change_no_position(client, login, made):
    local = factories.person("Lý Thị Mai")
    factories.account(local, roles=[(Role.PERSONNEL, made.department)])
    for who in (local, made.lan, made.thu):
        login(client, who)
        assert "/positions/new" not in client.get("/positions/").text
        for address in ("/positions/new", f"/positions/{made.job.id}/edit"):
            assert client.get(address).status_code == 403
            assert client.post(address, data=FORM).status_code == 403
    assert db.session.query(JobPosition).count() == 1
    assert events() == []


def test_pages_cost_the_same_few_queries_for_one_position_and_for_forty(client, login, made):
    login(client, made.lan)
    addresses = ("/positions/", f"/positions/{made.job.id}")
    few = [queries_of(client, address) for address in addresses]
    for number in range(40):
        job = factories.position(f"Vị trí {number}")
        factories.product(made.department, positions=[made.job, job])
        factories.assignment(factories.person(), made.division, job=made.job)
    many = [queries_of(client, address) for address in addresses]
    assert few == many
    assert max(many) <= 12, many
