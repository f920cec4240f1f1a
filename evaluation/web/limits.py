"""How often one account, or one address before anybody signs in, may ask for what is costly or tempting.

The limits are settings (LIMIT_…). They are counted in this process, or for all processes in Redis (RATE_LIMIT_STORAGE=redis://…);
while Redis is away each process counts for itself. Only what fails counts against signing in, so that the six hundred people
behind one address of an agency never shut each other out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

from evaluation.web.readings import SHOWN

SIGNING_IN = frozenset(
    {"access.sign_in", "access.enter_code", "passwords.redeem", "reauthentication.confirm"}
)
PROVIDER = frozenset({"identity.ask", "identity.back", "identity.link"})
SEARCHES = frozenset(
    {
        "accounts.index",
        "appointments.search_positions",
        "catalogue.index",
        "catalogue.search",
        "delegations.search",
        "national_exports.results",
        "organisation.people",
        "organisation.search_people",
        "organisation.search_units",
    }
)
DOWNLOADS = frozenset(
    {
        "accounts.review",
        "audit.export",
        "audit.made",
        "catalogue.import_errors",
        "closings.sheet_file",
        "commendations.export",
        "commendations.file",
        "extra_income.export",
        "extra_income.file",
        "forms.made",
        "forms.meeting",
        "forms.own_year",
        "forms.period",
        "forms.tracking",
        "forms.unit_file",
        "forms.year",
        "imports.error_report",
        "imports.template",
        "meetings.file",
        "national_exports.file",
        "petition_register.file",
        "register_exports.file",
        "register_exports.made",
        "register_exports.made_file",
        "standings.download",
        "workings.grade_file",
        "workings.mean_file",
        "workings.score_file",
        "workings.unit_file",
        "workings.verdict_file",
    }
)
UPLOADS = frozenset(
    {
        "catalogue.import_file",
        "commendation_registers.file",
        "evidence.attach",
        "imports.new",
        "meetings.correct",
        "meetings.new",
    }
)
OPENED = frozenset(SHOWN)  # a sheet, a class, a profile: what an insider would pull


@dataclass(frozen=True, slots=True)
class Kind:
    """What is counted together: its setting, its addresses, by whom, and whether only failures count."""

    setting: str
    endpoints: frozenset[str]
    by: Callable[[], str]
    methods: tuple[str, ...] | None = None
    failures_only: bool = False


def _account() -> str:
    """The signed-in account, else the address it comes from."""
    if current_user.is_authenticated:
        return f"account {current_user.id}"
    return get_remote_address()


KINDS = (
    Kind("LIMIT_SIGN_IN", SIGNING_IN, get_remote_address, ("POST",), failures_only=True),
    Kind("LIMIT_PROVIDER", PROVIDER, get_remote_address),
    Kind("LIMIT_SEARCH", SEARCHES, _account),
    Kind("LIMIT_DOWNLOAD", DOWNLOADS, _account, ("GET",)),
    Kind("LIMIT_UPLOAD", UPLOADS, _account, ("POST",)),
    Kind("LIMIT_OPEN", OPENED, _account),
)


def register(app: Flask) -> None:
    """Puts the limits before the views; called when all of them are known. RATE_LIMITS=0 leaves them out."""
    if not app.config["RATE_LIMITS"]:
        return
    limiter = Limiter(
        _account,
        app=app,
        storage_uri=app.config["RATE_LIMIT_STORAGE"],
        strategy="moving-window",
        headers_enabled=True,
        in_memory_fallback_enabled=not app.config["RATE_LIMIT_STORAGE"].startswith("memory:"),
        key_prefix="cong-tam",
    )
    app.extensions["limits"] = limiter  # switched off nobody else would hold it, and the views know it weakly
    for kind in KINDS:
        limit = limiter.shared_limit(
            _setting(kind.setting),
            scope=kind.setting,
            key_func=kind.by,
            methods=list(kind.methods) if kind.methods else None,
            deduct_when=_failed if kind.failures_only else None,
        )
        for endpoint in sorted(kind.endpoints & app.view_functions.keys()):
            view: Any = app.view_functions[endpoint]
            app.view_functions[endpoint] = limit(view)


def _setting(name: str) -> Callable[[], str]:
    return lambda: str(current_app.config[name])


def _failed(response: Response) -> bool:
    return request.method == "POST" and response.status_code >= 400
