"""Accounts and their administrators: opened, closed, given roles by two persons, never by or for oneself."""

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import Account, AuditEvent, FactorReset, Notice, PasswordTicket, RoleGrant, Session
from evaluation.queries import organisation
from evaluation.rules.permissions import Role
from evaluation.services import account_states, passwords, roles, second_factors
from tests import factories as make
from tests.web.counting import queries_of

TODAY = date(2026, 3, 10)
REASON = "Theo Quyết định số 12/QĐ-SNV"


@pytest.fixture
def place(database: Any, clock: Any) -> Any:
    """The office of Lan; An administers the province, Bình the division alone, Chi is Home Affairs, Dũng inspects."""
    clock(TODAY)
    made = make.office()
    for name, who, role, over in (
        ("an", "Trần Thị An", Role.ADMINISTRATOR, made.province),
        ("binh", "Lê Văn Bình", Role.ADMINISTRATOR, made.division),
        ("chi", "Vũ Thị Chi", Role.HOME_AFFAIRS, made.province),
        ("dung", "Đỗ Văn Dũng", Role.INSPECTOR, made.province),
    ):
        person = make.person(who)
        make.assignment(person, made.department)
        setattr(made, name, make.account(person, username=name, roles=[(role, over)]))
    made.lan_account = account_of(made.lan)
    made.newcomer = make.person("Phạm Thị Mới")
    make.assignment(made.newcomer, made.division)
    db.session.commit()
    return made


@pytest.fixture
def sit(app: Any, place: Any, login: Any) -> Any:
    """`sit("an")` is this person's browser."""
    return lambda who: login(app.test_client(), getattr(place, who) if isinstance(who, str) else who)


def account_of(who: Any) -> Account:
    return db.session.query(Account).filter_by(person_id=who.id).one()


def events(action: str) -> list[AuditEvent]:
    return db.session.query(AuditEvent).filter_by(action=action).order_by(AuditEvent.id).all()


def form(**fields: str) -> dict[str, str]:
    return {"transaction_id": str(uuid4())} | fields


def role_form(unit: Any, role: Role = Role.PERSONNEL, **fields: str) -> dict[str, str]:
    return form(role=role.value, unit_id=str(unit.id), since=TODAY.isoformat(), **fields)


def holds(who: Any, role: Role) -> bool:
    own = account_of(who)
    return organisation.standing(who.id, own.id, TODAY).holds(role)


# The list


def test_the_list_shows_the_accounts_below_ones_units_and_finds_them_without_accents(
    place: Any, sit: Any
) -> None:
    page = sit("an").get("/accounts/").text
    for name in ("Nguyễn Thị Lan", "Vũ Thị Chi", "Quản trị hệ thống"):
        assert name in page
    assert "Nguyễn Thị Lan" in sit("binh").get("/accounts/").text
    assert "Vũ Thị Chi" not in sit("binh").get("/accounts/").text
    found = sit("an").get("/accounts/?q=thi+nguyen+lan").text
    assert "Nguyễn Thị Lan" in found
    assert "Vũ Thị Chi" not in found
    assert "Vũ Thị Chi" in sit("an").get("/accounts/?q=chi&role=HOME_AFFAIRS").text
    assert "Không tìm thấy tài khoản" in sit("an").get("/accounts/?q=%25").text, (
        "% is a letter like any other"
    )


def test_who_holds_no_role_over_accounts_gets_no_list(place: Any, sit: Any) -> None:
    for name in ("lan", "hung", "thu"):
        assert sit(getattr(place, name)).get("/accounts/").status_code == 403
        assert sit(getattr(place, name)).get(f"/accounts/{place.an.id}").status_code == 404
        assert sit(getattr(place, name)).get("/accounts/review.xlsx").status_code == 403


def test_idle_and_disabled_accounts_and_those_without_a_second_factor_are_told_apart(
    place: Any, sit: Any, clock: Any
) -> None:
    client = sit("an")
    account_states.disable(make.actor(place.an.person, TODAY), place.lan_account.id, reason=REASON)
    account_of(place.hung).totp_secret, account_of(place.hung).totp_confirmed_at = b"x", clock_module.now()
    account_of(place.nam).created_at = clock_module.now() - timedelta(days=46)
    db.session.commit()
    names = {
        show: {name for name in (place.lan.full_name, place.nam.full_name, place.hung.full_name)
               if name in client.get(f"/accounts/?show={show}").text}
        for show in ("DISABLED", "IDLE", "WITHOUT_FACTOR")
    }  # fmt: skip
    assert names == {
        "DISABLED": {place.lan.full_name},
        "IDLE": {place.nam.full_name},
        "WITHOUT_FACTOR": {place.nam.full_name},
    }


def test_fifty_accounts_stand_on_a_page_and_ask_no_more_than_five(place: Any, sit: Any) -> None:
    client = sit("an")
    few = queries_of(client, "/accounts/")
    for number in range(60):
        one = make.person(f"Nguyễn Văn Thứ {number}")
        make.assignment(one, place.division)
        make.account(one, roles=[(Role.PERSONNEL, place.division)])
    db.session.commit()
    assert queries_of(client, "/accounts/") == few
    assert client.get("/accounts/").text.count('<tr><th scope="row">') == 50
    assert client.get("/accounts/?page=2").text.count('<tr><th scope="row">') > 10


def test_the_list_for_review_names_kind_state_roles_and_days(place: Any, sit: Any) -> None:
    account_states.disable(make.actor(place.an.person, TODAY), place.lan_account.id, reason=REASON)
    answer = sit("an").get("/accounts/review.xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(answer.data))
    rows = [row for row in book.get_sheet_by_index(0).to_python() if row]
    head = next(row for row in rows if "Tên đăng nhập" in row)
    by_name = {
        row[head.index("Tên đăng nhập")]: dict(zip(head, row, strict=True))
        for row in rows[rows.index(head) + 1 :]
    }
    assert by_name["an"]["Loại tài khoản"] == "Quản trị"
    assert by_name["chi"]["Loại tài khoản"] == "Tác nghiệp"
    assert "Quản trị hệ thống" in by_name["an"]["Vai trò"]
    lan = by_name[place.lan_account.username]
    assert REASON in lan["Trạng thái"]
    assert lan["Ngày khóa"] == TODAY
    assert len(events("accounts.exported")) == 1


def test_what_gives_somebody_power_over_an_account_is_done_only_after_the_password(
    place: Any, sit: Any, app: Any, monkeypatch: Any
) -> None:
    """Roles given and agreed to, tickets, lost second factors, accounts opened again: the form is kept and asked about."""
    monkeypatch.setitem(app.config, "CONFIRM_MINUTES", 5)
    lan = place.lan_account.id
    acts = {
        f"/accounts/{lan}/roles": role_form(place.division),
        f"/accounts/{lan}/password": form(),
        f"/accounts/{lan}/factor": form(reason=REASON),
        f"/accounts/{lan}/enable": form(reason=REASON),
        "/accounts/waiting/roles/1": form(agrees="yes"),
        "/accounts/waiting/factors/1": form(agrees="yes"),
    }
    admin = sit("an")
    db.session.query(Session).update({"confirmed_at": clock_module.now() - timedelta(minutes=6)})
    for address, typed in acts.items():
        page = admin.post(address, data=typed)
        assert 'name="confirm_password"' in page.text, address
        assert typed["transaction_id"] in page.text, address
    assert db.session.query(RoleGrant).filter_by(account_id=lan).count() == 0
    assert db.session.query(PasswordTicket).count() == 0
    assert db.session.query(FactorReset).count() == 0
    wrong = {"confirm_password": "không phải mật khẩu"}
    assert admin.post(f"/accounts/{lan}/roles", data=role_form(place.division) | wrong).status_code == 401
    assert db.session.query(RoleGrant).filter_by(account_id=lan).count() == 0


def test_the_password_typed_with_the_form_gives_the_role_at_once(
    place: Any, sit: Any, app: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(app.config, "CONFIRM_MINUTES", 5)
    admin = sit("an")
    db.session.query(Session).update({"confirmed_at": clock_module.now() - timedelta(minutes=6)})
    typed = role_form(place.division) | {"confirm_password": make.PASSWORD}
    answer = admin.post(f"/accounts/{place.lan_account.id}/roles", data=typed)
    assert answer.location == f"/accounts/{place.lan_account.id}"
    assert holds(place.lan, Role.PERSONNEL)


# Opening, and the ticket


def test_an_administrator_opens_an_account_and_its_owner_alone_chooses_the_password(
    place: Any, sit: Any, client: Any
) -> None:
    admin = sit("an")
    assert "Phạm Thị Mới" in admin.get(f"/accounts/of/{place.newcomer.id}").text
    answer = admin.post(f"/accounts/of/{place.newcomer.id}", data=form(username="moi.pt"))
    account = account_of(place.newcomer)
    assert answer.location == f"/accounts/{account.id}"
    assert account.must_change_password
    shown = admin.post(f"/accounts/{account.id}/password", data=form())
    ticket = re.search(r'<code class="code">([\w-]{30,})</code>', shown.text).group(1)
    assert (
        db.session.query(PasswordTicket).filter_by(account_id=account.id).one().made_by == place.an.person_id
    )
    chosen = "chiếc nón lá nghiêng nghiêng"
    answer = client.post("/password", data={"ticket": ticket, "new": chosen, "again": chosen})
    assert answer.status_code in (302, 303)
    db.session.expire_all()
    assert passwords.matches(account.password_hash, chosen)
    assert not account.must_change_password


def test_a_ticket_is_shown_once_and_a_resent_form_makes_no_second_one(place: Any, sit: Any) -> None:
    admin, data = sit("an"), form()
    address = f"/accounts/{place.lan_account.id}/password"
    assert admin.post(address, data=data).status_code == 200
    assert admin.post(address, data=data).status_code == 302
    assert db.session.query(PasswordTicket).count() == 1


def test_a_password_reset_ends_the_sessions_and_the_owner_is_told_and_no_administrator_sets_it(
    place: Any, sit: Any
) -> None:
    lan = sit(place.lan)
    assert lan.get("/").status_code == 200
    before = place.lan_account.password_hash
    page = sit("an").post(
        f"/accounts/{place.lan_account.id}/password", data=form(password="của tôi", new="của tôi")
    )
    assert page.status_code == 200
    db.session.expire_all()
    assert place.lan_account.password_hash == before
    assert lan.get("/").status_code == 302
    assert db.session.query(Notice).filter_by(person_id=place.lan.id, read_at=None).count() == 1
    assert events("password.ticket_made")[0].actor_id == place.an.person_id


def test_a_username_that_only_looks_right_is_refused_and_the_letter_is_named(place: Any, sit: Any) -> None:
    admin = sit("an")
    for name, says in (
        ("lаn.nguyen", "а"),  # a Cyrillic letter
        ("lan\u200bnguyen", "U+200B"),
        ("lan\u202enguyen", "U+202E"),
        ("lán", "á"),
        ("ab", "3"),
        ("a" * 65, "64"),
        (place.lan_account.username, "đã có người dùng"),
    ):
        answer = admin.post(f"/accounts/of/{place.newcomer.id}", data=form(username=name))
        assert answer.status_code == 422, name
        assert says in answer.text, name
    assert db.session.query(Account).filter_by(person_id=place.newcomer.id).count() == 0


def test_an_account_of_a_unit_that_is_not_administered_is_not_opened(place: Any, sit: Any) -> None:
    stranger = make.person("Người Sở khác")
    make.assignment(stranger, place.department)
    db.session.commit()
    assert sit("binh").post(f"/accounts/of/{stranger.id}", data=form(username="khac")).status_code == 404
    assert sit("chi").post(f"/accounts/of/{place.newcomer.id}", data=form(username="khac")).status_code == 403
    assert sit("dung").get(f"/accounts/of/{place.newcomer.id}").status_code == 403


# States


def test_a_disabled_account_is_out_at_once_and_an_enabled_one_signs_in_again(
    place: Any, sit: Any, client: Any
) -> None:
    lan, admin = sit(place.lan), sit("an")
    assert lan.get("/").status_code == 200
    answer = admin.post(f"/accounts/{place.lan_account.id}/disable", data=form(reason=REASON))
    assert answer.status_code == 302
    assert lan.get("/").status_code == 302
    typed = {"username": place.lan_account.username, "password": make.PASSWORD}
    assert client.post("/login", data=typed).status_code == 401
    page = admin.get(f"/accounts/{place.lan_account.id}").text
    assert REASON in page
    assert admin.post(f"/accounts/{place.lan_account.id}/enable", data=form(reason=REASON)).status_code == 302
    assert client.post("/login", data=typed).status_code == 302
    disabled, enabled = events("account.disabled")[0], events("account.enabled")[0]
    assert (disabled.reason, disabled.before, disabled.unit_id) == (
        REASON,
        {"disabled_at": None},
        place.division.id,
    )
    assert enabled.before["because"] == REASON


def test_without_a_reason_nothing_happens_and_the_field_says_so(place: Any, sit: Any) -> None:
    answer = sit("an").post(f"/accounts/{place.lan_account.id}/disable", data=form(reason=" \u200b "))
    assert answer.status_code == 422
    assert 'href="#disable-reason"' in answer.text
    db.session.expire_all()
    assert place.lan_account.disabled_at is None


def test_an_administrator_ends_the_sessions_of_another_and_the_owner_is_told_by_whom(
    place: Any, sit: Any
) -> None:
    lan = sit(place.lan)
    sit("an").post(f"/accounts/{place.lan_account.id}/sessions", data=form())
    assert lan.get("/").status_code == 302
    assert "Trần Thị An" in sit(place.lan).get("/").text
    assert {one.ended_because for one in db.session.query(Session).filter_by(account_id=place.lan_account.id)} == {
        "ENDED_BY_ADMINISTRATOR", None}  # fmt: skip


@pytest.mark.parametrize("act", ["disable", "enable", "sessions", "password", "factor", "roles"])
def test_nobody_administers_their_own_account_nor_one_whose_role_reaches_beyond_their_units(
    place: Any, sit: Any, act: str
) -> None:
    place.chi.person.assignments[0].unit_id = place.division.id
    db.session.commit()
    data = role_form(place.division, reason=REASON)
    assert sit("an").post(f"/accounts/{place.an.id}/{act}", data=data).status_code == 403
    assert sit("binh").post(f"/accounts/{place.chi.id}/{act}", data=data).status_code == 403, (
        "takes over a province"
    )
    assert sit("dung").post(f"/accounts/{place.lan_account.id}/{act}", data=data).status_code == 403
    assert sit("chi").post(f"/accounts/{place.lan_account.id}/{act}", data=data).status_code == 403
    assert sit(place.hung).post(f"/accounts/{place.lan_account.id}/{act}", data=data).status_code == 404
    assert events("account.disabled") == []


def test_accounts_of_people_who_left_and_of_nobody_are_disabled_at_night(
    place: Any, app: Any, clock: Any, monkeypatch: Any
) -> None:
    place.lan.left_on = TODAY
    nam = account_of(place.nam)
    nam.created_at = clock_module.now() - timedelta(days=45, minutes=1)
    account_of(place.hung).created_at = clock_module.now() - timedelta(days=44)
    db.session.commit()
    monkeypatch.setitem(app.config, "IDLE_ACCOUNT_DAYS", 0)
    assert account_states.close_unused() == (1, 0)
    monkeypatch.setitem(app.config, "IDLE_ACCOUNT_DAYS", 45)
    assert account_states.close_unused() == (0, 1)
    assert account_states.close_unused() == (0, 0)
    assert place.lan_account.disabled_because == account_states.LEFT
    assert nam.disabled_because == account_states.IDLE
    admin = make.actor(place.an.person, TODAY)
    account_states.enable(admin, nam.id, reason=REASON)
    assert account_states.close_unused() == (0, 0), "idle days are counted from the day of enabling"
    with pytest.raises(Exception, match=r"Đồng chí|công tác|service"):
        account_states.enable(admin, place.lan_account.id, reason=REASON)


def test_an_official_who_leaves_tomorrow_keeps_the_account_today(place: Any) -> None:
    place.lan.left_on = TODAY + timedelta(days=1)
    db.session.commit()
    assert account_states.close_unused() == (0, 0)
    assert place.lan_account.disabled_at is None


# Roles


def test_a_role_of_a_personnel_office_is_given_at_once_and_the_sessions_end(place: Any, sit: Any) -> None:
    lan, admin = sit(place.lan), sit("an")
    answer = admin.post(f"/accounts/{place.lan_account.id}/roles", data=role_form(place.division))
    assert answer.status_code == 302
    assert holds(place.lan, Role.PERSONNEL)
    assert lan.get("/").status_code == 302
    given = events("role.granted")[0]
    assert given.after["role"] == Role.PERSONNEL
    assert (given.actor_id, given.unit_id) == (place.an.person_id, place.division.id)


@pytest.mark.parametrize("role", sorted(roles.GOVERNING))
def test_a_role_that_governs_gives_no_right_before_a_second_person_agrees(
    place: Any, sit: Any, role: Role
) -> None:
    sit("an").post(f"/accounts/{place.lan_account.id}/roles", data=role_form(place.division, role))
    waiting = db.session.query(RoleGrant).filter_by(account_id=place.lan_account.id).one()
    assert waiting.waits_for_approval
    assert not holds(place.lan, role)
    assert db.session.query(Notice).filter_by(person_id=place.chi.person_id).count() == 1
    address = f"/accounts/waiting/roles/{waiting.id}"
    for who in ("an", "binh", "dung", place.lan):
        assert sit(who).post(address, data=form(agrees="yes")).status_code in (403, 404)
    assert not holds(place.lan, role)
    assert "Nguyễn Thị Lan" in sit("chi").get("/accounts/waiting").text
    assert sit("chi").post(address, data=form(agrees="yes")).status_code == 302
    db.session.expire_all()
    assert holds(place.lan, role)
    assert (waiting.granted_by, waiting.approved_by) == (place.an.person_id, place.chi.person_id)
    assert [event.actor_id for event in events("role.asked_for") + events("role.granted")] == [
        place.an.person_id, place.chi.person_id]  # fmt: skip


def test_a_refused_role_is_gone_and_whoever_gave_it_is_told(place: Any, sit: Any) -> None:
    sit("an").post(f"/accounts/{place.lan_account.id}/roles", data=role_form(place.division, Role.INSPECTOR))
    waiting = db.session.query(RoleGrant).filter_by(account_id=place.lan_account.id).one()
    sit("chi").post(f"/accounts/waiting/roles/{waiting.id}", data=form(agrees="no"))
    assert db.session.query(RoleGrant).filter_by(account_id=place.lan_account.id).count() == 0
    assert db.session.query(Notice).filter_by(person_id=place.an.person_id).count() == 1
    assert len(events("role.refused")) == 1


def test_who_holds_both_offices_still_cannot_be_the_second_person(place: Any, sit: Any) -> None:
    db.session.add(
        RoleGrant(account_id=place.an.id, role=Role.HOME_AFFAIRS, unit_id=place.province.id, valid_from=TODAY)
    )
    db.session.commit()
    sit("an").post(f"/accounts/{place.lan_account.id}/roles", data=role_form(place.division, Role.INSPECTOR))
    waiting = db.session.query(RoleGrant).filter_by(account_id=place.lan_account.id).one()
    assert sit("an").post(f"/accounts/waiting/roles/{waiting.id}", data=form(agrees="yes")).status_code == 403
    assert not holds(place.lan, Role.INSPECTOR)


def test_nobody_gives_a_role_to_themselves_or_over_a_unit_they_do_not_administer(
    place: Any, sit: Any
) -> None:
    before = db.session.query(RoleGrant).count()
    assert sit("an").post(f"/accounts/{place.an.id}/roles", data=role_form(place.province)).status_code == 403
    answer = sit("binh").post(f"/accounts/{place.lan_account.id}/roles", data=role_form(place.province))
    assert answer.status_code == 403
    assert (
        sit(place.lan)
        .post(f"/accounts/{place.lan_account.id}/roles", data=role_form(place.division))
        .status_code
        == 404
    )
    assert (
        sit("chi").post(f"/accounts/{place.chi.id}/roles", data=role_form(place.province)).status_code == 403
    )
    assert db.session.query(RoleGrant).count() == before


def test_a_role_ends_today_and_its_rights_and_sessions_with_it(place: Any, sit: Any, clock: Any) -> None:
    chi = sit("chi")
    assert chi.get("/accounts/").status_code == 200
    held = db.session.query(RoleGrant).filter_by(account_id=place.chi.id).one()
    assert sit("an").post(f"/accounts/{place.chi.id}/roles/{held.id}/end", data=form()).status_code == 302
    db.session.expire_all()
    assert held.valid_to == TODAY
    assert chi.get("/accounts/").status_code == 302
    assert sit("chi").get("/accounts/").status_code == 403
    assert events("role.ended")[0].before["role"] == Role.HOME_AFFAIRS


def test_a_resent_form_gives_one_role_and_the_same_role_twice_is_refused(place: Any, sit: Any) -> None:
    admin, data = sit("an"), role_form(place.division)
    address = f"/accounts/{place.lan_account.id}/roles"
    assert [admin.post(address, data=data).status_code for _turn in range(2)] == [302, 302]
    assert admin.post(address, data=role_form(place.division)).status_code == 422
    assert db.session.query(RoleGrant).filter_by(account_id=place.lan_account.id).count() == 1


@pytest.mark.parametrize(
    ("wrong", "place_of_fault"),
    [({"role": ""}, "role"), ({"role": "CHAIRMAN"}, "role"), ({"unit_id": ""}, "unit_id-search"),
     ({"since": "31/02/2026"}, "since"), ({"since": "2026-03-09"}, "since"), ({"until": "2026-03-01"}, "until"),
     ({"unit_id": "999999999"}, "unit_id-search")],
)  # fmt: skip
def test_a_wrong_role_form_names_the_field_and_keeps_what_was_typed(
    place: Any, sit: Any, wrong: dict[str, str], place_of_fault: str
) -> None:
    data = role_form(place.division, until="2026-12-31") | wrong
    answer = sit("an").post(f"/accounts/{place.lan_account.id}/roles", data=data)
    assert answer.status_code == 422
    assert f'href="#{place_of_fault}"' in answer.text
    assert 'value="2026-12-31"' in answer.text or "until" in wrong
    assert db.session.query(RoleGrant).filter_by(account_id=place.lan_account.id).count() == 0


# The second factor


def test_a_second_factor_is_taken_away_by_two_persons_only(place: Any, sit: Any) -> None:
    second_factors.enrol(place.lan_account, "JBSWY3DPEHPK3PXP")
    db.session.commit()
    lan = sit(place.lan)
    sit("an").post(
        f"/accounts/{place.lan_account.id}/factor", data=form(reason="Mất điện thoại, đã gặp trực tiếp")
    )
    asked = db.session.query(FactorReset).one()
    db.session.expire_all()
    assert place.lan_account.totp_confirmed_at is not None, "asking changes nothing"
    address = f"/accounts/waiting/factors/{asked.id}"
    for who in ("an", "dung", place.lan, place.hung):
        assert sit(who).post(address, data=form(agrees="yes")).status_code in (403, 404)
    assert (
        sit("an").post(f"/accounts/{place.lan_account.id}/factor", data=form(reason=REASON)).status_code
        == 409
    )
    assert "đã gặp trực tiếp" in sit("chi").get("/accounts/waiting").text
    assert sit("chi").post(address, data=form(agrees="yes")).status_code == 302
    db.session.expire_all()
    assert (place.lan_account.totp_secret, place.lan_account.totp_confirmed_at) == (None, None)
    assert lan.get("/").status_code == 302
    assert (asked.asked_by, asked.decided_by, asked.confirmed) == (
        place.an.person_id,
        place.chi.person_id,
        True,
    )
    assert sit("chi").post(address, data=form(agrees="no")).status_code == 409
    assert db.session.query(Notice).filter_by(person_id=place.lan.id).count() == 1


def test_another_administrator_may_be_the_second_person_and_may_refuse(place: Any, sit: Any) -> None:
    second_factors.enrol(place.lan_account, "JBSWY3DPEHPK3PXP")
    db.session.commit()
    sit("an").post(f"/accounts/{place.lan_account.id}/factor", data=form(reason=REASON))
    asked = db.session.query(FactorReset).one()
    assert (
        sit("binh").post(f"/accounts/waiting/factors/{asked.id}", data=form(agrees="maybe")).status_code
        == 403
    )
    assert (
        sit("binh").post(f"/accounts/waiting/factors/{asked.id}", data=form(agrees="no")).status_code == 302
    )
    db.session.expire_all()
    assert place.lan_account.totp_confirmed_at is not None
    assert asked.confirmed is False
