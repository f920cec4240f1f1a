"""Every page of the site as those who use it see it: nothing serious from axe, no sideways scroll, no English, no error."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from evaluation import clock as clock_module
from evaluation.extensions import db
from evaluation.models import (
    Account,
    Assignment,
    Charge,
    Closing,
    Discipline,
    EligibilityEntry,
    ImportNoun,
    JobPosition,
    Period,
    Product,
    Report,
    ReviewMeeting,
    ScoreSheet,
    YearGrade,
)
from evaluation.queries import annual_round, organisation
from evaluation.rules.bands import Band
from evaluation.rules.organisation import Office, PersonKind
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import (
    appointments,
    catalogue_batches,
    charges,
    confirmations,
    evidence,
    factor_resets,
    imports,
    meetings,
    national_exports,
    petitions,
    receipts,
    reviews,
    roles,
    rollups,
    second_factors,
)
from evaluation.services.access import Actor, actor_for
from evaluation.services.import_plans import Options
from tests.browser.checks import DESK, Watch, faults_of
from tests.browser.conftest import PASSWORD, TODAY, at_nine
from tests.browser.screens import Desk
from tests.catalogue_files import annex, row

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PEOPLE = ("lan", "hung", "thu", "chinh", "mai", "tu", "khoi", "son")

# Whom to ask for which page. A word in braces is an id that `ids` finds in the province.
PAGES: dict[str, tuple[str, str]] = {
    "home.show": ("lan", "/"),
    "access.sign_in": ("", "/login"),
    "access.enter_code": ("", "/login/code"),
    "passwords.change": ("lan", "/password/change"),
    "passwords.redeem": ("", "/password"),
    "reauthentication.confirm": ("hung", "/confirm"),
    "second_factors.set_up": ("lan", "/second-factor/set-up"),
    "sessions.index": ("hung", "/sessions/"),
    "reports.current": ("lan", "/reports/"),
    "reports.show": ("lan", "/reports/{draft}"),
    "reports.add": ("lan", "/reports/{draft}/add"),
    "reports.check": ("lan", "/reports/{draft}/check"),
    "reports.submitted": ("lan", "/reports/{final}/submitted"),
    "evidence.line": ("lan", "/evidence/lines/{item}"),
    "results.index": ("lan", "/results/"),
    "results.show": ("lan", "/results/{final}"),
    "workplans.index": ("thu", "/workplans/"),
    "workplans.unit": ("hung", "/workplans/{division}/2026-11"),
    "workplans.hand_over": ("hung", "/workplans/lines/{item}/hand-over"),
    "reviews.index": ("hung", "/reviews/"),
    "reviews.show": ("hung", "/reviews/{submitted}"),
    "confirmations.index": ("thu", "/confirmations/"),
    "confirmations.send_back": ("thu", "/confirmations/{scored}/send-back"),
    "confirmations.receipt": ("thu", "/confirmations/receipt/{receipt}?month=2026-11"),
    "grades.index": ("mai", "/grades/"),
    "grades.agency": ("thu", "/grades/{agency}/2026"),
    "grades.show": ("chinh", "/grades/of/{grade}"),
    "annual_round.agency": ("thu", "/round/{agency}/2026"),
    "annual_round.december": ("thu", "/round/{agency}/2026/december"),
    "annual_round.person": ("mai", "/round/of/{head}/2026"),
    "annual_round.mine": ("lan", "/round/mine/2026"),
    "meetings.new": ("thu", "/round/{agency}/2026/meetings/new"),
    "meetings.show": ("thu", "/round/meetings/{meeting}"),
    "meetings.correct": ("thu", "/round/meetings/{meeting}/correct"),
    "party_opinions.record": ("thu", "/round/of/{head}/2026/party"),
    "conclusions.index": ("mai", "/round/of/{head}/2026/conclusions"),
    "replacements.replace": ("chinh", "/round/replace/{published}"),
    "standings.index": ("mai", "/units/"),
    "standings.unit": ("thu", "/units/{agency}?month=2026-10"),
    "standings.province": ("mai", "/province?month=2026-10"),
    "commendations.index": ("mai", "/commendations/"),
    "commendation_registers.index": ("mai", "/commendations/registers/"),
    "commendations.list": ("mai", "/commendations/2026/CSTDCS"),
    "commendations.entry": ("mai", "/commendations/entries/{entry}"),
    "workings.score": ("hung", "/workings/score/{score}"),
    "workings.grade": ("chinh", "/workings/class/{grade}"),
    "workings.mean": ("lan", "/workings/mean/{person}/2026-Q4"),
    "workings.unit": ("thu", "/workings/unit/{agency}/2026-10"),
    "workings.verdict": ("mai", "/workings/verdict/{entry}"),
    "what_ifs.sheet": ("hung", "/what-if/sheet/{final}"),
    "what_ifs.agency": ("thu", "/what-if/agency/{agency}/2026"),
    "catalogue.index": ("mai", "/catalogue/"),
    "catalogue.product": ("lan", "/catalogue/{product}"),
    "catalogue.new_product": ("mai", "/catalogue/new"),
    "catalogue.new_version": ("mai", "/catalogue/{product}/version"),
    "catalogue.new_decision": ("mai", "/catalogue/decisions/new"),
    "catalogue.users": ("mai", "/catalogue/{product}/users"),
    "catalogue.retire": ("mai", "/catalogue/{product}/retire"),
    "catalogue.import_file": ("mai", "/catalogue/import"),
    "catalogue.preview": ("mai", "/catalogue/import/{catalogue_batch}"),
    "positions.index": ("mai", "/positions/"),
    "positions.show": ("mai", "/positions/{position}"),
    "positions.edit": ("mai", "/positions/{position}/edit"),
    "positions.new": ("mai", "/positions/new"),
    "organisation.index": ("khoi", "/organisation/"),
    "organisation.unit": ("mai", "/organisation/units/{agency}"),
    "organisation.people": ("mai", "/organisation/people"),
    "organisation.person": ("mai", "/organisation/people/{person}"),
    "appointments.appoint": ("mai", "/organisation/people/{person}/appoint"),
    "appointments.absence": ("mai", "/organisation/people/{person}/absence"),
    "appointments.end": ("mai", "/organisation/people/assignments/{assignment}/end/{person}"),
    "unit_changes.found": ("mai", "/organisation/units/{agency}/found"),
    "unit_changes.place": ("mai", "/organisation/units/{division}/place"),
    "unit_codes.give": ("mai", "/organisation/units/{division}/code"),
    "unit_codes.close": ("mai", "/organisation/units/{division}/close-code"),
    "unit_changes.dissolve": ("mai", "/organisation/units/{division}/dissolve"),
    "person_changes.hire": ("mai", "/organisation/units/{division}/hire"),
    "person_changes.correct": ("mai", "/organisation/people/{person}/correct"),
    "charges.give": ("mai", "/organisation/people/{person}/charge"),
    "charges.end": ("mai", "/organisation/people/{deputy}/charge/{charge}/end"),
    "delegations.index": ("hung", "/delegations/"),
    "imports.index": ("mai", "/imports/"),
    "imports.new": ("mai", "/imports/new/PEOPLE"),
    "imports.show": ("mai", "/imports/{batch}"),
    "register_exports.show": ("mai", "/imports/export/people"),
    "audit.index": ("mai", "/audit/"),
    "jobs.index": ("mai", "/jobs/"),
    "jobs.show": ("mai", "/jobs/{job}"),
    "forms.unit": ("thu", "/forms/units/{agency}"),
    "forms.paper": ("lan", "/forms/01/{final}?annex=1"),
    "cycles.index": ("mai", "/cycles/"),
    "law.show": ("lan", "/law/"),
    "permissions.show": ("lan", "/permissions/"),
    "disciplines.index": ("mai", "/discipline/"),
    "disciplines.show": ("mai", "/discipline/{discipline}"),
    "register_lines.index": ("mai", "/commendations/registers/lines/?register=TITLE"),
    "organisation_classes.index": ("mai", "/organisation-classes/"),
    "organisation_classes.show": ("mai", "/organisation-classes/{division}/2026"),
    "extra_income.index": ("mai", "/extra-income/?period=2026-10"),
    "extra_income.agency": ("thu", "/extra-income/2026-10/{agency}"),
    # Off in the province: each leads to the page that says so; tests/web/test_party.py opens them switched on.
    "party.index": ("mai", "/party/"),
    "party.agency": ("thu", "/party/{agency}/2026-Q3"),
    "party.force_majeure": ("thu", "/party/{agency}/2026-Q3/{person}/force-majeure"),
    "periods.index": ("mai", "/periods/"),
    "closings.index": ("mai", "/closings/"),
    "closings.check": ("mai", "/closings/{open_period}"),
    "closings.open_things": ("mai", "/closings/{open_period}/open/NOT_SUBMITTED"),
    "closings.close": ("mai", "/closings/{open_period}/close"),
    "closings.show": ("mai", "/closings/sheets/{closing}"),
    "readings.index": ("lan", "/readings/"),
    "readings.person": ("tu", "/readings/{person}"),
    "petitions.index": ("thu", "/petitions/"),
    "petitions.show": ("lan", "/petitions/{petition}"),
    "petitions.lodge_score": ("lan", "/petitions/against/score/{earlier}"),
    "petitions.lodge_class": ("lan", "/petitions/against/class/{published}"),
    "petition_answers.correct": ("thu", "/petitions/{petition}/score"),
    "petition_register.index": ("mai", "/petitions/register/"),
    "national_exports.index": ("mai", "/national-exports/"),
    "national_exports.show": ("mai", "/national-exports/{export}"),
    "national_exports.results": ("mai", "/national-exports/results?q=nguyen"),
    "accounts.index": ("khoi", "/accounts/"),
    "accounts.show": ("khoi", "/accounts/{account}"),
    "accounts.open_for": ("khoi", "/accounts/of/{newcomer}"),
    "accounts.waiting": ("mai", "/accounts/waiting"),
}
# Addresses that answer a file, a picture, a part of a page or JSON.
FILES: dict[str, tuple[str, str]] = {
    "audit.export": ("mai", "/audit/export.jsonl"),
    "audit.script": ("mai", "/audit/audit_verifier.py"),
    "closings.sheet_file": ("mai", "/closings/sheets/{closing}.pdf"),
    "catalogue.import_errors": ("mai", "/catalogue/import/{catalogue_batch}/errors.xlsx"),
    "catalogue.search": ("lan", "/catalogue/search?q=bao+cao&report_id={draft}"),
    "appointments.search_positions": ("mai", "/organisation/people/search/positions?q=chuyen+vien"),
    "commendations.file": ("mai", "/commendations/2026/LDTT/file.xlsx"),
    "delegations.search": ("hung", "/delegations/search?q=nguyen"),
    "evidence.download": ("lan", "/evidence/{evidence}"),
    "meetings.file": ("thu", "/round/meetings/{meeting}/file"),
    "forms.period": ("lan", "/forms/01/{final}.docx?annex=1"),
    "forms.year": ("chinh", "/forms/02/{grade}.docx"),
    "forms.own_year": ("lan", "/forms/02/mine/2026.docx"),
    "forms.tracking": ("hung", "/forms/tracking/{final}.xlsx"),
    "forms.unit_file": ("hung", "/forms/units/{division}/01/2026-10"),
    "extra_income.file": ("thu", "/extra-income/2026-10/file.xlsx?agency={agency}"),
    "workings.score_file": ("hung", "/workings/score/{score}.docx"),
    "workings.grade_file": ("chinh", "/workings/class/{grade}.docx"),
    "workings.mean_file": ("lan", "/workings/mean/{person}/2026.docx"),
    "workings.unit_file": ("thu", "/workings/unit/{agency}/2026-Q4.docx"),
    "workings.verdict_file": ("mai", "/workings/verdict/{entry}.docx"),
    "imports.error_report": ("mai", "/imports/{batch}/errors.xlsx"),
    "accounts.review": ("khoi", "/accounts/review.xlsx"),
    "register_exports.file": ("mai", "/imports/export/units/file.xlsx"),
    "imports.template": ("mai", "/imports/template/PEOPLE.xlsx"),
    "organisation.search_units": ("mai", "/organisation/search/units?q=so+noi+vu"),
    "organisation.search_people": ("mai", "/organisation/search/people?q=nguyen"),
    "reviews.row": ("hung", "/reviews/{submitted}/row"),
    "petition_register.file": ("mai", "/petitions/register/file.xlsx"),
    "national_exports.file": ("mai", "/national-exports/{export}/file.zip"),
    "sessions.left": ("lan", "/sessions/left"),
    "standings.chart": ("thu", "/units/{agency}/charts/distribution.svg?month=2026-10"),
    "standings.download": ("thu", "/units/{agency}/month.xlsx?month=2026-10"),
}
# Only a job of thousands of rows, or a recorded meeting, makes such a file; their own tests download one.
ELSEWHERE = {
    *("static", "headers.security", "identity.ask", "identity.back", "identity.link", "audit.made"),
    *("commendations.export", "extra_income.export", "forms.made", "forms.meeting"),
    *("register_exports.made", "register_exports.made_file"),
}


def test_no_page_is_forgotten(province: Any) -> None:
    asked = {rule.endpoint for rule in province.app.url_map.iter_rules() if "GET" in rule.methods}
    known = PAGES.keys() | FILES.keys() | ELSEWHERE
    assert (asked - known, known - asked) == (set(), set()), "add new pages to PAGES or FILES, drop old ones"


@pytest.fixture(scope="module")
def ids(province_site: Any) -> Iterator[dict[str, Any]]:
    """What the addresses point at; what the demo province lacks is made through the use cases."""
    with province_site.app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock_module, "now", lambda: at_nine(TODAY))
        yield _ids()


def _ids() -> dict[str, Any]:
    lan, hung, thu, mai = (_actor(name) for name in ("lan", "hung", "thu", "mai"))
    draft = _report(lan, 11)
    division, agency = draft.unit_id, draft.agency_id
    item = draft.items[0].id
    waiting = db.session.scalars(
        select(Report.id)
        .join(Period, Period.id == Report.period_id)
        .where(
            Report.supervising_unit_id == division,
            Report.office == Office.STAFF,
            Report.state == ReportState.SUBMITTED,
            Period.month == TODAY.replace(day=1),
        )
        .order_by(Report.id)
    ).all()
    for report_id in waiting[:2]:
        reviews.score(hung, report_id)
    receipt = receipts.new_id()
    confirmations.confirm_many(thu, [waiting[0]], transaction_id=receipt)
    product = db.session.scalars(select(Product.id).order_by(Product.id)).first()
    charge = _charge(mai, division)
    found = {
        "draft": draft.id,
        "open_period": draft.period_id,
        "closing": db.session.scalars(select(Closing.id).order_by(Closing.id)).first(),
        "final": _report(lan, 10).id,
        "score": db.session.scalars(
            select(ScoreSheet.id).where(
                ScoreSheet.report_id == _report(lan, 10).id, ScoreSheet.superseded_at.is_(None)
            )
        ).first(),
        "item": item,
        "division": division,
        "agency": agency,
        "scored": waiting[1],
        "submitted": waiting[2],
        "receipt": receipt,
        "grade": db.session.scalars(
            select(YearGrade.id).where(YearGrade.superseded_at.is_(None), YearGrade.decided_class.is_(None))
        ).first(),
        "entry": db.session.scalars(select(EligibilityEntry.id).order_by(EligibilityEntry.id)).first(),
        "product": product,
        "position": db.session.scalars(select(JobPosition.id).order_by(JobPosition.id)).first(),
        "person": lan.person_id,
        "assignment": db.session.scalars(
            select(Assignment.id).where(Assignment.person_id == lan.person_id)
        ).first(),
        "account": _with_a_second_factor().id,
        "newcomer": _newcomer(mai, division),
        "deputy": charge.deputy_id,
        "charge": charge.id,
        "petition": petitions.lodge_against_score(
            lan, _report(lan, 10).id, reason="Chưa tính đủ văn bản đã gửi"
        ).id,
        "earlier": _report(lan, 9).id,
        "head": hung.person_id,
        "discipline": db.session.scalars(select(Discipline.id).order_by(Discipline.id)).first(),
        "meeting": _meeting(thu, agency, division).id,
        "published": _published(lan, thu).id,
        "export": national_exports.make_now().id,
        "evidence": evidence.attach(lan, item, name="bao-cao.pdf", stream=BytesIO(PDF)).id,
        "job": rollups.ask_for(mai, Month(2026, 10)).id,
        "batch": imports.preview(
            mai,
            ImportNoun.PEOPLE,
            name="nhan-su.xlsx",
            data=imports.template(ImportNoun.PEOPLE),
            options=Options(day=TODAY),
        ).id,
        "catalogue_batch": catalogue_batches.upload(
            mai, name="danh-muc.xlsx", data=annex(row(), row("DC.01"), row("DC.02", points=99))
        ).id,
    }
    db.session.commit()
    db.session.remove()
    return found


def _newcomer(by: Actor, division: int) -> int:
    """Somebody without an account, with two matters of accounts that wait for a second person."""
    hired = appointments.hire(
        by, unit_id=division, since=TODAY, office=Office.STAFF, title="Chuyên viên",
        official_number="CB-MOI", full_name="Phạm Thị Mới", kind=PersonKind.CONG_CHUC,
    )  # fmt: skip
    admin, other = _actor("khoi"), _with_a_second_factor()
    roles.grant(admin, other.id, role=Role.INSPECTOR, unit_id=division, since=TODAY)
    factor_resets.ask(admin, other.id, reason="Mất điện thoại")
    return hired.id


def _with_a_second_factor() -> Account:
    """The first account that none of the desks here signs in with."""
    other = db.session.scalars(
        select(Account).where(Account.username.not_in(PEOPLE)).order_by(Account.id)
    ).first()
    if other.totp_confirmed_at is None:
        second_factors.enrol(other, "JBSWY3DPEHPK3PXP")
        db.session.commit()
    return other


def _charge(mai: Actor, division: int) -> Charge:
    """The division in the field of a deputy head above it."""
    known = db.session.scalars(select(Charge).where(Charge.unit_id == division)).first()
    if known is not None:
        return known
    above = organisation.ancestors(division, TODAY)[1:]
    deputies = db.session.scalars(
        select(Assignment.person_id).where(Assignment.unit_id.in_(above), Assignment.office == Office.DEPUTY)
    )
    return charges.put_in_charge(mai, deputies.first(), since=TODAY, unit_id=division)


def _published(owner: Actor, by: Actor) -> YearGrade:
    """The owner's class of the year as if it were public already."""
    grade = db.session.scalars(
        select(YearGrade).where(YearGrade.person_id == owner.person_id, YearGrade.superseded_at.is_(None))
    ).one()
    grade.state, grade.decided_class, grade.decided_by = GradeState.PUBLISHED, Band.HTNV, by.person_id
    grade.decided_at = grade.published_at = clock_module.now()
    grade.reason, grade.decision_number = "Như đề nghị", "12/QĐ-SNV"
    db.session.commit()
    return grade


def _meeting(by: Actor, agency: int, division: int) -> ReviewMeeting:
    """A meeting of the division with its signed minutes."""
    people = annual_round.reviewed_in(agency, division, TODAY.year)
    return meetings.record(
        by,
        agency,
        division,
        TODAY.year,
        meetings.Minutes(
            held_on=TODAY,
            chair="Trần Văn Hùng",
            secretary="Lê Quang Nam",
            invited=len(people),
            present=len(people),
            text="Cuộc họp nhất trí.",
            opinions={one.person_id: meetings.Opinion(Band.HTTNV) for one in people},
        ),
        file=("bien-ban.pdf", BytesIO(PDF)),
    )


def _actor(username: str) -> Actor:
    account = db.session.scalars(select(Account).where(Account.username == username)).one()
    return actor_for(account.person_id, account.id, TODAY)


def _report(actor: Actor, month: int) -> Report:
    return db.session.scalars(
        select(Report)
        .join(Period, Period.id == Report.period_id)
        .where(Report.person_id == actor.person_id, Period.month == TODAY.replace(month=month, day=1))
    ).one()


@pytest.fixture(scope="module")
def desk_of(browser: Any, province_site: Any) -> Iterator[Callable[[str], Desk]]:
    """`desk_of(username)`: this person's browser, signed in once for all pages."""
    desks: dict[str, Desk] = {}

    def sit_down(username: str) -> Desk:
        if username not in desks:
            context = browser.new_context(locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", viewport=DESK)
            context.set_default_timeout(10_000)
            desks[username] = Desk(context.new_page(), province_site)
            desks[username].watch = Watch(desks[username].page)
            if username:
                desks[username].sign_in(username, PASSWORD)
                desks[username].watch.taken()
        return desks[username]

    yield sit_down
    for desk in desks.values():
        desk.page.context.close()


@pytest.mark.parametrize("endpoint", PAGES)
def test_a_page_is_sound_at_a_desk_and_on_a_phone(
    endpoint: str, province: Any, ids: dict[str, Any], desk_of: Callable[[str], Desk]
) -> None:
    username, address = PAGES[endpoint]
    desk = desk_of(username)
    desk.open(address.format(**ids))
    assert faults_of(desk.page, desk.watch) == []


@pytest.mark.parametrize("username", PEOPLE)
def test_everything_a_person_has_in_the_menu_is_sound(
    username: str, province: Any, ids: dict[str, Any], desk_of: Callable[[str], Desk]
) -> None:
    desk = desk_of(username)
    desk.open("/")
    menu = desk.page.locator(".menu-row a")  # the row and what unfolds beside it
    addresses = [link.get_attribute("href") for link in menu.all()]
    asked_elsewhere = {address for name, address in PAGES.values() if name == username}
    faults = {}
    for address in addresses:
        if address not in asked_elsewhere:
            desk.open(address)
            faults[address] = faults_of(desk.page, desk.watch, on_phone=False)
    assert {address: found for address, found in faults.items() if found} == {}


@pytest.mark.parametrize("endpoint", FILES)
def test_a_file_or_a_part_is_answered(
    endpoint: str, province: Any, ids: dict[str, Any], desk_of: Callable[[str], Desk]
) -> None:
    username, address = FILES[endpoint]
    answer = desk_of(username).page.request.get(province.url + address.format(**ids))
    assert answer.status == 200
    assert answer.body()


@pytest.mark.parametrize("username", PEOPLE)
def test_no_address_fails_for_anybody(
    username: str, province: Any, ids: dict[str, Any], login: Callable[[Any, Any], Any]
) -> None:
    client = login(province.app.test_client(), username)
    answers = {
        address: client.get(address.format(**ids)).status_code
        for _whom, address in (*PAGES.values(), *FILES.values())
    }
    assert {address: code for address, code in answers.items() if code >= 500} == {}
    assert answers["/reports/{draft}"] == {"lan": 200, "khoi": 404}.get(
        username, 302
    )  # readers go to the result
