"""The home page: the task list of whoever signed in."""

from flask import Blueprint, render_template

from evaluation.web.access import current_actor

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    """What waits for the person, by task."""
    return render_template("home/show.html", actor=current_actor())
