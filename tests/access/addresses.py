"""What stands in each address: which thing of the province fills which part of the URL."""

from typing import Any

from tests.access.cast import OWNERS, ROLES, UNITS
from tests.access.world import MISSING, NO_TOKEN, World

NO_UUID = "00000000-0000-4000-8000-000000000000"
# A part of an address that is the same whoever asks.
FIXED: dict[str, Any] = {
    "year": 2026, "month": "2026-10", "period": "2026-10", "noun": "people", "award": "LDTT", "name": "bands",
    "what": "01", "when": "2026-06", "filename": "app.css", "register": "discipline",
}  # fmt: skip
OF_NOBODY = {"token": NO_TOKEN, "transaction_id": NO_UUID}


def owners_of(axis: str) -> tuple[str, ...]:
    """The objects that a route is tried upon."""
    return {"person": OWNERS, "unit": UNITS}.get(axis, ("-",))


def key_of(role: str, owner: str) -> str:
    """Under which name the province keeps what belongs to this owner, as seen by this role."""
    return role if owner == "mine" else owner


def is_repeated(role: str, owner: str) -> bool:
    """Whether this object is the role's own, tried under `mine` already; a missing account owns nothing."""
    if owner == "mine":
        return role == "nobody"
    return (role, owner) in (("official", "lan"), ("head", "hung")) or role not in ROLES


def thing_of(world: World, kind: str, role: str, owner: str) -> Any:
    """The id of an owner's thing; None where this owner has none."""
    if owner == "missing":
        return MISSING
    return world.of.get(kind, {}).get(key_of(role, owner))
