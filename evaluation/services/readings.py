"""Who read what is another person's: one row in the request that shows it, and its owner may see it."""

from typing import Any

from flask import g, has_request_context
from flask_babel import gettext as _

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Person, Reading, Report, Unit
from evaluation.queries import organisation
from evaluation.queries import readings as queries
from evaluation.queries.organisation import Subject
from evaluation.queries.pages import PER_PAGE, Page
from evaluation.rules.permissions import Action, Relation
from evaluation.services import access, audit
from evaluation.services.access import Actor
from evaluation.services.refusals import Missing

# By which right somebody read: the nearest of those held.
NEAREST = (
    Relation.SUPERVISOR,
    Relation.SUPERVISOR_DELEGATE,
    Relation.CONFIRMER,
    Relation.CONFIRMER_DELEGATE,
    Relation.LEADER_ABOVE,
    Relation.PERSONNEL,
    Relation.HOME_AFFAIRS,
    Relation.INSPECTOR,
    Relation.ADMINISTRATOR,
)
OF_A_SHEET = frozenset({"score_sheet", "work_item", "evidence"})
LENDER = "LENDER"  # one of the agency that lent the official


def record(
    actor: Actor,
    person_id: int,
    object_type: str,
    object_id: int,
    how: str,
    *,
    relation: str | None = None,
    on_behalf_of: int | None = None,
) -> None:
    """Adds one reading of what is another person's; reading one's own leaves none. The caller commits."""
    if actor.person_id != person_id:
        db.session.add(
            Reading(
                reader_id=actor.person_id,
                on_behalf_of_id=on_behalf_of,
                person_id=person_id,
                object_type=object_type,
                object_id=object_id,
                how=how,
                relation=relation,
                request_id=g.get("request_id") if has_request_context() else None,
            )
        )


def record_now(actor: Actor, kind: str, number: int, how: str) -> None:
    """The reading of one thing, stored before the page or file that shows it is sent.

    Called when the answer is ready: whatever the page left half thought in the session is thrown away first. Where the
    row cannot be written the error goes on, so that nothing is shown without its trace.
    """
    db.session.rollback()
    owned, held = _through_a_door(kind, number)
    if owned is None:
        owned = queries.owned(kind, number, clock.today())
    if owned is None or owned.person_id == actor.person_id:
        return
    if held is None:
        held = organisation.relations(actor.standing, owned.subject)
    relation = next((one for one in NEAREST if one in held), None)
    record(
        actor,
        owned.person_id,
        owned.object_type,
        owned.object_id,
        how,
        relation=relation.value if relation else LENDER,
        on_behalf_of=_behalf(actor, owned.subject, relation),
    )
    db.session.commit()


def record_list(
    actor: Actor, unit_id: int | None, *, page: str, chosen: dict[str, str], count: int | None
) -> None:
    """One event for a list or a file of many people instead of a row for each: which, with what filter, how many.

    A list that names no unit is that of whatever its reader may see.
    """
    db.session.rollback()
    audit.record_of(
        actor,
        "list.read",
        Unit.__tablename__ if unit_id else Person.__tablename__,
        unit_id or actor.person_id,
        after={"page": page, "filter": chosen, "count": count},
        unit_id=unit_id,
    )
    db.session.commit()


def listed(count: int) -> None:
    """How many people a list or file of this request is about, for its event."""
    if has_request_context():
        g.people_shown = count


def page_of(actor: Actor, person_id: int, number: int) -> Page:
    """A page of the readings of what is a person's, for the person and for the inspector (READ_READINGS)."""
    _require(actor, person_id)
    total = queries.count_of(person_id)
    number = min(max(1, number), max(1, -(-total // PER_PAGE)))
    rows = queries.lines_of(person_id, size=PER_PAGE, skipped=(number - 1) * PER_PAGE)
    return Page(rows, number, total)


def may_read(actor: Actor, person_id: int) -> bool:
    """Whether somebody may see who read what is a person's."""
    return access.may(actor, Action.READ_READINGS, _subject(person_id))


def _through_a_door(kind: str, number: int) -> tuple[queries.Owned | None, frozenset[Relation] | None]:
    """Whose the thing is and by which relations it was opened, as the door of this request knows it already.

    What hangs on a sheet is behind the sheet's door; where a request opened several sheets nothing is guessed.
    """
    doors: dict[tuple[str, int], tuple[Subject, frozenset[Relation]]] = g.get("doors", {})
    if kind in OF_A_SHEET:
        sheets = [thing for thing in doors if thing[0] == Report.__tablename__]
        thing = sheets[0] if len(sheets) == 1 else None
    else:
        thing = (kind, number) if (kind, number) in doors else None
    if thing is None:
        return None, None
    subject, held = doors[thing]
    return queries.Owned(*thing, subject.person_id or 0, subject), held


def _require(actor: Actor, person_id: int) -> None:
    if not may_read(actor, person_id):
        said, thing = Missing(_("There is no such person.")), (Person.__tablename__, person_id)
        raise access.denied(said, actor, Action.READ_READINGS, _subject(person_id), thing)


def _subject(person_id: int) -> Subject:
    owned = queries.owned("person", person_id, clock.today())
    return owned.subject if owned else Subject(0)


def _behalf(actor: Actor, subject: Subject, relation: Relation | None) -> int | None:
    units: dict[Any, int | None] = {
        Relation.SUPERVISOR_DELEGATE: subject.supervising_unit_id,
        Relation.CONFIRMER_DELEGATE: subject.confirming_unit_id,
    }
    unit_id = units.get(relation)
    return None if unit_id is None else access.acting_for(actor, unit_id)
