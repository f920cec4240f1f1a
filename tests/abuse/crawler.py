"""`python -m tests.abuse.crawler`: walks the whole site as everybody and sends it what nobody should send.

In process, with real CSRF tokens and a real database. No answer may be a 5xx, no traceback may reach the log, no probe may
come back as markup. The same seed sends the same requests; what failed is made smaller and printed so that it can be repeated.
"""

import argparse
import logging
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from urllib.parse import parse_qsl, quote_from_bytes, urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from werkzeug.exceptions import HTTPException

from evaluation.extensions import db
from evaluation.models import Account
from evaluation.services import sessions
from tests.abuse import probes
from tests.abuse.asks import Ask, encoded, multipart
from tests.abuse.judged import Verdict
from tests.abuse.pages import Form, Page

FORM = "application/x-www-form-urlencoded"
SLOW_SECONDS = 15.0
RENEWED_AFTER = 400
PARAMETERS = (
    "page",
    "other",
    "month",
    "year",
    "show",
    "q",
    "unit",
    "sort",
    "next",
    "award",
    "day",
    "kind",
    "period",
    "state",
)
NOT_PRESSED = ("/logout",)
MOST_LINKS = 4000


@dataclass
class Visitor:
    """One role's browser and what it has found so far."""

    name: str
    account_id: int | None
    client: FlaskClient
    token: bytes = b""
    links: dict[str, int] = field(default_factory=lambda: {"/": 0})
    forms: dict[str, tuple[Form, str]] = field(default_factory=dict)


class Tracebacks(logging.Handler):
    """Every traceback that reaches the log."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen.append(logging.Formatter().formatException(record.exc_info)[-1500:])


class Crawler:
    """Seeded; `crawl(n)` sends n requests and returns the table."""

    def __init__(self, app: Flask, seed: int) -> None:
        self.app, self.chance = app, Random(seed)
        app.config.update(
            TESTING=False, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=True, RATELIMIT_ENABLED=False
        )
        self.log = Tracebacks()
        self.codes: Counter[int] = Counter()
        self.reached: set[str] = set()
        self.slowest: tuple[float, str] = (0.0, "")
        self.failed: dict[str, str] = {}
        self.reflected: dict[str, str] = {}
        self.slow: list[str] = []
        self.visitors = self._visitors()

    def _visitors(self) -> list[Visitor]:
        with self.app.app_context():
            accounts = _one_of_each_kind()
        found = [Visitor(name, id_, self.app.test_client()) for name, id_ in accounts.items()]
        return [*found, Visitor("nobody", None, self.app.test_client())]

    def crawl(self, requests: int) -> list[Verdict]:
        """The verdicts after so many requests."""
        logging.getLogger().addHandler(self.log)
        try:
            for number in range(requests):
                if number % RENEWED_AFTER == 0:
                    for visitor in self.visitors:
                        self._sign_in(visitor)
                self._send(self._next(self.chance.choice(self.visitors)))
        finally:
            logging.getLogger().removeHandler(self.log)
        return [
            Verdict("answers of 5xx", requests, list(self.failed.values())),
            Verdict("tracebacks in the log", requests, self.log.seen),
            Verdict("probes that became markup", requests, list(self.reflected.values())),
            Verdict(f"answers after more than {SLOW_SECONDS:.0f} s", requests, self.slow),
        ]

    def _sign_in(self, visitor: Visitor) -> None:
        """A fresh session; whatever the crawl did to the account itself is taken back."""
        if visitor.account_id is None:
            return
        with self.app.app_context():
            unlocked = {"disabled_at": None, "disabled_because": None, "must_change_password": False}
            known = {key: value for key, value in unlocked.items() if key in Account.__table__.columns}
            db.session.execute(update(Account).where(Account.id == visitor.account_id).values(known))
            db.session.commit()
            token = sessions.begin(db.session.get_one(Account, visitor.account_id), second_factor=True)
        with visitor.client.session_transaction() as stored:
            stored.clear()
            stored["_user_id"], stored["_fresh"] = token, True
        page = visitor.client.get("/")
        self._learn(visitor, "/", page.text)

    # What comes next

    def _next(self, visitor: Visitor) -> Ask:
        luck = self.chance.random()
        if luck < 0.30:
            return self._follow(visitor)
        if luck < 0.70 and visitor.forms:
            return self._submit(visitor)
        if luck < 0.85:
            return self._any_route(visitor)
        return self._rubbish(visitor)

    def _follow(self, visitor: Visitor) -> Ask:
        least = min(visitor.links.values())
        path = self.chance.choice([link for link, seen in visitor.links.items() if seen == least])
        visitor.links[path] += 1
        place = urlsplit(path)
        query = [(name.encode(), value.encode()) for name, value in parse_qsl(place.query)]
        if self.chance.random() < 0.35:
            query = self._spoiled(query)
            for _ in range(self.chance.randint(0, 2)):
                query.append((self.chance.choice(PARAMETERS).encode(), probes.value(self.chance)[:3000]))
        headers = (("HX-Request", "true"),) if self.chance.random() < 0.1 else ()
        return Ask(visitor.name, "GET", place.path, query=tuple(query), headers=headers)

    def _submit(self, visitor: Visitor) -> Ask:
        form, action = visitor.forms[self.chance.choice(list(visitor.forms))]
        buttons = [one for one in form.buttons if one[0] or one[1]]
        pairs = [
            (one.name.encode(), one.value.encode("utf-8", "replace"), one.kind)
            for one in form.fields
            if one.name and one.sent
        ]
        if buttons and self.chance.random() < 0.6:
            where, name, value = self.chance.choice(buttons)
            action = urlsplit(where).path or action
            pairs += [(name.encode(), value.encode(), "button")] * bool(name)
        wrong = self.chance.random()
        spoiled = []
        for name, value, kind in pairs:
            if name != b"csrf_token" and self.chance.random() < (0.5 if wrong < 0.5 else 0.15):
                value = probes.value(self.chance, kind)
            elif kind in ("text", "textarea", "number") and not value and self.chance.random() < 0.7:
                value = self.chance.choice(("5", "2026-03-05", "Lý do đầy đủ", "2,5")).encode()
            spoiled.append((name, value))
        if wrong > 0.8:
            spoiled = self._spoiled(spoiled)
        token = [(b"csrf_token", visitor.token)] if form.method == "post" else []
        spoiled = token + [pair for pair in spoiled if pair[0] != b"csrf_token"]
        if form.method == "get":
            return Ask(visitor.name, "GET", action, query=tuple(spoiled))
        if form.encoding.startswith("multipart"):
            files = [one.name for one in form.fields if one.kind == "file"]
            body, kind = multipart(spoiled, files, self.chance)
            return Ask(visitor.name, "POST", action, raw=body, content_type=kind)
        script = (("X-Requested-With", "fetch"),) if self.chance.random() < 0.1 else ()
        return Ask(visitor.name, "POST", action, pairs=tuple(spoiled), content_type=FORM, headers=script)

    def _any_route(self, visitor: Visitor) -> Ask:
        rule = self.chance.choice(list(self.app.url_map.iter_rules()))
        path = re.sub(r"<[^>]+>", lambda _found: self._part(visitor), rule.rule)
        method = self.chance.choice(
            sorted(rule.methods or {"GET"}) if self.chance.random() < 0.8 else probes.METHODS
        )
        if method != "POST" or path.startswith(NOT_PRESSED):
            return Ask(visitor.name, "GET" if path.startswith(NOT_PRESSED) else method, path)
        names = [
            one.name.encode() for form, _action in visitor.forms.values() for one in form.fields if one.name
        ]
        pairs = [(self.chance.choice(names), probes.value(self.chance)) for _ in range(6)] if names else []
        pairs.append((b"transaction_id", str(UUID(int=self.chance.getrandbits(128), version=4)).encode()))
        return Ask(
            visitor.name, "POST", path, pairs=((b"csrf_token", visitor.token), *pairs), content_type=FORM
        )

    def _part(self, visitor: Visitor) -> str:
        """A piece of an address: a number seen in some link, or one that no address should have."""
        if self.chance.random() < 0.6:
            numbers = re.findall(
                r"/(\d+|\d{4}-\w+)(?=/|$|\?)", " ".join(self.chance.choices(list(visitor.links), k=5))
            )
            if numbers:
                return str(self.chance.choice(numbers))
        return quote_from_bytes(
            probes.value(self.chance, self.chance.choice(("hidden", "date", "text")))[:300], safe="%"
        )

    def _rubbish(self, visitor: Visitor) -> Ask:
        """Wrong methods, content types, bodies and headers at an address that exists."""
        path = urlsplit(self.chance.choice(list(visitor.links))).path
        if visitor.forms and self.chance.random() < 0.6:
            path = visitor.forms[self.chance.choice(list(visitor.forms))][1]
        header = self.chance.choice(
            [
                ("X-Requested-With", "fetch"),
                ("HX-Request", "true"),
                ("Accept", self.chance.choice(("application/json", "*/*;q=0", "text/html;level=1;q=x", ","))),
                ("Accept-Language", "x" * 300),
                ("Cookie", "cong_tam=probe"),
                ("Range", "bytes=5-1"),
                ("If-Modified-Since", "yesterday"),
                ("Referer", "http://evil.example/"),
                ("Origin", "null"),
                ("X-Forwarded-For", "127.0.0.1' --"),
                ("X-CSRFToken", visitor.token.decode("ascii", "replace")),
                ("Content-Encoding", "gzip"),
            ]
        )
        raw = self.chance.choice(probes.BODIES)
        kind = self.chance.choice(probes.CONTENT_TYPES)
        if self.chance.random() < 0.5 and kind.startswith(FORM):
            raw = b"csrf_token=" + visitor.token + b"&" + raw
        method = self.chance.choice([*probes.METHODS, *["POST"] * 8])
        if path.startswith(NOT_PRESSED):
            method = "GET"
        return Ask(visitor.name, method, path, raw=raw, content_type=kind, headers=(header,))

    def _spoiled(self, pairs: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Fields missing, doubled, as arrays, in another order, and under names nobody knows."""
        found = []
        for name, value in pairs:
            luck = self.chance.random()
            if luck < 0.2:
                continue
            found.append((name + b"[]" if luck < 0.25 else name, value))
            if luck > 0.85:
                found.append((name, probes.value(self.chance)))
        if self.chance.random() < 0.3:
            found.append(
                (
                    self.chance.choice(
                        (b"state", b"final_score", b"unit_id", b"role", b"\x00", b"__class__")
                    ),
                    b"1",
                )
            )
        self.chance.shuffle(found)
        return found

    # What came back

    def _send(self, ask: Ask) -> None:
        visitor = next(one for one in self.visitors if one.name == ask.who)
        began = time.monotonic()
        code, page, kind, where = self._answer(visitor, ask)
        took = time.monotonic() - began
        self.codes[code] += 1
        if took > self.slowest[0]:
            self.slowest = (took, ask.shown())
        if took > SLOW_SECONDS:
            self.slow.append(f"{took:.1f} s: {ask.shown()}")
        self._note_reached(ask)
        if code >= 500:
            known = re.sub(r"\d+", "N", ask.path) + ask.method
            if known not in self.failed:
                self.failed[known] = f"{code}: {self._smaller(visitor, ask).shown()}"
        if kind == "text/html":
            if found := probes.traces(page):
                self.reflected.setdefault(
                    re.sub(r"\d+", "N", ask.path), f"{found[0][:80]!r} after {ask.shown()}"
                )
            if where.startswith("/login") and visitor.account_id is not None:
                self._sign_in(visitor)
            self._learn(visitor, ask.path, page)

    def _answer(self, visitor: Visitor, ask: Ask) -> tuple[int, str, str, str]:
        headers = [(name, value) for name, value in ask.headers]
        answer = visitor.client.open(
            ask.path,
            method=ask.method,
            query_string=encoded(ask.query).decode(),
            data=ask.body(),
            content_type=ask.content_type,
            headers=headers,
        )
        where = answer.headers.get("Location", "")
        try:
            data = answer.get_data()
        finally:
            answer.close()
        kind = (answer.mimetype or "").lower()
        page = data.decode("utf-8", "replace") if kind in ("text/html", "application/json") else ""
        return answer.status_code, page, kind, urlsplit(where).path

    def _smaller(self, visitor: Visitor, ask: Ask) -> Ask:
        """The same request with everything left out that the failure does not need."""
        seen = len(self.log.seen)
        for name in ("headers", "query", "pairs"):
            for one in list(getattr(ask, name)):
                fewer = tuple(other for other in getattr(ask, name) if other is not one)
                if one[0] != b"csrf_token" and self._answer(visitor, replace(ask, **{name: fewer}))[0] >= 500:
                    ask = replace(ask, **{name: fewer})
        del self.log.seen[seen:]
        return ask

    def _learn(self, visitor: Visitor, path: str, html: str) -> None:
        page = Page(html)
        for link in page.links:
            place = urlsplit(link)
            local = not place.netloc and place.path.startswith("/") and not place.path.startswith("/static")
            if local and link not in visitor.links and len(visitor.links) < MOST_LINKS:
                visitor.links[link] = 0
        for form in page.forms:
            action = urlsplit(form.action).path or path
            for one in form.fields:
                if one.name == "csrf_token" and one.value:
                    visitor.token = one.value.encode()
            if not action.startswith(NOT_PRESSED):
                visitor.forms[re.sub(r"\d+", "N", f"{form.method} {action}")] = (form, action)

    def _note_reached(self, ask: Ask) -> None:
        try:
            endpoint, _values = self.app.url_map.bind("localhost").match(ask.path, method=ask.method)
        except (HTTPException, Exception):
            return
        self.reached.add(endpoint)

    def said(self) -> str:
        """How far the crawl came, in two lines."""
        endpoints = {rule.endpoint for rule in self.app.url_map.iter_rules()}
        return (
            f"  {len(self.visitors)} visitors, {len(self.reached)} of {len(endpoints)} endpoints,"
            f" answers {dict(sorted(self.codes.items()))}\n"
            f"  slowest {self.slowest[0]:.1f} s: {self.slowest[1][:160]}"
        )


def _one_of_each_kind() -> dict[str, int]:
    """An account of each role, of heads at each height, and of officials without any; the first of each kind."""
    queries = {
        "official": "select min(c.id) from account c join assignment a using (person_id) where a.office = 'STAFF'"
        " and not exists (select from role_grant g where g.account_id = c.id)",
        "another official": "select max(c.id) from account c join assignment a using (person_id) where a.office = 'STAFF'"
        " and not exists (select from role_grant g where g.account_id = c.id)",
        "head of a division": "select min(r.id) from (select c.id from report s join assignment a on"
        " a.unit_id = s.supervising_unit_id and a.office = 'HEAD' and a.valid_to is null join account c"
        " on c.person_id = a.person_id where s.supervising_unit_id <> s.agency_id) r",
        "deputy": "select min(c.id) from account c join assignment a using (person_id) where a.office = 'DEPUTY'",
        "head of an agency": "select min(c.id) from report s join assignment a on a.unit_id = s.agency_id and a.office = 'HEAD'"
        " and a.valid_to is null join account c on c.person_id = a.person_id",
        "head of the province": "select min(c.id) from account c join assignment a using (person_id) join unit_place p"
        " on p.unit_id = a.unit_id and p.parent_id is null where a.office = 'HEAD'",
    }
    found = {name: db.session.scalar(text(query)) for name, query in queries.items()}
    for role in db.session.scalars(text("select distinct role from role_grant order by 1")).all():
        query = text("select min(account_id) from role_grant where role = :role")
        found[str(role).lower()] = db.session.scalar(query, {"role": role})
    known = set(db.session.scalars(select(Account.id)))
    return {name: id_ for name, id_ in found.items() if id_ in known}


def crawl_fresh(requests: int, seed: int, officials: int = 96) -> tuple[list[Verdict], Crawler]:
    """The verdicts on a province built for this, in a database that is dropped afterwards."""
    from tests.abuse.province import fresh

    with fresh(officials) as app:
        crawler = Crawler(app, seed)
        verdicts = crawler.crawl(requests)
        return verdicts, crawler


def main() -> int:
    """0 when nothing broke."""
    from tests.abuse.kills import table

    options = argparse.ArgumentParser(prog="python -m tests.abuse.crawler", description=__doc__)
    options.add_argument("--requests", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    logging.disable(logging.INFO)
    began = time.monotonic()
    verdicts, crawler = crawl_fresh(given.requests, given.seed)
    print(crawler.said())
    print(f"  {given.requests} requests in {time.monotonic() - began:.0f} s", flush=True)
    return table("crawler", verdicts)


if __name__ == "__main__":
    sys.exit(main())
