"""What is chosen in the body of a form is judged like what stands in an address: every thing, for whoever sends it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.access.changes import Ledger, beyond_traces
from tests.access.choices import (
    MINUTES,
    cycle,
    discipline,
    extend_agency,
    extend_one,
    grade,
    lend,
    pick,
    sheet,
)
from tests.access.forms import REASON, Form
from tests.access.trial import Court
from tests.access.world import World

SIGNED_IN_STRANGERS = (
    "official", "nam", "deputy", "late_delegate", "personnel", "other_personnel", "inspector", "administrator",
    "other_head", "moved", "waiting", "lapsed",
)  # fmt: skip


# route: address, form, whose thing, who is kept from it
FORBIDDEN: list[tuple[str, str, Callable[[World, str], Form], str, tuple[str, ...]]] = [
    (
        "reviews.accept", "/reviews/accept", pick("SUBMITTED"), "lan",
        (*SIGNED_IN_STRANGERS, "confirmer", "home_affairs", "chairman"),
    ),
    (
        "reviews.return_sheets", "/reviews/return", pick("SUBMITTED", reason=REASON), "lan",
        (*SIGNED_IN_STRANGERS, "confirmer", "home_affairs", "chairman"),
    ),
    (
        "reviews.return_sheets of the second page", "/reviews/return", pick("SUBMITTED", "report", reason=REASON),
        "lan", (*SIGNED_IN_STRANGERS, "confirmer", "home_affairs"),
    ),
    (
        "confirmations.check", "/confirmations/check", pick("SCORED", month="2026-08"), "lan",
        (*SIGNED_IN_STRANGERS, "head", "delegate", "home_affairs", "chairman"),
    ),
    (
        "confirmations.confirm", "/confirmations/confirm", pick("SCORED", month="2026-08"), "lan",
        (*SIGNED_IN_STRANGERS, "head", "delegate", "home_affairs", "chairman"),
    ),
    (
        "confirmations.publish", "/confirmations/publish",
        lambda world, unit: {"unit": str(world.of["unit"][unit]), "month": "2026-07", "sure": "yes"}, "agency_a",
        (*SIGNED_IN_STRANGERS, "head", "delegate", "home_affairs", "chairman"),
    ),
    (
        "periods.extend for one official", "/periods/extend", extend_one, "lan",
        (*SIGNED_IN_STRANGERS, "head", "delegate", "chairman"),
    ),
    (
        "periods.extend for an agency", "/periods/extend", extend_agency, "agency_a",
        (*SIGNED_IN_STRANGERS, "head", "delegate", "chairman"),
    ),
    (
        "delegations.delegate of a division", "/delegations/", lend, "division1",
        (*SIGNED_IN_STRANGERS, "confirmer", "delegate", "chairman"),
    ),
    (
        "delegations.delegate of an agency", "/delegations/", lend, "agency_a",
        (*SIGNED_IN_STRANGERS, "head", "delegate", "chairman"),
    ),
]  # fmt: skip

# route: address, form, one that is permitted, one that is not, who sends both
MIXED: list[tuple[str, str, Callable[[World, str], Form], str, str, str]] = [
    ("reviews.accept", "/reviews/accept", pick("SUBMITTED"), "lan", "oanh", "head"),
    ("reviews.accept", "/reviews/accept", pick("SUBMITTED"), "nam", "head", "head"),
    ("reviews.accept", "/reviews/accept", pick("SUBMITTED"), "nam", "delegate", "delegate"),
    ("reviews.return_sheets", "/reviews/return", pick("SUBMITTED", reason=REASON), "lan", "hoa", "head"),
    ("reviews.return_sheets", "/reviews/return", pick("SUBMITTED", reason=REASON), "nam", "oanh", "delegate"),
    ("confirmations.confirm", "/confirmations/confirm", pick("SCORED", month="2026-08"), "lan", "oanh", "confirmer"),
    ("confirmations.confirm", "/confirmations/confirm", pick("SCORED", month="2026-08"), "nam", "confirmer", "confirmer"),
    ("confirmations.confirm", "/confirmations/confirm", pick("SCORED", month="2026-08"), "oanh", "lan", "other_head"),
    ("grades.decide_many", "/grades/{agency}/2027/decide", grade, "lan", "oanh", "confirmer"),
    ("grades.decide_many", "/grades/{agency}/2027/decide", grade, "oanh", "lan", "other_head"),
]  # fmt: skip


def send(ledger: Ledger, role: str, url: str, form: Form) -> tuple[Any, list[Any]]:
    answer, found = ledger.ask(role, url, {"transaction_id": str(uuid4()), **form})
    assert answer.status < 500, f"{role} {url} fell over: {answer.status}"
    return answer, beyond_traces(found)


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: case[0])
def test_what_another_chooses_from_a_form_is_refused_and_nothing_changes(
    case: Any, court: Court, ledger: Ledger
) -> None:
    _name, url, form, whose, kept_out = case
    assert len(kept_out) >= 6
    wrong = []
    for role in kept_out:
        answer, changed = send(ledger, role, url, form(court.world, whose))
        if changed or answer.status < 400:
            wrong.append(f"{role}: {answer.status} {changed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [*SIGNED_IN_STRANGERS, "head", "delegate", "home_affairs", "other_head"])
@pytest.mark.parametrize("agency", ["agency_a", "agency_b"])
def test_a_class_of_the_year_is_decided_by_nobody_but_the_competent_head_whatever_agency_stands_in_the_address(
    role: str, agency: str, court: Court, ledger: Ledger
) -> None:
    url = f"/grades/{court.world.of['unit'][agency]}/2027/decide"
    answer, changed = send(ledger, role, url, grade(court.world, "lan"))
    assert answer.status >= 400
    assert changed == []


@pytest.mark.parametrize("case", MIXED, ids=lambda case: f"{case[0]} {case[3]}+{case[4]} by {case[5]}")
def test_a_list_with_one_thing_that_is_forbidden_changes_nothing_at_all(
    case: Any, court: Court, ledger: Ledger
) -> None:
    _name, url, form, permitted, forbidden, role = case
    url = url.format(agency=court.world.of["unit"]["agency_b" if role == "other_head" else "agency_a"])
    one, other = form(court.world, permitted), form(court.world, forbidden)
    (name,) = [key for key, value in one.items() if isinstance(value, list)]
    for both in ([*one[name], *other[name]], [*other[name], *one[name]]):
        answer, changed = send(ledger, role, url, {**one, name: both})
        assert answer.status in (403, 404, 409, 422)
        assert changed == []


def test_the_same_forms_from_who_may_do_change_something(court: Court, ledger: Ledger) -> None:
    """Else the tests here would pass with forms that nobody can send."""
    world = court.world
    decide = f"/grades/{world.of['unit']['agency_a']}/2027/decide"
    meeting = f"/round/{world.of['unit']['division1']}/2026/meetings/new"
    for role, url, form in (
        ("confirmer", decide, grade(world, "lan")),
        ("head", meeting, {**MINUTES, "person": str(world.of["person"]["lan"])}),
        ("home_affairs", "/discipline/", discipline(world, "oanh")),
        ("home_affairs", "/cycles/", cycle(world)),
        ("head", "/reviews/return", pick("SUBMITTED", reason=REASON)(world, "lan")),
        ("head", "/reviews/return", pick("SUBMITTED", "report", reason=REASON)(world, "lan")),
        ("confirmer", "/confirmations/confirm", pick("SCORED", month="2026-08")(world, "lan")),
        ("confirmer", "/periods/extend", extend_one(world, "lan")),
        ("confirmer", "/periods/extend", extend_agency(world, "agency_a")),
        ("head", "/delegations/", lend(world, "division1")),
    ):
        answer, changed = send(ledger, role, url, form)
        assert answer.status in (302, 303), (role, url, answer.status)
        assert changed, (role, url)
    answer, _changed = send(
        ledger, "confirmer", "/confirmations/check", pick("SCORED", month="2026-08")(world, "lan")
    )
    assert answer.status == 200


def test_the_check_before_confirming_shows_only_what_the_sender_confirms(
    court: Court, ledger: Ledger
) -> None:
    world = court.world
    own, other = (sheet(world, "SCORED", who) for who in ("lan", "oanh"))
    form = {"pick": [str(own), str(other)], "month": "2026-08"}
    answer, changed = send(ledger, "confirmer", "/confirmations/check", form)
    assert answer.status == 200
    assert f'name="pick" value="{own}:'.encode() in answer.body
    assert f'value="{other}:'.encode() not in answer.body
    assert changed == []


def test_a_reminder_reaches_only_those_whom_the_sender_supervises(court: Court, ledger: Ledger) -> None:
    for role in ("official", "nam", "late_delegate", "personnel", "home_affairs", "inspector", "moved"):
        answer, changed = send(ledger, role, "/reviews/remind", {"month": "2026-10"})
        assert answer.status == 404, role
        assert changed == [], role
    _answer, found = ledger.ask("head", "/reviews/remind", {"month": "2026-10"})
    told = [row for table, row in found if table == "notice"]
    below = {court.world.of["person"][who] for who in ("lan", "nam", "deputy", "delegate", "late_delegate")}
    assert told
    assert all(any(f'"person_id": {person},' in row for person in below) for row in told)


# Other routes whose body names a thing beside the one of the address


def test_a_work_plan_takes_no_sheet_and_no_line_of_another_unit(court: Court, ledger: Ledger) -> None:
    world = court.world
    theirs, line = sheet(world, "DRAFT", "oanh"), world.of["item DRAFT"]["oanh"]
    own, own_line = sheet(world, "DRAFT", "lan"), world.of["item DRAFT"]["lan"]
    at = f"/workplans/{world.of['unit']['division1']}/2026-10"
    lines = {
        "line": [f"{own_line}:{own}", f"{line}:{theirs}"],
        f"version-{own}": "1", f"version-{theirs}": "1", f"quantity-{own_line}": "9", f"quantity-{line}": "9",
    }  # fmt: skip
    disguised = {
        "line": [f"{line}:{own}"], f"version-{own}": "1", f"quantity-{line}": "9",
    }  # fmt: skip
    for role in (
        "official",
        "nam",
        "head",
        "delegate",
        "other_head",
        "personnel",
        "inspector",
        "home_affairs",
    ):
        for form in (lines, disguised, {**disguised, f"remove-{line}": "yes"}):
            _answer, changed = send(ledger, role, at, form)
            assert not [
                row for _table, row in changed if f'"id": {line},' in row or f'"id": {theirs},' in row
            ], role
        for form in (
            {"to": f"report:{theirs}", "version_id": "1", "quantity": "3", "due_on": "20/10/2026"},
            {"report_id": str(theirs)},
        ):
            for step in ("add", "copy"):
                _answer, changed = send(ledger, role, f"{at}/{step}", form)
                assert not [row for _table, row in changed if f'"report_id": {theirs},' in row], (role, step)


def test_minutes_of_a_meeting_hold_no_opinion_about_somebody_of_another_unit(
    court: Court, ledger: Ledger
) -> None:
    world = court.world
    at = f"/round/{world.of['unit']['division1']}/2026/meetings/new"
    stranger, own = world.of["person"]["oanh"], world.of["person"]["lan"]
    form = {**MINUTES, f"class-{stranger}": "HTXSNV", f"remarks-{stranger}": "x"}
    for role in (
        "official",
        "nam",
        "head",
        "delegate",
        "other_head",
        "personnel",
        "inspector",
        "home_affairs",
    ):
        for people in ([str(stranger)], [str(own), str(stranger)]):
            _answer, changed = send(ledger, role, at, {**form, "person": people})
            assert changed == [], role


def test_discipline_is_recorded_by_no_office_about_somebody_of_another_agency(
    court: Court, ledger: Ledger
) -> None:
    form = discipline(court.world, "oanh")
    for role in ("official", "head", "confirmer", "personnel", "inspector", "administrator", "other_head"):
        _answer, changed = send(ledger, role, "/discipline/", form)
        assert changed == [], role


def test_a_cycle_and_a_role_are_given_by_nobody_who_holds_no_right_to_it_over_the_unit_in_the_form(
    court: Court, ledger: Ledger
) -> None:
    world = court.world
    role_form = {"role": "HOME_AFFAIRS", "unit_id": str(world.of["unit"]["province"]), "since": "10/11/2026"}
    grant = next(one for one in court.app.url_map.iter_rules() if one.endpoint == "accounts.grant")
    for role in ("official", "head", "confirmer", "personnel", "inspector", "administrator", "chairman"):
        _answer, changed = send(ledger, role, "/cycles/", cycle(world))
        assert changed == [], role
    for role in (
        "official",
        "head",
        "confirmer",
        "personnel",
        "home_affairs",
        "inspector",
        "waiting",
        "chairman",
    ):
        for account in (role, "lan"):
            at = grant.rule.replace("<int:account_id>", str(world.of["account"][account]))
            _answer, changed = send(ledger, role, at, role_form)
            assert changed == [], (role, account)
