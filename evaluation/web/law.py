"""The law in force as the program reads it: open questions with who answered, deadlines, special cases, organisations."""

from flask import Blueprint, render_template

from evaluation import clock
from evaluation.services import rulebooks

blueprint = Blueprint("law", __name__, url_prefix="/law")


@blueprint.get("/")
def show() -> str:
    """Today's rulebook, from its open questions to the articles on organisations."""
    day = clock.today()
    book = rulebooks.shelf().for_day("evaluation", day)
    return render_template(
        "law/show.html",
        book=book,
        choices=[(key, choice, choice.answers.at(day)) for key, choice in book.choices.items()],
        table=lambda name: book.table(name, day) if name in book.tables else (),
    )
