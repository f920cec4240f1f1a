"""The draft Tờ trình of a list: grounds of the day of receipt, what the check found, who is proposed; always Vietnamese."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Row

from evaluation.clock import PROVINCE_ZONE
from evaluation.files import documents
from evaluation.models import EligibilityRun
from evaluation.queries import commendations as queries
from evaluation.queries.commendations import Filters
from evaluation.rules.bands import LABELS, Band
from evaluation.rules.explain import parse_exact, shown
from evaluation.rules.verdicts import FORMS, VerdictStatus
from evaluation.services import commendation_lists as lists
from evaluation.services import commendation_words as words
from evaluation.services import rulebooks
from evaluation.services.commendation_columns import exact_mean, gender, share


def part(run: EligibilityRun, within: Filters, statuses: tuple[VerdictStatus, ...]) -> Iterator[Row[Any]]:
    """The lines of some statuses, as far as the reader asked for them."""
    wanted = [one.value for one in statuses if within.statuses is None or one in within.statuses]
    if wanted:
        yield from queries.all_lines(run, replace(within, statuses=tuple(wanted)))


def submission(run: EligibilityRun, within: Filters) -> documents.Submission:
    """The draft Tờ trình for those within the cap, or for all who are eligible where there is none; always Vietnamese."""
    chosen = (
        row
        for row in part(run, replace(within, statuses=None), (VerdictStatus.ELIGIBLE,))
        if row.within_quota is not False
    )
    with force_locale("vi"):
        rows = list(chosen)
        persons = [row for row in rows if row.person_id is not None]
        collectives = [row for row in rows if row.person_id is None]
        whom = _whom(rows)
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
            kind=_kind(run),
            recipient=f"Hội đồng Thi đua - Khen thưởng {one or 'tỉnh'}",
            grounds=_grounds(run),
            body=_body(run, award, whom, [one.counts for one in authorities]),
            people=[_annexed(row, number, run.year) for number, row in enumerate(persons, 1)],
            collectives=[_collective(row, number, run.year) for number, row in enumerate(collectives, 1)],
            closing=f"Danh sách gồm {whom}",
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


def _body(run: EligibilityRun, award: str, whom: str, counts: list[dict[str, Any]]) -> list[str]:
    total = {key: sum(one[key] or 0 for one in counts) for key in ("total", "ldtt", "quota", "over")}
    waiting = sum(one["NEEDS_REVIEW"] + one["HOLD"] for one in counts)
    refused = sum(one["NOT_ELIGIBLE"] for one in counts)
    collectives = sum(one.get("collectives", 0) for one in counts)
    examined = _counted(total["total"] - collectives, "công chức", collectives)
    lines = [
        f"Qua rà soát {examined} theo các quy định nêu trên, có {whom} đủ điều kiện"
        f" đề nghị tặng {_kind(run)} “{award}” năm {run.year}; {waiting} trường hợp chờ xem xét và {refused} trường"
        " hợp không đủ điều kiện, lý do từng trường hợp ghi tại danh sách kèm theo hồ sơ."
    ]
    if any(one["quota"] is not None for one in counts):
        share = shown(parse_exact((run.summary or {})["share"]) * 100, 0)
        lines.append(
            f"Số đề nghị trong mức trần {share}% tính trên {total['ldtt']} cá nhân đạt danh hiệu “Lao động tiên tiến”"
            f" của cùng cấp quyết định: {total['quota']} suất; số đủ điều kiện vượt trần: {total['over']}."
        )
    return [
        *lines,
        f"Kính trình Hội đồng Thi đua - Khen thưởng xem xét, đề nghị cấp có thẩm quyền quyết định tặng {_kind(run)}"
        f" “{award}” năm {run.year} cho {whom} (có danh sách kèm theo)./.",
    ]


def _kind(run: EligibilityRun) -> str:
    return "hình thức khen thưởng" if run.award in FORMS else "danh hiệu"


def _whom(rows: list[Row[Any]]) -> str:
    collectives = sum(row.person_id is None for row in rows)
    return _counted(len(rows) - collectives, "cá nhân", collectives)


def _counted(persons: int, noun: str, collectives: int) -> str:
    """Persons and collectives as one phrase; those there are none of are not named."""
    said = [f"{persons} {noun}"] if persons or not collectives else []
    return ", ".join([*said, f"{collectives} tập thể"] if collectives else said)


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


def _collective(row: Row[Any], number: int, year: int) -> dict[str, str]:
    """A collective as the list of collectives names it: its people, their classes and titles, its own class."""
    facts = row.facts
    klass = facts["classes"].get(str(year))
    return {
        "number": str(number),
        "name": row.full_name,
        "unit": row.unit_name or "",
        "people": str(facts["people"]),
        "rated": str(facts["rated"]),
        "members": " / ".join(str(facts["members"][band.value]) for band in sorted(Band, reverse=True)),
        "ldtt": _of(row, "ldtt", "rated"),
        "cstdcs": _of(row, "cstdcs", "ldtt"),
        "klass": _(LABELS[klass]) if klass else "",
        "disciplined": str(facts["disciplined"]),
    }


def _of(row: Row[Any], part: str, whole: str) -> str:
    """'8 (72,73%)', the number alone where there is nothing to divide by."""
    percent = share(row, part, whole)
    number = str(row.facts[part])
    return number if percent is None else f"{number} ({shown(percent)}%)"
