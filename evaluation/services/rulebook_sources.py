"""The rulebook behind a frozen result: whether its file still has the text the result was worked out by."""

from evaluation.rules.rulebook import Rulebook, RulebookError
from evaluation.rules.working import Source
from evaluation.services import rulebooks


def unchanged(name: str, fingerprint: str) -> Rulebook | None:
    """The rulebook of a name if its text is the one of this fingerprint; None where it has changed or is gone."""
    try:
        book = rulebooks.shelf().named(name)
    except RulebookError:
        return None
    return book if book.fingerprint == fingerprint else None


def source_of(name: str, fingerprint: str) -> Source:
    """What a working says of its rulebook: title, name, fingerprint, and whether the file still says the same."""
    try:
        book = rulebooks.shelf().named(name)
    except RulebookError:
        return Source(name, name, fingerprint, unchanged=False)
    return Source(book.title, name, fingerprint, unchanged=book.fingerprint == fingerprint)
