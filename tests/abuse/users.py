"""Scripted people on a site that is being killed: they fill in, submit, take back, score, accept, return, confirm.

Whatever got no answer is sent again, the same form with the same transaction id, until there is an answer.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from urllib.parse import urljoin, urlsplit

import requests

from tests.abuse.ledger import Ledger
from tests.abuse.pages import Form, Page

PATIENCE = 90  # seconds that one thing is sent again and again


class Stopped(Exception):
    """The time is over."""


class Refused(Exception):
    """The site refused in words (4xx); what was asked for did not happen."""


@dataclass
class Visitor:
    """Somebody's browser: a cookie, a way to ask until there is an answer, and a ledger for what was promised."""

    site: str
    cookie: tuple[str, str]
    ledger: Ledger
    over: threading.Event
    chance: Random

    def __post_init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.cookies.set(*self.cookie, domain="127.0.0.1", path="/")

    def get(self, path: str) -> tuple[str, str]:
        """The page and where it was in the end."""
        answer = self._until_answered(lambda: self.http.get(urljoin(self.site, path), timeout=20))
        if answer.status_code >= 400:
            raise Refused(f"{path}: {answer.status_code}")
        place = urlsplit(answer.url)
        if place.path == "/login":
            raise Refused("the session has ended")
        return answer.text, place.path

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | list[tuple[str, str]],
        what: str,
        reports: list[int],
        mark: str = "",
    ) -> None:
        """Sends a form until it is answered, and writes down how it ended; Refused when it was refused."""
        fields = list(fields.items()) if isinstance(fields, Mapping) else fields
        known = dict(fields).get("transaction_id", "")
        self.ledger.write("asked", what, reports, known, mark)
        try:
            answer = self._until_answered(
                lambda: self.http.post(
                    urljoin(self.site, path), data=fields, timeout=20, allow_redirects=False
                )
            )
        except Stopped:
            self.ledger.write("unknown", what, reports, known, mark)
            raise
        if answer.status_code >= 400 or urlsplit(answer.headers.get("Location", "")).path == "/login":
            self.ledger.write("refused", what, reports, known, mark)
            raise Refused(f"{what} {path}: {answer.status_code}")
        self.ledger.write("told", what, reports, known, mark)

    def _until_answered(self, ask: Callable[[], requests.Response]) -> requests.Response:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = ask()
            except requests.RequestException:
                self.ledger.answered(0)
            else:
                self.ledger.answered(answer.status_code)
                if answer.status_code < 500:
                    return answer
            if self.over.wait(0.2 + self.chance.random() * 0.5):
                end = min(end, time.monotonic() + 20)  # one thing that was begun is still brought to its end
        raise Stopped

    def rest(self) -> None:
        """A breath between two acts."""
        self.over.wait(self.chance.uniform(0.1, 0.6))


class Crowd:
    """Threads that each play one script over and over until the time is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []
        self.problems: list[str] = []

    def add(self, script: Callable[[], None]) -> None:
        """Begins to play a script."""

        def play() -> None:
            while not self.over.is_set():
                with suppress(Refused, Stopped):
                    try:
                        script()
                    except (Refused, Stopped):
                        raise
                    except Exception as problem:
                        self.problems.append(f"{type(problem).__name__}: {problem}")
                self.over.wait(0.05)

        thread = threading.Thread(target=play, daemon=True)
        self.threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Lets everybody finish what they began."""
        self.over.set()
        for thread in self.threads:
            thread.join(60)


def fill_in_and_submit(who: Visitor, report_id: int) -> None:
    """An official's script: save a draft in which all lines carry one mark, check, submit; sometimes take it back."""
    page, place = who.get(f"/reports/{report_id}")
    if place != f"/reports/{report_id}":
        if who.chance.random() < 0.3:
            _withdraw(who, report_id, page)
        return
    form = Page(page).form_to("/draft")
    if form is None:
        return
    mark = f"lần {who.chance.randrange(10**9)}"
    fields = _filled(form, mark, who.chance)
    who.post(f"/reports/{report_id}/draft", fields, "draft", [report_id], mark)
    who.rest()
    if who.chance.random() < 0.2:
        return
    page, place = who.get(f"/reports/{report_id}/check")
    form = Page(page).form_to("/submit")
    if form is None:
        return
    who.post(f"/reports/{report_id}/submit", form.values(), "submit", [report_id])


def _withdraw(who: Visitor, report_id: int, page: str) -> None:
    form = Page(page).form_to("/withdraw")
    if form is not None:
        who.post(f"/reports/{report_id}/withdraw", form.values(), "withdraw", [report_id])


def _filled(form: Form, mark: str, chance: Random) -> dict[str, str]:
    fields = form.values()
    for name in fields:
        if name.endswith("-note"):
            fields[name] = mark
        elif name.startswith("criterion-"):
            fields[name] = chance.choice(("2", "2,5", "1,75"))
        elif name.endswith("-done"):
            fields[name] = str(chance.randint(0, 9))
    return fields


def score(who: Visitor, month: str) -> None:
    """A supervisor's script: open what waits and score it, accept several at once, or return one with a reason."""
    page = Page(who.get(f"/reviews/?month={month}")[0])
    forms = [form for form in page.forms if form.action.endswith("/open")]
    if not forms:
        return
    ids = [int(form.action.split("/")[-2]) for form in forms]
    who.chance.shuffle(ids)
    luck = who.chance.random()
    if luck < 0.25:
        _return(who, ids[0], page)
    elif luck < 0.5:
        _accept(who, page)
    else:
        _score(who, ids[0])


def _score(who: Visitor, report_id: int) -> None:
    form = Page(who.get(f"/reviews/{report_id}")[0]).form_to(f"/{report_id}/score")
    if form is None:
        return
    fields = form.values()
    for ratio in ("organising", "cohesion"):
        if any(one.name == ratio for one in form.fields):
            fields[ratio] = "100"
    who.post(f"/reviews/{report_id}/score", fields, "score", [report_id])


def _accept(who: Visitor, page: Page) -> None:
    form = page.form_to("/accept")
    if form is None:
        return
    ticks = [one.value for one in form.fields if one.name == "pick" and one.sent]
    if ticks:
        ids = [int(tick.split(":")[0]) for tick in ticks]
        who.post("/reviews/accept", form.pairs(), "accept", ids)


def _return(who: Visitor, report_id: int, page: Page) -> None:
    token = next(one.value for form in page.forms for one in form.fields if one.name == "csrf_token")
    fields = [("csrf_token", token), ("report", str(report_id))]
    answer = who._until_answered(
        lambda: who.http.post(urljoin(who.site, "/reviews/return"), data=fields, timeout=20)
    )
    form = Page(answer.text).form_to("/return")
    if form is not None and any(one.name == "reason" for one in form.fields):
        sent = [(name, value) for name, value in form.pairs() if name != "reason"]
        who.post("/reviews/return", [*sent, ("reason", "Bổ sung số liệu")], "return", [report_id])


def confirm(who: Visitor, month: str) -> None:
    """A head's script: send most of what was scored back, confirm some."""
    page = Page(who.get(f"/confirmations/?month={month}")[0])
    form = page.form_to("/check")
    ticks = [one.value for one in form.fields if one.name == "pick"] if form is not None else []
    if form is None or not ticks:
        return
    tick = who.chance.choice(ticks)
    report_id = int(tick.split(":")[0])
    if who.chance.random() < 0.6:
        back = Page(who.get(f"/confirmations/{report_id}/send-back")[0]).form_to("/send-back")
        if back is not None:
            fields = back.values() | {"reason": "Xem lại điểm chất lượng"}
            who.post(f"/confirmations/{report_id}/send-back", fields, "send_back", [report_id])
        return
    fields = [(one.name, one.value) for one in form.fields if one.name != "pick"] + [("pick", tick)]
    answer = who._until_answered(
        lambda: who.http.post(urljoin(who.site, "/confirmations/check"), data=fields, timeout=20)
    )
    sure = Page(answer.text).form_to("/confirmations/confirm")
    if sure is not None:
        who.post("/confirmations/confirm", sure.pairs(), "confirm", [report_id])


def roll_up(who: Visitor, month: str) -> None:
    """Home Affairs' script: a roll-up of the month is asked for every few seconds."""
    form = Page(who.get("/jobs/")[0]).form_to("/rollups")
    if form is not None:
        who.post("/jobs/rollups", form.values() | {"month": month}, "roll_up", [])
    who.over.wait(who.chance.uniform(1, 4))
