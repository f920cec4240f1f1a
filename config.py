"""Settings of the application, read from the environment once at the start; no secret is kept in the repository."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evaluation.postgres import APP_ROLE, address, default_data_dir, make_data_dir

CHECKOUT = Path(__file__).resolve().parent
MEGABYTE = 1024 * 1024


class BadSetting(ValueError):
    """A variable of the environment has a value that cannot be used; the message names it and says what would do."""


def from_environment(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All settings: those given win over the environment; without a database address it is the embedded server."""
    given = dict(given or {})
    data_dir = make_data_dir(
        Path(given.get("DATA_DIR") or os.environ.get("DATA_DIR") or default_data_dir(CHECKOUT))
    )
    database = (
        given.get("SQLALCHEMY_DATABASE_URI") or given.get("DATABASE_URL") or os.environ.get("DATABASE_URL")
    )
    embedded = not database
    database = with_driver(database) if database else address(data_dir, role=APP_ROLE)
    owner = given.get("OWNER_DATABASE_URI") or os.environ.get("OWNER_DATABASE_URL")
    owner = with_driver(owner) if owner else address(data_dir) if embedded else database
    outside = given.get("SECRET_KEY") or _secret("SECRET_KEY")
    secret = outside or secret_key(data_dir)
    settings: dict[str, Any] = {
        "DATA_DIR": data_dir,
        "EVIDENCE_DIR": _folder(given, data_dir, "evidence"),
        "IMPORTS_DIR": _folder(given, data_dir, "imports"),
        "EXPORTS_DIR": _folder(given, data_dir, "exports"),
        "BACKUP_DIR": Path(os.environ.get("BACKUP_DIR") or data_dir / "backups"),
        "ENVIRONMENT": _one_of("ENVIRONMENT", ("development", "production"), "development"),
        "SECRET_KEY": secret,
        "SECRET_KEY_GIVEN": bool(outside),
        "SQLALCHEMY_DATABASE_URI": database,
        "OWNER_DATABASE_URI": owner,
        "EMBEDDED_SERVER": embedded,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "pool_size": 5,
            "max_overflow": 5,
            "pool_timeout": 10,
            "hide_parameters": not given.get("TESTING"),  # what people typed belongs in no log
        },
        "STATEMENT_SECONDS": _number("STATEMENT_SECONDS", 30),
        "BROKER_URL": os.environ.get("BROKER_URL") or database_broker(database),
        "BROKER_CA_FILE": os.environ.get("BROKER_CA_FILE", ""),
        "HOST": os.environ.get("HOST") or "127.0.0.1",
        "PORT": _number("PORT", 8000),
        "ADMIN_PORT": _number("ADMIN_PORT", 8001),
        "WEB_WORKERS": _number("WEB_WORKERS", 2),
        "WEB_THREADS": _number("WEB_THREADS", 4),
        "JOB_PROCESSES": _number("JOB_PROCESSES", 2),
        "STOP_SECONDS": _number("STOP_SECONDS", 20),
        "LOG_FORMAT": _one_of("LOG_FORMAT", ("json", "text"), "json" if _in_production() else "text"),
        "MAIL_URL": _mail_server(os.environ.get("MAIL_URL", "").strip()),
        "MAIL_FROM": os.environ.get("MAIL_FROM", "").strip(),
        "MAIL_TO_DEMO": _flag("MAIL_TO_DEMO"),
        "PUBLIC_URL": os.environ.get("PUBLIC_URL", "").strip().rstrip("/"),
        "NATIONAL_SENDER_CODE": os.environ.get("NATIONAL_SENDER_CODE", ""),
        "AGENCY_NAME": os.environ.get("AGENCY_NAME", "Ủy ban nhân dân tỉnh"),
        "DEMO_PASSWORD": os.environ.get("DEMO_PASSWORD", ""),
        "BABEL_DEFAULT_LOCALE": "vi",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Ho_Chi_Minh",
        "MAX_CONTENT_LENGTH": _number("MAX_UPLOAD_MB", 25) * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 4 * MEGABYTE,
        "MAX_FORM_PARTS": 5000,
        "SESSION_COOKIE_NAME": "cong_tam",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # Plain http on loopback is the default; behind TLS set HTTPS=1.
        "SESSION_COOKIE_SECURE": _flag("HTTPS"),
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": _flag("HTTPS"),
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=_number("SESSION_HOURS", 12)),
        "SESSION_IDLE_MINUTES": _number("SESSION_IDLE_MINUTES", 15),
        "SESSION_WARN_MINUTES": 3,
        "CONFIRM_MINUTES": 5,
        "IDLE_ACCOUNT_DAYS": _number("IDLE_ACCOUNT_DAYS", 45),
        "EVIDENCE_FILES": _number("EVIDENCE_FILES", 1000),
        "EVIDENCE_MEGABYTES": _number("EVIDENCE_MEGABYTES", 1000),
        "BULK_READING": _number("BULK_READING", 200),
        "RATE_LIMITS": os.environ.get("RATE_LIMITS", "1").strip() != "0",
        "RATE_LIMIT_STORAGE": os.environ.get("RATE_LIMIT_STORAGE", "memory://"),
        "LIMIT_SIGN_IN": os.environ.get("LIMIT_SIGN_IN", "60 per 5 minutes"),
        "LIMIT_PROVIDER": os.environ.get("LIMIT_PROVIDER", "600 per 5 minutes"),
        "LIMIT_SEARCH": os.environ.get("LIMIT_SEARCH", "120 per minute"),
        "LIMIT_DOWNLOAD": os.environ.get("LIMIT_DOWNLOAD", "60 per 5 minutes; 300 per hour"),
        "LIMIT_UPLOAD": os.environ.get("LIMIT_UPLOAD", "120 per 10 minutes"),
        "LIMIT_OPEN": os.environ.get("LIMIT_OPEN", "300 per 5 minutes; 1000 per hour"),
        "SECOND_FACTOR": _one_of("SECOND_FACTOR", ("required", "optional"), "required"),
        "FACTOR_KEY_FILE": _key_file(given, data_dir, "factor_key"),
        "SEAL_KEY_FILE": _key_file(given, data_dir, "seal_key"),
        "ANCHORS_FILE": Path(
            given.get("ANCHORS_FILE") or os.environ.get("ANCHORS_FILE") or data_dir / "anchors.jsonl"
        ),
        "SEAL_MINUTES": _number("SEAL_MINUTES", 15),
        "OIDC_ISSUER": os.environ.get("OIDC_ISSUER", "").rstrip("/"),
        "OIDC_NAME": os.environ.get("OIDC_NAME", ""),
        "OIDC_CLIENT_ID": os.environ.get("OIDC_CLIENT_ID", ""),
        "OIDC_CLIENT_SECRET": _secret("OIDC_CLIENT_SECRET"),
        "OIDC_MFA_AMR": os.environ.get("OIDC_MFA_AMR", ""),
        "WTF_CSRF_TIME_LIMIT": None,
        "PROXY_HOPS": _number("PROXY_HOPS", 0),
        "TRUSTED_HOSTS": _words("TRUSTED_HOSTS") or None,
        "SECURITY_CONTACT": os.environ.get("SECURITY_CONTACT", ""),
    }
    return (
        settings
        | given
        | {
            "DATA_DIR": data_dir,
            "SECRET_KEY": secret,
            "SQLALCHEMY_DATABASE_URI": database,
            "OWNER_DATABASE_URI": owner,
        }
    )


def with_driver(address: str) -> str:
    """`postgres://` and `postgresql://` mean psycopg 3; any other database is refused."""
    scheme, mark, rest = address.partition("://")
    if not mark or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise BadSetting(
            "DATABASE_URL must start with postgresql:// — PostgreSQL is the only database that works."
        )
    return f"postgresql+psycopg://{rest}"


def database_broker(database: str) -> str:
    """The same database as Celery's broker, in a schema of its own that migrations do not look at."""
    return f"sqla+{database}{'&' if '?' in database else '?'}options=-csearch_path%3Dbroker"


def secret_key(data_dir: Path) -> str:
    """The key that signs sessions: made at the first start, readable by its owner only."""
    place = data_dir / "secret_key"
    try:
        return _stored_key(place)
    except FileNotFoundError:
        handle, fresh = tempfile.mkstemp(dir=data_dir, prefix="secret_key.")  # its mode is 0600
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(fresh, place)  # fails if another process was quicker: both then read one key
        except FileExistsError:
            pass
        finally:
            os.unlink(fresh)
        return _stored_key(place)


def _stored_key(place: Path) -> str:
    key = place.read_text().strip()
    if len(key) < 32:
        raise BadSetting(
            f"The secret key in {place} is too short: delete the file, and everyone signs in again."
        )
    return key


def _folder(given: Mapping[str, Any], data_dir: Path, name: str) -> Path:
    setting = f"{name.upper()}_DIR"
    folder = Path(given.get(setting) or os.environ.get(setting) or data_dir / name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise BadSetting(f"{name}={text} is not a whole number: write for example {name}={default}.")
    return int(text)


def _words(name: str) -> list[str]:
    """The parts of a list that is written with commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def _one_of(name: str, known: tuple[str, ...], default: str) -> str:
    text = os.environ.get(name, "").strip().lower() or default
    if text not in known:
        raise BadSetting(f"{name}={text} is not known: write one of {', '.join(known)}.")
    return text


def _in_production() -> bool:
    return os.environ.get("ENVIRONMENT", "").strip().lower() == "production"


def _mail_server(address: str) -> str:
    """Where letters are handed in: smtp:// (with STARTTLS where the server offers it) or smtps://; empty sends none."""
    try:
        parts = urlsplit(address)
        known = not address or (parts.scheme in ("smtp", "smtps") and bool(parts.hostname))
        _ = parts.port
    except ValueError:
        known = False
    if not known:
        raise BadSetting(
            "MAIL_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465."
        )
    if address and "@" not in os.environ.get("MAIL_FROM", ""):
        raise BadSetting(
            "MAIL_FROM must be the address that letters come from: MAIL_FROM=no-reply@example.vn."
        )
    return address


def _key_file(given: Mapping[str, Any], data_dir: Path, name: str) -> Path:
    setting = f"{name.upper()}_FILE"
    return Path(given.get(setting) or os.environ.get(setting) or data_dir / name)


def _secret(name: str) -> str:
    """A secret from the environment, or from the file that NAME_FILE names."""
    place = os.environ.get(f"{name}_FILE", "")
    return Path(place).read_text().strip() if place else os.environ.get(name, "")


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on")
