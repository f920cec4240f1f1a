"""Fields that a form does not have change nothing: every unsafe route writes the same rows with them and without (fault 51)."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule

from tests.access import matrix
from tests.access.changes import Change, Ledger
from tests.access.choices import MINUTES, cycle, discipline, extend_agency, grade, lend, pick
from tests.access.forms import REASON, Form, form_for
from tests.access.routes import known, name_of
from tests.access.trial import Court
from tests.access.world import World

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ROLES_TRIED = 2
LOOKS = 10  # how many permitted cells of a route are looked at for one that succeeds


def hostile(world: World) -> dict[str, str]:
    """What columns and attributes are called, each with a value that would do harm if it were taken."""
    person, unit = str(world.of["person"]["oanh"]), str(world.of["unit"]["agency_b"])
    number = "4242"
    return {
        "id": number, "state": "PUBLISHED", "status": "SCORED", "final_score": "100", "total": "100",
        "exact_total": "100", "mean": "100", "exact_mean": "100", "band": "HTXSNV", "decided_class": "HTXSNV",
        "proposed_class": "HTXSNV", "computed_class": "HTXSNV", "coefficient": "9", "points": "100", "rulebook": "x",
        "fingerprint": "x", "steps": "[]", "peer_group": "x", "rulebook_hash": "x", "office": "HEAD",
        "person_id": person, "account_id": str(world.of["account"]["other_head"]), "unit_id": unit, "agency_id": unit,
        "supervising_unit_id": unit, "confirming_unit_id": unit, "deciding_unit_id": unit, "role": "ADMINISTRATOR",
        "roles": "ADMINISTRATOR", "is_admin": "1", "scored_by": person, "scored_for": person, "confirmed_by": person,
        "confirmed_for": person, "decided_by": person, "marked_by": person, "recorded_by": person,
        "requested_by": person, "granted_by": person, "approved_by": person, "uploaded_by": person, "set_by": person,
        "actor_id": person, "on_behalf_of": person, "on_behalf_of_id": person, "owner_id": person,
        "delegator_id": person, "submitted_at": "2020-01-01", "scored_at": "2020-01-01", "confirmed_at": "2020-01-01",
        "published_at": "2020-01-01", "decided_at": "2020-01-01", "closed_at": "2020-01-01", "closed_by": person,
        "disabled_at": "", "created_at": "2020-01-01", "recorded_at": "2020-01-01", "valid_to": "2099-01-01",
        "superseded_at": "2020-01-01", "withdrawn_at": "2020-01-01", "lock_version": "1", "version_id": "9",
        "expected_version": "1", "waits_for_approval": "", "must_change_password": "", "second_factor": "1",
        "password_hash": "x", "totp_secret": "x", "stored_name": "x.pdf", "sha256": "0" * 64, "request_id": "x",
        "session_id": number, "scored_late": "1", "confirmed_late": "1", "added_by_owner": "",
    }  # fmt: skip


# Routes whose smallest form is refused: a complete one, for the things that their people may choose.
COMPLETE: dict[str, Callable[[World], Form]] = {
    "meetings.new": lambda world: {**MINUTES, "person": str(world.of["person"]["lan"])},
    "disciplines.index": lambda world: discipline(world, "lan"),
    "cycles.change": cycle,
    "periods.extend": lambda world: extend_agency(world, "agency_a"),
    "delegations.delegate": lambda world: lend(world, "division1"),
    "grades.decide_many": lambda world: grade(world, "lan"),
    "reviews.accept": lambda world: pick("SUBMITTED")(world, "lan"),
    "reviews.return_sheets": lambda world: pick("SUBMITTED", reason=REASON)(world, "lan"),
    "reviews.remind": lambda world: {"month": "2026-10"},
    "confirmations.check": lambda world: pick("SCORED", month="2026-08")(world, "lan"),
    "confirmations.confirm": lambda world: pick("SCORED", month="2026-08")(world, "lan"),
}
# Who may send them, where the door is open to everybody because the form chooses.
SENDERS = {
    "periods.extend": ("confirmer", "home_affairs"), "delegations.delegate": ("head", "home_affairs"),
    "grades.decide_many": ("confirmer",), "reviews.accept": ("head", "delegate"),
    "reviews.return_sheets": ("head", "delegate"), "reviews.remind": ("head", "delegate"),
    "confirmations.check": ("confirmer",), "confirmations.confirm": ("confirmer",),
    "disciplines.index": ("personnel", "home_affairs"),
}  # fmt: skip
# Fields of this list that a route does have, though its smallest form leaves them out.
OWN_FIELDS: dict[str, frozenset[str]] = {}


def unsafe() -> list[str]:
    """Every route and method that may change something."""
    return [
        f"{method} {name}"
        for name, rule in known().items()
        for method in matrix.methods_of(rule)
        if method not in SAFE
    ]


def _upon(court: Court, rule: Rule, method: str) -> list[matrix.Cell]:
    """Cells that open; a thing that there is."""
    senders = SENDERS.get(rule.endpoint)
    found = []
    for cell in matrix.cells(court.app, rule):
        opens = cell.role in senders if senders else cell.opens and cell.role not in ("nobody", "disabled")
        if opens and cell.method == method and matrix.address(court, rule, cell) is not None:
            found.append(cell)
    return found


def _asked(
    court: Court, ledger: Ledger, rule: Rule, cell: matrix.Cell, extra: dict[str, str]
) -> tuple[int, Counter[Change]]:
    url = matrix.address(court, rule, cell) or ""
    form: MultiDict[str, Any] = MultiDict(form_for(court.world, rule.endpoint, cell.role, cell.owner))
    if rule.endpoint in COMPLETE:
        form.update(COMPLETE[rule.endpoint](court.world))
    form["transaction_id"] = "11111111-1111-4111-8111-111111111111"
    own = OWN_FIELDS.get(rule.endpoint, frozenset())
    for name, value in extra.items():
        if name not in form and name not in own:
            form.add(name, value)
    if extra:
        if "version" in form:
            form.add("version", "999")  # beside the one the form has: the first counts
        form.add("transaction_id", "00000000-0000-4000-8000-000000000001")
    answer, found = ledger.ask(cell.role, url, form, method=cell.method)
    return answer.status, found


@pytest.mark.parametrize("route", unsafe())
def test_a_form_with_fields_it_does_not_have_writes_the_same_rows(
    route: str, court: Court, ledger: Ledger
) -> None:
    method, name = route.split(" ", 1)
    rule = next(one for one in matrix.rules(court.app) if name_of(one) == name)
    extra = hostile(court.world)
    for cell, status, rows in _best(court, ledger, rule, method):
        laden_status, laden = _asked(court, ledger, rule, cell, extra)
        more, less = laden - rows, rows - laden
        assert not more, (
            f"{cell.role} {status}: only with the extra fields {sorted(more)}; without {sorted(less)}"
        )
        assert not less, f"{cell.role} {status}: no more with the extra fields {sorted(less)}"
        assert laden_status == status, f"{cell.role}: {status} without, {laden_status} with the extra fields"


Tried = tuple[matrix.Cell, int, Counter[Change]]


def _best(court: Court, ledger: Ledger, rule: Rule, method: str) -> list[Tried]:
    """Two people, each with the smallest form upon the first thing for which it succeeds, else upon any."""
    done: dict[str, Tried] = {}
    refused: dict[str, Tried] = {}
    for cell in _upon(court, rule, method)[:LOOKS]:
        if cell.role in done:
            continue
        status, rows = _asked(court, ledger, rule, cell, {})
        (done if status < 400 else refused)[cell.role] = (cell, status, rows)
        if len(done) == ROLES_TRIED:
            break
    return [*done.values(), *refused.values()][:ROLES_TRIED]


def test_a_field_that_a_form_does_have_is_seen_in_the_rows(court: Court, ledger: Ledger) -> None:
    """Else the test above would pass whatever the extra fields did."""
    rule = next(one for one in matrix.rules(court.app) if one.endpoint == "reviews.score")
    cell = next(one for one in _upon(court, rule, "POST") if (one.role, one.owner) == ("head", "lan"))
    without = _asked(court, ledger, rule, cell, {})
    assert without[0] == 303
    assert _asked(court, ledger, rule, cell, {}) == without
    assert _asked(court, ledger, rule, cell, {"comment": "Làm tốt"}) != without
