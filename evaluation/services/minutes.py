"""Filling the minutes of a review meeting from its record, for whoever may see the classes of the unit."""

from flask_babel import force_locale
from flask_babel import gettext as _

from evaluation.files.minutes import ReviewMinutes, Said
from evaluation.queries import forms as queries
from evaluation.queries import organisation
from evaluation.rules.bands import LABELS
from evaluation.services import meetings
from evaluation.services.access import Actor
from evaluation.services.period_forms import day_in_words


def minutes(actor: Actor, meeting_id: int) -> ReviewMinutes:
    """The minutes as adopted with the opinion on each official by name; always Vietnamese."""
    meeting, _may_correct = meetings.meeting_for(actor, meeting_id)
    people = queries.people([opinion.person_id for opinion in meeting.opinions])
    units = organisation.unit_names([meeting.agency_id, meeting.unit_id], meeting.held_on)
    said = {opinion.person_id: opinion for opinion in meeting.opinions}
    with force_locale("vi"):
        return ReviewMinutes(
            agency=units.get(meeting.agency_id, ""),
            unit=units.get(meeting.unit_id, ""),
            year=meeting.year,
            held_on=day_in_words(meeting.held_on),
            chair=meeting.chair,
            secretary=meeting.secretary,
            invited=meeting.invited,
            present=meeting.present,
            text=meeting.minutes,
            said=[
                Said(
                    person.full_name,
                    _(LABELS[klass]) if (klass := said[person.id].klass) else "",
                    said[person.id].remarks or "",
                )
                for person in people
            ],
            replaced=meeting.superseded_reason or "" if meeting.superseded_at else "",
        )
