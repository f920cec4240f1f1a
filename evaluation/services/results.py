"""Reading results: whoever reads another person's sheet leaves a trace."""

from evaluation.extensions import db
from evaluation.models import Report
from evaluation.services import audit
from evaluation.services.access import Actor


def record_reading(actor: Actor, report: Report) -> None:
    """Writes that somebody read another person's sheet; reading one's own leaves no trace.

    Called when the page is ready and before it is sent, so that no page is seen without its trace.
    """
    if actor.person_id != report.person_id:
        audit.record(actor, "report.read", report, unit_id=report.unit_id)
        db.session.commit()
