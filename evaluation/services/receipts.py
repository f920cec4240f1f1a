"""One effect for one transaction id: a resent form gets the answer the first one got."""

from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy.dialects.postgresql import insert

from evaluation.extensions import db
from evaluation.models import Receipt
from evaluation.services.access import Actor
from evaluation.services.refusals import Conflict


def new_id() -> str:
    """A fresh transaction id for a form."""
    return str(uuid4())


def taken(actor: Actor, transaction_id: str | None, action: str) -> dict[str, Any] | None:
    """The earlier answer to this transaction id, or None and the id is now ours until commit or rollback.

    A second request with the same id waits here for the first to end. Without an id nothing is remembered.
    """
    if not transaction_id:
        return None
    try:
        key = str(UUID(transaction_id))
    except ValueError:
        raise Conflict(_("This form is out of date. Please open the page again.")) from None
    fresh = db.session.execute(
        insert(Receipt)
        .values(transaction_id=key, actor_id=actor.person_id, action=action, result={})
        .on_conflict_do_nothing()
        .returning(Receipt.transaction_id)
    ).scalar()
    if fresh:
        return None
    earlier = db.session.get(Receipt, key, populate_existing=True)
    if earlier is None or earlier.actor_id != actor.person_id or earlier.action != action:
        raise Conflict(_("This form is out of date. Please open the page again."))
    return earlier.result


def keep(transaction_id: str | None, result: dict[str, Any]) -> dict[str, Any]:
    """Stores the answer beside the change, so that both are kept or neither."""
    if transaction_id:
        receipt = db.session.get(Receipt, str(UUID(transaction_id)))
        if receipt is not None:
            receipt.result = result
    return result


def keep_place(transaction_id: str, place: str | None) -> None:
    """Stores where the answer led beside a receipt that was committed with its change; without one nothing was changed."""
    receipt = db.session.get(Receipt, str(UUID(transaction_id)))
    if receipt is not None and place:
        receipt.result = {**receipt.result, "place": place}
    db.session.commit()
