"""How long an official may petition and how long the authority has to answer, as the rulebook says (Article 22)."""

from datetime import date

from evaluation.rules.rulebook import Rulebook
from evaluation.rules.working_days import working_day_after

ANSWER = "petition_answer_working_days"
WINDOW = "petition_window"
UNLIMITED, LIMITED = "NONE", "WORKING_DAYS_"


def answer_due(book: Rulebook, received: date) -> date:
    """The last day for the answer: that many working days after the day of receipt."""
    return working_day_after(received, int(book.number(ANSWER, received)))


def last_filing_day(book: Rulebook, notified: date) -> date | None:
    """The last day on which a petition may be lodged after the notice; None where nothing limits it."""
    if WINDOW not in book.choices:
        return None
    answer = str(book.choice(WINDOW, notified))
    if answer == UNLIMITED:
        return None
    return working_day_after(notified, int(answer.removeprefix(LIMITED)))
