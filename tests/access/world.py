"""The province of the matrix: for each person a sheet in every state, and one of every other thing that has an address."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app

from evaluation.extensions import db
from evaluation.models import (
    Account,
    Charge,
    Conclusion,
    Delegation,
    Discipline,
    EligibilityEntry,
    Evidence,
    ImportBatch,
    ImportNoun,
    Job,
    JobState,
    MeetingOpinion,
    NationalExport,
    Period,
    Person,
    Petition,
    Receipt,
    Report,
    ReviewMeeting,
    RoleGrant,
    Stage,
    Unit,
    YearGrade,
)
from evaluation.rules.bands import Band
from evaluation.rules.facts import DisciplineForm
from evaluation.rules.grading import Blocker
from evaluation.rules.organisation import Office, PersonKind, UnitKind, UnitRole
from evaluation.rules.periods import Month
from evaluation.rules.permissions import Role
from evaluation.rules.workflow import GradeState, ReportState
from evaluation.services import commendations, imports, kept_files, rollups, scores
from evaluation.services.access import Actor, actor_for
from evaluation.services.import_plans import Options
from tests import factories
from tests.catalogue_files import annex, row

TODAY = date(2026, 11, 10)
NOW = datetime(2026, 11, 10, 2, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
# In which month a sheet of which state stands: open periods, then closed ones.
OPEN = {
    ReportState.DRAFT: "2026-10",
    ReportState.SUBMITTED: "2026-09",
    ReportState.SCORED: "2026-08",
    ReportState.CONFIRMED: "2026-07",
    ReportState.PUBLISHED: "2026-06",
}
CLOSED = {
    ReportState.DRAFT: "2026-05",
    ReportState.SUBMITTED: "2026-04",
    ReportState.SCORED: "2026-03",
    ReportState.CONFIRMED: "2026-02",
    ReportState.PUBLISHED: "2026-01",
}
YEAR_OF = {GradeState.PROPOSED: 2027, GradeState.DECIDED: 2028, GradeState.PUBLISHED: 2026}
SCORED = (ReportState.SCORED, ReportState.CONFIRMED, ReportState.PUBLISHED)
FINAL = (ReportState.CONFIRMED, ReportState.PUBLISHED)
MISSING = 999_999_999
NO_TOKEN = "0" * 32


@dataclass
class World:
    """Units, people, their accounts, and the ids of things: `of[kind][owner]`."""

    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    of: dict[str, dict[str, Any]] = field(default_factory=dict)
    job: Any = None

    def put(self, kind: str, owner: str, thing: Any) -> None:
        """Remembers what a thing of somebody is called."""
        self.of.setdefault(kind, {})[owner] = thing


def build() -> World:
    """Everything, committed."""
    world = World()
    _units(world)
    _people(world)
    db.session.commit()
    _periods()
    for owner in world.people:
        _sheets(world, owner, OPEN, owner)
        _grades(world, owner)
    _sheets(world, "nam", CLOSED, "closed")
    db.session.commit()
    _petitions(world)
    _duties(world)
    _round(world)
    _lists(world)
    _registers(world)
    _jobs(world)
    db.session.commit()
    for name, unit in world.units.items():
        world.put("unit", name, unit.id)
    for month in ("2026-06", "2026-07"):
        rollups.run_month_now(Month.parse(month))
    _close()
    db.session.commit()
    return world


def _close() -> None:
    """Closes the older periods when everything stands in them."""
    for month in CLOSED.values():
        factories.period(month).closed_at = NOW - timedelta(days=1)


def _units(world: World) -> None:
    province = factories.unit(
        "Ủy ban nhân dân tỉnh", kind=UnitKind.PROVINCE, role=UnitRole.MANAGING_AGENCY, code="H99"
    )
    agency = {"kind": UnitKind.DEPARTMENT, "role": UnitRole.USING_AGENCY, "parent": province}
    world.units = {
        "province": province,
        "agency_a": factories.unit("Sở Tài chính", code="H99.101", **agency),
        "agency_b": factories.unit("Sở Y tế", code="H99.102", **agency),
        "agency_c": factories.unit("Sở Nội vụ", code="H99.103", **agency),
    }
    for name, parent in (
        ("division1", "agency_a"), ("division2", "agency_a"), ("office_a", "agency_a"),
        ("division3", "agency_b"), ("division4", "agency_c"),
    ):  # fmt: skip
        world.units[name] = factories.unit(f"Phòng {name}", parent=world.units[parent])


HEAD, DEPUTY, STAFF = Office.HEAD, Office.DEPUTY, Office.STAFF
SERVICE: dict[str, tuple[str, str, Office]] = {
    # who: name, unit, office
    "official": ("Nguyễn Thị Lan", "division1", STAFF),
    "nam": ("Lê Quang Nam", "division1", STAFF),
    "deputy": ("Phạm Văn Dũng", "division1", DEPUTY),
    "head": ("Trần Văn Hùng", "division1", HEAD),
    "delegate": ("Đào Trung Kiên", "division1", STAFF),
    "late_delegate": ("Đinh Thị Loan", "division1", STAFF),
    "hoa": ("Hoàng Thị Hoa", "division2", STAFF),
    "confirmer": ("Vũ Thị Thu", "agency_a", HEAD),
    "chairman": ("Đỗ Văn Chính", "province", HEAD),
    "personnel": ("Bùi Thị Nga", "office_a", STAFF),
    "lapsed": ("Cao Văn Tài", "office_a", STAFF),
    "oanh": ("Lý Thị Oanh", "division3", STAFF),
    "other_head": ("Mai Văn Phú", "agency_b", HEAD),
    "other_personnel": ("Tạ Thị Quyên", "division3", STAFF),
    "home_affairs": ("Hồ Thị Mai", "division4", STAFF),
    "inspector": ("Trương Văn Sơn", "division4", STAFF),
    "administrator": ("Ngô Văn Khôi", "division4", STAFF),
    "disabled": ("Lâm Văn Hạ", "division4", STAFF),
    "waiting": ("Kiều Thị Xuân", "division4", STAFF),
    "moved": ("Phan Văn Bảo", "division3", STAFF),
}
GRANTS: dict[str, tuple[Role, str]] = {
    "personnel": (Role.PERSONNEL, "agency_a"),
    "lapsed": (Role.PERSONNEL, "agency_a"),
    "other_personnel": (Role.PERSONNEL, "agency_b"),
    "home_affairs": (Role.HOME_AFFAIRS, "province"),
    "disabled": (Role.HOME_AFFAIRS, "province"),
    "waiting": (Role.HOME_AFFAIRS, "province"),
    "inspector": (Role.INSPECTOR, "province"),
    "administrator": (Role.ADMINISTRATOR, "province"),
}


def _people(world: World) -> None:
    job = factories.position()
    world.job = job
    for number, (who, (name, unit, office)) in enumerate(SERVICE.items(), 1):
        person = factories.person(
            name,
            personal_number=f"0{79000000000 + number}",
            kind=PersonKind.CAN_BO if who == "chairman" else PersonKind.CONG_CHUC,
        )
        world.people[who] = person
        if who == "moved":  # headed division 2 until yesterday
            factories.assignment(person, world.units["division2"], office=HEAD, until=TODAY)
        since = TODAY if who == "moved" else factories.BEGINNING
        factories.assignment(person, world.units[unit], office=office, job=job, since=since)
        world.accounts[who] = factories.account(person, username=who)
        world.put("account", who, world.accounts[who].id)
        if who in GRANTS:
            role, over = GRANTS[who]
            granted = RoleGrant(
                account_id=world.accounts[who].id,
                role=role,
                unit_id=world.units[over].id,
                valid_from=factories.BEGINNING,
                valid_to=TODAY if who == "lapsed" else None,
                waits_for_approval=who == "waiting",
            )
            db.session.add(granted)
            db.session.flush()
            if who in ("personnel", "other_personnel"):
                world.put("grant", over, (granted.account_id, granted.id))
            if who == "waiting":
                world.put("waiting grant", over, granted.id)
    db.session.flush()
    for seen, who in (("hung", "head"), ("lan", "official"), ("closed", "nam")):
        world.put("account", seen, world.accounts[who].id)
    # `hung` and `lan` are the head and the official, seen by others
    world.people["hung"], world.people["lan"] = world.people["head"], world.people["official"]


def chain_of(world: World, who: str) -> tuple[str, str, str]:
    """The units that supervise, confirm and employ somebody."""
    unit, office = SERVICE[who][1:]
    if unit == "province":
        return "province", "province", "province"
    agency = {"division1": "agency_a", "division2": "agency_a", "office_a": "agency_a"}.get(unit, unit)
    agency = {"division3": "agency_b", "division4": "agency_c"}.get(agency, agency)
    if unit == agency:
        return "province", "province", agency
    return (agency if office is HEAD else unit), agency, agency


def _periods() -> None:
    for months in (OPEN, CLOSED):
        for month in months.values():
            period = factories.period(month)
            period.assign_due, period.submit_due = date(2026, 12, 1), date(2026, 12, 5)
            period.score_due = period.confirm_due = period.publish_due = date(2026, 12, 20)
    db.session.flush()


def _own(who: str) -> str:
    return {"hung": "head", "lan": "official"}.get(who, who)


def _sheets(world: World, who: str, months: dict[ReportState, str], owner: str) -> None:
    if who in ("hung", "lan"):
        for known in world.of.values():
            if _own(who) in known:
                known[who] = known[_own(who)]
        return
    person = world.people[who]
    service = person.assignments[-1]
    supervising, confirming, agency = (world.units[name] for name in chain_of(world, who))
    scorer, head = world.people["nam"], world.people["hoa"]  # any two who are not the owner
    if who in ("nam", "hoa"):
        scorer, head = world.people["deputy"], world.people["oanh"]
    for state, month in months.items():
        report = factories.report(
            service, supervising=supervising, confirming=confirming, agency=agency, month=month
        )
        item = factories.item(report, assigned="4", done="3", added_by_owner=state is ReportState.DRAFT)
        factories.criteria(report, "28")
        _advance(report, state, scorer, head)
        world.put(f"sheet {state}", owner, report.id)
        world.put(f"item {state}", owner, item.id)
        if state is not ReportState.DRAFT:
            sheet = scores.freeze(_actor(person), report, Stage.OWN)
            db.session.flush()
            world.put(f"score {state}", owner, sheet.id)
        if state in SCORED:
            scores.freeze(_actor(scorer), report, Stage.SUPERVISOR)
        if state in FINAL:
            scores.freeze(_actor(head), report, Stage.FINAL)
        if state is ReportState.DRAFT:
            _evidence(world, owner, item.id, person.id)
    db.session.flush()


def _actor(person: Person) -> Actor:
    return actor_for(person.id, None, TODAY)


def _advance(report: Report, state: ReportState, scorer: Person, head: Person) -> None:
    with db.session.no_autoflush:
        _stamp(report, state, scorer, head)
    db.session.flush()


def _stamp(report: Report, state: ReportState, scorer: Person, head: Person) -> None:
    if state is not ReportState.DRAFT:
        report.submitted_at, report.opened_by_supervisor_at = NOW, None
    if state in SCORED:
        report.scored_by, report.scored_at = scorer.id, NOW
        report.organising = report.cohesion = 100
    if state in FINAL:
        report.confirmed_by, report.confirmed_at = head.id, NOW
    if state is ReportState.PUBLISHED:
        report.published_at = NOW
    report.state = state


def _evidence(world: World, owner: str, item_id: int, person_id: int) -> None:
    name = f"{uuid4().hex}.pdf"
    folder = kept_files.folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(PDF)
    file = Evidence(
        item_id=item_id, name="a.pdf", stored_name=name, media_type="application/pdf", size=len(PDF),
        sha256="0" * 64, uploaded_by=person_id,
    )  # fmt: skip
    db.session.add(file)
    db.session.flush()
    world.put("evidence", owner, file.id)


def _grades(world: World, who: str) -> None:
    if who in ("hung", "lan"):
        for state in GradeState:
            world.put(f"grade {state}", who, world.of[f"grade {state}"][_own(who)])
        return
    person = world.people[who]
    _supervising, confirming, agency = (world.units[name] for name in chain_of(world, who))
    for state, year in YEAR_OF.items():
        decided = state is not GradeState.PROPOSED
        grade = YearGrade(
            person_id=person.id, year=year, unit_id=person.assignments[-1].unit_id, agency_id=agency.id,
            confirming_unit_id=confirming.id, peer_group="Chuyên viên", status="SCORED", months_counted=12,
            mean=Decimal("85"), exact_mean="85", computed_class=Band.HTTNV, proposed_class=Band.HTTNV,
            steps=[], rulebook="decree-335-2025", fingerprint="x", state=state,
            decided_class=Band.HTTNV if decided else None,
            decided_by=world.people["nam" if who != "nam" else "hoa"].id if decided else None,
            decided_at=NOW if decided else None, decision_number="1/QĐ" if decided else None,
            published_at=NOW if state is GradeState.PUBLISHED else None,
        )  # fmt: skip
        db.session.add(grade)
        db.session.flush()
        world.put(f"grade {state}", who, grade.id)
    world.of["grade PROPOSED"]["closed"] = world.of["grade PROPOSED"].get("nam")
    for state in GradeState:
        world.of[f"grade {state}"]["closed"] = world.of[f"grade {state}"].get("nam")


def _petitions(world: World) -> None:
    """Everybody contests the confirmed month, nobody the published one or the class."""
    made: dict[int, Petition] = {}
    for owner, report_id in world.of["sheet CONFIRMED"].items():
        report = db.session.get_one(Report, report_id)
        if report_id not in made:
            made[report_id] = Petition(
                person_id=report.person_id, report_id=report_id, deciding_unit_id=report.confirming_unit_id,
                reason="Chưa tính đủ", due_on=TODAY + timedelta(days=9), lodged_at=NOW,
            )  # fmt: skip
            db.session.add(made[report_id])
            db.session.flush()
        world.put("petition", owner, made[report_id].id)


def _duties(world: World) -> None:
    """Hùng's duty lent until today, and again from today; others' duties lent; deputies in charge."""
    hung, units = world.people["head"], world.units
    for unit, lender, to, since, until in (
        ("division1", "head", "late_delegate", date(2026, 10, 1), TODAY),
        ("division1", "head", "delegate", TODAY, TODAY + timedelta(days=20)),
        ("agency_a", "confirmer", "hoa", TODAY + timedelta(days=5), TODAY + timedelta(days=9)),
        ("agency_b", "other_head", "oanh", TODAY + timedelta(days=5), TODAY + timedelta(days=9)),
    ):
        lent = Delegation(
            unit_id=units[unit].id, delegator_id=world.people[lender].id, delegate_id=world.people[to].id,
            document_number="12/UQ", reason="Đi công tác", valid_from=since, valid_to=until,
        )  # fmt: skip
        db.session.add(lent)
        db.session.flush()
        if since >= TODAY:
            world.put("delegation", unit, lent.id)
    for owner, deputy, unit in (("nam", "deputy", "division1"), ("oanh", "other_personnel", "division3")):
        charge = Charge(
            deputy_id=world.people[deputy].id,
            person_id=world.people[owner].id,
            valid_from=factories.BEGINNING,
        )
        db.session.add(charge)
        db.session.flush()
        world.put("charge", unit, (world.people[deputy].id, charge.id))
    assert hung.id
    for who, person in world.people.items():
        world.put("person", who, person.id)
        world.put("name", who, person.full_name)
        world.put("official number", who, person.official_number)
        world.put("assignment", who, (person.id, person.assignments[-1].id))
    world.put("person", "all", world.people["nam"].id)
    for kind in ("person", "assignment"):
        world.put(kind, "closed", world.of[kind]["nam"])


def _round(world: World) -> None:
    """A meeting of each division with its minutes, a conclusion about everybody."""
    for unit, agency, people in (
        ("division1", "agency_a", ("official", "nam")),
        ("division2", "agency_a", ("hoa",)),
        ("agency_a", "agency_a", ("head",)),
        ("division3", "agency_b", ("oanh",)),
        ("agency_b", "agency_b", ("other_head",)),
    ):
        name = f"{uuid4().hex}.pdf"
        (kept_files.folder() / name).write_bytes(PDF)
        meeting = ReviewMeeting(
            year=2026, agency_id=world.units[agency].id, unit_id=world.units[unit].id, held_on=YESTERDAY,
            chair="A", secretary="B", invited=3, present=3, minutes="Nhất trí.", recorded_by=world.people["chairman"].id,
            file_name="bien-ban.pdf", stored_name=name, sha256="0" * 64,
        )  # fmt: skip
        db.session.add(meeting)
        db.session.flush()
        proposed = ReviewMeeting(
            year=YEAR_OF[GradeState.PROPOSED], agency_id=meeting.agency_id, unit_id=meeting.unit_id, held_on=YESTERDAY,
            chair="A", secretary="B", invited=3, present=3, minutes="Nhất trí.", recorded_by=meeting.recorded_by,
        )  # fmt: skip
        db.session.add(proposed)
        db.session.flush()
        for who in people:
            db.session.add_all(
                MeetingOpinion(meeting_id=one.id, person_id=world.people[who].id)
                for one in (meeting, proposed)
            )
        world.put("meeting", unit, meeting.id)
    for who, person in list(world.people.items()):
        if who in ("hung", "lan"):
            world.put("conclusion", who, world.of["conclusion"][_own(who)])
            continue
        known = Conclusion(
            person_id=person.id, year=2026, blocker=next(iter(Blocker)), body="Ủy ban Kiểm tra", document_number="1/KL",
            concluded_on=YESTERDAY, recorded_by=world.people["chairman"].id,
        )  # fmt: skip
        db.session.add(known)
        db.session.flush()
        world.put("conclusion", who, known.id)
    world.put("conclusion", "closed", world.of["conclusion"]["nam"])


def _lists(world: World) -> None:
    """A list for commendation with a line for each agency, and registers of discipline."""
    run = commendations.run_now(2026, "LDTT")
    world.put("run", "all", run.id)
    for owner, agency in (("lan", "agency_a"), ("oanh", "agency_b")):
        entry = (
            db.session.query(EligibilityEntry)
            .filter_by(run_id=run.id, person_id=world.people[owner].id)
            .one()
        )
        world.put("entry", agency, entry.id)
        line = Discipline(
            person_id=world.people[owner].id, form=DisciplineForm.KHIEN_TRACH, duty_related=False,
            decision_number="8/QĐ", decided_on=YESTERDAY, starts_on=YESTERDAY, ends_on=date(2027, 11, 1),
        )  # fmt: skip
        db.session.add(line)
        db.session.flush()
        world.put("discipline", agency, line.id)
    folder = Path(current_app.config["EXPORTS_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    export = NationalExport(
        made_at=NOW, until=NOW, due_on=TODAY, people=1, results=1, stored_name="x.zip", sha256="0" * 64
    )
    db.session.add(export)
    db.session.flush()
    world.put("export", "province", export.id)


def _registers(world: World) -> None:
    """A product of each agency, the position everybody holds, a file read in by each who reads files in."""
    for agency in ("agency_a", "agency_b"):
        version = factories.product(world.units[agency], positions=[world.job])
        world.put("product", agency, version.product_id)
    world.put("position", "all", world.job.id)
    world.put("period", "all", db.session.query(Period).filter_by(month=date(2026, 10, 1)).one().id)
    world.put("closed period", "all", db.session.query(Period).filter_by(month=date(2026, 5, 1)).one().id)


def _jobs(world: World) -> None:
    """Of everybody: a job, and a finished file of each kind that jobs make."""
    folder = Path(current_app.config["EXPORTS_DIR"])
    for who, person in world.people.items():
        if who in ("hung", "lan"):
            for kind in (
                "job",
                "forms token",
                "registers token",
                "commendations token",
                "income token",
                "audit token",
            ):
                world.put(kind, who, world.of[kind][_own(who)])
            continue
        agency = world.units[chain_of(world, who)[2]].id
        unit = world.units[SERVICE[who][1]].id
        for kind, name, given, ending in (
            ("job", "rollups.month", {"month": "2026-06"}, None),
            (
                "forms token", "forms.unit_file",
                {"unit_id": unit, "unit": "x", "what": "01", "when": "2026-06", "ids": []}, "docx",
            ),
            (
                "registers token", "registers.export",
                {
                    "noun": "PEOPLE", "what": "nhân sự", "day": str(TODAY), "whole": False, "tops": [agency],
                    "number_tops": None, "unit_id": agency,
                },
                "xlsx",
            ),
            (
                "commendations token", "commendations.export",
                {
                    "run_id": world.of["run"]["all"], "kind": "xlsx", "authorities": [agency], "statuses": None,
                    "name": None, "unit_id": agency,
                },
                "xlsx",
            ),
            ("income token", "extra_income.export", {"stretch": "2026-06", "period": "06/2026", "agencies": [agency]}, "xlsx"),
            ("audit token", "audit.export", {"unit_id": agency, "units": [agency]}, "jsonl"),
        ):  # fmt: skip
            token = uuid4().hex
            job = Job(
                name=name, key=f"{name}:{who}", arguments={**given, "token": token}, state=JobState.DONE,
                requested_by=person.id, finished_at=NOW, result={},
            )  # fmt: skip
            db.session.add(job)
            db.session.flush()
            if ending:
                (folder / f"{token}.{ending}").write_bytes(b"PK\x05\x06" + b"\0" * 18)
                (folder / f"{token}.json").write_text('{"rows": 0, "left_out": []}')
            world.put(kind, who, token if ending else job.id)
    for kind in (
        "job",
        "forms token",
        "registers token",
        "commendations token",
        "income token",
        "audit token",
    ):
        world.put(kind, "closed", world.of[kind]["nam"])
    for who in ("administrator", "home_affairs"):
        actor = actor_for(world.people[who].id, world.accounts[who].id, TODAY)
        batch = imports.preview(
            actor,
            ImportNoun.PEOPLE,
            name="a.xlsx",
            data=imports.template(ImportNoun.PEOPLE),
            options=Options(day=TODAY),
        )
        world.put("batch", who, batch.id)
    for who in ("personnel", "other_personnel"):
        from evaluation.services import catalogue_batches

        actor = actor_for(world.people[who].id, world.accounts[who].id, TODAY)
        batch = catalogue_batches.upload(actor, name="d.xlsx", data=annex(row(), row("DC.01")))
        world.put("catalogue batch", who, batch.id)
    for who, person in world.people.items():
        receipt = str(uuid4())
        db.session.add(
            Receipt(
                transaction_id=receipt, actor_id=person.id, action="report.confirmed", result={"reports": [], "confirmed": []}
            )
        )  # fmt: skip
        world.put("receipt", who, receipt)
    world.put("receipt", "closed", world.of["receipt"]["nam"])


__all__ = ["MISSING", "NOW", "NO_TOKEN", "TODAY", "ImportBatch", "World", "build"]
