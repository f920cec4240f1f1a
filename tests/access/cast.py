"""Who stands where in the province of the matrix: written by hand, never asked of the program that is on trial."""

from collections.abc import Mapping

from evaluation.rules.permissions import Relation

R = Relation

# Everybody who signs in, with what they are on the day of the trial.
ROLES: Mapping[str, str] = {
    "nobody": "nobody signed in",
    "official": "Lan, an official of division 1",
    "deputy": "the deputy head of division 1",
    "head": "Hùng, head of division 1: direct supervisor there",
    "confirmer": "Thu, head of agency A",
    "chairman": "the chairman of the province",
    "delegate": "an official of division 1 to whom Hùng has lent his duty from today",
    "late_delegate": "an official of division 1 whose delegation ended yesterday",
    "personnel": "the personnel officer of agency A",
    "other_personnel": "the personnel officer of agency B",
    "home_affairs": "Home Affairs, over the province",
    "inspector": "an inspector, over the province",
    "administrator": "an administrator, over the province",
    "other_head": "the head of agency B",
    "moved": "head of division 2 until yesterday, an official of agency B from today",
    "disabled": "somebody of Home Affairs whose account was disabled after signing in",
    "waiting": "somebody whose role of Home Affairs waits for its approval",
    "lapsed": "personnel officer of agency A until yesterday",
}
# Whose thing it is. `closed` is Nam's, of a closed period; `missing` is nobody's.
OWNERS = ("mine", "lan", "nam", "hoa", "oanh", "hung", "closed", "missing")
DIVISION_1 = ("lan", "nam", "closed")
AGENCY_A = (*DIVISION_1, "hoa", "hung")
AGENCY_B = ("oanh",)
EVERYBODY = (*AGENCY_A, *AGENCY_B)
SIGNED_IN = tuple(role for role in ROLES if role not in ("nobody", "disabled"))


def _to(owners: tuple[str, ...], *held: Relation) -> dict[str, set[Relation]]:
    return {owner: set(held) for owner in owners}


# How each role stands to what belongs to a person: a sheet, a line, a score, a class, a petition.
TO_PEOPLE: dict[str, dict[str, set[Relation]]] = {
    "official": _to(("mine", "lan"), R.OWNER),
    "deputy": {**_to((*DIVISION_1, "hung"), R.LEADER_ABOVE), "mine": {R.OWNER, R.LEADER_ABOVE}},
    "head": {
        **_to(DIVISION_1, R.SUPERVISOR, R.LEADER_ABOVE),
        **_to(("mine", "hung"), R.OWNER, R.LEADER_ABOVE),
    },
    "confirmer": {
        **_to((*DIVISION_1, "hoa"), R.CONFIRMER, R.LEADER_ABOVE),
        "hung": {R.SUPERVISOR, R.CONFIRMER, R.LEADER_ABOVE},
        "mine": {R.OWNER, R.LEADER_ABOVE},
    },
    "chairman": {
        **_to(EVERYBODY, R.LEADER_ABOVE),
        "mine": {R.OWNER, R.SUPERVISOR, R.CONFIRMER, R.LEADER_ABOVE},
    },
    "delegate": {
        **_to(DIVISION_1, R.SUPERVISOR_DELEGATE, R.LEADER_ABOVE),
        "hung": {R.LEADER_ABOVE},
        "mine": {R.OWNER, R.SUPERVISOR_DELEGATE, R.LEADER_ABOVE},
    },
    "late_delegate": {"mine": {R.OWNER}},
    "personnel": {**_to(AGENCY_A, R.PERSONNEL), "mine": {R.OWNER, R.PERSONNEL}},
    "other_personnel": {**_to(AGENCY_B, R.PERSONNEL), "mine": {R.OWNER, R.PERSONNEL}},
    "home_affairs": {**_to(EVERYBODY, R.HOME_AFFAIRS), "mine": {R.OWNER, R.HOME_AFFAIRS}},
    "inspector": {**_to(EVERYBODY, R.INSPECTOR), "mine": {R.OWNER, R.INSPECTOR}},
    "administrator": {**_to(EVERYBODY, R.ADMINISTRATOR), "mine": {R.OWNER, R.ADMINISTRATOR}},
    "other_head": {
        **_to(AGENCY_B, R.CONFIRMER, R.LEADER_ABOVE),
        "mine": {R.OWNER, R.LEADER_ABOVE},
    },
    "moved": {"mine": {R.OWNER}},
    "waiting": {"mine": {R.OWNER}},
    "lapsed": {"mine": {R.OWNER}},
}

UNITS = ("division1", "division2", "agency_a", "agency_b", "division3", "province", "missing")
OF_A = ("division1", "division2", "agency_a")
OF_B = ("agency_b", "division3")
EVERYWHERE = (*OF_A, *OF_B, "province")

# How each role stands to a unit; whoever heads it confirms what its own unit answers for.
TO_UNITS: dict[str, dict[str, set[Relation]]] = {
    "official": {},
    "deputy": _to(("division1",), R.LEADER_ABOVE),
    "head": {"division1": {R.CONFIRMER, R.SUPERVISOR, R.LEADER_ABOVE}},
    "confirmer": {
        **_to(("division1", "division2"), R.LEADER_ABOVE),
        "agency_a": {R.CONFIRMER, R.SUPERVISOR, R.LEADER_ABOVE},
    },
    "chairman": {
        **_to((*OF_A, *OF_B), R.LEADER_ABOVE),
        "province": {R.CONFIRMER, R.SUPERVISOR, R.LEADER_ABOVE},
    },
    "delegate": {"division1": {R.CONFIRMER_DELEGATE, R.SUPERVISOR_DELEGATE, R.LEADER_ABOVE}},
    "late_delegate": {},
    "personnel": _to(OF_A, R.PERSONNEL),
    "other_personnel": _to(OF_B, R.PERSONNEL),
    "home_affairs": _to(EVERYWHERE, R.HOME_AFFAIRS),
    "inspector": _to(EVERYWHERE, R.INSPECTOR),
    "administrator": _to(EVERYWHERE, R.ADMINISTRATOR),
    "other_head": {
        "division3": {R.LEADER_ABOVE},
        "agency_b": {R.CONFIRMER, R.SUPERVISOR, R.LEADER_ABOVE},
    },
    "moved": {},
    "waiting": {},
    "lapsed": {},
}


def to_person(role: str, owner: str) -> frozenset[Relation]:
    """How a role stands to what belongs to somebody."""
    return frozenset(TO_PEOPLE.get(role, {}).get(owner, set()))


def to_unit(role: str, unit: str) -> frozenset[Relation]:
    """How a role stands to a unit."""
    return frozenset(TO_UNITS.get(role, {}).get(unit, set()))
