"""Lists of titles as files: the .xlsx with everybody and why, the .csv of the command line, the draft Tờ trình."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation.clock import PROVINCE_ZONE
from evaluation.extensions import db
from evaluation.files import documents
from evaluation.files.sheets import OutColumn, OutTable, safe_text, write_tables
from evaluation.models import EligibilityRun, Job
from evaluation.queries import commendations as queries
from evaluation.queries.commendations import Filters
from evaluation.rules.bands import LABELS
from evaluation.rules.explain import parse_exact, shown
from evaluation.rules.organisation import Gender
from evaluation.rules.permissions import Action
from evaluation.rules.verdicts import VerdictStatus
from evaluation.services import commendation_lists as lists
from evaluation.services import commendation_words as words
from evaluation.services import jobs, rulebooks
from evaluation.services.access import Actor
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Missing

ROWS_AT_ONCE = 2000
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
PARTS = (
    ("Eligible", (VerdictStatus.ELIGIBLE,)),
    ("To be looked at", (VerdictStatus.NEEDS_REVIEW, VerdictStatus.HOLD)),
    ("Not eligible", (VerdictStatus.NOT_ELIGIBLE,)),
)


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is ready."""

    name: str
    media_type: str
    data: bytes | Path


def download(actor: Actor, year: int, award: str, kind: str, asked: Filters) -> Made | Job:
    """The newest list as a file at once, or over 2,000 lines as a job that stores it for whoever asked."""
    run = lists.run_for(year, award)
    within = lists.within(actor, asked)
    if kind not in KINDS:
        raise Missing(_("There is no such file."))
    if queries.count(run, within) <= ROWS_AT_ONCE:
        return Made(file_name(run, kind), KINDS[kind], _written(run, within, kind))
    given = {
        "run_id": run.id,
        "kind": kind,
        "authorities": None if within.authorities is None else list(within.authorities),
        "statuses": None if within.statuses is None else list(within.statuses),
        "name": within.name,
        "token": uuid4().hex,
        "unit_id": within.authorities[0] if within.authorities else None,
    }
    key = ":".join(f"{key}={value}" for key, value in given.items() if key != "token")
    return jobs.ask(actor, EXPORT.name, given, key=f"{EXPORT.name}:{actor.person_id}:{key}")


def stored(actor: Actor, token: str) -> Made:
    """A file that a job made, for the one who asked for it and nobody else."""
    job = queries.job_of_file(EXPORT.name, token)
    path = _place(job.arguments) if job is not None else None
    if job is None or path is None or job.requested_by != actor.person_id or not path.is_file():
        raise Missing(_("There is no such file."))
    run = db.session.get_one(EligibilityRun, job.arguments["run_id"])
    return Made(file_name(run, job.arguments["kind"]), KINDS[job.arguments["kind"]], path)


def file_name(run: EligibilityRun, kind: str) -> str:
    """The name the reader's machine sees: no accents, so that every machine keeps it."""
    stem = "danh-sach" if kind != "docx" else "to-trinh"
    return f"{stem}-{run.award.lower()}-{run.year}.{kind}"


def columns(year: int) -> list[tuple[OutColumn, Callable[[Row[Any], int], object]]]:
    """The columns of the list of candidates with how each is filled."""
    return [
        (OutColumn(_("No."), 6, "integer"), lambda row, number: number),
        (OutColumn(_("Full name"), 26), lambda row, _n: row.full_name),
        (OutColumn(_("Born on"), 12, "date"), _born),
        (OutColumn(_("Gender"), 9), lambda row, _n: gender(row)),
        (OutColumn(_("Office"), 20), lambda row, _n: row.title),
        (OutColumn(_("Unit"), 30), lambda row, _n: row.unit_name),
        (
            OutColumn(_("Group"), 16),
            lambda row, _n: _("Leader") if row.facts["leads"] else _("Direct worker"),
        ),
        *((OutColumn(_("Class of %(year)s", year=of), 16), _klass(of)) for of in (year, year - 1, year - 2)),
        (OutColumn(_("Mean of %(year)s", year=year), 12, "number"), lambda row, _n: exact_mean(row)),
        (OutColumn(_("Initiatives (level, decision)"), 32), lambda row, _n: words.initiatives(row)),
        (OutColumn(_("Titles held (decision)"), 32), lambda row, _n: words.titles(row)),
        (
            OutColumn(_("Discipline, open matters"), 28),
            lambda row, _n: "; ".join(filter(None, (words.disciplines(row), words.pending(row)))),
        ),
        (OutColumn(_("Title proposed"), 14), lambda row, _n: words.short_award(row.award)),
        (
            OutColumn(_("Grounds (article)"), 40),
            lambda row, _n: "; ".join(dict.fromkeys(one["article"] for one in row.findings)),
        ),
        (OutColumn(_("Result of the check"), 20), lambda row, _n: words.status_name(row.status)),
        (OutColumn(_("Reason"), 46), lambda row, _n: why(row, year)),
        (OutColumn(_("Vote (for / all)"), 12), lambda row, _n: ""),
        (OutColumn(_("Bonus"), 12), lambda row, _n: ""),
        (OutColumn(_("Note"), 18), lambda row, _n: note(row)),
    ]


def why(row: Row[Any], year: int) -> str:
    """Every finding that is not met, in the order of the gates."""
    return "; ".join(
        said.says
        for one, said in zip(row.findings, words.findings(row, year), strict=True)
        if one["met"] is not True
    )


def note(row: Row[Any]) -> str:
    """Rank under the cap, where the title has one."""
    if row.rank is None:
        return ""
    rank = _("Rank %(rank)s", rank=row.rank)
    return f"{rank}, {_('over the cap')}" if row.within_quota is False else rank


def gender(row: Row[Any]) -> str:
    """Nam or Nữ, nothing when the register is silent."""
    return {Gender.MALE.value: _("Male"), Gender.FEMALE.value: _("Female")}.get(row.gender, "")


def exact_mean(row: Row[Any]) -> Fraction | None:
    """The annual score without loss."""
    return parse_exact(row.exact_mean) if row.exact_mean else None


def _born(row: Row[Any], _number: int) -> object:
    return str(row.born_on.year) if row.born_on and row.born_year_only else row.born_on


def _klass(year: int) -> Callable[[Row[Any], int], object]:
    def fill(row: Row[Any], _number: int) -> object:
        classes = row.facts["classes"]
        if str(year) not in classes:
            return ""
        klass = classes[str(year)]
        return _(LABELS[klass]) if klass else _("Not rated")

    return fill


def write_xlsx(run: EligibilityRun, within: Filters, target: Any) -> None:
    """Three sheets: who is eligible, who waits for a person, who is refused; each line says why."""
    filled = columns(run.year)
    write_tables(
        (
            OutTable(
                _(name),
                [column for column, _fill in filled],
                _filled(run, within, filled, statuses),
                _titles(run, _(name)),
            )
            for name, statuses in PARTS
        ),
        target,
    )


def csv_lines(run: EligibilityRun, within: Filters) -> Iterator[str]:
    """The list as lines of a .csv that Excel opens as text: CRLF, decimal comma, no text becomes a formula."""
    filled = columns(run.year)
    yield _csv_line([column.title for column, _fill in filled])
    for number, row in enumerate(queries.all_lines(run, within), 1):
        yield _csv_line([_csv_cell(fill(row, number)) for _column, fill in filled])


def _csv_cell(value: object) -> str:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Fraction):
        return shown(value)
    return "" if value is None else safe_text(str(value))


def _csv_line(cells: list[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow(cells)
    return target.getvalue()


def _filled(
    run: EligibilityRun, within: Filters, filled: list[Any], statuses: tuple[VerdictStatus, ...]
) -> Iterator[list[object]]:
    for number, row in enumerate(part(run, within, statuses), 1):
        yield [fill(row, number) for _column, fill in filled]


def part(run: EligibilityRun, within: Filters, statuses: tuple[VerdictStatus, ...]) -> Iterator[Row[Any]]:
    """The lines of some statuses, as far as the reader asked for them."""
    wanted = [one.value for one in statuses if within.statuses is None or one in within.statuses]
    if wanted:
        yield from queries.all_lines(run, replace(within, statuses=tuple(wanted)))


def _titles(run: EligibilityRun, name: str) -> list[str]:
    moment = run.run_at.astimezone(PROVINCE_ZONE)
    return [
        _("List of %(award)s, %(year)s", award=words.award_name(run.award), year=run.year) + f" - {name}",
        _(
            "Computed at %(time)s on %(day)s; rulebook %(rulebook)s, fingerprint %(fingerprint)s",
            time=f"{moment:%H:%M}",
            day=f"{moment:%d/%m/%Y}",
            rulebook=run.rulebook,
            fingerprint=run.fingerprint[:12],
        ),
    ]


def submission(run: EligibilityRun, within: Filters) -> documents.Submission:
    """The draft Tờ trình for those within the cap, or for all who are eligible where there is none; always Vietnamese."""
    chosen = (
        row
        for row in part(run, replace(within, statuses=None), (VerdictStatus.ELIGIBLE,))
        if row.within_quota is not False
    )
    with force_locale("vi"):
        people = [_annexed(row, number, run.year) for number, row in enumerate(chosen, 1)]
        award = words.award_name(run.award)
        authorities = lists.authorities_of(run, frozenset(within.authorities) if within.authorities else None)
        one = authorities[0].name if len(authorities) == 1 else None
        return documents.Submission(
            superior=current_app.config.get("AGENCY_NAME", "").upper(),
            issuer=(one or "Sở Nội vụ").upper(),
            sign="……",
            place="……………",
            year=run.year,
            award=award,
            recipient=f"Hội đồng Thi đua - Khen thưởng {one or 'tỉnh'}",
            grounds=_grounds(run),
            body=_body(run, award, len(people), [one.counts for one in authorities]),
            people=people,
            closing=f"Danh sách gồm {len(people)} cá nhân",
        )


def _grounds(run: EligibilityRun) -> list[str]:
    """Laws of the day the dossier was received, from the rulebooks, then the results the list stands on."""
    shelf = rulebooks.shelf()
    laws = [shelf.named(run.rulebook).title, shelf.for_day("evaluation", date(run.year, 12, 31)).title]
    moment = run.run_at.astimezone(PROVINCE_ZONE)
    return [
        *(f"Căn cứ {law};" for law in laws),
        f"Căn cứ kết quả xếp loại chất lượng năm {run.year} và kết quả rà soát điều kiện lúc {moment:%H:%M}"
        f" ngày {moment:%d/%m/%Y} (bộ quy tắc {run.rulebook}, mã {run.fingerprint[:12]}).",
    ]


def _body(run: EligibilityRun, award: str, proposed: int, counts: list[dict[str, Any]]) -> list[str]:
    total = {key: sum(one[key] or 0 for one in counts) for key in ("total", "ldtt", "quota", "over")}
    waiting = sum(one["NEEDS_REVIEW"] + one["HOLD"] for one in counts)
    refused = sum(one["NOT_ELIGIBLE"] for one in counts)
    lines = [
        f"Qua rà soát {total['total']} công chức theo các quy định nêu trên, có {proposed} cá nhân đủ điều kiện"
        f" đề nghị tặng danh hiệu “{award}” năm {run.year}; {waiting} cá nhân chờ xem xét và {refused} cá nhân"
        " không đủ điều kiện, lý do từng trường hợp ghi tại danh sách kèm theo hồ sơ."
    ]
    if any(one["quota"] is not None for one in counts):
        share = shown(parse_exact((run.summary or {})["share"]) * 100, 0)
        lines.append(
            f"Số đề nghị trong mức trần {share}% tính trên {total['ldtt']} cá nhân đạt danh hiệu “Lao động tiên tiến”"
            f" của cùng cấp quyết định: {total['quota']} suất; số đủ điều kiện vượt trần: {total['over']}."
        )
    return [
        *lines,
        f"Kính trình Hội đồng Thi đua - Khen thưởng xem xét, đề nghị cấp có thẩm quyền quyết định tặng danh hiệu"
        f" “{award}” năm {run.year} cho {proposed} cá nhân (có danh sách kèm theo)./.",
    ]


def _annexed(row: Row[Any], number: int, year: int) -> dict[str, str]:
    born = ""
    if row.born_on:
        born = str(row.born_on.year) if row.born_year_only else f"{row.born_on:%d/%m/%Y}"
    mean = exact_mean(row)
    return {
        "number": str(number),
        "name": row.full_name,
        "born": born,
        "gender": gender(row),
        "title": row.title,
        "unit": row.unit_name,
        "klass": _(LABELS[row.rating]) if row.rating else "",
        "score": "" if mean is None else shown(mean),
        "initiatives": words.initiatives(row, year),
    }


def _written(run: EligibilityRun, within: Filters, kind: str) -> bytes:
    if kind == "docx":
        return documents.write_submission(submission(run, within))
    target = io.BytesIO()
    write_xlsx(run, within, target)
    return target.getvalue()


def _place(arguments: dict[str, Any]) -> Path:
    return Path(current_app.config["EXPORTS_DIR"]) / f"{arguments['token']}.{arguments['kind']}"


def _make(arguments: dict[str, Any], _piece: dict[str, Any]) -> None:
    run = db.session.get_one(EligibilityRun, arguments["run_id"])
    chosen = {key: arguments[key] for key in ("authorities", "statuses")}
    within = Filters(
        **{key: None if value is None else tuple(value) for key, value in chosen.items()},
        name=arguments["name"],
    )
    place = _place(arguments)
    fresh = place.with_suffix(".part")
    if arguments["kind"] == "docx":
        fresh.write_bytes(_written(run, within, "docx"))
    else:
        write_xlsx(run, within, str(fresh))
    fresh.rename(place)


EXPORT = register(
    Kind(
        "commendations.export",
        "File of a list (%(kind)s)",
        lambda _arguments: [Piece(1, "file", {})],
        _make,
        needs=Action.READ_COMMENDATIONS,
        unit_of=lambda arguments: arguments.get("unit_id"),
    )
)
