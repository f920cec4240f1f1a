"""How long an official may petition and how long the authority has to answer, as the rulebook says (Article 22)."""

import re
from datetime import date, timedelta

from evaluation.rules.rulebook import Rulebook
from evaluation.rules.working_days import working_day_after

ANSWER = "petition_answer_working_days"
WINDOW = "petition_window"
FILING = "petition_filing_days"


def answer_due(book: Rulebook, received: date) -> date:
    """The last day for the answer: that many working days after the day of receipt."""
    return working_day_after(received, int(book.number(ANSWER, received)))


def last_filing_day(book: Rulebook, notified: date) -> date | None:
    """The last day on which a petition may be lodged after the notice; None where no law or choice limits it.

    A number of the law counts in calendar days and wins over the local choice, which carries its number in its name:
    DAYS_15, WORKING_DAYS_5.
    """
    if FILING in book.numbers:
        return notified + timedelta(days=int(book.number(FILING, notified)))
    if WINDOW not in book.choices:
        return None
    answer = str(book.choice(WINDOW, notified))
    found = re.search(r"(\d+)", answer)
    if found is None:
        return None
    days = int(found[1])
    return working_day_after(notified, days) if "WORKING" in answer else notified + timedelta(days=days)
