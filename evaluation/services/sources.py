"""Where an exported file comes from: who took it, when, by which request; its last sheet and its properties say so (fault 71)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import g, has_request_context
from flask_babel import gettext as _

from evaluation import clock, logs
from evaluation.extensions import db
from evaluation.files.sheets import Source
from evaluation.models import Person

_asker: ContextVar[int | None] = ContextVar("asker", default=None)


def source() -> Source:
    """The mark of a file that is made now: the person of the request, or for a job the request that asked for it."""
    actor = g.get("actor") if has_request_context() else None
    person_id = actor.person_id if actor is not None else _asker.get()
    person = db.session.get(Person, person_id) if person_id is not None else None
    moment = clock.now().astimezone(clock.PROVINCE_ZONE)
    lines = [_("Exported at: %(moment)s", moment=f"{moment:%H:%M:%S %d/%m/%Y}")]
    who = ""
    if person is not None:
        who = f"{person.full_name} ({person.official_number})"
        lines.insert(0, _("Exported by: %(who)s", who=who))
    if request_id := logs.request_id():
        lines.append(_("Request: %(id)s", id=request_id))
    return Source(_("Source"), lines, _("Hash of the rows:"), _("Hash of the text:"), who)


@contextmanager
def asked_by(person_id: int | None) -> Iterator[None]:
    """Files made by a job meanwhile name the person who asked for it; the timetable is nobody."""
    token = _asker.set(person_id)
    try:
        yield
    finally:
        _asker.reset(token)
