"""The menu: a person sees only what they can use, with the number of things waiting."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from evaluation import clock
from evaluation.queries import organisation, waiting
from evaluation.rules.party import Reach
from evaluation.rules.permissions import Role
from evaluation.services import audit_journal, extra_income, party
from evaluation.services.access import Actor
from evaluation.web.access import current_actor


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of the menu."""

    label: str
    url: str
    active: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who stands at the right of the header."""

    name: str
    office: str
    unit: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A possible line of the menu: where it leads, who sees it, its blueprint (which names its count), and others
    whose pages light it up too."""

    endpoint: str
    label: str
    shown: Callable[[Actor], bool]
    noun: str
    also: tuple[str, ...] = ()

    def owns(self, blueprint: str | None) -> bool:
        """Whether a page of this blueprint lights the line up."""
        return blueprint == self.noun or blueprint in self.also


def _everyone(_actor: Actor) -> bool:
    return True


def _leads(actor: Actor) -> bool:
    return bool(actor.standing.headed or actor.standing.delegated)


def _leads_or_oversees(actor: Actor) -> bool:
    return _leads(actor) or bool(actor.standing.deputised) or _reads_lists(actor)


def _home_affairs(actor: Actor) -> bool:
    return any(actor.standing.holds(role) for role in (Role.HOME_AFFAIRS, Role.INSPECTOR))


def _reads_lists(actor: Actor) -> bool:
    return _home_affairs(actor) or actor.standing.holds(Role.PERSONNEL)


def _sees_party_quarters(actor: Actor) -> bool:
    return _leads_or_oversees(actor) and party.reach(clock.today()) is not Reach.OFF


def _exports_income(actor: Actor) -> bool:
    standing = actor.standing
    may = standing.agencies or standing.holds(Role.HOME_AFFAIRS) or standing.holds(Role.PERSONNEL)
    return bool(may) and extra_income.is_on(clock.today())


def _administers(actor: Actor) -> bool:
    return _home_affairs(actor) or actor.standing.holds(Role.ADMINISTRATOR)


def _registers(actor: Actor) -> bool:
    return bool(actor.standing.roles)


# As many lines as stand beside one another; the rest of a long menu, the rarer ones, unfolds.
MENU = "cong_tam.menu"
IN_THE_ROW = 8
THIS_QUARTER = _l("This quarter")  # for whom the newest sheet is a quarter's
ENTRIES = (
    Entry("home.show", _l("Home"), _everyone, "home", ("delegations", "periods", "cycles", "readings")),
    Entry("reports.current", _l("This month"), _everyone, "reports"),
    Entry("results.index", _l("My results"), _everyone, "results"),
    Entry("workplans.index", _l("Assign"), _leads, "workplans"),
    Entry("reviews.index", _l("Score"), _leads, "reviews"),
    Entry("confirmations.index", _l("Confirm"), _leads, "confirmations"),
    Entry(
        "grades.index",
        _l("Annual class"),
        _leads_or_oversees,
        "grades",
        ("annual_round", "conclusions", "meetings", "organisation_classes", "party_opinions", "replacements"),
    ),
    Entry("standings.index", _l("Units"), _leads_or_oversees, "standings"),
    Entry(
        "commendations.index",
        _l("Commendation"),
        _reads_lists,
        "commendations",
        ("commendation_registers", "disciplines", "register_lines"),
    ),
    Entry(
        "petitions.index",
        _l("Petitions"),
        _leads_or_oversees,
        "petitions",
        ("petition_answers", "petition_register"),
    ),
    Entry("party.index", _l("Party's quarters"), _sees_party_quarters, "party"),
    Entry("extra_income.index", _l("Extra income"), _exports_income, "extra_income"),
    Entry("catalogue.index", _l("Catalogue"), _everyone, "catalogue"),
    Entry("law.show", _l("Law in force"), _everyone, "law"),
    Entry(
        "organisation.index",
        _l("Organisation"),
        _registers,
        "organisation",
        ("appointments", "charges", "imports", "person_changes", "unit_changes", "unit_codes"),
    ),
    Entry("accounts.index", _l("Accounts"), _administers, "accounts"),
    Entry("closings.index", _l("Closing periods"), _home_affairs, "closings"),
    Entry("audit.index", _l("Journal"), audit_journal.may_read, "audit"),
    Entry("jobs.index", _l("Jobs"), _home_affairs, "jobs", ("national_exports",)),
)


def line_of(blueprint: str) -> str | None:
    """The line of the menu that a page of this blueprint belongs to."""
    return next((str(entry.label) for entry in ENTRIES if entry.owns(blueprint)), None)


def register(app: Flask) -> None:
    """Gives every page its menu and the person's office."""
    app.context_processor(_context)


def _context() -> dict[str, object]:
    if g.get("without_menu") or not current_user.is_authenticated:
        return {"menu": [], "today": clock.today()}
    # A page with cards renders several templates: the menu is worked out for the first.
    if MENU not in request.environ:
        request.environ[MENU] = _menu()
    found: dict[str, object] = request.environ[MENU]
    return found


def _menu() -> dict[str, object]:
    actor = current_actor()
    counts = waiting.counts(actor.standing)
    menu = [
        MenuItem(
            THIS_QUARTER if entry.noun == "reports" and counts[waiting.BY_QUARTER] else entry.label,
            url_for(entry.endpoint),
            entry.owns(request.blueprint),
            counts.get(entry.noun, 0),
        )
        for entry in ENTRIES
        if entry.endpoint in current_app.view_functions and entry.shown(actor)
    ]
    title, unit = organisation.main_office(actor.person_id, clock.today())
    split = len(menu) if len(menu) <= IN_THE_ROW else IN_THE_ROW - 1
    return {
        "menu": menu[:split],
        "menu_more": menu[split:],
        "today": clock.today(),
        "signed_in": SignedIn(current_user.person.full_name, title, unit),
    }
