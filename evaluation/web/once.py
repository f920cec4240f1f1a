"""A form that is sent twice has one effect: for views whose use case does not know transaction ids itself."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from evaluation.extensions import db
from evaluation.services import receipts
from evaluation.web.access import current_actor, local_path, place_before


def answered_once(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Takes the form's transaction id in the transaction of the change; sent again, it leads to where the first one led.

    Put it nearest to the view. What the view refuses gives the id back; its page carries a fresh one (`m.once()`).
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        transaction_id = request.form.get("transaction_id") if request.method == "POST" else None
        if not transaction_id:
            return view(*args, **kwargs)
        try:
            known = receipts.taken(current_actor(), transaction_id, request.endpoint or "")
            if known is not None:
                return redirect(local_path(known.get("place")) if known.get("place") else place_before(), 303)
            answer = make_response(view(*args, **kwargs))
        finally:
            db.session.rollback()  # what the use case did not commit does not stay, and neither does the id
        if answer.status_code < 400:
            receipts.keep_place(transaction_id, answer.headers.get("Location"))
        return answer

    guarded.answers_once = True  # type: ignore[attr-defined]
    return guarded
