"""The list of a title: worked out by authority as a job, appended as a run, never rewritten."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import EligibilityRun, Job
from evaluation.queries import commendations as queries
from evaluation.queries import evidence, evidence_tree, evidence_units
from evaluation.queries.evidence import YearRecord
from evaluation.queries.evidence_tree import Tree
from evaluation.queries.evidence_units import UnitRecord
from evaluation.rules.explain import exact
from evaluation.rules.permissions import Action
from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.verdicts import Award
from evaluation.services import audit, eligibility, jobs, rulebooks
from evaluation.services.access import Actor
from evaluation.services.eligibility_rounds import Round
from evaluation.services.job_kinds import Kind, Piece, register
from evaluation.services.refusals import Fault, Invalid

PEOPLE_A_CHUNK = 5000
FIRST_YEAR = 2020
YEARLY = (Award.LDTT, Award.CSTDCS)
STANDS_ON: dict[Award, tuple[Award, ...]] = {
    Award.CSTDCS: (Award.LDTT,),
    Award.TTLDTT: (Award.LDTT,),
    **dict.fromkeys((Award.CSTDT, Award.TTLDXS, Award.BKT, Award.BKTTG, Award.HCLD3), YEARLY),
}
LONG_AGO = 15
HISTORY = (Award.CSTDTQ, Award.BKTTG, Award.HCLD3, Award.HCLD2, Award.HCLD1)


def run(
    actor: Actor, year: int, award: str, *, received_on: date | None = None, as_of: date | None = None
) -> Job:
    """Asks for the list of a title and year; the run stands in the database when the job is done (RUN_COMMENDATIONS)."""
    arguments = _arguments(year, award, received_on, as_of)
    return jobs.ask(
        actor,
        ELIGIBILITY.name,
        arguments | {"run_by": actor.person_id},
        key=f"{ELIGIBILITY.name}:{award}:{year}:{arguments['received_on']}",
    )


def run_now(
    year: int,
    award: str,
    *,
    received_on: date | None = None,
    as_of: date | None = None,
    people_a_chunk: int = PEOPLE_A_CHUNK,
) -> EligibilityRun:
    """The same list here and now, in this process, for the command line and the timetable."""
    arguments = _arguments(year, award, received_on, as_of)
    pieces = _plan(arguments, people_a_chunk)
    for piece in pieces:
        _run(arguments, piece.arguments)
        db.session.commit()
    return db.session.get_one(EligibilityRun, pieces[-1].arguments["runs"][award])


def check_year(year: int) -> None:
    """Refuses a year that has not begun, or that no register reaches."""
    if not FIRST_YEAR <= year <= clock.today().year:
        message = _(
            "%(year)s is not a year to examine. Choose a year from %(first)s to %(last)s.",
            year=year,
            first=FIRST_YEAR,
            last=clock.today().year,
        )
        raise Invalid([Fault("year", message)])


def check_award(award: str) -> Award:
    """The title of a code, or a refusal that names the known codes."""
    if award not in tuple(Award):
        known = ", ".join(Award)
        message = _("%(award)s is not a title. Choose one of: %(known)s.", award=award, known=known)
        raise Invalid([Fault("award", message)])
    return Award(award)


def book_for(received_on: date) -> Rulebook:
    """The rulebook of the day the dossier was received (Law 06/2026/QH16, Article 4.3)."""
    try:
        return rulebooks.shelf().for_day("commendation", received_on)
    except RulebookError as problem:
        raise Invalid([Fault("received_on", _(problem.says, **problem.params))]) from problem


def _arguments(year: int, award: str, received_on: date | None, as_of: date | None) -> dict[str, Any]:
    check_year(year)
    check_award(award)
    received = received_on or clock.today()
    book_for(received)
    return {
        "year": year,
        "award": award,
        "received_on": received.isoformat(),
        "as_of": (as_of or clock.today()).isoformat(),
    }


def _plan(arguments: dict[str, Any], size: int = PEOPLE_A_CHUNK) -> list[Piece]:
    """New runs for the title and for those it stands on, and the authorities cut into parts of like size."""
    year, as_of = arguments["year"], date.fromisoformat(arguments["as_of"])
    runs = {award: _new_run(arguments, award) for award in _rounds(Award(arguments["award"]))}
    units = evidence_tree.tree(year, as_of).by_authority()
    people = evidence_tree.people_in_units(year, as_of)
    pieces = []
    for authorities, count in _parts(units, people, size):
        given = {"runs": runs, "authorities": authorities}
        pieces.append(Piece(1, "authorities", {"part": "authorities", **given}, max(1, count)))
    return [*pieces, Piece(2, "list", {"part": "list", "runs": runs})]


def _rounds(award: Award) -> tuple[Award, ...]:
    """The lists made together: an award stands on the titles of the same year that its standard counts."""
    return (*STANDS_ON.get(award, ()), award)


def _new_run(arguments: dict[str, Any], award: Award) -> int:
    received = date.fromisoformat(arguments["received_on"])
    book = book_for(received)
    made = EligibilityRun(
        year=arguments["year"],
        award=award.value,
        as_of=date.fromisoformat(arguments["as_of"]),
        received_on=received,
        rulebook=book.name,
        fingerprint=book.fingerprint,
        run_by=arguments.get("run_by"),
        run_at=clock.now(),
        summary={"share": exact(book.number("title_share", received)), "authorities": {}},
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def _parts(units: dict[int, list[int]], people: dict[int, int], size: int) -> Iterator[tuple[list[int], int]]:
    """Whole authorities together up to a number of people: an order of merit is never cut."""
    waiting: list[int] = []
    count = 0
    for authority, members in units.items():
        here = sum(people.get(unit_id, 0) for unit_id in members)
        if waiting and count + here > size:
            yield waiting, count
            waiting, count = [], 0
        waiting.append(authority)
        count += here
    if waiting:
        yield waiting, count


def _run(arguments: dict[str, Any], piece: dict[str, Any]) -> None:
    if piece["part"] == "authorities":
        _judge(arguments, piece["runs"], piece["authorities"])
    else:
        _finish_runs(list(piece["runs"].values()))


def _judge(arguments: dict[str, Any], runs: dict[str, int], authorities: list[int]) -> None:
    """All rounds of some authorities; doing it twice leaves the same entries."""
    year, as_of = arguments["year"], date.fromisoformat(arguments["as_of"])
    received = date.fromisoformat(arguments["received_on"])
    book = book_for(received)
    tree = evidence_tree.tree(year, as_of)
    units = tree.by_authority()
    within = [unit_id for authority in authorities for unit_id in units.get(authority, [])]
    awards = tuple(map(Award, runs))
    people = _people(tree, within, arguments, awards)
    collectives = _collectives(tree, within, arguments, awards, book)
    made: dict[str, dict[int, Round]] = {award: {} for award in runs}
    for authority in authorities:
        here, places = people.get(authority, []), collectives.get(authority, [])
        if not here:
            continue
        for award, round_ in eligibility.rounds(awards, here, places, book, received).items():
            made[award][authority] = round_
    for code, run_id in runs.items():
        queries.replace_entries(run_id, authorities, _rows(run_id, made[code]))
        queries.add_counts(
            run_id,
            {
                str(authority): {"name": tree.units[authority].name, "code": tree.units[authority].code}
                | round_.counts()
                for authority, round_ in made[code].items()
            },
        )


def _people(
    tree: Tree, within: list[int], arguments: dict[str, Any], awards: tuple[Award, ...]
) -> dict[int, list[YearRecord]]:
    """Everybody to examine, by deciding authority; some awards look further back."""
    found: dict[int, list[YearRecord]] = {}
    for record in evidence.year_records(
        tree,
        within,
        arguments["year"],
        as_of=date.fromisoformat(arguments["as_of"]),
        received=date.fromisoformat(arguments["received_on"]),
        years=LONG_AGO if any(award in HISTORY for award in awards) else evidence.YEARS_READ,
    ):
        found.setdefault(record.authority_id, []).append(record)
    return found


def _collectives(
    tree: Tree, within: list[int], arguments: dict[str, Any], awards: tuple[Award, ...], book: Rulebook
) -> dict[int, list[UnitRecord]]:
    """Every collective to examine, by deciding authority; nothing where only persons are examined."""
    found: dict[int, list[UnitRecord]] = {}
    if not any(award.of_collectives for award in awards):
        return found
    received = date.fromisoformat(arguments["received_on"])
    for record in evidence_units.unit_records(
        tree,
        within,
        arguments["year"],
        as_of=date.fromisoformat(arguments["as_of"]),
        received=received,
        first_rank=int(book.number("cot_cluster_rank", received)),
    ):
        found.setdefault(record.authority_id, []).append(record)
    return found


def _rows(run_id: int, rounds: dict[int, Round]) -> Iterator[queries.EntryRow]:
    for authority, round_ in rounds.items():
        for one in round_.judged:
            record, printed = one.record, one.printed or one.record.printed
            person = record if isinstance(record, YearRecord) else None
            yield queries.EntryRow(
                run_id=run_id,
                person_id=person.person_id if person else None,
                unit_id=record.unit_id,
                authority_id=authority,
                title=person.title if person else "",
                status=one.verdict.status.value,
                code=one.verdict.code,
                mean=person.mean if person else None,
                exact_mean=person.exact_mean if person else None,
                rating=printed["classes"].get(str(record.facts.year)),
                findings=one.verdict.findings,
                facts=printed,
                rank=one.rank,
                within_quota=one.within_quota,
            )


def _finish_runs(run_ids: list[int]) -> None:
    for run_id in run_ids:
        made = db.session.get_one(EligibilityRun, run_id, populate_existing=True)
        made.finished_at = clock.now()
        audit.record(
            None,
            "commendations.listed",
            made,
            after={"year": made.year, "award": made.award, "rulebook": made.rulebook},
        )


ELIGIBILITY = register(
    Kind(
        "commendations.eligibility",
        "List of %(award)s, %(year)s",
        _plan,
        _run,
        needs=Action.RUN_COMMENDATIONS,
    )
)
