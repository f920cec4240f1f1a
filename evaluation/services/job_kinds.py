"""What kinds of background work there are: how each is cut into chunks, and how one chunk is done."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaluation import services
from evaluation.rules.permissions import Action

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """One repeatable part of a job; a step waits for all pieces of the steps before it."""

    step: int
    label: str
    arguments: Arguments
    size: int = 1


@dataclass(frozen=True)
class Kind:
    """A kind of job: `plan` cuts it, `run` does one piece without committing, `finish` says what came of it.

    `title` is a message id with the arguments as its parameters; `needs` is asked upon the unit that `unit_of` names,
    the whole province where it names none.
    """

    name: str
    title: str
    plan: Callable[[Arguments], list[Piece]]
    run: Callable[[Arguments, Arguments], None]
    finish: Callable[[Arguments], Arguments | None] = lambda _arguments: None
    needs: Action = Action.RUN_JOBS
    unit_of: Callable[[Arguments], int | None] = lambda _arguments: None


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Makes a kind known; every module of services may declare its own."""
    KINDS[kind.name] = kind
    return kind


def kind_of(name: str) -> Kind:
    """The kind of a name; the modules of services are read the first time one is not known."""
    if name not in KINDS:
        for module in pkgutil.iter_modules(services.__path__):
            importlib.import_module(f"{services.__name__}.{module.name}")
    return KINDS[name]
