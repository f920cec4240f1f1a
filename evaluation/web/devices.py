"""The cookie by which a browser is known again: not a right to anything, only a seat of its own when wrong tries are counted."""

import secrets

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from evaluation.services import sign_in

NAME = "cong_tam_browser"
LASTS = 365 * 24 * 3600
MOST_NAMES = 5


def client_for(username: str) -> sign_in.Client:
    """Where a try on this name comes from."""
    return sign_in.Client(
        source=request.remote_addr or "-",
        agent=request.user_agent.string[:200],
        device=_known().get(_short(username)),
    )


def remember(response: Response, username: str) -> Response:
    """Lets this browser be known again for a name that just signed in; a shared computer is known for five names."""
    known = _known()
    mine = known.pop(_short(username), None) or secrets.token_hex(12)
    newest = [*list(known.items())[1 - MOST_NAMES :], (_short(username), mine)]
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        _name(),
        _serializer().dumps(newest),
        max_age=LASTS,
        httponly=True,
        secure=secure,
        samesite="Lax",
        path="/",
    )
    return response


def _known() -> dict[str, str]:
    try:
        return dict(_serializer().loads(request.cookies.get(_name(), ""), max_age=LASTS))
    except (BadSignature, TypeError, ValueError):
        return {}


def _short(username: str) -> str:
    return sign_in.hashed_name(username).hex()[:24]


def _name() -> str:
    return f"__Host-{NAME}" if current_app.config["SESSION_COOKIE_SECURE"] else NAME


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="browser known again")
