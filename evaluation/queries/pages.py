"""A part of a long list, with the total counted in the same query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """What the pagination of a card needs beside the rows."""

    rows: Sequence[Any]
    page: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


def cut(rows: Sequence[Any], page: int) -> Page:
    """One page of rows that are all at hand; a page that does not exist is the last one."""
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(1, page), pages)
    return Page(rows[(page - 1) * PER_PAGE : page * PER_PAGE], page, len(rows))


def page_of(rows: Sequence[Any], page: int) -> Page:
    """A page from rows that carry `total`; an empty page beyond the end counts nothing."""
    return Page(rows, page, rows[0].total if rows else 0)
