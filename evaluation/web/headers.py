"""What every answer tells the browser it may not do, and where a finder of a weakness writes to."""

from datetime import timedelta

from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import SecurityError

from evaluation import clock
from evaluation.services.refusals import Missing

blueprint = Blueprint("headers", __name__)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "screen-wake-lock", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
SAFE = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": "same-origin",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"
HOST_PREFIX = "__Host-"
CONTACT_LASTS = timedelta(days=365)


def register(app: Flask) -> None:
    """Puts the headers behind every answer; behind TLS the cookie belongs to this host alone."""
    if app.config["SESSION_COOKIE_SECURE"] and not app.config["SESSION_COOKIE_NAME"].startswith(HOST_PREFIX):
        app.config["SESSION_COOKIE_NAME"] = HOST_PREFIX + app.config["SESSION_COOKIE_NAME"]
        app.config.update(SESSION_COOKIE_PATH="/", SESSION_COOKIE_DOMAIN=None)
    app.after_request(safe_headers)
    app.register_error_handler(SecurityError, _foreign_host)


def safe_headers(response: Response) -> Response:
    """The safe headers, unless a view has set a stricter one of its own."""
    for name, value in SAFE.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", TWO_YEARS)
    kept = request.endpoint == "static" or "private" in response.headers.get("Cache-Control", "")
    if not kept:
        response.headers["Cache-Control"] = "no-store"  # also for files, which Flask would only ask for again
    response.headers["X-Request-Id"] = g.get("request_id", "-")
    return response


def _foreign_host(_error: SecurityError) -> Response:
    """Without a host that is ours no address of the site can be written, so the answer is one plain line."""
    return Response(_("This host name is not served here.") + "\n", 400, mimetype="text/plain")


@blueprint.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell of a weakness (RFC 9116); missing until the province names a contact."""
    contact = current_app.config["SECURITY_CONTACT"]
    if not contact:
        raise Missing(_("There is no such page."))
    known = contact if contact.startswith(("mailto:", "https://", "tel:")) else f"mailto:{contact}"
    ends = (clock.now() + CONTACT_LASTS).replace(microsecond=0)
    lines = [
        f"Contact: {known}",
        f"Expires: {ends:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Canonical: {url_for('.security', _external=True)}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
