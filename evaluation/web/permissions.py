"""Who may do what and when: the table the program decides by, open to everybody who is signed in."""

from flask import Blueprint, render_template

from evaluation.services import permission_table

blueprint = Blueprint("permissions", __name__, url_prefix="/permissions")


@blueprint.get("/")
def show() -> str:
    """Every right with the relations that hold it and the states it is possible in."""
    return render_template("permissions/show.html", groups=list(permission_table.groups()))
