"""Two questions of whoever watches the server: is the process alive, and can it serve."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from evaluation.extensions import db

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> Response:
    """The process answers; asks nobody else."""
    return jsonify(live=True)


@blueprint.get("/ready")
def ready() -> Response:
    """The database answers too; otherwise the answer is 503 like everywhere."""
    db.session.execute(text("select 1"))
    return jsonify(ready=True)
