"""Every role, every method, every object of one route: what was expected, what came, and what it wrote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from werkzeug.routing import Rule

from tests.access.addresses import FIXED, OF_NOBODY, is_repeated, owners_of, thing_of
from tests.access.cast import ROLES
from tests.access.forms import form_for
from tests.access.policies import POLICIES, Door
from tests.access.trial import Answer, Court
from tests.access.world import MISSING

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE = "GET"
# What a request that changes nothing may write: who read what, and that somebody was kept from it.
OF_READERS = frozenset({"audit_event", "reading", "job", "job_chunk", "receipt"})
NAMED = re.compile(rb"[\w.-]{60,}|[0-9a-f]{8}-[0-9a-f-]{27}|r[0-9a-f]{11}|[0-9a-f]{12}|/[\w/.:?=&;%-]+")


@dataclass(frozen=True)
class Cell:
    """One role asking one method of one route upon one object."""

    role: str
    method: str
    owner: str
    door: Door | None

    @property
    def opens(self) -> bool:
        """Whether the door is expected to open."""
        return self.door is not None and self.door.opens(self.role, self.owner)


def rules(app: Any) -> list[Rule]:
    """Every route, in an order that does not change."""
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule, sorted(rule.methods)))


def methods_of(rule: Rule) -> list[str]:
    """The methods a route has."""
    return sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})


def all_methods(app: Any, rule: Rule) -> set[str]:
    """The methods of an address, which several routes may share."""
    return {method for other in rules(app) if other.rule == rule.rule for method in methods_of(other)}


def cells(app: Any, rule: Rule) -> Iterator[Cell]:
    """The cells of a route: its own methods by their doors, and one method that it does not have."""
    own = methods_of(rule)
    doors = POLICIES.get(rule.endpoint, {})
    wrong = next(method for method in METHODS[::-1] if method not in all_methods(app, rule))
    for method in (*own, wrong):
        door = doors.get(method)
        axis = door.on if door is not None else next(iter(doors.values()), Door()).on
        for role in ROLES:
            for owner in owners_of(axis):
                if not is_repeated(role, owner):
                    yield Cell(role, method, owner, door)


def address(court: Court, rule: Rule, cell: Cell) -> str | None:
    """The address of a cell; None where this owner has no such thing."""
    door = cell.door or next(iter(POLICIES[rule.endpoint].values()))
    values: dict[str, Any] = {name: FIXED.get(name, "xlsx") for name in rule.arguments}
    values |= {name: value for name, value in door.fixed.items() if name in rule.arguments}
    if "unit_id" in rule.arguments and "unit_id" not in door.args:
        values["unit_id"] = court.world.of["unit"]["agency_a"]
    for names, kind in door.args.items():
        if door.on == "nothing":
            values[names] = court.world.of[kind]["all"]
            continue
        thing = thing_of(court.world, kind, cell.role, cell.owner)
        if thing is None:
            return None
        parts = names.split(",")
        if thing == MISSING:
            values |= {name: OF_NOBODY.get(name, MISSING) for name in parts}
        else:
            values |= dict(zip(parts, thing if len(parts) > 1 else [thing], strict=True))
    url = court.app.url_map.bind("localhost").build(rule.endpoint, values, method=methods_of(rule)[0])
    return f"{url}?{door.fixed['query']}" if "query" in door.fixed else url


def faults(court: Court, rule: Rule) -> tuple[int, int, int, list[str]]:
    """Tries every cell: how many, how many opened for a change, how many of those succeeded, and what was wrong."""
    tried = opened = done = 0
    wrong: list[str] = []
    unreadable: dict[tuple[str, str], Answer] = {}
    later: list[tuple[Cell, Answer]] = []
    for cell in cells(court.app, rule):
        url = address(court, rule, cell)
        if url is None:  # this owner has none: the same as missing
            url = address(court, rule, Cell(cell.role, cell.method, "missing", cell.door))
            cell = Cell(cell.role, cell.method, "missing", cell.door)
        form = form_for(court.world, rule.endpoint, cell.role, cell.owner) if cell.method == "POST" else {}
        answer = court.ask(cell.role, cell.method, url, form)
        tried += 1
        problem = _problem(rule, cell, answer)
        if problem:
            wrong.append(
                f"{cell.role} {cell.method} {rule.endpoint} of {cell.owner}: {problem}, got {answer.status}"
            )
        if cell.opens and cell.method != SAFE:
            opened += 1
            done += answer.status < 400
            if answer.status < 400 and not _leaves_an_event(rule, answer):
                wrong.append(
                    f"{cell.role} {cell.method} {rule.endpoint} of {cell.owner}: no event in the journal"
                )
        if cell.owner == "missing" and cell.door is not None:
            unreadable[cell.role, cell.method] = answer
        elif (
            cell.door is not None and cell.door.on != "nothing" and not cell.door.shows(cell.role, cell.owner)
        ):
            later.append((cell, answer))
    for cell, answer in later:
        missing = unreadable[cell.role, cell.method]
        if (answer.status, _plain(answer)) != (missing.status, _plain(missing)):
            wrong.append(
                f"{cell.role} {cell.method} {rule.endpoint} of {cell.owner}: told from a thing that is not there,"
                f" {answer.status} and {missing.status} {_difference(answer, missing)}"
            )
    return tried, opened, done, wrong


def _problem(rule: Rule, cell: Cell, answer: Answer) -> str | None:
    if answer.status >= 500:
        return "fell over"
    if cell.door is None:
        return None if answer.status == 405 or answer.to_sign_in else "this method is not there: 405"
    if cell.door.public:
        return None if answer.status < 400 or answer.status in (401, 404, 422) else "open to the world"
    if cell.role in ("nobody", "disabled"):
        if answer.to_sign_in or answer.status == 401:
            return _wrote(cell, answer)
        return "sent to sign in"
    if not cell.opens:
        if answer.status not in cell.door.refuses:
            return "kept out: 403 or 404"
        return _wrote(cell, answer)
    if answer.denied and answer.status not in cell.door.accepts:
        return "may pass"
    if cell.door.closed_conflicts and cell.owner == "closed" and cell.method != SAFE and answer.status != 409:
        return "of a closed period: 409"
    if cell.method == SAFE and set(answer.written) - OF_READERS:
        return f"a page that writes {sorted(set(answer.written) - OF_READERS)}"
    return None


def _wrote(cell: Cell, answer: Answer) -> str | None:
    """A door that stayed shut leaves at most its own trace."""
    if set(answer.written) - {"audit_event"}:
        return f"kept out but wrote {sorted(set(answer.written))}"
    if set(answer.events) - {"access.denied"}:
        return f"kept out but recorded {sorted(set(answer.events))}"
    return None


# Changes that belong to one's own browser or reading, not to the memory of the office; each with its reason.
WITHOUT_AN_EVENT = {
    "access.set_language": "the language of one's own pages",
    "access.sign_in": "no form of this matrix signs in: tests/web/test_access.py",
    "access.sign_out": "the row of the session keeps it",
    "home.read_notices": "one's own notices",
    "reviews.outlook": "a trial that stores nothing",
    "sessions.active": "a sign of life",
    "reauthentication.confirm": "the row of the session keeps it",
    "petition_answers.outlook": "a trial that stores nothing",
}


def _leaves_an_event(rule: Rule, answer: Answer) -> bool:
    """Whether what changed stands in the journal; a form that says what is already so leaves its receipt alone."""
    if rule.endpoint in WITHOUT_AN_EVENT or set(answer.written) <= {"receipt"}:
        return True
    return "audit_event" in answer.written


def _plain(answer: Answer) -> bytes:
    """A body without the number of the request and without addresses."""
    return NAMED.sub(b"", answer.body)


def _difference(one: Answer, other: Answer) -> str:
    """Where two answers part, for the report."""
    first, second = _plain(one), _plain(other)
    at = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    return f"{first[at - 30 : at + 50]!r} / {second[at - 30 : at + 50]!r}"


def upload(name: str, data: bytes) -> tuple[BytesIO, str]:
    """A file of a form."""
    return BytesIO(data), name
