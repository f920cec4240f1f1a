"""Signing in at the province's identity provider: OpenID Connect, authorization code with PKCE, state and nonce.

Only the pair of issuer and subject says who somebody is. When the provider does not answer, the password still opens the site.
"""

from typing import Any
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, abort, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from joserfc.errors import JoseError
from requests import RequestException

from evaluation.services import identity
from evaluation.services.refusals import Conflict
from evaluation.web import access
from evaluation.web.once import answered_once
from evaluation.web.reauthentication import recently_confirmed

blueprint = Blueprint("identity", __name__)
PURPOSE = "identity_for"
PATIENCE = 5  # seconds
BROKEN = (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError)


@blueprint.get("/login/provider")
def ask() -> ResponseReturnValue:
    """Sends the person to the provider; only the way back is kept here."""
    return _to_provider({"next": access.local_path(request.args.get("next"))})


@blueprint.get("/sessions/link")
@recently_confirmed
def link() -> ResponseReturnValue:
    """Lets a signed-in person prove who they are at the provider, so that it opens their account from now on."""
    return _to_provider({"link": current_user.id})


@blueprint.post("/sessions/unlink")
@recently_confirmed
@answered_once
def unlink() -> ResponseReturnValue:
    """Ends one's own links to the provider."""
    identity.unlink(access.current_actor(), current_user)
    flash(_("The provider opens your account no more."), "success")
    return redirect(url_for("sessions.index"), 303)


@blueprint.get("/login/provider/back")
def back() -> ResponseReturnValue:
    """Takes the provider's answer: state, nonce, signature, issuer, audience and time are checked before the subject counts."""
    if not identity.is_configured():
        abort(404)
    purpose = session.pop(PURPOSE, None) or {}
    try:
        claims = _claims()
    except BROKEN as problem:
        current_app.logger.warning(
            "the answer of the identity provider was refused: %s", type(problem).__name__
        )
        return _with_password(
            _("The answer of the identity provider could not be accepted. Try again, or sign in here.")
        )
    try:
        if "link" in purpose:
            return _linked(purpose["link"], claims)
        account = identity.account_of(_issuer(), str(claims["sub"]))
    except identity.Unknown as refused:
        current_app.logger.warning("a subject of the identity provider is linked to no account")
        return _with_password(refused.message)
    both = identity.proves_second_factor(claims)
    answer = access.after_password(account, both=both, target=purpose.get("next"))
    session["provider_sign_out"] = _sign_out_address()
    return answer


def _linked(account_id: int, claims: dict[str, Any]) -> ResponseReturnValue:
    """Only the person who asked for it in this session is linked."""
    if not current_user.is_authenticated or current_user.id != account_id:
        return _with_password(_("Sign in first, then link your identity."))
    try:
        identity.link(access.current_actor(), current_user, issuer=_issuer(), subject=str(claims["sub"]))
    except Conflict as refused:
        flash(refused.message, "error")
    else:
        flash(_("From now on the provider opens your account too."), "success")
    return redirect(url_for("sessions.index"))


def _to_provider(purpose: dict[str, Any]) -> ResponseReturnValue:
    if not identity.is_configured():
        abort(404)
    try:
        answer = _provider().authorize_redirect(url_for("identity.back", _external=True))
    except BROKEN as problem:
        current_app.logger.warning("the identity provider does not answer: %s", type(problem).__name__)
        return _with_password(_("The identity provider does not answer. Sign in with your password."))
    session[PURPOSE] = purpose
    return answer


def _with_password(says: str) -> ResponseReturnValue:
    flash(says, "error")
    return redirect(url_for("sessions.index" if current_user.is_authenticated else "access.sign_in"))


def _claims() -> dict[str, Any]:
    wanted = {"iss": {"essential": True, "values": [_issuer()]}, "sub": {"essential": True}}
    token = _provider().authorize_access_token(claims_options=wanted)
    claims = dict(token["userinfo"])
    if not claims.get("sub") or len(str(claims["sub"])) > 255:
        raise ValueError("no subject")
    return claims


def _sign_out_address() -> str | None:
    """Where the person can end the session at the provider too, if it offers that."""
    place = _provider().server_metadata.get("end_session_endpoint")
    if not place:
        return None
    asked = {
        "client_id": current_app.config["OIDC_CLIENT_ID"],
        "post_logout_redirect_uri": url_for("access.sign_in", _external=True),
    }
    return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"


def _issuer() -> str:
    return str(current_app.config["OIDC_ISSUER"])


def _provider() -> Any:
    """The client of the provider; what the provider says about itself is asked for once."""
    if "identity" not in current_app.extensions:
        registry = OAuth(current_app)
        registry.register(
            "provider",
            client_id=current_app.config["OIDC_CLIENT_ID"],
            client_secret=current_app.config["OIDC_CLIENT_SECRET"],
            server_metadata_url=f"{_issuer()}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "default_timeout": PATIENCE,
            },
        )
        current_app.extensions["identity"] = registry
    return current_app.extensions["identity"].provider
