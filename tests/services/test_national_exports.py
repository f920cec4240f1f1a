"""Results for the national database: what changed, whole lists, nobody dropped in silence, a register of what went when."""

import base64
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from evaluation.extensions import db
from evaluation.models import (
    AuditEvent,
    Job,
    NationalExport,
    NationalExportRow,
    Person,
    Report,
    ScoreSheet,
    Stage,
    UnitCode,
)
from evaluation.queries import national_exports as questions
from evaluation.rules.bands import Band
from evaluation.rules.national_codes import FOLDER, codes_for, load, two_decimals
from evaluation.rules.permissions import Role
from evaluation.rules.rulebook import RulebookError
from evaluation.rules.workflow import ReportState
from evaluation.services import jobs, national_export_files, national_exports, petition_answers
from evaluation.services.refusals import Conflict, Forbidden, Invalid
from tests import factories
from tests.services.test_petitions import DAY, all_done, confirmed, grade, lodged, thu


@pytest.fixture
def office(database: Any, clock: Any, enqueued: Any) -> factories.Office1:
    clock(DAY)
    made = factories.office()
    clerk = factories.person("Phạm Ngọc Mai")
    factories.assignment(clerk, made.department)
    factories.account(clerk, roles=[(Role.HOME_AFFAIRS, made.province)])
    made.mai = clerk  # type: ignore[attr-defined]
    db.session.commit()
    return made


def mai(office: Any) -> Any:
    return factories.actor(office.mai, DAY)


def make(office: Any) -> NationalExport:
    job = national_exports.ask(mai(office))
    jobs.run(job.id)
    db.session.expire_all()
    found = db.session.get_one(Job, job.id)
    assert found.error is None
    return db.session.get_one(NationalExport, found.result["export"])  # type: ignore[index]


def opened(office: Any, export: NationalExport) -> tuple[list[dict[str, Any]], zipfile.ZipFile]:
    archive = zipfile.ZipFile(national_exports.download(mai(office), export.id)[1])
    lines = archive.read("thong-diep.jsonl").decode().splitlines()
    encoded = archive.read("thong-diep.base64.txt").decode().splitlines()
    assert [base64.b64decode(one).decode() for one in encoded] == lines
    return [json.loads(line) for line in lines], archive


def test_a_message_carries_the_whole_list_by_codes_and_no_personal_number(office: Any) -> None:
    office.lan.personal_number = "001085012345"
    confirmed(office, office.lan)
    grade(office, office.lan, Band.HTTNV)
    export = make(office)
    (message,), archive = opened(office, export)
    header, body = message["Data"]["Header"], message["Data"]["Body"]["HOSO_CBCCVC"]
    codes = dict(db.session.execute(select(UnitCode.unit_id, UnitCode.code)).all())  # type: ignore[arg-type]
    assert header == {"Sender_Code": codes[office.province.id], "Action_Type": "EDIT"}
    assert body["THONGTINCHUNG"] == {
        "SoHieuCBCCVC_BNDP": office.lan.official_number,
        "SoHieuCBCCVC": office.lan.official_number,
        "HoVaTen": "Nguyễn Thị Lan",
        "MaDonViQuanLy": codes[office.province.id],
        "MaDonviSuDung": codes[office.department.id],
    }
    assert body["DS_KETQUA_DANHGIA_PHANLOAI"] == [
        {
            "LoaiKyDanhGia": "THANG",
            "KyDanhGia": "2026-03",
            "NamDanhGia": "2026",
            "DiemDanhGia": "80.50",
            "KetQuaDanhGia": "HTTNV",
            "NgayCoKetQua": "2026-04-01",
        },
        {
            "LoaiKyDanhGia": "NAM",
            "KyDanhGia": "2026",
            "NamDanhGia": "2026",
            "DiemDanhGia": "85.00",
            "KetQuaDanhGia": "HTTNV",
            "SoQuyetDinh": "12/QĐ",
            "NgayCoKetQua": "2026-04-01",
        },
    ]
    assert "001085012345" not in "".join(archive.read(name).decode() for name in archive.namelist())
    assert (export.people, export.results, export.due_on) == (1, 2, date(2026, 4, 6))


def test_a_second_file_right_after_the_first_is_refused_and_only_what_changed_goes_next(
    office: Any, clock: Any
) -> None:
    report = confirmed(office, office.lan)
    confirmed(office, office.nam)
    first = make(office)
    assert (first.people, first.results) == (2, 2)
    with pytest.raises(Conflict):
        national_exports.ask(mai(office))
    assert questions.since_last()[0] == 0
    clock(date(2026, 4, 2))
    petition = lodged(office, report)
    petition_answers.uphold_score(thu(office), petition.id, findings=all_done(report), answer="Đúng")
    assert questions.since_last()[0] == 1
    second = make(office)
    (message,), _archive = opened(office, second)
    (row,) = message["Data"]["Body"]["HOSO_CBCCVC"]["DS_KETQUA_DANHGIA_PHANLOAI"]
    assert (second.people, second.results, row["DiemDanhGia"]) == (1, 1, "98.00")


def test_nothing_is_due_before_a_result_and_drafts_are_never_sent(office: Any) -> None:
    factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    assert national_exports.due(mai(office)).waiting.results == 0
    with pytest.raises(Conflict):
        national_exports.ask(mai(office))
    assert db.session.query(Job).count() == 0


def test_who_cannot_be_sent_is_listed_with_the_reason_and_sent_once_it_is_mended(office: Any) -> None:
    confirmed(office, office.lan)
    confirmed(office, office.nam)
    office.nam.official_number = " "
    db.session.commit()
    due = national_exports.due(mai(office))
    assert [(one.name, one.why) for one in due.left_out] == [("Lê Quang Nam", "no official number")]
    assert (due.waiting.results, due.waiting.sendable, due.due_on) == (2, 1, date(2026, 4, 6))
    first = make(office)
    messages, archive = opened(office, first)
    assert (first.people, len(messages)) == (1, 1)
    assert "Lê Quang Nam" in archive.read("khong-gui-duoc.txt").decode()
    with pytest.raises(Conflict):
        national_exports.ask(mai(office))
    office.nam.official_number = "CC-9"
    db.session.commit()
    assert make(office).people == 1


def test_an_agency_without_a_code_on_the_day_is_named(office: Any) -> None:
    confirmed(office, office.lan)
    db.session.query(UnitCode).filter_by(unit_id=office.department.id).update({"valid_to": date(2026, 3, 31)})
    db.session.commit()
    (one,) = national_exports.due(mai(office)).left_out
    assert one.why == "the using agency has no code today"
    with pytest.raises(Conflict):
        national_exports.ask(mai(office))


def test_only_home_affairs_makes_downloads_and_hands_over(office: Any) -> None:
    confirmed(office, office.lan)
    for call in (
        lambda who: national_exports.ask(who),
        lambda who: national_exports.due(who),
        lambda who: national_exports.download(who, 1),
        lambda who: national_exports.hand_over(who, 1, receipt="1"),
    ):
        with pytest.raises(Forbidden):
            call(thu(office))


def test_handing_over_is_recorded_once_with_its_receipt_and_found_by_name(office: Any, clock: Any) -> None:
    confirmed(office, office.lan)
    export = make(office)
    with pytest.raises(Invalid) as refused:
        national_exports.hand_over(mai(office), export.id, receipt=" ")
    assert refused.value.faults[0].place == "receipt"
    clock(date(2026, 4, 3))
    national_exports.hand_over(mai(office), export.id, receipt="BN-77/2026")
    with pytest.raises(Conflict):
        national_exports.hand_over(mai(office), export.id, receipt="BN-78/2026")
    (row,) = questions.sent(1, words="nguyen thi lan").rows
    assert (row.export_id, row.receipt, row.exact_total) == (export.id, "BN-77/2026", "161/2")
    assert questions.sent(1, words="le quang").total == 0
    actions = db.session.scalars(select(AuditEvent.action).where(AuditEvent.object_type == "national_export"))
    assert sorted(actions) == ["national_export.handed_over", "national_export.made"]


def test_a_stored_file_that_was_touched_is_not_given_out(office: Any, app: Any) -> None:
    confirmed(office, office.lan)
    export = make(office)
    path = Path(app.config["EXPORTS_DIR"]) / export.stored_name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Conflict):
        national_exports.download(mai(office), export.id)


def test_a_piece_done_twice_registers_once(office: Any) -> None:
    confirmed(office, office.lan)
    arguments = national_export_files.arguments_of(None)
    pieces = national_export_files.plan(arguments)
    for piece in (*pieces[:-1], *pieces[:-1], pieces[-1]):
        national_export_files.run(arguments, piece.arguments)
    national_export_files.run(arguments, pieces[-1].arguments)
    assert db.session.query(NationalExport).count() == 1
    assert db.session.query(NationalExportRow).count() == 1


def test_thousands_of_people_go_in_pieces_and_every_one_is_registered(office: Any) -> None:
    many = 2100
    base = factories.report(
        office.lan.assignments[0],
        supervising=office.division,
        confirming=office.department,
        agency=office.department,
    )
    people = [
        {
            "official_number": f"N{number:05d}",
            "full_name": f"Người số {number}",
            "sort_key": f"{number:05d}",
            "search_key": f"nguoi so {number}",
            "kind": "CONG_CHUC",
        }
        for number in range(many)
    ]
    ids = list(db.session.scalars(insert(Person).returning(Person.id), people))
    from evaluation import clock as clock_module
    from evaluation.models import Assignment

    moment = clock_module.now()
    db.session.execute(
        insert(Assignment),
        [
            {
                "person_id": one,
                "unit_id": office.division.id,
                "office": "STAFF",
                "title": "Chuyên viên",
                "is_main": True,
                "valid_from": factories.BEGINNING,
            }
            for one in ids
        ],
    )
    common = {
        name: getattr(base, name)
        for name in (
            "period_id", "unit_id", "agency_id", "office", "title", "supervising_unit_id", "confirming_unit_id",
            "rulebook",
        )
    }  # fmt: skip
    common |= {
        "state": ReportState.PUBLISHED,
        "submitted_at": moment,
        "scored_at": moment,
        "scored_by": office.hung.id,
        "confirmed_at": moment,
        "confirmed_by": office.thu.id,
        "published_at": moment,
    }
    sheets = list(
        db.session.scalars(insert(Report).returning(Report.id), [common | {"person_id": one} for one in ids])
    )
    db.session.execute(
        insert(ScoreSheet),
        [
            {
                "report_id": one,
                "stage": Stage.FINAL,
                "status": "SCORED",
                "total": Decimal(80),
                "exact_total": "80",
                "band": Band.HTTNV,
                "steps": [],
                "inputs": {},
                "rulebook": "decree-335-2025",
                "fingerprint": "x",
                "decided_by": office.thu.id,
                "decided_at": moment,
            }
            for one in sheets
        ],
    )
    db.session.commit()
    job = national_exports.ask(mai(office))
    assert len(job.chunks) == 3
    jobs.run(job.id)
    export = db.session.query(NationalExport).one()
    messages, _archive = opened(office, export)
    assert (len(messages), export.people, db.session.query(NationalExportRow).count()) == (many, many, many)


def test_codes_are_matched_whole_and_a_catalogue_with_a_hole_does_not_load(tmp_path: Path) -> None:
    codes = codes_for(DAY)
    assert set(codes.results) == {band.value for band in Band}
    assert not codes.verified
    broken = tmp_path / "x.yaml"
    known = (FOLDER / "results-2026.yaml").read_text(encoding="utf-8")
    broken.write_text(
        known.replace("  HTNV: { code: HTNV, name: Hoàn thành nhiệm vụ }\n", ""), encoding="utf-8"
    )
    with pytest.raises(RulebookError, match=r"x\.yaml, line \d+"):
        load(broken)
    broken.write_text(known.replace("code: KHTNV", "code: HTNV"), encoding="utf-8")
    with pytest.raises(RulebookError, match="two levels have one code"):
        load(broken)
    broken.write_text(
        known + "update_days: { article: Điều 26.1.d NĐ 335/2025, days: 6 }\n", encoding="utf-8"
    )
    with pytest.raises(RulebookError, match="the parts are"):
        load(broken)  # the days are the decree's alone


def test_the_last_day_is_the_decrees(office: Any, app: Any, tmp_path: Path, clock: Any) -> None:
    from evaluation.rules.rulebook import FOLDER as BOOKS

    for path in BOOKS.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(
            text.replace("counts: DAYS, days: 5", "counts: DAYS, days: 9"), encoding="utf-8"
        )
    clock(DAY)
    since = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert national_export_files.last_day(since) == date(2026, 4, 6)
    app.config["RULEBOOKS_DIR"] = str(tmp_path)
    try:
        assert national_export_files.last_day(since) == date(2026, 4, 10)
        assert national_export_files.days() == 9
    finally:
        app.config["RULEBOOKS_DIR"] = None


def test_points_are_written_half_up_with_two_decimals() -> None:
    from fractions import Fraction

    assert [two_decimals(Fraction(one)) for one in ("161/2", "89995/1000", "2/3", "100", "0")] == [
        "80.50",
        "90.00",
        "0.67",
        "100.00",
        "0.00",
    ]
