"""The smallest forms that a right person could send: most of them succeed, so that a door that opens means something."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

from tests.access.addresses import thing_of
from tests.access.world import PDF, World
from tests.factories import PASSWORD

Form = dict[str, Any]
REASON = "Theo văn bản của cơ quan"


def form_for(world: World, endpoint: str, role: str, owner: str) -> Form:
    """The form of a route, each with a transaction id of its own."""
    made = FORMS.get(endpoint, lambda _world, _role, _owner: {})(world, role, owner)
    return {"transaction_id": str(uuid4()), **made}


def _file(_world: World, _role: str, _owner: str) -> Form:
    return {"files": (BytesIO(PDF), "bao-cao.pdf"), "file": (BytesIO(PDF), "bao-cao.pdf")}


def _fixed(**fields: Any) -> Callable[[World, str, str], Form]:
    return lambda _world, _role, _owner: dict(fields)


FORMS: dict[str, Callable[[World, str, str], Form]] = {
    "evidence.attach": _file,
    "commendation_registers.file": _file,
    "reports.submit": _fixed(version="1"),
    "reports.draft": _fixed(version="1"),
    "reports.check_and_save": _fixed(version="1"),
    "reports.withdraw": _fixed(version="1"),
    "reports.remove_work": _fixed(version="1"),
    "reports.add_work": _fixed(
        version="1",
        task="Soạn báo cáo",
        kind="UNPLANNED",
        assigned="1",
        done="1",
        product_id="",
        coefficient="1",
    ),
    "reviews.score": _fixed(version="1", organising="100", cohesion="100"),
    "reviews.save": _fixed(version="1", organising="100", cohesion="100"),
    "confirmations.send_back": _fixed(reason=REASON, version="1"),
    "grades.decide": _fixed(klass="HTTNV", decided_class="HTTNV", reason=REASON, decision_number="1/QĐ"),
    "grades.publish": _fixed(decision_number="1/QĐ"),
    "petitions.lodge_score": _fixed(reason=REASON, wanted="Xem lại"),
    "petitions.lodge_class": _fixed(reason=REASON, wanted="Xem lại"),
    "petition_answers.reject": _fixed(answer=REASON, document_number="2/CV"),
    "petition_answers.correct": _fixed(answer=REASON, document_number="2/CV", version="1"),
    "conclusions.withdraw": _fixed(reason=REASON),
    "annual_round.late": _fixed(document_number="3/CV"),
    "annual_round.mine": _fixed(klass="HTTNV", note="Tự nhận"),
    "disciplines.show": _fixed(what="change", quashed_on="", used_in_year="2026", reason=REASON),
    "national_exports.hand_over": _fixed(receipt="4/BN"),
    "jobs.roll_up": _fixed(month="2026-06"),
    "jobs.propose": lambda world, _role, _owner: {"unit_id": world.of["unit"]["agency_a"], "year": "2026"},
    "commendations.run": _fixed(year="2026", award="LDTT", received_on="2026-11-10"),
    "access.set_language": _fixed(locale="vi"),
    "reauthentication.confirm": _fixed(confirm_password=PASSWORD),
    "accounts.decide_role": _fixed(agrees="yes"),
    "accounts.decide_factor_reset": _fixed(agrees="yes"),
    "accounts.grant": lambda world, _role, _owner: {
        "role": "PERSONNEL",
        "unit_id": world.of["unit"]["agency_a"],
        "since": "10/11/2026",
    },
    **{
        f"accounts.{name}": _fixed(reason=REASON)
        for name in ("disable", "enable", "ask_factor_reset", "reset_password", "end_sessions")
    },
    "closings.ask_reopening": _fixed(reason=REASON),
    "closings.decide_reopening": _fixed(granted="yes", reason=REASON),
}


__all__ = ["FORMS", "form_for", "thing_of"]
