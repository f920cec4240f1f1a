"""What an administrator must hear of without asking: background work that stands still, letters that stay, a journal in doubt."""

from collections.abc import Iterator

from flask import current_app
from flask_babel import gettext as _

from evaluation.queries import operations
from evaluation.queries.operations import Look, Sign
from evaluation.rules.permissions import Role
from evaluation.services import letters, pulses
from evaluation.services.access import Actor

MINUTE, HOUR = 60, 3600
MOST_SILENCE = 5 * MINUTE  # the reconciler comes by the broker every 30 seconds
MOST_LAG = 30 * MINUTE
BACKUP_AGE = CHECK_AGE = 36 * HOUR
MOST_AHEAD = 1 * MINUTE
GUARD_AGE = 3 * HOUR


def alarms(actor: Actor) -> list[str]:
    """A sentence for each thing that is out of order; nobody but administrators and Home Affairs is told."""
    if not any(actor.standing.holds(role) for role in (Role.ADMINISTRATOR, Role.HOME_AFFAIRS)):
        return []
    return list(_out_of_order(operations.look(), operations.signs()))


def _out_of_order(look: Look, signs: dict[str, Sign]) -> Iterator[str]:
    heard = signs.get(pulses.RECONCILER)
    silent = heard.age if heard else (look.oldest_chunk_age or 0)
    if silent > MOST_SILENCE:
        yield _(
            "Work in the background has stood still for %(minutes)s minutes: the broker, the worker or the timetable does not"
            " answer. What people send is kept and done later.",
            minutes=int(silent // MINUTE),
        )
    if letters.is_configured():
        sent = signs.get(pulses.LETTERS)
        if look.letters_failed:
            yield _(
                "%(count)s letters could not be sent. Mend the cause, then run “flask letters again”.",
                count=look.letters_failed,
            )
        if (look.oldest_letter_age or 0) > MOST_LAG or (sent and not sent.succeeded):
            yield _(
                "Letters do not leave: %(count)s wait. The mail server does not answer or refuses them.",
                count=look.letters_waiting,
            )
    if look.seal_age is not None and look.seal_age > MINUTE * int(current_app.config["SEAL_MINUTES"]):
        yield _(
            "The newest seal of the journal is %(minutes)s minutes old; until there is a new one no period can be closed.",
            minutes=int(look.seal_age // MINUTE),
        )
    yield from _of_the_journal(look, signs.get(pulses.GUARD))
    backup = signs.get(pulses.BACKUP)
    if backup and (not backup.succeeded or backup.age > BACKUP_AGE):
        yield _("The newest good backup is more than a day old, or the last one failed.")


def _of_the_journal(look: Look, guard: Sign | None) -> Iterator[str]:
    if look.complaints:
        yield _(
            "The newest check of the journal found %(count)s mismatches; nothing can be closed or published.",
            count=look.complaints,
        )
    if look.check_age is not None and look.check_age > CHECK_AGE:
        yield _("The journal was last checked %(hours)s hours ago.", hours=int(look.check_age // HOUR))
    if guard and not guard.succeeded:
        yield _("The guard of the journal is not whole: %(what)s.", what=guard.detail or "")
    elif guard and guard.age > GUARD_AGE:
        yield _(
            "The guard of the journal was last looked at %(hours)s hours ago.", hours=int(guard.age // HOUR)
        )
    if look.journal_ahead > MOST_AHEAD:
        yield _(
            "The newest entry of the journal is %(minutes)s minutes later than the server's clock: the clock was set back.",
            minutes=int(look.journal_ahead // MINUTE),
        )
