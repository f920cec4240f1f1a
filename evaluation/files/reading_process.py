"""Child process that reads a large list whole and hands back its rows, so that a web worker keeps neither file nor cells."""

import sys
from dataclasses import fields
from importlib import import_module
from typing import Any

from evaluation.files import handed_over
from evaluation.files.says import FileRefused

ALLOWED = {"evaluation.files.people:read_people", "evaluation.files.units:read_units"}


def main(what: str) -> None:
    """Reads stdin with one of the known readers; writes what it found, or the refusal."""
    if what not in ALLOWED:
        raise SystemExit(f"unknown reader {what}")
    module, name = what.split(":")
    try:
        found = getattr(import_module(module), name)(sys.stdin.buffer.read())
    except FileRefused as refused:
        sys.stdout.buffer.write(handed_over.pack(("refused", refused.says_id, refused.params)))
        return
    _share_texts(found.rows)
    sys.stdout.buffer.write(handed_over.pack(("read", found, None)))


def _share_texts(rows: list[Any]) -> None:
    """Equal texts become one object, which is then written once: units and titles repeat thousands of times."""
    known: dict[str, str] = {}
    for row in rows:
        for item in fields(row):
            value = getattr(row, item.name)
            if type(value) is str:
                object.__setattr__(row, item.name, known.setdefault(value, value))


if __name__ == "__main__":
    main(sys.argv[1])
