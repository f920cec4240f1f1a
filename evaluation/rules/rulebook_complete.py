"""Whether a rulebook that was read holds everything its method needs, and nothing that no rule reads."""

from __future__ import annotations

from fractions import Fraction

from evaluation.rules.method_shape import Method
from evaluation.rules.rulebook import Rulebook, day_text
from evaluation.rules.tables import Refuse


def refuse_incomplete(book: Rulebook, method: Method, refuse: Refuse) -> None:
    """Refuses what a method needs and the file lacks, and what the file holds and no rule reads; totals must add up."""
    missing = (
        sorted(method.numbers - set(book.numbers))
        + sorted(set(method.choices) - set(book.choices))
        + sorted(method.grounds - set(book.grounds))
    )
    missing += sorted(
        name for name, chapter in method.chapters.items() if chapter.required and not book.has(name)
    )
    missing += ["bands"] if method.bands and book.band_rows is None else []
    missing += ["general_criteria"] if method.general_criteria and book.criteria is None else []
    if missing:
        refuse(
            (),
            "the method needs %(missing)s, which the rulebook does not hold.",
            missing=", ".join(missing),
        )
    chapters = method.chapters.values()
    known = method.numbers.union(*(chapter.numbers for chapter in chapters))
    for key in book.numbers:
        if key not in known:
            refuse(("parameters", key), "no rule reads the number %(key)s.", key=key)
    cited = method.grounds.union(*(chapter.grounds for chapter in chapters))
    for key in book.grounds:
        if key not in cited:
            refuse(("grounds", key), "no rule cites the ground %(key)s.", key=key)
    if book.has("weights"):
        _refuse_idle_weights(book, refuse)
    if book.criteria is not None:
        for day, rows in book.criteria.values:
            shared = sum((row.max_points for row in rows or ()), Fraction())
            left = book.number("general_max", day) - shared
            if rows and left:
                refuse(
                    ("general_criteria", "values", day),
                    "the general criteria of %(day)s do not add up to general_max: %(missing)s is missing.",
                    day=day_text(day),
                    missing=str(left),
                )


def _refuse_idle_weights(book: Rulebook, refuse: Refuse) -> None:
    for since, rows in book.tables["weights.results"].values:
        place = ("weights", "results", "values", since)
        if all("unit" in row for row in rows or ()):
            refuse(place, "a row without `unit` must say the weights of everybody else.")
        for at, row in enumerate(rows or ()):
            weights = [row.number(part) for part in ("quantity", "quality", "progress")]
            if min(weights) < 0 or sum(weights) == 0:
                refuse((*place, at), "weights cannot be negative, and not all of them nothing.")
