"""The class of an organisation's year: worked out, recognised by decision, superseded with a reason (Articles 5–9)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import OrganisationClass, Unit, UnitYear
from evaluation.queries import grades as grade_queries
from evaluation.queries import organisation
from evaluation.queries import organisation_classes as queries
from evaluation.queries.organisation import Subject
from evaluation.rules.bands import Band
from evaluation.rules.explain import exact, half_up, steps_as_json
from evaluation.rules.facts import ReformResult
from evaluation.rules.organisation_class import OrganisationClass as Verdict
from evaluation.rules.organisation_class import OrganisationFacts, organisation_class, total_points
from evaluation.rules.permissions import Action
from evaluation.rules.rulebook import Rulebook
from evaluation.rules.terms import finite
from evaluation.rules.workflow import GradeState
from evaluation.services import access, audit, grade_proposals, receipts
from evaluation.services.access import Actor
from evaluation.services.organisation_class_sheets import Sheet, law_of_year, places, sheet_of
from evaluation.services.refusals import Conflict, Fault, Forbidden, Invalid

LONGEST = 2000
SHARES = ("tasks_done", "tasks_late", "tasks_over")
ANSWERS = (
    "quality_met",
    "sub_unit_not_completed",
    "shortcomings_fixed",
    "personnel_wrongdoing",
    "force_majeure",
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was entered of a unit's year: points, percent of its tasks, answers; None where nobody has said."""

    general: Decimal | None
    results: Decimal | None
    tasks_done: Decimal | None
    tasks_late: Decimal | None = None
    tasks_over: Decimal | None = None
    quality_met: bool | None = None
    sub_unit_not_completed: bool | None = None
    shortcomings_fixed: bool | None = None
    personnel_wrongdoing: bool | None = None
    force_majeure: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision that recognises a class: which, by which document of which day, why where it is not the proposed one."""

    recognised: Band | None
    number: str
    on: date | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recognition led to: agencies whose proposals were worked out again, heads decided above their unit."""

    entry: OrganisationClass
    proposed_again: int
    heads_above: int


def worked_out(sheet: Sheet, typed: Typed) -> Verdict:
    """What Articles 6–8 give for the facts of a unit's year; every fault of the facts at once."""
    book, day = law_of_year(sheet.year)
    faults = _fact_faults(typed, sheet, book, day)
    if faults:
        raise Invalid(faults)
    assert typed.general is not None
    assert typed.results is not None
    assert typed.tasks_done is not None
    facts = OrganisationFacts(
        points=total_points(Fraction(typed.general), Fraction(typed.results), book=book, day=day),
        tasks_done=Fraction(typed.tasks_done),
        tasks_late=None if typed.tasks_late is None else Fraction(typed.tasks_late),
        tasks_over=None if typed.tasks_over is None else Fraction(typed.tasks_over),
        **{name: bool(getattr(typed, name)) for name in ANSWERS},
    )
    return organisation_class(facts, book=book, day=day)


def recognise(
    actor: Actor,
    unit_id: int,
    year: int,
    typed: Typed,
    decision: Decision,
    *,
    transaction_id: str | None = None,
) -> Recognised | None:
    """Records the recognised class of a unit's year, never by its own head; a later one supersedes with a reason.

    A class other than the worked-out one needs a reason, as does every class where the text fits no level. None says that
    this form was answered before.
    """
    first = sheet_of(actor, unit_id, year)
    require_recogniser(actor, first)
    if receipts.taken(actor, transaction_id, "organisation.recognised") is not None:
        return None
    # Recognitions by one authority wait for one another: the cap counts them together.
    grade_queries.lock_quota(first.recogniser_id or unit_id, year)
    db.session.expire_all()
    sheet = sheet_of(actor, unit_id, year)
    verdict = worked_out(sheet, typed)
    faults = _decision_faults(sheet, verdict, decision)
    if faults:
        raise Invalid(faults)
    assert decision.recognised is not None
    assert decision.on is not None
    earlier, before = sheet.known, sheet.recognised
    entry = _entry(actor, sheet, typed, verdict, decision)
    if earlier is not None:
        earlier.superseded_at = clock.now()
        db.session.flush()
    db.session.add(entry)
    _into_register(unit_id, year, decision)
    db.session.flush()
    audit.record(
        actor,
        "organisation.recognised",
        entry,
        before={"recognised": before, "entry": earlier.id if earlier else None},
        after={
            "year": year,
            "recognised": decision.recognised,
            "proposed": verdict.klass,
            "document": entry.decision_number,
            "on": decision.on,
            "facts": entry.facts,
        },
        reason=entry.reason,
        unit_id=unit_id,
    )
    again, above = _heads(unit_id, year, decision.recognised)
    receipts.keep(transaction_id, {"entry": entry.id})
    db.session.commit()
    return Recognised(entry, again, above)


def record_year(
    actor: Actor,
    unit_id: int,
    year: int,
    *,
    reform: ReformResult | None,
    criticisms: int | None,
    number: str,
) -> None:
    """Records the result of administrative reform and the letters of criticism of a unit's year, with their document."""
    sheet = sheet_of(actor, unit_id, year)
    require_recogniser(actor, sheet)
    faults = []
    if criticisms is None or not 0 <= criticisms <= 100:
        faults.append(Fault("criticisms", _("Enter a whole number from 0 to 100.")))
    if not number.strip():
        faults.append(Fault("number", _("Write the number of the document.")))
    if faults:
        raise Invalid(faults)
    known = _year_for_writing(unit_id, year)
    before = {"reform": known.reform, "criticisms": known.criticisms}
    known.reform, known.criticisms = reform, criticisms or 0
    audit.record(
        actor,
        "organisation.year_recorded",
        db.session.get_one(Unit, unit_id),
        before=before,
        after={"year": year, "reform": reform, "criticisms": criticisms, "document": number.strip()[:200]},
        unit_id=unit_id,
    )
    db.session.commit()


def may_recognise(actor: Actor, sheet: Sheet) -> bool:
    """Whether the actor may record a unit's class: whoever recognises by Article 5, or Home Affairs, never its own head."""
    return sheet.recogniser_id is not None and access.may(actor, Action.RECOGNISE_UNIT, subject_of(sheet))


def require_recogniser(actor: Actor, sheet: Sheet) -> None:
    """Refuses whoever may not record a unit's class."""
    if sheet.recogniser_id is None:
        raise Conflict(_("Decree 335 names nobody who recognises the class of this unit (Article 5)."))
    if not access.may(actor, Action.RECOGNISE_UNIT, subject_of(sheet)):
        said = Forbidden(
            _(
                "Only whoever recognises the class by Article 5, or Home Affairs, records it; nobody for the unit they head."
            )
        )
        raise access.denied(said, actor, Action.RECOGNISE_UNIT, subject_of(sheet))


def subject_of(sheet: Sheet) -> Subject:
    """What a unit's class is to the permission function: its head stands where a person judged stands."""
    head = organisation.head_of(sheet.unit_id, clock.today())
    return Subject(sheet.unit_id, person_id=head.id if head else None, confirming_unit_id=sheet.recogniser_id)


def facts_of(typed: Typed) -> dict[str, Any]:
    """The facts as they are kept: exact numbers as text."""
    return {
        name: exact(Fraction(value)) if isinstance(value, Decimal) else value
        for name, value in asdict(typed).items()
    }


def typed_from(facts: Mapping[str, Any]) -> dict[str, str]:
    """Kept facts as the form shows them again."""
    shown = {}
    for name, value in facts.items():
        if isinstance(value, bool):
            shown[name] = "yes" if value else "no"
        else:
            shown[name] = (
                "" if value is None else str(Decimal(Fraction(value).numerator) / Fraction(value).denominator)
            )
    return {name: value.replace(".", ",") for name, value in shown.items()}


def _fact_faults(typed: Typed, sheet: Sheet, book: Rulebook, day: date) -> list[Fault]:
    faults = []
    for name, key in (("general", "organisation_general_max"), ("results", "organisation_results_max")):
        value, most = getattr(typed, name), book.number(key, day)
        if value is None or not 0 <= Fraction(value) <= most:
            faults.append(Fault(name, _("Enter points from 0 to %(most)s.", most=int(most))))
    for name in SHARES:
        value = getattr(typed, name)
        if (value is None and name == "tasks_done") or (value is not None and not 0 <= value <= 100):
            faults.append(Fault(name, _("Enter percent from 0 to 100.")))
    faults += [Fault(name, _("Answer yes or no.")) for name in ANSWERS if getattr(typed, name) is None]
    if sheet.failed_below and typed.sub_unit_not_completed is False:
        faults.append(
            Fault(
                "sub_unit_not_completed",
                _(
                    "A unit directly below is classified not completed: %(names)s.",
                    names=", ".join(sheet.failed_below),
                ),
            )
        )
    return faults


def _decision_faults(sheet: Sheet, verdict: Verdict, decision: Decision) -> list[Fault]:
    faults = []
    if decision.recognised is None:
        faults.append(Fault("recognised", _("Choose the recognised class.")))
    if not decision.number.strip():
        faults.append(Fault("number", _("Write the number of the document.")))
    if decision.on is None:
        faults.append(Fault("on", _("Write the day of the document.")))
    elif decision.on > clock.today():
        faults.append(Fault("on", _("This day is to come.")))
    elif decision.on.year < sheet.year:
        faults.append(Fault("on", _("The decision is older than the year it is about.")))
    reason = decision.reason.strip()
    if not reason and decision.recognised is not None:
        if verdict.klass is None:
            faults.append(Fault("reason", _("The text fits no level: give the reason of the decision.")))
        elif decision.recognised is not verdict.klass:
            faults.append(Fault("reason", _("Give the reason: this class differs from the proposed one.")))
        elif sheet.known is not None or sheet.recognised is not None:
            faults.append(Fault("reason", _("A class is on record already: say why it is superseded.")))
    if decision.recognised is Band.HTXSNV:
        faults += _cap_faults(sheet, reason)
    return faults


def _cap_faults(sheet: Sheet, reason: str) -> list[Fault]:
    """Beyond 20 % the document on outstanding results is named; once all are classified nothing goes beyond 25 % (8.5)."""
    after = replace(sheet.counts, **_with_one_more(sheet))
    usual, exceptional = places(after, sheet.year)
    if after.excellent <= usual.chosen:
        return []
    if not after.waiting and after.excellent > exceptional.chosen:
        return [
            Fault(
                "recognised",
                _(
                    "No place left: %(number)s excellent, at most %(most)s of this authority (Article 8.5).",
                    number=after.excellent,
                    most=exceptional.chosen,
                ),
            )
        ]
    if reason:
        return []
    return [
        Fault(
            "reason",
            _(
                "%(number)s excellent of %(most)s so far (Article 8.5): recognise the good ones first, or name the document"
                " on outstanding results in the reason.",
                number=after.excellent,
                most=usual.chosen,
            ),
        )
    ]


def _with_one_more(sheet: Sheet) -> dict[str, int]:
    """The counts of the authority once this unit is excellent."""
    counts = sheet.counts
    return {
        "excellent": counts.excellent + (sheet.recognised is not Band.HTXSNV),
        "good": counts.good - (sheet.recognised is Band.HTTNV),
        "waiting": counts.waiting - (sheet.recognised is None),
    }


def _entry(
    actor: Actor, sheet: Sheet, typed: Typed, verdict: Verdict, decision: Decision
) -> OrganisationClass:
    book, _day = law_of_year(sheet.year)
    assert typed.general is not None
    assert typed.results is not None
    return OrganisationClass(
        unit_id=sheet.unit_id,
        year=sheet.year,
        total=finite(half_up(Fraction(typed.general) + Fraction(typed.results), 4)),
        facts=facts_of(typed),
        status=verdict.status.value,
        steps=steps_as_json(verdict.steps),
        rulebook=book.name,
        fingerprint=book.fingerprint,
        proposed=verdict.klass,
        recognised=decision.recognised,
        decision_number=decision.number.strip()[:200],
        decided_on=decision.on,
        reason=decision.reason.strip()[:LONGEST] or None,
        recorded_by=actor.person_id,
        recorded_at=clock.now(),
    )


def _into_register(unit_id: int, year: int, decision: Decision) -> None:
    """The register of the unit's year carries the class that everybody else reads."""
    known = _year_for_writing(unit_id, year)
    known.unit_class, known.decision_number = decision.recognised, decision.number.strip()[:200]


def _year_for_writing(unit_id: int, year: int) -> UnitYear:
    known = queries.unit_year(unit_id, year, lock=True)
    if known is None:
        known = UnitYear(unit_id=unit_id, year=year, criticisms=0)
        db.session.add(known)
    return known


def _heads(unit_id: int, year: int, recognised: Band) -> tuple[int, int]:
    """Works the proposals of the head's agency out again; counts decided heads above their unit (Article 20.6)."""
    grades = queries.head_grades(unit_id, year)
    agencies = {grade.agency_id for grade in grades if grade.state is GradeState.PROPOSED}
    for agency_id in sorted(agencies):
        grade_proposals.propose(agency_id, year)
    above = sum(grade.decided_class is not None and grade.decided_class > recognised for grade in grades)
    return len(agencies), above
