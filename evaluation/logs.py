"""What a line of the log says: when, how grave, what, and of which request and account; never who a person is.

The request id passes from a page to the job that it asked for: in the headers of the message, and in the job's row.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pythonjsonlogger.json import JsonFormatter

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
SAID_ALWAYS = ("request_id", "user_id")
MOST_CHARACTERS = 20_000
ACCESS = "evaluation.access"
# Twelve digits are a personal number, wherever a message or the text of a fault got it from.
PERSONAL_NUMBER = re.compile(r"(?<![0-9a-fA-F])[0-9]{9}([0-9]{3})(?![0-9a-fA-F])")
HEADER = "asked_by_request"  # of a message to a worker

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_user_id: ContextVar[int | None] = ContextVar("user_id", default=None)


def begin_request() -> str:
    """A new request id for all lines of this thread from here on; nobody is signed in yet."""
    fresh = f"r{uuid4().hex[:11]}"  # never digits alone: those would be masked as a personal number
    _request_id.set(fresh)
    _user_id.set(None)
    return fresh


def request_id() -> str | None:
    """The id of the request that is answered here, or that asked for the work done here."""
    return _request_id.get()


def signed_in(account_id: int | None) -> None:
    """Who sends the request: the number of the account, nothing that names a person."""
    _user_id.set(account_id)


def begin_task(request: str | None) -> None:
    """All lines of this process from here on belong to the request that asked for the task, if one did."""
    _request_id.set(request)
    _user_id.set(None)


@contextmanager
def belonging_to(request: str | None) -> Iterator[None]:
    """Lines of background work carry the id of the request that asked for it."""
    token = _request_id.set(request or _request_id.get())
    try:
        yield
    finally:
        _request_id.reset(token)


def masked(line: str) -> str:
    """The line without personal numbers."""
    return PERSONAL_NUMBER.sub(r"•••••••••\1", line)


class OneLine(logging.Formatter):
    """Text for a terminal: a line break inside a message cannot pretend to be a second line."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if "\n" in message or "\r" in message:
            record = logging.makeLogRecord(
                record.__dict__ | {"msg": message.replace("\r", "\\r").replace("\n", "\\n"), "args": None}
            )
        return masked(super().format(record))


class Json(JsonFormatter):
    """One JSON object on one line, in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_data, record, message_dict)
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        said["message"] = str(log_data.pop("message", ""))[:MOST_CHARACTERS]
        for name in SAID_ALWAYS:
            value = getattr(record, name, None)
            if value is not None:
                said[name] = value
        rest = {name: value for name, value in log_data.items() if name not in said}
        log_data.clear()
        log_data.update(said | rest)


class ToStandardError(logging.StreamHandler[Any]):
    """Asks for the stream at each line: a test, or a server that reopens its logs, may have changed it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr


def _mark(record: logging.LogRecord) -> bool:
    record.request_id = _request_id.get()
    record.user_id = _user_id.get()
    return True


def configure(kind: str = "text") -> None:
    """Everything that is logged goes to the standard error, as text or as JSON; a second call changes the form only."""
    root = logging.getLogger()
    ours = next((handler for handler in root.handlers if isinstance(handler, ToStandardError)), None)
    if ours is None:
        ours = ToStandardError()
        ours.addFilter(_mark)
        root.addHandler(ours)
    ours.setFormatter(Json("%(message)s", json_ensure_ascii=False) if kind == "json" else OneLine(TEXT))
    root.setLevel(logging.INFO)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    # A terminal shows what failed; the log of a server has a line for every request.
    logging.getLogger(ACCESS).setLevel(logging.INFO if kind == "json" else logging.WARNING)
