"""`python -m tests.abuse.kills`: kill -9 of web, worker and database while scripted people submit and score.

What a client saw acknowledged is written outside the server and held against the database at the end: nothing lost,
nothing doubled, no wrong total. One round is one kill, the return of everything, and work that goes on after it.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import requests
from flask import Flask
from sqlalchemy import text

from evaluation import clock, create_app
from evaluation.cli.processes import SHORT_LIFE
from evaluation.extensions import db
from evaluation.models import Account
from evaluation.rules.periods import Month
from evaluation.services import sessions
from tests.abuse import judged, site, users
from tests.abuse.judged import Verdict
from tests.abuse.ledger import Ledger
from tests.abuse.site import NotBack, Site
from tests.abuse.users import Crowd, Visitor

OFFICIALS_THREADS, SUPERVISORS_THREADS, CONFIRMERS_THREADS = 14, 6, 3
BACK_SECONDS = 60
DONE_SECONDS = 120
SHOWN_FAULTS = 10


def main() -> int:
    """0 when nothing was lost, doubled or wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.abuse.kills", description=__doc__)
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--officials", type=int, default=200)
    given = options.parse_args()
    try:
        verdicts = run(given.rounds, given.seed, given.officials)
    except NotBack as problem:
        print(f"kills: 0 passed, 1 failed: {problem}")
        return 1
    return table("kills", verdicts)


def table(name: str, verdicts: list[Verdict]) -> int:
    """Prints one line a comparison, the faults below, and the sum; the exit code."""
    for one in verdicts:
        print(f"  {one.name:<44} {len(one.faults):>5} of {one.looked_at}")
    for one in verdicts:
        for fault in one.faults[:SHOWN_FAULTS]:
            print(f"    {one.name}: {fault}")
    failed = sum(1 for one in verdicts if one.faults)
    print(f"{name}: {len(verdicts) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def run(rounds: int, seed: int, officials: int = 200, *, patience: float = 2.0) -> list[Verdict]:
    """The verdicts after so many rounds on a fresh province."""
    chance = Random(seed)
    kinds = [("web", "worker", "database")[number % 3] for number in range(rounds)]
    chance.shuffle(kinds)
    with TemporaryDirectory() as folder, site.running(officials) as running:
        ledger = Ledger(Path(folder) / "ledger.jsonl")
        month = Month.of(clock.today())
        with looking_in(running) as app:
            before = judged.beginning()
            crowd = _crowd(app, running, ledger, month, chance)
        try:
            rounds_verdict = _kill_all(running, kinds, ledger, chance, patience)
        finally:
            crowd.end()
        with looking_in(running):
            _wait_for_jobs(before.job)
            verdicts = judged.judge(ledger, before, [month.previous(), month])
        crashed = ledger.answers[500]
        answered = sum(ledger.answers.values())
        print(f"  answers: {dict(sorted(ledger.answers.items()))} (0: none)", flush=True)
        acts = Counter(line.what for line in ledger.lines() if line.end == "told")
        print(f"  acknowledged: {dict(acts)}", flush=True)
        return [
            rounds_verdict,
            Verdict(
                "answers of 500",
                answered,
                [f"{crashed} answers of 500", *running.crashes()] if crashed else [],
            ),
            Verdict("scripts that met what they do not know", len(crowd.threads), crowd.problems),
            *verdicts,
        ]


@contextmanager
def looking_in(running: Site) -> Iterator[Flask]:
    """An application of our own on the running database; no connection stays open behind it."""
    app = create_app({"DATA_DIR": running.data_dir, "BROKER_URL": "memory://"})
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def _kill_all(running: Site, kinds: list[str], ledger: Ledger, chance: Random, patience: float) -> Verdict:
    """One kill a round; the next comes when everything is back and clients were acknowledged something again."""
    verdict = Verdict("rounds without a return", len(kinds))
    killed: Counter[str] = Counter()
    site.wait_for(lambda: site.stands(running) and _answers(running), "the whole site", BACK_SECONDS)
    time.sleep(SHORT_LIFE)  # who starts processes again gives up on one that never lived so long
    longest, began = 0.0, time.monotonic()
    for number, kind in enumerate(kinds, 1):
        time.sleep(chance.uniform(0.3, patience))
        known = ledger.told
        killed[site.kill(running, kind, chance)] += 1
        try:
            took = site.wait_for(
                lambda: site.stands(running) and _answers(running), f"round {number}", BACK_SECONDS
            )
            site.wait_for(lambda: ledger.told >= known + 3, "the next acknowledged act", BACK_SECONDS)  # noqa: B023
        except NotBack as problem:
            verdict.faults.append(f"round {number} ({kind}): {problem}")
            if running.process.poll() is not None:
                verdict.faults.append(running.last_words())
                break
            continue
        longest = max(longest, took)
    spent = time.monotonic() - began
    print(f"  killed in {spent:.0f} s: {dict(killed)}; longest return {longest:.1f} s", flush=True)
    return verdict


def _answers(running: Site) -> bool:
    try:
        return requests.get(f"{running.url}/login", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _crowd(app: Flask, running: Site, ledger: Ledger, month: Month, chance: Random) -> Crowd:
    """Everybody's browser, signed in, and the script each plays."""
    crowd = Crowd()
    people = _people(month)

    def visitor(account_id: int) -> Visitor:
        cookie = _cookie(app, db.session.get_one(Account, account_id))
        return Visitor(running.url, cookie, ledger, crowd.over, Random(chance.random()))

    owners = [(visitor(row.account_id), row.report_id) for row in people["owners"]]
    heads = [visitor(row.account_id) for row in people["supervisors"]]
    confirmers = [visitor(row.account_id) for row in people["confirmers"]]
    clerk = visitor(people["clerks"][0].account_id)
    for part in _parts(owners, OFFICIALS_THREADS):
        crowd.add(lambda part=part: users.fill_in_and_submit(*(one := chance.choice(part))) or one[0].rest())
    for heads_part in _parts(heads, SUPERVISORS_THREADS):
        crowd.add(lambda part=heads_part: users.score(one := chance.choice(part), str(month)) or one.rest())
    for confirmers_part in _parts(confirmers, CONFIRMERS_THREADS):
        crowd.add(
            lambda part=confirmers_part: users.confirm(one := chance.choice(part), str(month)) or one.rest()
        )
    crowd.add(lambda: users.roll_up(clerk, str(chance.choice([month, month.previous()]))))
    return crowd


def _parts(people: list[Any], count: int) -> list[list[Any]]:
    return [part for part in (people[start::count] for start in range(count)) if part]


def _people(month: Month) -> dict[str, list[Any]]:
    """Who owns, scores and confirms sheets of this month, and who asks for roll-ups."""
    head_of = (
        "select distinct c.id as account_id from report r join period p on p.id = r.period_id"
        " join assignment a on a.unit_id = r.{unit} and a.office = 'HEAD' and a.valid_to is null"
        " join account c on c.person_id = a.person_id where p.month = :month and p.cycle = 'MONTH' order by 1"
    )
    queries = {
        "owners": "select c.id as account_id, r.id as report_id from report r join period p on p.id = r.period_id"
        " join account c on c.person_id = r.person_id where p.month = :month and r.state <> 'NOT_RATED' order by 2",
        "supervisors": head_of.format(unit="supervising_unit_id"),
        "confirmers": head_of.format(unit="confirming_unit_id"),
        "clerks": "select account_id from role_grant where role = 'HOME_AFFAIRS' order by 1",
    }
    if "cycle" not in db.metadata.tables["period"].columns:
        queries = {name: query.replace(" and p.cycle = 'MONTH'", "") for name, query in queries.items()}
    return {
        name: list(db.session.execute(text(query), {"month": month.first_day} if ":month" in query else {}))
        for name, query in queries.items()
    }


def _cookie(app: Flask, account: Account) -> tuple[str, str]:
    token = sessions.begin(account, second_factor=True)
    signer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    stored = {"_user_id": token, "_fresh": True, "_permanent": True}
    return app.config["SESSION_COOKIE_NAME"], signer.dumps(stored)


def _wait_for_jobs(after: int) -> None:
    """Everything asked for is done two minutes after services returned, or the table says what is not."""
    open_jobs = text("select count(*) from job where id > :after and state in ('QUEUED', 'RUNNING')")

    def done() -> bool:
        db.session.rollback()
        return not db.session.scalar(open_jobs, {"after": after})

    try:
        took = site.wait_for(done, "background work", DONE_SECONDS)
        print(f"  background work was done {took:.0f} s after the last kill", flush=True)
    except NotBack:
        pass


if __name__ == "__main__":
    sys.exit(main())
