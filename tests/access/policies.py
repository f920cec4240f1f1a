"""Which right each route asks for, upon what: one row a route; a route without a row fails the matrix."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evaluation.rules.permissions import Action, Relation, allowed
from tests.access.cast import SIGNED_IN, UNITS, to_person, to_unit

A = Action
R = Relation
PERSON, UNIT, NOTHING = "person", "unit", "nothing"
AGENCIES = ("agency_a", "agency_b", "province")
READ_UNIT_OF = (A.READ_UNIT,)


@dataclass(frozen=True)
class Door:
    """Who passes: `needs` lets through, `reads` tells that the thing is there, to others it looks missing.

    `on` says whose thing stands in the address: a person's, a unit's, or none. `only` names by hand who passes where
    no relation says it, `why` gives the reason. `here` limits units to those that can be meant.
    """

    on: str = NOTHING
    args: dict[str, str] = field(default_factory=dict)
    needs: tuple[Action, ...] = ()
    reads: tuple[Action, ...] = ()
    upon: tuple[str, ...] = UNITS
    without: frozenset[Relation] = frozenset()
    only: Callable[[str, str], bool] | None = None
    why: str = ""
    fixed: dict[str, Any] = field(default_factory=dict)
    public: bool = False
    closed_conflicts: bool = False
    seen_by_all: bool = False
    seen: Callable[[str, str], bool] | None = None
    accepts: tuple[int, ...] = ()
    refuses: tuple[int, ...] = (403, 404)

    def held(self, role: str, owner: str) -> frozenset[Relation]:
        """The relations that count at this door."""
        if self.on == PERSON:
            return to_person(role, owner) - self.without
        if self.on == UNIT:
            return (to_unit(role, owner) if owner in self.upon else frozenset()) - self.without
        return frozenset()

    def opens(self, role: str, owner: str) -> bool:
        """Whether this role passes for this object."""
        if self.public:
            return True
        if role not in SIGNED_IN or owner == "missing":
            return False
        if self.only is not None:
            return self.only(role, owner)
        if self.on == NOTHING:
            return any(
                allowed(action, to_unit(role, unit) - self.without)
                for unit in self.upon
                for action in self.needs
            )
        return any(allowed(action, self.held(role, owner)) for action in self.needs)

    def shows(self, role: str, owner: str) -> bool:
        """Whether this role may know that the object is there."""
        if self.seen_by_all and owner != "missing":
            return True
        if self.seen is not None and owner != "missing":
            return self.opens(role, owner) or self.seen(role, owner)
        return self.opens(role, owner) or any(
            allowed(action, self.held(role, owner)) for action in self.reads
        )


def anybody(why: str, **more: Any) -> Door:
    """Open to everybody who is signed in, with the reason."""
    return Door(only=lambda role, owner: True, why=why, **more)


def own(args: dict[str, str], why: str) -> Door:
    """Nobody but its owner, whatever else they are."""
    return Door(PERSON, args, only=lambda role, owner: _is_own(role, owner), why=why)


def _is_own(role: str, owner: str) -> bool:
    return Relation.OWNER in to_person(role, owner)


def everyone(why: str) -> Door:
    """Open to the world, with the reason."""
    return Door(public=True, why=why)


def somewhere(*needs: Action, upon: tuple[str, ...] = UNITS, why: str = "") -> Door:
    """Whoever holds one of these rights over some unit."""
    return Door(NOTHING, needs=needs, upon=upon, why=why)


def roles(*names: str, why: str, **more: Any) -> Door:
    """Named by hand, with the reason."""
    return Door(only=lambda role, owner: role in names, why=why, **more)


def sheet(state: str, *needs: Action, arg: str = "report_id", **more: Any) -> Door:
    """A person's sheet in a state; who may read it knows it is there."""
    return Door(PERSON, {arg: f"sheet {state}"}, needs, (A.READ_REPORT,), **more)


def line(*needs: Action) -> Door:
    """A line of work of a person's draft."""
    return Door(PERSON, {"item_id": "item DRAFT"}, needs, (A.READ_REPORT,))


def grade(state: str, *needs: Action, **more: Any) -> Door:
    """A person's class of the year."""
    return Door(PERSON, {"grade_id": f"grade {state}"}, needs, READ_UNIT_OF, **more)


def person(*needs: Action, reads: tuple[Action, ...] = (A.READ_ORGANISATION,), **more: Any) -> Door:
    """A person of the register."""
    return Door(PERSON, {"person_id": "person"}, needs, reads, **more)


def unit(*needs: Action, reads: tuple[Action, ...] = (), arg: str = "unit_id", **more: Any) -> Door:
    """A unit."""
    return Door(UNIT, {arg: "unit"}, needs, reads, **more)


def of_unit(kind: str, arg: str, *needs: Action, reads: tuple[Action, ...] = (), **more: Any) -> Door:
    """A thing of a unit."""
    return Door(UNIT, {arg: kind}, needs, reads, **more)


def both(door: Door, *methods: str) -> dict[str, Door]:
    """The same door for several methods."""
    return dict.fromkeys(methods or ("GET", "POST"), door)


def get(door: Door) -> dict[str, Door]:
    return {"GET": door}


def post(door: Door) -> dict[str, Door]:
    return {"POST": door}


DOCX = {"kind": "docx"}
closed = {"closed_conflicts": True}
_published_or_reader = (A.READ_UNIT,)
CATALOGUE = somewhere(A.CHANGE_CATALOGUE)
REGISTER = somewhere(A.CHANGE_ORGANISATION)
LEADS = "a list of what waits for the reader; empty for who leads nothing"

POLICIES: dict[str, dict[str, Door]] = {
    # Open to the world
    "static": get(everyone("style sheets and scripts")),
    "access.sign_in": both(everyone("the way in")),
    "access.set_language": post(everyone("the page of signing in has two languages")),
    # Everybody's own
    "access.sign_out": post(everyone("leaves to the page of signing in, whoever asks")),
    "home.show": get(anybody("one's own tasks")),
    "home.read_notices": post(anybody("one's own notices")),
    "law.show": get(anybody("the law is public")),
    "permissions.show": get(anybody("who may do what is known to everybody")),
    "reports.current": get(anybody("one's own newest sheet")),
    "results.index": get(anybody("one's own results")),
    "grades.index": get(anybody("the agencies one reads, or one's own class")),
    "petitions.index": get(anybody("one's own petitions, and those one answers")),
    "delegations.index": get(anybody("duties one has lent or got")),
    "reviews.index": get(anybody(LEADS)),
    "confirmations.index": get(anybody(LEADS)),
    "workplans.index": get(anybody(LEADS)),
    "annual_round.mine": both(anybody("one's own class of the year, proposed by oneself")),
    "forms.own_year": get(anybody("one's own paper", fixed=DOCX)),
    "catalogue.index": get(anybody("the catalogue is read by everybody")),
    "catalogue.search": get(anybody("the catalogue is read by everybody", fixed={"query": "q=bao+cao"})),
    "appointments.search_positions": get(anybody("names of positions are public in the catalogue")),
    # Sheets
    "reports.show": get(sheet("DRAFT", A.READ_REPORT)),
    "reports.add": get(sheet("DRAFT", A.WRITE_REPORT)),
    "reports.add_work": post(sheet("DRAFT", A.WRITE_REPORT, **closed)),
    "reports.check": get(sheet("DRAFT", A.WRITE_REPORT)),
    "reports.check_and_save": post(sheet("DRAFT", A.WRITE_REPORT, **closed)),
    "reports.draft": post(sheet("DRAFT", A.WRITE_REPORT, **closed)),
    "reports.submit": post(sheet("DRAFT", A.WRITE_REPORT, **closed)),
    "reports.submitted": get(sheet("SUBMITTED", A.READ_REPORT)),
    "reports.withdraw": post(sheet("SUBMITTED", A.WRITE_REPORT, **closed)),
    "reports.remove_work": post(line(A.WRITE_REPORT)),
    "evidence.line": get(line(A.READ_REPORT)),
    "evidence.attach": post(line(A.WRITE_REPORT)),
    "evidence.download": get(Door(PERSON, {"evidence_id": "evidence"}, (A.READ_REPORT,))),
    "evidence.remove": post(Door(PERSON, {"evidence_id": "evidence"}, (A.WRITE_REPORT,), (A.READ_REPORT,))),
    "results.show": get(sheet("CONFIRMED", A.READ_REPORT)),
    "forms.paper": get(sheet("PUBLISHED", A.READ_REPORT)),
    "forms.period": get(sheet("PUBLISHED", A.READ_REPORT, fixed=DOCX)),
    "forms.tracking": get(sheet("PUBLISHED", A.READ_REPORT)),
    "workings.score": get(Door(PERSON, {"sheet_id": "score CONFIRMED"}, (A.READ_REPORT,))),
    "workings.score_file": get(Door(PERSON, {"sheet_id": "score CONFIRMED"}, (A.READ_REPORT,), fixed=DOCX)),
    "what_ifs.sheet": get(sheet("CONFIRMED", A.WHAT_IF)),
    # Scoring and confirming
    "reviews.show": get(sheet("SUBMITTED", A.SCORE_REPORT)),
    "reviews.row": get(sheet("SUBMITTED", A.SCORE_REPORT)),
    "reviews.open_sheet": post(sheet("SUBMITTED", A.SCORE_REPORT)),
    "reviews.outlook": post(sheet("SUBMITTED", A.SCORE_REPORT)),
    "reviews.save": post(sheet("SUBMITTED", A.SCORE_REPORT, **closed)),
    "reviews.score": post(sheet("SUBMITTED", A.SCORE_REPORT, **closed)),
    "confirmations.send_back": both(sheet("SCORED", A.CONFIRM_REPORT, **closed)),
    "confirmations.receipt": get(own({"transaction_id": "receipt"}, "a receipt belongs to who got it")),
    # Work plans
    "workplans.hand_over": both(line(A.ASSIGN_WORK)),
}

NO_OWN = frozenset({Relation.OWNER})
CLERKS = "keepers of the register of discipline and its readers"
TOKEN_WHY = "a file belongs to whoever asked for it, while the right to it lasts"


def token(kind: str, needs: Action) -> Door:
    """A file made in the background: of whoever asked for it, while they hold its right over their own agency."""
    return Door(PERSON, {"token": kind}, only=_token_door(needs), why=TOKEN_WHY)


# The unit over which each role's file was asked for: agency or, for papers, the unit of service.
ASKED_FOR = {
    "official": "agency_a", "deputy": "agency_a", "head": "agency_a", "confirmer": "agency_a", "delegate": "agency_a",
    "late_delegate": "agency_a", "chairman": "province", "personnel": "agency_a", "lapsed": "agency_a",
    "other_personnel": "agency_b", "other_head": "agency_b", "moved": "agency_b",
    "home_affairs": "agency_c", "inspector": "agency_c", "administrator": "agency_c", "waiting": "agency_c",
}  # fmt: skip
OWN_UNIT = {
    "official": "division1", "deputy": "division1", "head": "division1", "delegate": "division1",
    "late_delegate": "division1", "personnel": "office_a", "lapsed": "office_a",
    "other_personnel": "division3", "moved": "division3",
}  # fmt: skip
# How roles over everything stand to agency C, which nobody of the cast heads.
OVER_C = {"home_affairs": R.HOME_AFFAIRS, "inspector": R.INSPECTOR, "administrator": R.ADMINISTRATOR}


def _token_door(needs: Action) -> Callable[[str, str], bool]:
    def opens(role: str, owner: str) -> bool:
        if not _is_own(role, owner):
            return False
        unit = ASKED_FOR[role]
        if needs is A.READ_UNIT:
            unit = OWN_UNIT.get(role, unit)
        if unit == "agency_c":
            held = frozenset({OVER_C[role]}) if role in OVER_C else frozenset()
        elif unit == "office_a":
            held = frozenset({R.PERSONNEL}) if role == "personnel" else frozenset()
        else:
            held = to_unit(role, unit)
        return allowed(needs, held)

    return opens


def job_door() -> Door:
    """A job: of whoever asked for it, and of who follows all jobs."""

    def opens(role: str, owner: str) -> bool:
        return _is_own(role, owner) or allowed(A.READ_JOBS, to_unit(role, "province"))

    return Door(PERSON, {"job_id": "job"}, only=opens, why="whoever asked for it, or who follows all jobs")


def batch_door(kind: str, why: str) -> Door:
    """A file read in: of whoever read it in; Home Affairs and administrators of the whole register see all."""

    def opens(role: str, owner: str) -> bool:
        everything = kind == "batch" and role in ("home_affairs", "administrator")
        return (owner == "mine" or everything) and role in BATCHES[kind]

    return Door(PERSON, {"batch_id": kind}, only=opens, why=why)


BATCHES = {"batch": ("home_affairs", "administrator"), "catalogue batch": ("personnel", "other_personnel")}


def _records(role: str, owner: str) -> bool:
    """Whoever prepares the round of somebody else: personnel, the supervisor, the confirmer; never of oneself."""
    return not _is_own(role, owner) and allowed(A.RECORD_ROUND, to_person(role, owner))


def _keeps_conclusions(role: str, owner: str) -> bool:
    held = to_person(role, owner)
    return not _is_own(role, owner) and bool(held & {R.PERSONNEL, R.HOME_AFFAIRS})


def _keeps_discipline(role: str, unit: str) -> bool:
    return bool(to_unit(role, unit) & {R.PERSONNEL, R.HOME_AFFAIRS})


def _sets_late(role: str, unit: str) -> bool:
    return role in ("chairman", "home_affairs") and unit != "missing"


def _replaces(role: str, owner: str) -> bool:
    return role == "chairman" and owner not in ("mine", "missing")


def _income(role: str, unit: str) -> bool:
    return unit in AGENCIES and allowed(A.EXPORT_INCOME, to_unit(role, unit))


def _lends(role: str, unit: str) -> bool:
    lenders = {"head": "division1", "confirmer": "agency_a", "other_head": "agency_b"}
    return role == "home_affairs" or lenders.get(role) == unit


def _what_if(role: str, unit: str) -> bool:
    return unit in AGENCIES and allowed(A.WHAT_IF, to_unit(role, unit))


def _reads_round(role: str, owner: str) -> bool:
    return _is_own(role, owner) or allowed(A.READ_UNIT, to_person(role, owner))


def _recognises(role: str, unit: str) -> bool:
    """Whoever heads the unit above, or Home Affairs (Article 24); nobody the own."""
    above = {
        "division1": "confirmer", "division2": "confirmer", "agency_a": "chairman", "agency_b": "chairman",
        "division3": "other_head",
    }  # fmt: skip
    return above.get(unit) == role or (role == "home_affairs" and unit in (*above, "province"))


MEETING = {"kind": "meeting", "arg": "meeting_id", "reads": (A.READ_UNIT,)}
ROUND_READERS = (A.READ_UNIT,)
UNIT_KINDS = {"fixed": {**DOCX, "period": "2026-06"}}

POLICIES |= {
    # Classes of the year
    "grades.agency": get(unit(A.READ_UNIT)),
    "grades.decide_many": post(
        unit(A.READ_UNIT, why="each class chosen is judged by itself: test_forms_that_choose")
    ),
    "grades.propose": post(unit(A.PROPOSE_GRADES)),
    "grades.publish": post(
        unit(A.READ_UNIT, why="only decided classes one is competent for are published, else 409")
    ),
    "grades.show": get(grade("PROPOSED", A.READ_UNIT)),
    "grades.decide": post(grade("PROPOSED", A.DECIDE_GRADE)),
    "forms.year": get(
        grade("PUBLISHED", only=_reads_round, fixed=DOCX, why="its readers, and its owner once it is public")
    ),
    "workings.grade": get(grade("PUBLISHED", only=_reads_round, why="as forms.year")),
    "workings.grade_file": get(grade("PUBLISHED", only=_reads_round, fixed=DOCX, why="as forms.year")),
    "replacements.replace": both(
        grade(
            "PUBLISHED",
            only=_replaces,
            seen=_reads_round,
            why="the managing agency's head replaces what an agency published",
        )
    ),
    "annual_round.agency": get(unit(A.READ_UNIT)),
    "annual_round.december": get(unit(A.READ_UNIT)),
    "annual_round.late": post(unit(only=_sets_late, why="the level above or Home Affairs (Article 19.2)")),
    "annual_round.person": get(person(only=_reads_round, why="oneself, and who reads the unit's classes")),
    "conclusions.index": both(
        person(only=_keeps_conclusions, seen=_reads_round, why="the personnel office and Home Affairs")
    ),
    "conclusions.withdraw": post(
        Door(
            PERSON,
            {"conclusion_id": "conclusion"},
            only=_keeps_conclusions,
            seen=_reads_round,
            why="as conclusions.index",
        )
    ),
    "party_opinions.record": both(
        person(only=_records, seen=_reads_round, why="who prepares the round, of others")
    ),
    "meetings.new": both(
        unit(only=lambda role, of: _meets(role, of), why="who prepares the round of the unit")
    ),
    "meetings.show": get(of_unit("meeting", "meeting_id", A.READ_UNIT, A.RECORD_ROUND)),
    "meetings.file": get(of_unit("meeting", "meeting_id", A.READ_UNIT, A.RECORD_ROUND)),
    "forms.meeting": get(of_unit("meeting", "meeting_id", A.READ_UNIT, A.RECORD_ROUND)),
    "meetings.correct": both(
        Door(
            UNIT,
            {"meeting_id": "meeting"},
            only=lambda role, of: _meets(role, of),
            reads=ROUND_READERS,
            why="as meetings.new",
        )
    ),
    # Petitions
    "petitions.show": get(Door(PERSON, {"petition_id": "petition"}, (A.READ_PETITION,))),
    "petitions.take_back": post(
        Door(PERSON, {"petition_id": "petition"}, (A.LODGE_PETITION,), (A.READ_PETITION,))
    ),
    "petitions.lodge_score": both(sheet("PUBLISHED", A.LODGE_PETITION)),
    "petitions.lodge_class": both(grade("PUBLISHED", A.LODGE_PETITION)),
    "petition_answers.reject": post(
        Door(PERSON, {"petition_id": "petition"}, (A.DECIDE_PETITION,), (A.READ_PETITION,))
    ),
    "petition_answers.replace_class": post(
        Door(PERSON, {"petition_id": "petition"}, (A.DECIDE_PETITION,), (A.READ_PETITION,))
    ),
    "petition_answers.outlook": post(
        Door(PERSON, {"petition_id": "petition"}, (A.DECIDE_PETITION,), (A.READ_PETITION,))
    ),
    "petition_answers.correct": both(
        Door(PERSON, {"petition_id": "petition"}, (A.DECIDE_PETITION,), (A.READ_PETITION,))
    ),
    "petition_register.index": get(somewhere(A.READ_COMMENDATIONS, why=CLERKS)),
    "petition_register.file": get(somewhere(A.READ_COMMENDATIONS, why=CLERKS)),
    # Units and their figures
    "standings.index": get(anybody("leads to the units one reads; empty for who reads none")),
    "standings.province": get(somewhere(A.READ_PROVINCE, upon=("province",))),
    "standings.unit": get(unit(A.READ_UNIT)),
    "standings.chart": get(unit(A.READ_UNIT, fixed={"name": "trend"})),
    "standings.download": get(unit(A.READ_UNIT)),
    "workings.unit": get(unit(A.READ_UNIT, fixed={"period": "2026-06"})),
    "workings.unit_file": get(unit(A.READ_UNIT, **UNIT_KINDS)),
    "workings.mean": get(
        person(
            A.READ_REPORT,
            reads=(),
            without=frozenset({R.SUPERVISOR, R.CONFIRMER}),
            fixed={"period": "2026-Q3"},
        )
    ),
    "workings.mean_file": get(
        person(
            A.READ_REPORT,
            reads=(),
            without=frozenset({R.SUPERVISOR, R.CONFIRMER}),
            fixed={"period": "2026-Q3", **DOCX},
        )
    ),
    "forms.unit": get(unit(A.READ_UNIT)),
    "forms.unit_file": get(unit(A.READ_UNIT)),
    "what_ifs.agency": get(unit(A.WHAT_IF, reads=(A.READ_UNIT,))),
    "organisation_classes.index": get(somewhere(A.READ_UNIT)),
    "organisation_classes.show": {
        "GET": unit(A.READ_UNIT),
        "POST": unit(
            only=_recognises,
            reads=(A.READ_UNIT,),
            refuses=(403, 404, 409),
            why="the head above, or Home Affairs",
        ),
    },
    "organisation_classes.reform": post(
        unit(only=_recognises, reads=(A.READ_UNIT,), refuses=(403, 404, 409), why="as recognising")
    ),
    "workplans.unit": get(unit(A.ASSIGN_WORK)),
    "workplans.save": post(unit(A.ASSIGN_WORK)),
    "workplans.add": post(unit(A.ASSIGN_WORK)),
    "workplans.copy": post(
        unit(
            only=lambda role, of: of != "agency_b" and allowed(A.ASSIGN_WORK, to_unit(role, of)),
            seen=lambda role, of: of == "agency_b" and role == "other_head",
            why="ASSIGN_WORK; the head of agency B supervises nobody here, so nothing can be copied",
        )
    ),
    # Registers
    "organisation.index": get(somewhere(A.READ_ORGANISATION)),
    "organisation.people": get(somewhere(A.READ_ORGANISATION)),
    "organisation.search_people": get(
        anybody("finds only people below the reader's units", fixed={"query": "q=hoa"})
    ),
    "organisation.search_units": get(
        anybody("finds only units below the reader's units", fixed={"query": "q=phong"})
    ),
    "organisation.person": get(
        person(
            only=lambda role, owner: (
                _is_own(role, owner) or allowed(A.READ_ORGANISATION, to_person(role, owner))
            ),
            why="oneself, and who reads the register",
        )
    ),
    "organisation.reveal": post(person(A.CHANGE_ORGANISATION)),
    "organisation.unit": get(unit(A.READ_ORGANISATION)),
    **{
        name: both(person(A.CHANGE_ORGANISATION))
        for name in ("appointments.absence", "appointments.appoint", "charges.give", "person_changes.correct")
    },
    "appointments.end": both(
        Door(
            PERSON,
            {"person_id,assignment_id": "assignment"},
            (A.CHANGE_ORGANISATION,),
            (A.READ_ORGANISATION,),
        )
    ),
    "charges.end": both(
        Door(UNIT, {"person_id,charge_id": "charge"}, (A.CHANGE_ORGANISATION,), (A.READ_ORGANISATION,))
    ),
    **{
        name: both(unit(A.CHANGE_ORGANISATION, reads=(A.READ_ORGANISATION,)))
        for name in (
            "unit_changes.dissolve",
            "unit_changes.found",
            "unit_changes.place",
            "unit_codes.close",
            "unit_codes.give",
            "person_changes.hire",
        )
    },
    "delegations.delegate": post(anybody("the unit stands in the form: test_forms_that_choose")),
    "delegations.end": post(
        Door(UNIT, {"delegation_id": "delegation"}, only=_lends, why="who lent it, or Home Affairs")
    ),
    "delegations.search": get(
        roles("head", "confirmer", "chairman", "other_head", why="who heads a unit looks for a delegate")
    ),
    "imports.index": get(
        roles(
            "personnel",
            "other_personnel",
            "home_affairs",
            "administrator",
            why="imports, and exports beside them",
        )
    ),
    "imports.new": both(somewhere(A.CHANGE_ORGANISATION)),
    "imports.template": get(somewhere(A.CHANGE_ORGANISATION)),
    "imports.show": get(batch_door("batch", "who read it in, or keeps the whole register")),
    "imports.confirm": post(batch_door("batch", "as imports.show")),
    "imports.discard": post(batch_door("batch", "as imports.show")),
    "imports.error_report": get(batch_door("batch", "as imports.show")),
    "register_exports.show": get(somewhere(A.EXPORT_REGISTERS)),
    "register_exports.file": get(somewhere(A.EXPORT_REGISTERS)),
    "register_exports.made": get(token("registers token", A.EXPORT_REGISTERS)),
    "register_exports.made_file": get(token("registers token", A.EXPORT_REGISTERS)),
    "forms.made": get(token("forms token", A.READ_UNIT)),
    "commendations.export": get(token("commendations token", A.READ_COMMENDATIONS)),
    "extra_income.export": get(token("income token", A.EXPORT_INCOME)),
    # Catalogue and positions
    "catalogue.product": get(
        Door(UNIT, {"product_id": "product"}, only=lambda role, of: True, why="read by everybody")
    ),
    **{
        f"catalogue.{name}": both(
            Door(UNIT, {"product_id": "product"}, (A.CHANGE_CATALOGUE,), seen_by_all=True)
        )
        for name in ("new_version", "retire", "users")
    },
    **{f"catalogue.{name}": both(CATALOGUE) for name in ("new_product", "new_decision", "import_file")},
    "catalogue.preview": both(batch_door("catalogue batch", "who read it in")),
    "catalogue.apply_import": post(batch_door("catalogue batch", "who read it in")),
    "catalogue.import_errors": get(batch_door("catalogue batch", "who read it in")),
    "positions.index": get(anybody("the positions of the catalogue are read by everybody")),
    "positions.show": get(
        anybody("the positions of the catalogue are read by everybody", args={"position_id": "position"})
    ),
    "positions.edit": both(
        roles("home_affairs", args={"position_id": "position"}, why="positions are the province's")
    ),
    "positions.new": both(roles("home_affairs", why="positions are the province's")),
    # Commendation and discipline
    "commendations.index": get(somewhere(A.READ_COMMENDATIONS)),
    "commendations.list": get(somewhere(A.READ_COMMENDATIONS)),
    "commendations.file": get(somewhere(A.READ_COMMENDATIONS)),
    "commendations.run": post(somewhere(A.RUN_COMMENDATIONS)),
    "commendations.entry": get(Door(UNIT, {"entry_id": "entry"}, (A.READ_COMMENDATIONS,))),
    "workings.verdict": get(Door(UNIT, {"entry_id": "entry"}, (A.READ_COMMENDATIONS,))),
    "workings.verdict_file": get(Door(UNIT, {"entry_id": "entry"}, (A.READ_COMMENDATIONS,), fixed=DOCX)),
    "commendation_registers.index": both(somewhere(A.RUN_COMMENDATIONS)),
    "commendation_registers.file": post(somewhere(A.RUN_COMMENDATIONS)),
    "register_lines.index": get(somewhere(A.RUN_COMMENDATIONS)),
    "register_lines.withdraw": post(
        Door(
            UNIT,
            {"line_id": "discipline"},
            only=lambda role, of: False,
            why="discipline has its own keepers: disciplines.show",
        )
    ),
    "disciplines.index": {
        "GET": somewhere(A.READ_COMMENDATIONS, why=CLERKS),
        "POST": roles("personnel", "other_personnel", "home_affairs", why="keepers of the register"),
    },
    "disciplines.show": {
        "GET": Door(UNIT, {"line_id": "discipline"}, (A.READ_COMMENDATIONS,)),
        "POST": Door(
            UNIT,
            {"line_id": "discipline"},
            only=_keeps_discipline,
            reads=(A.READ_COMMENDATIONS,),
            why="keepers of the register",
        ),
    },
    # Lists for others
    "national_exports.index": get(somewhere(A.EXPORT_NATIONAL)),
    "national_exports.results": get(somewhere(A.EXPORT_NATIONAL)),
    "national_exports.make": post(somewhere(A.EXPORT_NATIONAL)),
    "national_exports.show": get(Door(UNIT, {"export_id": "export"}, (A.EXPORT_NATIONAL,))),
    "national_exports.file": get(Door(UNIT, {"export_id": "export"}, (A.EXPORT_NATIONAL,))),
    "national_exports.hand_over": post(Door(UNIT, {"export_id": "export"}, (A.EXPORT_NATIONAL,))),
    "extra_income.index": get(somewhere(A.EXPORT_INCOME, upon=AGENCIES)),
    "extra_income.agency": get(unit(only=_income, arg="agency_id", why="EXPORT_INCOME over an agency")),
    "extra_income.file": get(somewhere(A.EXPORT_INCOME, upon=AGENCIES)),
    # Work in the background, periods
    "audit.index": get(somewhere(A.READ_AUDIT)),
    "audit.export": get(somewhere(A.READ_AUDIT)),
    "audit.script": get(somewhere(A.READ_AUDIT)),
    "audit.made": get(token("audit token", A.READ_AUDIT)),
    "audit.seal": post(somewhere(A.CLOSE_PERIOD, upon=("province",))),
    "jobs.index": get(somewhere(A.READ_JOBS, upon=("province",))),
    "jobs.show": get(job_door()),
    "jobs.propose": post(somewhere(A.PROPOSE_GRADES, upon=("province",))),
    "jobs.roll_up": post(somewhere(A.RUN_JOBS, upon=("province",))),
    "cycles.index": get(somewhere(A.CHANGE_CYCLE)),
    "cycles.change": post(somewhere(A.CHANGE_CYCLE)),
    "periods.index": get(anybody("the dates of every period are public")),
    "periods.extend": post(anybody("the sheet or agency stands in the form: test_forms_that_choose")),
    # The Party's rules are off in this province: tests/web/test_party.py tries them switched on
    "party.index": get(anybody("says that the Party's rules are off")),
    "party.agency": get(anybody("leads to the page that says so", fixed={"period": "2026-Q3"})),
    "party.force_majeure": get(
        anybody("leads to the page that says so", args={"person_id": "person"}, fixed={"period": "2026-Q3"})
    ),
    "party.confirm": post(person(only=lambda role, of: False, why="off")),
    "party.withdraw": post(person(only=lambda role, of: False, why="off")),
    # What is chosen stands in the form: judged by itself in test_forms_that_choose
    **{
        name: post(anybody("the sheets stand in the form: test_forms_that_choose"))
        for name in (
            "confirmations.check",
            "confirmations.confirm",
            "reviews.accept",
            "reviews.return_sheets",
        )
    },
    "confirmations.publish": post(roles(why="nothing is named in the form: looks missing")),
    "reviews.remind": post(roles(why="nothing is named in the form: looks missing")),
}


def _meets(role: str, unit: str) -> bool:
    held = to_unit(role, unit)
    agency = {"division1": "agency_a", "division2": "agency_a", "division3": "agency_b"}.get(unit)
    if agency is not None and R.CONFIRMER in to_unit(role, agency):
        return True
    return allowed(A.RECORD_ROUND, held)


def account(*needs: Action) -> Door:
    """Somebody's account; who looks after accounts sees it."""
    return Door(PERSON, {"account_id": "account"}, needs, (A.READ_ACCOUNTS,))


ACCOUNTS = roles("administrator", "home_affairs", "inspector", why="READ_ACCOUNTS somewhere")
OFF = "no provider of identities in this province: tests/web/test_identity.py"
MINE = "one's own session, password or second factor"
CLOSINGS = roles("home_affairs", "inspector", why="the check list and the register of closings")


def _reads_closed(role: str, of: str) -> bool:
    """Home Affairs and the inspector; of a closed period also heads, who are told how it is reopened."""
    return role in ("home_affairs", "inspector")


POLICIES |= {
    "headers.security": get(everyone("how to report a weakness")),
    "access.enter_code": both(everyone("the second step of the way in")),
    "passwords.redeem": both(everyone("a ticket is the way in of who has no password yet")),
    "identity.ask": get(Door(public=True, why=OFF)),
    "identity.back": get(Door(public=True, why=OFF)),
    "identity.link": get(roles(why=OFF)),
    "identity.unlink": post(anybody(MINE)),
    "passwords.change": both(anybody(MINE)),
    "reauthentication.confirm": both(anybody(MINE)),
    "second_factors.set_up": both(anybody(MINE)),
    "second_factors.codes": post(anybody(MINE)),
    "second_factors.give_up": post(anybody("one's own; who must have one is told so", accepts=(403,))),
    "sessions.index": get(anybody(MINE)),
    "sessions.active": post(anybody(MINE)),
    "sessions.left": get(anybody(MINE)),
    "sessions.end_others": post(anybody(MINE)),
    "sessions.end": post(own({"session_id": "session"}, "nobody ends another's session here")),
    "readings.index": get(anybody("who has read what is one's own")),
    "readings.person": get(person(A.READ_READINGS, reads=())),
    # Accounts
    "accounts.index": get(ACCOUNTS),
    "accounts.review": get(ACCOUNTS),
    "accounts.waiting": get(ACCOUNTS),
    "accounts.show": get(account(A.READ_ACCOUNTS)),
    **{
        f"accounts.{name}": post(account(A.CHANGE_ACCOUNTS))
        for name in ("disable", "enable", "ask_factor_reset", "reset_password", "end_sessions")
    },
    "accounts.grant": post(account(A.GRANT_ROLE)),
    "accounts.open_for": {
        "GET": person(
            A.READ_ACCOUNTS, reads=(A.READ_ORGANISATION,), why="leads to the account that everybody here has"
        ),
        "POST": person(A.READ_ACCOUNTS, reads=(A.READ_ORGANISATION,), why="leads to the account there is"),
    },
    "accounts.end_role": post(
        Door(UNIT, {"account_id,grant_id": "grant"}, (A.GRANT_ROLE,), (A.READ_ACCOUNTS,))
    ),
    "accounts.decide_role": post(
        Door(UNIT, {"grant_id": "waiting grant"}, (A.APPROVE_ROLE,), (A.READ_ACCOUNTS,))
    ),
    "accounts.decide_factor_reset": post(
        Door(UNIT, {"reset_id": "factor reset"}, (A.DECIDE_FACTOR_RESET,), (A.READ_ACCOUNTS,))
    ),
    # Closing of periods
    "closings.index": get(CLOSINGS),
    "closings.check": get(
        roles("home_affairs", "inspector", args={"period_id": "period"}, why="the check list")
    ),
    "closings.open_things": get(
        roles(
            "home_affairs",
            "inspector",
            args={"period_id": "period"},
            fixed={"kind": "NOT_SUBMITTED"},
            why="the check list",
        )
    ),
    "closings.close": both(
        roles("home_affairs", args={"period_id": "period"}, why="CLOSE_PERIOD over the province")
    ),
    "closings.ask_reopening": post(
        roles("home_affairs", args={"period_id": "closed period"}, why="ASK_REOPENING over the province")
    ),
    "closings.decide_reopening": post(
        Door(UNIT, {"reopening_id": "reopening"}, (A.DECIDE_REOPENING,), (A.READ_AUDIT,))
    ),
    "closings.show": get(
        Door(
            UNIT,
            {"closing_id": "closing"},
            only=lambda role, of: False,
            why="none was closed here: tests/web/test_closings.py",
        )
    ),
    "closings.sheet_file": get(
        Door(UNIT, {"closing_id": "closing"}, only=lambda role, of: False, why="as closings.show")
    ),
}
