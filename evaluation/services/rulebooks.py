"""The rulebooks in use: from the files of the checkout, or from the folder that RULEBOOKS_DIR names."""

from functools import lru_cache
from pathlib import Path

from flask import current_app

from evaluation.models import Report
from evaluation.rules.rulebook import Rulebook, Shelf, default_shelf


def shelf() -> Shelf:
    """The rulebooks this application judges by."""
    folder = current_app.config.get("RULEBOOKS_DIR")
    return _shelf_of(Path(folder)) if folder else default_shelf()


@lru_cache(maxsize=8)
def _shelf_of(folder: Path) -> Shelf:
    return Shelf(sorted(folder.glob("*.yaml")))


def book_of(report: Report) -> Rulebook:
    """The rulebook that was frozen on a sheet when its month opened."""
    return shelf().named(report.rulebook)
