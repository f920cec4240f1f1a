"""Cards that other nouns add to the page of a month's sheet and of a year's class; each brings its own template."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template
from markupsafe import Markup

from evaluation.models import Report, YearGrade
from evaluation.services.access import Actor


@dataclass(frozen=True, slots=True)
class Panel:
    """A card: its template and what the template needs; one that can wait stands lower, as `<name>_later`."""

    template: str
    values: dict[str, Any]
    can_wait: bool = False


SheetPanel = Callable[[Actor, Report], Panel | None]
GradePanel = Callable[[Actor, YearGrade], Panel | None]
_sheet: dict[str, SheetPanel] = {}
_grade: dict[str, GradePanel] = {}


def on_sheet(name: str, make: SheetPanel) -> None:
    """Adds a card to the page of a sheet; `make` answers None where it has nothing to say."""
    _sheet[name] = make


def on_grade(name: str, make: GradePanel) -> None:
    """Adds a card to the page of a class of the year."""
    _grade[name] = make


def of_sheet(actor: Actor, report: Report) -> dict[str, Markup]:
    """The cards of a sheet by name."""
    return _rendered({name: make(actor, report) for name, make in _sheet.items()})


def of_grade(actor: Actor, grade: YearGrade) -> dict[str, Markup]:
    """The cards of a class of the year by name."""
    return _rendered({name: make(actor, grade) for name, make in _grade.items()})


def _rendered(panels: dict[str, Panel | None]) -> dict[str, Markup]:
    return {
        f"{name}_later" if panel.can_wait else name: Markup(  # nosec B704 # the template escapes what it shows
            render_template(panel.template, **panel.values)
        )
        for name, panel in panels.items()
        if panel is not None
    }
