"""What clients were told, written outside the server: one line for each thing asked and each thing acknowledged."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECEIPTED = {
    "submit": "report.submitted",
    "score": "report.scored",
    "accept": "report.accepted",
    "return": "report.returned",
    "confirm": "report.confirmed",
}
EVENTS = {
    "draft": "report.saved",
    "submit": "report.submitted",
    "withdraw": "report.withdrawn",
    "score": "report.scored",
    "accept": "report.scored",
    "return": "report.returned",
    "confirm": "report.confirmed",
    "send_back": "report.sent_back",
}


@dataclass(frozen=True)
class Line:
    """One thing asked for: what, of which sheets, under which transaction id, and how it ended for the client.

    `end` is "told" (2xx or 303 was seen), "refused" (4xx) or "unknown" (no answer, or a 5xx).
    """

    what: str
    reports: tuple[int, ...]
    transaction_id: str
    mark: str
    end: str


class Ledger:
    """A file that only grows, shared by all clients."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: Counter[int] = Counter()
        self.told = 0
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(
        self,
        end: str,
        what: str,
        reports: Iterable[int],
        transaction_id: str = "",
        mark: str = "",
    ) -> None:
        """Adds one line."""
        line: dict[str, Any] = {"end": end, "what": what, "reports": list(reports), "at": time.time()}
        line |= {"transaction_id": transaction_id, "mark": mark}
        with self._lock:
            self.told += end == "told"
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def answered(self, code: int) -> None:
        """Counts an answer by its status; 0 is no answer."""
        with self._lock:
            self.answers[code] += 1

    def lines(self) -> list[Line]:
        """Everything written so far, read back from the file."""
        found = []
        for text in self.path.read_text(encoding="utf-8").splitlines():
            one = json.loads(text)
            found.append(
                Line(one["what"], tuple(one["reports"]), one["transaction_id"], one["mark"], one["end"])
            )
        return found
