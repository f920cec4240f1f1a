"""One request of one person, undone after it: the answer, and which tables it wrote to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Session
from evaluation.services import sessions
from tests.access.cast import ROLES
from tests.access.world import World

WRITES = re.compile(r"\b(?:insert\s+into|delete\s+from|update)\s+(?:only\s+)?\"?([a-z_]+)\"?", re.IGNORECASE)
# An official of division 1 beside Lan, who signs in too.
SIBLING = "nam"
# Written whoever asks and whatever comes of it: the session's last sign of life, the trace of a denial.
TRACES = frozenset({"session", "sign_in_attempt", "set"})


@dataclass
class Answer:
    """What came back, and what was written meanwhile."""

    status: int
    body: bytes
    location: str
    written: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    @property
    def to_sign_in(self) -> bool:
        """Whether the answer sends to the page of signing in."""
        return self.status == 302 and "/login" in self.location

    @property
    def denied(self) -> bool:
        """Whether the door stayed shut."""
        return self.to_sign_in or self.status in (401, 403, 404, 405)


class Court:
    """The application, the province and everybody's session."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.client = app.test_client(use_cookies=False)
        self.cookies: dict[str, str] = {}
        self.connection: Any = None
        self.statements: list[str] = []
        self.opened = self.done = 0

    def sign_everybody_in(self) -> None:
        """A session for everybody; the account of one of them is disabled after that."""
        for role in (*ROLES, SIBLING):
            if role != "nobody":
                self.sign_in(role)
        self.world.accounts["disabled"].disabled_at = clock.now()
        db.session.commit()

    def sign_in(self, role: str) -> None:
        """Signs somebody in without password: the cookie is made here, so that no answer can change it."""
        token = sessions.begin(self.world.accounts[role], second_factor=True)
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        stored = signer.dumps({"_user_id": token, "_fresh": True})
        self.world.put("session", role, sessions.by_token(token).id)  # type: ignore[union-attr]
        self.cookies[role] = f"{self.app.config['SESSION_COOKIE_NAME']}={stored}"

    def begin(self) -> None:
        """From here on nothing of any request stays."""
        with self.app.app_context():
            self.engine = db.engines[None]
            self.connection = self.engine.connect()
            db.engines[None] = self.connection
            db.session.configure(join_transaction_mode="create_savepoint")
        self.last = self.connection.execute(text("select max(id) from audit_event")).scalar()
        self.connection.rollback()
        event.listen(self.connection, "before_cursor_execute", self._count)
        event.listen(self.connection, "rollback_savepoint", self._forget)

    def end(self) -> None:
        """Gives the engine back."""
        with self.app.app_context():
            db.session.remove()
            db.engines[None] = self.engine
        self.connection.close()

    def _forget(self, _connection: Any, name: str, _context: Any) -> None:
        """Undone: nothing stays of what came after the savepoint."""
        begun = [at for at, statement in enumerate(self.statements) if statement == f"SAVEPOINT {name}"]
        del self.statements[begun[-1] if begun else 0 :]

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.statements.append(statement)

    def ask(
        self,
        role: str,
        method: str,
        url: str,
        data: Mapping[str, Any] | None = None,
        *,
        look: Callable[[Any], None] | None = None,
    ) -> Answer:
        """One request, undone; `look` sees the database before it is."""
        self.statements.clear()
        undone = self.connection.begin()
        try:
            cookie = {"Cookie": self.cookies[role]} if role in self.cookies else {}
            response = self.client.open(url, method=method, data=data or {}, headers=cookie, buffered=True)
            body = response.get_data()
            response.close()
            written = self._written()
            events = self._events() if "audit_event" in written else []
            if look is not None:
                look(self.connection)
        finally:
            undone.rollback()
        return Answer(response.status_code, body, response.headers.get("Location", ""), written, events)

    def _written(self) -> list[str]:
        found = []
        for statement in self.statements:
            if (
                statement.lstrip()[:6].lower() in ("insert", "update", "delete")
                or statement.lstrip()[:4].lower() == "with"
            ):
                found += [name for name in WRITES.findall(statement) if name not in TRACES]
        return found

    def _events(self) -> list[str]:
        rows = self.connection.execute(
            text("select action from audit_event where id > :last"), {"last": self.last}
        )
        return [row[0] for row in rows]


__all__ = ["Answer", "Court", "Session"]
