"""Telling people: a notice is a row in the transaction of what it tells, and so is the letter about it."""

from typing import Any
from uuid import uuid4

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select, update

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Account, Notice, Person
from evaluation.services import letters
from evaluation.services.access import Actor


def tell(person_id: int | None, says: str, *, link: str | None = None, **parameters: Any) -> None:
    """Adds a notice for a person; `says` is an English message id, its parameters plain text or numbers.

    Where mail is set up and the person has an address, the same sentence goes there as a letter.
    """
    if person_id is not None:
        db.session.add(Notice(person_id=person_id, says=says, parameters=parameters, link=link))
        if letters.is_configured():
            _write(person_id, says, link, parameters)


def _write(person_id: int, says: str, link: str | None, parameters: dict[str, Any]) -> None:
    found = db.session.execute(
        select(Person.full_name, Person.email, Account.locale)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Person.id == person_id, Person.email.is_not(None))
    ).first()
    if found is None:
        return
    name, address, locale = found
    with force_locale(locale or "vi"):
        sentence = _(says, **parameters)
        paragraphs = [_("Dear %(name)s,", name=name), sentence]
        if link and (site := current_app.config.get("PUBLIC_URL")):
            paragraphs.append(_("Open it at %(address)s", address=site + link))
        paragraphs.append(_("The system sent this letter by itself; please do not answer it."))
    letters.write_to(
        person_id, address, f"notice:{uuid4()}", f"Công Tâm: {sentence}", "\n\n".join(paragraphs) + "\n"
    )


def unread(actor: Actor, limit: int = 10) -> list[Notice]:
    """An actor's newest unread notices."""
    return list(
        db.session.scalars(
            select(Notice)
            .where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
            .order_by(Notice.id.desc())
            .limit(limit)
        )
    )


def mark_read(actor: Actor) -> None:
    """Everything shown so far counts as read."""
    db.session.execute(
        update(Notice)
        .where(Notice.person_id == actor.person_id, Notice.read_at.is_(None))
        .values(read_at=clock.now())
    )
    db.session.commit()
