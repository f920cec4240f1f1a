"""After the killing: what clients were told, held against what the database kept. Everything here reads; nothing repairs."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from evaluation.extensions import db
from evaluation.rules.periods import Month
from evaluation.rules.workflow import REPORT_MOVES
from evaluation.services import rollups, verification
from tests.abuse.ledger import EVENTS, RECEIPTED, Ledger, Line

MOVES = {
    f"report.{verb}": name
    for verb, name in {
        "submitted": "submit",
        "withdrawn": "withdraw",
        "returned": "return",
        "scored": "score",
        "sent_back": "send_back",
        "confirmed": "confirm",
    }.items()
}
STAGES = {"OWN": "report.submitted", "SUPERVISOR": "report.scored", "FINAL": "report.confirmed"}
ROLLED_UP = {
    "person_month": "person_id, period_id, report_id, unit_id, status, total, exact_total, band, differs",
    "unit_month": "period_id, unit_id, expected, scored, not_rated, mean, excellent, good, completed, not_completed",
    "person_span": "kind, year, index, person_id, months_counted, mean, exact_mean, unit_id, band",
    "unit_span": "kind, year, index, unit_id, scored, mean, excellent, good, completed, not_completed",
}


@dataclass
class Beginning:
    """How things stood before anybody did anything."""

    states: dict[int, str]
    event: int
    sheet: int
    job: int


@dataclass
class Verdict:
    """One line of the table: what was looked at, how much of it, and every fault found."""

    name: str
    looked_at: int = 0
    faults: list[str] = field(default_factory=list)


def beginning() -> Beginning:
    """The states of all sheets and the newest of everything that will be counted."""
    rows = _rows("select id, state from report")
    return Beginning(
        {row.id: row.state for row in rows},
        *(
            _rows(f"select coalesce(max(id), 0) as n from {table}")[0].n
            for table in ("audit_event", "score_sheet", "job")
        ),
    )


def judge(ledger: Ledger, before: Beginning, months: list[Month]) -> list[Verdict]:
    """Every comparison, one line of the table each."""
    lines = ledger.lines()
    events = _events(before)
    found = [
        _acknowledged(lines, events),
        _doubled(lines, events),
        _frozen_once(before, events),
        _paths(before, events),
        _drafts(lines),
        _jobs(before),
        _chain(),
    ]
    return [*found, *_totals(months)]


def _rows(query: str, **values: Any) -> list[Any]:
    return list(db.session.execute(text(query), values).all())


def _events(before: Beginning) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in _rows(
        "select id, action, object_id, before ->> 'state' as came, after ->> 'state' as went from audit_event"
        " where object_type = 'report' and id > :event order by id",
        event=before.event,
    ):
        found[row.object_id].append(row)
    return found


def _receipts() -> dict[str, Any]:
    return {row.id: row for row in _rows("select transaction_id::text as id, action, result from receipt")}


def _named(result: dict[str, Any]) -> list[int]:
    """The sheets that the kept answer of a transaction id speaks of."""
    return [*result.get("reports", []), *(result[key] for key in ("report", "report_id") if key in result)]


def _acknowledged(lines: list[Line], events: dict[int, list[Any]]) -> Verdict:
    """What a client saw acknowledged has its receipt and its event on every sheet it named."""
    verdict = Verdict("acknowledged acts lost")
    receipts = _receipts()
    told: Counter[tuple[int, str]] = Counter()
    for line in lines:
        if line.end != "told" or line.what not in EVENTS:
            continue
        verdict.looked_at += 1
        if line.what in RECEIPTED:
            kept = receipts.get(line.transaction_id)
            if (
                kept is None
                or kept.action != RECEIPTED[line.what]
                or set(_named(kept.result)) != set(line.reports)
            ):
                verdict.faults.append(f"{line.what} {line.transaction_id} of {line.reports}: receipt {kept}")
        told.update((report, EVENTS[line.what]) for report in line.reports)
    for (report, action), count in told.items():
        happened = sum(1 for event in events.get(report, []) if event.action == action)
        if happened < count:
            verdict.faults.append(f"sheet {report}: {action} told {count} times, in the journal {happened}")
    return verdict


def _doubled(lines: list[Line], events: dict[int, list[Any]]) -> Verdict:
    """One transaction id, one effect; what needs no id happens at most as often as it was asked for."""
    verdict = Verdict("acts done twice")
    asked_ids = {line.transaction_id for line in lines if line.transaction_id}
    by_receipt: Counter[tuple[int, str]] = Counter()
    for key, kept in _receipts().items():
        if key in asked_ids:
            action = "report.scored" if kept.action == "report.accepted" else kept.action
            by_receipt.update((report, action) for report in _named(kept.result))
    asked: Counter[tuple[int, str]] = Counter()
    for line in lines:
        if line.end == "asked" and line.what in EVENTS and line.what not in RECEIPTED:
            asked.update((report, EVENTS[line.what]) for report in line.reports)
    for report, of_report in events.items():
        for action, count in Counter(event.action for event in of_report).items():
            if action not in EVENTS.values():
                continue
            verdict.looked_at += count
            with_id = action in {EVENTS[what] for what in RECEIPTED}
            allowed = by_receipt[report, action] if with_id else asked[report, action]
            if (with_id and count != allowed) or count > allowed:
                verdict.faults.append(f"sheet {report}: {count} × {action}, but {allowed} asked for")
    return verdict


def _frozen_once(before: Beginning, events: dict[int, list[Any]]) -> Verdict:
    """Each submission, scoring and confirmation froze one score, and one only stands."""
    verdict = Verdict("frozen scores too many or too few")
    made: Counter[tuple[int, str]] = Counter()
    for row in _rows("select report_id, stage from score_sheet where id > :sheet", sheet=before.sheet):
        made[row.report_id, row.stage] += 1
    for report, of_report in events.items():
        happened = Counter(event.action for event in of_report)
        for stage, action in STAGES.items():
            verdict.looked_at += happened[action]
            if made[report, stage] != happened[action]:
                verdict.faults.append(
                    f"sheet {report}: {made[report, stage]} scores of stage {stage}, {happened[action]} × {action}"
                )
    for row in _rows(
        "select report_id, stage, count(*) as n from score_sheet where superseded_at is null group by 1, 2 having count(*) > 1"
    ):
        verdict.faults.append(f"sheet {row.report_id} has {row.n} standing scores of stage {row.stage}")
    return verdict


def _paths(before: Beginning, events: dict[int, list[Any]]) -> Verdict:
    """The journal of every sheet is a path of the table of moves from where it began to where it stands."""
    verdict = Verdict("histories that are no path")
    for row in _rows("select id, state from report"):
        verdict.looked_at += 1
        state = before.states.get(row.id, "DRAFT")
        for event in events.get(row.id, []):
            if event.action not in MOVES:
                continue
            known = [move for move in REPORT_MOVES if move.action == MOVES[event.action]]
            if (
                event.came != state
                or event.went != known[0].target.value
                or state not in {source.value for source in known[0].sources}
            ):
                verdict.faults.append(
                    f"sheet {row.id}: {event.action} from {state}, says {event.came} → {event.went}"
                )
            state = event.went
        if state != row.state:
            verdict.faults.append(f"sheet {row.id} stands at {row.state}, its journal ends at {state}")
    return verdict


def _drafts(lines: list[Line]) -> Verdict:
    """A saved draft is whole: all its lines carry one mark, that of the last acknowledged draft or of one sent later."""
    verdict = Verdict("drafts lost or half saved")
    possible: dict[int, set[str]] = {}
    for line in lines:
        if line.what == "draft" and line.end != "refused":
            report = line.reports[0]
            if line.end == "told":
                possible[report] = {line.mark}
            else:
                possible.setdefault(report, {""}).add(line.mark)
    for report, marks in possible.items():
        verdict.looked_at += 1
        stored = {
            row.note or ""
            for row in _rows(
                "select note from work_item where report_id = :id and kind <> 'TRANSFERRED_OUT'", id=report
            )
        }
        if len(stored) > 1:
            verdict.faults.append(f"sheet {report} is half saved: {sorted(stored)}")
        elif stored and not stored <= marks and "" not in marks:
            verdict.faults.append(f"sheet {report} holds {stored}, not {marks}")
    return verdict


def _jobs(before: Beginning) -> Verdict:
    """All background work that was asked for is done."""
    rows = _rows("select id, name, state, error from job where id > :job", job=before.job)
    bad = [f"job {row.id} {row.name}: {row.state} {row.error or ''}" for row in rows if row.state != "DONE"]
    return Verdict("background work not done", len(rows), bad)


def _chain() -> Verdict:
    """Every event has its place in its chain, and every hash comes out as it is stored."""
    verdict = Verdict("links of the journal that do not hold")
    verdict.looked_at = _rows("select count(*) as n from audit_event")[0].n
    unlinked = "select e.id from audit_event e left join audit_link l on l.event_id = e.id where l.event_id is null limit 5"
    verdict.faults += [f"event {row.id} has no place in a chain" for row in _rows(unlinked)]
    links = """
        with linked as (
            select l.*, e.chain as of_event, audit_payload(e) as payload,
                lag(l.seq, 1, 0::bigint) over one as seq_before,
                lag(l.hash, 1, decode(repeat('00', 32), 'hex')) over one as hash_before
            from audit_link l join audit_event e on e.id = l.event_id
            window one as (partition by l.chain order by l.seq))
        select chain, seq from linked
        where seq <> seq_before + 1 or chain <> of_event or hash <> audit_hash(hash_before, chain, seq, payload) limit 5"""
    verdict.faults += [f"chain {row.chain} breaks at {row.seq}" for row in _rows(links)]
    heads = """
        select h.chain from audit_head h
        left join (select distinct on (chain) chain, seq, hash from audit_link order by chain, seq desc) l using (chain)
        where l.seq is distinct from h.seq or l.hash is distinct from h.hash limit 5"""
    verdict.faults += [f"the head of chain {row.chain} is not its last link" for row in _rows(heads)]
    return verdict


def _totals(months: list[Month]) -> Iterator[Verdict]:
    """Frozen scores come out again; the roll-up that stands, one more and a second one more all say the same."""
    again = Verdict("frozen results that come out otherwise")
    checked = verification.verify(
        None, lambda one: again.faults.append(f"{one.what} {one.value}: {one.frozen}, now {one.now}")
    )
    again.looked_at = checked.scores + checked.grades
    yield again
    rolled = Verdict("totals that differ")
    for month in months:
        figures = rollups.run_month_now(month)
        if figures.differing:
            rolled.faults.append(f"{month}: {figures.differing} sheets differ from what was frozen")
    first = _rolled_up()
    for month in months:
        rollups.run_month_now(month)
    second = _rolled_up()
    for table, rows in first.items():
        rolled.looked_at += len(rows)
        rolled.faults += [f"{table}: {row} only in one of two roll-ups" for row in rows ^ second[table]]
    for row in _rows(
        "select p.person_id, p.exact_total, s.exact_total as frozen from person_month p"
        " join score_sheet s on s.report_id = p.report_id and s.stage = 'FINAL' and s.superseded_at is null"
        " where p.exact_total is distinct from s.exact_total"
    ):
        rolled.faults.append(f"person {row.person_id}: rolled up {row.exact_total}, confirmed {row.frozen}")
    for row in _rows(
        "select u.unit_id, u.period_id, u.scored, count(p.*) as n from unit_month u"
        " join unit_place t on t.unit_id = u.unit_id and t.parent_id is null"
        " left join person_month p on p.period_id = u.period_id and p.total is not null"
        " group by 1, 2, 3 having u.scored <> count(p.*)"
    ):
        rolled.faults.append(
            f"the province counts {row.scored} scores of month {row.period_id}, its people {row.n}"
        )
    yield rolled


def _rolled_up() -> dict[str, set[Any]]:
    return {
        table: {tuple(row) for row in _rows(f"select {columns} from {table}")}
        for table, columns in ROLLED_UP.items()
    }
