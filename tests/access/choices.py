"""Forms whose body names what is done something to; complete, so that who may send them succeeds."""

from collections.abc import Callable

from tests.access.forms import REASON, Form
from tests.access.world import World


def sheet(world: World, state: str, who: str) -> int:
    """A sheet of somebody in a state."""
    return int(world.of[f"sheet {state}"][who])


def pick(state: str, name: str = "pick", **more: str) -> Callable[[World, str], Form]:
    """A list of one: the sheet of somebody."""
    return lambda world, who: {name: [str(sheet(world, state, who))], **more}


def extend_one(world: World, who: str) -> Form:
    """A later day for one official."""
    agency = "agency_b" if who in ("oanh", "other_head") else "agency_a"
    return {
        "period_id": str(world.of["period"]["all"]), "agency_id": str(world.of["unit"][agency]), "step": "SUBMIT",
        "due": "20/12/2026", "reason": REASON, "official": world.of["official number"][who],
    }  # fmt: skip


def extend_agency(world: World, agency: str) -> Form:
    """A later day for an agency."""
    return {
        "period_id": str(world.of["period"]["all"]), "agency_id": str(world.of["unit"][agency]), "step": "SUBMIT",
        "due": "20/12/2026", "reason": REASON,
    }  # fmt: skip


def lend(world: World, unit: str) -> Form:
    """The duty of a unit lent to somebody of its agency."""
    to = {"division1": "nam", "agency_a": "personnel", "agency_b": "other_personnel"}[unit]
    return {
        "unit_id": str(world.of["unit"][unit]), "delegate_id": str(world.of["person"][to]), "since": "01/12/2026",
        "until": "05/12/2026", "document_number": "9/UQ", "reason": REASON,
    }  # fmt: skip


def grade(world: World, who: str) -> Form:
    """A list of one: the class of the year that was proposed for somebody."""
    return {"pick": [str(world.of["grade PROPOSED"][who])]}


MINUTES: Form = {
    "held_on": "09/11/2026", "chair": "A", "secretary": "B", "invited": "3", "present": "3", "minutes": "Nhất trí.",
}  # fmt: skip


def discipline(world: World, who: str) -> Form:
    """A decision about somebody."""
    return {
        "whose": world.of["official number"][who], "form": "KHIEN_TRACH", "number": "9/QĐ", "duty_related": "no",
        "decided_on": "09/11/2026", "starts_on": "09/11/2026", "ends_on": "09/11/2027", "used_in_year": "2026",
    }  # fmt: skip


def cycle(world: World) -> Form:
    """Agency A evaluated by quarters."""
    return {
        "agency_id": str(world.of["unit"]["agency_a"]), "cycle": "QUARTER", "since": "01/01/2027",
        "decision_number": "9/QĐ", "sure": "yes",
    }  # fmt: skip
